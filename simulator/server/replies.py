"""Replies on the wire: one ready piece of bytes where that is safe, aiohttp's own response everywhere else."""

import time
import warnings
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import aiohttp
import msgspec
from aiohttp import web
from multidict import CIMultiDict

from simulator.jobs.errors import ContractBroken, SimulatorError
from simulator.vendors.vendor import Headers, Reply

TESTED_AIOHTTP = ("3.12", "3.13", "3.14")
"""``Rendered`` rests on how aiohttp calls a response, which these minor versions were seen to do."""

JSON: Headers = (("Content-Type", "application/json"),)
TEXT: Headers = (("Content-Type", "text/plain; charset=utf-8"),)
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_FULL_BYTES = 65536  # in the write buffer: from here on a reply waits until it has drained
_real_seconds = time.time  # bound here, so that a test which freezes time does not date the server's replies

encode = msgspec.json.Encoder().encode
_encode_about = msgspec.json.Encoder(enc_hook=repr).encode


class Wire(msgspec.Struct, gc=False):
    """A reply ready to be written: every header but length and date, and the bytes."""

    status: int
    headers: Headers
    body: bytes = b""


def wire(reply: Reply, headers: Headers = ()) -> Wire:
    """Return a vendor's reply as it goes out; ``headers`` are those of every reply of this vendor.

    Raises:
        ContractBroken: it holds what no JSON and no text can say.
    """
    body = reply.body
    kind: Headers = ()
    content = b""
    try:
        if isinstance(body, str):
            kind, content = TEXT, body.encode()
        elif body is not None:
            kind, content = JSON, encode(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise ContractBroken(f"the reply cannot be encoded: {error}", status=reply.status, reply=repr(body)) from error
    headers = headers + reply.headers if headers and not reply.bare else reply.headers
    if kind and (not headers or not any(name.lower() == "content-type" for name, _ in headers)):
        headers = kind + headers
    return Wire(reply.status, headers, content)


def loud(error: SimulatorError) -> Wire:
    """Return what the simulator says in its own words, so that nobody takes it for the vendor's."""
    about = {**error.about, "code": error.code, "message": error.message}
    try:
        body = encode({"error": about})
    except (TypeError, ValueError, RecursionError):  # something that no JSON can hold, or half a letter
        body = _encode_about({"error": {name: repr(said) for name, said in about.items()}})
    return Wire(error.status, (*JSON, ("X-Simulator-Error", error.code)), body)


class Rendered(web.StreamResponse):
    """A reply that leaves in one write. ``prepare`` is called again by aiohttp and must not write twice."""

    _keep_alive = True

    def __init__(self, status: int, data: bytes) -> None:  # no super(): nothing of it is used
        self._status, self._data, self._is_written = status, data, False

    @property
    def size_bytes(self) -> int:
        """How many bytes leave, with head."""
        return len(self._data)

    def send(self, request: web.BaseRequest) -> bool:
        """Write it all; return whether so much is unread by now that the client is to be waited for."""
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client has left")
        self._is_written = True
        transport.write(self._data)
        return transport.get_write_buffer_size() > _FULL_BYTES

    async def prepare(self, request: web.BaseRequest) -> Any:
        """Write it, unless that has been done."""
        if not self._is_written and self.send(request):
            await request.writer.drain()

    async def write_eof(self, data: bytes = b"") -> None:
        """All is written."""


class Dropped(web.StreamResponse):
    """No reply at all: the connection is closed without a word."""

    _keep_alive = False

    async def prepare(self, request: web.BaseRequest) -> Any:
        """Close the connection."""
        if request.transport is not None:
            request.transport.close()
        raise ConnectionResetError("dropped")


def _may_render() -> bool:
    if aiohttp.__version__.startswith(tuple(f"{version}." for version in TESTED_AIOHTTP)):
        return True
    warnings.warn(
        f"aiohttp {aiohttp.__version__} is newer than what the fast replies were tested with "
        f"({', '.join(TESTED_AIOHTTP)}); the simulator works, but slower",
        RuntimeWarning,
        stacklevel=2,
    )
    return False


_renders = _may_render()


def respond(request: web.BaseRequest, ready: Wire) -> web.StreamResponse:
    """Return the response that writes a reply, by the fast road where the request is a plain one."""
    if (
        _renders
        and ready.body
        and request.version == aiohttp.HttpVersion11
        and request.method != "HEAD"
        and request.keep_alive
        and ready.status >= 200
        and ready.status not in (204, 304)
    ):
        body = ready.body
        start = _head(ready.status, ready.headers)
        return Rendered(ready.status, b"%b%d%b%b" % (start, len(body), _date(int(_real_seconds())), body))
    return respond_plainly(ready)


def respond_plainly(ready: Wire) -> web.StreamResponse:
    """Return aiohttp's own response."""
    body = ready.body or None
    reason = _REASONS.get(ready.status, "")
    return web.Response(status=ready.status, reason=reason, headers=CIMultiDict(ready.headers), body=body)


def last_words(ready: Wire) -> bytes:
    """Return the bytes of a reply after which the connection is closed, for where no request is there to answer."""
    start = _head(ready.status, (*ready.headers, ("Connection", "close")))
    return b"%b%d%b%b" % (start, len(ready.body), _date(int(_real_seconds())), ready.body)


@lru_cache(1024)
def _head(status: int, headers: Headers) -> bytes:
    """Return a reply up to its length.

    Raises:
        ValueError: a header would break its line.
    """
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}", *(f"{name}: {value}" for name, value in headers)]
    if any(letter in line for line in lines for letter in "\r\n\0"):
        raise ValueError(f"a header holds a line break: {headers!r}")
    return "\r\n".join([*lines, "Content-Length: "]).encode()


@lru_cache(2)
def _date(second: int) -> bytes:
    return f"\r\nDate: {formatdate(second, usegmt=True)}\r\n\r\n".encode()
