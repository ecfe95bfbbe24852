"""An answer that goes wrong, written: late, in drops, with an end that should not be, or not at all. No lock is held."""

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Iterator
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import aiohttp
from aiohttp import web

from simulator.sandbox.faults import Struck
from simulator.server.exchange import Exchange
from simulator.server.faults.spoiling import Answer, spoilt_file, spoilt_wire
from simulator.server.files import Download
from simulator.server.paths import clean
from simulator.server.replies import Wire
from simulator.vendors.vendor import Headers

_FULL_BYTES = 65536  # in the write buffer: from here on a piece waits until it has drained
_LINGER_NOT = struct.pack(
    "hh" if sys.platform == "win32" else "ii", 1, 0
)  # SO_LINGER with no time: closing sends RST and drops what was not sent
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_NO_BODY = (204, 304)
_real_seconds = time.time  # bound here, so that a test which freezes time does not date the server's replies


def spoil(exchange: Exchange, ready: Wire, struck: Struck) -> web.StreamResponse:
    """Return the response that writes a reply in the way that its call has met."""
    answer = None if struck.fault.refused or struck.fault.reset else spoilt_wire(ready, struck.fault)
    return _noted(exchange, answer, struck)


def spoil_file(exchange: Exchange, response: web.StreamResponse, struck: Struck) -> web.StreamResponse:
    """Return the response that sends a file in the way that its download has met; what sends none only comes late."""
    if struck.fault.reset:
        return Spoilt(struck, None)
    if isinstance(response, Download):
        target = clean(exchange.request.raw_path)
        return _noted(exchange, spoilt_file(response, struck.fault, target), struck)
    return _noted(
        exchange, Answer(response.status, _headers(response), 0, lambda end: iter(()), left_alone=True), struck
    )


def _noted(exchange: Exchange, answer: Answer | None, struck: Struck) -> web.StreamResponse:
    if answer is not None and answer.left_alone:
        call, sandbox = exchange.call, exchange.sandbox
        text = (
            f"{', '.join(struck.marks)}: nothing of that can be seen in this answer to {call.method} {call.operation}"
        )
        with sandbox.lock:
            sandbox.journal.note(sandbox.clock.now_ms(), text.rstrip(), exchange.desk.vendor.name)
    return Spoilt(struck, answer)


def _headers(response: web.StreamResponse) -> Headers:
    return tuple((name, value) for name, value in response.headers.items() if name.lower() != "content-length")


class Spoilt(web.StreamResponse):
    """Written once, by ``prepare``, whoever calls it again. Without an answer the connection ends before any byte."""

    def __init__(self, struck: Struck, answer: Answer | None) -> None:
        super().__init__(status=answer.status if answer else 200)
        self._struck, self._answer, self._is_written = struck, answer, False

    async def prepare(self, request: web.BaseRequest) -> Any:
        """Wait as long as it is late, then write all that is to be written; a client that leaves ends either."""
        if self._is_written:
            return
        self._is_written = True
        self._keep_alive = bool(request.keep_alive and request.version == aiohttp.HttpVersion11)
        if self._struck.latency_ms:
            await asyncio.sleep(self._struck.latency_ms / 1000)
        if self._answer is None:
            self._keep_alive = False
            _end(request, resets=self._struck.fault.reset)
            return
        has_body = request.method != "HEAD" and self._answer.status not in _NO_BODY
        await self._send_all(request, self._answer, has_body=has_body)
        if has_body and self._answer.closes:
            self._keep_alive = False
            _end(request, resets=False)

    async def write_eof(self, data: bytes = b"") -> None:
        """All is written."""

    async def _send_all(self, request: web.BaseRequest, answer: Answer, *, has_body: bool) -> None:
        """Write head and body; a body that does not drip begins in the same piece as the head."""
        head, pieces = _head(answer, keeps=bool(self._keep_alive)), answer.pieces(answer.size_bytes if has_body else 0)
        if (dribble := self._struck.dribble) is None:
            await _write(request, head + next(pieces, b""))
            for piece in pieces:
                await _write(request, piece)
            return
        await _write(request, head)
        for piece in pieces:
            for drop in _drops(piece, dribble.bytes):
                await asyncio.sleep(dribble.every_ms / 1000)
                await _write(request, drop)


def _drops(piece: bytes, drop_bytes: int) -> Iterator[bytes]:
    return (piece[at : at + drop_bytes] for at in range(0, len(piece), drop_bytes))


async def _write(request: web.BaseRequest, data: bytes) -> None:
    transport = request.transport
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the client has left")
    transport.write(data)
    if transport.get_write_buffer_size() > _FULL_BYTES:
        await request.writer.drain()


def _end(request: web.BaseRequest, *, resets: bool) -> None:
    """End the connection: once all is sent, or at once and by RST."""
    transport = request.transport
    if transport is None:
        return
    if not resets:
        transport.close()
        return
    if (said := transport.get_extra_info("socket")) is not None:
        with socket.fromfd(
            said.fileno(), socket.AF_INET, socket.SOCK_STREAM
        ) as own:  # uvloop's object takes no options
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()


def _head(answer: Answer, *, keeps: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {_PHRASES.get(answer.status, '')}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if answer.status not in _NO_BODY:
        lines.append(f"Content-Length: {answer.told_bytes}")
    lines.append(f"Date: {formatdate(_real_seconds(), usegmt=True)}")
    if not keeps:
        lines.append("Connection: close")
    if any(letter in line for line in lines for letter in "\r\n\0"):
        raise ValueError("a header holds a line break")
    return "\r\n".join([*lines, "", ""]).encode()
