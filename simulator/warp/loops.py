"""Event loops of members: their selectors wait virtually, and ``loop.time`` follows the patched ``time.monotonic``."""

import asyncio
from asyncio import base_events
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from simulator.warp.members import Io, Member, current

if TYPE_CHECKING:
    from simulator.warp.engine import Warp

_real_run_forever: Any = base_events.BaseEventLoop.run_forever
_RESOLUTION_S = 1e-6  # what a loop takes for equal: floats of a machine that runs for months differ by more than 1e-9


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, if there is one.

    Raises:
        RuntimeError: it is of a kind that cannot be warped.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    _check(loop)
    return loop


def _check(loop: Any) -> None:
    if not isinstance(loop, BaseSelectorEventLoop):
        message = f"a loop of {type(loop).__module__} keeps its own time and cannot be warped: use asyncio's own here"
        raise RuntimeError(message)


class HookedLoops:
    """The loops that run within one warp. They have private parts that are touched here and nowhere else."""

    def __init__(self, warp: "Warp") -> None:
        self._warp = warp
        self._hooked: dict[Any, float] = {}  # with their own resolution
        self._met: WeakSet[Any] = WeakSet()

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._hooked))

    def hook(self, loop: Any, member: Member) -> bool:
        """Have a loop wait virtually; return whether it did not already."""
        if loop in self._hooked:
            return False
        _check(loop)
        warp, real_select = self._warp, loop._selector.select
        io = Io(
            lambda: bool(real_select(0)),
            real_select,
            lambda: loop.call_soon_threadsafe(_nothing),
            lambda: warp.answers.owed_s(loop, self),
        )

        def select(timeout: float | None = None) -> Any:
            ready = real_select(0)
            if ready or (timeout is not None and timeout <= 0):
                return ready
            if warp.is_paused or warp.is_over:
                return real_select(timeout)
            return warp.wait_for_io(member, timeout, "its event loop", io) or []

        loop._selector.select = select
        self._hooked[loop] = loop._clock_resolution
        loop._clock_resolution = max(loop._clock_resolution, _RESOLUTION_S)
        self._met.add(loop)
        return True

    def unhook(self, loop: Any) -> None:
        """Have a loop wait in reality again."""
        resolution = self._hooked.pop(loop, None)
        if resolution is not None:
            loop._clock_resolution = resolution
            if loop._selector is not None:
                del loop._selector.select

    def end(self, gained_s: float) -> None:
        """Put everything back; timers that were set on virtual time get the difference back."""
        for loop in self:
            self.unhook(loop)
        for loop in list(self._met):
            for handle in loop._scheduled:
                handle._when -= gained_s


def _nothing() -> None:
    """Do nothing: a loop that is called has woken up."""


def _run_forever(self: Any) -> None:
    member = current()
    if member is None or not member.warp.loops.hook(self, member):
        _real_run_forever(self)
        return
    try:
        _real_run_forever(self)
    finally:
        member.warp.loops.unhook(self)


METHODS: tuple[tuple[Any, str, Any], ...] = ((base_events.BaseEventLoop, "run_forever", _run_forever),)
"""Owner, name and new function."""
