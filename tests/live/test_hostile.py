"""Whatever a live server is given, each job ends in a real result or in the vendor's words, and the worker lives on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from simulator.vendors.deepswapai.live import BATCH, VIDEO
from tests.live.hostile import MADE, pictures, videos
from tests.live.wire import Live

MOST_BYTES = 1500 << 20
"""Of memory that a worker ever has, torch and its models included."""


@pytest.fixture(scope="module")
def folder(media: Path) -> Path:
    """Where hostile files are served from."""
    folder = media / "hostile"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def same_worker(live: Live) -> Iterator[None]:
    """The worker that is there before is there afterwards, and has not grown beyond bounds."""
    before = live.worker_ids()
    yield
    assert live.worker_ids() == before
    for id in before:
        status = Path(f"/proc/{id}/status")
        if status.exists():
            peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
            assert int(peak.split()[1]) * 1024 < MOST_BYTES, peak


def ended(said: Any) -> bool:
    return said["status"] in ("completed", "failed")


@pytest.mark.usefixtures("same_worker")
def test_pictures(live: Live, folder: Path) -> None:
    with Image.open(live.folder / "collins.png") as whole, Image.open(live.folder / "crowd.png") as crowd:
        given = pictures(whole.convert("RGB"), crowd.convert("RGB"))
    for name, (data, _) in given.items():
        (folder / name).write_bytes(data)
    urls = [live.url(f"hostile/{name}") for name in given]
    status, job = live.call(
        "POST", "/deepswapai/v1/batch-swap", {"source_image": live.url("hopper.png"), "target_images": urls}
    )
    assert status == 202, job

    end = live.end(f"/deepswapai/v1/status/{job['job_id']}", ended)

    strange = {}
    for one, (name, (_, may)) in zip(end["results"], given.items(), strict=True):
        if one["success"]:
            assert np.asarray(live.download(one["output_url"]).picture.convert("RGB")).size
            came = MADE
        else:
            came = next(
                (reason for reason in may if reason != MADE and _words(BATCH, reason) == one["error"]), one["error"]
            )
        if came not in may:
            strange[name] = came
    assert strange == {}
    live.call("POST", "/_simulator/reset")
    live.until(lambda: not live.left_on_disk())


@pytest.mark.usefixtures("same_worker")
def test_videos(live: Live, folder: Path, tmp_path: Path) -> None:
    with Image.open(live.folder / "collins.png") as whole:
        given = videos(tmp_path, live.data("one.mp4"), whole.convert("RGB"))
    jobs = {}
    for name, (data, _) in given.items():
        (folder / name).write_bytes(data)
        said = {"source_image": live.url("hopper.png"), "target_video": live.url(f"hostile/{name}")}
        status, job = live.call("POST", "/deepswapai/v1/video-swap", said)
        assert status == 202, (name, job)
        jobs[name] = job["job_id"]

    strange = {}
    for name, (_, may) in given.items():
        end = live.end(f"/deepswapai/v1/status/{jobs[name]}", ended)
        if end["status"] == "completed":
            assert live.download(end["output_url"]).frames
            came = MADE
        else:
            words = end["error"]
            came = next((reason for reason in may if reason != MADE and _words(VIDEO, reason) == words), words)
        if came not in may:
            strange[name] = came, live.box.job(jobs[name]).job.rendering
    assert strange == {}
    live.call("POST", "/_simulator/reset")
    live.until(lambda: not live.left_on_disk())


def _words(live: Any, reason: str) -> str:
    return str(live.failures[reason].message)


def test_uploads_that_are_no_media_are_refused_at_once_and_leave_nothing(live: Live) -> None:
    import base64

    text = base64.b64encode(b"<html>" * 50).decode()
    status, said = live.call(
        "POST", "/deepswapai/v1/image-swap", {"source_image": live.url("hopper.png"), "target_image": text}
    )

    assert (status, said["error_code"]) == (422, "unsupported_format")
    live.call("POST", "/_simulator/reset")
    live.until(lambda: not live.left_on_disk())
