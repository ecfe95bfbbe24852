"""A job in DeepSwapAI's words."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from simulator.jobs.lifecycle import FAILED, FINAL, MODERATED, RUNNING
from simulator.jobs.plan import Item
from simulator.jobs.scenario import Failure
from simulator.jobs.snapshot import Snapshot, gone_at_ms
from simulator.vendors.deepswapai.errors import error_reply
from simulator.vendors.deepswapai.switches import chosen
from simulator.vendors.vendor import Call, Record, Reply

HOST = "cdn.deepswapai.com"
TYPES = {"video": "video_swap", "batch": "batch_swap"}
"""Fact deepswapai.status.types."""

_OPEN_END_MS = 60_000


def show_submitted(shot: Snapshot, call: Call) -> Reply:
    """Word the acceptance of a video or a batch: facts deepswapai.submit.word, deepswapai.submit.estimated-time-rule."""
    batch = {"total_images": len(shot.outputs)} if shot.job.kind == "batch" else {}
    body = {
        **_head(shot),
        "status": _first_word(shot),
        **batch,
        "estimated_time": math.ceil(_time_left_ms(shot) / 1000),
    }
    return Reply(body, int(chosen("submit_status", shot.plan.switches)))


def show_image(shot: Snapshot, call: Call) -> Reply:
    """Word the end of an image swap, bad ones as errors: fact deepswapai.image-swap.failed."""
    if failure := _failure(shot):
        return error_reply(422, str(failure.code), failure.message, shot.plan.switches)
    [output] = shot.outputs
    return Reply(
        {
            "success": True,
            "job_id": shot.job.id,
            "output_url": call.files_at(output.path, HOST),
            "output_format": _format(output.path),
            "resolution": f"{output.width_px}x{output.height_px}",
            "processing_time": _processing_ms(shot),
            "faces_detected": _faces(shot),
            "credits_used": round(shot.plan.price),
        }
    )


def _faces(shot: Snapshot) -> int:
    """Return how many faces a live render has found; otherwise those that the target is imagined to show."""
    rendering = shot.job.rendering
    found = rendering.about[0].get("faces") if rendering and rendering.about else None
    return shot.job.inputs[-1].faces if found is None else int(found)


def show_status(shot: Snapshot, call: Call) -> Reply:
    """Word a video or batch job as it stands; one that failed is no error (fact deepswapai.status.failed-is-200)."""
    words = _batch_words if shot.job.kind == "batch" else _video_words
    return Reply({**_head(shot), "status": shot.wire, **words(shot, call)})


def show_credits(account: Record, call: Call) -> Reply:
    """Word the balance: fact deepswapai.credits.endpoint."""
    return Reply({"success": True, "credits_remaining": math.floor(account.balance or 0)})


def _head(shot: Snapshot) -> dict[str, Any]:
    return {"success": True, "job_id": shot.job.id, "type": TYPES[shot.job.kind]}


def _video_words(shot: Snapshot, call: Call) -> Mapping[str, Any]:
    [output] = shot.outputs
    done = shot.progress
    frame = 0 if shot.succeeded else min(math.floor(done * output.frames + 1e-9), output.frames - 1)
    progress = 100 * frame // output.frames
    if shot.stands_for == RUNNING:
        return {
            "progress": progress,
            "current_frame": frame,
            "total_frames": output.frames,
            "estimated_remaining": _seconds_left(shot, done, frame, output.frames),
        }
    if failure := _failure(shot):
        return {"progress": progress, "error": failure.message, "error_code": str(failure.code)}
    if not shot.succeeded:
        return {"progress": 0}
    return {
        "progress": 100,
        "output_url": call.files_at(output.path, HOST),
        "output_format": _format(output.path),
        "resolution": f"{output.width_px}x{output.height_px}",
        "duration": output.duration_ms / 1000,
        "file_size": output.size_bytes,
        "processing_time": _processing_ms(shot),
        "credits_used": round(shot.plan.price),
        "expires_at": _expires_at(shot),
    }


def _batch_words(shot: Snapshot, call: Call) -> Mapping[str, Any]:
    finished, total = shot.finished_items(), len(shot.outputs)
    failed = sum(item.error is not None for item in finished)
    words: dict[str, Any] = {
        "total_images": total,
        "completed": len(finished) - failed,
        "failed": failed,
        "progress": 100 * len(finished) // total,
    }
    if not shot.is_final and shot.stands_for != RUNNING:
        return words
    name = chosen("batch_results", shot.plan.switches) if shot.is_final else "partial_results"
    words[name] = [_image_words(shot, image, call) for image in finished]
    if failure := _failure(shot):
        return {**words, "error": failure.message, "error_code": str(failure.code)}
    if shot.succeeded:
        words["processing_time"] = _processing_ms(shot)
        words["credits_used"] = len(finished) - failed
        words["expires_at"] = _expires_at(shot)
    return words


def _image_words(shot: Snapshot, item: Item, call: Call) -> dict[str, Any]:
    if item.error:
        return {"index": item.index, "success": False, "error": item.error.message}
    return {
        "index": item.index,
        "success": True,
        "output_url": call.files_at(shot.outputs[item.index].path, HOST),
    }


def _failure(shot: Snapshot) -> Failure | None:
    """Return why the job failed, always with a code: fact deepswapai.status.error-codes."""
    failure = shot.failure
    if failure is None or failure.code is not None:
        return failure
    is_told = shot.plan.state(shot.word).error is not None
    if _was_moderated(shot):
        return Failure(failure.message if is_told else "The content was rejected", code="content_rejected")
    if not is_told and shot.plan.items and all(item.error for item in shot.plan.items):
        return Failure("Every image of the batch failed", code="processing_failed")
    return Failure(failure.message, code="processing_failed")


def _was_moderated(shot: Snapshot) -> bool:
    """A neutral scenario's ``moderated`` is a failure here, but the cause is still told."""
    scenario = shot.plan.script.scenario
    neutral = {state.word for state in scenario.states} if scenario.vendor is None else set()
    return MODERATED in neutral and FAILED not in neutral


def _first_word(shot: Snapshot) -> str | int:
    if not shot.is_final:
        return shot.wire
    return next((entry.word for entry in reversed(shot.job.entries) if entry.stands_for not in FINAL), "queued")


def _time_left_ms(shot: Snapshot) -> int:
    """How long the job will take from now; a minute where no end is known."""
    end = shot.job.entries[-1]
    return max(end.at_ms - shot.now_ms, 0) if end.stands_for in FINAL else max(shot.work_left_ms, _OPEN_END_MS)


def _seconds_left(shot: Snapshot, done: float, frame: int, frames: int) -> int:
    """Frames left at the pace so far, rounded up: facts deepswapai.status.estimated-remaining-rate,
    deepswapai.status.estimated-remaining-unit.
    """
    elapsed_ms = shot.tick_ms - shot.entry.at_ms
    if elapsed_ms <= 0 or done <= 0:
        return math.ceil(shot.work_left_ms / 1000)
    ms_per_frame = elapsed_ms / (done * frames)
    return math.ceil(round((frames - frame) * ms_per_frame / 1000, 3))


def _processing_ms(shot: Snapshot) -> int:
    """Counted from the submit on: only so do the samples agree, 118.5 s for a video whose frames take 100 s."""
    return (shot.ended_at_ms or shot.now_ms) - shot.job.created_at_ms


def _expires_at(shot: Snapshot) -> str:
    """Facts deepswapai.file.expires-at, deepswapai.time.form."""
    gone_ms = gone_at_ms(shot.job, shot.plan.file_expiry)
    return iso_second((gone_ms or shot.now_ms) // 1000)


@lru_cache(4096)
def iso_second(second: int) -> str:
    """Return a second as the wire says it (fact deepswapai.time.form)."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _format(path: str) -> str:
    return path.rpartition(".")[2]
