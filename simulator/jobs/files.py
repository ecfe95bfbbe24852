"""Files as values: what a client gave (``Input``), what a job will give back (``Output``), and the sizes they may have."""

import math
import re
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec

from simulator.jobs.chance import Draws

MOST_BYTES = 2**31 - 1
MOST_PX = 8192  # per side; wide enough for 8K, small enough that a picture never fills the memory
MOST_MS = 12 * 3600 * 1000
MOST_FRAMES = 2_000_000

KINDS = {
    "image/png": "image",
    "image/jpeg": "image",
    "image/webp": "image",
    "image/gif": "animation",
    "video/mp4": "video",
    "video/quicktime": "video",
    "video/webm": "video",
}
"""The media types we can make, and the kind each stands for."""

WEBM_SIZES_PX = (
    (256, 256),
    (512, 512),
    (768, 768),
    (1024, 1024),
    (426, 240),
    (640, 360),
    (854, 480),
    (1280, 720),
    (1920, 1080),
    (3840, 2160),
    (360, 640),
    (480, 854),
    (720, 1280),
    (1080, 1920),
)
"""The sizes a WebM can have, because each needs a VP9 key frame made beforehand."""

_TYPES_BY_SUFFIX = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
}
_USUAL_TYPES = {"image": "image/jpeg", "animation": "image/gif", "video": "video/mp4"}
_USUAL_BYTES_PER_PX = {  # per frame, of photographs and of camera video
    "image/png": 1.6,
    "image/jpeg": 0.25,
    "image/webp": 0.14,
    "image/gif": 0.35,
    "video/mp4": 0.018,
    "video/quicktime": 0.022,
    "video/webm": 0.012,
}


class ImpossibleOutput(ValueError):
    """No file can have these properties; the message names the nearest that can."""


class Input(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a client gave as media; a property that nobody knows is 0 or empty."""

    field: str = ""
    name: str = ""
    url: str = ""
    declared_type: str = ""
    media_type: str = ""
    kind: str = "unknown"  # image | animation | video | unknown
    size_bytes: int = 0
    width_px: int = 0
    height_px: int = 0
    duration_ms: int = 0
    frames: int = 0
    faces: int = 0
    stored: str = ""  # where a live server keeps what was uploaded, on its own disk


class Output(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A planned output file. Plan it by ``plan_output``: then it can be made to exactly these properties."""

    path: str
    media_type: str
    width_px: int
    height_px: int
    size_bytes: int
    duration_ms: int = 0
    frames: int = 1
    seed: str = ""
    has_sound: bool = False
    stored: str = ""  # where a live render has left it, on the simulator's own disk


def media_type_of(name: str) -> str:
    """Return the media type that a file name's suffix promises, or ""."""
    return _TYPES_BY_SUFFIX.get("." + name.rpartition(".")[2].lower(), "")


def plan_output(
    path: str,
    media_type: str,
    width_px: int,
    height_px: int,
    *,
    seed: str,
    duration_ms: int = 0,
    frames: int | None = None,
    size_bytes: int | None = None,
    fps: float | None = None,
    has_sound: bool = False,
) -> Output:
    """Return an output that can be made, as near to what is asked as its format allows.

    Three things give way, and the output tells: MP4 and MOV sides are rounded up to even, a WebM takes
    the nearest of ``WEBM_SIZES_PX``, and an animated GIF lasts whole hundredths of a second, at least two
    a frame. A WebP's size is rounded up to even. Without ``frames`` they follow from ``fps`` (30; GIF 10).

    Raises: ImpossibleOutput, for anything else that the format cannot do.
    """
    if media_type not in KINDS:
        raise ImpossibleOutput(f"{path}: no file of type {media_type!r} can be made, only {', '.join(KINDS)}")
    width_px, height_px = _possible_size(path, media_type, width_px, height_px)
    duration_ms, frames = _possible_timing(path, media_type, duration_ms, frames, fps)
    if has_sound and media_type not in ("video/mp4", "video/quicktime"):
        raise ImpossibleOutput(f"{path}: only MP4 and MOV files have sound, not {media_type}")
    output = Output(path, media_type, width_px, height_px, 0, duration_ms, frames, seed, has_sound)
    least = least_bytes(output)
    if size_bytes is None:
        size_bytes = min(max(typical_bytes(output), least), MOST_BYTES)
    if not least <= size_bytes <= MOST_BYTES:
        raise ImpossibleOutput(f"{path}: {size_bytes} bytes asked, but it takes {least} to {MOST_BYTES} bytes")
    if media_type == "image/webp":
        size_bytes += size_bytes % 2
    return msgspec.structs.replace(output, size_bytes=size_bytes)


def check_planned(output: Output) -> None:
    """Make sure that an output is as ``plan_output`` would plan it. Raises: ImpossibleOutput."""
    planned = plan_output(
        output.path,
        output.media_type,
        output.width_px,
        output.height_px,
        seed=output.seed,
        duration_ms=output.duration_ms,
        frames=output.frames,
        size_bytes=output.size_bytes,
        has_sound=output.has_sound,
    )
    if planned != output:
        raise ImpossibleOutput(f"{output.path}: cannot be made as it is; use plan_output, which gives {planned}")


def typical_bytes(output: Output) -> int:
    """Return the size that a real file with these properties might have; it varies a little with the seed."""
    px = output.width_px * output.height_px * output.frames
    sound = 16 * output.duration_ms if output.has_sound else 0
    luck = 0.85 + 0.3 * Draws(output.seed, output.path).ratio("size")
    size = int((2000 + px * _USUAL_BYTES_PER_PX[output.media_type] + sound) * luck)
    return size + size % 2


def least_bytes(output: Output) -> int:
    """Return a size that the finished file fits into for certain; a little more than it really needs."""
    width, height, frames = output.width_px, output.height_px, output.frames
    px = width * height
    if output.media_type == "image/png":
        return 1500 + width + px // 64
    if output.media_type == "image/jpeg":
        return 3000 + 16 * width + 48 * height + px // 48
    if output.media_type == "image/webp":
        return 1000 + 8 * (width + height) + px // 256
    if output.media_type == "image/gif":
        return 3000 + 12 * (width + height) + px // 64 + 24 * frames
    groups = -(-frames // frames_per_group(output))
    if output.media_type == "video/webm":
        return 3000 + 8 * frames + groups * 3200
    dot_px = min(12, max(1, width // 80))
    word = (55 * dot_px + 32) * (5 * dot_px + 32) * 3 // 2 + 384 * (20 + dot_px // 2)
    sound = 1000 + output.duration_ms // 5 if output.has_sound else 0
    return 2500 + 24 * frames + groups * (word + px // 128 + width // 4) + sound


def frames_per_group(output: Output) -> int:
    """Return after how many frames a video has another key frame: within five seconds, and at most 300."""
    return min(-(-5000 * output.frames // output.duration_ms), 300)


def imagine_input(field: str, url: str, kind: str = "") -> Input:
    """Return the properties of media given as a URL, which is never fetched.

    They are drawn with the URL as seed; ``?width= &height= &duration= (seconds) &frames= &faces= &bytes=``
    in the URL tell them, as far as they are sane.
    """
    parts = _split(url)
    name = unquote(parts.path.rpartition("/")[2])
    media_type = media_type_of(name)
    if kind not in _USUAL_TYPES:
        kind = KINDS.get(media_type, "image")
    if KINDS.get(media_type) != kind:
        media_type = _USUAL_TYPES[kind]
    told, draws = _Told(parts.query), Draws("input", url)
    sizes = ((1280, 720), (1920, 1080), (1080, 1920)) if kind == "video" else ((768, 768), (1024, 1024), (1024, 1536))
    width, height = draws.one_of(sizes, "size")
    width, height = told.whole("width", 1, MOST_PX) or width, told.whole("height", 1, MOST_PX) or height
    duration_ms = told.milliseconds("duration") or draws.whole(40, 300, "duration") * 100
    duration_ms = 0 if kind == "image" else duration_ms
    usual_frames = max(1, duration_ms * (10 if kind == "animation" else 30) // 1000)
    frames = 1 if kind == "image" else told.whole("frames", 1, MOST_FRAMES) or usual_frames
    faces = told.whole("faces", 0, 100)
    size = told.whole("bytes", 1, MOST_BYTES)
    if size is None:
        size = typical_bytes(Output(name, media_type, width, height, 0, duration_ms, frames, url))
    return Input(
        field=field,
        name=name,
        url=url,
        media_type=media_type,
        kind=kind,
        size_bytes=min(size, MOST_BYTES),
        width_px=width,
        height_px=height,
        duration_ms=duration_ms,
        frames=frames,
        faces=1 if faces is None else faces,
    )


class _Told:
    """What a URL's query tells about the media behind it."""

    def __init__(self, query: str) -> None:
        try:
            self.values = parse_qs(query[:4096], max_num_fields=64)
        except ValueError:
            self.values = {}

    def whole(self, name: str, low: int, high: int) -> int | None:
        """Return the number told, or None where none or a rubbish one is told."""
        text = self.values.get(name, [""])[0]
        return int(text) if re.fullmatch(r"[0-9]{1,10}", text) and low <= int(text) <= high else None

    def milliseconds(self, name: str) -> int | None:
        """Return the seconds told as milliseconds, or None where none or rubbish are told."""
        text = self.values.get(name, [""])[0]
        told = round(float(text) * 1000) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) else 0
        return told if 1 <= told <= MOST_MS else None


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _possible_size(path: str, media_type: str, width_px: int, height_px: int) -> tuple[int, int]:
    if not (1 <= width_px <= MOST_PX and 1 <= height_px <= MOST_PX):
        raise ImpossibleOutput(f"{path}: {width_px}x{height_px} asked, but each side takes 1 to {MOST_PX} pixels")
    if media_type == "video/webm":
        return min(WEBM_SIZES_PX, key=lambda size: _distance(size, (width_px, height_px)))
    if KINDS[media_type] == "video":
        return width_px + width_px % 2, height_px + height_px % 2
    return width_px, height_px


def _distance(one: tuple[int, int], other: tuple[int, int]) -> float:
    return abs(math.log(one[0] / other[0])) + abs(math.log(one[1] / other[1]))


def _possible_timing(
    path: str, media_type: str, duration_ms: int, frames: int | None, fps: float | None
) -> tuple[int, int]:
    kind = KINDS[media_type]
    if frames is None:
        frames = max(1, round(duration_ms * (fps or (10 if kind == "animation" else 30)) / 1000))
    if kind == "image" and (duration_ms or frames != 1):
        raise ImpossibleOutput(f"{path}: {media_type} is a single picture, it has no duration and no further frames")
    if kind == "animation":
        duration_ms = max(round(duration_ms / 10) * 10, 20 * frames if frames > 1 else 0)
        if duration_ms > 655_350 * frames:
            raise ImpossibleOutput(f"{path}: {duration_ms} ms asked, but a frame of a GIF lasts at most 655350 ms")
    if kind == "video" and not max(1, frames) <= duration_ms:
        raise ImpossibleOutput(f"{path}: {frames} frames in {duration_ms} ms asked, but a frame takes a millisecond")
    if not (1 <= frames <= MOST_FRAMES and 0 <= duration_ms <= MOST_MS):
        raise ImpossibleOutput(f"{path}: at most {MOST_FRAMES} frames and {MOST_MS} ms, at least one frame")
    return duration_ms, frames
