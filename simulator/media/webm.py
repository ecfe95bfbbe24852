"""WebM files: a VP9 key frame made beforehand, then frames of one byte that show it again.

``vp9_key_frames.bin`` holds, for each of ``WEBM_SIZES_PX``: width, height, the bit at which the quantizer stands,
the frame's length (``>HHHI``) and the frame. ``tests/media/make_vp9_key_frames.py`` makes it. A seed changes
the picture by other quantizers, that is, by its contrast and its colours' strength.
"""

import struct
from functools import cache
from importlib.resources import files

from simulator.jobs.chance import Draws
from simulator.jobs.files import Output, frames_per_group
from simulator.media import picture
from simulator.media.media_file import Piece, once, padding_bytes, total_bytes, zeros

_SHOW_AGAIN = b"\x88"
_QUANTIZERS = (44, 70)  # the frames were made at 60: less is paler and darker, more is brighter
_PLACE = struct.Struct(">HHHI")


def make_webm(output: Output) -> list[Piece]:
    """Return a WebM's pieces: heads, index (cues), clusters of five seconds, and a Void as padding."""
    clusters = _clusters(output)
    heads = _info(output) + _tracks(output) + _tags(output)
    at, places = len(heads) + len(_cues([(0, 0)] * len(clusters))), []
    for starts_ms, pieces in clusters:
        places.append((starts_ms, at))
        at += total_bytes(pieces)
    file_type, content = _element(0x1A45DFA3, _FILE_TYPE), [piece for _, pieces in clusters for piece in pieces]
    more_bytes = padding_bytes(output, [once(file_type)], overhead_bytes=12 + at + 9)
    segment = b"\x18\x53\x80\x67" + _long_size(at + 9 + more_bytes)
    start = once(file_type + segment + heads + _cues(places))
    return [start, *content, once(b"\xec" + _long_size(more_bytes)), zeros(more_bytes)]


def key_frame(width_px: int, height_px: int, seed: str) -> bytes:
    """Return the VP9 key frame of this size, coloured by the seed."""
    quantizer_at, frame = _key_frames()[width_px, height_px]
    draws = Draws("webm", seed)
    quantizer, colour = draws.whole(*_QUANTIZERS, "quantizer"), draws.whole(-15, 15, "colour")
    change = f"1{abs(colour):04b}{int(colour < 0)}"
    bits = f"{quantizer:08b}" + "0" + change * 2  # one for all; none for luma; one for each of the colours' kinds
    shift = 8 * len(frame) - quantizer_at - len(bits)
    number = int.from_bytes(frame)
    number ^= (number >> shift & (1 << len(bits)) - 1 ^ int(bits, 2)) << shift
    return number.to_bytes(len(frame))


@cache
def _key_frames() -> dict[tuple[int, int], tuple[int, bytes]]:
    data = files("simulator.media").joinpath("vp9_key_frames.bin").read_bytes()
    found, at = {}, 0
    while at < len(data):
        width_px, height_px, quantizer_at, size_bytes = _PLACE.unpack_from(data, at)
        at += _PLACE.size + size_bytes
        found[width_px, height_px] = quantizer_at, data[at - size_bytes : at]
    return found


def _long_size(size_bytes: int) -> bytes:
    return (1 << 56 | size_bytes).to_bytes(8)


def _element(name: int, data: bytes) -> bytes:
    return name.to_bytes((name.bit_length() + 7) // 8) + _long_size(len(data)) + data


def _whole(name: int, value: int) -> bytes:
    return _element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8)))


def _text(name: int, text: str) -> bytes:
    return _element(name, text.encode())


_FILE_TYPE = (  # EBML 1, ids of up to 4 bytes, sizes of up to 8, WebM 4 that a reader of 2 understands
    _whole(0x4286, 1)
    + _whole(0x42F7, 1)
    + _whole(0x42F2, 4)
    + _whole(0x42F3, 8)
    + _text(0x4282, "webm")
    + _whole(0x4287, 4)
    + _whole(0x4285, 2)
)


def _info(output: Output) -> bytes:
    """Return the Info element: ticks of a millisecond, and the duration in them."""
    application = "media-api-simulator"
    return _element(
        0x1549A966,
        _whole(0x2AD7B1, 1_000_000)
        + _element(0x4489, struct.pack(">d", output.duration_ms))
        + _text(0x4D80, application)
        + _text(0x5741, application),
    )


def _tracks(output: Output) -> bytes:
    size = _whole(0xB0, output.width_px) + _whole(0xBA, output.height_px)
    track = _whole(0xD7, 1) + _whole(0x73C5, 1) + _whole(0x83, 1) + _whole(0x9C, 0) + _text(0x86, "V_VP9")
    return _element(0x1654AE6B, _element(0xAE, track + _element(0xE0, size)))


def _tags(output: Output) -> bytes:
    tag = _text(0x45A3, "COMMENT") + _text(0x4487, picture.comment(output.seed))
    return _element(0x1254C367, _element(0x7373, _element(0x63C0, b"") + _element(0x67C8, tag)))


def _cues(places: list[tuple[int, int]]) -> bytes:
    """Return the index: each cluster's time and place; always of the same length for as many."""
    points = (
        _element(
            0xBB, _element(0xB3, time_ms.to_bytes(8)) + _element(0xB7, _whole(0xF7, 1) + _element(0xF1, at.to_bytes(8)))
        )
        for time_ms, at in places
    )
    return _element(0x1C53BB6B, b"".join(points))


def _clusters(output: Output) -> list[tuple[int, list[Piece]]]:
    """Return each cluster's time and pieces; it begins with a key frame, and its blocks tell times since then."""
    key = key_frame(output.width_px, output.height_px, output.seed)
    key_head = b"\xa3" + _long_size(4 + len(key)) + b"\x81\0\0\x80"
    times_ms = [frame * output.duration_ms // output.frames for frame in range(output.frames)]
    found, length = [], frames_per_group(output)
    for first in range(0, output.frames, length):
        starts_ms, *others_ms = times_ms[first : first + length]
        blocks = [b"\xa3\x85\x81" + struct.pack(">H", at - starts_ms) + b"\0" + _SHOW_AGAIN for at in others_ms]
        rest = once(b"".join(blocks))
        head = _whole(0xE7, starts_ms) + key_head
        size_bytes = len(head) + len(key) + rest.size_bytes
        found.append((starts_ms, [once(b"\x1f\x43\xb6\x75" + _long_size(size_bytes) + head), once(key), rest]))
    return found
