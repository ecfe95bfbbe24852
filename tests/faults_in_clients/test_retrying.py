"""A client that tries again gets through every shipped scenario of faults, and sees what its name says on the way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.assembly import Background
from simulator.settings import Settings

KEY = {"Authorization": "Bearer test-key"}
VIDEO = {
    "source_image": "https://example.com/face.jpg",
    "target_video": "https://example.com/clip.mp4?width=64&height=36&duration=0.2",
}
NAMES = sorted(path.stem for path in (Path(__file__).parents[2] / "scenarios").glob("fault-*.yaml"))
DEAD_ENDS = {
    "fault-lost-submit": "no id",
    "fault-duplicate-keys": "no end",
    "fault-download-redirect-loop": "no file",
    "fault-download-expires-midway": "no file",
}
"""What nobody gets who plays these, however often it is tried."""
UNSEEN = {"fault-latency", "fault-dribble", "fault-huge", "fault-gzip", "fault-download-redirect"}
"""What requests copes with by itself."""
TRIES = 20
SECONDS = 5


@pytest.fixture(scope="module")
def server() -> Iterator[Background]:
    with Background(Settings(port=0, clock="skip", seed="retrying")) as running:
        yield running


class Retrying:
    """A client that tries everything again; ``troubles`` are the errors it met, ``outcome`` is what it got."""

    def __init__(self, server: Background, scenario: str) -> None:
        self.sandbox = server.simulator.sandboxes.create(scenario.replace("-", "_"))
        self.url = f"{server.url}/~{self.sandbox.id}/deepswapai"
        self.troubles: list[str] = []
        self.outcome = self._run(scenario)

    def _run(self, scenario: str) -> str:
        headers = {**KEY, "X-Simulator-Scenario": scenario}
        job = self._try("POST", f"{self.url}/v1/video-swap", 1, headers=headers, json=VIDEO)
        if job is None:
            return "no id"
        for _ in range(TRIES):
            said = self._try("GET", f"{self.url}/v1/status/{job.json()['job_id']}", TRIES, headers=KEY)
            if said is not None and said.json()["status"] == "completed":
                break
        else:
            return "no end"
        url, size = said.json()["output_url"], said.json()["file_size"]
        came = self._try("GET", url, TRIES, size=size)
        return "no file" if came is None else "all"

    def _try(self, method: str, url: str, times: int, size: int = 0, **said: Any) -> requests.Response | None:
        for _ in range(times):
            try:
                reply = requests.request(method, url, timeout=SECONDS, **said)
                reply.raise_for_status()
                if not size:
                    reply.json()
                elif len(reply.content) != size:
                    raise ValueError(f"{len(reply.content)} bytes")
                elif not reply.headers["Content-Type"].startswith("video/"):
                    self.troubles.append("no video")
            except (requests.RequestException, ValueError) as error:
                self.troubles.append(type(error).__name__)
                continue
            return reply
        return None


@pytest.mark.parametrize("name", NAMES)
def test_a_client_that_tries_again_gets_through(server: Background, name: str) -> None:
    client = Retrying(server, name)

    struck = [mark for exchange in client.sandbox.journal for mark in exchange.marks if mark.startswith("fault: ")]
    assert client.outcome == DEAD_ENDS.get(name, "all")
    assert bool(client.troubles) is (name not in UNSEEN and name not in ("fault-duplicate-keys", "fault-quota"))
    assert struck or name == "fault-quota"  # which few polls in the mode skip never use up
    assert client.sandbox.in_flight == 0
