"""Every operation of the description is served, in both its forms, by replies that it describes."""

import shlex
from typing import Any

import pytest

from simulator.server.control import HANDLERS, OF_SANDBOX
from tests.server.control.conftest import Server, assert_described, contract

BRIEF = {"scenario": "brief", "states": {"running": {"for": "2s", "then": "succeeded"}, "succeeded": {}}}
FIRED = {"job_id": "vjob_xyz789abc", "status": "completed"}
CALLS: dict[str, tuple[str, str, Any, int]] = {
    "getIndex": ("GET", "", None, 200),
    "getHealth": ("GET", "health", None, 200),
    "getReadiness": ("GET", "ready", None, 200),
    "getTestCa": ("GET", "tls/ca.pem", None, 200),
    "getMetrics": ("GET", "metrics", None, 200),
    "getDescription": ("GET", "openapi/deepswapai.json", None, 200),
    "listSandboxes": ("GET", "sandboxes", None, 200),
    "createSandbox": ("POST", "sandboxes", {"id": "third", "clock": {"mode": "skip"}, "scenario": "slow"}, 201),
    "getSandbox": ("GET", "sandboxes/other", None, 200),
    "deleteSandbox": ("DELETE", "sandboxes/other", None, 204),
    "reset": ("POST", "reset", None, 200),
    "getCounters": ("GET", "counters", None, 200),
    "getClock": ("GET", "clock", None, 200),
    "setClock": ("PATCH", "clock", {"mode": "real", "speed": 60, "hold": True}, 200),
    "advanceClock": ("POST", "clock/advance", {"by": "2m"}, 200),
    "skipToNextEvent": ("POST", "clock/next", None, 200),
    "beginWarp": ("POST", "clock/warp", None, 200),
    "endWarp": ("DELETE", "clock/warp", None, 204),
    "waitUntilQuiet": ("POST", "clock/warp/quiet", None, 409),
    "stepWarp": ("POST", "clock/warp/step", {"until_ms": 0}, 409),
    "listScenarios": ("GET", "scenarios?vendor=deepswapai&kind=video", None, 200),
    "getScenario": ("GET", "scenarios/happy", None, 200),
    "addScenario": ("POST", "scenarios", BRIEF, 201),
    "validateScenario": ("POST", "scenarios/validate", BRIEF, 200),
    "setDefaultScenario": ("PUT", "scenarios/default", {"scenario": "slow"}, 200),
    "listPins": ("GET", "scenarios/pins", None, 200),
    "pinScenario": ("POST", "scenarios/pins", {"vendor": "deepswapai", "scenario": "slow", "times": 3}, 201),
    "clearPins": ("DELETE", "scenarios/pins", None, 204),
    "listJobs": ("GET", "jobs?vendor=deepswapai&status=queued&account=test-key&limit=5", None, 200),
    "getJob": ("GET", "jobs/vjob_xyz789abc?vendor=deepswapai", None, 200),
    "addJobEvent": ("POST", "jobs/vjob_xyz789abc/events", {"force": "failed"}, 201),
    "listWebhooks": (
        "GET",
        "webhooks?vendor=deepswapai&job_id=vjob_xyz789abc&state=delivered&since=0&limit=9",
        None,
        200,
    ),
    "getWebhook": ("GET", "webhooks/1", None, 200),
    "resendWebhook": ("POST", "webhooks/1/resend", {"wait": True}, 201),
    "fireWebhook": ("POST", "webhooks/fire", FIRED, 201),
    "waitForWebhooks": ("POST", "webhooks/wait", {"vendor": "deepswapai", "status": "completed"}, 200),
    "listWebhookFaults": ("GET", "webhooks/faults", None, 200),
    "addWebhookFaults": ("POST", "webhooks/faults", {"times": None, "faults": {"late": "1m..2m", "chance": 0.5}}, 201),
    "clearWebhookFaults": ("DELETE", "webhooks/faults", None, 204),
    "listFaults": ("GET", "faults", None, 200),
    "addFaults": ("POST", "faults", {"vendor": "deepswapai", "times": 3, "faults": {"error": 503, "for": "1m"}}, 201),
    "clearFaults": ("DELETE", "faults", None, 204),
    "receive": ("POST", "receiver/deepswapai/orders", {"job_id": "vjob_xyz789abc"}, 200),
    "setReceiver": ("PUT", "receiver/deepswapai/orders", {"answers": [503, 200], "delay": "1s", "body": "no"}, 200),
    "listReceived": ("GET", "received?vendor=deepswapai&name=orders&since=0&limit=9", None, 200),
    "clearReceived": ("DELETE", "received", None, 204),
    "readJournal": ("GET", "journal?vendor=deepswapai&path=/v1/*&method=POST&status=202&since=0&limit=9", None, 200),
    "countJournal": ("GET", "journal/count?operation=videoSwap", None, 200),
    "clearJournal": ("DELETE", "journal", None, 204),
    "listAccounts": ("GET", "accounts?vendor=deepswapai", None, 200),
    "getAccount": ("GET", "accounts/deepswapai/test-key", None, 200),
    "setAccount": ("PUT", "accounts/deepswapai/test-key", {"credits": 5, "details": {"note": "mine"}}, 200),
    "listRecords": ("GET", "records?vendor=useapi", None, 200),
    "listSwitches": ("GET", "switches", None, 200),
    "setSwitches": ("PATCH", "switches", {"deepswapai.expired_file": "410"}, 200),
}
"""For each operation: method, path, body and the status to expect, where a video of DeepSwapAI has been submitted and told once."""


def test_every_operation_has_a_handler_and_every_handler_an_operation() -> None:
    described = {id.removesuffix(OF_SANDBOX) for id in contract().operation_ids}

    assert set(HANDLERS) == described
    assert set(CALLS) == described


@pytest.mark.parametrize("id", contract().operation_ids)
async def test_it_is_served_as_described(server: Server, id: str) -> None:
    method, path, body, expected = CALLS[id.removesuffix(OF_SANDBOX)]
    await server.call("POST", "sandboxes", {"id": "other"})
    prefix = "/~other" if id.endswith(OF_SANDBOX) else ""
    await server.submit(
        prefix, hook=server.receiver("orders", prefix=prefix), **{"X-Simulator-Job-Id": "vjob_xyz789abc"}
    )
    await server.call("POST", f"{server.root}{prefix}/_simulator/webhooks/fire", FIRED)
    if prefix:
        path = f"sandboxes/other/{path}"

    said = {} if body is None else {"json": body}
    async with server.client.request(method, f"{server.root}/_simulator/{path}".rstrip("/"), **said) as reply:
        data: Any = await (reply.json() if reply.content_type == "application/json" else reply.text()) or None

    assert (reply.status, data if reply.status != expected else None) == (expected, None)
    assert_described(id, reply.status, data, [(name, said) for name, said in reply.headers.items()])


async def test_the_index_tells_where_everything_is_and_its_steps_work(server: Server) -> None:
    _, said = await server.call("GET", f"{server.root}/_simulator")
    _, with_slash = await server.call("GET", f"{server.root}/_simulator/")
    await server.call("POST", "sandboxes", {"id": "other"})
    _, of_other = await server.call("GET", f"{server.root}/~other/_simulator/")

    assert said == with_slash
    assert said["vendors"] == {name: f"{server.root}/{name}" for name in ("deepswapai", "useapi")}
    assert of_other["vendors"]["useapi"] == f"{server.root}/~other/useapi"
    assert (await server.call("GET", said["description"]))[0] == 200
    for step in said["first_steps"]:
        words = shlex.split(step["curl"])
        data = words[words.index("-d") + 1].encode() if "-d" in words else None
        method = "POST" if data or "-X" in words else "GET"
        [url] = [word for word in words if word.startswith(server.root)]
        headers = {"Content-Type": "application/json"} if data else {}
        assert (await server.call(method, url, data=data, headers=headers))[0] in (200, 201), step


async def test_a_head_is_answered_as_a_get_without_a_body(server: Server) -> None:
    async with server.client.head(f"{server.root}/_simulator/clock") as reply:
        assert (reply.status, await reply.read()) == (200, b"")


async def test_a_route_below_a_prefix_speaks_of_the_sandbox_in_it(server: Server) -> None:
    await server.call("POST", "sandboxes", {"id": "other"})

    await server.call("POST", f"{server.root}/~other/_simulator/clock/advance", {"by": 5})

    assert (await server.call("GET", "sandboxes/other/clock"))[1]["now_ms"] == server.sandbox.clock.now_ms() + 5


async def test_path_and_prefix_may_not_name_two_sandboxes(server: Server) -> None:
    await server.call("POST", "sandboxes", {"id": "other"})

    status, said = await server.call("GET", f"{server.root}/~main/_simulator/sandboxes/other/clock")

    assert status == 400
    assert "belongs to one" in said["error"]["message"]
