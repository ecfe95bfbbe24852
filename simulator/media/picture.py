"""The picture in every file we make: colour bars by seed and, where it fits, the word SIMULATED on a dark band."""

import colorsys
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from simulator.jobs.chance import Draws

Colour = tuple[int, int, int]

BARS = 8
DARK, LIGHT = BARS, BARS + 1  # the palette's colours after those of the bars
_DARK_RGB, _LIGHT_RGB = (24, 26, 32), (240, 242, 246)
_LETTERS = {
    "S": (".####", "#....", ".###.", "....#", "####."),
    "I": ("#####", "..#..", "..#..", "..#..", "#####"),
    "M": ("#...#", "##.##", "#.#.#", "#...#", "#...#"),
    "U": ("#...#", "#...#", "#...#", "#...#", ".###."),
    "L": ("#....", "#....", "#....", "#....", "#####"),
    "A": (".###.", "#...#", "#####", "#...#", "#...#"),
    "T": ("#####", "..#..", "..#..", "..#..", "..#.."),
    "E": ("#####", "#....", "####.", "#....", "#####"),
    "D": ("####.", "#...#", "#...#", "#...#", "####."),
}
WORD = tuple(".".join(_LETTERS[letter][row] for letter in "SIMULATED") for row in range(5))
"""The word as five rows of 53 dots, ``#`` for a light one."""

WORD_DOTS, BAND_DOTS = len(WORD[0]), len(WORD) + 2


class Layout(NamedTuple):
    """Where the word stands: a square dot's side, the band's first row, the word's first column; no word if 0."""

    dot_px: int
    band_y_px: int
    word_x_px: int


def palette(seed: str) -> list[Colour]:
    """Return RGB colours: one for each bar, then the dark and the light one of the word."""
    draws = Draws("picture", seed)
    turn = draws.ratio("turn")
    bars = [
        colorsys.hls_to_rgb(turn + bar / BARS, 0.45 + 0.2 * draws.ratio("light", bar), 0.55 + 0.2 * draws.ratio(bar))
        for bar in range(BARS)
    ]
    return [(round(255 * red), round(255 * green), round(255 * blue)) for red, green, blue in bars] + [
        _DARK_RGB,
        _LIGHT_RGB,
    ]


def comment(seed: str) -> str:
    """Return the mark for a file's metadata; always of the same length."""
    digest = blake2b(seed.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"SIMULATED by media-api-simulator, not a real result. Seed {digest}"


def layout(width_px: int, height_px: int, most_dot_px: int = 1000) -> Layout:
    """Place the word in the middle, two thirds of the picture wide unless the dots would be too large."""
    dot_px = min(max(width_px // 80, 1), height_px // (BAND_DOTS + 2), most_dot_px)
    if dot_px * (WORD_DOTS + 2) > width_px:
        dot_px = 0
    return Layout(dot_px, (height_px - BAND_DOTS * dot_px) // 2, (width_px - WORD_DOTS * dot_px) // 2)


def bar_starts(width: int) -> list[int]:
    """Return where each bar begins; of a narrow picture only some have room."""
    return sorted({bar * width // BARS for bar in range(BARS)})


def rows(width_px: int, height_px: int) -> Iterator[tuple[bytes, int]]:
    """Yield the picture from top to bottom: a row, one byte of palette index a pixel, and how often it repeats."""
    starts = [*bar_starts(width_px), width_px]
    plain = b"".join(bytes([bar]) * (starts[bar + 1] - starts[bar]) for bar in range(len(starts) - 1))
    place = layout(width_px, height_px)
    dot_px, dark = place.dot_px, bytes([DARK])
    yield plain, place.band_y_px
    if dot_px:
        right_px = width_px - place.word_x_px - WORD_DOTS * dot_px
        yield dark * width_px, dot_px
        for dots in WORD:
            word = b"".join(bytes([LIGHT if dot == "#" else DARK]) * dot_px for dot in dots)
            yield dark * place.word_x_px + word + dark * right_px, dot_px
        yield dark * width_px, dot_px
    yield plain, height_px - place.band_y_px - BAND_DOTS * dot_px
