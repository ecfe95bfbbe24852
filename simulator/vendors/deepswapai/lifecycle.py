"""The three kinds of job: their states, ids, output files and prices."""

from collections.abc import Sequence

from simulator.jobs.files import Input, Output, plan_output
from simulator.jobs.lifecycle import FAILED, RUNNING, SUCCEEDED, WAITING, Lifecycle, Row
from simulator.jobs.scenario import Expiry, Shape
from simulator.vendors.deepswapai import live
from simulator.vendors.deepswapai.webhooks import BATCH_ENDED, VIDEO_ENDED
from simulator.vendors.vendor import Draft, Kind

LIFECYCLE = Lifecycle(
    Row("queued", stands_for=WAITING, next=("processing", "failed")),
    Row("processing", stands_for=RUNNING, next=("completed", "failed")),
    Row("completed", stands_for=SUCCEEDED),
    Row("failed", stands_for=FAILED),
)
"""Facts deepswapai.status.words, deepswapai.status.course, deepswapai.status.queued-may-fail."""

MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
}
"""Fact deepswapai.file.media-type."""

BOXES_PX = {"standard": (1280, 720), "high": (1920, 1080), "4k": (3840, 2160)}
"""What a landscape output of each quality fits into; an upright one fits into the same box upright.

Fact deepswapai.output.quality-size.
"""

FILE_EXPIRY = Expiry(24 * 3_600_000, since="ended")
"""Facts deepswapai.file.24-hours, deepswapai.file.batch-expiry."""

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_USUAL_MS = 10_000  # a video whose header tells no length


def stem(job_id: str) -> str:
    """Return what an id gives to its file names: fact deepswapai.file.stem."""
    return job_id.partition("_")[2][:-3]


def size_px(quality: str, width_px: int, height_px: int) -> tuple[int, int]:
    """Return the output's size: the target's aspect as large as the quality's box takes it; 16:9 where unknown."""
    if not (width_px and height_px):
        return BOXES_PX[quality]
    box_width_px, box_height_px = BOXES_PX[quality] if width_px >= height_px else BOXES_PX[quality][::-1]
    scale = min(box_width_px / width_px, box_height_px / height_px)
    return max(1, round(width_px * scale)), max(1, round(height_px * scale))


def length_ms(duration_ms: int) -> int:
    """Return how long an output is, in tenths of a second, which is what the wire tells; 0 asks for the usual length."""
    return max(100, ((duration_ms or _USUAL_MS) + 50) // 100 * 100)


def video_credits(duration_ms: int) -> int:
    """Return 4 credits for each 4 seconds begun: fact deepswapai.credits.video."""
    return 4 * max(1, -(-duration_ms // 4000))


def plan_image(draft: Draft, job_id: str) -> tuple[Output, ...]:
    """Plan the output of an image swap."""
    [target] = _targets(draft, "target_image")
    path = f"results/{stem(job_id)}.{draft.fields['output_format']}"
    return (_image(draft, target, path, draft.draws.hexadecimal(16, "file")),)


def plan_batch(draft: Draft, job_id: str) -> tuple[Output, ...]:
    """Plan an output for every image of a batch; those of images that fail are never shown."""
    form = draft.fields["output_format"]
    return tuple(
        _image(draft, target, f"batch/{stem(job_id)}_{index}.{form}", draft.draws.hexadecimal(16, "file", index))
        for index, target in enumerate(_targets(draft, "target_images"))
    )


def plan_video(draft: Draft, job_id: str) -> tuple[Output, ...]:
    """Plan the output of a video swap, as long as the target.

    Facts deepswapai.status.duration, deepswapai.status.samples-disagree.
    """
    [target] = _targets(draft, "target_video")
    shape = _shape(draft, "video")
    duration_ms = length_ms(shape.duration_ms or target.duration_ms)
    frames = shape.frames or min(target.frames, duration_ms) or None
    width_px, height_px = size_px(draft.fields["quality"], target.width_px, target.height_px)
    output = plan_output(
        f"results/{stem(job_id)}.{draft.fields['output_format']}",
        MEDIA_TYPES[draft.fields["output_format"]],
        shape.width_px or width_px,
        shape.height_px or height_px,
        seed=draft.draws.hexadecimal(16, "file"),
        duration_ms=duration_ms,
        frames=frames,
        size_bytes=shape.size_bytes,
    )
    return (output,)


def _image(draft: Draft, target: Input, path: str, seed: str) -> Output:
    shape = _shape(draft, "image")
    width_px, height_px = size_px(draft.fields["quality"], target.width_px, target.height_px)
    return plan_output(
        path,
        MEDIA_TYPES[draft.fields["output_format"]],
        shape.width_px or width_px,
        shape.height_px or height_px,
        seed=seed,
        size_bytes=shape.size_bytes,
    )


def _shape(draft: Draft, kind: str) -> Shape:
    shape = draft.result.shape
    return shape if shape is not None and shape.kind == kind else Shape(kind)


def _targets(draft: Draft, field: str) -> Sequence[Input]:
    return [given for given in draft.inputs if given.field == field]


KINDS = (
    Kind(
        "image",
        LIFECYCLE,
        new_id=lambda draft: "job_" + draft.draws.text(_ALPHABET, 9, "id"),
        id_pattern="job_[a-z0-9]{6,9}",
        outputs=plan_image,
        price=lambda draft, outputs: 1,
        file_expiry=FILE_EXPIRY,
        blocks=True,
        live=live.IMAGE,
    ),
    Kind(
        "video",
        LIFECYCLE,
        new_id=lambda draft: "vjob_" + draft.draws.text(_ALPHABET, 9, "id"),
        id_pattern="vjob_[a-z0-9]{6,9}",
        outputs=plan_video,
        price=lambda draft, outputs: video_credits(outputs[0].duration_ms),
        file_expiry=FILE_EXPIRY,
        webhook=VIDEO_ENDED,
        live=live.VIDEO,
    ),
    Kind(
        "batch",
        LIFECYCLE,
        new_id=lambda draft: "batch_" + draft.draws.text(_ALPHABET, 9, "id"),
        id_pattern="batch_[a-z0-9]{6,9}",
        outputs=plan_batch,
        price=lambda draft, outputs: len(outputs),
        file_expiry=FILE_EXPIRY,
        takes_items=True,
        webhook=BATCH_ENDED,
        live=live.BATCH,
    ),
)
"""Charged when the job completes, and for a batch only the images that are good: facts deepswapai.credits.when,
deepswapai.credits.batch, deepswapai.credits.failed; ids by deepswapai.id.shape.
"""
