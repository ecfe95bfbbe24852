"""JPEG and WebP pictures, written by Pillow and padded the format's own way."""

import io
import struct

from PIL import Image

from simulator.jobs.files import Output
from simulator.media import picture
from simulator.media.media_file import Piece, even_parts, once, padding_bytes, times, zeros


def draw(output: Output) -> Image.Image:
    """Return the picture in palette mode."""
    size = (output.width_px, output.height_px)
    pixels = b"".join(row * count for row, count in picture.rows(*size))
    image = Image.frombytes("P", size, pixels)
    image.putpalette(bytes(level for colour in picture.palette(output.seed) for level in colour))
    return image


def make_jpeg(output: Output) -> list[Piece]:
    """Return a JPEG's pieces; the padding is comment segments after the first segment."""
    file = io.BytesIO()
    draw(output).convert("RGB").save(file, "JPEG", quality=80, comment=picture.comment(output.seed).encode())
    data = file.getvalue()
    cut = 4 + int.from_bytes(data[4:6])  # after the start mark and the JFIF segment, which must stay together
    head, rest = once(data[:cut]), once(data[cut:])
    segments = [
        times(b"\xff\xfe" + struct.pack(">H", size - 2) + bytes(size - 4), count)
        for size, count in even_parts(padding_bytes(output, [head, rest], overhead_bytes=0), most=65537)
    ]
    return [head, *segments, rest]


def make_webp(output: Output) -> list[Piece]:
    """Return a lossless WebP's pieces; the padding is a chunk that no reader knows, at the end."""
    file = io.BytesIO()
    mark = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- {picture.comment(output.seed)} --></x:xmpmeta>'
    draw(output).convert("RGB").save(file, "WEBP", lossless=True, quality=0, method=0, xmp=mark.encode())
    data = file.getvalue()
    more_bytes = padding_bytes(output, [once(data)], overhead_bytes=8)
    head = b"RIFF" + struct.pack("<I", output.size_bytes - 8) + data[8:] + b"PADD" + struct.pack("<I", more_bytes)
    return [once(head), zeros(more_bytes)]
