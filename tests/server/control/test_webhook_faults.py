"""Faults that are laid ready for the next webhooks, by the control API."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from simulator.jobs.deliveries import FAULTS
from tests.server.control.conftest import Server

JOB = "vjob_xyz789abc"
ALL = {
    "chance": 1,
    "states": ["completed", "failed"],
    "late": "2m",
    "duplicate": 3,
    "out_of_order": True,
    "stale_timestamp": "10m",
    "wrong_signature": True,
    "wrong_id": True,
    "extra_fields": True,
    "truncated": True,
}
Start = Callable[..., Awaitable[Server]]


async def tell(server: Server, job_id: str = JOB) -> list[list[str]]:
    """Let a job end; return the faults of each of its webhooks."""
    await server.submit(hook=server.receiver("orders"), **{"X-Simulator-Job-Id": job_id})
    await server.call("POST", "clock/advance", {"by": "1h"})
    return [told["faults"] for told in (await server.call("GET", f"webhooks?job_id={job_id}"))[1]["webhooks"]]


async def lay(server: Server, faults: Any, **more: Any) -> Any:
    """Lay faults ready; return how they are shown."""
    status, said = await server.call("POST", "webhooks/faults", {"faults": faults, **more})
    assert status == 201, said
    return said


async def laid(server: Server) -> Any:
    return (await server.call("GET", "webhooks/faults"))[1]["faults"]


async def test_they_are_for_the_next_webhook_only(server: Server) -> None:
    await lay(server, {"lost": True})

    assert await tell(server) == [["lost"]]
    assert await tell(server, "vjob_abc789xyz") == [[]]
    assert await laid(server) == []


async def test_what_is_left_of_them_is_shown(server: Server) -> None:
    order = await lay(server, {"wrong_id": True}, times=2)
    for_good = await lay(server, {"extra_fields": True}, times=None)

    told = [await tell(server, job_id) for job_id in (JOB, "vjob_second00")]
    left = await laid(server)

    assert (order["number"], order["times"], for_good["number"], for_good["times"]) == (1, 2, 2, None)
    assert told == [[["wrong_id", "extra_fields"]]] * 2
    assert left == [for_good]
    assert await tell(server, "vjob_third000") == [["extra_fields"]]


async def test_one_use_is_counted(server: Server) -> None:
    order = await lay(server, {"wrong_id": True}, times=2)

    await tell(server)

    assert await laid(server) == [{**order, "times": 1}]


async def test_they_are_shown_as_they_were_said(server: Server) -> None:
    order = await lay(server, ALL, vendor="deepswapai", operation="videoSwap", times=7)

    shown = {**ALL, "late": "2m", "stale_timestamp": "10m"}
    del shown["chance"]
    about = {"number": 1, "vendor": "deepswapai", "operation": "videoSwap", "job_id": None, "times": 7}
    assert order == {**about, "faults": shown}
    assert (await server.call("POST", "webhooks/faults", {"faults": order["faults"]}))[0] == 201


@pytest.mark.parametrize(
    ("said", "shown"),
    [("5000ms", "5s"), ("60s..90s", "1m..90s"), ("1500ms", "1500ms"), ({"median": "30s", "p95": "5m"}, None)],
)
async def test_a_length_is_shown_as_a_scenario_would_say_it(server: Server, said: Any, shown: Any) -> None:
    order = await lay(server, {"late": said})

    assert order["faults"]["late"] == (shown or {"median": "30s", "p95": "5m"})
    assert (await lay(server, order["faults"]))["faults"] == order["faults"]


async def test_every_fault_can_be_laid_ready(server: Server) -> None:
    usual: dict[str, Any] = {"late": "1s", "duplicate": 2, "burst": 2, "stale_timestamp": "1m"}

    for name in FAULTS:
        await lay(server, {name: usual.get(name, True)})

    assert [list(order["faults"]) for order in await laid(server)] == [[name] for name in FAULTS]


async def test_they_are_only_for_what_they_name(server: Server) -> None:
    await lay(server, {"lost": True}, vendor="useapi")
    await lay(server, {"lost": True}, operation="batchSwap")
    await lay(server, {"lost": True}, job_id="vjob_abc789xyz")
    await lay(server, {"lost": True, "states": ["failed"]})

    assert await tell(server) == [[]]
    assert await tell(server, "vjob_abc789xyz") == [["lost"]]


async def test_those_of_a_job_may_be_laid_before_it_is_there_and_after(server: Server) -> None:
    await lay(server, {"wrong_id": True}, job_id=JOB, vendor=None)
    await server.submit(hook=server.receiver("orders"), **{"X-Simulator-Job-Id": JOB})
    await lay(server, {"extra_fields": True}, job_id=JOB, vendor="deepswapai", operation="videoSwap")

    _, moved = await server.call("POST", "clock/advance", {"by": "1h"})

    assert [told["faults"] for told in moved["webhooks"]] == [["wrong_id", "extra_fields"]]


async def test_all_of_them_are_cleared(server: Server) -> None:
    await lay(server, {"lost": True})

    status, _ = await server.call("DELETE", "webhooks/faults")

    assert (status, await laid(server)) == (204, [])
    assert await tell(server) == [[]]


async def test_they_belong_to_one_sandbox(server: Server) -> None:
    await server.call("POST", "sandboxes", {"id": "other"})

    await lay(server, {"lost": True})

    assert (await server.call("GET", "sandboxes/other/webhooks/faults"))[1] == {"faults": []}


async def test_a_webhook_overtakes_the_reply_to_its_submit(server: Server) -> None:
    await lay(server, {"before_reply": True}, vendor="deepswapai")

    _, job = await server.submit(hook=server.receiver("orders"))

    [came] = (await server.call("GET", "received"))[1]["messages"]
    assert (came["job_id"], came["is_known"]) == (job["job_id"], True)
    assert (await server.call("GET", "webhooks"))[1]["webhooks"][0]["state"] == "delivered"


REFUSED: list[tuple[dict[str, Any], int, str, str]] = [
    ({"faults": {}}, 400, "bad_request", "faults"),
    ({}, 400, "bad_request", "faults"),
    ({"faults": {"lost": True}, "time": 2}, 400, "bad_request", "time"),
    ({"faults": {"lost": True}, "times": 0}, 400, "bad_request", "times"),
    ({"faults": {"lost": "yes"}}, 400, "bad_request", "lost"),
    ({"faults": {"duplicate": 1}}, 400, "bad_request", "duplicate"),
    ({"faults": {"lsot": True}}, 422, "invalid_faults", "did you mean 'lost'"),
    ({"faults": {"lost": True, "duplicate": 2}}, 422, "invalid_faults", "never sent"),
    ({"faults": {"duplicate": 2, "burst": 2}}, 422, "invalid_faults", "keep one"),
    ({"faults": {"chance": 0.5}}, 422, "invalid_faults", "chance: "),
    ({"faults": {"late": "soon"}}, 422, "invalid_faults", "late"),
    ({"faults": {"lost": True, "states": ["sung"]}}, 422, "invalid_faults", "'sung' is no state"),
    ({"faults": {"lost": True, "states": ["started"]}, "vendor": "deepswapai"}, 422, "invalid_faults", "'started'"),
    ({"faults": {"lost": True}, "vendor": "nobody"}, 422, "unknown_vendor", "nobody"),
    ({"faults": {"lost": True}, "operation": "sing"}, 422, "unknown_operation", "sing"),
    ({"faults": {"lost": True}, "vendor": "useapi", "operation": "videoSwap"}, 422, "unknown_operation", "videoSwap"),
    ({"faults": {"lost": True}, "vendor": "useapi", "job_id": JOB}, 422, "unknown_job", "deepswapai"),
    ({"faults": {"lost": True}, "operation": "batchSwap", "job_id": JOB}, 422, "unknown_job", "videoSwap"),
    ({"faults": {"wrong_signature": True}, "vendor": "useapi"}, 422, "impossible_fault", "not signed"),
    ({"faults": {"stale_timestamp": "1m"}, "vendor": "useapi"}, 422, "impossible_fault", "no timestamp"),
    ({"faults": {"before_reply": True}, "job_id": JOB}, 422, "impossible_fault", "submit to come"),
]


@pytest.mark.parametrize(("said", "status", "code", "word"), REFUSED)
async def test_what_could_never_be_seen_is_refused(
    server: Server, said: dict[str, Any], status: int, code: str, word: str
) -> None:
    await server.submit(**{"X-Simulator-Job-Id": JOB})

    answered, body = await server.call("POST", "webhooks/faults", said)

    assert (answered, body["error"]["code"]) == (status, code)
    assert word in body["error"]["message"] + str(body["error"].get("findings"))
    assert await laid(server) == []


async def test_a_job_without_webhooks_has_none_to_go_wrong(server: Server) -> None:
    picture = {"source_image": "https://example.com/a.jpg", "target_image": "https://example.com/b.jpg"}
    key = {"Authorization": "Bearer test-key"}
    await server.call("POST", f"{server.root}/deepswapai/v1/image-swap", picture, headers=key)
    [silent] = [shot.job.id for shot in server.sandbox.jobs()]

    status, body = await server.call("POST", "webhooks/faults", {"job_id": silent, "faults": {"lost": True}})

    assert (status, body["error"]["code"]) == (422, "impossible_fault")


async def test_there_is_an_end_to_them(server: Server) -> None:
    order = await lay(server, {"lost": True})
    outbox = server.sandbox.life.outbox
    outbox.orders.kept.extend(outbox.orders.kept * 999)

    status, body = await server.call("POST", "webhooks/faults", {"faults": {"lost": True}})

    assert (status, body["error"]["code"]) == (422, "unprocessable")
    assert len(await laid(server)) == 1000
    assert order["number"] == 1
