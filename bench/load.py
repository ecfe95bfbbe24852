"""The load: wrk where it is installed (Debian: apt install wrk; macOS: brew install wrk), else one of our own.

Our own is slower than wrk and, on a fast server, the bottleneck: rates then say less, processor time per request still
tells the truth. It runs as a process of its own: ``python -m bench.load PORT PATH SECONDS CONNECTIONS``.
"""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import cast

import uvloop

from bench.servers import HEADERS, LOAD_CORE, ROOT, pinned

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Load:
    """What one burst brought."""

    requests: int
    rate: float
    p99_ms: float
    refused: int


def generator() -> str:
    return "wrk" if shutil.which("wrk") else "bench/load.py (wrk is not installed)"


def burst(port: int, path: str, seconds: int, connections: int) -> Load:
    """Ask for one path as fast as the server answers, over connections that stay open."""
    if not shutil.which("wrk"):
        command = [sys.executable, "-m", "bench.load", str(port), path, str(seconds), str(connections)]
        return Load(**json.loads(subprocess.check_output(pinned(LOAD_CORE, command), cwd=ROOT, timeout=seconds + 60)))
    headers = [part for name, value in HEADERS.items() for part in ("-H", f"{name}: {value}")]
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        *headers,
        f"http://127.0.0.1:{port}{path}",
    ]
    return read_wrk(subprocess.check_output(pinned(LOAD_CORE, command), text=True, timeout=seconds + 60))


def read_wrk(printed: str) -> Load:
    """Read wrk's report."""

    def number(pattern: str) -> float:
        found = re.search(pattern, printed)
        return float(found[1]) if found else 0.0

    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", printed)
    return Load(
        requests=int(number(r"(\d+) requests in")),
        rate=number(r"Requests/sec:\s+([\d.]+)"),
        p99_ms=float(p99[1]) * MS[p99[2]] if p99 else 0.0,
        refused=int(number(r"Non-2xx or 3xx responses: (\d+)")),
    )


class _Client(asyncio.Protocol):
    """One connection: asks again as soon as it has been answered."""

    def __init__(self, request: bytes, until: float, waits_s: list[float]) -> None:
        self.request, self.until, self.waits_s = request, until, waits_s
        self.done = asyncio.get_running_loop().create_future()
        self.received = b""
        self.refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own class, which does not derive from it
        self._ask()

    def _ask(self) -> None:
        self.asked_at = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head = self.received.find(b"\r\n\r\n")
        if head < 0:
            return
        length = LENGTH.search(self.received, 0, head + 1)
        if length is None and b"chunked" in self.received[:head]:
            complete = self.received.endswith(b"0\r\n\r\n")
        else:
            complete = len(self.received) >= head + 4 + int(length[1] if length else 0)
        if complete:
            self._answered()

    def _answered(self) -> None:
        now = time.perf_counter()
        self.waits_s.append(now - self.asked_at)
        self.refused += self.received[9:10] not in b"23"
        self.received = b""
        if now < self.until:
            self._ask()
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(self.refused)


async def _burst(port: int, path: str, seconds: int, connections: int) -> Load:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        *(f"{name}: {value}" for name, value in HEADERS.items()),
    ]
    request = "\r\n".join([*lines, "", ""]).encode()
    waits_s: list[float] = []
    begun = time.perf_counter()
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Client(request, begun + seconds, waits_s), "127.0.0.1", port)
        for _ in range(connections)
    ]
    refused = await asyncio.gather(*(client.done for _, client in made))
    took = time.perf_counter() - begun
    p99_ms = sorted(waits_s)[len(waits_s) * 99 // 100] * 1000
    return Load(len(waits_s), len(waits_s) / took, p99_ms, sum(refused))


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(_burst(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))))
