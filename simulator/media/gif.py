"""GIF files, still and animated: one whole picture, then frames that paint a single pixel."""

import io
import struct

from simulator.jobs.files import Output
from simulator.media import picture
from simulator.media.media_file import Piece, even_parts, once, padding_bytes, times
from simulator.media.pillow_images import draw

_COLOURS = 16
_FOREVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
_ONE_PIXEL = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x04\x02" + struct.pack("<H", 16 | 17 << 10) + b"\0"
"""The pixel at the top left in the first colour: codes of five bits, namely clear, 0, end."""


def make_gif(output: Output) -> list[Piece]:
    """Return a GIF's pieces; the padding is a comment. Delays differ by at most a hundredth of a second."""
    colours = bytes(level for colour in picture.palette(output.seed) for level in colour)
    screen = struct.pack("<HHBBB", output.width_px, output.height_px, 0xF3, 0, 0)
    mark = picture.comment(output.seed).encode()
    head = b"GIF89a" + screen + colours.ljust(3 * _COLOURS, b"\0") + (_FOREVER if output.frames > 1 else b"")
    head += b"\x21\xfe" + bytes([len(mark)]) + mark + b"\0"
    delay, longer = divmod(output.duration_ms // 10, output.frames)
    first = _delay(delay + (longer > 0)) + _whole_picture(output)
    frames = [
        times(_delay(delay + 1) + _ONE_PIXEL, max(longer - 1, 0)),
        times(_delay(delay) + _ONE_PIXEL, output.frames - max(longer, 1)),
    ]
    pieces = [once(head + first), *frames]
    return [*pieces, *_padding(padding_bytes(output, pieces, overhead_bytes=4)), once(b";")]


def _delay(hundredths: int) -> bytes:
    return b"\x21\xf9\x04\x04" + struct.pack("<H", hundredths) + b"\0\0"


def _whole_picture(output: Output) -> bytes:
    """Return the image block of what Pillow writes: it packs pixels far faster than Python could."""
    file = io.BytesIO()
    draw(output).save(file, "GIF", optimize=False, interlace=0)
    data = file.getvalue()
    at = 13 + 3 * (2 << (data[10] & 7))  # after the palette
    assert data[at] == 0x2C, "Pillow writes the image block at once"
    assert not data[at + 9] & 0x80, "the image block has no palette of its own"
    return data[at:-1]


def _padding(size_bytes: int) -> list[Piece]:
    blocks = [times(bytes([size - 1]) + bytes(size - 1), count) for size, count in even_parts(size_bytes, most=256)]
    return [once(b"\x21\xfe"), *blocks, once(b"\0")]
