"""Previews, tasks, saved faces and coins in A2E's words."""

from collections.abc import Sequence
from typing import Any

from simulator.jobs.scenario import Failure
from simulator.jobs.snapshot import Snapshot
from simulator.vendors.a2e.envelope import instant, success
from simulator.vendors.a2e.errors import GENERAL
from simulator.vendors.a2e.ids import user_id
from simulator.vendors.vendor import Call, Record, Reply

HOST = "dh24as48lv9ce.cloudfront.net"  # fact a2e.file.host


def show_preview_added(shot: Snapshot, call: Call) -> Reply:
    """Word a preview that was just accepted: fact a2e.preview.add-reply."""
    job = shot.job
    data = {
        "video_url": job.fields.get("video_url", ""),
        "face_url": job.fields.get("face_url", ""),
        **_outcome(shot, call),
        "_id": job.id,
        "user_id": user_id(job.account),
    }
    return _about(shot, data, call)


def show_preview(shot: Snapshot, call: Call) -> Reply:
    """Word a preview that was looked up: fact a2e.preview.status-reply."""
    said = _outcome(shot, call)
    names = ("current_status", "result_url", "faild_message", "error_code")
    return _about(shot, {"_id": shot.job.id, **{name: said[name] for name in names}}, call)


def show_task_added(shot: Snapshot, call: Call) -> Reply:
    """Word a task that was just accepted: fact a2e.task.add-reply."""
    return _about(shot, _task(shot, call), call)


def show_task(shot: Snapshot, call: Call) -> Reply:
    """Word one task: fact a2e.task.detail-reply."""
    return _about(shot, row(shot, call), call)


def show_tasks(shots: Sequence[Snapshot], call: Call) -> Reply:
    """Word one page of all tasks: facts a2e.task.records, a2e.paging.count, a2e.paging.beyond."""
    size = call.query["pageSize"]
    first = (call.query["pageNum"] - 1) * size
    return success({"rows": [row(shot, call) for shot in shots[first : first + size]], "count": len(shots)}, call)


def show_task_status(shots: Sequence[Snapshot], call: Call) -> Reply:
    """Word how far tasks have come: facts a2e.task.status, a2e.task.status-error-code."""
    return success([_status(shot, call) for shot in shots], call)


def show_images(records: Sequence[Record], call: Call) -> Reply:
    """Word every saved face, newest first: facts a2e.image.add-reply, a2e.image.add-whole-list, a2e.image.list-reply."""
    return success([_image(record) for record in reversed(records)], call)


def show_deleted(outcome: Snapshot | Record, call: Call) -> Reply:
    """Word that something is gone: fact a2e.delete.reply."""
    return success({"_id": outcome.job.id if isinstance(outcome, Snapshot) else outcome.id}, call)


def show_coins(account: Record, call: Call) -> Reply:
    """Word the balance: fact a2e.coins.remaining."""
    return success({"coins": int(account.balance or 0)}, call)


def _about(shot: Snapshot, data: dict[str, Any], call: Call) -> Reply:
    return success(data, call, shot.plan.switches)


def _outcome(shot: Snapshot, call: Call) -> dict[str, Any]:
    """Facts a2e.status.result-url-empty, a2e.status.nulls, a2e.status.completed, a2e.status.failure."""
    failure = shot.failure
    return {
        "current_status": shot.wire,
        "result_url": call.files_at(shot.outputs[0].path, HOST) if shot.succeeded else "",
        "error_code": "0" if shot.succeeded else str(_code(failure)) if failure else None,
        "faild_message": failure.message if failure else None,
    }


def _task(shot: Snapshot, call: Call) -> dict[str, Any]:
    job = shot.job
    return {
        "name": job.fields["name"],
        "video_url": job.fields["video_url"],
        "duration": -(-shot.outputs[0].duration_ms // 1000),  # facts a2e.task.duration, a2e.task.duration-rule
        "face_url": job.fields["face_url"],
        **_outcome(shot, call),
        "_id": job.id,
        "createdAt": instant(job.created_at_ms),
        "updatedAt": instant(shot.entry.seen_at_ms),  # fact a2e.task.updated
    }


def row(shot: Snapshot, call: Call) -> dict[str, Any]:
    """Return all that is told of a task: facts a2e.task.row, a2e.task.row-times."""
    words = ("initialized", "processing", "completed", *(("failed",) if shot.failure else ()))
    return {**_task(shot, call), **{f"{word}_time": _entered(shot, word) for word in words}}


def _entered(shot: Snapshot, word: str) -> str | None:
    at_ms = shot.entered_at_ms(word)
    return None if at_ms is None else instant(at_ms)


def _status(shot: Snapshot, call: Call) -> dict[str, Any]:
    code = _code(shot.failure) if shot.failure else 0
    said = {**_outcome(shot, call), "_id": shot.job.id}
    said["error_code"] = None if said["error_code"] is None else int(code) if str(code).isdecimal() else GENERAL
    return said


def _code(failure: Failure) -> str | int:
    """Return why a job failed, never 0: facts a2e.status.failure, a2e.status.failure-code."""
    return GENERAL if failure.code in (None, "", "0", 0) else failure.code


def _image(record: Record) -> dict[str, Any]:
    """Fact a2e.image.record."""
    return {
        "face_url": record.data["face_url"],
        "_id": record.id,
        "createdAt": instant(record.created_at_ms),
        "updatedAt": instant(record.updated_at_ms),
    }
