"""Waiting for a held reply's moment: on a real clock by a timer, else until a command brings it."""

import asyncio
from contextlib import suppress

from simulator.jobs.snapshot import Snapshot
from simulator.sandbox.held import Held
from simulator.sandbox.sandbox import Sandbox

_MOST_SECONDS = 0.25  # until the next look at the clock: its mode or speed may have been changed meanwhile


async def released(held: Held, sandbox: Sandbox) -> Snapshot:
    """Return the job as the waiting reply shows it, once its moment has come.

    Raises:
        Conflict: the sandbox was reset meanwhile.
    """
    loop, is_over = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the server has been closed, nobody waits any longer
            loop.call_soon_threadsafe(is_over.set)

    held.subscribe(wake)
    held.waiting += 1
    sandbox.tell_less_to_do()
    try:
        while not held.is_done:
            due_in = None if held.due_ms is None else sandbox.clock.real_seconds_until(held.due_ms)
            try:
                async with asyncio.timeout(_MOST_SECONDS if due_in is None else min(due_in, _MOST_SECONDS)):
                    await is_over.wait()
            except TimeoutError:
                sandbox.settle()
    finally:
        held.waiting -= 1
    return held.outcome()
