"""Writes videos as H.264 in MP4 or MOV that plays while it loads, and reads back what was written."""

import contextlib
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, cast

import av
from av.container import OutputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import MadeFile
from simulator.media.live.reading import Chunk, Video
from simulator.media.live.sound import Sound

if TYPE_CHECKING:
    from av.packet import Packet

ENCODERS: Final[Mapping[str, Mapping[str, str]]] = {
    "h264_nvenc": {"preset": "p4", "rc": "vbr", "cq": "20"},
    "libx264": {"preset": "veryfast", "crf": "20", "x264-params": "mbtree=0"},
}
"""The encoders to try, best first, and their settings. The first was never tried with a device that has it.

With its macroblock tree, x264 gives other bytes now and then, whatever the threads; without it, files are a quarter larger.
"""

SUFFIXES: Final = {"video/mp4": ".mp4", "video/quicktime": ".mov"}  # of what is written
_TYPES: Final = {suffix: media_type for media_type, suffix in SUFFIXES.items()}
_FULL, _LIMITED = 2, 1


class Writer:
    """A video that is being written; use it in a ``with`` block, and ``finish`` it there.

    The file appears under its name only when finished: leaving the block earlier removes what there is. ``encoder`` is
    the one that opened. Times of frames are kept as they come. One thread may write while another leaves.
    Raises: RenderFailure, also when made.
    """

    def __init__(
        self, path: str, video: Video, marks: Mapping[str, str], sound: Sound | None = None, encoder: str = ""
    ) -> None:
        """Write a video like this one; ``marks`` go into its metadata. Without ``encoder``, the best that opens.

        The path's suffix says whether it becomes an MP4 or a MOV.
        """
        self.path, self.video = path, video
        self._part = Path(path).with_name(f".{Path(path).name}.part")
        self._sound = sound
        self._busy, self._is_open = Lock(), True  # a file closed amid writing would end the process
        self.encoder = encoder or best_encoder(video)
        self.frames = 0
        with _failing():
            self._container: OutputContainer = av.open(
                str(self._part), "w", Path(path).suffix[1:], options={"movflags": "+faststart"}
            )
        try:
            with _failing():
                self._container.metadata.update(marks)
                self._stream = _add_video(self._container, self.encoder, video)
                if sound is not None:
                    sound.add_to(self._container)
        except BaseException:
            self.abandon()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandon()

    def write(self, chunk: Chunk) -> int:
        """Encode the frames and return how many are written so far. The chunk may be used again afterwards."""
        # Without a copy PyAV 18 takes the height for a multiple of four, and would scale the picture to what it should be.
        lent = VideoFrame.from_ndarray if self.video.height_px % 4 else VideoFrame.from_numpy_buffer
        with self._busy, _failing():
            if not self._is_open:
                raise RenderFailure("cancelled", "the video was abandoned")
            for picture, at in zip(chunk.frames, chunk.pts, strict=True):
                frame = lent(picture, "yuv420p")
                frame.pts, frame.time_base = at, chunk.time_base
                self._mux(self._stream.encode(frame))
                self.frames += 1
        return self.frames

    def finish(self) -> MadeFile:
        """Close the file, give it its name, and return what it says of itself."""
        with self._busy, _failing():
            self._mux(self._stream.encode(None))
            self._mux_sound(None)
            self._close()
            self._part.replace(self.path)
            return read_back(self.path)

    def abandon(self) -> None:
        """Close the file and remove it, unless it is finished; may be called twice."""
        with self._busy:
            if self._is_open:
                with contextlib.suppress(av.error.FFmpegError, ValueError):
                    self._close()
            self._part.unlink(missing_ok=True)

    def _close(self) -> None:
        self._is_open = False
        if self._sound is not None:
            self._sound.close()
        self._container.close()

    def _mux(self, packets: "list[Packet[VideoStream]]") -> None:
        for packet in packets:
            if packet.dts is not None:
                self._mux_sound(packet.dts * Fraction(packet.time_base))
            self._container.mux(packet)

    def _mux_sound(self, until_s: Fraction | None) -> None:
        if self._sound is None:
            return
        try:
            for packet in self._sound.until(until_s):
                self._container.mux(packet)
        except (av.error.FFmpegError, ValueError) as error:  # a full disk is met again by the next picture
            self._sound.end(error)


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    """Tell what goes wrong while writing; it is nobody's fault but ours, or the disk's."""
    try:
        yield
    except MemoryError as error:
        raise RenderFailure("out_of_memory", "no memory to write the video") from error
    except (av.error.FFmpegError, OSError) as error:
        raise RenderFailure("crashed", f"the video cannot be written: {error}") from error


def best_encoder(video: Video) -> str:
    """Return the first encoder that opens for a video of this size; there is always one."""
    for name in ENCODERS:
        with contextlib.suppress(av.error.FFmpegError, ValueError):
            context = cast(VideoCodecContext, av.CodecContext.create(name, "w"))
            context.width, context.height, context.pix_fmt = video.width_px, video.height_px, "yuv420p"
            context.options = dict(ENCODERS[name])
            context.framerate, context.time_base = video.rate_fps, 1 / video.rate_fps
            context.open()
            return name
    raise RenderFailure("too_large", f"no encoder takes {video.width_px} by {video.height_px} pixels")


def read_back(path: str) -> MadeFile:
    """Return what a video file says of itself, its frames counted one by one."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        return MadeFile(
            path=path,
            media_type=_TYPES[Path(path).suffix],
            width_px=stream.codec_context.width,
            height_px=stream.codec_context.height,
            size_bytes=Path(path).stat().st_size,
            duration_ms=round(Fraction(container.duration or 0, av.time_base) * 1000),
            frames=sum(packet.size > 0 for packet in container.demux(stream)),
        )


def _add_video(container: OutputContainer, encoder: str, video: Video) -> VideoStream:
    stream = container.add_stream(encoder, rate=video.rate_fps, options=dict(ENCODERS[encoder]))
    assert isinstance(stream, VideoStream)
    context, colours = stream.codec_context, video.colours
    stream.width, stream.height, stream.pix_fmt = video.width_px, video.height_px, "yuv420p"
    context.time_base, context.sample_aspect_ratio = video.time_base, video.pixel_shape
    context.thread_type = "FRAME"  # PyAV's default, slices, is slower; and then x264 is not always the same to the byte
    context.color_range = _FULL if colours.is_full_range else _LIMITED
    context.colorspace, context.color_primaries, context.color_trc = colours.space, colours.primaries, colours.transfer
    return stream
