"""What time really is: the functions of ``time`` as they were before anybody replaced them, and who is to keep them."""

import time
from collections.abc import Callable
from types import BuiltinFunctionType
from typing import Any

LEFT_ALONE = (
    *("subprocess", "multiprocessing", "concurrent.futures.process", "filelock", "selenium", "playwright", "docker"),
    *("testcontainers", "_pytest", "pytest_timeout", "xdist", "execnet", "hypothesis", "pydevd", "debugpy", "coverage"),
    *("time_machine", "simulator"),
)
"""Modules whose waiting is for the real world: the module that sleeps, reads a clock or starts a thread decides."""

_NAMES = ("sleep", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")


def _kept() -> dict[str, Callable[..., Any]]:
    found = {name: getattr(time, name) for name in _NAMES}
    for name, function in found.items():
        if not isinstance(function, BuiltinFunctionType):
            message = (
                f"time.{name} has been replaced already; a warp needs the real one: is freezegun or gevent at work?"
            )
            raise RuntimeError(message)
    return found


REAL = _kept()
"""By name. They stand in a dictionary, because freezegun replaces what modules hold under a name of their own."""


def real_s() -> float:
    """Return the real monotonic clock, in seconds."""
    seconds: float = REAL["monotonic"]()
    return seconds


_PASSES_ON = "simulator.warp."  # it calls in the name of others


def is_left_alone(module: str, beginnings: tuple[str, ...]) -> bool:
    """Return whether a module waits for the real world, by what the names of such modules begin with."""
    return f"{module}.".startswith(beginnings) and not module.startswith(_PASSES_ON)


def prefixes(modules: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the names of these modules, and of all below them, begin with once a dot is put behind."""
    return tuple(f"{name}." for name in modules)
