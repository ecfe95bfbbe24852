"""Reads a stranger's pictures safely, upright and as RGB, and writes PNG, JPEG and WebP."""

import mmap
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin

from simulator.jobs.files import Input
from simulator.media.live.failures import RenderFailure
from simulator.media.live.marks import as_text, as_xmp
from simulator.media.live.orders import NO_LIMITS_GIVEN, Limits, MadeFile
from simulator.media.probe import probe

Pixels = NDArray[np.uint8]

_FORMATS: Final = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
}
SUFFIXES: Final = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}  # of what is written
_MOST_SIDE_PX: Final = 16_384


class Picture(NamedTuple):
    """A picture's pixels, ``(height, width, 3) uint8`` RGB, upright and writable; and the type of the file they were in."""

    rgb: Pixels
    media_type: str


def read_picture(path: str, limits: Limits = NO_LIMITS_GIVEN) -> Picture:
    """Return a file's picture: of an animation the first one, turned as EXIF says, what is transparent on white.

    Its size is known from its headers before anything is decoded.
    Raises: RenderFailure, as ``undecodable``, ``wrong_codec`` or ``too_large``.
    """
    found = look_at(path)
    if found.media_type not in _FORMATS:
        known = found.kind != "unknown" or bool(found.media_type)
        raise RenderFailure("wrong_codec" if known else "undecodable", f"this is {found.media_type or 'no picture'}")
    if found.width_px * found.height_px > limits.most_px or max(found.width_px, found.height_px) > _MOST_SIDE_PX:
        raise RenderFailure("too_large", f"{found.width_px} by {found.height_px} pixels are too many")
    try:
        with Image.open(path, formats=[_FORMATS[found.media_type]]) as image:
            return Picture(_rgb(image), found.media_type)
    except MemoryError as error:
        raise RenderFailure("out_of_memory", "no memory to read the picture") from error
    except Exception as error:  # a damaged file makes Pillow raise nearly anything
        raise RenderFailure("undecodable", f"the picture cannot be decoded: {error}") from error


def look_at(path: str) -> Input:
    """Return what a file's headers say; nothing is decoded.

    Raises: RenderFailure, if the file cannot be read or is empty.
    """
    try:
        with (
            Path(path).open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
            memoryview(data) as view,
        ):
            return probe(view)
    except (OSError, ValueError) as error:  # ValueError: an empty file
        raise RenderFailure("undecodable", f"the file cannot be read: {error}") from error


def write_picture(path: str, rgb: Pixels, media_type: str, marks: Mapping[str, str]) -> MadeFile:
    """Write ``(height, width, 3)`` RGB with these words in its metadata, and return what the file says of itself.

    The file appears under its name only when complete. GIF and BMP become PNG, so the type may differ from the one asked.
    """
    media_type = media_type if media_type in _WRITERS else "image/png"
    part = Path(path).with_name(f".{Path(path).name}.part")
    try:
        _WRITERS[media_type](Image.fromarray(np.ascontiguousarray(rgb)), part, marks)
        part.replace(path)
    except OSError as error:
        raise RenderFailure("crashed", f"the picture cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    found = look_at(path)
    return MadeFile(path, found.media_type, found.width_px, found.height_px, found.size_bytes)


def _rgb(image: Image.Image) -> Pixels:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on a stranger's metadata
        image.seek(0)
        image.load()
        upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith(("I", "F")):  # deep grey
        deep = np.asarray(upright).astype(np.float32)
        grey = (deep / 257 if deep.max(initial=0) > 255 else deep).clip(0, 255).round().astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if upright.has_transparency_data:
        over = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    return np.array(upright.convert("RGB"))


def _write_png(image: Image.Image, path: Path, marks: Mapping[str, str]) -> None:
    words = PngImagePlugin.PngInfo()
    for name, text in marks.items():
        words.add_text(name.capitalize(), text)
    image.save(path, "PNG", compress_level=4, pnginfo=words)


def _write_jpeg(image: Image.Image, path: Path, marks: Mapping[str, str]) -> None:
    image.save(path, "JPEG", quality=92, comment=as_text(marks).encode())


def _write_webp(image: Image.Image, path: Path, marks: Mapping[str, str]) -> None:
    image.save(path, "WEBP", quality=90, xmp=as_xmp(marks))


_WRITERS: Final[Mapping[str, Callable[[Image.Image, Path, Mapping[str, str]], Any]]] = {
    "image/png": _write_png,
    "image/jpeg": _write_jpeg,
    "image/webp": _write_webp,
}
