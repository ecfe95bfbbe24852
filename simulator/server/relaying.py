"""What the proxy carries: bytes between a client and another end, both ways, or a request on its way to its host."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

CHUNK_BYTES = 1 << 16
_LAST_SECONDS = 1.0
_HOP_BY_HOP = frozenset(
    {"connection", "content-length", "host", "keep-alive", "proxy-authenticate", "proxy-authorization"}
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)


class _Inflow:
    """Takes a connection's bytes, in place of what reads requests."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take what has come."""
        self._reader.feed_data(data)
        return False, b""

    def feed_eof(self) -> None:
        """No more comes."""
        self._reader.feed_eof()


@asynccontextmanager
async def tunnel_of(request: web.BaseRequest) -> AsyncIterator[asyncio.StreamReader]:
    """Say that the tunnel is open, and give out what comes through it."""
    if request.transport is None:
        raise ConnectionResetError("the client has left")
    reader = asyncio.StreamReader(CHUNK_BYTES)
    reader.set_transport(request.transport)
    await write(request, b"HTTP/1.1 200 Connection established\r\n\r\n")
    reader.feed_data(request.content.read_nowait())  # what came together with the CONNECT; aiohttp may keep it here
    inflow: Any = _Inflow(reader)
    request.protocol.set_parser(inflow)
    yield reader


async def relay(
    request: web.BaseRequest, incoming: asyncio.StreamReader, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Carry bytes both ways until one side ends; what the other end has said by then is still told."""
    up = asyncio.ensure_future(_carry(incoming, writer))
    try:
        while data := await reader.read(CHUNK_BYTES):
            await write(request, data)
    finally:
        up.cancel()
        await asyncio.gather(up, return_exceptions=True)


async def _carry(incoming: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await incoming.read(CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def write(request: web.BaseRequest, data: bytes) -> None:
    """Write to a client, and wait while it does not read.

    Raises:
        ConnectionResetError: it has left.
    """
    if request.transport is None:
        raise ConnectionResetError("the client has left")
    request.writer.output_size += len(data)  # so that nobody takes it for a request that has not been answered
    request.transport.write(data)
    await request.writer.drain()


async def closed(writer: asyncio.StreamWriter) -> None:
    """Close a connection, and give what has been written a moment to leave."""
    writer.close()
    try:
        async with asyncio.timeout(_LAST_SECONDS):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        pass
    finally:
        writer.transport.abort()


def head(request: web.BaseRequest, authority: str, path: str) -> bytes:
    """Return a request's first line and headers as the host itself is to see them."""
    named = {one.strip().lower() for one in ",".join(request.headers.getall("Connection", ())).split(",")}
    path = path if path[:1] == "/" else "/" + path
    lines = [f"{request.method} {path} HTTP/1.1".encode(errors="surrogateescape"), b"Host: " + authority.encode()]
    for name, said in request.raw_headers:
        word = name.decode("latin-1").lower()
        if word not in _HOP_BY_HOP and word not in named and not _is_undone(request, word):
            lines.append(name + b": " + said)
    if length := _length(request):
        lines.append(length)
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def _is_undone(request: web.BaseRequest, word: str) -> bool:
    """Whether a header speaks of a packing that has been undone on the way in."""
    return word == "content-encoding" and request.can_read_body


def _length(request: web.BaseRequest) -> bytes:
    if "Transfer-Encoding" in request.headers or ("Content-Encoding" in request.headers and request.can_read_body):
        return b"Transfer-Encoding: chunked"
    length = request.headers.get("Content-Length")
    return b"" if length is None else b"Content-Length: " + length.encode()


async def send_body(request: web.BaseRequest, writer: asyncio.StreamWriter) -> None:
    """Send a request's body on, as its head has said."""
    is_chunked = _length(request).startswith(b"Transfer")
    while data := await request.content.readany():
        writer.write(b"%x\r\n%b\r\n" % (len(data), data) if is_chunked else data)
        await writer.drain()
    if is_chunked:
        writer.write(b"0\r\n\r\n")
