"""Status polls while two videos are rendered, beside the same polls while nothing is: one connection, one question at a time.

``python -m bench.live_polls``; a part of ``make bench-live``. Needs the extras live and live-test.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import av

from bench.live_clips import clip, photograph_file
from bench.load import LENGTH
from bench.rows import Missing, Row, median_row, print_table, ratios
from bench.servers import HEADERS, ROOT, ask, first_reply, free_port, stop
from bench.subject import COMMAND, PREFIX
from simulator.renders.slots import Patience

FOLDER = ROOT / "build/live"
CLIP = (1280, 720, 4)  # width, height, seconds; made once, for a part of the bench that needs it too
TIMES = 8  # that it is shown over: long enough to be under way while it is asked after
RUNNING = ("pending", "queued", "processing")
AT_MOST = 2.0
PATIENCE_S = 120.0


def measure(rounds: int = 5, polls: int = 4000) -> list[Row]:
    """Return the rows: how much longer a poll takes while two renders run, at the median and at the 99th percentile.

    Raises:
        Missing: live mode is not installed, or does not do what is needed.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    photograph_file("hopper", FOLDER)
    photograph_file("collins", FOLDER)
    video = _repeated(clip(FOLDER, "collins", *CLIP))
    with _files(FOLDER) as media, _live_server() as port:
        idle, busy = list[list[float]](), list[list[float]]()
        for _ in range(rounds):
            face = f"{media}/hopper.png"
            path = _submit(port, "batch-swap", source_image=face, target_images=[f"{media}/collins.png"])
            _until(port, path, lambda said: said.get("status") == "completed")
            idle.append(waits_ms(port, path, polls))
            wishes = {"source_image": face, "target_video": f"{media}/{video.name}"}
            videos = [_submit(port, "video-swap", **wishes) for _ in range(2)]
            for one in videos:
                _until(port, one, lambda said: bool(said.get("progress")))
            busy.append(waits_ms(port, path, polls))
            for one in videos:
                if json.loads(ask(port, one)[1])["status"] != "processing":
                    raise Missing("the renders ended before the polls did: ask for fewer with --polls")
            ask(port, "/_simulator/reset", "POST", b"{}")
            time.sleep(Patience().stop + 1)  # by then no cancelled render runs on
    for name, rows in (("idle", idle), ("two renders", busy)):
        told = ", ".join(f"{_at(one, 0.5):.3f}/{_at(one, 0.99):.3f}/{max(one):.1f}" for one in rows)
        print(f"  {name:12} p50/p99/longest of each round, ms: {told}")
    return [
        median_row(f"poll at {name} with two renders ÷ idle", ratios(*_each(busy, idle, share)), at_most=most)
        for name, share, most in (("p50", 0.5, None), ("p99", 0.99, AT_MOST))
    ]


def _repeated(path: Path) -> Path:
    """Return a video that shows another one several times; its packets are copied."""
    longer = path.with_name(f"{path.stem}-{TIMES}-times.mp4")
    with av.open(str(path)) as source, av.open(str(longer), "w") as out:
        stream = source.streams.video[0]
        copied = out.add_stream_from_template(stream)
        packets = [packet for packet in source.demux(stream) if packet.dts is not None and packet.pts is not None]
        length = stream.duration or sum(packet.duration or 0 for packet in packets)
        begun = [(packet, packet.pts, packet.dts) for packet in packets]
        for number in range(TIMES):
            for packet, pts, dts in begun:
                packet.pts, packet.dts, packet.stream = (
                    (pts or 0) + number * length,
                    (dts or 0) + number * length,
                    copied,
                )
                out.mux(packet)
    return longer


def _each(busy: list[list[float]], idle: list[list[float]], share: float) -> tuple[list[float], list[float]]:
    return [_at(one, share) for one in busy], [_at(one, share) for one in idle]


def _at(waits: list[float], share: float) -> float:
    return sorted(waits)[int(len(waits) * share)]


def waits_ms(port: int, path: str, polls: int) -> list[float]:
    """Ask for one path over one connection, again as soon as it is answered; return how long each reply took."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{name}: {said}" for name, said in HEADERS.items())]
    request = "\r\n".join([*lines, "", ""]).encode()
    waits = []
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(polls):
            asked = time.perf_counter()
            connection.sendall(request)
            _read_reply(connection)
            waits.append((time.perf_counter() - asked) * 1000)
    return waits


def _read_reply(connection: socket.socket) -> None:
    said = b""
    while (head := said.find(b"\r\n\r\n")) < 0:
        said += _more(connection)
    length = LENGTH.search(said, 0, head + 2)
    if not said.startswith(b"HTTP/1.1 200") or length is None:
        raise Missing(f"a poll was answered with {said[:200]!r}")
    while len(said) < head + 4 + int(length[1]):
        said += _more(connection)


def _more(connection: socket.socket) -> bytes:
    said = connection.recv(65536)
    if not said:
        raise Missing("the server closed the connection")
    return said


def _submit(port: int, what: str, **fields: object) -> str:
    status, reply = ask(port, f"{PREFIX}/{what}", "POST", json.dumps(fields).encode())
    if status not in (200, 202):
        raise Missing(f"the simulator refused the job: {status} {reply[:200]!r}")
    return f"{PREFIX}/status/{json.loads(reply)['job_id']}"


def _until(port: int, path: str, holds: Callable[[dict[str, object]], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not holds(said := json.loads(ask(port, path)[1])):
        if said.get("status") not in RUNNING or time.monotonic() > give_up_at:
            raise Missing(f"a live job came to nothing: {said}")
        time.sleep(0.05)


@contextmanager
def _live_server() -> Iterator[int]:
    """Run a live server with two slots; no core is set aside for it, since its workers would be kept there too."""
    port = free_port()
    command = (COMMAND, "serve", "--port", str(port), "--live", "--slots", "2", "--device", "cpu")
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        first_reply(process, port, f"{PREFIX}/credits")
        yield port
    finally:
        stop(process)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def _files(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main() -> int:
    """Return 1 if the aim is missed."""
    parser = argparse.ArgumentParser(prog="make bench-live", description="Measure polls beside renders.")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (5)")
    parser.add_argument("--polls", type=int, default=4000, help="status polls of each measurement (4000)")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f} at the start")
    try:
        rows = measure(options.rounds, options.polls)
    except Missing as missing:
        rows = [Row("polls beside renders", None, note=str(missing))]
    print()
    print_table(rows)
    return any(row.verdict == "MISSED" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
