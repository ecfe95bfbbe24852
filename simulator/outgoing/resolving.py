"""Names looked up in threads of our own, so that a slow name server delays neither other names nor the end of the process."""

import asyncio
import socket
import threading
from contextlib import suppress

from aiohttp.abc import AbstractResolver, ResolveResult

MOST_AT_A_TIME = 64
getaddrinfo = socket.getaddrinfo  # a name of this module's own, so that a test can stand in for a name server
_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


class Resolver(AbstractResolver):
    """Resolves a host name; ``localhost`` is this machine whatever a name server says.

    A thread that still waits when everybody has given up goes on by itself and ends with the process at the latest.
    """

    def __init__(self) -> None:
        self._asked: dict[tuple[str, int], asyncio.Future[list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host.

        Raises:
            OSError: there is no such host, or too many others are being looked up.
        """
        name = host.lower().rstrip(".")
        if name == "localhost" or name.endswith(".localhost"):
            return [_result(host, port, kind, address) for kind, address in _LOOPBACK if family in (0, kind)]
        found = await asyncio.shield(self._ask(host, family))
        return [{**one, "port": port} for one in found]

    def _ask(self, host: str, family: int) -> "asyncio.Future[list[ResolveResult]]":
        asked = self._asked.get((host, family))
        if asked is None:
            if len(self._asked) >= MOST_AT_A_TIME:
                raise OSError(f"{MOST_AT_A_TIME} other host names are being looked up already")
            loop = asyncio.get_running_loop()
            asked = self._asked[host, family] = loop.create_future()
            asked.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody may be there to ask
            arguments = (loop, asked, host, family)
            threading.Thread(target=self._look_up, args=arguments, name="look-up", daemon=True).start()
        return asked

    def _look_up(
        self, loop: asyncio.AbstractEventLoop, asked: "asyncio.Future[list[ResolveResult]]", host: str, family: int
    ) -> None:
        found: list[ResolveResult] = []
        error: OSError | None = None
        try:
            kinds = getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            found = [_result(host, 0, kind, str(address[0])) for kind, _, _, _, address in kinds]
        except OSError as problem:
            error = problem
        except UnicodeError as problem:
            error = OSError(f"the host name cannot be looked up: {problem}")
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(self._answer, (host, family), asked, found, error)

    def _answer(
        self,
        key: tuple[str, int],
        asked: "asyncio.Future[list[ResolveResult]]",
        found: list[ResolveResult],
        error: OSError | None,
    ) -> None:
        self._asked.pop(key, None)
        if asked.done():
            return
        if error is None:
            asked.set_result(found)
        else:
            asked.set_exception(error)

    async def close(self) -> None:
        """Forget what has been asked."""
        for asked in self._asked.values():
            asked.cancel()
        self._asked.clear()


def _result(host: str, port: int, family: int, address: str) -> ResolveResult:
    return {
        "hostname": host,
        "host": address,
        "port": port,
        "family": family,
        "proto": socket.IPPROTO_TCP,
        "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    }
