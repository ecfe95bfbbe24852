"""A scenario whose jobs last by the frames of their outputs, played over HTTP."""

import json
from collections.abc import Iterator
from urllib.request import Request, urlopen

import pytest

from simulator.assembly import Background
from simulator.client import Simulator
from simulator.settings import Settings

BY_FRAMES = """\
scenario: by-frames
states:
  waiting: {then: running}
  running: {for: {frame: 12.5ms, start: 1s}, then: succeeded}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Background]:
    with Background(Settings(port=0, clock="manual", seed="7")) as running:
        with Simulator(running.url) as simulator:
            simulator.scenarios.add(BY_FRAMES)
        yield running


def lasts_ms(server: Background, path: str, body: dict[str, object]) -> tuple[int, int]:
    """Submit a job; return how many frames its outputs have, and how long it will take."""
    headers = {
        "Content-Type": "application/json",
        "Authorization": "Bearer key-of-the-studio",
        "X-Simulator-Scenario": "by-frames",
    }
    with urlopen(Request(f"{server.url}{path}", json.dumps(body).encode(), headers), timeout=30):
        job = server.simulator.sandboxes.main.jobs()[0].job
    return sum(output.frames for output in job.plan.outputs), job.entries[-1].at_ms - job.created_at_ms


@pytest.mark.parametrize("frames", [24, 240])
def test_a_long_video_takes_long(server: Background, frames: int) -> None:
    clip = f"https://a.test/clip.mp4?frames={frames}&duration=9"

    lasted = lasts_ms(
        server, "/deepswapai/v1/video-swap", {"source_image": "https://a.test/f.png", "target_video": clip}
    )

    assert lasted == (frames, 1_000 + frames * 12.5)


@pytest.mark.parametrize("count", [2, 6])
def test_each_picture_of_a_batch_is_a_frame(server: Background, count: int) -> None:
    pictures = [f"https://a.test/{at}.png" for at in range(count)]

    lasted = lasts_ms(
        server, "/deepswapai/v1/batch-swap", {"source_image": "https://a.test/f.png", "target_images": pictures}
    )

    assert lasted == (count, 1_000 + count * 12.5)
