"""What the tests of logs, metrics and traces share: a stream that keeps lines, and servers put together by settings."""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from simulator.assembly import Simulator
from simulator.settings import Settings
from tests.server.control.conftest import EPOCH_MS, KEY, VIDEO

NAMES = ("deepswapai", "useapi")
EPOCH = "2026-01-01T00:00:00Z"
Call = Callable[..., Any]
assert EPOCH_MS == 1_767_225_600_000


class Running:
    """A simulator that serves. ``call`` returns status, headers and body of what it answers."""

    def __init__(self, simulator: Simulator, client: aiohttp.ClientSession) -> None:
        self.simulator, self.client = simulator, client
        self.root = f"http://127.0.0.1:{simulator.doors[0].port}"

    async def call(self, method: str, path: str, **said: Any) -> tuple[int, Any, bytes]:
        url = path if path.startswith("http") else self.root + path
        async with self.client.request(method, url, **{**said, "headers": {**KEY, **said.get("headers", {})}}) as reply:
            return reply.status, reply.headers, await reply.read()

    async def submit(self, hook: str = "", **headers: str) -> str:
        """Submit a video and return its id."""
        body = VIDEO | ({"webhook_url": hook} if hook else {})
        status, _, data = await self.call("POST", "/deepswapai/v1/video-swap", json=body, headers=headers)
        assert status == 202, data
        return str(msgspec.json.decode(data)["job_id"])

    async def advance(self, by: str = "10m") -> None:
        """Move the clock, and have all webhooks answered."""
        assert (await self.call("POST", "/_simulator/clock/advance", json={"by": by}))[0] == 200


@asynccontextmanager
async def running(prepare: Callable[[Simulator], None] = lambda simulator: None, **said: Any) -> AsyncIterator[Running]:
    """Serve while it lasts, on a clock that stands; ``prepare`` is called before a port opens."""
    settings = Settings(**{"port": 0, "clock": "manual", "seed": "7", "epoch": EPOCH, **said})
    simulator = Simulator(settings, NAMES)
    prepare(simulator)
    await simulator.open()
    try:
        async with aiohttp.ClientSession() as client:
            yield Running(simulator, client)
    finally:
        await simulator.close()


class Kept(io.StringIO):
    """A stream whose lines can be looked at; it has no descriptor."""

    def lines(self) -> list[str]:
        return self.getvalue().splitlines()
