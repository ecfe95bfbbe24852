"""What jobs look like on the wire, by state and by kind; every reply here is also judged by the contract."""

from typing import Any

import pytest

from simulator.jobs.durations import fixed
from simulator.jobs.job import DELETED, FORCED, Event
from simulator.jobs.scenario import Branch, Expiry, Failure, Items, Scenario, State
from simulator.jobs.snapshot import look
from simulator.jobs.timeline import unfold
from simulator.vendors.vendor import Record
from tests.vendors.deepswapai.jobs import (
    CLIP,
    NOON_MS,
    PICTURE,
    batch,
    call,
    ended,
    ends,
    job,
    operation,
    result,
    said,
    scenario,
    state,
    status,
    submitted,
)

STATUS_PAGE = "https://deepswapai.com/developer-docs/endpoints/status"  # read 2026-08-01
SAMPLE = {"frames": 600, "duration_ms": 45_200, "size_bytes": 28_456_789, "width_px": 1920, "height_px": 1080}
URL = "https://cdn.deepswapai.com"


def image_reply(made: Any) -> Any:
    return said("imageSwap", ended(made), call("imageSwap"))


# The vendor's own samples


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
    reply = image_reply(job("image", ends(queued=0.34, processing=2), body=body, id="job_abc123xyz"))

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


# States in general


@pytest.mark.fact("deepswapai.video-swap.reply", "deepswapai.video-swap.job-id-at-once", "deepswapai.submit.word")
@pytest.mark.fact("deepswapai.submit.estimated-time", "deepswapai.submit.estimated-time-rule")
def test_an_accepted_video_tells_its_id_and_how_long_it_will_take() -> None:
    reply = submitted(job("video", ends(queued=2, processing=117.2), id="vjob_xyz789abc"))

    assert reply.body == {
        "success": True,
        "job_id": "vjob_xyz789abc",
        "type": "video_swap",
        "status": "queued",
        "estimated_time": 120,
    }


@pytest.mark.fact("deepswapai.batch-swap.reply", "deepswapai.submit.estimated-time-rule")
def test_an_accepted_batch_tells_its_id_its_size_and_how_long_it_will_take() -> None:
    reply = submitted(job("batch", batch(seconds=(148, 148)), id="batch_abc123"))

    assert reply.body == {
        "success": True,
        "job_id": "batch_abc123",
        "type": "batch_swap",
        "status": "queued",
        "total_images": 50,
        "estimated_time": 150,
    }


@pytest.mark.fact("deepswapai.submit.word")
@pytest.mark.parametrize(
    ("played", "word"),
    [
        (ends(queued=0), "processing"),
        (ends(queued=0, processing=0), "processing"),
        (scenario(state("queued", 0, "failed"), state("failed")), "queued"),
        (scenario(state("processing", then="completed", forever=True), state("completed")), "processing"),
    ],
)
def test_a_submit_shows_the_first_word_that_lasts_and_never_an_end(played: Scenario, word: str) -> None:
    assert submitted(job("video", played)).body["status"] == word


@pytest.mark.fact("deepswapai.submit.status-202")
@pytest.mark.parametrize("kind", ["video", "batch"])
@pytest.mark.parametrize(("switches", "expected"), [({}, 202), ({"submit_status": "200"}, 200)])
def test_the_status_of_a_submit_is_202_or_200(kind: str, switches: dict[str, str], expected: int) -> None:
    assert submitted(job(kind, ends(), switches=switches)).status == expected


@pytest.mark.fact(
    "deepswapai.status.video-queued", "deepswapai.status.batch-queued", "deepswapai.status.progress-in-every-state"
)
def test_a_queued_job_shows_no_work_yet() -> None:
    video = status(job("video", ends(queued=9), id="vjob_abcdef"), 8)
    many = status(job("batch", batch(), id="batch_abcdef"), 1)

    assert video == {
        "success": True, "job_id": "vjob_abcdef", "type": "video_swap", "status": "queued", "progress": 0,
    }  # fmt: skip
    assert many == {
        "success": True, "job_id": "batch_abcdef", "type": "batch_swap", "status": "queued",
        "total_images": 50, "completed": 0, "failed": 0, "progress": 0,
    }  # fmt: skip


@pytest.mark.fact(
    "deepswapai.status.failed-error",
    "deepswapai.status.error-is-text",
    "deepswapai.status.failed-is-200",
    "deepswapai.status.failed-shape",
    "deepswapai.status.error-codes",
)
def test_a_failed_video_shows_why_and_how_far_it_came() -> None:
    made = job("video", ends("failed"))
    before = status(made, 101.9)

    body = status(made)

    assert set(body) == {"success", "job_id", "type", "status", "progress", "error", "error_code"}
    assert (body["success"], body["status"]) == (True, "failed")
    assert (body["error"], body["error_code"]) == ("Rendering broke off", "processing_failed")
    assert 0 < before["progress"] <= body["progress"] < 100


@pytest.mark.fact("deepswapai.status.queued-may-fail")
def test_a_job_may_fail_in_the_queue() -> None:
    body = status(job("video", scenario(state("queued", 5, "failed"), state("failed"))))

    assert (body["status"], body["progress"], body["error"]) == ("failed", 0, "Processing failed")


@pytest.mark.fact("deepswapai.status.error-codes")
@pytest.mark.parametrize(
    ("failure", "error", "code"),
    [
        (None, "The content was rejected", "content_rejected"),
        (Failure("Not allowed"), "Not allowed", "content_rejected"),
        (Failure("Too dark", code="too_dark"), "Too dark", "too_dark"),
    ],
)
def test_moderation_is_a_failure_whose_cause_is_told(failure: Failure | None, error: str, code: str) -> None:
    states = (state("waiting", 1, "running"), state("running", 9, "moderated"), State("moderated", error=failure))
    neutral = Scenario("moderated-midway", states)

    video, picture = status(job("video", neutral)), image_reply(job("image", neutral))

    assert (video["status"], video["error"], video["error_code"]) == ("failed", error, code)
    assert (picture.status, picture.body["error"], picture.body["error_code"]) == (422, error, code)


@pytest.mark.fact("deepswapai.image-swap.failed")
@pytest.mark.parametrize("shape", ["flat", "nested"])
def test_an_image_that_fails_is_an_error(shape: str) -> None:
    reply = image_reply(job("image", ends("failed"), switches={"error_shape": shape}))

    flat = {"success": False, "error": "Rendering broke off", "error_code": "processing_failed"}
    nested = {"success": False, "error": {"code": "processing_failed", "message": "Rendering broke off"}}
    assert (reply.status, reply.body) == (422, nested if shape == "nested" else flat)


# Ends of batches


@pytest.mark.fact(
    "deepswapai.status.batch-completed",
    "deepswapai.batch.completed-despite-failures",
    "deepswapai.batch.item-failed",
    "deepswapai.batch.item-order",
    "deepswapai.batch.counts-match",
    "deepswapai.credits.batch",
    "deepswapai.credits.failed",
)
def test_a_batch_completes_with_the_images_that_succeeded() -> None:
    body = {"source_image": PICTURE, "target_images": [PICTURE] * 4}
    made = job("batch", batch(1, 3, seconds=(2.1, 2.1), error="Too dark"), body=body, id="batch_abc123")

    assert made.plan.price == 2
    assert status(made) == {
        "success": True,
        "job_id": "batch_abc123",
        "type": "batch_swap",
        "status": "completed",
        "total_images": 4,
        "completed": 2,
        "failed": 2,
        "progress": 100,
        "results": [
            {"index": 0, "success": True, "output_url": f"{URL}/batch/abc_0.png"},
            {"index": 1, "success": False, "error": "Too dark"},
            {"index": 2, "success": True, "output_url": f"{URL}/batch/abc_2.png"},
            {"index": 3, "success": False, "error": "Too dark"},
        ],
        "processing_time": 4100,
        "credits_used": 2,
        "expires_at": "2026-01-29T12:00:04Z",
    }


@pytest.mark.fact("deepswapai.batch.results-name")
@pytest.mark.parametrize("name", ["results", "partial_results"])
def test_the_list_of_results_has_the_name_that_is_chosen(name: str) -> None:
    switches = {"batch_results": name}
    everything_fails = batch(*range(50))

    for made in (job("batch", batch(), switches=switches), job("batch", everything_fails, switches=switches)):
        assert len(status(made)[name]) == 50
        assert "partial_results" in status(made, 3)


@pytest.mark.fact("deepswapai.batch.all-items-failed", "deepswapai.status.batch-failed", "deepswapai.credits.failed")
def test_a_batch_fails_only_with_its_last_image() -> None:
    body = {"source_image": PICTURE, "target_images": [PICTURE] * 2}
    made = job("batch", batch(0, 1), body=body, id="batch_abc123")

    assert made.plan.price == 0
    assert status(made) == {
        "success": True,
        "job_id": "batch_abc123",
        "type": "batch_swap",
        "status": "failed",
        "total_images": 2,
        "completed": 0,
        "failed": 2,
        "progress": 100,
        "results": [
            {"index": 0, "success": False, "error": "Processing failed"},
            {"index": 1, "success": False, "error": "Processing failed"},
        ],
        "error": "Every image of the batch failed",
        "error_code": "processing_failed",
    }


@pytest.mark.fact("deepswapai.status.batch-failed")
def test_a_batch_that_breaks_off_lists_what_it_has() -> None:
    made = job("batch", ends("failed"))

    body = status(made)

    assert 0 < body["completed"] == len(body["results"]) < 50
    assert (body["failed"], body["error"]) == (0, "Rendering broke off")


def test_a_scenario_may_say_why_a_batch_fails() -> None:
    every = Items(fixed(1000), fail_rate=1.0)
    states = (state("processing", None, "completed", items=every), state("completed"))
    made = job("batch", scenario(*states, state("failed", error=Failure("No light"))))

    assert (status(made)["error"], status(made)["error_code"]) == ("No light", "processing_failed")


def test_a_batch_that_a_test_forces_to_its_end_has_all_its_images() -> None:
    made = job("batch", batch(7))
    made.events = (Event(FORCED, NOON_MS + 3000, "completed"),)
    made.entries = unfold(made.plan, NOON_MS, made.events)

    body = status(made)

    assert (body["status"], body["completed"], body["failed"], len(body["results"])) == ("completed", 49, 1, 50)


def test_a_scenario_without_single_images_finishes_them_evenly() -> None:
    made = job("batch", ends())

    assert [status(made, 2 + seconds)["completed"] for seconds in (0, 1, 2, 50, 99)] == [0, 0, 1, 25, 49]
    assert status(made)["completed"] == 50


# Times, files, balance


@pytest.mark.fact("deepswapai.output.processing-time")
def test_processing_time_is_in_milliseconds_from_the_submit_to_the_end() -> None:
    assert status(job("video", ends(queued=500, processing=20)))["processing_time"] == 520_000


@pytest.mark.fact("deepswapai.status.estimated-remaining-unit")
@pytest.mark.parametrize(("after_s", "left"), [(0, 100), (50, 50), (50.01, 50), (50.2, 50), (99.99, 1)])
def test_the_time_that_remains_is_in_whole_seconds_rounded_up(after_s: float, left: int) -> None:
    made = job("video", ends(queued=0, result=result(kind="video", frames=1000)))

    assert status(made, after_s)["estimated_remaining"] == left


def test_a_stuck_video_says_that_it_needs_a_little_longer() -> None:
    stuck = scenario(state("processing", then="completed", forever=True), state("completed"))
    made = job("video", stuck)

    assert {status(made, hours * 3600)["status"] for hours in (1, 24, 240)} == {"processing"}
    assert status(made, 3600)["estimated_remaining"] > 0


@pytest.mark.fact("deepswapai.status.answers-after-expiry", "deepswapai.polling.later", "deepswapai.status.end-stays")
def test_a_job_answers_unchanged_a_year_later() -> None:
    made = job("video", ends())

    assert status(made, 365 * 86_400) == status(made)


def test_a_scenario_that_keeps_files_for_less_time_says_so() -> None:
    made = job("video", ends(queued=0, processing=60, file_expiry=Expiry(3_600_000, "ended")))

    assert status(made)["expires_at"] == "2026-01-28T13:01:00Z"


@pytest.mark.fact("deepswapai.batch-swap.options", "deepswapai.output.format")
@pytest.mark.parametrize("form", ["png", "jpg", "webp"])
def test_every_image_of_a_batch_has_the_format_asked_for(form: str) -> None:
    body = {"source_image": PICTURE, "target_images": [PICTURE], "output_format": form}

    [image] = status(job("batch", batch(), body=body))["results"]

    assert image["output_url"].endswith(f"_0.{form}")


@pytest.mark.fact("deepswapai.image-swap.faces-detected")
def test_faces_are_counted_in_the_target() -> None:
    body = {"source_image": f"{PICTURE}?faces=4", "target_image": f"{PICTURE}?faces=3"}

    assert image_reply(job("image", ends(), body=body)).body["faces_detected"] == 3


@pytest.mark.fact("deepswapai.credits.endpoint")
def test_the_balance_is_a_whole_number() -> None:
    account = Record("account", "key", {}, 0, 0, balance=952)

    assert said("getCredits", account, call("getCredits")).body == {"success": True, "credits_remaining": 952}


def test_what_is_shown_as_an_unknown_word_keeps_its_fields() -> None:
    disguised = State("processing", None, forever=True, then=(Branch("completed"),), shown_as="thinking")
    made = job("video", scenario(disguised, state("completed"), off_contract="a word of tomorrow"))

    seen = look(made, NOON_MS + 5000).in_its_disguise()

    body = operation("getStatus").show(seen, call("getStatus")).body
    assert (body["status"], body["type"]) == ("thinking", "video_swap")
    assert "current_frame" in body


def test_a_deletion_leaves_what_was_shown_alone() -> None:
    made = job("video", ends(), body={"source_image": PICTURE, "target_video": CLIP})
    before = status(made)
    made.events = (Event(DELETED, made.entries[-1].at_ms + 1),)
    made.entries = unfold(made.plan, made.created_at_ms, made.events)

    assert status(made) == before
