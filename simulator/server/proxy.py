"""The forward proxy: a vendor's host is answered here, all others are refused, but those that were opened by name."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Protocol

import msgspec
from aiohttp import web
from aiohttp.abc import AbstractResolver

from simulator.jobs.errors import SimulatorError
from simulator.sandbox.sandbox import Sandbox
from simulator.server.addresses import FRONT_DOOR, Address
from simulator.server.crowd import Crowd
from simulator.server.observing.watch import Watch
from simulator.server.paths import clean
from simulator.server.relaying import CHUNK_BYTES, closed, head, relay, send_body, tunnel_of, write
from simulator.server.replies import Dropped, loud, respond_plainly

MOST_REFUSED = 1000
"""How many hosts are remembered; further ones are only counted together, as ``OTHERS``."""
OTHERS = "others"
_TLS_HELLO = 0x16  # the first byte of what speaks TLS
_AUTHORITY = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?")
_TARGET = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#@]*@)?([^/?#]*)([^#]*)")
_LOOPBACK_HINT = "clients reach this machine directly with NO_PROXY=localhost,127.0.0.1,::1"

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Forbids = Callable[[str, str], str]
"""Returns why an address may never be reached, by the host that led to it and itself; ``""`` if it may."""


class NotLetThrough(SimulatorError):
    """The proxy does not go there."""

    status = 403
    code = "not_let_through"


class BadTarget(SimulatorError):
    """It cannot be read where the proxy is to go."""

    code = "bad_proxy_target"


class Unreachable(SimulatorError):
    """A host that is let through does not answer."""

    status = 502
    code = "unreachable"


class NoProxy(SimulatorError):
    """The server is no proxy."""

    status = 501
    code = "no_proxy"


class Target(msgspec.Struct, frozen=True):
    """Where a client wants to go. ``host`` is in small letters, an IPv6 address without its brackets."""

    host: str
    port: int

    @property
    def is_here(self) -> bool:
        """Whether it is this machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False


class _Hosts:
    """Names of hosts, and of all below one."""

    def __init__(self, names: Iterable[str]) -> None:
        names = tuple(names)
        self._names = frozenset(names)
        self._ends = tuple(name[1:] for name in names if name.startswith("*."))

    def __contains__(self, host: str) -> bool:
        return host in self._names or host.endswith(self._ends)


class Inner(Protocol):
    """One of our own ports, which also takes connections that came through a tunnel."""

    @property
    def port(self) -> int:
        """The port."""

    async def take(self, end: socket.socket) -> None:
        """Serve a connection; return once it has begun to speak."""


class Proxy:
    """Answers what is addressed to another host than the one that listens.

    ``own_hosts`` are the vendors' and others that we are called by, ``passthrough`` those that are let through; in both
    ``*.example.com`` is all below one. ``refused`` counts, by host, what was not let through: nothing else ever makes a
    connection to anywhere. ``plain`` and ``tls`` are our ports, known when they are open. ``crowd`` holds their connections.
    """

    def __init__(
        self,
        own_hosts: Iterable[str],
        sandbox: Callable[[], Sandbox],
        *,
        passthrough: Iterable[str] = (),
        new_resolver: Callable[[], AbstractResolver],
        forbids: Forbids,
        watch: Watch,
        crowd: Crowd,
    ) -> None:
        self.refused: dict[str, int] = {}
        self.plain: Inner | None = None
        self.tls: Inner | None = None
        self._own_hosts, self._passthrough, self._sandbox = _Hosts(own_hosts), _Hosts(passthrough), sandbox
        self._new_resolver, self._forbids, self._crowd = new_resolver, forbids, crowd
        self._resolver: AbstractResolver | None = None
        self._watch = watch

    async def answer(self, request: web.BaseRequest, go_on: Answer) -> web.StreamResponse:
        """Answer a CONNECT, or a request whose target is a whole URL; ``go_on`` answers what is a vendor's, or our own."""
        began_s = self._watch.seconds()
        try:
            if request.method == "CONNECT":
                return await self._tunnel(request)
            found = _TARGET.match(request.raw_path)
            if found is None:
                return await go_on(request)
            scheme = found[1].lower()
            target = _read_target(found[2], 443 if scheme == "https" else 80)
            if self._is_own(target):
                return await go_on(request)
            self._check(target)
            if scheme != "http":
                raise BadTarget(f"a proxy is asked for {scheme} by CONNECT {target.host}:{target.port}")
            return await self._forward(request, target, found[2], found[3])
        except SimulatorError as error:
            refusal = _refusal(request, error)
            self._watch.over(request, Address(request, FRONT_DOOR, "", "", [], ""), None, refusal, began_s)
            return refusal
        except ConnectionError:
            return Dropped()

    async def close(self) -> None:
        """Forget which names are being looked up."""
        if self._resolver is not None:
            await self._resolver.close()

    def _is_own(self, target: Target) -> bool:
        if target.host in self._own_hosts:
            return True
        return target.is_here and any(door is not None and target.port == door.port for door in (self.plain, self.tls))

    def _check(self, target: Target) -> None:
        """Let through what was opened.

        Raises:
            NotLetThrough: all else; it is noted.
        """
        host = target.host
        if host in self._passthrough:
            return
        why = f"{host} is no vendor's host; --proxy-passthrough {host} lets it through"
        if target.is_here:
            why = f"{host} is this machine; {_LOOPBACK_HINT}"
        name = host if host in self.refused or len(self.refused) < MOST_REFUSED else OTHERS
        self.refused[name] = self.refused.get(name, 0) + 1
        sandbox = self._sandbox()
        with sandbox.lock:
            sandbox.journal.note(sandbox.clock.now_ms(), f"the proxy refused {host}:{target.port}: {why}")
        raise NotLetThrough(why, host=host)

    async def _tunnel(self, request: web.BaseRequest) -> web.StreamResponse:
        """Join the client with the vendor that it means, which is one of our own ports, or with a host that is opened."""
        target = _read_target(request.raw_path, 443)
        if not self._is_own(target):
            self._check(target)
            async with self._connected(target) as (reader, writer), tunnel_of(request) as incoming:
                await relay(request, incoming, reader, writer)
            return Dropped()
        if self.plain is None or self.tls is None:
            raise Unreachable("the simulator is still starting", host=target.host)
        with self._crowd.going_on():
            async with tunnel_of(request) as incoming:
                first = b""
                with suppress(TimeoutError):  # a client that says nothing
                    async with asyncio.timeout(self._crowd.client_seconds):
                        first = await incoming.read(CHUNK_BYTES)
                if first:
                    await self._serve(request, incoming, first, self.tls if first[0] == _TLS_HELLO else self.plain)
        return Dropped()

    async def _serve(self, request: web.BaseRequest, incoming: asyncio.StreamReader, first: bytes, door: Inner) -> None:
        """Have a port of our own speak with the client, through a pair of sockets."""
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        serving = asyncio.ensure_future(door.take(theirs))
        try:
            writer.write(first)
            await relay(request, incoming, reader, writer)
        finally:
            await closed(writer)
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    async def _forward(self, request: web.BaseRequest, target: Target, authority: str, path: str) -> web.StreamResponse:
        """Send a plain request on, and its answer back, byte for byte; the connection ends with it."""
        async with self._connected(target) as (reader, writer):
            writer.write(head(request, authority, path))
            sending = asyncio.ensure_future(send_body(request, writer))
            try:
                while data := await reader.read(CHUNK_BYTES):
                    await write(request, data)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        return Dropped()

    @asynccontextmanager
    async def _connected(self, target: Target) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Give out a connection to a host that is let through.

        Raises:
            Unreachable: there is none.
            NotLetThrough: the host's name leads to where nobody may go.
            TooManyConnections: there is no room for it.
        """
        with self._crowd.going_on():
            try:
                async with asyncio.timeout(self._crowd.client_seconds):
                    reader, writer = await self._connect(target)
            except TimeoutError as error:
                message = f"{target.host}:{target.port} does not answer within {self._crowd.client_seconds:g} s"
                raise Unreachable(message, host=target.host) from error
            except OSError as error:
                message = f"{target.host}:{target.port} cannot be reached: {error.strerror or error}"
                raise Unreachable(message, host=target.host) from error
            try:
                yield reader, writer
            finally:
                await closed(writer)

    async def _connect(self, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        failure: OSError = OSError("it has no address")
        for address in await self._addresses(target):
            if why := self._forbids(target.host, address):
                raise NotLetThrough(why, host=target.host)
            try:
                return await asyncio.open_connection(address, target.port, limit=CHUNK_BYTES)
            except OSError as error:
                failure = error
        raise failure

    async def _addresses(self, target: Target) -> list[str]:
        try:
            return [str(ip_address(target.host))]
        except ValueError:
            pass
        if self._resolver is None:
            self._resolver = self._new_resolver()
        found = await self._resolver.resolve(target.host, target.port, socket.AF_UNSPEC)
        return list(dict.fromkeys(one["host"] for one in found))


def refuse_tunnel(request: web.BaseRequest) -> web.StreamResponse:
    """Answer a CONNECT where there is no proxy."""
    return _refusal(request, NoProxy("this simulator is no proxy yet: start the server with --tls"))


def _read_target(authority: str, port: int) -> Target:
    found = _AUTHORITY.fullmatch(authority)
    if found is None or not 0 < int(found[2] or port) < 65536:
        raise BadTarget(f"{clean(authority)[:100]!r} names no host that a proxy could go to")
    return Target(found[1].lower().strip("[]").rstrip("."), int(found[2] or port))


def _refusal(request: web.BaseRequest, error: SimulatorError) -> web.StreamResponse:
    """Return an answer whose first line says it all: many clients show nothing else of what a proxy tells them."""
    response = respond_plainly(loud(error))
    if request.method == "CONNECT":
        reason = "".join(letter if " " <= letter <= "~" else "?" for letter in error.message)
        response.set_status(error.status, reason)
        request.content.feed_eof()  # what follows is no body; aiohttp would wait for the end of one
    response.force_close()
    return response
