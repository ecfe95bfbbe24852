"""The Python sample of the vendor's status page runs as printed, against the vendor's words."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from simulator.jobs.job import Job
from tests.vendors.deepswapai.jobs import ends, job, status

# https://deepswapai.com/developer-docs/endpoints/status, "Python - Polling", read 2026-08-01
SAMPLE = """
import deepswapai
import time

client = deepswapai.Client(api_key="YOUR_API_KEY")

job_id = "vjob_xyz789abc"

while True:
    status = client.get_status(job_id)
    print(f"Status: {status.status}, Progress: {status.progress}%")
    
    if status.status == "completed":
        print(f"Output URL: {status.output_url}")
        break
    elif status.status == "failed":
        print(f"Error: {status.error}")
        break
    
    time.sleep(5)  # Poll every 5 seconds
"""  # noqa: W293


class Server(ThreadingHTTPServer):
    """Says how one job stands at an instant that the test moves."""

    daemon_threads = True
    job: Job
    now_s = 0.0
    keys: set[str | None]


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        assert self.path == f"/v1/status/{self.server.job.id}"
        self.server.keys.add(self.headers["Authorization"])
        body = json.dumps(status(self.server.job, self.server.now_s)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.syspath_prepend(str(Path(__file__).parent))
        monkeypatch.setenv("DEEPSWAPAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
        monkeypatch.setattr(time, "sleep", lambda seconds: setattr(server, "now_s", server.now_s + seconds))
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.fact(
    "deepswapai.auth.bearer", "deepswapai.polling.sample-pace", "deepswapai.status.progress-in-every-state"
)
@pytest.mark.parametrize(
    ("word", "last"),
    [
        ("completed", "Output URL: https://cdn.deepswapai.com/results/xyz789.mp4"),
        ("failed", "Error: Rendering broke off"),
    ],
)
def test_the_polling_sample_runs_as_printed(
    word: str, last: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.job = job("video", ends(word, queued=5, processing=10), id="vjob_xyz789abc")
    server.keys = set()

    exec(compile(SAMPLE, "sample", "exec"), {})

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines[:-1]] == [
        "Status: queued", "Status: processing", "Status: processing", f"Status: {word}",
    ]  # fmt: skip
    assert lines[-1] == last
    assert server.keys == {"Bearer YOUR_API_KEY"}
