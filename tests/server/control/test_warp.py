"""The clock lent to a warp in another process: it moves step by step, and comes back whatever becomes of the warp."""

import asyncio
from collections.abc import Callable

import pytest

from simulator.server.control import warp
from tests.server.control.conftest import EPOCH_MS, Server

BEGUN = {"now": "2026-01-01T00:00:00.000Z", "now_ms": EPOCH_MS, "quiet": True, "next_due_ms": None}


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.001)


async def test_a_warp_has_the_clock_until_it_gives_it_back(server: Server) -> None:
    before = await server.call("GET", "clock")

    assert await server.call("POST", "clock/warp") == (200, BEGUN)
    assert (await server.call("GET", "clock"))[1]["mode"] == "warp"
    assert (await server.call("POST", "clock/warp"))[0] == 409
    assert (await server.call("PATCH", "clock", {"mode": "manual"}))[0] == 409

    assert (await server.call("DELETE", "clock/warp"))[0] == 204
    assert (await server.call("GET", "clock"))[1]["mode"] == before[1]["mode"]
    assert (await server.call("DELETE", "clock/warp"))[0] == 204
    assert (await server.call("POST", "clock/warp/step", {"until_ms": EPOCH_MS + 1}))[0] == 409
    assert (await server.call("POST", "clock/warp"))[0] == 200


async def test_a_step_goes_no_further_than_what_is_due(server: Server) -> None:
    await server.submit(hook=server.receiver("orders"))
    _, begun = await server.call("POST", "clock/warp")
    due_ms = begun["next_due_ms"]

    _, first = await server.call("POST", "clock/warp/step", {"until_ms": due_ms - 1})
    _, second = await server.call("POST", "clock/warp/step", {"until_ms": due_ms + 86_400_000})
    _, back = await server.call("POST", "clock/warp/step", {"until_ms": 0})

    assert first["now_ms"] == due_ms - 1
    assert second["now_ms"] == back["now_ms"] == due_ms


async def test_a_step_beyond_the_last_year_is_refused(server: Server) -> None:
    await server.call("POST", "clock/warp")

    assert (await server.call("POST", "clock/warp/step", {"until_ms": 1 << 60}))[0] == 422


async def test_it_is_quiet_once_a_request_is_over(server: Server) -> None:
    await server.call("POST", "clock/warp")
    server.sandbox.enter()
    asked = asyncio.create_task(server.call("POST", "clock/warp/quiet"))
    await until(lambda: bool(server.sandbox.on_less_to_do))
    server.sandbox.leave()

    assert (await asked)[1]["quiet"] is True
    assert not server.sandbox.on_less_to_do


async def test_who_asks_is_not_kept_waiting_for_long(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warp, "LONGEST_QUIET_S", 0.01)
    await server.call("POST", "clock/warp")
    server.sandbox.enter()

    assert (await server.call("POST", "clock/warp/quiet"))[1]["quiet"] is False

    server.sandbox.leave()


async def test_a_warp_that_has_died_loses_the_clock(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await server.call("GET", "clock")
    monkeypatch.setattr(warp, "LEASE_S", 0.05)
    await server.call("POST", "clock/warp")

    await until(lambda: server.sandbox.clock.mode != "warp")

    assert (await server.call("GET", "clock"))[1]["mode"] == before[1]["mode"]
    status, said = await server.call("POST", "clock/warp/quiet")
    assert (status, said["error"]["message"][:12]) == (409, "no warp has ")
    assert (await server.call("POST", "clock/warp"))[0] == 200


async def test_a_sandbox_may_be_dropped_in_a_warp(server: Server) -> None:
    await server.call("POST", "sandboxes", {"id": "other"})
    await server.call("POST", "sandboxes/other/clock/warp")
    leases = server.control.services.leases
    [lease] = leases.values()

    assert (await server.call("DELETE", "sandboxes/other"))[0] == 204
    lease.end()

    assert not leases


async def test_each_call_lets_the_lease_last_as_long_again(server: Server) -> None:
    await server.call("POST", "clock/warp")
    lease = server.control.services.leases[server.sandbox]
    ends_s = lease._end.when()

    await server.call("POST", "clock/warp/quiet")
    later_s = lease._end.when()
    await server.call("POST", "clock/warp/step", {"until_ms": 0})

    assert ends_s < later_s < lease._end.when()
