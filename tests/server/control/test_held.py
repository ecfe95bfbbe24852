"""Blocking calls and the control API: a reply that is held, the clock that frees it, the reset that ends it."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.server.control.conftest import KEY, Answer, Server

PICTURE = {"source_image": "https://example.com/face.jpg", "target_image": "https://example.com/photo.png"}


async def swap(server: Server) -> Answer:
    return await server.call("POST", f"{server.root}/deepswapai/v1/image-swap", PICTURE, headers=KEY)


@pytest.fixture
async def held(server: Server) -> AsyncIterator[asyncio.Task[Answer]]:
    """Return a blocking call whose reply is held."""
    await server.call("PATCH", "clock", {"hold": True})
    waiting = asyncio.create_task(swap(server))
    while not (await server.call("GET", "counters"))[1]["held"]:
        pass
    yield waiting
    waiting.cancel()


async def test_the_counters_tell_of_it(server: Server, held: asyncio.Task[Answer]) -> None:
    _, said = await server.call("GET", "counters")

    assert (said["in_flight"], said["held"]) == (1, 1)
    assert said["next_due_ms"] > server.sandbox.clock.now_ms()


async def test_an_advance_frees_it(server: Server, held: asyncio.Task[Answer]) -> None:
    await server.call("POST", "clock/advance", {"by": "1m"})

    assert (await held)[0] == 200


async def test_the_next_event_frees_it(server: Server, held: asyncio.Task[Answer]) -> None:
    while not held.done():
        await server.call("POST", "clock/next")

    assert (await held)[0] == 200


async def test_a_reset_closes_its_connection(server: Server, held: asyncio.Task[Answer]) -> None:
    await server.call("POST", "reset")

    with pytest.raises(aiohttp.ClientError):
        await held
    assert (await server.call("GET", "counters"))[1]["held"] == 0
