"""A real server with the control API, two vendors and everything we ship, on a port of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from simulator import vendors
from simulator.contract import Contract
from simulator.library import Library
from simulator.outgoing.reach import Reach
from simulator.sandbox.sandbox import Sandbox, SandboxSettings
from simulator.sandbox.sandboxes import Sandboxes
from simulator.server.addresses import Door
from simulator.server.control import Control
from simulator.server.desks import Desks
from simulator.server.edge import OpenDoor, open_door
from simulator.server.observing.metrics import Metrics
from simulator.server.observing.watch import Watch
from simulator.server.pipeline import Pipeline
from simulator.vendors.vendor import Reply
from simulator.webhooks.dispatcher import Dispatcher
from simulator.webhooks.posting import Poster

EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
NAMES = ("deepswapai", "useapi")
KEY = {"Authorization": "Bearer test-key"}
VIDEO = {
    "source_image": "https://example.com/face.jpg",
    "target_video": "https://example.com/clip.mp4?width=1280&height=720&duration=45.2",
}
PEM = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
Answer = tuple[int, Any]


@cache
def library() -> Library:
    """Return what we ship, read once; each sandbox forks it."""
    return Library()


@cache
def contract() -> Contract:
    """Return the control API's description, read once."""
    return Contract("simulator", library().contract("simulator"))


class Server:
    """The server under test. ``call`` speaks to the control API, ``client`` to whomever."""

    def __init__(
        self,
        control: Control,
        pipeline: Pipeline,
        dispatcher: Dispatcher,
        door: OpenDoor,
        client: aiohttp.ClientSession,
    ) -> None:
        self.control, self.pipeline, self.dispatcher, self.door, self.client = (
            control,
            pipeline,
            dispatcher,
            door,
            client,
        )
        self.root = f"http://127.0.0.1:{door.port}"
        self._more: list[OpenDoor] = []

    @property
    def sandbox(self) -> Sandbox:
        return self.pipeline.sandboxes.main

    async def call(self, method: str, path: str, json: Any = None, **said: Any) -> Answer:
        """Call the control API; return status and what the JSON says."""
        url = path if path.startswith("http") else f"{self.root}/_simulator/{path}"
        if json is not None:
            said["json"] = json
        async with self.client.request(method, url, **said) as reply:
            data = await reply.read()
            return reply.status, msgspec.json.decode(data) if data else None

    async def submit(self, prefix: str = "", key: str = "test-key", hook: str = "", **headers: str) -> Answer:
        """Submit a video to DeepSwapAI, with a URL to call back where one is given."""
        said, video = (
            {"Authorization": f"Bearer {key}", **headers},
            {**VIDEO, **({"webhook_url": hook} if hook else {})},
        )
        return await self.call("POST", f"{self.root}{prefix}/deepswapai/v1/video-swap", video, headers=said)

    def receiver(self, name: str, vendor: str = "deepswapai", prefix: str = "") -> str:
        """Return the URL of a built-in receiver."""
        return f"{self.root}{prefix}/_simulator/receiver/{vendor}/{name}"

    async def poll(self, job_id: str, prefix: str = "") -> Answer:
        """Look a job of DeepSwapAI up."""
        return await self.call("GET", f"{self.root}{prefix}/deepswapai/v1/status/{job_id}", headers=KEY)

    async def open(self, door: Door) -> str:
        """Open another port and return its URL."""
        self._more.append(await open_door(self.pipeline, door))
        return f"http://127.0.0.1:{self._more[-1].port}"

    async def close(self) -> None:
        for sandbox in self.pipeline.sandboxes:
            sandbox.close()
        await self.dispatcher.close()
        for opened in (*self._more, self.door):
            await opened.close()


async def serve(
    client: aiohttp.ClientSession,
    *,
    token: str | None = None,
    own_hosts: tuple[str, ...] = (),
    folders: tuple[Path, ...] = (),
    names: tuple[str, ...] = NAMES,
    **settings: Any,
) -> Server:
    """Start a server."""
    scenarios = Library(folders) if folders else library()
    sandboxes = Sandboxes(SandboxSettings("7", EPOCH_MS, **{"mode": "manual", **settings}), scenarios)
    desks = Desks(names, vendors.load, library().contract)
    dispatcher = Dispatcher(Poster(Reach(())), lambda vendor: desks[vendor].contract)
    dispatcher.start()
    sandboxes.on_webhooks = dispatcher.wake
    watch = Watch()
    metrics = Metrics(watch.tally, lambda: sandboxes)
    control = Control(
        sandboxes,
        scenarios,
        dispatcher,
        names,
        vendors.load,
        token=token,
        own_hosts=own_hosts,
        metrics=metrics,
        ca_pem=PEM,
    )
    pipeline = Pipeline(sandboxes, desks, control=control, forerunners=dispatcher, watch=watch)
    return Server(control, pipeline, dispatcher, await open_door(pipeline), client)


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    """Return what starts servers, each with its own settings."""
    started: list[Server] = []

    async with aiohttp.ClientSession() as client:

        async def start(**said: Any) -> Server:
            started.append(await serve(client, **said))
            return started[-1]

        yield start
    for server in started:  # after the client, whose open connections they would wait for
        await server.close()


@pytest.fixture
async def server(start: Callable[..., Awaitable[Server]]) -> Server:
    """Return a server whose clock stands."""
    return await start()


def assert_described(operation_id: str, status: int, body: Any, headers: Any = ()) -> None:
    """Fail unless the description has this reply."""
    contract().checks(operation_id).check_reply(Reply(body, status, tuple(headers)))
