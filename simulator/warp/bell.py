"""Waiting for bytes on a few descriptors, and a bell that ends such a wait from another thread."""

import select
import socket
from contextlib import suppress
from typing import Any

_send: Any = socket.socket.__mro__[1].send  # type: ignore[attr-defined]  # the C class's own, which nobody replaces
_recv: Any = socket.socket.__mro__[1].recv  # type: ignore[attr-defined]


class Bell:
    """Two connected sockets; whoever waits for the descriptor to become readable hears it."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable."""
        return self._theirs.fileno()

    def ring(self) -> None:
        """Wake who listens, or will."""
        with suppress(OSError):  # it has been rung so often that it is full, or it is closed
            _send(self._ours, b"!")

    def silence(self) -> None:
        """Forget that it has been rung."""
        with suppress(BlockingIOError):
            while _recv(self._theirs, 64):
                pass

    def close(self) -> None:
        """Give the sockets back."""
        self._ours.close()
        self._theirs.close()


def is_readable(*descriptors: int, seconds: float | None = 0) -> bool:
    """Return whether one of these can be read, waiting so many real seconds at most (None: for ever)."""
    if not hasattr(select, "poll"):
        return bool(select.select(descriptors, (), (), seconds)[0])
    poll = select.poll()  # a new one each time: they refuse to be shared by threads
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))
