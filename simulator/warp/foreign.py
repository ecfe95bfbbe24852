"""Answers from elsewhere: while a server that is not ours owes one to a member's loop, the clock must stand."""

import math
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from simulator.warp.real import real_s
from simulator.warp.target import WarpTarget

_FAMILIES = (socket.AF_INET, socket.AF_INET6)


class _Line(NamedTuple):
    """A descriptor of a loop: its own and its peer's address; None where it is no socket or not connected."""

    descriptor: int
    is_socket: bool
    is_listening: bool = False
    own: Any = None
    peer: Any = None


class ForeignAnswers:
    """What was done last on each descriptor: something was sent, or received.

    Sent: it is their turn to speak, and the clock stands. Received: it stands for ``piece_s`` of real silence more, because
    answers come in pieces.
    """

    def __init__(self, target: WarpTarget, piece_s: float) -> None:
        self._target, self._piece_s = target, piece_s
        self._last: dict[int, tuple[str, float]] = {}

    def sent(self, descriptor: int) -> None:
        """Note that something was sent."""
        self._last[descriptor] = "sent", real_s()

    def received(self, descriptor: int) -> None:
        """Note that something was received."""
        self._last[descriptor] = "received", real_s()

    def owed_s(self, loop: Any, loops: Iterable[Any]) -> float:
        """Return for how many real seconds the clock must stand because of what a loop is connected to."""
        lines = {one: list(_lines(one)) for one in loops}
        everywhere = [line for some in lines.values() for line in some]
        own_ports = {line.own[1] for line in everywhere if line.own}
        listening = {line.own[1] for line in everywhere if line.is_listening and line.own}
        return max((self._owed_s(line, own_ports, listening) for line in lines.get(loop, ())), default=0.0)

    def _owed_s(self, line: _Line, own_ports: set[int], listening: set[int]) -> float:
        if not line.is_socket:
            return math.inf  # a pipe, a child process: nobody knows
        if line.is_listening:
            return 0.0
        if line.peer is None:
            return math.inf  # still connecting
        if self._target.is_ours(line.peer) or line.peer[1] in own_ports:
            return 0.0
        did, at_s = self._last.get(line.descriptor, ("received", -math.inf))
        if did == "sent":
            return 0.0 if line.own[1] in listening else math.inf  # who asks us and has its answer owes none
        return max(0.0, at_s + self._piece_s - real_s())


def _lines(loop: Any) -> Iterator[_Line]:
    woken_by = loop._ssock.fileno() if loop._ssock is not None else -1
    for descriptor in list(loop._selector.get_map() or ()):
        if descriptor == woken_by:
            continue
        with _borrowed(descriptor) as sock:
            if sock is None or sock.family not in _FAMILIES:
                yield _Line(descriptor, is_socket=False)
            else:
                is_listening = bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
                yield _Line(descriptor, True, is_listening, address(sock, "getsockname"), address(sock, "getpeername"))


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket | None]:
    """Yield the socket behind a descriptor, or None if it is none; it stays open."""
    sock = None
    with suppress(OSError):
        sock = socket.socket(fileno=descriptor)
    try:
        yield sock
    finally:
        if sock is not None:
            sock.detach()


def address(sock: Any, of: str) -> Any:
    """Return an address of a socket; None where it has none, or none with a port."""
    try:
        return getattr(sock, of)() if sock.family in _FAMILIES else None
    except OSError:
        return None
