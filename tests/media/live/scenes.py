"""Photographs in the public domain that installed packages carry, and small videos made of them, whose truth is known."""

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]


def photograph(name: str) -> Rgb:
    """Return one of the two photographs as ``(height, width, 3)``; skip where the package with it is missing."""
    if name == "collins":
        return np.array(pytest.importorskip("skimage.data").astronaut())
    folder = pytest.importorskip("matplotlib").get_data_path()
    return np.array(Image.open(Path(folder, "sample_data", "grace_hopper.jpg")).convert("RGB"))


def write_png(path: Path, rgb: Rgb) -> None:
    Image.fromarray(np.ascontiguousarray(rgb)).save(path)


class Actor(NamedTuple):
    """A photograph's part that moves over the scene: its middle in frame ``t`` (0 to 1), how large, how tilted."""

    rgb: Rgb
    start: tuple[float, float]  # of the middle, as shares of the scene
    end: tuple[float, float]
    height: float = 1.0  # of the photograph, as a share of the scene's height
    tilt: float = 0.0  # radians at the end
    is_oval: bool = True


def frames_of(actors: Sequence[Actor], width: int, height: int, count: int) -> Iterable[Rgb]:
    """Yield the scene's frames; later actors are in front of earlier ones."""
    for number in range(count):
        t = number / max(count - 1, 1)
        scene = np.full((height, width, 3), (96, 112, 104), np.uint8)
        scene[:, :, 0] += np.linspace(0, 60, width).astype(np.uint8)
        for actor in actors:
            _draw(scene, actor, t)
        yield scene


def _draw(scene: Rgb, actor: Actor, t: float) -> None:
    height, width = scene.shape[:2]
    rows, columns = actor.rgb.shape[:2]
    scale = rows / (actor.height * height)
    x0 = (actor.start[0] + (actor.end[0] - actor.start[0]) * t) * width
    y0 = (actor.start[1] + (actor.end[1] - actor.start[1]) * t) * height
    angle = actor.tilt * t
    y, x = np.mgrid[0:height, 0:width] + 0.5
    across, down = (x - x0) * scale, (y - y0) * scale
    px = across * math.cos(angle) + down * math.sin(angle) + columns / 2
    py = -across * math.sin(angle) + down * math.cos(angle) + rows / 2
    grid = torch.from_numpy(np.stack([2 * px / columns - 1, 2 * py / rows - 1], -1)).float()[None]
    picture = torch.from_numpy(actor.rgb).permute(2, 0, 1)[None].float()
    shrunk = F.interpolate(picture, scale_factor=1 / scale, mode="area") if scale > 1 else picture
    seen = F.grid_sample(shrunk, grid, mode="bilinear", align_corners=False)[0].permute(1, 2, 0).numpy()
    inside = (np.abs(grid[0].numpy()) < 1).all(-1)
    if actor.is_oval:
        inside &= (np.square(grid[0].numpy()).sum(-1)) < 1
    scene[inside] = seen.round().clip(0, 255).astype(np.uint8)[inside]


def write_video(path: Path, frames: Iterable[Rgb], fps: int = 12, *, has_sound: bool = False) -> Path:
    """Write an H.264 MP4, every twelfth frame a key frame."""
    pictures = list(frames)
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps, options={"crf": "16", "preset": "veryfast", "g": "12"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        sound = out.add_stream("aac", rate=44100, layout="mono") if has_sound else None
        for rgb in pictures:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24")))
        if sound is not None:
            for number in range(44100 * len(pictures) // fps // 1024):
                wave = np.sin(np.arange(1024) * 0.06).astype(np.float32)[None] * 0.2
                frame = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
                frame.sample_rate, frame.pts, frame.time_base = 44100, number * 1024, Fraction(1, 44100)
                out.mux(sound.encode(frame))
            out.mux(sound.encode(None))
        out.mux(stream.encode(None))
    return path


def read_frames(path: Path | str) -> list[Rgb]:
    """Return all frames as RGB."""
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
