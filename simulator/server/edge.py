"""Where the network begins: ports, and an answer in JSON to what is no HTTP."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.web_protocol import RequestHandler

from simulator.jobs.errors import SimulatorError
from simulator.server.addresses import FRONT_DOOR, Door
from simulator.server.pipeline import Pipeline
from simulator.server.replies import loud, respond_plainly

_LOG = logging.getLogger("simulator")
Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class BadHttp(SimulatorError):
    """What came in is no HTTP request."""

    code = "bad_http"


class TooLarge(SimulatorError):
    """A line or a header of the request is too long."""

    status = 431
    code = "header_too_large"


class _Request(web.BaseRequest):
    """A request whose reply does not say which server software we run on: no vendor would."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        response.headers.pop("Server", None)


class _Connection(RequestHandler):
    """A connection that blames nobody for a client's faults: no traceback, no log, and JSON like all else."""

    __slots__ = ()

    def log_exception(self, *args: Any, **about: Any) -> None:
        """Log what nobody foresaw, but not that the rest of a broken body cannot be read."""
        if not isinstance(about.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **about)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Return the answer to what never reached the pipeline, and close the connection after it."""
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the reply has been sent already")
        error = SimulatorError("the simulator failed")
        if isinstance(exc, LineTooLong):
            error = TooLarge("the request line or a header is longer than the 8190 bytes that are taken")
        elif isinstance(exc, HttpProcessingError):
            error = BadHttp("this is no HTTP request that can be understood")
        else:
            _LOG.error("an error that nobody foresaw", exc_info=exc)
            error.status, error.code = 500, "internal_error"
        response = respond_plainly(loud(error))
        response.force_close()
        return response


class _Server(web.Server):
    """Makes our own kind of connection."""

    def __init__(self, answer: Answer, **options: Any) -> None:
        super().__init__(answer, request_factory=self._new_request, **options)

    def _new_request(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return _Request(message, payload, protocol, writer, task, self._loop)

    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class OpenDoor:
    """A port that is being listened on."""

    def __init__(self, runner: web.ServerRunner) -> None:
        self._runner = runner

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


def new_server(pipeline: Pipeline, door: Door = FRONT_DOOR, *, access_log: logging.Logger | None = None) -> web.Server:
    """Return what makes the connections of a port."""
    return _Server(
        partial(pipeline.answer, door=door),
        access_log=access_log,
        handler_cancellation=True,  # a client that leaves a held reply ends the waiting
    )


async def open_door(
    pipeline: Pipeline,
    door: Door = FRONT_DOOR,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    access_log: logging.Logger | None = None,
    shutdown_seconds: float = 0.1,
) -> OpenDoor:
    """Listen on a port; 0 lets the system choose one.

    Raises:
        OSError: it cannot be had.
    """
    server = new_server(pipeline, door, access_log=access_log)
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=shutdown_seconds)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return OpenDoor(runner)
