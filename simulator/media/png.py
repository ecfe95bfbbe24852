"""PNG files, written by the standard library alone: four bits a pixel by a palette of ten colours."""

import struct
import zlib

from simulator.jobs.files import Output
from simulator.media import picture
from simulator.media.media_file import Piece, once, padding_bytes, zeros

_PADDING = b"paDd"  # by its letters' case: ancillary, private, safe to copy
_POLYNOMIAL = 0xEDB88320


def make_png(output: Output) -> list[Piece]:
    """Return a PNG's pieces; the padding is a chunk that no reader knows."""
    header = struct.pack(">IIBBBBB", output.width_px, output.height_px, 4, 3, 0, 0, 0)
    colours = bytes(level for colour in picture.palette(output.seed) for level in colour)
    text = b"Comment\0" + picture.comment(output.seed).encode()
    head = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"tEXt", text) + _chunk(b"PLTE", colours)
    start, end = once(head + _chunk(b"IDAT", _pixels(output))), once(_chunk(b"IEND", b""))
    return [start, *_padding(padding_bytes(output, [start, end], overhead_bytes=12)), end]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _pixels(output: Output) -> bytes:
    packed = []
    for row, times in picture.rows(output.width_px, output.height_px):
        digits = row.translate(_HEX_DIGITS).decode("ascii") + "0" * (len(row) % 2)
        packed.append((b"\0" + bytes.fromhex(digits)) * times)
    return zlib.compress(b"".join(packed), 1)


_HEX_DIGITS = bytes(ord("0123456789"[index % 10]) for index in range(256))


def _padding(data_bytes: int) -> list[Piece]:
    checksum = crc32_after_zeros(zlib.crc32(_PADDING), data_bytes)
    return [once(struct.pack(">I", data_bytes) + _PADDING), zeros(data_bytes), once(struct.pack(">I", checksum))]


def crc32_after_zeros(checksum: int, zero_bytes: int) -> int:
    """Return the CRC-32 of data that has this checksum, followed by zero bytes, without reading them.

    A zero bit multiplies the register by x modulo the polynomial, so n bytes multiply it by x to the power 8n.
    """
    factor, square, power = 1 << 31, 1 << 30, 8 * zero_bytes  # one, and x, in the reflected order of bits
    while power:
        if power & 1:
            factor = _multiply(factor, square)
        square = _multiply(square, square)
        power >>= 1
    return _multiply(checksum ^ 0xFFFFFFFF, factor) ^ 0xFFFFFFFF


def _multiply(one: int, other: int) -> int:
    product = 0
    for bit in range(31, -1, -1):
        if one >> bit & 1:
            product ^= other
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return product
