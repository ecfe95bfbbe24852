"""A sandbox for each test, whatever runs the tests: pytest's fixture and ``unittest`` stand on this."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from simulator.client.errors import nearest
from simulator.client.leftovers import find_leftovers
from simulator.client.simulator import Simulator
from simulator.testing.server import EPOCH, awaited, open_sandbox, server, stop

if TYPE_CHECKING:
    from simulator.testing.cases import SimulatorTestCase

UNFINISHED = ("warn", "error", "ignore")
"""What may follow if a test leaves jobs unfinished, or pins and faults unused."""
Place = tuple[str, int]
"""A file and a line in it, from 1."""


class LeftUnfinished(UserWarning):
    """A test left jobs unfinished, or pins and faults unused."""


class NeverAwaited(AssertionError):
    """A verb that must be awaited inside a running event loop was not."""


def simulator_for_test(
    name: str, *, url: str = "", token: str | None = None, scenario: str | None = None, unfinished: str = "warn"
) -> AbstractContextManager[Simulator]:
    """Give a test its sandbox, as a block for everything that knows no fixtures; a ``unittest`` rather is a ``SimulatorTestCase``.

    ``name`` is the test's, and its dice follow from it. With a ``url`` the sandbox is one of a server that runs
    already. If the block fails, its error is given a note with the simulator's report. Entered by ``enterContext`` it
    does not hear of failures, and cannot report.

    Raises:
        ValueError: ``unfinished`` is none of ``UNFINISHED``.
        NeverAwaited: at the end of the block; a verb should have been.
        AssertionError: at the end of the block; something was left unfinished, and ``unfinished`` is ``"error"``.
    """
    caller = sys._getframe(1)
    place = caller.f_code.co_filename, caller.f_lineno
    return _for_test(name, url, token, scenario, check_unfinished(unfinished), place)


@contextmanager
def _for_test(
    name: str, url: str, token: str | None, scenario: str | None, unfinished: str, place: Place
) -> Iterator[Simulator]:
    with open_sandbox(name, url=url, token=token, scenario=scenario) as sandbox:
        try:
            yield sandbox
        except Exception as error:
            add_report(error, sandbox)
            raise
        see_to_the_end(sandbox, unfinished, place)


def check_unfinished(unfinished: str) -> str:
    """Return what is to follow if a test leaves something unfinished.

    Raises:
        ValueError: it is none of ``UNFINISHED``.
    """
    if unfinished not in UNFINISHED:
        raise ValueError(f"unfinished is {unfinished!r}, and may be: {', '.join(nearest(unfinished, UNFINISHED))}")
    return unfinished


def add_report(error: BaseException, sandbox: Simulator) -> None:
    """Add the simulator's report to the error of a test; that it cannot be had never hides the error."""
    try:
        report = sandbox.report()
    except Exception as trouble:
        report = f"no report: {type(trouble).__name__}: {trouble}"
    if report:
        error.add_note(f"\nsimulator\n{report}")


def see_to_the_end(sandbox: Simulator, unfinished: str, place: Place) -> None:
    """Say what a test that has passed has forgotten, as a warning at ``place`` or as an error.

    Raises:
        NeverAwaited: a verb should have been.
        AssertionError: something was left unfinished, and ``unfinished`` is ``"error"``.
    """
    if forgotten := getattr(sandbox._transport, "forgotten", ()):
        raise NeverAwaited(f"never awaited: {', '.join(forgotten)}; inside a running event loop these verbs must be")
    if unfinished == "ignore":
        return
    if left := sandbox._run(find_leftovers(sandbox)):
        text = "\n  ".join(["the test has left this behind:", *left])
        if unfinished == "error":
            raise AssertionError(text)
        warnings.warn_explicit(text, LeftUnfinished, *place)


def __getattr__(name: str) -> Any:
    if name == "SimulatorTestCase":  # late, for pytest's fixture has no need of it
        from simulator.testing.cases import SimulatorTestCase

        return SimulatorTestCase
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "EPOCH",
    "UNFINISHED",
    "LeftUnfinished",
    "NeverAwaited",
    "SimulatorTestCase",
    "awaited",
    "open_sandbox",
    "see_to_the_end",
    "server",
    "simulator_for_test",
    "stop",
]
