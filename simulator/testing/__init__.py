"""A sandbox for each test, whatever runs the tests: pytest's fixture and ``simulator_for_test`` stand on this."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from simulator.client.leftovers import find_leftovers
from simulator.client.simulator import Simulator
from simulator.testing.server import EPOCH, awaited, open_sandbox, server, stop

UNFINISHED = ("warn", "error", "ignore")
"""What may follow if a test leaves jobs unfinished, or pins and faults unused."""


class LeftUnfinished(UserWarning):
    """A test left jobs unfinished, or pins and faults unused."""


class NeverAwaited(AssertionError):
    """A verb that must be awaited inside a running event loop was not."""


@contextmanager
def simulator_for_test(
    name: str, *, url: str = "", token: str | None = None, scenario: str | None = None, unfinished: str = "warn"
) -> Iterator[Simulator]:
    """Give a test its sandbox, for ``unittest`` and everything else that knows no fixtures.

    ``name`` is the test's, and its dice follow from it. With a ``url`` the sandbox is one of a server that runs
    already. If the test fails, its error is given a note with the simulator's report.

    Raises:
        NeverAwaited: a verb should have been.
        AssertionError: something was left unfinished, and ``unfinished`` is ``"error"``.
    """
    sandbox = open_sandbox(name, url=url, token=token, scenario=scenario)
    try:
        try:
            yield sandbox
        except Exception as error:
            if report := sandbox.report():
                error.add_note(f"\nsimulator\n{report}")
            raise
        see_to_the_end(sandbox, unfinished)
    finally:
        sandbox.close()


def see_to_the_end(sandbox: Simulator, unfinished: str = "warn") -> None:
    """Say what a test that has passed has forgotten, as a warning or as an error.

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
        warnings.warn(text, LeftUnfinished, stacklevel=3)


__all__ = [
    "EPOCH",
    "UNFINISHED",
    "LeftUnfinished",
    "NeverAwaited",
    "awaited",
    "open_sandbox",
    "see_to_the_end",
    "server",
    "simulator_for_test",
    "stop",
]
