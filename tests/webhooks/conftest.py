"""A dispatcher on the test's loop, Acme's sandboxes, and receivers that answer as a test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
from aiohttp import web

from simulator.contract import Contract
from simulator.jobs.deliveries import USUAL, Manner
from simulator.outgoing.reach import Reach
from simulator.sandbox.sandbox import Sandbox
from simulator.webhooks.dispatcher import Dispatcher
from simulator.webhooks.posting import Poster
from tests.acme import call, sandbox, scenario, state

Answer = Callable[["Receiver", web.BaseRequest, Any], Awaitable[int]]
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Acme", "version": "1"},
    "paths": {},
    "webhooks": {
        "jobChanged": {
            "post": {
                "operationId": "jobChanged",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["id", "status", "at_ms", "urls"],
                                "properties": {"status": {"enum": ["inking", "done", "error", "stopped", "new"]}},
                            }
                        }
                    },
                },
                "responses": {"200": {"description": "Received."}},
            }
        }
    },
}
STEADY = scenario(
    "steady",
    state("new", "2s", "drawing"),
    state("drawing", "3s", "inking"),
    state("inking", "5s", "done"),
    state("done"),
)


class Receiver:
    """A real receiver. ``got`` are the bodies as they came; ``answer`` decides the status and may wait."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.answer: Answer | None = None
        self.port = 0
        self._came = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def open(self) -> "Receiver":
        """Listen; on the same port where it has been open before."""
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.01)  # 0 waits for ever
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def until(self, count: int) -> None:
        """Return once so many have come."""
        async with asyncio.timeout(30):
            while len(self.got) < count:
                self._came.clear()
                await self._came.wait()

    async def close(self) -> None:
        if self._runner:
            await self._runner.cleanup()
        self._runner = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = msgspec.json.decode(await request.read())
        self.got.append(body)
        self._came.set()
        status = await self.answer(self, request, body) if self.answer else 200
        return web.Response(status=status)


class World:
    """What a test of the dispatcher needs."""

    def __init__(self) -> None:
        self.broken = 0
        contract = Contract("acme", DOCUMENT)
        self.dispatcher = Dispatcher(Poster(Reach(())), lambda vendor: contract, self._count)
        self.dispatcher.start()
        self._receivers: list[Receiver] = []

    def _count(self) -> None:
        self.broken += 1

    def box(self, manner: Manner = USUAL, mode: str = "manual", **settings: Any) -> Sandbox:
        told = msgspec.structs.replace(STEADY, name="told", webhook=manner)
        box = sandbox(mode, told, scenario="told", **settings)
        box._on_webhooks = self.dispatcher.wake
        return box

    async def receiver(self, answer: Answer | None = None) -> Receiver:
        receiver = Receiver()
        receiver.answer = answer
        self._receivers.append(receiver)
        return await receiver.open()

    async def quiet(self, box: Sandbox) -> None:
        """Return once nothing is ready or under way any more."""
        over = asyncio.Event()
        box.on_less_to_do.append(over.set)
        await asyncio.sleep(0)  # the dispatcher looks first
        async with asyncio.timeout(60):
            while box.life.outbox.pending:
                over.clear()
                await over.wait()
                await asyncio.sleep(0)

    async def close(self) -> None:
        await self.dispatcher.close()
        for receiver in self._receivers:
            await receiver.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.close()


def submit(box: Sandbox, receiver: Receiver, **body: Any) -> str:
    """Submit a job that tells a receiver of its states, and return its id."""
    return str(call(box, "plain", body={"hook": receiver.url, **body}).job.id)
