"""The vendor's own samples, key for key, from its status page (https://deepswapai.com/developer-docs/endpoints/status)
and its image-swap page (https://deepswapai.com/de/developer-docs/endpoints/image-swap), both read 2026-08-01."""

import pytest

from simulator.jobs.timeline import unfold
from tests.vendors.deepswapai.jobs import (
    NOON_MS,
    PICTURE,
    batch,
    call,
    ended,
    ends,
    job,
    result,
    said,
    status,
)

SAMPLE = {"frames": 600, "duration_ms": 45_200, "size_bytes": 28_456_789, "width_px": 1920, "height_px": 1080}
URL = "https://cdn.deepswapai.com"


@pytest.mark.fact(
    "deepswapai.status.video-processing",
    "deepswapai.status.video-progress",
    "deepswapai.status.estimated-remaining-rate",
    "deepswapai.status.frames-only-while-processing",
    "deepswapai.status.types",
    "deepswapai.envelope.flat-success",
    "deepswapai.id.video",
)
def test_the_documented_video_under_way() -> None:
    made = job("video", ends(queued=0, result=result(kind="video", **SAMPLE)), id="vjob_xyz789abc")

    assert status(made, 45) == {
        "success": True,
        "job_id": "vjob_xyz789abc",
        "type": "video_swap",
        "status": "processing",
        "progress": 45,
        "current_frame": 270,
        "total_frames": 600,
        "estimated_remaining": 55,
    }


@pytest.mark.fact(
    "deepswapai.status.video-completed",
    "deepswapai.status.samples-disagree",
    "deepswapai.status.duration",
    "deepswapai.status.file-size",
    "deepswapai.output.resolution",
    "deepswapai.output.format",
    "deepswapai.output.processing-time",
    "deepswapai.credits.video-sample",
    "deepswapai.credits.video",
    "deepswapai.credits.whole",
    "deepswapai.file.results-url",
    "deepswapai.file.stem",
    "deepswapai.file.expires-at",
    "deepswapai.file.24-hours",
    "deepswapai.time.form",
)
def test_the_documented_completed_video() -> None:
    played = ends(queued=18.5, processing=100, result=result(kind="video", **SAMPLE))
    made = job("video", played, id="vjob_xyz789abc")
    made.created_at_ms = NOON_MS - 118_500
    made.entries = unfold(made.plan, made.created_at_ms)

    assert status(made) == {
        "success": True,
        "job_id": "vjob_xyz789abc",
        "type": "video_swap",
        "status": "completed",
        "progress": 100,
        "output_url": f"{URL}/results/xyz789.mp4",
        "output_format": "mp4",
        "resolution": "1920x1080",
        "duration": 45.2,
        "file_size": 28456789,
        "processing_time": 118500,
        "credits_used": 48,
        "expires_at": "2026-01-29T12:00:00Z",
    }


@pytest.mark.fact(
    "deepswapai.status.batch-processing",
    "deepswapai.status.batch-progress",
    "deepswapai.status.batch-counts",
    "deepswapai.batch.partial-results",
    "deepswapai.batch.item",
    "deepswapai.batch.index-from-0",
    "deepswapai.file.batch-url",
    "deepswapai.file.stem",
    "deepswapai.id.batch",
)
def test_the_documented_batch_under_way() -> None:
    by_end = sorted(job("batch", batch()).plan.items, key=lambda item: item.lasts_ms)
    early, last = [item.index for item in by_end[:37] if item.index != 0], by_end[36]
    made = job("batch", batch(*early[:2]), id="batch_abc123")

    body = status(made, 2 + last.lasts_ms / 1000)

    first = body["partial_results"][0]
    assert first == {"index": 0, "success": True, "output_url": f"{URL}/batch/abc_0.png"}
    assert {**body, "partial_results": [first]} == {
        "success": True,
        "job_id": "batch_abc123",
        "type": "batch_swap",
        "status": "processing",
        "total_images": 50,
        "completed": 35,
        "failed": 2,
        "progress": 74,
        "partial_results": [first],
    }


@pytest.mark.fact(
    "deepswapai.image-swap.reply",
    "deepswapai.image-swap.status-200",
    "deepswapai.image-swap.faces-detected",
    "deepswapai.credits.image-sample",
    "deepswapai.credits.image",
    "deepswapai.id.image",
    "deepswapai.file.stem",
)
def test_the_documented_image() -> None:
    body = {"source_image": PICTURE, "target_image": f"{PICTURE}?width=1280&height=720", "quality": "4k"}
    played = ends(queued=0.34, processing=2)
    reply = said("imageSwap", ended(job("image", played, body=body, id="job_abc123xyz")), call("imageSwap"))

    assert reply.status == 200
    assert reply.body == {
        "success": True,
        "job_id": "job_abc123xyz",
        "output_url": f"{URL}/results/abc123.png",
        "output_format": "png",
        "resolution": "3840x2160",
        "processing_time": 2340,
        "faces_detected": 1,
        "credits_used": 1,
    }
