"""Ports that cannot be had, and the end of serving, whatever is under way."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.assembly import CannotListen
from simulator.cli import main

FREE = ("--port", "0")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize(
    ("flag", "value", "more"),
    [
        ("--port", "{}", ()),
        ("--vendor-port", "a2e={}", FREE),
        ("--control-port", "{}", FREE),
        ("--tls-port", "{}", (*FREE, "--tls")),
    ],
)
def test_a_taken_port_is_named_with_its_flag_and_none_stays_open(
    taken: int, flag: str, value: str, more: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["serve", *more, "--cache", str(tmp_path), flag, value.format(taken)])

    complaint = capsys.readouterr()
    assert (status, complaint.out) == (2, "")
    assert complaint.err.count("\n") == 1
    assert complaint.err.startswith(f"simulator: cannot listen on 127.0.0.1, port {taken} ({flag}): ")
    assert f"{flag} names another port" in complaint.err


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b"])
def test_an_address_that_is_not_ours_is_told_plainly(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["serve", *FREE, "--host", host])

    complaint = capsys.readouterr().err
    assert (status, complaint.count("\n")) == (2, 1)
    assert complaint.startswith(f"simulator: cannot listen on {host}, port 0 (--port): ")
    assert "--host names another address" in complaint


def test_a_forbidden_port_is_told_plainly() -> None:
    said = str(CannotListen("0.0.0.0", 80, "--port", PermissionError(13, "permission denied")))

    assert said.startswith("cannot listen on 0.0.0.0, port 80 (--port): Permission denied; --port names another port")


@pytest.fixture
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[str], int, float]]:
    """Serve in a process of its own, below what a parameter says; the process, its port, how many seconds its start took."""
    begun = time.monotonic()
    command = [
        *getattr(request, "param", ()),
        sys.executable,
        "-m",
        "simulator",
        "serve",
        *FREE,
        "--cache",
        str(tmp_path),
        "--clock",
        "manual",
        "--hold",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split("http://localhost:")[1]
        yield process, int(url.split()[0]), time.monotonic() - begun
        process.kill()


@contextlib.contextmanager
def connection(port: int, sent: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(sent)
        yield client


def call(port: int, method: str, path: str, body: object = None) -> bytes:
    """Return a request in bytes."""
    data = json.dumps(body).encode() if body is not None else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer k\r\nx-api-token: k\r\n"
    return head.encode() + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(data) + data


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_within_two_seconds_whatever_is_under_way(
    served: tuple[subprocess.Popen[str], int, float], wish: signal.Signals
) -> None:
    process, port, start_seconds = served
    swap = {"source": "https://example.com/a.jpg", "target": "https://example.com/b.jpg"}
    with contextlib.ExitStack() as held, socket.socket() as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.listen()  # takes connections and never answers
        hook = {"url": f"http://127.0.0.1:{receiver.getsockname()[1]}/"}
        for sent in (
            *[b""] * 50,
            *[b"GET / HT"] * 20,
            call(port, "POST", "/deepswapai/v1/image-swap", {**swap, "webhook_url": hook["url"]}),
            b"POST /a2e/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{",
        ):
            held.enter_context(connection(port, sent))
        greedy = held.enter_context(connection(port))
        greedy.settimeout(0.2)
        with contextlib.suppress(OSError):
            greedy.sendall(call(port, "GET", "/_simulator/openapi/useapi.json") * 200)  # and reads none of the replies
        health = held.enter_context(connection(port, call(port, "GET", "/_simulator/health")))
        assert health.recv(65536).startswith(b"HTTP/1.1 200 ")

        begun = time.monotonic()
        process.send_signal(wish)
        status = process.wait(timeout=20)

    assert time.monotonic() - begun < max(2.0, 2 * start_seconds)  # a start takes half a second where nothing else runs
    assert status == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
@pytest.mark.parametrize("served", [("sh", "-c", 'ulimit -n 64 && exec "$0" "$@"')], indirect=True)
def test_more_connections_than_the_system_allows_leave_it_answering(
    served: tuple[subprocess.Popen[str], int, float],
) -> None:
    _, port, _ = served
    with contextlib.ExitStack() as held:
        for _ in range(100):
            held.enter_context(connection(port))

        with connection(port, call(port, "GET", "/_simulator/health")) as health:
            assert health.recv(65536).startswith(b"HTTP/1.1 200 ")


_HANGS_AT_ITS_END = """
import asyncio
from simulator.cli.serve import end_on_signals

async def main():
    is_over = asyncio.Event()
    end_on_signals(asyncio.get_running_loop(), is_over)
    print("serving", flush=True)
    await is_over.wait()
    print("ending", flush=True)
    await asyncio.wait_for(asyncio.Event().wait(), 30)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(second: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", _HANGS_AT_ITS_END], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "serving\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "ending\n"

        process.send_signal(second)

        assert process.wait(timeout=20) == -second
