"""Where the network begins: ports, and what makes their connections."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_runner import BaseSite

from simulator.server.addresses import FRONT_DOOR, Door
from simulator.server.connection import Connection
from simulator.server.crowd import Crowd
from simulator.server.observing.watch import Watch
from simulator.server.pipeline import Pipeline

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
AnswerElsewhere = Callable[[web.BaseRequest, Answer], Awaitable[web.StreamResponse]]
_BACKLOG = 1024  # connections that the system holds until we have taken them
_LINGERING_SECONDS = 10.0  # over the rest of a body that was refused, for the client to read why


class _Request(web.BaseRequest):
    """A request whose reply does not say which server software we run on: no vendor would."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        response.headers.pop("Server", None)


class _Server(web.Server):
    """Makes our own kind of connection."""

    def __init__(self, answer: Answer, crowd: Crowd, watch: Watch, **options: Any) -> None:
        super().__init__(answer, request_factory=self._new_request, **options)
        self._crowd, self.watch = crowd, watch

    def _new_request(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return _Request(message, payload, protocol, writer, task, self._loop)

    def __call__(self) -> RequestHandler:
        return Connection(self, self._crowd, self.watch, loop=self._loop, **self._kwargs)


class OpenDoor:
    """A port that is being listened on."""

    def __init__(self, runner: web.ServerRunner, tls: ssl.SSLContext | None, seconds: float) -> None:
        self._runner = runner
        self._tls: dict[str, Any] = {"ssl": tls, "ssl_handshake_timeout": seconds} if tls else {}

    async def take(self, end: socket.socket) -> None:
        """Serve a connection that came another way than through the port; return once it speaks TLS, where we do.

        Raises:
            OSError: it does not.
        """
        assert self._runner.server is not None
        await asyncio.get_running_loop().connect_accepted_socket(self._runner.server, end, **self._tls)

    @property
    def port(self) -> int:
        """The port, also where the system chose it."""
        return int(self._runner.addresses[0][1])

    @property
    def is_writing(self) -> bool:
        """Whether a part of what has been answered is still here, because its client has not taken it yet."""
        server = self._runner.server
        transports = (connection.transport for connection in server.connections) if server else ()
        return any(transport is not None and transport.get_write_buffer_size() for transport in transports)

    async def close(self) -> None:
        """Stop to listen; what is under way gets a moment to end."""
        await self._runner.cleanup()


class _Site(web.TCPSite):
    """A port whose TLS handshakes are given no more time than a request."""

    def __init__(
        self, runner: web.ServerRunner, host: str, port: int, tls: ssl.SSLContext | None, seconds: float
    ) -> None:
        super().__init__(runner, host, port, ssl_context=tls, backlog=_BACKLOG)
        self._handshake_seconds = None if tls is None else seconds

    async def start(self) -> None:
        """Listen."""
        await BaseSite.start(self)
        assert self._runner.server is not None
        self._server = await asyncio.get_running_loop().create_server(
            self._runner.server,
            self._host,
            self._port,
            ssl=self._ssl_context,
            backlog=self._backlog,
            ssl_handshake_timeout=self._handshake_seconds,
        )


def new_server(
    pipeline: Pipeline,
    door: Door = FRONT_DOOR,
    *,
    crowd: Crowd | None = None,
    proxy: AnswerElsewhere | None = None,
) -> web.Server:
    """Return what makes the connections of a port; ``crowd`` holds those of all ports.

    ``proxy`` gets each request whose target is no path but a host or a whole URL, and what else would answer it.
    """
    crowd = Crowd() if crowd is None else crowd
    answer: Answer = partial(pipeline.answer, door=door)
    return _Server(
        answer if proxy is None else _answered_through(proxy, answer),
        crowd,
        pipeline.watch,
        access_log=None,  # the watch knows more
        handler_cancellation=True,  # a client that leaves a held reply ends the waiting
        lingering_time=min(_LINGERING_SECONDS, crowd.client_seconds),
    )


def _answered_through(proxy: AnswerElsewhere, answer: Answer) -> Answer:
    def choose(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:  # no coroutine: it would cost each call more
        return answer(request) if request.raw_path[:1] == "/" else proxy(request, answer)

    return choose


async def open_door(
    pipeline: Pipeline,
    door: Door = FRONT_DOOR,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    shutdown_seconds: float = 0.1,
    tls: ssl.SSLContext | None = None,
    crowd: Crowd | None = None,
    proxy: AnswerElsewhere | None = None,
) -> OpenDoor:
    """Listen on a port; 0 lets the system choose one.

    Raises:
        OSError: it cannot be had.
    """
    crowd = Crowd() if crowd is None else crowd
    server = new_server(pipeline, door, crowd=crowd, proxy=proxy)
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=shutdown_seconds)
    await runner.setup()
    try:
        await _Site(runner, host, port, tls, crowd.client_seconds).start()
    except OSError:
        await runner.cleanup()
        raise
    return OpenDoor(runner, tls, crowd.client_seconds)
