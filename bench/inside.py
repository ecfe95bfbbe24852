"""The simulator in this very process, for rows that need no socket: the one module here that knows its Python API."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import uvloop

from bench.servers import HEADERS, KEY
from bench.subject import PREFIX, SUBMIT
from simulator import vendors
from simulator.assembly import Simulator
from simulator.jobs.commands import Submit
from simulator.jobs.files import imagine_input
from simulator.sandbox.accounts import AccountChange
from simulator.sandbox.choosing import Choice
from simulator.server.edge import new_server
from simulator.settings import Settings
from simulator.vendors.vendor import Call

EPOCH = "2026-01-28T12:00:00Z"
INPUTS = tuple(
    imagine_input(field, url, kind) for (field, url), kind in zip(SUBMIT.items(), ("image", "video"), strict=True)
)
MONTHLY = "/useapi/v1/faceswap/jobs/?jobid="


class Inside:
    """A simulator on a manual clock. ``submit`` goes to the sandbox directly, ``poll`` through the whole pipeline."""

    def __init__(self, max_jobs: int = 100_000) -> None:
        self._loop = asyncio.new_event_loop()
        self.simulator = self._simulator = Simulator(
            Settings(port=0, clock="manual", seed="bench", epoch=EPOCH, max_jobs=max_jobs)
        )
        self._sandbox = self._simulator.sandboxes.main
        self._vendor = vendors.load("deepswapai")
        self._sandbox.set_account(self._vendor, KEY, AccountChange(credits=1e12))
        self._operation = next(one for one in self._vendor.operations if one.id == "videoSwap")
        self._fields: Mapping[str, Any] = {}
        self._wire: _Wire | None = None

    def submit(self) -> str:
        """Submit the job of ``bench.subject`` and return its id."""
        call = Call("videoSwap", "POST", {}, {}, {}, lambda path, host: path, body=dict(SUBMIT), account=KEY)
        call.switches = self._sandbox.switches_for(self._vendor)
        call.inputs = INPUTS
        command = self._operation.read(call, ())
        assert isinstance(command, Submit)
        self._fields = self._fields or command.fields
        command.fields = self._fields  # what clients write is counted apart: all jobs share it, and INPUTS
        outcome: Any = self._sandbox.handle(self._vendor, call, command, Choice())
        return str(outcome.job.id)

    def submit_to(self, url: str, count: int) -> None:
        """Submit so many jobs that call a URL at their end, and say that each reply has been written."""
        for _ in range(count):
            call = Call("videoSwap", "POST", {}, {}, {}, lambda path, host: f"https://{host}/{path}", account=KEY)
            call.body, call.inputs = {**SUBMIT, "webhook_url": url}, INPUTS
            call.switches = self._sandbox.switches_for(self._vendor)
            self._sandbox.handle(self._vendor, call, self._operation.read(call, ()), Choice())
            for release in call.withheld:
                release()

    def submit_monthly(self) -> str:
        """Submit a job that answers for 31 days, and return its id."""
        body = json.dumps({"prompt": "me, a king"})
        status, reply = self._ask("POST", "/useapi/v1/faceswap/headshot", body)
        assert status == 200, reply
        return str(json.loads(reply)["jobid"])

    def poll(self, job_id: str) -> int:
        """Look at the job through the whole pipeline, both checks and journal included, and return the HTTP status."""
        path = f"{MONTHLY}{job_id}" if job_id.startswith("job:") else f"{PREFIX}/status/{job_id}"
        return self._ask("GET", path)[0]

    def advance(self, by_ms: int) -> None:
        """Move the sandbox's clock."""
        self._sandbox.advance(by_ms)

    def new_sandbox_and_drop(self) -> None:
        """Make another sandbox and drop it."""
        sandboxes = self._simulator.sandboxes
        sandboxes.drop(sandboxes.create().id)

    def serve(self, port: int) -> None:
        """Serve this sandbox on the port until the process is told to stop."""
        from simulator.assembly import run_loop
        from simulator.server.edge import open_door

        async def forever() -> None:
            await open_door(self._simulator.pipeline, port=port)
            await asyncio.Event().wait()

        run_loop(forever)

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, bytes]:
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {said}" for name, said in HEADERS.items())]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return self._loop.run_until_complete(self._exchange("\r\n".join([*lines, "", body]).encode()))

    async def _exchange(self, sent: bytes) -> tuple[int, bytes]:
        if self._wire is None:
            self._wire = _Wire()
            self._protocol = new_server(self._simulator.pipeline)()
            self._protocol.connection_made(self._wire)
        self._wire.written.clear()
        self._protocol.data_received(sent)
        while not self._wire.written:  # noqa: ASYNC110  there is nobody else in this loop
            await asyncio.sleep(0)
        head, _, body = bytes(self._wire.written).partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), body


class _Wire(asyncio.Transport):
    """A connection without a socket: what is written stays here."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()

    def write(self, data: Any) -> None:
        self.written += data

    def writelines(self, pieces: Any) -> None:
        for piece in pieces:
            self.written += piece

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing to close."""


class Deliverer:
    """Jobs that have been submitted with a webhook, and two ways to post what they tell: the dispatcher and plainly."""

    def __init__(self, url: str, count: int) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        inside = Inside(max_jobs=count)
        inside.submit_to(url, count)
        self._simulator = inside.simulator
        self._posts: list[tuple[str, Mapping[str, str], bytes]] = []

    def deliver(self, *, at_once: bool) -> float:
        """Deliver everything by the dispatcher; return how many seconds that took."""
        return self._runner.run(self._deliver(at_once=at_once))

    async def _deliver(self, *, at_once: bool) -> float:
        simulator, sandbox = self._simulator, self._simulator.sandboxes.main
        simulator.dispatcher.start()
        begun = time.perf_counter()
        to_ms = sandbox.clock.now_ms() + 86_400_000
        if at_once:
            sandbox.advance_to(to_ms)
            over = asyncio.Event()
            sandbox.on_less_to_do.append(over.set)
            while sandbox.counters()["deliveries"]:
                over.clear()
                await over.wait()
        else:
            await simulator.dispatcher.advance(sandbox, to_ms)
        took_s = time.perf_counter() - begun
        attempts = [delivery.attempts[0] for delivery in sandbox.life.outbox]
        url = next(iter(sandbox.life.outbox)).url
        self._posts = [(url, dict(attempt.headers), attempt.body) for attempt in attempts]
        return took_s

    def post_plainly(self, *, at_once: bool, keeps_alive: bool) -> float:
        """Post the same bodies with nothing but aiohttp's client; return how many seconds that took."""
        return self._runner.run(self._post_plainly(64 if at_once else 1, keeps_alive))

    async def _post_plainly(self, workers: int, keeps_alive: bool) -> float:
        posts = iter(self._posts)
        connector = aiohttp.TCPConnector(limit=0, force_close=not keeps_alive)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def work() -> None:
                for url, headers, body in posts:
                    async with session.post(url, data=body, headers=headers, allow_redirects=False) as reply:
                        await reply.read()

            begun = time.perf_counter()
            await asyncio.gather(*(work() for _ in range(workers)))
            return time.perf_counter() - begun

    def close(self) -> None:
        """End the dispatcher and the loop."""
        self._runner.run(self._simulator.close())
        self._runner.close()


def open_deliverer(url: str, count: int) -> Deliverer:
    """Return so many jobs that will tell this URL of their end."""
    return Deliverer(url, count)


def open_simulator(max_jobs: int = 100_000) -> Inside:
    """Return a simulator that has been used by nobody."""
    return Inside(max_jobs)
