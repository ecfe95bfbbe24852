"""The output files of each kind of job, planned at its submit."""

import re
from uuid import UUID

from simulator.jobs.errors import UnfitScenario
from simulator.jobs.files import ImpossibleOutput, Input, Output, plan_output
from simulator.jobs.scenario import Shape
from simulator.vendors.vendor import Draft

HOST = "d2qf6ukcym4kn9.cloudfront.net"
"""Fact akool.file.host."""

BOXES_PX = {"480p": (854, 480), "720p": (1280, 720)}
"""What a landscape output of each resolution fits into; an upright one fits into the same box upright."""

PREVIEW_PX = 256
MOST_PX = 2048  # per side of a face swap; larger pictures are scaled down

_SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}
_USUAL = Input(width_px=1280, height_px=720, duration_ms=10_000)
_MOST_MS = 3_600_000
_STRANGE = re.compile(r"[^A-Za-z0-9_-]+")


def duration_ms(given: Input) -> int:
    """Return how long a video that was given lasts."""
    return min(given.duration_ms, _MOST_MS) or _USUAL.duration_ms


def plan_previews(draft: Draft, job_id: str) -> tuple[Output, ...]:
    """Plan a picture of everybody who will be detected (facts akool.analysis.media, akool.analysis.objects)."""
    [video] = draft.inputs
    count = draft.result.count or video.faces or 1
    return tuple(
        plan_output(
            f"headswap/{job_id}/obj_{number}.png",
            "image/png",
            PREVIEW_PX,
            PREVIEW_PX,
            seed=draft.draws.hexadecimal(16, "file", number),
        )
        for number in range(count)
    )


def plan_head_swap(draft: Draft, job_id: str) -> tuple[Output, ...]:
    """Plan a video of the resolution asked for (facts akool.task.resolution, akool.task.keep-sound)."""
    [video] = draft.inputs
    box = BOXES_PX[draft.fields["resolution"]]
    has_sound = draft.fields.get("keep_original_sound", True)
    return (_video(draft, video, f"headswap/{job_id}/result.mp4", "video/mp4", box, has_sound=has_sound),)


def plan_image_swap(draft: Draft, job_id: str) -> tuple[Output, ...]:
    """Plan a picture like the one that is to be changed."""
    [given] = draft.inputs
    shape = _shape(draft, "image")
    media_type = _media_type(given, shape, "image/jpeg")
    width_px, height_px = _fitted(given, (MOST_PX, MOST_PX), grows=False)
    output = plan_output(
        _final_path(draft, given, media_type),
        media_type,
        shape.width_px or width_px,
        shape.height_px or height_px,
        seed=draft.draws.hexadecimal(16, "file"),
    )
    return (output,)


def plan_video_swap(draft: Draft, job_id: str) -> tuple[Output, ...]:
    """Plan a video like the one that is to be changed."""
    [given] = draft.inputs
    media_type = _media_type(given, _shape(draft, "video"), "video/mp4")
    path = _final_path(draft, given, media_type)
    return (_video(draft, given, path, media_type, (MOST_PX, MOST_PX), grows=False),)


def _video(
    draft: Draft,
    given: Input,
    path: str,
    media_type: str,
    box: tuple[int, int],
    *,
    grows: bool = True,
    has_sound: bool = False,
) -> Output:
    shape = _shape(draft, "video")
    width_px, height_px = _fitted(given, box, grows=grows)
    lasts_ms = shape.duration_ms or duration_ms(given)
    try:
        return plan_output(
            path,
            media_type,
            shape.width_px or width_px,
            shape.height_px or height_px,
            seed=draft.draws.hexadecimal(16, "file"),
            duration_ms=lasts_ms,
            frames=shape.frames or min(given.frames, lasts_ms) or None,
            size_bytes=shape.size_bytes,
            has_sound=has_sound,
        )
    except ImpossibleOutput as error:
        raise UnfitScenario(f"the result that the scenario asks for cannot be made: {error}") from error


def _fitted(given: Input, box: tuple[int, int], *, grows: bool) -> tuple[int, int]:
    """Return the size at which a picture fits into a box; it keeps its aspect, and grows only where it may."""
    width_px, height_px = given.width_px or _USUAL.width_px, given.height_px or _USUAL.height_px
    box_width_px, box_height_px = box if width_px >= height_px else box[::-1]
    scale = min(box_width_px / width_px, box_height_px / height_px)
    scale = scale if grows else min(scale, 1)
    return max(1, round(width_px * scale)), max(1, round(height_px * scale))


def _media_type(given: Input, shape: Shape, usual: str) -> str:
    """Return the type of the result: the scenario's, or that of what is changed (fact akool.swap.result-type)."""
    asked = {suffix: media_type for media_type, suffix in _SUFFIXES.items()}.get(shape.format or "", given.media_type)
    return asked if asked in _SUFFIXES and asked.partition("/")[0] == usual.partition("/")[0] else usual


def _final_path(draft: Draft, given: Input, media_type: str) -> str:
    """Return where a face swap's file will stand (fact akool.file.name)."""
    stem = _STRANGE.sub("-", given.name.rpartition(".")[0] or given.name)[:60].strip("-") or "file"
    unique = UUID(draft.fresh.hexadecimal(32, "uuid"), version=4)
    return f"final_{stem}-{unique}-{draft.draws.whole(1000, 9999, 'file number')}.{_SUFFIXES[media_type]}"


def _shape(draft: Draft, kind: str) -> Shape:
    shape = draft.result.shape
    return shape if shape is not None and shape.kind == kind else Shape(kind)
