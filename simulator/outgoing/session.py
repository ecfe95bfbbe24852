"""A client session that connects to no address which it should not reach, whatever a name leads to at that moment."""

import errno
import socket

import aiohttp

from simulator.outgoing.reach import Reach
from simulator.outgoing.resolving import Resolver


class NotAllowed(PermissionError):
    """The address may not be reached; the message says why."""

    def __init__(self, why: str) -> None:
        super().__init__(errno.EACCES, why)


class _Pinned(aiohttp.TCPConnector):
    """Looks at the very address that is connected to next; between a look-up and a connection nothing can change it."""

    def __init__(self, reach: Reach, host: str) -> None:
        super().__init__(
            force_close=True,
            resolver=Resolver(),
            ttl_dns_cache=1,
            socket_factory=self._new_socket,
        )
        self._reach, self._host = reach, host

    def _new_socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if refusal := self._reach.refusal(self._host, str(address[0])):
            raise NotAllowed(refusal)
        return socket.socket(family, kind, protocol)


def new_session(reach: Reach, host: str) -> aiohttp.ClientSession:
    """Return a session for one host; it reads neither proxies nor cookies from its surroundings."""
    return aiohttp.ClientSession(
        connector=_Pinned(reach, host), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
    )
