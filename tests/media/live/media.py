"""Small videos of any codec and container, with a picture whose corners tell which way is up."""

import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

CORNERS = (235, 170, 105, 40)  # grey levels: top left, top right, bottom left, bottom right


def picture(width_px: int, height_px: int, number: int = 0) -> NDArray[np.uint8]:
    """Return RGB with a grey level in each corner and a bar that moves with the frame's number."""
    rgb = np.full((height_px, width_px, 3), 128, np.uint8)
    tall, wide = max(height_px // 3, 1), max(width_px // 3, 1)
    rgb[:tall, :wide], rgb[:tall, -wide:], rgb[-tall:, :wide], rgb[-tall:, -wide:] = CORNERS
    at = number * 4 % width_px
    rgb[height_px // 2 - 1 : height_px // 2 + 1, at : at + 4] = 255
    return rgb


def make_video(
    path: Path,
    *,
    size_px: tuple[int, int] = (320, 240),
    frames: int = 24,
    fps: int = 24,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    sound: str = "",
    turned: int = 0,
    times: list[int] | None = None,
    options: dict[str, str] | None = None,
    pixel_shape: Fraction | None = None,
) -> Path:
    """Write a video; ``turned`` is what its metadata say, in degrees against the clock, ``times`` in 1/1000 s."""
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size_px, pixels
        if pixel_shape:
            stream.codec_context.sample_aspect_ratio = pixel_shape
        if turned:
            stream.set_display_rotation(turned)
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        track: Any = out.add_stream(sound, rate=48000, layout="mono") if sound else None
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(*size_px, number), "rgb24")
            if times:
                frame.pts, frame.time_base = times[number], Fraction(1, 1000)
            out.mux(stream.encode(frame))
        if track:
            _hum(out, track, frames * 48000 // fps)
        out.mux(stream.encode(None))
    return path


def make_sound(path: Path) -> Path:
    """Write a file with half a second of sound and no picture."""
    with av.open(str(path), "w") as out:
        _hum(out, out.add_stream("aac", rate=48000, layout="mono"), 24000)
    return path


def corners(luma: NDArray[np.uint8]) -> tuple[int, ...]:
    """Return which of ``CORNERS`` stands in each corner of a luma plane: its place in them."""
    height_px, width_px = luma.shape
    found = []
    for y, x in ((1, 1), (1, -2), (-2, 1), (-2, -2)):
        level = (int(luma[y % height_px, x % width_px]) - 16) * 255 / 219
        found.append(min(range(4), key=lambda at, level=level: abs(CORNERS[at] - level)))  # type: ignore[misc]
    return tuple(found)


def sound_packets(path: Path | str) -> list[tuple[float, bytes]]:
    """Return each packet of sound: when, and its bytes."""
    with av.open(str(path)) as file:
        return [
            (round(float(packet.pts * packet.time_base), 3), bytes(packet))
            for packet in file.demux(audio=0)
            if packet.size
        ]


def frame_times(path: Path | str) -> list[Fraction]:
    """Return when each frame is shown, in seconds."""
    with av.open(str(path)) as file:
        return [frame.pts * frame.time_base for frame in file.decode(video=0)]


def live_threads() -> list[str]:
    """Return the stages' threads that still run."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("live-")]


def _hum(out: Any, track: Any, samples: int) -> None:
    wave = np.sin(np.arange(samples) * 0.05).astype(np.float32)[None] * 0.3
    for at in range(0, samples, 960):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[:, at : at + 960]), "fltp", "mono")
        frame = av.AudioResampler(track.format, track.layout, track.rate).resample(_timed(frame, at))[0]
        out.mux(track.encode(_timed(frame, at)))
    out.mux(track.encode(None))


def _timed(frame: av.AudioFrame, at: int) -> av.AudioFrame:
    frame.sample_rate, frame.pts, frame.time_base = 48000, at, Fraction(1, 48000)
    return frame
