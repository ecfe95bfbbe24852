"""A clock with which a trio run takes part in a warp: ``trio.run(main, clock=WarpClock(warp))``."""

import math
import select
from _thread import get_ident
from typing import Any

import trio
from trio._core._run import GLOBAL_RUN_CONTEXT  # private: only to learn which descriptors the run waits for

from simulator.warp.engine import Warp
from simulator.warp.members import Io, by_thread


class WarpClock(trio.abc.Clock):
    """Waits on the run's descriptors by itself and tells trio not to wait at all.

    Trio's own epoll is one-shot: between its return and trio's next look at the clock an arrival is visible nowhere, and
    the warp would jump over it.
    """

    def __init__(self, warp: Warp) -> None:
        """Take part in a warp that this thread has entered.

        Raises:
            RuntimeError: it has not, or trio waits otherwise than by epoll here.
        """
        member = by_thread.get(get_ident())
        if member is None or member.warp is not warp:
            raise RuntimeError("enter the warp first: with warp(...) as w: trio.run(main, clock=WarpClock(w))")
        if not hasattr(select, "epoll"):
            raise RuntimeError("a trio run can be warped on Linux only")
        self._warp, self._member = warp, member
        self._registered: dict[int, Any] = {}

    def start_clock(self) -> None:
        """Learn what the run waits for; trio calls this as it begins."""
        self._registered = GLOBAL_RUN_CONTEXT.runner.io_manager._registered

    def current_time(self) -> float:
        """Return how much virtual time has passed in the warp, in seconds."""
        return self._warp.elapsed_ms() / 1000

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Wait until then, virtually, or until there is I/O; return 0, for trio is to wait no more."""
        seconds = None if deadline == math.inf else deadline - self.current_time()
        if self._warp.is_over or self._warp.is_paused:
            return math.inf if seconds is None else max(0.0, seconds)
        if (seconds is None or seconds > 0) and not self._has_io():
            bell = self._member.bell
            bell.silence()
            io = Io(
                self._has_io,
                lambda real_seconds: self._has_io(bell.fileno(), real_seconds) and self._has_io(),
                bell.ring,
            )
            self._warp.wait_for_io(self._member, seconds, "its trio run", io)
        return 0.0

    def _has_io(self, bell: int | None = None, seconds: float | None = 0) -> bool:
        poll = select.poll()
        for descriptor, waiters in list(self._registered.items()):
            wanted = (select.POLLIN if waiters.read_task else 0) | (select.POLLOUT if waiters.write_task else 0)
            poll.register(descriptor, wanted)
        if bell is not None:
            poll.register(bell, select.POLLIN)
        return bool(poll.poll(None if seconds is None else seconds * 1000))
