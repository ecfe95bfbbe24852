"""Real receivers of webhooks on loopback that misbehave, each in one way; they end by themselves, and their clients with them."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

Behave = Callable[["Receiver", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_MOST_SENT_BYTES = 1 << 30  # then even what never ends has ended


class Heard(NamedTuple):
    """A request as it came: its first line, its headers in their order, its body."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known.lower() == name.lower()]


class Receiver:
    """What a receiver has heard, how many called, and how much went either way."""

    def __init__(self, scheme: str) -> None:
        self.heard: list[Heard] = []
        self.callers = 0
        self.sent_bytes = self.taken_bytes = 0
        self.port = 0
        self._scheme = scheme
        self._gone = 0
        self._news = asyncio.Event()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/hook"

    def hear(self, heard: Heard) -> None:
        self.heard.append(heard)
        self._news.set()

    def miss(self) -> None:
        self._gone += 1
        self._news.set()

    async def until_heard(self, count: int = 1) -> None:
        """Return once so many requests have come."""
        await self._until(lambda: len(self.heard) >= count)

    async def until_alone(self) -> None:
        """Return once somebody has called and nobody is connected any more."""
        await self._until(lambda: 0 < self.callers == self._gone)

    async def _until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not is_so():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def receiving(
    behave: Behave, *, port: int = 0, certificate: ssl.SSLContext | None = None, listens: bool = True
) -> AsyncIterator[Receiver]:
    """Run a receiver; ``behave`` is called with each request, and then the connection is closed.

    With ``listens`` False, it is called as soon as somebody has connected, before anything was read.
    """
    receiver, tasks = Receiver("https" if certificate else "http"), set[asyncio.Task[None]]()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(task := asyncio.current_task())  # type: ignore[arg-type]
        receiver.callers += 1
        try:
            if listens:
                receiver.hear(await _read(reader))
            await behave(receiver, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()
            receiver.miss()

    server = await asyncio.start_server(meet, "127.0.0.1", port, ssl=certificate, backlog=512)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Heard:
    line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n").split("\r\n")
    heard = Heard(line, [(name, value) for name, _, value in (said.partition(": ") for said in lines)], b"")
    [length] = heard.header("content-length") or ["0"]
    return heard._replace(body=await reader.readexactly(int(length)))


def saying(*pieces: bytes) -> Behave:
    """Say something and hang up."""

    async def say(receiver: Receiver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return say


def saying_forever(first: bytes, piece: bytes, pause_s: float = 0) -> Behave:
    """Say something, and then go on with the same piece as long as somebody takes it."""

    async def say(receiver: Receiver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while receiver.sent_bytes < _MOST_SENT_BYTES:
            writer.write(piece)
            await writer.drain()
            receiver.sent_bytes += len(piece)
            await asyncio.sleep(pause_s)

    return say


def saying_no_more_than(said: bytes) -> Behave:
    """Say something, and then nothing until the caller leaves."""

    async def say(receiver: Receiver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read()

    return say


silent = saying_no_more_than(b"")


async def resetting(receiver: Receiver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
