"""The two kinds of job: their ids, their output files, what they cost and how long a result is kept."""

import re

from simulator.jobs.errors import UnfitScenario
from simulator.jobs.files import KINDS as MEDIA_KINDS
from simulator.jobs.files import ImpossibleOutput, Input, Output, media_type_of, plan_output
from simulator.jobs.scenario import Expiry, Shape
from simulator.vendors.a2e import live
from simulator.vendors.a2e.ids import ID_PATTERN, object_id, user_id
from simulator.vendors.a2e.lifecycle import LIFECYCLE
from simulator.vendors.a2e.webhooks import TASK_ENDED
from simulator.vendors.vendor import Draft, Kind

PREVIEW, TASK = "preview", "task"
FILE_EXPIRY = Expiry(3 * 24 * 3_600_000, since="ended")  # fact a2e.file.three-days

SUFFIXES = {
    "image/jpeg": "jpeg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
}
"""What a result can be (facts a2e.preview.result, a2e.task.result)."""

NAMED_AFTER = 6287 / 36_189
"""The share of a task's time after which its file is named: facts a2e.task.result-stamp, a2e.task.result-stamp-rule."""

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")
_MOST_LETTERS = 64
_USUAL_PX = 1024
_USUAL_MS = 5000


def new_id(draft: Draft) -> str:
    """Return an ``_id`` of the instant of the submit."""
    return object_id(draft.created_at_ms, draft.draws)


def stem(given: Input | None) -> str:
    """Return what an input gives to its result's name (fact a2e.task.stem)."""
    name = given.name if given else ""
    head, dot, _ = name.rpartition(".")
    return _NOT_IN_NAMES.sub("", head if dot else name)[:_MOST_LETTERS] or "file"


def task_coins(duration_ms: int) -> int:
    """Return the price of a task: fact a2e.coins.price."""
    return max(1, -(-duration_ms // 1000))


def plan_preview(draft: Draft, job_id: str) -> tuple[Output, ...]:
    """Plan the picture that a preview makes: facts a2e.preview.result, a2e.preview.result-url, a2e.preview.result-stamp."""
    target = _given(draft, "video_url")
    media_type = target.media_type if target and MEDIA_KINDS.get(target.media_type) == "image" else "image/jpeg"
    at_ms = draft.created_at_ms if draft.ended_at_ms is None else draft.ended_at_ms
    later_ms = draft.fresh.whole(0, 1000 * draft.attempt, "later")  # no two files have one name
    return (_plan(draft, target or Input(), media_type, "AzureDragon/FS", at_ms + later_ms),)


def plan_task(draft: Draft, job_id: str) -> tuple[Output, ...]:
    """Plan the video or picture that a task makes: facts a2e.task.result, a2e.task.result-url."""
    target = _given(draft, "video_url") or Input()
    media_type = "video/mp4" if target.kind == "video" else target.media_type
    span_ms = 0 if draft.ended_at_ms is None else draft.ended_at_ms - draft.created_at_ms
    folder = f"adam2eve/stable/user/{user_id(draft.account)}/userFaceSwapTask/{job_id}"
    return (_plan(draft, target, media_type, folder, draft.created_at_ms + round(span_ms * NAMED_AFTER)),)


def _given(draft: Draft, field: str) -> Input | None:
    return next((given for given in draft.inputs if given.field == field), None)


def _plan(draft: Draft, target: Input, usual: str, folder: str, at_ms: int) -> Output:
    """Plan an output as large and as long as its target; what the scenario says of it goes first (fact a2e.file.size)."""
    shape = _shape(draft, usual)
    media_type = _media_type(shape, usual)
    suffix = target.name.rpartition(".")[2].lower() if media_type == target.media_type else ""
    suffix = suffix if media_type_of(f"x.{suffix}") == media_type else SUFFIXES[media_type]
    moves = MEDIA_KINDS[media_type] != "image"
    duration_ms = shape.duration_ms or target.duration_ms or _USUAL_MS
    try:
        output = plan_output(
            f"{folder}/{stem(target)}_{stem(_given(draft, 'face_url'))}_{at_ms}.{suffix}",
            media_type,
            shape.width_px or target.width_px or _USUAL_PX,
            shape.height_px or target.height_px or _USUAL_PX,
            seed=draft.draws.hexadecimal(16, "file"),
            duration_ms=duration_ms if moves else 0,
            frames=(shape.frames or min(target.frames, duration_ms) or None) if moves else None,
            size_bytes=shape.size_bytes,
        )
    except ImpossibleOutput as error:
        raise UnfitScenario(f"the result that the scenario asks for cannot be made: {error}") from error
    return output


def _shape(draft: Draft, usual: str) -> Shape:
    """Return what the scenario says of the result, if that is of its kind."""
    shape = draft.result.shape
    is_video = MEDIA_KINDS[usual] == "video"
    return shape if shape is not None and (shape.kind == "video") == is_video else Shape("")


def _media_type(shape: Shape, usual: str) -> str:
    if not shape.format:
        return usual
    media_type = media_type_of(f"result.{shape.format}")
    if media_type not in SUFFIXES or (MEDIA_KINDS[media_type] == "image") != (MEDIA_KINDS[usual] == "image"):
        raise UnfitScenario(f"this result can be no {shape.format!r}; results are {', '.join(SUFFIXES.values())}")
    return media_type


KINDS = (
    Kind(PREVIEW, LIFECYCLE, new_id, plan_preview, id_pattern=ID_PATTERN, file_expiry=FILE_EXPIRY, live=live.PREVIEW),
    Kind(
        TASK,
        LIFECYCLE,
        new_id,
        plan_task,
        price=lambda draft, outputs: task_coins(outputs[0].duration_ms),
        id_pattern=ID_PATTERN,
        charges="submit",
        file_expiry=FILE_EXPIRY,
        webhook=TASK_ENDED,
        live=live.TASK,
    ),
)
"""A preview is free; a task is paid when it is accepted: facts a2e.coins.when, a2e.coins.refund, a2e.coins.price."""
