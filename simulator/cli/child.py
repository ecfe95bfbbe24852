"""A program that is run as if it had been started by itself: its input, its output, its signals and its exit status."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

CANNOT_RUN, NOT_FOUND, SIGNALLED = 126, 127, 128
"""The statuses by which shells tell that a command could not be run, was not found, or was ended by a signal."""

_FORWARDED = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
)


class CannotStart(Exception):
    """The program did not even start; ``status`` is the one that a shell would end with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def forwarding() -> Iterator["Forwarding"]:
    """Take signals for a program instead of ending by them; the main thread alone may."""
    forward = Forwarding()
    before = {number: signal.signal(number, forward.take) for number in _FORWARDED}
    try:
        yield forward
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Forwarding:
    """Hands signals on to a program; those that came before it had started as soon as it has."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def take(self, number: int, _: object) -> None:
        """Hand a signal on. A terminal's go to every program in it, so that the program has had those already."""
        if self._process is None:
            self._early.append(number)
        elif number == signal.SIGTERM or not _is_in_front():
            self._process.send_signal(number)

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Run a program in our own process group and return its exit status, ``128 + n`` where signal n ended it.

        Raises:
            CannotStart: it is not there, or cannot be run.
        """
        try:
            process = self._process = subprocess.Popen(command, env=environment)  # noqa: S603 - the user's own command
        except FileNotFoundError as error:
            raise CannotStart(NOT_FOUND, f"there is no command {command[0]!r}") from error
        except OSError as error:
            raise CannotStart(CANNOT_RUN, f"cannot run {command[0]!r}: {error.strerror or error}") from error
        for number in self._early:
            process.send_signal(number)
        code = process.wait()
        return SIGNALLED - code if code < 0 else code


def _is_in_front() -> bool:
    """Return whether a terminal's keys reach us and all in our process group."""
    with suppress(OSError, AttributeError):  # no terminal, or a system that has none of this
        terminal = os.open(os.ctermid(), os.O_RDWR | os.O_NOCTTY)
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        finally:
            os.close(terminal)
    return os.name == "nt"  # its consoles reach every program in them
