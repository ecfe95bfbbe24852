"""Outputs to try, and what real decoders say of the files made from them."""

import io
import warnings
from typing import NamedTuple

import av
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from simulator.jobs.files import KINDS, Output, plan_output

SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}
_PILLOW_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}


class Decoded(NamedTuple):
    """What a decoder found by decoding every frame."""

    media_type: str
    width_px: int
    height_px: int
    duration_ms: int
    frames: int


def planned(output: Output) -> Decoded:
    """Return what a decoder should find."""
    return Decoded(output.media_type, output.width_px, output.height_px, output.duration_ms, output.frames)


def example(media_type: str, **changes: object) -> Output:
    """Return a small output of the type."""
    asked = {"width_px": 320, "height_px": 240, "seed": "example"}
    if KINDS[media_type] != "image":
        asked |= {"duration_ms": 3000, "frames": 12}
    return plan_output(f"results/example.{SUFFIXES[media_type]}", media_type, **(asked | changes))  # type: ignore[arg-type]


@st.composite
def outputs(draw: st.DrawFn, most_px: int = 400, most_ms: int = 20_000, most_frames: int = 120) -> Output:
    """Draw an output of any type."""
    media_type = draw(st.sampled_from(list(KINDS)))
    sides = st.integers(1, most_px)
    asked: dict[str, object] = {"seed": draw(st.text(max_size=8))}
    if KINDS[media_type] != "image":
        asked["duration_ms"] = draw(st.integers(1, most_ms))
        asked["frames"] = draw(st.integers(1, min(most_frames, asked["duration_ms"])))  # type: ignore[type-var]
    if media_type in ("video/mp4", "video/quicktime"):
        asked["has_sound"] = draw(st.booleans())
    return plan_output(f"results/drawn.{SUFFIXES[media_type]}", media_type, draw(sides), draw(sides), **asked)  # type: ignore[arg-type]


def decode(data: bytes, media_type: str) -> Decoded:
    """Decode every frame, strictly."""
    return _decode_video(data) if KINDS[media_type] == "video" else _decode_images(data)


def _decode_images(data: bytes) -> Decoded:
    with warnings.catch_warnings(), Image.open(io.BytesIO(data)) as image:
        found_type, size = _PILLOW_FORMATS[image.format or ""], image.size
        durations = []
        for frame in ImageSequence.Iterator(image):
            frame.load()
            durations.append(frame.info.get("duration", 0))
    return Decoded(found_type, *size, round(sum(durations)), len(durations))


def _decode_video(data: bytes) -> Decoded:
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        sizes = [(frame.width, frame.height) for frame in container.decode(stream)]
        duration_ms = round((container.duration or 0) / 1000)
        if "matroska" in container.format.name:
            found_type = "video/webm"
        else:
            found_type = "video/quicktime" if container.metadata["major_brand"] == "qt  " else "video/mp4"
    assert len(set(sizes)) == 1, "all frames have the same size"
    return Decoded(found_type, *sizes[0], duration_ms, len(sizes))


def first_frame(data: bytes, media_type: str) -> Image.Image:
    """Return the first frame as RGB."""
    if KINDS[media_type] != "video":
        return Image.open(io.BytesIO(data)).convert("RGB")
    with av.open(io.BytesIO(data)) as container:
        return next(container.decode(video=0)).to_image()
