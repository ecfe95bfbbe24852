"""What becomes of a render when its server is asked to stop, or dies: a real server, a real render, real signals."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.live.wire import Live
from tests.test_vendors_on_the_wire import fetch, with_key

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks for processes below /proc")
PATIENCE_SECONDS = 60  # for anything, however busy the machine is


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [str(Path(sys.executable).with_name("simulator")), "serve", "--live", "--device", "cpu", "--port", "0"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield process
        process.kill()


def test_a_termination_ends_the_render_its_worker_and_its_files(
    server: subprocess.Popen[str], live: Live, tmp_path: Path
) -> None:
    [worker] = begin_a_render(server, live)
    assert list(tmp_path.iterdir())

    server.send_signal(signal.SIGTERM)

    assert server.wait(PATIENCE_SECONDS) == 0
    assert not is_running(worker)
    assert not list(tmp_path.iterdir())


def test_ctrl_c_goes_to_all_of_them_and_is_the_servers_to_answer(
    server: subprocess.Popen[str], live: Live, tmp_path: Path
) -> None:
    [worker] = begin_a_render(server, live)

    for process in (worker, server.pid):
        os.kill(process, signal.SIGINT)

    assert server.wait(PATIENCE_SECONDS) == 0
    assert not is_running(worker)
    assert not list(tmp_path.iterdir())


def test_a_worker_does_not_outlive_a_server_that_is_killed(server: subprocess.Popen[str], live: Live) -> None:
    [worker] = begin_a_render(server, live)

    server.kill()

    until(lambda: not is_running(worker))


def begin_a_render(server: subprocess.Popen[str], live: Live) -> list[int]:
    """Submit a job and wait until frames are made; return the worker processes."""
    assert server.stdout is not None
    told = re.search(r"on (http://\S+)", server.stdout.readline())
    assert told is not None
    base, headers = f"{told[1]}/deepswapai/v1", with_key("deepswapai")
    wishes = {"source_image": live.url("hopper.png"), "target_video": live.url("long.mp4")}
    _, _, job = fetch(
        "POST", f"{base}/video-swap", json.dumps(wishes).encode(), Content_Type="application/json", **headers
    )
    path = f"{base}/status/{json.loads(job)['job_id']}"
    until(lambda: json.loads(fetch("GET", path, **headers)[2]).get("current_frame"))
    children = Path(f"/proc/{server.pid}/task").glob("*/children")
    return [int(child) for listed in children for child in listed.read_text().split()]


def until(holds: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False
