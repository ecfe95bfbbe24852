"""Sockets: a thread that waits for a reply of the simulator waits virtually, with the socket's own time-out."""

import socket
from typing import Any

from simulator.warp.bell import is_readable
from simulator.warp.foreign import address
from simulator.warp.members import Io, Member, current

_C: Any = socket.socket.__mro__[1]  # the class of C that has these methods


def _reader(name: str) -> Any:
    real = getattr(_C, name)

    def read(self: socket.socket, *arguments: Any, **named: Any) -> Any:
        member = current()
        if member is not None:
            timeout_s = self.gettimeout()
            if timeout_s == 0:  # a loop's
                member.warp.answers.received(self.fileno())
            elif member.warp.target.is_ours(address(self, "getpeername")):
                _await_reply(member, self.fileno(), timeout_s)
        return real(self, *arguments, **named)

    return read


def _await_reply(member: Member, descriptor: int, timeout_s: float | None) -> None:
    """Return once there is something to read.

    Raises:
        TimeoutError: the socket's time-out is up, virtually.
    """
    if is_readable(descriptor):
        return
    bell = member.bell
    bell.silence()

    def block(seconds: float | None) -> bool:
        return is_readable(descriptor, bell.fileno(), seconds=seconds) and is_readable(descriptor)

    io = Io(lambda: is_readable(descriptor), block, bell.ring)
    if not member.warp.wait_for_io(member, timeout_s, "a reply of the simulator", io):
        raise TimeoutError("timed out")


def _writer(name: str) -> Any:
    real = getattr(_C, name)

    def write(self: socket.socket, *arguments: Any, **named: Any) -> Any:
        member = current()
        if member is not None and self.gettimeout() == 0:
            member.warp.answers.sent(self.fileno())
        return real(self, *arguments, **named)

    return write


METHODS: tuple[tuple[Any, str, Any], ...] = (
    *((socket.socket, name, _reader(name)) for name in ("recv", "recv_into")),
    *((socket.socket, name, _writer(name)) for name in ("send", "sendmsg")),
)
"""Owner, name and new function."""
