"""Slow clients are ended and too many make room, while those who only wait or say nothing are left in peace."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import trustme

from simulator.server.crowd import Crowd
from simulator.server.edge import OpenDoor, open_door
from tests.server.conftest import Server, until

KEY = b"Host: x\r\nAuthorization: Bearer k\r\n"
OPEN = b"GET /tiny/v1/open HTTP/1.1\r\n" + KEY + b"\r\n"
HELD = b"POST /tiny/v1/pictures HTTP/1.1\r\n" + KEY + b"Content-Length: 0\r\n\r\n"
POST = b"POST /tiny/v1/echo HTTP/1.1\r\n" + KEY + b"Content-Type: text/plain\r\n"
SECONDS = 100.0


class Client:
    """One connection to a door."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def reply(self) -> tuple[int, bytes]:
        async with asyncio.timeout(5):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return int(head.split(b" ", 2)[1]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """Return all that comes until the server closes."""
        async with asyncio.timeout(5):
            return await self.reader.read()


class Place:
    """A door whose crowd looks at its members when it is told to."""

    def __init__(self, server: Server, crowd: Crowd, door: OpenDoor) -> None:
        self.server, self.crowd, self.door = server, crowd, door
        self._clients: list[Client] = []

    async def come(self) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.door.port))
        self._clients.append(client)
        return client

    async def members(self, count: int) -> None:
        await until(lambda: len(self.crowd) == count)

    def let_pass(self, seconds: float) -> None:
        """Look, and look again when so much time has passed."""
        self.crowd.look(0.0)
        self.crowd.look(seconds)

    async def close(self) -> None:
        for client in self._clients:
            client.writer.close()
            with suppress(ConnectionError):
                await client.writer.wait_closed()
        await self.door.close()
        self.crowd.close()


@asynccontextmanager
async def place(server: Server, most: int = 100) -> AsyncIterator[Place]:
    crowd = Crowd(most, SECONDS)
    one = Place(server, crowd, await open_door(server.pipeline, crowd=crowd))
    yield one
    await one.close()


def owing(where: Place, what: str) -> bool:
    """Whether somebody owes the server this; a look notes it."""
    where.crowd.look(0.0)
    return any(isinstance(one.owed, tuple) and one.owed[0] == what for one in where.crowd._members)


@pytest.mark.parametrize("before", [b"", OPEN])
async def test_a_head_that_does_not_end_is_answered_with_408(server: Server, before: bytes) -> None:
    async with place(server) as here:
        client = await here.come()
        if before:
            client.say(before)
            assert (await client.reply())[0] == 200
        client.say(b"GET /tiny/v1/open HTTP/1.1\r\nHo")
        await until(lambda: owing(here, "a head"))

        [one] = here.crowd._members
        taken = one.head_bytes  # type: ignore[attr-defined]
        client.say(b"s")  # byte by byte is no progress
        await until(lambda: one.head_bytes > taken)  # type: ignore[attr-defined]
        here.crowd.look(SECONDS - 1)
        assert here.crowd.too_slow == 0
        here.crowd.look(SECONDS)

        assert (await client.rest()).startswith(b"HTTP/1.1 408 ")
        await here.members(0)


async def test_a_body_that_stalls_is_answered_with_408_and_one_that_comes_slowly_is_not(server: Server) -> None:
    async with place(server) as here:
        stalls, crawls = await here.come(), await here.come()
        for client in (stalls, crawls):
            client.say(POST + b"Content-Length: 4000\r\n\r\nabc")
            await until(lambda: server.sandbox.in_flight > 0)
        await until(lambda: server.sandbox.in_flight == 2)
        here.crowd.look(0.0)
        bodies = [one._current_request.content for one in here.crowd._members]  # type: ignore[attr-defined]
        crawls.say(b"x" * 2000)
        await until(lambda: max(body.total_bytes for body in bodies) > 2000 and all(body._waiter for body in bodies))

        here.crowd.look(SECONDS)

        said = await stalls.rest()
        assert said.startswith(b"HTTP/1.1 408 ")
        assert json.loads(said.partition(b"\r\n\r\n")[2])["error"]["code"] == "request_timeout"
        await until(lambda: server.sandbox.in_flight == 1)
        crawls.say(b"x" * 1997)
        assert (await crawls.reply())[0] == 200


async def test_who_waits_for_a_reply_or_says_nothing_is_not_slow(server: Server) -> None:
    server.sandbox.clock.set(hold=True)
    async with place(server) as here:
        silent, idle, waiting = await here.come(), await here.come(), await here.come()
        idle.say(OPEN)
        await idle.reply()
        waiting.say(HELD)
        await until(lambda: server.sandbox.counters()["held"] == 1)

        here.let_pass(SECONDS * 100)

        assert here.crowd.too_slow == 0
        for client in (silent, idle):
            client.say(OPEN)
            assert (await client.reply())[0] == 200


async def test_a_reply_that_nobody_reads_is_dropped(server: Server) -> None:
    async with place(server) as here:
        greedy = await here.come()
        greedy.writer.transport.pause_reading()  # type: ignore[attr-defined]
        greedy.say((POST + b"Content-Length: 190000\r\n\r\n" + b"x" * 190_000) * 60)
        await until(lambda: owing(here, "to read"))
        await until(lambda: not _grows(here))

        here.let_pass(SECONDS)

        await here.members(0)
        assert here.crowd.too_slow == 1
        await until(lambda: server.sandbox.in_flight == 0)


def _grows(here: Place) -> bool:
    """Whether the server still takes or sends anything since the look before."""
    [one] = here.crowd._members
    before = one.owed
    here.crowd.look(0.0)
    return one.owed != before


async def test_the_longest_idle_connection_makes_room(server: Server) -> None:
    async with place(server, most=3) as here:
        clients = [await here.come() for _ in range(3)]
        for client in (clients[1], clients[0], clients[2]):
            client.say(OPEN)
            await client.reply()

        latest = await here.come()
        latest.say(OPEN)

        assert (await latest.reply())[0] == 200
        assert await clients[1].rest() == b""
        assert (len(here.crowd), here.crowd.made_room) == (3, 1)
        clients[0].say(OPEN)
        assert (await clients[0].reply())[0] == 200


async def test_where_nobody_is_idle_a_newcomer_is_told_so(server: Server) -> None:
    async with place(server, most=2) as here:
        busy = [await here.come() for _ in range(2)]
        for client in busy:
            client.say(POST + b"Content-Length: 4\r\n\r\n")
        await until(lambda: server.sandbox.in_flight == 2)

        latest = await here.come()
        latest.say(OPEN)
        said = await latest.rest()

        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"--max-connections" in said
        for client in busy:
            client.say(b"done")
            assert (await client.reply())[0] == 200
        await until(lambda: not here.crowd._leaving)


async def test_a_tls_handshake_that_hangs_is_ended(server: Server) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    door = await open_door(server.pipeline, tls=context, crowd=Crowd(10, 0.02))
    client = Client(*await asyncio.open_connection("127.0.0.1", door.port))

    assert await client.rest() == b""

    client.writer.close()
    await client.writer.wait_closed()
    await door.close()


async def test_hundreds_of_idle_connections_and_a_flood_of_nonsense_leave_it_answering(server: Server) -> None:
    async with place(server, most=400) as here:
        idle = [await here.come() for _ in range(300)]
        nonsense = [b"nonsense\r\n\r\n", b"\0" * 50, b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01" + b"\0" * 50]
        for number in range(300):
            client = await here.come()
            client.say(nonsense[number % len(nonsense)])
            client.writer.write_eof()

        for client in idle[-100:]:
            client.say(OPEN)
            assert (await client.reply())[0] == 200
        assert len(here.crowd) <= 400
        assert (await server.call("GET", "/v1/open"))[0] == 200
