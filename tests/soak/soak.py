"""`make soak`: mixed traffic against a server of its own, in phases; between them nothing is under way and all is counted.

What the server holds then must stay what it was: descriptors, threads, tasks, sandboxes and temporary files to the piece, memory
to two hundredths once it is warm. ``make soak ARGS="--calls 20000 --phases 12 --connections 5000"``.
"""

import argparse
import asyncio
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from simulator.server.descriptors import raise_limit
from tests.soak.traffic import NONSENSE, Worker, World

ROOT = Path(__file__).parent.parent.parent
STAYS = ("descriptors", "threads", "tasks", "connections", "sandboxes", "under way", "temporary files")
MOST_GROWTH = 0.02
_MOST_THREADS = 2 + min(32, (os.cpu_count() or 1) + 4)  # and the two that the server begins with
Held = dict[str, Any]


class Leak(AssertionError):
    """Something grows, or the server failed."""


class Subject:
    """The server under test, and what it says that it holds."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, about: Held) -> None:
        self._process, self._folder = process, folder
        self.pid, self.port = process.pid, int(about["port"])
        self.url, self.tls_url = f"http://127.0.0.1:{about['port']}", str(about["tls_url"])

    async def held(self, connections: int = 0) -> Held:
        """Return what it holds with so many connections and nothing under way, or half a minute after it should."""
        give_up_at = time.monotonic() + 30
        while True:
            said = await self._ask()
            quiet = said["connections"] == connections and said["tasks"] == 1 + connections and not said["under way"]
            if quiet or time.monotonic() > give_up_at:
                return said
            await asyncio.sleep(0.05)

    async def _ask(self) -> Held:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"?\n")
        said: Held = json.loads(await self._process.stdout.readline())
        return said | {"temporary files": len(list((self._folder / "tmp").rglob("*")))}

    async def end(self) -> float:
        """Have it stop; return how many seconds that took."""
        assert self._process.stdin is not None
        begun = time.monotonic()
        self._process.stdin.close()
        if await self._process.wait():
            raise Leak(f"the server ended with status {self._process.returncode}")
        return time.monotonic() - begun


@asynccontextmanager
async def subject(*, tls: bool) -> AsyncIterator[tuple[Subject, ssl.SSLContext | None]]:
    """Run a server with folders of its own; what trusts its https comes with it."""
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        (folder / "tmp").mkdir()
        environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
        command = [sys.executable, "-m", "tests.soak.subject", str(folder / "tls") if tls else ""]
        pipe = subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe)
        assert process.stdout is not None
        try:
            running = Subject(process, folder, json.loads(await process.stdout.readline()))
            ca = ssl.create_default_context(cafile=str(folder / "tls/ca.pem")) if tls else None
            yield running, ca
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def soak(phases: int, calls: int, workers: int, *, tls: bool, tell: bool = False) -> list[Held]:
    """Let workers make so many calls in each phase; return what the server held after each.

    Raises:
        Leak: it held more and more, or broke a contract, or failed.
    """
    receiver = await asyncio.start_server(_receive, "127.0.0.1", 0)
    hook = f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}"
    async with subject(tls=tls) as (server, ca):
        world, seen = World(server.url, server.tls_url, ca, hook), list[Held]()
        for phase in range(phases):
            begun, before = time.monotonic(), world.done["calls"]
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
                limit = (phase + 1) * calls
                await asyncio.gather(*(Worker(world, session, number).play(phase, limit) for number in range(workers)))
            seen.append(await server.held())
            if tell:
                rate = (world.done["calls"] - before) / (time.monotonic() - begun)
                print(f"{world.done['calls']:>8} calls  {rate:6.0f}/s  {_told(seen[-1])}", flush=True)
        check(seen)
        if tell:
            print(
                f"\n{dict(world.done)}\n{world.virtual_ms / 60_000:.0f} virtual minutes; ended in {await server.end():.2f} s"
            )
            print(_slope(seen))
    receiver.close()
    return seen


def check(seen: Sequence[Held]) -> None:
    """Hold what was counted after the later phases against the first, and memory in halves, once it is warm.

    Raises:
        Leak: it grows.
    """
    first, last = seen[0], seen[-1]
    if last["broken"] or last["bugs"]:
        raise Leak(f"{last['broken']} replies broke their contract, {last['bugs']} times the simulator failed")
    for name in STAYS:
        most = max(first[name], seen[len(seen) // 3][name])
        if name == "threads":
            most = max(most, _MOST_THREADS)  # helpers are started when they are first needed
        if last[name] > most:
            raise Leak(f"{name}: {first[name]} at first, {most} when warm, {last[name]} at the end")
    warm = [one["rss_bytes"] for one in seen[len(seen) // 3 :]]
    if len(warm) >= 6 and warm[0]:
        half = len(warm) // 2
        before, after = statistics.median(warm[:half]), statistics.median(warm[half:])
        if after > before * (1 + MOST_GROWTH):
            raise Leak(f"memory: {before / 2**20:.1f} MiB in the first half, {after / 2**20:.1f} in the second")


def _slope(seen: Sequence[Held]) -> str:
    warm = seen[len(seen) // 3 :]
    if len(warm) < 2:
        return ""
    slope, _ = statistics.linear_regression([one["calls"] for one in warm], [one["rss_bytes"] for one in warm])
    half = len(warm) // 2
    first, second = (statistics.median(one["rss_bytes"] for one in part) for part in (warm[:half], warm[half:]))
    return f"memory once warm: {slope:+.1f} bytes a vendor call, second half {100 * (second / first - 1):+.2f} %"


def _told(held: Held) -> str:
    return f"{held['rss_bytes'] / 2**20:6.1f} MiB  " + "  ".join(f"{held[name]} {name}" for name in STAYS)


async def _receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take a webhook: well, with a refusal, or by leaving."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        body = await reader.readexactly(int(length or 0))
        if len(body) % 11:
            status = b"500 No" if len(body) % 7 == 0 else b"200 OK"
            writer.write(b"HTTP/1.1 %b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def crowd(connections: int, nonsense: int) -> None:
    """Open so many idle connections, send nonsense beside them, and see that the server answers and forgets them all.

    Raises:
        Leak: it does not.
    """
    async with subject(tls=False) as (server, _):
        before, idle = await server.held(), list[asyncio.StreamWriter]()
        for _ in range(connections):
            idle.append((await asyncio.open_connection("127.0.0.1", server.port))[1])
        full, slowest = await server.held(connections), 0.0
        for number in range(nonsense):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(NONSENSE[number % len(NONSENSE)])
            writer.close()
            if number % 50 == 0:
                begun = time.monotonic()
                async with aiohttp.request("GET", f"{server.url}/_simulator/health") as reply:
                    assert reply.status == 200
                slowest = max(slowest, time.monotonic() - begun)
        each = (full["rss_bytes"] - before["rss_bytes"]) / connections / 1024
        print(f"{full['connections']} idle connections, {each:.1f} KiB each; slowest answer {1000 * slowest:.0f} ms")
        for writer in idle:
            writer.close()
        after = await server.held()
        for name in STAYS:
            if after[name] > before[name]:
                raise Leak(f"{name}: {before[name]} before the crowd, {after[name]} after it")
        print(f"{_told(after)}\nended in {await server.end():.2f} s")


def main() -> int:
    """Soak; 1 if anything leaks."""
    parser = argparse.ArgumentParser(prog="make soak", description="Soak the server and see what it keeps.")
    parser.add_argument("--phases", type=int, default=12, help="after each, all is counted (12)")
    parser.add_argument("--calls", type=int, default=10_000, help="in a phase (10000)")
    parser.add_argument("--workers", type=int, default=16, help="at a time (16)")
    parser.add_argument("--connections", type=int, default=10_000, help="idle ones, apart from that (10000)")
    parser.add_argument("--plain", action="store_true", help="without https")
    options = parser.parse_args()
    try:
        if options.connections:
            raise_limit(options.connections)
            asyncio.run(crowd(options.connections, 2_000))
        if options.phases:
            asyncio.run(soak(options.phases, options.calls, options.workers, tls=not options.plain, tell=True))
    except Leak as leak:
        print(f"LEAK: {leak}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
