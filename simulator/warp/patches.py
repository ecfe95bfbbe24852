"""Putting the warped functions in the place of the real ones, in every module that holds them, and back again."""

import sys
import time
from _thread import allocate_lock, get_ident
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from simulator.warp import clocks, loops, pools, sockets, threads
from simulator.warp.members import by_thread
from simulator.warp.real import LEFT_ALONE, REAL, prefixes

_METHODS = (*threads.METHODS, *pools.METHODS, *loops.METHODS, *sockets.METHODS)
"""Owner, name and new function; each asks first whether the calling thread is a member."""
_PASSED_BY = prefixes(LEFT_ALONE)
_lock = allocate_lock()
_undo: list[tuple[Any, str, Any]] = []
_scanned: dict[str, tuple[dict[str, Any], int, list[tuple[Any, str, str]]]] = {}
"""By a module's name: its dictionary, how long that was when it was looked through, and the aliases found."""


class _Depth:
    """How many warps there are; the first one puts everything in place, the last one takes it away."""

    warps = 0
    travel: Any = None


@contextmanager
def in_place() -> Iterator[None]:
    """Have everything replaced while it lasts; several threads may be inside, each with a warp of its own.

    Raises:
        RuntimeError: freezegun is at work, or time-machine is not there.
    """
    with _lock:
        if _Depth.warps == 0:
            _replace()
        _Depth.warps += 1
    try:
        yield
    finally:
        with _lock:
            _Depth.warps -= 1
            if _Depth.warps == 0:
                _restore()


def _replace() -> None:
    try:
        import time_machine  # here, for who does not warp need not have it
    except ModuleNotFoundError as error:
        message = "a warp needs time-machine for the wall clock: pip install 'media-api-simulator[warp]'"
        raise RuntimeError(message) from error
    if not hasattr(time_machine, "Traveller"):  # before its version 3 it replaced the monotonic clocks too
        raise RuntimeError("a warp needs time-machine 3.2 or newer")
    travel = time_machine.travel(0, tick=False)
    traveller = travel.start()
    _Depth.travel = travel

    def wall_ns() -> int:
        member = by_thread.get(get_ident())
        if member is None or member.warp.is_over:
            return time_machine.escape_hatch.time.time_ns()
        return member.warp.target.now_ms() * 1_000_000

    traveller.time_ns = wall_ns  # type: ignore[method-assign]  # per thread: only members travel
    for module, attribute, name in _aliases():  # from time import sleep
        _swap(module, attribute, clocks.NEW[name])
    for name, new in clocks.NEW.items():
        _swap(time, name, new)
    for owner, name, new in _METHODS:
        _swap(owner, name, new)


def _restore() -> None:
    _Depth.travel.stop()
    while _undo:
        owner, name, old = _undo.pop()
        delattr(owner, name) if old is None else setattr(owner, name, old)


def _swap(owner: Any, name: str, new: Any) -> None:
    _undo.append((owner, name, owner.__dict__.get(name)))
    setattr(owner, name, new)


def _aliases() -> Iterator[tuple[Any, str, str]]:
    """Yield every attribute of a module that is one of the real functions; a module is read again only if it has grown."""
    by_id = {id(function): name for name, function in REAL.items()}
    for module_name, module in list(sys.modules.items()):
        held = getattr(module, "__dict__", None)
        if held is None or module is time:
            continue
        seen = _scanned.get(module_name)
        if seen is None or seen[0] is not held or seen[1] != len(held):
            is_passed_by = f"{module_name}.".startswith(_PASSED_BY)
            found = [] if is_passed_by else [(module, a, by_id[id(v)]) for a, v in list(held.items()) if id(v) in by_id]
            seen = _scanned[module_name] = (held, len(held), found)
        yield from seen[2]
