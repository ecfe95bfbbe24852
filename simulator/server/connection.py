"""One connection as the server sees it: what is no HTTP is answered in JSON, what is too large or too slow is ended."""

import asyncio
import logging
from collections.abc import Hashable
from typing import Any, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from simulator.jobs.errors import SimulatorError
from simulator.server.crowd import Crowd
from simulator.server.observing.watch import Watch
from simulator.server.replies import last_words, loud, respond_plainly

_LOG = logging.getLogger("simulator")
_MOST_HEAD_BYTES = 1 << 16
_PROGRESS_BYTES = 1 << 10  # of a body: less is no progress
_TOO_MANY_HEADERS = "Too many headers"  # aiohttp's words
_TLS_HELLO = ("HTTPS traffic", r"\x16\x03")  # the same, in newer and older versions


class BadHttp(SimulatorError):
    """What came in is no HTTP request."""

    code = "bad_http"


class TooLarge(SimulatorError):
    """A line or a header of the request is too long, or its headers are together."""

    status = 431
    code = "header_too_large"


class TooSlow(SimulatorError):
    """A request has not come whole in the time that a client is given."""

    status = 408
    code = "request_timeout"


class Connection(RequestHandler):
    """A connection that blames nobody for a client's faults: no traceback, no log, and JSON like all else.

    ``head_bytes`` is how much has come of the head of a request that is not whole yet.
    """

    __slots__ = ("crowd", "head_bytes", "owed", "owed_since", "watch")

    def __init__(self, manager: web.Server, crowd: Crowd, watch: Watch, **options: Any) -> None:
        super().__init__(manager, **options)
        self.crowd, self.watch, self.head_bytes = crowd, watch, 0
        self.owed: Hashable = None
        self.owed_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve, unless there are too many."""
        if self.crowd.admit(self, cast(asyncio.Transport, transport)):  # uvloop's are no asyncio.Transport
            super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Make room for another."""
        self.crowd.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come; mark a head that is not whole, so that it can be found too slow or too large."""
        count = self._request_count
        RequestHandler.data_received(self, data)  # which is faster than super()
        if self._request_count == count or self.head_bytes or len(data) > _MOST_HEAD_BYTES:
            self._measure_head(len(data), self._request_count - count)

    def _measure_head(self, more_bytes: int, requests: int) -> None:
        if requests:
            self.head_bytes = 0
            late = min(requests, len(self._messages))
            for at in range(len(self._messages) - late, len(self._messages)):
                message = self._messages[at][0]
                if _head_bytes(message) > _MOST_HEAD_BYTES:
                    self._messages[at] = (_ErrInfo(400, LineTooLong(b"", _MOST_HEAD_BYTES), ""), EMPTY_PAYLOAD)
        elif more_bytes and (not self._request_count or (self._waiter is not None and not self._waiter.done())):
            # else it may be a body's, also where the request has come and its task has not been given a turn yet
            self.head_bytes += more_bytes
            if self.head_bytes > _MOST_HEAD_BYTES and self.transport is not None:
                self._say_last(self.transport, _too_large())

    def owes(self, transport: asyncio.Transport) -> Hashable:
        """Return what we wait for: that a reply is read, or the rest of a head or of a body."""
        if unread_bytes := transport.get_write_buffer_size():
            return "to read", unread_bytes
        if self.head_bytes:
            return "a head", self._request_count
        request = self._current_request
        if request is not None and not request.content.is_eof() and request.content._waiter is not None:
            return "a body", request.content.total_bytes // _PROGRESS_BYTES
        return None

    def idle_since(self, transport: asyncio.Transport) -> float | None:
        """Return since when no request is under way."""
        waiter = self._waiter
        if waiter is None or waiter.done() or self.head_bytes or transport.get_write_buffer_size():
            return None
        return self._next_keepalive_close_time

    def give_up(self, transport: asyncio.Transport) -> None:
        """End a connection whose client is too slow: with 408 where its request has not come whole."""
        if transport.get_write_buffer_size():
            transport.abort()
        else:
            self._say_last(transport, TooSlow(f"the request has not come whole in {self.crowd.client_seconds:g} s"))

    def make_room(self) -> None:
        """Close an idle connection."""
        self.force_close()

    def _say_last(self, transport: asyncio.Transport, error: SimulatorError) -> None:
        request = self._current_request
        if request is None or request.writer.output_size == 0:
            transport.write(last_words(loud(error)))
        self.force_close()  # and what waits for the rest of a body is cancelled

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
        if isinstance(exc, LineTooLong) or (isinstance(exc, HttpProcessingError) and _TOO_MANY_HEADERS in exc.message):
            error = _too_large()
        elif isinstance(exc, HttpProcessingError):
            error = BadHttp("this is no HTTP request that can be understood")
            if any(sign in exc.message for sign in _TLS_HELLO):
                error = BadHttp("this port speaks plain http; https is on the port that --tls-port names, with --tls")
                self.crowd.tell_once(f"a client was refused that began with TLS: {error.message}")
        else:
            _LOG.error("an error that nobody foresaw", exc_info=exc)
            error.status, error.code = 500, "internal_error"
        response = respond_plainly(loud(error))
        self.watch.bad(request, response.status)
        response.force_close()
        return response


def _too_large() -> TooLarge:
    return TooLarge(
        "the request line or a header is longer than the 8190 bytes that are taken, or all headers than 128 lines or 64 KiB"
    )


def _head_bytes(message: Any) -> int:
    """Return how long a request's head was, near enough; 0 for what was none."""
    if isinstance(message, _ErrInfo):
        return 0
    return len(message.path) + sum(len(name) + len(said) + 4 for name, said in message.raw_headers)
