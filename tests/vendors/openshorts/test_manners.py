"""The framework's own manners: errors, slashes, other origins, files; and that the vendor and its contract agree."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.contract import Contract
from simulator.jobs.errors import ApiError, SimulatorError
from simulator.jobs.files import check_planned
from simulator.vendors.openshorts import VENDOR
from simulator.vendors.openshorts.errors import ERRORS
from simulator.vendors.vendor import Call
from tests.vendors.openshorts.client import Client

ORIGIN = "http://page.example:5173"


@pytest.mark.fact("openshorts.health.shape", "openshorts.config.shape", "openshorts.base.url")
def test_what_the_server_says_of_itself(client: Client) -> None:
    assert VENDOR.url == "http://localhost:8000"
    assert client.call("GET", "/health").body == {"status": "ok"}
    assert client.call("GET", "/api/config").body == {
        "youtubeUrlEnabled": True,
        "billingEnabled": False,
        "googleAuthEnabled": False,
        "jobRetentionSeconds": 3600,
    }


@pytest.mark.fact("openshorts.error.not-found", "openshorts.error.detail")
@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/status", "/api/status/", "/api/status/a/b", "/nothing/", "/videos"]
)
def test_an_unknown_path(client: Client, path: str) -> None:
    answer = client.call("GET", path)

    assert (answer.status, answer.body) == (404, {"detail": "Not Found"})


@pytest.mark.fact("openshorts.error.method")
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/process", "POST"),
        ("DELETE", "/api/status/x", "GET"),
        ("HEAD", "/api/status/x", "GET"),
        ("HEAD", "/health", "GET"),
        ("OPTIONS", "/health", "GET"),
    ],
)
def test_a_wrong_method(client: Client, method: str, path: str, allowed: str) -> None:
    answer = client.call(method, path)

    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert method == "HEAD" or answer.body == {"detail": "Method Not Allowed"}


@pytest.mark.fact("openshorts.error.slash")
@pytest.mark.parametrize("path", ["/api/config", "/api/process", "/api/status/x", "/health"])
def test_a_slash_too_many_is_redirected(client: Client, path: str) -> None:
    answer = client.call("GET", f"{path}/?a=1")

    assert (answer.status, answer.content) == (307, b"")
    assert answer.headers["Location"] == f"{client.base}{path}?a=1"


@pytest.mark.fact("openshorts.cors.any-origin")
@pytest.mark.parametrize("path", ["/health", "/nothing", "/api/status/x", "/videos/x/y", "/health/"])
def test_a_page_of_any_origin_is_named(client: Client, path: str) -> None:
    asked, plain = client.call("GET", path, Origin=ORIGIN), client.call("GET", path)

    assert asked.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert asked.headers["Access-Control-Allow-Credentials"] == "true"
    assert asked.headers["Vary"] == "Origin"
    assert not [name for name in plain.headers if name.lower().startswith("access-control")]


@pytest.mark.fact("openshorts.cors.preflight")
@pytest.mark.parametrize("path", ["/api/process", "/nothing", "/videos/x/y"])
def test_a_preflight_allows_everything(client: Client, path: str) -> None:
    answer = client.call(
        "OPTIONS", path, Origin=ORIGIN, Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="x-gemini-key,content-type",
    )  # fmt: skip

    assert (answer.status, answer.content) == (200, b"OK")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Access-Control-Allow-Methods"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    assert answer.headers["Access-Control-Allow-Headers"] == "x-gemini-key,content-type"
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.fact("openshorts.files.ranges", "openshorts.clip.size")
def test_a_clip_whole_and_in_part(client: Client) -> None:
    job_id = client.submit(target_clips=1)
    early = client.call("GET", f"/{client.sandbox.jobs()[0].outputs[0].path}")
    client.advance(10)
    [clip] = client.status(job_id)["result"]["clips"]
    [output] = client.sandbox.jobs()[0].outputs

    whole = client.call("GET", clip["video_url"])
    part = client.call("GET", clip["video_url"], Range="bytes=4-7")
    outside = client.call("GET", clip["video_url"], Range=f"bytes={output.size_bytes}-")
    head = client.call("HEAD", clip["video_url"])

    check_planned(output)
    assert early.status == 404
    assert (whole.status, whole.headers["Content-Type"], len(whole.content)) == (200, "video/mp4", output.size_bytes)
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert (part.status, part.content) == (206, b"ftyp")
    assert part.headers["Content-Range"] == f"bytes 4-7/{output.size_bytes}"
    assert (outside.status, outside.content) == (416, b"")
    assert outside.headers["Content-Range"] == f"bytes */{output.size_bytes}"
    assert (head.status, head.headers["Content-Length"], head.content) == (200, str(output.size_bytes), b"")
    assert client.call("GET", clip["video_url"], If_None_Match=whole.headers["ETag"]).status == 304


@pytest.mark.fact("openshorts.files.missing")
@pytest.mark.parametrize(
    "path",
    [
        "x/y.mp4",
        "x",
        "",
        "../health",
        "..%2f..%2fetc%2fpasswd",
        "x/..%2f..%2f..%2fetc/passwd",
        "%2e%2e/%2e%2e/etc",
        "x/y/z",
    ],
)
def test_a_file_that_is_not_there(client: Client, path: str) -> None:
    answer = client.call("GET", f"/videos/{path}")

    assert (answer.status, answer.body) == (404, {"detail": "Not Found"})


def contract(checkout: Path) -> Contract:
    text = (checkout / "openapi/openshorts.yaml").read_text()
    return Contract("openshorts", yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def test_every_operation_of_the_contract_is_served_and_the_other_way_round(checkout: Path) -> None:
    found = contract(checkout)
    found.compile_all()

    served = {operation.id for operation in VENDOR.operations}

    assert set(found.operation_ids) == served | {checks.operation_id for checks in found.media_operations()}
    for operation in VENDOR.operations:
        checks = found.checks(operation.id)
        assert (checks.method, checks.path) == (operation.method, operation.path)


def test_every_example_of_the_contract_is_a_good_one(checkout: Path) -> None:
    found, checked = contract(checkout), 0
    document = yaml.safe_load((checkout / "openapi/openshorts.yaml").read_text())
    for item in document["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get("application/json", {})
                examples = [one["value"] for one in content.get("examples", {}).values()]
                for example in [*examples, *([content["example"]] if "example" in content else [])]:
                    reply = reply_of(example, int(status))
                    found.checks(operation["operationId"]).check_reply(reply)
                    checked += 1

    assert checked >= 16


def reply_of(body: Any, status: int = 200) -> Any:
    from simulator.vendors.vendor import Reply

    return Reply(body, status)


@pytest.mark.parametrize(
    "change",
    [
        {"progress": 5},
        {"status": "done"},
        {
            "result": {
                "clips": [],
                "cost_analysis": {"total_cost": 0.1, "model": "m", "input_tokens": 1, "output_tokens": 1},
            }
        },
        {"logs": []},
        {"logs": ["Job x queued.", " padded "]},
        {"status": "failed"},
        {"status": "completed"},
        {"status": "queued"},
    ],
)
def test_the_contract_can_fail(checkout: Path, change: dict[str, Any]) -> None:
    good = {"status": "processing", "logs": ["Job x queued.", "Job started by worker."], "result": None}
    checks = contract(checkout).checks("getStatus")
    checks.check_reply(reply_of(good))

    with pytest.raises(SimulatorError):
        checks.check_reply(reply_of({**good, **change}))


@pytest.mark.fact("openshorts.error.crash")
def test_every_error_is_worded(checkout: Path) -> None:
    call = Call("processVideo", "POST", {}, {}, {"X-Gemini-Key": "key"}, lambda path, host: path)

    crash = VENDOR.show_error(ApiError(), call)

    assert (crash.status, crash.body, crash.bare) == (500, "Internal Server Error", True)
    assert {refusal.status for refusal in ERRORS.values()} == {400, 403, 404, 405, 413}


def test_the_tour_and_the_first_call_are_good_ones(client: Client) -> None:
    tour = VENDOR.tour
    assert tour
    headers = {name: said.replace("{key}", VENDOR.sample_key) for name, said in tour.headers}

    job_id = client.process(dict(tour.json), **headers).body[tour.id_at]
    client.advance(10)

    assert client.status(job_id)["status"] == tour.good_word
    assert "{base}" in VENDOR.first_call
    assert "{key}" in VENDOR.first_call
