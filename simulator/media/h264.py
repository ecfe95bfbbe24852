"""H.264 pictures without an encoder: colour bars as a key frame, and pictures that repeat the one before.

In a key frame a few macroblocks carry their pixels as they are (I_PCM), all others copy the edge of the one above
or to the left (Intra_16x16, no residual). Further pictures skip every macroblock. Constrained baseline
profile; the numbers below are those of the standard's syntax tables.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from simulator.media import picture

FRAME_NUMBER_BITS = 4
_QUANTIZER = 16  # unused, as nothing is quantized, but it must be told
_MOST_DOT_PX = 12  # larger letters would only make larger key frames

_LEVELS = (  # level_idc, most macroblocks a frame, most macroblocks a second
    (10, 99, 1485),
    (20, 396, 11880),
    (30, 1620, 40500),
    (31, 3600, 108000),
    (32, 5120, 216000),
    (40, 8192, 245760),
    (42, 8704, 522240),
    (50, 22080, 589824),
    (51, 36864, 983040),
    (52, 36864, 2073600),
    (60, 139264, 4177920),
)

_PCM_TYPE = 25
_COPY_ABOVE, _COPY_LEFT = "010" + "011" + "1", "011" + "010" + "1"  # mb_type, chroma mode, no change of quantizer
_PCM_COEFFICIENTS = 16  # as many as a PCM block counts for in its neighbours' tables


def _unsigned(value: int) -> str:
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


def _signed(value: int) -> str:
    return _unsigned(2 * value - 1 if value > 0 else -2 * value)


def _to_bytes(bits: str) -> bytes:
    return int("1" + bits, 2).to_bytes(len(bits) // 8 + 1)[1:] if bits else b""


def _close(bits: str) -> bytes:
    """Return the bits with the stop bit and filled up to whole bytes."""
    bits += "1"
    return _to_bytes(bits + "0" * (-len(bits) % 8))


def _unit(head: int, payload: bytes) -> bytes:
    """Return a NAL unit, in which no three bytes may look like a start code."""
    return bytes([head]) + re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", payload)


PICTURE_PARAMETERS = _unit(
    0x68,
    _close(
        "".join(
            (
                _unsigned(0) + _unsigned(0),  # ids of this set and of the sequence's
                "00",  # variable-length codes, no field order
                _unsigned(0) * 3,  # one slice group, one reference each way
                "000",  # no weighting
                _signed(_QUANTIZER - 26) + _signed(0) + _signed(0),
                "100",  # slices say how they deblock; free prediction; no redundant pictures
            )
        )
    ),
)


@dataclass(frozen=True)
class Pictures:
    """The pictures of one video; both sides even."""

    width_px: int
    height_px: int
    fps: float
    seed: str

    @property
    def columns(self) -> int:
        """Macroblocks in a row."""
        return -(-self.width_px // 16)

    @property
    def lines(self) -> int:
        """Rows of macroblocks."""
        return -(-self.height_px // 16)

    @property
    def level(self) -> int:
        """The lowest level whose limits hold these pictures, times ten."""
        blocks = self.columns * self.lines
        return next((level for level, most, rate in _LEVELS if blocks <= most and blocks * self.fps <= rate), 62)

    def sequence_parameters(self) -> bytes:
        """Return the NAL unit that tells profile, size and colours."""
        cropped = (self.columns * 16 - self.width_px) // 2, (self.lines * 16 - self.height_px) // 2
        crop = "1" + "".join(_unsigned(side) for side in (0, cropped[0], 0, cropped[1])) if any(cropped) else "0"
        bits = (
            f"{66:08b}{0b11000000:08b}{self.level:08b}",
            _unsigned(0) + _unsigned(FRAME_NUMBER_BITS - 4) + _unsigned(2),  # id; pictures come in their order
            _unsigned(1) + "0",  # one reference frame, no gaps
            _unsigned(self.columns - 1) + _unsigned(self.lines - 1),
            "11" + crop,  # whole frames
            "1" + "00" + "1" + "101" + "0" + "1" + f"{1:08b}" * 3 + "0" + "00000",  # colours as in BT.709, no more
        )
        return _unit(0x67, _close("".join(bits)))

    def repeat(self, number: int) -> bytes:
        """Return the NAL unit of the ``number``-th picture after a key frame: all as before."""
        bits = (
            _unsigned(0) + _unsigned(5) + _unsigned(0),  # first macroblock; all slices predict; parameter set
            f"{number % (1 << FRAME_NUMBER_BITS):0{FRAME_NUMBER_BITS}b}",
            "000" + _signed(0) + _unsigned(1),  # the usual references; quantizer; no deblocking
            _unsigned(self.columns * self.lines),
        )
        return _unit(0x41, _close("".join(bits)))

    def key_frame(self) -> bytes:
        """Return the NAL unit of the picture itself."""
        bits = _unsigned(0) + _unsigned(7) + _unsigned(0) + "0" * FRAME_NUMBER_BITS + _unsigned(0)
        bits += "00" + _signed(0) + _unsigned(1)  # no long-term reference; quantizer; no deblocking
        done = bytearray()
        for line in range(self.lines):
            if not ({line, line - 1} & self._pcm_lines) and line:
                bits += (_COPY_ABOVE + "1") * self.columns
                continue
            for column in range(self.columns):
                pixels = self._pcm.get((line, column))
                if pixels is None:
                    bits += self._copy(line, column)
                    continue
                bits += _unsigned(_PCM_TYPE)
                done += _to_bytes(bits + "0" * (-len(bits) % 8)) + pixels
                bits = ""
        return _unit(0x65, bytes(done) + _close(bits))

    def _copy(self, line: int, column: int) -> str:
        """Return a macroblock that copies its neighbour, and "no coefficients" by the neighbours' table."""
        near = [
            _PCM_COEFFICIENTS * (place in self._pcm)
            for place in ((line, column - 1), (line - 1, column))
            if min(place) >= 0
        ]
        count = (sum(near) + 1) // 2 if len(near) == 2 else sum(near)
        mode = _COPY_LEFT if line in self._pcm_lines else _COPY_ABOVE
        return mode + ("1" if count < 2 else "000011" if count >= 8 else "1111")

    @cached_property
    def _pcm_lines(self) -> set[int]:
        return {line for line, _ in self._pcm}

    @cached_property
    def _pcm(self) -> dict[tuple[int, int], bytes]:
        """The macroblocks that carry pixels, by line and column."""
        colours = [_flat(_bt709(colour)) for colour in picture.palette(self.seed)]
        bars = dict(zip(picture.bar_starts(self.columns), colours, strict=False))
        found = {(0, column): flat for column, flat in bars.items()}
        place = picture.layout(self.width_px, self.height_px, _MOST_DOT_PX)
        if place.dot_px:
            first = place.band_y_px // 16
            after = (place.band_y_px + picture.BAND_DOTS * place.dot_px) // 16 + 1
            found.update({(line, 0): colours[picture.DARK] for line in range(first, after)})
            found.update(_word_blocks(place))
            found.update({(after, column): flat for column, flat in bars.items() if after < self.lines})
        return found


def _bt709(colour: picture.Colour) -> tuple[int, int, int]:
    red, green, blue = (level / 255 for level in colour)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return round(16 + 219 * luma), round(128 + 224 * (blue - luma) / 1.8556), round(128 + 224 * (red - luma) / 1.5748)


def _flat(colour: tuple[int, int, int]) -> bytes:
    luma, blue, red = colour
    return bytes([luma]) * 256 + bytes([blue]) * 64 + bytes([red]) * 64


_DARK, _LIGHT = (_bt709(picture.palette("")[index]) for index in (picture.DARK, picture.LIGHT))
_WORD_COLOUR = _flat(_DARK)[256:]


def _word_blocks(place: picture.Layout) -> dict[tuple[int, int], bytes]:
    """Return the macroblocks of the word and, right of it, at least one dark pixel to be copied further."""
    dot_px, top_px = place.dot_px, place.band_y_px + place.dot_px
    left, right = place.word_x_px // 16, (place.word_x_px + picture.WORD_DOTS * dot_px) // 16 + 1
    lead, tail = place.word_x_px - 16 * left, 16 * right - place.word_x_px - picture.WORD_DOTS * dot_px
    dark, light = bytes([_DARK[0]]), bytes([_LIGHT[0]])
    lumas = [
        dark * lead + b"".join((light if dot == "#" else dark) * dot_px for dot in dots) + dark * tail
        for dots in picture.WORD
    ]
    blank, blocks = dark * (16 * (right - left)), {}
    for line in range(top_px // 16, (top_px + len(lumas) * dot_px - 1) // 16 + 1):
        dots = [(y_px - top_px) // dot_px for y_px in range(16 * line, 16 * line + 16)]
        strip = [lumas[dot] if 0 <= dot < len(lumas) else blank for dot in dots]
        for column in range(left, right):
            at = 16 * (column - left)
            blocks[line, column] = b"".join(row[at : at + 16] for row in strip) + _WORD_COLOUR
    return blocks
