"""Members: the threads and the pieces of work in pools whose waiting counts, and how one finds out who is calling."""

import os
import sys
from _thread import allocate_lock, get_ident
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.warp.bell import Bell
from simulator.warp.real import is_left_alone

if TYPE_CHECKING:
    from simulator.warp.engine import Warp

by_thread: dict[int, "Member"] = {}
"""Who a thread is, by its identifier. A forked child is nobody's member."""

os.register_at_fork(after_in_child=by_thread.clear)


class Io(NamedTuple):
    """What a member that waits for bytes waits in; ``is_ready`` and ``nudge`` are called from other threads.

    ``block`` waits in real seconds (None: for ever) and returns what has come, if anything. ``owed_s`` is how long the
    clock must stand, in real seconds, because an answer may come from elsewhere.
    """

    is_ready: Callable[[], bool]
    block: Callable[[float | None], Any]
    nudge: Callable[[], None]
    owed_s: Callable[[], float] = lambda: 0.0


class Member:
    """It waits or it runs. What changes here changes under the lock of its warp."""

    def __init__(self, warp: "Warp", name: str, number: int) -> None:
        self.warp, self.name, self.number = warp, name, number
        self.gate = allocate_lock()  # opened by who wakes it
        self.gate.acquire()
        self.is_waiting = False
        self.until_ms: int | None = None
        self.what = ""
        self.is_gentle = False
        self.outcome: str | Exception = ""
        self.io: Io | None = None
        self.joiners: list[Member] = []
        self._bell: Bell | None = None

    @property
    def bell(self) -> Bell:
        """What can be rung to wake it out of a wait for bytes."""
        if self._bell is None:
            self._bell = Bell()
        return self._bell

    def close(self) -> None:
        """Give back what the system lent; the member has left."""
        if self._bell is not None:
            with suppress(OSError):
                self._bell.close()
            self._bell = None


def current() -> Member | None:
    """Return who the calling thread is, as long as the warp lasts and is not paused."""
    member = by_thread.get(get_ident())
    return None if member is None or member.warp.is_over or member.warp.is_paused else member


def caller(depth: int = 2) -> Member | None:
    """Return who calls the function that asks, unless the module it is called from waits for the real world."""
    member = current()
    if member is None:
        return None
    module = sys._getframe(depth).f_globals.get("__name__", "")
    return None if is_left_alone(module, member.warp.real) else member
