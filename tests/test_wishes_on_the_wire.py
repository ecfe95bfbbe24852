"""What a client asks of the simulator besides its call, and keys that play a state, over HTTP."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from simulator import vendors
from simulator.assembly import Background
from simulator.jobs.errors import BadJobId
from simulator.sandbox.choosing import Pin
from simulator.settings import Settings
from tests.test_vendors_on_the_wire import BEFORE, EPOCH, PNG, SUBMITS, fetch, kinds, submit, with_key


@pytest.fixture(scope="module")
def server() -> Iterator[Background]:
    with Background(Settings(port=0, clock="manual", seed="wire", epoch=EPOCH)) as running:
        yield running


@pytest.fixture
def base(server: Background) -> str:
    server.simulator.sandboxes.main.reset()
    return server.url


@pytest.mark.fact("useapi.auth.account-without-402")
def test_the_account_calls_of_useapi_serve_an_expired_key(base: str) -> None:
    account, key = f"{base}/useapi/v1/faceswap/account", {"Authorization": "Bearer user:1-expired"}
    channel = {"discord": "token-of-another", "server": "1218247298912354304", "channel": "1218247389001809923"}
    body = json.dumps(channel).encode()

    listed = fetch("GET", account, **key)
    put = fetch("POST", f"{account}/1218247389001809923", body, Content_Type="application/json", **key)
    got = fetch("GET", f"{account}/1218247389001809923", **key)
    dropped = fetch("DELETE", f"{account}/1218247389001809923", **key)
    jobs = fetch("GET", f"{base}/useapi/v1/faceswap/jobs", **key)

    assert [reply[0] for reply in (listed, put, got, dropped, jobs)] == [200, 204, 200, 204, 402]


@pytest.mark.parametrize(("vendor", "kind"), kinds())
def test_ids_are_what_the_vendor_makes_and_nothing_else_is_promised(
    server: Background, base: str, vendor: str, kind: str
) -> None:
    main, found = server.simulator.sandboxes.main, vendors.load(vendor)
    submit(base, vendor, kind)
    job, *others = main.jobs()
    before = len(main.accounts())

    status, body = submit(base, vendor, kind, X_Simulator_Job_Id="nonsense")

    assert re.fullmatch(found.kind(kind).id_pattern, job.job.id)
    assert not re.fullmatch(found.kind(kind).id_pattern, "nonsense")
    assert (status, body["error"]["code"]) == (400, "bad_job_id")
    assert "'nonsense'" in body["error"]["message"]
    assert found.kind(kind).id_pattern in body["error"]["message"]
    repeated = len(others) + 1 + ((vendor, kind) in BEFORE)  # what has to be there before is submitted again
    assert (len(main.jobs()), len(main.accounts())) == (repeated, before)
    with pytest.raises(BadJobId):
        main.pin(Pin(vendor, job_id="nonsense"), found)


def test_a_default_that_a_kind_cannot_play_leaves_it_to_the_vendors(server: Background, base: str) -> None:
    main = server.simulator.sandboxes.main
    main.set_default_scenario("cancelled")

    for vendor, kind in kinds():
        status, body = submit(base, vendor, kind)
        assert status in (200, 202), body

    played = {(shot.job.vendor, shot.job.kind): shot.job.plan.script.scenario.name for shot in main.jobs()}
    assert played["useapi", "headshot"] == "cancelled"
    assert played["deepswapai", "video"] == "happy"
    marks = [exchange.marks for exchange in main.journal if exchange.operation == "videoSwap"]
    assert "the scenario by default was passed over" in str(marks)
    for way in ({"X_Simulator_Scenario": "cancelled"}, {}):
        if not way:
            main.pin(Pin("deepswapai", scenario="partial-batch"), vendors.load("deepswapai"))
        assert submit(base, "deepswapai", "video", **way)[0] == 400


def test_a_file_in_the_place_of_a_text_is_missing(base: str) -> None:
    boundary = "part-of-this-form"
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="prompt"; filename="r1.png"\r\n\r\n'.encode()
    media_type = f"multipart/form-data; boundary={boundary}"

    status, _, text = fetch(
        "POST", f"{base}/useapi/v1/faceswap/headshot", part + PNG + f"\r\n--{boundary}--\r\n".encode(),
        Content_Type=media_type, Authorization="Bearer user:1-abc",
    )  # fmt: skip

    assert (status, json.loads(text)["error"]) == (400, "Required param prompt is missing or empty")


@pytest.mark.parametrize(
    ("vendor", "path", "field", "more"),
    [
        ("akool", "/api/open/v3/getToken", "clientSecret", {"clientId": "SimClientId0123456789ab="}),
        ("a2e", "/api/v1/userFaceSwapTask/add", "webhook_token", SUBMITS["a2e", "task"][1]),
        ("openshorts", "/api/process", "webhook_secret", SUBMITS["openshorts", "clips"][1]),
        ("useapi", "/v1/faceswap/account/1218247389001809923", "discord", {"server": "1218247298912354304", "channel": "1218247389001809923"}),
    ],
)  # fmt: skip
def test_the_journal_shows_no_secret_of_a_body(
    server: Background, base: str, vendor: str, path: str, field: str, more: dict[str, Any]
) -> None:
    body = json.dumps({**more, field: "the-secret-of-somebody"}).encode()

    status, _, text = fetch("POST", f"{base}/{vendor}{path}", body, Content_Type="application/json", **with_key(vendor))
    _, _, journal = fetch("GET", f"{base}/_simulator/journal")

    assert status in (200, 204), text
    [entry] = json.loads(journal)["entries"]
    assert json.loads(entry["request"]["body"])[field] == "…body"
    assert "the-secret" not in journal.decode()
    if vendor == "akool":
        assert json.loads(text)["token"] not in journal.decode()


def test_a_form_hides_its_secrets_too(base: str) -> None:
    boundary, said = (
        "b",
        {"url": "https://example.com/clip.mp4?duration=300", "webhook_secret": "the-secret-of-somebody"},
    )
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in said.items()]
    body = "".join([*parts, "--b--\r\n"]).encode()

    fetch(
        "POST", f"{base}/openshorts/api/process", body,
        Content_Type=f"multipart/form-data; boundary={boundary}", X_Gemini_Key="key",
    )  # fmt: skip
    _, _, journal = fetch("GET", f"{base}/_simulator/journal")

    assert b"example.com/clip" in journal
    assert b"the-secret" not in journal
