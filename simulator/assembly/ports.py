"""What is said of a port that cannot be had."""

import errno
import os
import socket


class CannotListen(OSError):
    """A port cannot be had: which, why, and the flag that names another."""

    def __init__(self, host: str, port: int, flag: str, error: OSError) -> None:
        why = error.strerror or str(error)
        if error.errno is not None and not isinstance(error, socket.gaierror):
            why = os.strerror(error.errno)
        hint = "--host names another address"
        if error.errno == errno.EADDRINUSE:
            hint = f"{flag} names another port, 0 any"
        elif error.errno == errno.EACCES:
            hint = f"{flag} names another port; those below 1024 are not for everybody"
        super().__init__(error.errno, f"cannot listen on {host}, port {port} ({flag}): {why}; {hint}")

    def __str__(self) -> str:
        return str(self.strerror)
