"""The clock by the control API."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

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
