"""What the control API refuses, and who may not call it at all."""

from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import pytest

from simulator.jobs.errors import ContractBroken
from simulator.server.control import control as module
from simulator.server.control.guard import ForeignOrigin, Guard, NoToken
from simulator.vendors.vendor import Reply
from tests.server.control.conftest import Server

UNSOUND = "scenario: brief\nstates:\n  running: {for: 2s, then: waiting}\n  waiting: {for: 1s, then: succeeded}\n"

REFUSED = [
    ("PATCH", "clock", {"sped": 2}, 400, "bad_request", "sped"),
    ("PATCH", "clock", {}, 400, "bad_request", "body"),
    ("PATCH", "clock", {"speed": 0}, 400, "bad_request", "body speed"),
    ("PATCH", "clock", {"mode": "warp"}, 400, "bad_request", "body mode"),
    ("PATCH", "clock", None, 400, "bad_request", "body"),
    ("GET", "clock?now=1", None, 400, "bad_request", "takes no parameters"),
    ("POST", "clock/advance", {"by": "soon"}, 400, "bad_request", "body by"),
    ("POST", "clock/advance", {"by": -1}, 400, "bad_request", "body by"),
    ("POST", "clock/advance", {"by": 1, "to": "2027-01-01T00:00:00Z"}, 400, "bad_request", "either by how much"),
    ("POST", "clock/advance", {"wait": False}, 400, "bad_request", "by how much or to which instant"),
    ("POST", "clock/advance", {"by": 1, "wait": "no"}, 400, "bad_request", "body wait"),
    ("POST", "clock/next", {"by": 1}, 400, "bad_request", "body by"),
    ("POST", "clock/advance", {"by": "40000d"}, 422, "bad_length", "hundred years"),
    ("POST", "clock/advance", {"to": "2025-12-31T00:00:00Z"}, 422, "past_instant", "cannot go back"),
    ("POST", "clock/advance", {"to": "1969-12-31T00:00:00Z"}, 422, "unprocessable", "no instant"),
    ("POST", "clock/advance", {"to": "9999-06-01T00:00:00Z"}, 422, "unprocessable", "no instant"),
    ("GET", "sandboxes/nowhere", None, 404, "not_found", "nowhere"),
    ("POST", "sandboxes/nowhere/reset", None, 404, "not_found", "there are: main"),
    ("DELETE", "sandboxes/main", None, 409, "conflict", "reset it"),
    ("POST", "sandboxes", {"id": "main"}, 409, "conflict", "already"),
    ("POST", "sandboxes", {"id": "Upper"}, 400, "bad_request", "body id"),
    ("POST", "sandboxes", {"scenario": "nope"}, 422, "unknown_scenario", "nope"),
    ("POST", "sandboxes", {"epoch": "1969-12-31T00:00:00Z"}, 422, "unprocessable", "no instant"),
    ("POST", "sandboxes", {"switches": {"deepswapai.nope": "1"}}, 422, "unknown_switch", "deepswapai.nope"),
    ("POST", "scenarios", {"text": UNSOUND, "file": "brief.yaml"}, 422, "invalid_scenario", "brief.yaml:3"),
    ("POST", "scenarios", {"scenario": "pins", "states": {}}, 422, "invalid_scenario", "control API"),
    ("POST", "scenarios", {"states": {}}, 400, "bad_request", "scenario"),
    ("POST", "scenarios", {"text": ""}, 400, "bad_request", "body"),
    ("PUT", "scenarios/default", {"scenario": "nope"}, 422, "unknown_scenario", "nope"),
    ("GET", "scenarios/nope", None, 404, "not_found", "nope"),
    ("GET", "scenarios/happy?kind=video", None, 400, "bad_request", "vendor"),
    ("GET", "scenarios?vendor=deepswapai&kind=song", None, 404, "not_found", "song"),
    ("GET", "scenarios?vendor=nobody", None, 404, "unknown_vendor", "nobody"),
    ("POST", "scenarios/pins", {"vendor": "nobody", "scenario": "happy"}, 422, "unknown_vendor", "nobody"),
    ("POST", "scenarios/pins", {"vendor": "useapi", "scenario": "nope"}, 422, "unknown_scenario", "nope"),
    ("POST", "scenarios/pins", {"vendor": "useapi"}, 400, "bad_request", "at least one of scenario, job_id and seed"),
    ("POST", "scenarios/pins", {"vendor": "useapi", "seed": None}, 400, "bad_request", "at least one"),
    ("POST", "scenarios/pins", {"vendor": "deepswapai", "job_id": "nonsense"}, 422, "bad_job_id", "vjob_[a-z0-9]{6,9}"),
    (
        "POST",
        "scenarios/pins",
        {"vendor": "deepswapai", "scenario": "happy", "operation": "sing"},
        422,
        "unknown_operation",
        "sing",
    ),
    (
        "POST",
        "scenarios/pins",
        {"vendor": "deepswapai", "scenario": "happy", "job_id": "a", "times": 2},
        400,
        "bad_request",
        "times",
    ),
    ("GET", "jobs/vjob_nobody00", None, 404, "not_found", "vjob_nobody00"),
    ("GET", "jobs?limit=1001", None, 400, "bad_request", "query limit"),
    ("GET", "jobs?stauts=queued", None, 400, "bad_request", "stauts"),
    ("POST", "jobs/vjob_nobody00/events", {"event": "cancel"}, 404, "not_found", "vjob_nobody00"),
    ("POST", "jobs/vjob_nobody00/events", {"event": "cancel", "force": "failed"}, 400, "bad_request", "body"),
    ("GET", "journal?limit=0", None, 400, "bad_request", "query limit"),
    ("GET", "journal?limit=5&limit=6", None, 400, "bad_request", "query limit"),
    ("GET", "journal?vendor=nobody", None, 404, "unknown_vendor", "nobody"),
    ("GET", "accounts/deepswapai/nobody", None, 404, "not_found", "nobody"),
    ("GET", "accounts/nobody/key", None, 404, "unknown_vendor", "nobody"),
    ("PUT", "accounts/deepswapai/key", {"credits": -1}, 400, "bad_request", "body credits"),
    ("PUT", "accounts/deepswapai/key", {"rate_limit": {"calls": 1, "per": "0s"}}, 422, "bad_length", "above 0"),
    ("PATCH", "switches", {"deepswapai.expired_file": "418"}, 422, "unknown_choice", "cannot be '418'"),
    ("PATCH", "switches", {"deepswapai.nope": None}, 422, "unknown_switch", "deepswapai.nope"),
    ("GET", "openapi/nobody.json", None, 404, "not_found", "nobody.json"),
    ("GET", "openapi/..%2F..%2Fetc%2Fpasswd", None, 400, "bad_request", "path file"),
    ("GET", "openapi/deepswapai.facts.yaml", None, 400, "bad_request", "path file"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code", "word"), REFUSED)
async def test_it_is_refused_and_says_why(
    server: Server, method: str, path: str, body: Any, status: int, code: str, word: str
) -> None:
    answered, said = await server.call(method, path, body)

    assert (answered, said["error"]["code"]) == (status, code)
    assert word in said["error"]["message"] + str(said["error"].get("findings"))


async def test_nothing_is_set_where_one_of_several_is_refused(server: Server) -> None:
    bad = {"deepswapai.expired_file": "410", "deepswapai.error_shape": "round"}

    status, said = await server.call("PATCH", "switches", bad)

    assert (status, said["error"]["legal"]) == (422, ["flat", "nested"])
    assert server.sandbox.chosen_switches() == {}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"data": b"{nonsense", "headers": {"Content-Type": "application/json"}}, "no JSON"),
        ({"data": b"\xff\xfe", "headers": {"Content-Type": "application/json"}}, "no JSON"),
        ({"data": b"[" * 100_000, "headers": {"Content-Type": "application/json"}}, "no JSON"),
        ({"data": b"[1]", "headers": {"Content-Type": "application/json"}}, "body"),
        ({"data": b"by: 2m", "headers": {"Content-Type": "application/yaml"}}, "application/yaml is not accepted"),
        ({"data": BytesIO(b" " * (9 << 20)), "headers": {"Content-Type": "application/json"}}, "larger than"),
    ],
)
async def test_a_body_that_is_no_json_is_told_so(server: Server, said: dict[str, Any], reason: str) -> None:
    status, body = await server.call("POST", "clock/advance", **said)

    assert status == 400
    assert reason in body["error"]["message"]


async def test_what_curl_sends_by_default_is_read_as_json(server: Server) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    status, said = await server.call("POST", "clock/advance", data=b'{"by": "2m"}', headers=headers)

    assert (status, said["moved_ms"]) == (200, 120_000)


async def test_an_unknown_path_names_those_that_may_be_meant(server: Server) -> None:
    status, said = await server.call("POST", "clock/advanced")

    assert status == 404
    assert "/_simulator/clock/advance" in said["error"]["legal"]


async def test_a_wrong_method_names_those_that_are_right(server: Server) -> None:
    async with server.client.put(f"{server.root}/_simulator/clock") as reply:
        said = await reply.json()

    assert (reply.status, reply.headers["Allow"]) == (405, "GET, PATCH")
    assert said["error"]["legal"] == ["GET", "PATCH"]


async def test_a_word_of_ours_is_no_scenario(server: Server) -> None:
    async with server.client.get(f"{server.root}/_simulator/scenarios/default") as reply:
        assert (reply.status, reply.headers["Allow"]) == (405, "PUT")


async def test_a_reply_that_is_not_described_never_leaves(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**module.HANDLERS, "getClock": lambda call: Reply({"mode": "sundial"})}
    monkeypatch.setattr(module, "HANDLERS", wrong)

    status, said = await server.call("GET", "clock")

    assert (status, said["error"]["code"]) == (500, ContractBroken.code)


async def test_a_handlers_bug_is_loud(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HANDLERS", {**module.HANDLERS, "getClock": lambda call: 1 / 0})

    status, said = await server.call("GET", "clock")

    assert (status, said["error"]["code"]) == (500, "internal_error")


# ---- who may call


@pytest.mark.parametrize("origin", ["https://example.com", "http://localhost:1", "null", ""])
async def test_a_page_of_another_origin_may_not_command(server: Server, origin: str) -> None:
    said = [await server.call(*call, headers={"Origin": origin}) for call in (("POST", "reset"), ("GET", "nowhere"))]

    assert [(status, body["error"]["code"]) for status, body in said] == [(403, "foreign_origin")] * 2
    assert server.sandbox.generation == 1


async def test_a_page_of_our_own_origin_may(server: Server) -> None:
    status, _ = await server.call("POST", "reset", headers={"Origin": server.root.upper()})

    assert status == 200


async def test_health_and_readiness_are_for_everybody(start: Callable[..., Awaitable[Server]]) -> None:
    server = await start(token="secret-token")

    said = [await server.call("GET", path, headers={"Origin": "https://example.com"}) for path in ("health", "ready")]

    assert [status for status, _ in said] == [200, 200]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong-token"}, 401),
        ({"Authorization": "secret-token"}, 401),
        ({"Authorization": "Bearer secret-toke\u00f6"}, 401),
        ({"X-Simulator-Token": ""}, 401),
        ({"Authorization": "Bearer secret-token"}, 200),
        ({"Authorization": "bearer secret-token"}, 200),
        ({"X-Simulator-Token": "secret-token"}, 200),
    ],
)
async def test_all_else_needs_the_token_where_one_is_set(
    start: Callable[..., Awaitable[Server]], headers: dict[str, str], status: int
) -> None:
    server = await start(token="secret-token")

    answered, said = await server.call("POST", "reset", headers=headers)

    assert answered == status
    assert status == 200 or said["error"]["code"] == "no_token"


async def test_an_unknown_path_needs_the_token_too(start: Callable[..., Awaitable[Server]]) -> None:
    server = await start(token="secret-token")

    assert (await server.call("GET", "nowhere"))[0] == 401


async def test_vendors_need_no_control_token(start: Callable[..., Awaitable[Server]]) -> None:
    server = await start(token="secret-token")

    assert (await server.submit())[0] == 202


def test_a_foreign_origin_is_refused_before_the_token_is_asked_for() -> None:
    guard = Guard("secret")

    with pytest.raises(ForeignOrigin):
        guard.admit({"Origin": "https://example.com"}, "http://localhost:8080", "localhost:8080")
    with pytest.raises(NoToken):
        guard.admit({}, "http://localhost:8080", "localhost:8080")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200),
        ("LOCALHOST", 200),
        ("box.localhost", 200),
        ("127.0.0.1", 200),
        ("192.168.7.7:80", 200),
        ("[::1]:8080", 200),
        ("simulator:8080", 200),
        ("host.docker.internal:8080", 200),
        ("api.deepswapai.com", 200),
        ("simulator.corp.example:8080", 200),
        ("rebind.example:8080", 403),
        ("localhost.rebind.example", 403),
        ("127.0.0.1.rebind.example", 403),
        ("rebind.example.", 403),
    ],
)
async def test_a_name_that_a_stranger_may_have_pointed_here_may_not_command(
    start: Callable[..., Awaitable[Server]], host: str, status: int
) -> None:
    server = await start(own_hosts=("0.0.0.0", "simulator.corp.example"))

    answered, said = await server.call("GET", "clock", headers={"Host": host, "Origin": f"http://{host}"})

    assert answered == status
    assert status == 200 or (said["error"]["code"] == "foreign_host" and "--token" in said["error"]["message"])


async def test_with_a_token_any_name_will_do(start: Callable[..., Awaitable[Server]]) -> None:
    server = await start(token="secret-token")

    headers = {"Host": "simulator.example", "X-Simulator-Token": "secret-token"}

    assert (await server.call("GET", "clock", headers=headers))[0] == 200
