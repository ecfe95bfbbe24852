"""The clock by the control API."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.server.conftest import until
from tests.server.control.conftest import EPOCH_MS, Server


@pytest.mark.parametrize(
    ("body", "moved_ms"),
    [
        ({"by": "2m"}, 120_000),
        ({"by": 1500}, 1500),
        ({"by": "1h30m"}, 5_400_000),
        ({"by": "1.5s20ms"}, 1520),
        ({"by": 0}, 0),
        ({"by": 5.0}, 5),
        ({"to": "2026-01-02T00:00:00Z"}, 86_400_000),
        ({"to": "2026-01-01T02:00:00+01:00"}, 3_600_000),
    ],
)
async def test_it_moves_as_far_as_it_is_told(server: Server, body: dict[str, Any], moved_ms: int) -> None:
    status, said = await server.call("POST", "clock/advance", body)

    assert (status, said["now_ms"], said["moved_ms"]) == (200, EPOCH_MS + moved_ms, moved_ms)
    assert server.sandbox.clock.now_ms() == EPOCH_MS + moved_ms


async def test_a_job_goes_on_as_the_clock_is_moved(server: Server) -> None:
    _, job = await server.submit()

    await server.call("POST", "clock/advance", {"by": "10m"})

    assert (await server.poll(job["job_id"]))[1]["status"] == "completed"


async def test_the_next_event_is_the_next_change_of_any_job(server: Server) -> None:
    _, job = await server.submit()
    due_ms = (await server.call("GET", f"jobs/{job['job_id']}"))[1]["snapshot"]["next_change_ms"]

    _, said = await server.call("POST", "clock/next")

    assert (said["now_ms"], said["moved_ms"]) == (due_ms, due_ms - EPOCH_MS)


async def test_where_nothing_is_due_it_stays(server: Server) -> None:
    assert (await server.call("POST", "clock/next"))[1] == {
        "now": "2026-01-01T00:00:00.000Z",
        "now_ms": EPOCH_MS,
        "moved_ms": 0,
        "webhooks": [],
        "webhooks_total": 0,
    }


async def test_a_change_of_mode_leaves_the_instant(server: Server) -> None:
    await server.call("POST", "clock/advance", {"by": 5})

    status, said = await server.call("PATCH", "clock", {"mode": "skip", "hold": True})

    assert (status, said["mode"], said["hold"], said["now_ms"]) == (200, "skip", True, EPOCH_MS + 5)


async def test_a_clock_that_runs_by_itself_can_be_moved_too(start: Callable[..., Awaitable[Server]]) -> None:
    server = await start(mode="real")

    _, said = await server.call("POST", "clock/advance", {"by": "1d"})

    assert said["moved_ms"] == 86_400_000
    assert said["now_ms"] >= EPOCH_MS + 86_400_000


# ---- and webhooks


async def told(server: Server, *answers: int, **more: Any) -> None:
    """Submit a job whose webhooks go to a built-in receiver that answers like this."""
    await server.call("PUT", "receiver/deepswapai/orders", {"answers": answers, **more})
    await server.submit(hook=server.receiver("orders"))


async def test_it_stops_at_each_webhook_until_its_receiver_has_answered(server: Server) -> None:
    await told(server, 503, 200)

    _, said = await server.call("POST", "clock/advance", {"by": "1h"})

    [webhook] = said["webhooks"]
    came = (await server.call("GET", "received"))[1]["messages"]
    assert (webhook["state"], [attempt["status"] for attempt in webhook["attempts"]]) == ("delivered", [503, 200])
    assert [one["at_ms"] for one in came] == [attempt["at_ms"] for attempt in webhook["attempts"]]
    assert came[1]["at_ms"] - came[0]["at_ms"] == 5000
    assert said["now_ms"] == EPOCH_MS + 3_600_000


async def test_what_is_due_beyond_is_not_sent(server: Server) -> None:
    await told(server, 503, 200)
    await server.call("POST", "webhooks/wait", {"state": "waiting"})

    _, said = await server.call("POST", "clock/advance", {"by": 4999})

    assert said["webhooks"] == []
    [webhook] = (await server.call("POST", "clock/next"))[1]["webhooks"]
    assert len(webhook["attempts"]) == 2


@pytest.mark.parametrize("path", ["clock/advance", "clock/next"])
async def test_nobody_has_to_wait_for_webhooks(server: Server, path: str) -> None:
    await told(server, 200, delay="60s")
    await server.call("POST", "clock/next")

    _, said = await server.call("POST", path, {"wait": False, **({"by": "1h"} if path == "clock/advance" else {})})

    await until(lambda: server.sandbox.life.received.count)
    assert said["webhooks"] == []
    assert said["now_ms"] == server.sandbox.clock.now_ms() > EPOCH_MS
    [webhook] = (await server.call("GET", "webhooks"))[1]["webhooks"]
    assert (webhook["state"], webhook["attempts"]) == ("under_way", [])


async def test_two_cannot_move_it_by_webhooks_at_once(server: Server) -> None:
    await told(server, 200, delay="60s")
    first = asyncio.create_task(server.call("POST", "clock/advance", {"by": "1h"}))
    await until(lambda: server.sandbox.life.received.count)
    stands_at_ms = server.sandbox.clock.now_ms()

    status, said = await server.call("POST", "clock/advance", {"by": "1h"})

    assert (status, said["error"]["code"]) == (409, "conflict")
    assert server.sandbox.clock.now_ms() == stands_at_ms
    await server.call("POST", "reset")
    assert (await first)[0] == 409
