"""Numbers follow from the plan and the instant, whatever the dice said."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.jobs.scenario import Result, Scenario
from tests.vendors.deepswapai.jobs import CLIP, FACE, PICTURE, batch, ends, job, result, status, submitted

seconds = st.integers(0, 2_000_000).map(lambda ms: ms / 1000)
looks = st.lists(seconds, min_size=2, max_size=8).map(sorted)
ENDS = ("completed", "failed")


@st.composite
def videos(draw: st.DrawFn) -> tuple[Scenario, dict[str, Any]]:
    """Return any video job: its scenario and its request."""
    frames = draw(st.none() | st.integers(1, 3000))
    shape = result(kind="video", frames=frames) if frames else Result()
    spans = {"queued": draw(seconds), "processing": draw(seconds)}
    length = draw(st.integers(3000, 600_000)) / 1000
    form = draw(st.sampled_from(["mp4", "webm", "mov"]))
    body = {"source_image": FACE, "target_video": f"{CLIP}?duration={length}", "output_format": form}
    return ends(draw(st.sampled_from(ENDS)), **spans, result=shape), body


@pytest.mark.fact(
    "deepswapai.status.progress-never-falls",
    "deepswapai.status.progress-rounding",
    "deepswapai.status.progress-in-every-state",
    "deepswapai.status.end-stays",
    "deepswapai.status.words",
    "deepswapai.status.course",
    "deepswapai.status.video-progress",
    "deepswapai.status.frames-only-while-processing",
)
@given(videos(), looks, st.text(max_size=3))
def test_a_video_only_goes_forward(video: tuple[Scenario, dict[str, Any]], instants: list[float], seed: str) -> None:
    made = job("video", video[0], body=video[1], seed=seed)

    seen = [status(made, instant) for instant in instants]

    for body in seen:
        assert ("current_frame" in body) == ("total_frames" in body) == (body["status"] == "processing")
        if body["status"] == "processing":
            assert body["progress"] == 100 * body["current_frame"] // body["total_frames"] <= 99
            assert body["current_frame"] < body["total_frames"]
    for earlier, later in pairwise(seen):
        assert earlier["progress"] <= later["progress"]
        assert order(earlier) <= order(later)
        if earlier["status"] in ENDS:
            assert later == earlier


def order(body: dict[str, Any]) -> int:
    return {"queued": 0, "processing": 1, "completed": 2, "failed": 2}[body["status"]]


@pytest.mark.fact("deepswapai.status.video-progress")
@pytest.mark.parametrize("second", range(100))
def test_a_frame_a_second_is_a_frame_a_second(second: int) -> None:
    made = job("video", ends(queued=0, processing=100, result=result(kind="video", frames=100)))

    assert status(made, second)["current_frame"] == second


@pytest.mark.fact("deepswapai.status.estimated-remaining-rate", "deepswapai.status.estimated-remaining-unit")
@given(st.integers(10_000, 1_000_000), st.integers(1, 2000), st.floats(0.001, 0.999))
def test_the_time_that_remains_is_the_frames_left_at_their_pace(work_ms: int, frames: int, share: float) -> None:
    made = job("video", ends(queued=0, processing=work_ms / 1000, result=result(kind="video", frames=frames)))

    body = status(made, share * work_ms / 1000)

    exact = (frames - body["current_frame"]) * work_ms / frames / 1000
    assert abs(body["estimated_remaining"] - math.ceil(exact)) <= (0 if abs(exact - round(exact)) > 0.01 else 1)


@pytest.mark.fact(
    "deepswapai.batch.counts-match",
    "deepswapai.batch.item-order",
    "deepswapai.batch.partial-results",
    "deepswapai.status.batch-progress",
    "deepswapai.status.batch-counts",
    "deepswapai.status.progress-never-falls",
    "deepswapai.credits.batch",
)
@given(st.integers(1, 50), st.sets(st.integers(0, 49)), looks, st.text(max_size=3))
def test_a_batch_counts_what_it_lists(count: int, fail: set[int], instants: list[float], seed: str) -> None:
    body = {"source_image": FACE, "target_images": [PICTURE] * count}
    made = job("batch", batch(*fail), body=body, seed=seed)

    seen = [status(made, instant / 20) for instant in instants] + [status(made)]

    for said in seen:
        listed = said.get("results", said.get("partial_results", []))
        good = [image for image in listed if image["success"]]
        assert (said["completed"], said["failed"]) == (len(good), len(listed) - len(good))
        assert said["progress"] == 100 * len(listed) // count
        assert [image["index"] for image in listed] == sorted({image["index"] for image in listed})
        assert all((image["index"] in fail) != image["success"] for image in listed)
        assert said.get("credits_used", 0) in (0, len(good))
    assert all(one["progress"] <= other["progress"] for one, other in pairwise(seen))
    assert seen[-1]["completed"] + seen[-1]["failed"] == seen[-1]["total_images"] == count
    assert seen[-1]["status"] == ("failed" if seen[-1]["completed"] == 0 else "completed")


@pytest.mark.fact("deepswapai.submit.estimated-time-rule", "deepswapai.polling.pace", "deepswapai.polling.sample-pace")
@given(st.integers(1, 600_000), st.booleans())
def test_a_client_that_polls_as_advised_sees_the_end_soon_after_it_came(work_ms: int, backs_off: bool) -> None:
    made = job("video", ends(queued=3, processing=work_ms / 1000))
    pause, now = (2.0, 0.0) if backs_off else (5.0, 0.0)

    while status(made, now)["status"] != "completed":
        now += pause
        pause = min(pause * 2, 30) if backs_off else pause

    assert 3 + work_ms / 1000 <= now <= 3 + work_ms / 1000 + 30
    assert submitted(made).body["estimated_time"] == math.ceil(3 + work_ms / 1000)
