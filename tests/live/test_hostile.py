"""Whatever a live server is given, each job ends in a real result or in the vendor's words, and the worker lives on."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from simulator.vendors.akool.live import ANALYSIS
from simulator.vendors.deepswapai.live import BATCH, VIDEO
from simulator.vendors.openshorts.live import CLIPS
from simulator.vendors.useapi.live import CHANGEBG
from tests.live.hostile import MADE, pictures, videos
from tests.live.test_clips import WANTED
from tests.live.wire import Live

MOST_BYTES = 1000 << 20
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


@pytest.mark.usefixtures("same_worker")
def test_pictures_as_portraits(live: Live) -> None:
    with Image.open(live.folder / "collins.png") as whole, Image.open(live.folder / "crowd.png") as crowd:
        given = pictures(whole.convert("RGB"), crowd.convert("RGB"))
    jobs = {}
    for name, (data, _) in given.items():
        said = {"a_background_photo_of": "a beach"}
        status, job = live.call("POST", "/useapi/v1/faceswap/changebg", said, files={"image": (name, data)})
        assert status == (200 if data else 400), (name, job)
        if data:
            jobs[name] = job["jobid"]

    live.until(lambda: all(live.box.job(id).is_final for id in jobs.values()))

    ends = {name: live.box.job(id) for name, id in jobs.items()}
    words = {failure.message for failure in CHANGEBG.failures.values()}
    assert {name for name, shot in ends.items() if shot.failure and shot.failure.message not in words} == set()
    assert {name for name, (_, may) in given.items() if may == {MADE} and not ends[name].succeeded} == set()
    live.call("POST", "/_simulator/reset")
    live.until(lambda: not live.left_on_disk())


@pytest.mark.usefixtures("same_worker")
def test_videos_to_be_analyzed_or_cut(live: Live, folder: Path, tmp_path: Path) -> None:
    with Image.open(live.folder / "collins.png") as whole:
        given = videos(tmp_path, live.data("one.mp4"), whole.convert("RGB"))
    jobs = {}
    for name, (data, may) in given.items():
        (folder / name).write_bytes(data)
        video = live.url(f"hostile/{name}")
        _, job = live.call("POST", "/akool/api/open/v4/headswap/analyze", {"video_url": video, "type": "head"})
        jobs[job["data"]["_id"]] = ANALYSIS, f"/akool/api/open/v4/headswap/analyze/detail?_id={job['data']['_id']}"
        if not may & {MADE, "no_face_in_target"} or name == "timeless.mp4":  # clips of the others take their time
            _, job = live.call("POST", "/openshorts/api/process", {"url": video, **WANTED})
            jobs[job["job_id"]] = CLIPS, f"/openshorts/api/status/{job['job_id']}"

    live.until(lambda: all(live.box.job(id).is_final for id in jobs))

    for id, (ways, path) in jobs.items():
        failure = live.box.job(id).failure
        assert failure or not any(name in str(live.box.job(id).job.fields) for name in ("gif-called", "png-called"))
        assert failure is None or failure in ways.failures.values()
        assert live.call("GET", path)[0] == 200
    live.call("POST", "/_simulator/reset")
    live.until(lambda: not live.left_on_disk())


def _words(live: Any, reason: str) -> str:
    return str(live.failures[reason].message)


def test_uploads_that_are_no_media_are_refused_at_once_and_leave_nothing(live: Live) -> None:
    text = base64.b64encode(b"<html>" * 50).decode()
    status, said = live.call(
        "POST", "/deepswapai/v1/image-swap", {"source_image": live.url("hopper.png"), "target_image": text}
    )

    assert (status, said["error_code"]) == (422, "unsupported_format")
    live.call("POST", "/_simulator/reset")
    live.until(lambda: not live.left_on_disk())
