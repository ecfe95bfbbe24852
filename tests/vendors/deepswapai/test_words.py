"""What jobs look like on the wire, by state; every reply here is also judged by the contract."""

from typing import Any

import pytest

from simulator.jobs.job import DELETED, Event
from simulator.jobs.scenario import Branch, Expiry, Failure, Scenario, State
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


def image_reply(made: Any) -> Any:
    return said("imageSwap", ended(made), call("imageSwap"))


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
