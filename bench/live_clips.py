"""Clips for measuring live mode: a camera that pans, zooms and rolls over a photograph in the public domain, with a tone."""

import math
from pathlib import Path
from typing import Any

from bench.rows import Missing

FACES = {"collins": (0.29, 0.5), "hopper": (0.36, 0.5)}
"""Eileen Collins (NASA) and Grace Hopper (US Navy), and where a wide picture shows most of the face: shares of height and width."""
FPS, SOUND_HZ = 25, 44_100
_MISSING = "install the extras live and live-test: make live"


def photograph(name: str) -> Any:
    """Return one as ``(height, width, 3) uint8`` RGB, out of the installed package that carries it.

    Raises:
        Missing: there is no such package here.
    """
    try:
        import numpy as np
        from PIL import Image

        if name == "collins":
            import skimage.data

            return np.array(skimage.data.astronaut())
        import matplotlib

        path = Path(matplotlib.get_data_path(), "sample_data", "grace_hopper.jpg")
        return np.array(Image.open(path).convert("RGB"))
    except ImportError as error:
        raise Missing(_MISSING) from error


def photograph_file(name: str, folder: Path) -> Path:
    """Return a PNG of it in the folder."""
    from PIL import Image

    path = folder / f"{name}.png"
    if not path.exists():
        Image.fromarray(photograph(name)).save(path)
    return path


def clip(folder: Path, name: str, width: int, height: int, seconds: int) -> Path:
    """Return a clip of that photograph in the folder; it is made once.

    Raises:
        Missing: what it is made with is not installed.
    """
    path = folder / f"{name}-{width}x{height}-{seconds}s.mp4"
    if not path.exists():
        part = path.with_suffix(".part")
        _write(part, name, width, height, seconds)
        part.rename(path)
    return path


def _write(path: Path, name: str, width: int, height: int, seconds: int) -> None:
    try:
        import av
        import numpy as np
    except ImportError as error:
        raise Missing(_MISSING) from error
    picture = photograph(name)
    with av.open(str(path), "w", "mp4") as out:
        stream: Any = out.add_stream("libx264", rate=FPS, options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        sound: Any = out.add_stream("aac", rate=SOUND_HZ, layout="mono")
        for number in range(seconds * FPS):
            seen = _seen(picture, name, width, height, number / (seconds * FPS))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(seen, "rgb24")))
        wave = (0.2 * np.sin(2 * np.pi * 440 * np.arange(SOUND_HZ * seconds) / SOUND_HZ)).astype(np.float32)[None]
        for at in range(0, wave.shape[1], 1024):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[:, at : at + 1024]), "fltp", "mono")
            frame.sample_rate, frame.pts = SOUND_HZ, at
            out.mux(sound.encode(frame))
        for track in (stream, sound):
            out.mux(track.encode(None))


def _seen(picture: Any, name: str, width: int, height: int, at: float) -> Any:
    """Return what the camera sees at that share of the clip, ``(height, width, 3) uint8`` RGB; edges are mirrored."""
    import numpy as np
    import torch
    from torch.nn.functional import grid_sample

    rows, columns = picture.shape[:2]
    down, across = FACES[name] if width > height else (0.42, 0.5)
    zoom, roll = 1.15 + 0.25 * math.sin(2 * math.pi * at), 0.12 * math.sin(4 * math.pi * at)
    x0, y0 = columns * (across + 0.06 * math.sin(6 * at)), rows * (down + 0.03 * math.cos(5 * at))
    scale = min(columns / width, rows / height) / zoom
    y, x = np.arange(height)[:, None] - height / 2, np.arange(width)[None] - width / 2
    px = x0 + scale * (x * math.cos(roll) - y * math.sin(roll))
    py = y0 + scale * (x * math.sin(roll) + y * math.cos(roll))
    grid = torch.from_numpy(np.stack([2 * (px + 0.5) / columns - 1, 2 * (py + 0.5) / rows - 1], -1)[None].astype("f4"))
    whole = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    found = grid_sample(whole, grid, mode="bicubic", padding_mode="reflection", align_corners=False)
    return np.ascontiguousarray(found.round().clamp(0, 255).byte()[0].permute(1, 2, 0).numpy())
