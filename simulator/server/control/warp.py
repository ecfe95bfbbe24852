"""Handlers for a warp in another process: it has the clock of a sandbox as long as it is heard of."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack

from simulator.jobs.errors import Conflict
from simulator.sandbox.clock import WARP
from simulator.sandbox.sandbox import Sandbox
from simulator.server.control.calls import ControlCall
from simulator.server.control.shown import show_instant
from simulator.vendors.vendor import Reply

LEASE_S = 30.0  # real; who is not heard of for so long has died, and the clock runs as before
LONGEST_QUIET_S = 1.0  # real
_PASSES = 10  # of the server's loop without news: no request is on its way


class Lease:
    """The clock of a sandbox, lent to a warp until it gives it back or is silent for too long."""

    def __init__(self, sandbox: Sandbox, leases: "dict[Sandbox, Lease]") -> None:
        self._clock = ExitStack()
        self._clock.enter_context(sandbox.clock_in_mode(WARP))
        self._clock.callback(leases.pop, sandbox)
        self._end = asyncio.get_running_loop().call_later(LEASE_S, self.end)
        leases[sandbox] = self

    def renew(self) -> None:
        """Let it last as long again from now on."""
        self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(LEASE_S, self.end)

    def end(self) -> None:
        """Let the clock run as before."""
        self._end.cancel()
        self._clock.close()


async def begin_warp(call: ControlCall) -> Reply:
    """Lend the clock."""
    sandbox = call.sandbox
    with sandbox.lock:
        if sandbox.clock.mode == WARP:
            raise Conflict("a warp has the clock of this sandbox already")
        Lease(sandbox, call.services.leases)
        return Reply(_show(sandbox, is_quiet=not _is_busy(sandbox)))


async def end_warp(call: ControlCall) -> Reply:
    """Take the clock back; where nobody has it any longer, nothing changes."""
    lease = call.services.leases.get(call.sandbox)
    if lease is not None:
        lease.end()
    return Reply(None, 204)


async def wait_until_quiet(call: ControlCall) -> Reply:
    """Answer once nothing is under way, or after a second in which something always was."""
    sandbox = call.sandbox
    _renew(call)
    is_quiet = await _is_soon_quiet(sandbox)
    with sandbox.lock:
        _renew(call)
        return Reply(_show(sandbox, is_quiet=is_quiet))


async def step_warp(call: ControlCall) -> Reply:
    """Move the clock to an instant, or to what is due before it; start what is due then, and wait for none of it."""
    sandbox = call.sandbox
    with sandbox.lock:
        _renew(call)
        now_ms, until_ms = sandbox.clock.now_ms(), call.body["until_ms"]
        due_ms = sandbox.counters()["next_due_ms"]
        if due_ms is not None and now_ms < due_ms < until_ms:
            until_ms = due_ms
        if until_ms > now_ms:
            sandbox.catch_up_to(until_ms)
        return Reply(_show(sandbox, is_quiet=not _is_busy(sandbox)))


def _renew(call: ControlCall) -> None:
    """Let the warp that asks keep the clock.

    Raises:
        Conflict: it has none.
    """
    lease = call.services.leases.get(call.sandbox)
    if lease is None:
        raise Conflict(f"no warp has the clock of this sandbox; one that says nothing for {LEASE_S:g} s has ended")
    lease.renew()


async def _is_soon_quiet(sandbox: Sandbox) -> bool:
    loop, news = asyncio.get_running_loop(), asyncio.Event()

    def hear() -> None:
        loop.call_soon_threadsafe(news.set)

    sandbox.on_less_to_do.append(hear)
    try:
        async with asyncio.timeout(LONGEST_QUIET_S):
            while not await _stays_quiet(sandbox, news.is_set):
                if _is_busy(sandbox):
                    await news.wait()
                news.clear()
        return True
    except TimeoutError:
        return False
    finally:
        sandbox.on_less_to_do.remove(hear)


async def _stays_quiet(sandbox: Sandbox, has_news: Callable[[], bool]) -> bool:
    for _ in range(_PASSES):
        if _is_busy(sandbox) or has_news():
            return False
        await asyncio.sleep(0)
    return not _is_busy(sandbox) and not has_news()


def _is_busy(sandbox: Sandbox) -> bool:
    counters = sandbox.counters()
    under_way = (counters["in_flight"] or 0) - (counters["held"] or 0) + (counters["deliveries"] or 0)
    return under_way > 0 or sandbox.is_walking


def _show(sandbox: Sandbox, *, is_quiet: bool) -> dict[str, object]:
    due_ms = sandbox.counters()["next_due_ms"]
    return {**show_instant(sandbox.clock.now_ms()), "quiet": is_quiet, "next_due_ms": due_ms}
