"""What is measured: the simulator as a process, with one job to ask for."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.rows import Missing
from bench.servers import Running, Server, ask, first_reply, free_port, start, stop

CONTRACT = "openapi/deepswapai.yaml"
PREFIX = "/deepswapai/v1"
SAMPLE_ID = "vjob_xyz789abc"
SUBMIT = {"source_image": "https://example.com/face.jpg", "target_video": "https://example.com/video.mp4?duration=60"}
COMMAND = str(Path(sys.executable).parent / "simulator")

SIMULATOR = Server(
    "simulator",
    lambda port: (COMMAND, "serve", "--host", "127.0.0.1", "--port", str(port), "--clock", "manual"),
    (f"{PREFIX}/status/{SAMPLE_ID}",),  # unknown, and so refused: a vendor's reply all the same
)


def submit(port: int) -> str:
    """Submit a job and return the path of its status."""
    status, reply = ask(port, f"{PREFIX}/video-swap", "POST", json.dumps(SUBMIT).encode())
    if status not in (200, 202):
        raise Missing(f"the simulator refused the job: {status} {reply[:200]!r}")
    return f"{PREFIX}/status/{json.loads(reply)['job_id']}"


@contextmanager
def with_a_running_job(server: Server = SIMULATOR, name: str = "simulator") -> Iterator[Running]:
    """Run the simulator with one job under way, on a clock that stands still: every poll gets the same reply."""
    port = free_port()
    process = start(server, port)
    try:
        first_reply(process, port, server.paths[0])
        path = submit(port)
        ask(port, "/_simulator/clock/advance", "POST", b'{"by": "3s"}')
        yield Running(name, port, path, process, server.warm_up_s)
    finally:
        stop(process)
