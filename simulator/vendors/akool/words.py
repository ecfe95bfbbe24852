"""A job in AKOOL's words, for every call that shows one."""

import math
from collections.abc import Sequence
from typing import Any

from simulator.jobs.snapshot import Snapshot
from simulator.vendors.akool.auth import make_token
from simulator.vendors.akool.ids import created_at, swap_job_id, task_id, user_of
from simulator.vendors.akool.kinds import IMAGE_SWAP, VIDEO_SWAP
from simulator.vendors.akool.outputs import HOST
from simulator.vendors.akool.switches import chosen
from simulator.vendors.vendor import Call, Record, Reply

OK, ANALYZED = "OK", "Analyze success"
BE_PATIENT = "Please be patient! If your results are not generated in three hours, please check your input {what}."
"""Facts akool.envelope.ok, akool.analysis.message, akool.swap.message, akool.swap.video-message."""

FAILED_CODE = 1015
"""The code of a failure of which nothing more is said (fact akool.task.failed)."""

PRIORITY = 9


def show_token(account: Record, call: Call) -> Reply:
    """Word a new token, which stands beside the code (fact akool.token.reply)."""
    return Reply({"code": 1000, "token": make_token(account.id, call.now_ms)})


def show_quota(account: Record, call: Call) -> Reply:
    """Word the balance (fact akool.credits.quota)."""
    return _said({"credit": _number(account.balance or 0)})


def show_analyzed(shot: Snapshot, call: Call) -> Reply:
    """Word the acceptance of an analysis (fact akool.analysis.reply)."""
    return _said({**_analysis_head(shot), "progress": _percent(shot)}, ANALYZED)


def show_analysis(shot: Snapshot, call: Call) -> Reply:
    """Word an analysis as it stands (facts akool.analysis.detail, akool.analysis.success-reason)."""
    data = {**_analysis_head(shot), "progress": _percent(shot)}
    if shot.succeeded:
        data |= {"analysis_result": _detected(shot, call), "error_reason": "success", "error_code": 0}
    return _said(data | _failure(shot))


def show_created(shot: Snapshot, call: Call) -> Reply:
    """Word the acceptance of a head swap (facts akool.task.reply, akool.credits.lock)."""
    job, [output] = shot.job, shot.outputs
    user = user_of(job.account)
    data = {
        "_id": job.id,
        "create_time": job.created_at_ms,
        "uid": user.uid,
        "team_id": user.team_id,
        "video_duration": _number(output.duration_ms / 1000),
        "task_id": task_id(job),
        "resolution": job.fields["resolution"],
        "status": shot.wire,
        "deduction_lock_duration": _number(shot.plan.price),
        "model_name": job.fields["model_name"],
        "file_name": f"Headswap_{job.created_at_ms}.mp4",
        "video_url": None,
    }
    return _said(data)


def show_task(shot: Snapshot, call: Call) -> Reply:
    """Word a head swap as it stands.

    Facts akool.task.detail, akool.task.same-keys, akool.task.running-url, akool.task.progress,
    akool.credits.settlement.
    """
    job, [output] = shot.job, shot.outputs
    user = user_of(job.account)
    settled = shot.plan.price if shot.plan.settled is None else shot.plan.settled
    nothing_yet = "" if chosen("running_url", shot.plan.switches) == "empty" and not shot.is_final else None
    data = {
        "_id": job.id,
        "uid": user.uid,
        "team_id": user.team_id,
        "source_video_url": job.fields["video_url"],
        "create_time": job.created_at_ms,
        "status": shot.wire,
        "video_duration": _number(output.duration_ms / 1000),
        "resolution": job.fields["resolution"],
        "deduction_duration": _number(settled) if shot.succeeded else 0,
        "video_url": call.files_at(output.path, HOST) if shot.succeeded else nothing_yet,
        "progress": _percent(shot),
        "priority": PRIORITY,
        "task_id": task_id(job),
        "file_name": f"Headswap_{job.created_at_ms}.mp4",
        "model_name": job.fields["model_name"],
    }
    return _said(data | _failure(shot))


def show_swap(shot: Snapshot, call: Call) -> Reply:
    """Word the acceptance of a face swap; where its result will be is told already (fact akool.swap.url-at-once)."""
    [output] = shot.outputs
    what = "image" if shot.job.kind == IMAGE_SWAP else "video"
    data = {"_id": shot.job.id, "url": call.files_at(output.path, HOST), "job_id": swap_job_id(shot.job)}
    return _said(data, BE_PATIENT.format(what=what))


def show_swaps(shots: Sequence[Snapshot], call: Call) -> Reply:
    """Word the face swaps that were asked for and found."""
    return _said({"result": [_row(shot, call) for shot in shots]})


def _row(shot: Snapshot, call: Call) -> dict[str, Any]:
    """Facts akool.result.row, akool.result.old-fields, akool.result.url-in-every-state, akool.result.seconds."""
    job, [output] = shot.job, shot.outputs
    user = user_of(job.account)
    seconds = math.ceil(output.duration_ms / 1000) if job.kind == VIDEO_SWAP else 0
    return {
        "_id": job.id,
        "job_id": swap_job_id(job),
        "uid": user.uid,
        "userId": user.id,
        "faceswap_status": shot.wire,
        "faceswap_type": 1,
        "faceswap_quality": 2,
        "deduction_status": 1,
        "image": int(job.kind == IMAGE_SWAP),
        "url": call.files_at(output.path, HOST),
        "video_duration": seconds,
        "deduction_duration": seconds if shot.succeeded else 0,
        "update_time": 0,
        "createdAt": created_at(job),
    }


def _analysis_head(shot: Snapshot) -> dict[str, Any]:
    job = shot.job
    user = user_of(job.account)
    return {
        "_id": job.id,
        "create_time": job.created_at_ms,
        "uid": user.uid,
        "team_id": user.team_id,
        "video_url": job.fields["video_url"],
        "type": job.fields["type"],
        "status": shot.wire,
        "task_id": task_id(job),
    }


def _detected(shot: Snapshot, call: Call) -> dict[str, Any]:
    """Facts akool.analysis.media, akool.analysis.objects, akool.analysis.video-info."""
    [video] = shot.job.inputs
    shape = shot.plan.script.scenario.result.shape
    width_px, height_px, frames, lasts_ms = video.width_px, video.height_px, video.frames, video.duration_ms
    if shot.job.rendering is not None and shot.job.rendering.about:
        seen = shot.job.rendering.about[0]
        width_px, height_px, frames = seen["width_px"], seen["height_px"], seen["frames"]
        lasts_ms = round(1000 * frames / seen["rate_fps"]) if seen["rate_fps"] else lasts_ms
    if shape is not None and shape.kind == "video":
        width_px, height_px = shape.width_px or width_px, shape.height_px or height_px
        frames, lasts_ms = shape.frames or frames, shape.duration_ms or lasts_ms
    return {
        "detected_objects": len(shot.outputs),
        "media": [
            {"media_type": "images", "obj_id": number, "img_url": call.files_at(output.path, HOST)}
            for number, output in enumerate(shot.outputs)
        ],
        "video_info": {
            "width": width_px,
            "height": height_px,
            "fps": _number(frames * 1000 / lasts_ms),
            "frame_count": frames,
        },
    }


def _failure(shot: Snapshot) -> dict[str, Any]:
    """Fact akool.task.failed: the reason, and a number for it."""
    failure = shot.failure
    if failure is None:
        return {}
    code = failure.code if isinstance(failure.code, int) else FAILED_CODE
    return {"error_reason": failure.message, "error_code": code}


def _percent(shot: Snapshot) -> int:
    return 100 if shot.succeeded else min(math.floor(100 * shot.progress + 1e-9), 99)


def _number(value: float) -> int | float:
    """Return a number as the wire has it: whole where it is whole (fact akool.task.numbers)."""
    return int(value) if value == int(value) else round(value, 3)


def _said(data: dict[str, Any], message: str = OK) -> Reply:
    return Reply({"code": 1000, "msg": message, "data": data})
