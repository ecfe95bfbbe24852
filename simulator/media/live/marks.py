"""What says that an output is simulated: words in its metadata, always, and a small word in the picture, unless a test forbids it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from simulator.media import picture

_DOTS_A_WIDTH: Final = 240  # a dot of the word is this part of the picture's width
_DARK, _LIGHT, _NEUTRAL = 32, 220, 128
_MARGIN_PX: Final = 4


def metadata(job: str, what: str) -> dict[str, str]:
    """Return the words for a file's metadata; ``what`` names what was done, as in "face swap"."""
    return {"title": f"SIMULATED {what}", "comment": f"SIMULATED by media-api-simulator for tests. Job {job}"}


def as_text(marks: Mapping[str, str]) -> str:
    """Return the words as one text, for formats with a single comment."""
    return ". ".join(marks.values())


def as_xmp(marks: Mapping[str, str]) -> bytes:
    """Return the words as an XMP packet, for WebP."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>'
        f'<rdf:li xml:lang="x-default">{escape(as_text(marks))}</rdf:li>'
        "</rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def stamp_frames(frames: NDArray[np.uint8]) -> None:
    """Write the word into the lower left corner of yuv420p frames, ``(n, height * 3 // 2, width)``, in place."""
    count, rows, width_px = frames.shape
    height_px = rows // 3 * 2
    word = _word(width_px, height_px)
    if word is None:
        return
    top_px = (height_px - word.shape[0] - _MARGIN_PX) // 2 * 2
    frames[:, top_px : top_px + word.shape[0], _MARGIN_PX : _MARGIN_PX + word.shape[1]] = word
    chroma = frames[:, height_px:].reshape(count, 2, height_px // 2, width_px // 2)
    bottom_px, right_px = top_px + word.shape[0] + 1, _MARGIN_PX + word.shape[1] + 1
    chroma[:, :, top_px // 2 : bottom_px // 2, _MARGIN_PX // 2 : right_px // 2] = _NEUTRAL


def stamp_picture(rgb: NDArray[np.uint8]) -> None:
    """Write the word into the lower left corner of a picture, ``(height, width, 3)``, in place."""
    height_px, width_px = rgb.shape[:2]
    word = _word(width_px, height_px)
    if word is not None:
        top_px = (height_px - word.shape[0] - _MARGIN_PX) // 2 * 2
        rgb[top_px : top_px + word.shape[0], _MARGIN_PX : _MARGIN_PX + word.shape[1]] = word[:, :, None]


@lru_cache(16)
def _word(width_px: int, height_px: int) -> NDArray[np.uint8] | None:
    """Return the word on its dark band as levels of grey, or None where it has no room."""
    dots = np.full((picture.BAND_DOTS, picture.WORD_DOTS + 2), _DARK, np.uint8)
    dots[1:-1, 1:-1] = [[_LIGHT if dot == "#" else _DARK for dot in row] for row in picture.WORD]
    dot_px = max(1, round(width_px / _DOTS_A_WIDTH))
    word = dots.repeat(dot_px, axis=0).repeat(dot_px, axis=1)
    if word.shape[0] + 2 * _MARGIN_PX > height_px or word.shape[1] + 2 * _MARGIN_PX > width_px:
        return None
    return word
