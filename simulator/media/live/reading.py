"""Reads videos: holds what the headers say against the limits first, then gives upright frames chunk by chunk."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Final, NamedTuple, cast

import av
import numpy as np
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from simulator.jobs.files import MOST_PX
from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import NO_LIMITS_GIVEN, Limits
from simulator.media.live.pictures import look_at

Planes = NDArray[np.uint8]

CHUNK_FRAMES: Final = 32
_CHUNK_BYTES: Final = 96 << 20  # 32 frames of 1920 by 1080; of larger ones a chunk has fewer
_LEAST_CHUNK_FRAMES: Final = 4

_CONTAINERS: Final = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,flv,mp3,aac,wav,ogg,flac"
"""No playlists and no lists of files: those would have us open whatever a stranger names in them."""

_CODECS: Final = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4")
_PLAIN_FORMATS: Final = ("yuv420p", "yuvj420p")
_LIMITED, _FULL = 1, 2  # FFmpeg's numbers of ranges
_UNSPECIFIED, _OLD = 2, 6  # and of colour spaces: nobody says, and BT.601
_MOST_STRETCHED, _MOST_RATIO = 4, 0xFFFF  # of a pixel's shape: beyond, it is damage, or more than H.264 can say
_LATE_MS: Final = 1000  # by so much may a video be longer than its headers say before that counts as a lie


class Colours(NamedTuple):
    """What a video's samples mean, in FFmpeg's numbers of spaces, primaries and transfers (2: nobody says)."""

    space: int = _UNSPECIFIED
    primaries: int = _UNSPECIFIED
    transfer: int = _UNSPECIFIED
    is_full_range: bool = False


class Video(NamedTuple):
    """What a video is, once upright and with even sides. A duration or a count that nobody says is 0."""

    width_px: int
    height_px: int
    rate_fps: Fraction
    time_base: Fraction  # seconds in a tick
    frames: int
    duration_ms: int
    codec: str = ""
    colours: Colours = Colours()
    has_sound: bool = False
    pixel_shape: Fraction = Fraction(1)  # how wide a pixel is shown, for one of height 1

    @property
    def matrix(self) -> str:
        """How Y, Cb and Cr were made: ``bt601``, ``bt709`` or ``bt2020``; where nobody says, by size, as players do."""
        if self.colours.space in (9, 10):
            return "bt2020"
        if self.colours.space == 1 or (self.colours.space == _UNSPECIFIED and self.height_px >= 720):
            return "bt709"
        return "bt601"


class Chunk(NamedTuple):
    """Consecutive frames.

    ``frames`` is ``(n, height * 3 // 2, width) uint8``: yuv420p as it lies in memory, upright, both sides even; it may be
    written to. ``pts[i] * time_base`` is a frame's time in seconds from the file's beginning, strictly rising.
    ``first`` counts frames from where reading began.
    """

    frames: Planes
    pts: list[int]
    time_base: Fraction
    first: int


class Reader:
    """A video file that has been looked at; nothing stays open between calls.

    Raises: RenderFailure, for what the headers or the first frame rule out.
    """

    def __init__(self, path: str, limits: Limits = NO_LIMITS_GIVEN) -> None:
        self.path, self.limits = path, limits
        found = look_at(path)
        if found.kind in ("image", "animation"):
            raise RenderFailure("wrong_codec", f"this is {found.media_type}, not a video")
        with translated(), open_media(path) as container:
            stream = _picture_stream(container)
            check_size(stream.codec_context.width, stream.codec_context.height, limits)
            self._begins, self._frames_told = start_of(container), stream.frames
            self._prepare(stream, "explode")
            frame = next(container.decode(stream), None)
            if frame is None:
                raise RenderFailure("undecodable", "the video has no frame")
            check_size(frame.width, frame.height, limits)
            self._size = frame.width, frame.height
            self._turns = round(frame.rotation / 90) % 4  # quarters against the clock
            self.video = _video(container, stream, frame, self._turns)
        check_length(self.video, limits)

    def chunks(self, start_ms: int = 0, end_ms: int | None = None) -> Iterator[Chunk]:
        """Yield the frames of that time; never more than a chunk is in memory, besides those the caller keeps.

        Raises: RenderFailure, where the file turns out to be damaged, cut off, or beyond the limits after all.
        """
        video = self.video
        most = chunk_frames(video.width_px, video.height_px)
        shape = most, video.height_px * 3 // 2, video.width_px
        frames, pts, first = np.empty(shape, np.uint8), list[int](), 0
        for at, frame in self._timed(start_ms, end_ms):
            copy_planes(frame, self._turns, frames[len(pts)])
            pts.append(at)
            if len(pts) == most:
                yield Chunk(frames, pts, video.time_base, first)
                frames, pts, first = np.empty(shape, np.uint8), [], first + most
        if pts:
            yield Chunk(frames[: len(pts)], pts, video.time_base, first)

    def _timed(self, start_ms: int, end_ms: int | None) -> Iterator[tuple[int, VideoFrame]]:
        """Yield each frame and its time in ticks, which counts from the file's beginning and always rises."""
        time_base = self.video.time_base
        start = ticks(start_ms, time_base)
        end = ticks(end_ms, time_base) if end_ms is not None else None
        most = ticks(self.limits.most_ms + _LATE_MS, time_base)
        step, shift = max(1, round(1 / (self.video.rate_fps * time_base))), round(self._begins / time_base)
        last, count = start - 1, 0
        for frame in self._decoded(start + shift if start_ms else None, is_whole=end is None):
            at = last + step if frame.pts is None else frame.pts - shift
            if at < start and start_ms:
                continue  # between the key frame and where reading begins
            at = max(at, last + 1)
            if end is not None and at >= end:
                return
            last, count = at, count + 1
            if count > self.limits.most_frames or at > most:
                raise RenderFailure("too_long", "the video goes on beyond what its headers say")
            yield at, frame

    def _decoded(self, seek_to: int | None, is_whole: bool) -> Iterator[VideoFrame]:
        """Yield the frames from the key frame before ``seek_to`` on, in the size and the format of the first."""
        count = 0
        with translated(), open_media(self.path) as container:
            stream = _picture_stream(container)
            # Damage fails a whole video; in the middle of one, pictures may rightly miss what came before the key frame.
            self._prepare(stream, "explode" if seek_to is None else "crccheck")
            stream.thread_type = "AUTO"
            if seek_to is not None:
                container.seek(seek_to, stream=stream)
            for packet in container.demux(stream):
                count += packet.size > 0
                for frame in packet.decode():
                    yield self._alike(frame)
        if is_whole and seek_to is None and count < self._frames_told:
            raise RenderFailure("undecodable", f"the video ends after {count} of {self._frames_told} frames")

    def _prepare(self, stream: VideoStream, at_damage: str) -> None:
        stream.codec_context.options = {
            "max_pixels": str(2 * self.limits.most_px + (1 << 16)),  # a stream may grow on its way
            "err_detect": at_damage,
        }

    def _alike(self, frame: VideoFrame) -> VideoFrame:
        if frame.format.name in _PLAIN_FORMATS and (frame.width, frame.height) == self._size:
            return frame
        width_px, height_px = self._size
        wanted = _FULL if self.video.colours.is_full_range else _LIMITED
        return frame.reformat(width_px, height_px, "yuv420p", dst_color_range=wanted)


def chunk_frames(width_px: int, height_px: int) -> int:
    """Return how many frames of this size a chunk holds."""
    return min(max(_CHUNK_BYTES // (width_px * height_px * 3 // 2), _LEAST_CHUNK_FRAMES), CHUNK_FRAMES)


def ticks(time_ms: int, time_base: Fraction) -> int:
    """Return a time as the nearest whole number of ticks."""
    return round(Fraction(time_ms, 1000) / time_base)


def open_media(path: str) -> InputContainer:
    """Open a stranger's file; nothing but this file is ever read on its behalf.

    Raises: av.error.FFmpegError; see ``translated``.
    """
    most_px = str(MOST_PX**2)  # already opening may decode a frame
    options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file", "max_pixels": most_px}
    return av.open(f"file:{path}", options=options, metadata_errors="replace")


def start_of(container: InputContainer) -> Fraction:
    """Return the time in seconds at which a file says that it begins; all times are counted from there."""
    return max(Fraction(container.start_time or 0, av.time_base), Fraction(0))


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a decoder raises at a stranger's file into a RenderFailure."""
    try:
        yield
    except MemoryError as error:
        raise RenderFailure("out_of_memory", "no memory to read the video") from error
    except av.error.FFmpegError as error:
        raise RenderFailure("undecodable", f"the video cannot be decoded: {error.strerror}") from error


def check_size(width_px: int, height_px: int, limits: Limits) -> None:
    """Raises: RenderFailure, if a frame or picture of this size is too large."""
    if width_px * height_px > limits.most_px or max(width_px, height_px) > MOST_PX:
        raise RenderFailure("too_large", f"{width_px} by {height_px} pixels are too many")


def check_length(video: Video, limits: Limits) -> None:
    """Raises: RenderFailure, if the video says that it is too long."""
    if video.duration_ms > limits.most_ms:
        raise RenderFailure(
            "too_long", f"{video.duration_ms / 1000:.1f} s are longer than {limits.most_ms / 1000:.1f} s"
        )
    if video.frames > limits.most_frames:
        raise RenderFailure("too_long", f"{video.frames} frames are more than {limits.most_frames}")


def _picture_stream(container: InputContainer) -> VideoStream:
    streams = [stream for stream in container.streams.video if not stream.disposition & stream.disposition.attached_pic]
    if not streams:
        raise RenderFailure("no_video", "the file has no video in it")
    stream = streams[0]
    context = cast("VideoCodecContext | None", stream.codec_context)  # None: nothing here decodes it
    if context is None or context.codec.canonical_name not in _CODECS:
        codec = "unknown" if context is None else context.codec.canonical_name
        raise RenderFailure("wrong_codec", f"the video's codec is {codec}; there are {', '.join(_CODECS)}")
    return stream


def _video(container: InputContainer, stream: VideoStream, frame: VideoFrame, turns: int) -> Video:
    context = stream.codec_context
    rate_fps = stream.average_rate or stream.guessed_rate or Fraction(25)
    time_base = stream.time_base or Fraction(1, 90_000)
    if stream.duration:
        seconds = stream.duration * time_base
    else:
        seconds = Fraction(container.duration or 0, av.time_base)
    width_px, height_px = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
    is_full = frame.format.name.startswith("yuvj") or int(context.color_range or 0) == _FULL
    return Video(
        width_px=max(width_px // 2 * 2, 2),
        height_px=max(height_px // 2 * 2, 2),
        rate_fps=Fraction(rate_fps),
        time_base=time_base,
        frames=stream.frames or round(seconds * rate_fps),
        duration_ms=round(1000 * seconds),
        codec=context.codec.canonical_name,
        colours=Colours(
            int(context.colorspace) or _OLD,  # 0 is RGB, which is converted in the old way
            int(context.color_primaries or _UNSPECIFIED),
            int(context.color_trc or _UNSPECIFIED),
            is_full,
        ),
        has_sound=bool(container.streams.audio),
        pixel_shape=_pixel_shape(stream, turns),
    )


def _pixel_shape(stream: VideoStream, turns: int) -> Fraction:
    shape = stream.sample_aspect_ratio or Fraction(1)
    if not 1 / _MOST_STRETCHED <= shape <= _MOST_STRETCHED or max(shape.as_integer_ratio()) > _MOST_RATIO:
        return Fraction(1)
    return 1 / shape if turns % 2 else shape


def copy_planes(frame: VideoFrame, turns: int, into: Planes) -> None:
    """Copy a yuv420p frame, turned by quarters against the clock, into ``(height * 3 // 2, width) uint8``.

    Of an odd side the last row or column is left out; a side of a single pixel is doubled.
    """
    height_px, width_px = into.shape[0] // 3 * 2, into.shape[1]
    halves = into[height_px:].reshape(2, height_px // 2, width_px // 2)
    rows, columns = (width_px, height_px) if turns % 2 else (height_px, width_px)
    for index, target in enumerate((into[:height_px], halves[0], halves[1])):
        plane, part = frame.planes[index], 1 if index == 0 else 2
        samples = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
        samples = samples[: min(rows // part, plane.height), : min(columns // part, plane.width)]
        target[:] = np.rot90(samples, turns)
