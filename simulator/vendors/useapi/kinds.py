"""The kinds of job: their ids, their output files, what they cost, how long they are kept and how they call back."""

from collections.abc import Mapping

from simulator.jobs.durations import Duration
from simulator.jobs.errors import UnfitScenario
from simulator.jobs.files import KINDS as MEDIA_KINDS
from simulator.jobs.files import ImpossibleOutput, Input, Output, media_type_of, plan_output
from simulator.jobs.scenario import Expiry, Refresh, Shape
from simulator.vendors.useapi import live
from simulator.vendors.useapi.auth import user_number
from simulator.vendors.useapi.content import bot_job_id
from simulator.vendors.useapi.discord import FILE_EXPIRY, digits_of, snowflake
from simulator.vendors.useapi.lifecycle import ASYNCHRONOUS, BLOCKING
from simulator.vendors.useapi.webhooks import JOB_ANSWERED, JOB_ENDED
from simulator.vendors.vendor import Draft, Kind

PRICES: Mapping[str, int] = {"headshot": 4, "changebg": 4, "picsi": 1}
"""Credits, by operation: facts useapi.credits.headshot-cost, useapi.credits.other-costs."""

STILL, MOVING = "picsi-still", "picsi"
"""A picsi is of one of two kinds, by its target: facts useapi.picsi.either, useapi.picsi.stills-block."""

SWEEP = Refresh(Duration(15_000, 60_000))  # facts useapi.sweep.gap, useapi.sweep.common
JOB_EXPIRY = Expiry(31 * 24 * 3600 * 1000)  # facts useapi.jobs.lifetime, useapi.jobs.lifetime-edge
MOST_PX = 2048  # fact useapi.bot.output-limit

_HEADSHOT = Input(kind="image", width_px=768, height_px=768)
_USUAL_PX = 1024  # the side of a picture whose header tells no size
_USUAL_MS = 5000
_MOST_MS = 3_600_000
_MOST_MS_A_GIF_FRAME = 655_350  # its delay is a 16-bit count of 10 ms
_SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}
"""What the bot can send (fact useapi.attachments.content-type)."""

ID_PATTERN = "job:[0-9]{17}-user:[0-9]+-channel:[0-9]+-bot:faceswap"  # fact useapi.ids.jobid-shape


def new_id(draft: Draft) -> str:
    """Return a ``jobid`` (facts useapi.ids.jobid-shape, useapi.ids.jobid-time, useapi.ids.jobid-owner).

    Where jobs of the same instant have it already, it is looked for ever further ahead: a clock that stands still may
    see any number of them.
    """
    later_ms = draft.fresh.whole(draft.attempt, draft.attempt**3, "later")
    digits = digits_of(draft.created_at_ms + later_ms)
    return f"job:{digits}-user:{user_number(draft.account)}-channel:{draft.bound['channel']}-bot:faceswap"


def plan_headshot(draft: Draft, job_id: str) -> tuple[Output, ...]:
    """Plan a square picture, as in the documented sample."""
    return (_plan(draft, _HEADSHOT, "image/png"),)


def plan_like(field: str) -> "_Planner":
    """Return what plans an output like the input in a field (fact useapi.picsi.output-kind)."""
    return _Planner(field)


class _Planner:
    def __init__(self, field: str) -> None:
        self.field = field

    def __call__(self, draft: Draft, job_id: str) -> tuple[Output, ...]:
        model = next(given for given in draft.inputs if given.field == self.field)
        media_type = {"animation": "image/gif", "video": "video/mp4"}.get(model.kind, "image/png")
        return (_plan(draft, model, media_type),)


def _plan(draft: Draft, model: Input, media_type: str) -> Output:
    """Plan an output like its model; what the scenario says of it goes first."""
    shape = draft.result.shape or Shape("")
    media_type = _media_type(shape, media_type)
    width_px, height_px = _fitted(model.width_px or _USUAL_PX, model.height_px or _USUAL_PX)
    duration_ms, frames = shape.duration_ms or 0, shape.frames
    if MEDIA_KINDS[media_type] != "image":
        duration_ms = duration_ms or min(model.duration_ms, _MOST_MS) or _USUAL_MS
        frames = frames or min(model.frames, duration_ms // 10) or None
        if media_type == "image/gif" and frames and not shape.duration_ms:
            duration_ms = min(duration_ms, frames * _MOST_MS_A_GIF_FRAME)
    path = _path(draft, media_type)
    try:
        return plan_output(
            path,
            media_type,
            shape.width_px or width_px,
            shape.height_px or height_px,
            seed=draft.draws.hexadecimal(16, "file"),
            duration_ms=duration_ms,
            frames=frames,
            size_bytes=shape.size_bytes,
        )
    except ImpossibleOutput as error:
        raise UnfitScenario(f"the result that the scenario asks for cannot be made: {error}") from error


def _media_type(shape: Shape, usual: str) -> str:
    if shape.format:
        media_type = media_type_of(f"result.{shape.format}")
        if media_type not in _SUFFIXES:
            raise UnfitScenario(f"the bot sends no {shape.format!r}, only {', '.join(_SUFFIXES.values())}")
        return media_type
    if shape.kind == "video" and MEDIA_KINDS[usual] != "video":
        return "video/mp4"
    if shape.kind == "image" and MEDIA_KINDS[usual] == "video":
        return "image/png"
    return usual


def _fitted(width_px: int, height_px: int) -> tuple[int, int]:
    scale = min(1.0, MOST_PX / max(width_px, height_px))
    return max(1, round(width_px * scale)), max(1, round(height_px * scale))


def _path(draft: Draft, media_type: str) -> str:
    """Return where the file stands; the attachment's id names the instant of the result (fact useapi.attachments.extension)."""
    at_ms = draft.created_at_ms if draft.ended_at_ms is None else draft.ended_at_ms
    attachment = snowflake(at_ms, draft.fresh, "attachment")
    name = f"ins_{draft.operation}_{bot_job_id(draft.draws)[:8]}.{_SUFFIXES[media_type]}"
    return f"attachments/{draft.bound['channel']}/{attachment}/{name}"


def _price(draft: Draft, outputs: tuple[Output, ...]) -> float:
    return PRICES[draft.operation]


KINDS = (
    Kind(
        "headshot",
        ASYNCHRONOUS,
        new_id,
        plan_headshot,
        _price,
        id_pattern=ID_PATTERN,
        charges="submit",
        refresh=SWEEP,
        job_expiry=JOB_EXPIRY,
        file_expiry=FILE_EXPIRY,
        webhook=JOB_ENDED,
    ),
    Kind(
        "changebg",
        ASYNCHRONOUS,
        new_id,
        plan_like("image"),
        _price,
        id_pattern=ID_PATTERN,
        charges="submit",
        refresh=SWEEP,
        job_expiry=JOB_EXPIRY,
        file_expiry=FILE_EXPIRY,
        webhook=JOB_ENDED,
        live=live.CHANGEBG,
    ),
    Kind(
        MOVING,
        ASYNCHRONOUS,
        new_id,
        plan_like("target_image_gif_or_video"),
        _price,
        id_pattern=ID_PATTERN,
        charges="submit",
        refresh=SWEEP,
        job_expiry=JOB_EXPIRY,
        file_expiry=FILE_EXPIRY,
        webhook=JOB_ENDED,
        live=live.PICSI,
    ),
    Kind(
        STILL,
        BLOCKING,
        new_id,
        plan_like("target_image_gif_or_video"),
        _price,
        id_pattern=ID_PATTERN,
        charges="submit",
        job_expiry=JOB_EXPIRY,
        file_expiry=FILE_EXPIRY,
        blocks=True,
        webhook=JOB_ANSWERED,
        live=live.PICSI,
    ),
)
