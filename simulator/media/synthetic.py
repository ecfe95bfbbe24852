"""Makes planned outputs: a file of exactly the planned type, size, length, frames and bytes, without a codec."""

from collections.abc import Callable, Iterable
from importlib import import_module

from simulator.jobs.files import Output, check_planned
from simulator.media.media_file import MediaFile, Piece

_MAKERS = {
    "image/png": ("png", "make_png"),
    "image/jpeg": ("pillow_images", "make_jpeg"),
    "image/webp": ("pillow_images", "make_webp"),
    "image/gif": ("gif", "make_gif"),
    "video/mp4": ("mp4", "make_mp4"),
    "video/quicktime": ("mp4", "make_mov"),
    "video/webm": ("webm", "make_webm"),
}
"""The module and its function for each media type, imported when a file of that type is first made."""


def make(output: Output) -> MediaFile:
    """Return the file of an output; the same bytes for the same output, in which the path has no part.

    Raises: ImpossibleOutput, if ``plan_output`` would not have planned it so.
    """
    check_planned(output)
    module, name = _MAKERS[output.media_type]
    maker: Callable[[Output], Iterable[Piece]] = getattr(import_module(f"simulator.media.{module}"), name)
    return MediaFile(output.media_type, maker(output))
