"""``time.sleep`` and the clocks of ``time``, as members see them; the wall clock is time-machine's."""

import sys
from _thread import get_ident
from collections.abc import Callable
from typing import Any

from simulator.warp.members import Member, by_thread, caller
from simulator.warp.real import REAL, is_left_alone


def _sleep(seconds: float) -> None:
    member = caller()
    if member is None:
        REAL["sleep"](seconds)
        return
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    member.warp.park(member, seconds, "time.sleep")


def _reader(depth: int = 2) -> Member | None:
    """Return who reads a clock; in a pause of the warp, too, clocks go on from where they stood."""
    member = by_thread.get(get_ident())
    if member is None or member.warp.is_over:
        return None
    module = sys._getframe(depth).f_globals.get("__name__", "")
    return None if is_left_alone(module, member.warp.real) else member


def _clock(name: str) -> Callable[[], float]:
    real = REAL[name]

    def read() -> float:
        member = _reader()
        seconds: float = real() if member is None else member.warp.read(name)
        return seconds

    return read


def _clock_ns(name: str) -> Callable[[], int]:
    real = REAL[f"{name}_ns"]

    def read_ns() -> int:
        member = _reader()
        nanoseconds: int = real() if member is None else member.warp.read_ns(name)
        return nanoseconds

    return read_ns


NEW: dict[str, Callable[..., Any]] = {
    "sleep": _sleep,
    "monotonic": _clock("monotonic"),
    "perf_counter": _clock("perf_counter"),
    "monotonic_ns": _clock_ns("monotonic"),
    "perf_counter_ns": _clock_ns("perf_counter"),
}
"""By their names in ``time``."""
