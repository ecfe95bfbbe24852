"""A real server with the tiny vendor, on a port of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import msgspec
import pytest

from simulator.jobs.scenario import Override
from simulator.sandbox.sandbox import Sandbox, SandboxSettings
from simulator.sandbox.sandboxes import Sandboxes
from simulator.server.addresses import Door
from simulator.server.desks import Desks
from simulator.server.edge import OpenDoor, open_door
from simulator.server.pipeline import Pipeline
from tests.acme import EPOCH_MS, Shelf, scenario, state
from tests.server.tiny import DOCUMENT, TINY

BRIEF = scenario("brief", state("new", "1s", "drawing"), state("drawing", "9s", "done"), state("done"))
SCENARIOS = (
    BRIEF,
    scenario("endless", state("new", then="done", forever=True), state("done")),
    scenario(
        "noted",
        *BRIEF.states,
        reply=(("getClip", Override(body={"note": "changed", "url": None}, headers=(("X-More", "1"),), state="done")),),
    ),
    scenario("bad-note", *BRIEF.states, reply=(("getClip", Override(body={"note": 7})),)),
    scenario(
        "off",
        state("new", "1s", "drawing", shown_as="strange"),
        *BRIEF.states[1:],
        reply=(("getClip", Override(status=299, body={"note": 7})),),
        off_contract="a word of the future",
    ),
)
KEY = {"Authorization": "Bearer key-1"}


class Server:
    """The server under test: the tiny vendor's ``url``, the main sandbox, and raw sockets."""

    def __init__(self, pipeline: Pipeline, door: OpenDoor, client: aiohttp.ClientSession) -> None:
        self.pipeline, self.door, self.client = pipeline, door, client
        self.root = f"http://127.0.0.1:{door.port}"
        self.url = f"{self.root}/tiny"
        self._more: list[OpenDoor] = []

    @property
    def sandbox(self) -> Sandbox:
        return self.pipeline.sandboxes.main

    async def open(self, door: Door) -> str:
        """Open another port and return its URL."""
        opened = await open_door(self.pipeline, door)
        self._more.append(opened)
        return f"http://127.0.0.1:{opened.port}"

    async def call(self, method: str, path: str, **said: Any) -> tuple[int, Any]:
        """Call the tiny vendor, or a whole URL; return the status and what the JSON says."""
        url = path if path.startswith("http") else self.url + path
        async with self.client.request(method, url, **{**said, "headers": {**KEY, **said.get("headers", {})}}) as reply:
            data = await reply.read()
            return reply.status, msgspec.json.decode(data) if data else None

    async def submit(self, path: str = "/v1/clips", scenario: str = "", **body: Any) -> str:
        """Submit a clip and return its id."""
        headers = {"X-Simulator-Scenario": scenario} if scenario else {}
        status, said = await self.call("POST", path, json={"prompt": "a fox", **body}, headers=headers)
        assert status == 202, said
        return str(said["id"])

    async def raw(self, data: bytes, *, ends: bool = False) -> bytes:
        """Send bytes and return all that comes back until the server closes; ``ends`` closes our side first."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.door.port)
        try:
            async with asyncio.timeout(5):
                writer.write(data)
                if ends:
                    writer.write_eof()
                return await reader.read()
        finally:
            writer.close()

    async def close(self) -> None:
        for opened in (*self._more, self.door):
            await opened.close()


async def until(holds: Callable[[], Any]) -> None:
    """Let the server work until something holds."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - nothing tells when a request has begun to wait
            await asyncio.sleep(0)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    sandboxes = Sandboxes(SandboxSettings("seed", EPOCH_MS, "manual"), Shelf(*SCENARIOS))
    desks = Desks(("tiny",), lambda name: TINY, lambda name: DOCUMENT)
    pipeline = Pipeline(sandboxes, desks, max_body_bytes=200_000)
    async with aiohttp.ClientSession() as client:
        running = Server(pipeline, await open_door(pipeline), client)
        yield running
        await running.close()
