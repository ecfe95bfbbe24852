"""What DeepSwapAI asks of the images and videos it is given."""

from collections.abc import Mapping, Sequence

from simulator.jobs.commands import Claim
from simulator.jobs.files import KINDS, Input, media_type_of
from simulator.jobs.scenario import Failure
from simulator.vendors.deepswapai.errors import (
    FileTooLarge,
    NoFaceDetected,
    ResolutionTooHigh,
    UnsupportedFormat,
    VideoTooLong,
    as_failure,
)
from simulator.vendors.vendor import Call

MEDIA = {
    "source_image": "source image",
    "target_image": "target image",
    "target_video": "target video",
    "target_images": "target image",
}
"""The fields that hold media, and how texts call one of them."""

MOST_BYTES = 500_000_000
MOST_MS = 10 * 60_000
LONGER_SIDE_PX, SHORTER_SIDE_PX = 4096, 2304
"""Those of bytes and pixels hold for images too: facts deepswapai.limit.bytes-unit, deepswapai.limit.duration,
deepswapai.limit.resolution-pixels, deepswapai.limit.images.
"""


def given(call: Call, field: str) -> tuple[Input, ...]:
    """Return what a field holds: one input for each of its texts; one that cannot be read is of unknown kind."""
    return tuple(held for held in call.inputs if held.field == field)


def claims(held: Input, kind: str) -> tuple[Claim, ...]:
    """Return what must hold of an input that is to be a ``kind``, in the order in which it is looked at."""
    what = MEDIA[held.field]
    longer_px, shorter_px = max(held.width_px, held.height_px), min(held.width_px, held.height_px)
    return (
        Claim(_known_bytes(held) <= MOST_BYTES, FileTooLarge(what)),
        Claim(held.kind == kind and _is_named_like(held, kind), UnsupportedFormat(what)),
        Claim(longer_px <= LONGER_SIDE_PX and shorter_px <= SHORTER_SIDE_PX, ResolutionTooHigh(what)),
        Claim(held.duration_ms <= MOST_MS, VideoTooLong(what)),
        Claim(held.faces > 0, NoFaceDetected(what)),
    )


def item_errors(targets: Sequence[Input]) -> Mapping[int, Failure]:
    """Return the images of a batch that cannot be swapped: fact deepswapai.batch.target-without-face."""
    broken = {
        index: next((claim.error for claim in claims(target, "image") if not claim.holds), None)
        for index, target in enumerate(targets)
    }
    return {index: as_failure(error) for index, error in broken.items() if error}


def _is_named_like(held: Input, kind: str) -> bool:
    """Return whether a URL's extension, if it has one that is known, is a video's where a video is due and else none.

    Nobody looks behind a URL: fact deepswapai.error.url-extension.
    """
    promised = KINDS.get(media_type_of(held.name), "") if held.url and "." in held.name else ""
    return not promised or (promised == "video") == (kind == "video")


def _known_bytes(held: Input) -> int:
    """Return the size that was read or told; one that was only imagined for a URL is no reason to refuse it."""
    return held.size_bytes if not held.url or "bytes=" in held.url else 0
