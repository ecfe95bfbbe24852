"""MP4 and MOV files: H.264 bars, silent AAC on request, the index first, and a ``free`` box as padding."""

import struct
from collections.abc import Iterable
from typing import NamedTuple

from simulator.jobs.files import Output, frames_per_group
from simulator.media import picture
from simulator.media.h264 import PICTURE_PARAMETERS, Pictures
from simulator.media.media_file import Piece, once, padding_bytes, times, total_bytes, zeros

_TICKS_HZ = 90_000  # whole ticks a millisecond, so that a duration is exact whatever the number of frames
_SOUND_HZ = 48_000
_SOUND_FRAME_SAMPLES = 1024
_SILENCE = bytes(3) + b"\x07"  # one AAC channel without scale factor bands, then the end mark
_NO_TURN = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_FILE_TYPES = {
    "video/mp4": b"isom\0\0\2\0isomiso2avc1mp41",
    "video/quicktime": b"qt  \0\0\2\0qt  ",
}


def make_mp4(output: Output) -> list[Piece]:
    """Return the pieces of an MP4 or, by the output's media type, of a MOV."""
    video, samples = _video(output)
    sound_frames = -(-output.duration_ms * _SOUND_HZ // (1000 * _SOUND_FRAME_SAMPLES)) if output.has_sound else 0
    sound = times(_SILENCE, sound_frames)
    content = [sound, *samples]
    file_type = _box(b"ftyp", _FILE_TYPES[output.media_type])
    media_head = struct.pack(">I4s", 8 + total_bytes(content), b"mdat")
    index_bytes = len(_index(output, video, sound_frames, 0))
    start = len(file_type) + index_bytes + len(media_head)
    pieces = [once(file_type + _index(output, video, sound_frames, start) + media_head), *content]
    more_bytes = padding_bytes(output, pieces, overhead_bytes=8)
    return [*pieces, once(struct.pack(">I4s", 8 + more_bytes, b"free")), zeros(more_bytes)]


make_mov = make_mp4


class _Pictures(NamedTuple):
    """What the index says of the pictures: the entry that describes them, their sizes, and which are key frames."""

    entry: bytes
    sizes: bytes
    keys: range


def _video(output: Output) -> tuple[_Pictures, list[Piece]]:
    fps = output.frames * 1000 / output.duration_ms
    pictures = Pictures(output.width_px, output.height_px, fps, output.seed)
    length = min(max(frames_per_group(output), 2), output.frames)  # two key frames in a row would have to differ
    group = [_with_length(pictures.key_frame())] + [_with_length(pictures.repeat(at)) for at in range(1, length)]
    sizes = struct.pack(f">{length}I", *map(len, group))
    whole, rest = divmod(output.frames, length)
    samples = [times(b"".join(group), whole), once(b"".join(group[:rest]))]
    entry = _picture_entry(output, pictures.sequence_parameters())
    return _Pictures(entry, sizes * whole + sizes[: 4 * rest], range(1, output.frames + 1, length)), samples


def _with_length(unit: bytes) -> bytes:
    return struct.pack(">I", len(unit)) + unit


def _box(name: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return struct.pack(">I4s", 8 + len(data), name) + data


def _full_box(name: bytes, flags: int, *parts: bytes) -> bytes:
    return _box(name, struct.pack(">I", flags), *parts)


def _table(name: bytes, *rows: Iterable[int]) -> bytes:
    """Return a table box: the number of rows, then the rows."""
    numbers = [number for row in rows for number in row]
    return _full_box(name, 0, struct.pack(f">{len(numbers) + 1}I", len(rows), *numbers))


def _picture_entry(output: Output, parameters: bytes) -> bytes:
    config = _box(
        b"avcC",
        b"\1" + parameters[1:4] + b"\xff\xe1" + struct.pack(">H", len(parameters)) + parameters,
        b"\1" + struct.pack(">H", len(PICTURE_PARAMETERS)) + PICTURE_PARAMETERS,
    )
    size = struct.pack(">HHIIIH", output.width_px, output.height_px, 0x480000, 0x480000, 0, 1)
    return _box(b"avc1", bytes(6) + b"\0\1" + bytes(16), size, bytes(32), b"\0\x18\xff\xff", config)


def _sound_entry() -> bytes:
    decoder = b"\x05\x02" + struct.pack(">H", 2 << 11 | 3 << 7 | 1 << 3)  # AAC-LC, 48 kHz, one channel
    config = b"\x04" + bytes([13 + len(decoder)]) + b"\x40\x15" + bytes(11) + decoder
    descriptor = b"\x03" + bytes([3 + len(config) + 3]) + b"\0\2\0" + config + b"\x06\x01\x02"
    head = bytes(6) + b"\0\1" + bytes(8) + struct.pack(">HHHHI", 1, 16, 0, 0, _SOUND_HZ << 16)
    return _box(b"mp4a", head, _full_box(b"esds", 0, descriptor))


def _index(output: Output, video: _Pictures, sound_frames: int, start: int) -> bytes:
    """Return the ``moov`` box for content that begins at ``start``: first the sound, then the pictures."""
    heads = _full_box(
        b"mvhd",
        0,
        struct.pack(">IIIIIH", 0, 0, 1000, output.duration_ms, 0x10000, 0x100),
        bytes(10) + _NO_TURN + bytes(24) + struct.pack(">I", 3),
    )
    pictures = _track(output, 1, _TICKS_HZ, _picture_tables(output, video, start + len(_SILENCE) * sound_frames))
    sound = _track(output, 2, _SOUND_HZ, _sound_tables(output, sound_frames, start)) if sound_frames else b""
    mark = picture.comment(output.seed).encode()
    items = _box(b"ilst", _box(b"\xa9cmt", _box(b"data", struct.pack(">II", 1, 0), mark)))
    handler = _full_box(b"hdlr", 0, bytes(4) + b"mdirappl" + bytes(9))
    return _box(b"moov", heads, pictures, sound, _box(b"udta", _full_box(b"meta", 0, handler, items)))


def _track(output: Output, number: int, ticks_hz: int, tables: bytes) -> bytes:
    is_sound = number == 2
    size = (0, 0) if is_sound else (output.width_px << 16, output.height_px << 16)
    head = _full_box(
        b"tkhd",
        3,
        struct.pack(">IIIII", 0, 0, number, 0, output.duration_ms) + bytes(12),
        struct.pack(">HH", 0x100 if is_sound else 0, 0) + _NO_TURN + struct.pack(">II", *size),
    )
    duration = output.duration_ms * ticks_hz // 1000
    media = _full_box(b"mdhd", 0, struct.pack(">IIIIHH", 0, 0, ticks_hz, duration, 0x55C4, 0))  # language: und
    role, name = (b"soun", b"Silence\0") if is_sound else (b"vide", b"Bars\0")
    kind = b"mhlr" if output.media_type == "video/quicktime" else bytes(4)
    handler = _full_box(b"hdlr", 0, kind + role + bytes(12) + name)
    here = _box(b"dinf", _full_box(b"dref", 0, struct.pack(">I", 1), _full_box(b"url ", 1)))
    manner = _full_box(b"smhd", 0, bytes(4)) if is_sound else _full_box(b"vmhd", 1, bytes(8))
    return _box(b"trak", head, _box(b"mdia", media, handler, _box(b"minf", manner, here, tables)))


def _picture_tables(output: Output, video: _Pictures, start: int) -> bytes:
    ticks, longer = divmod(output.duration_ms * _TICKS_HZ // 1000, output.frames)
    lasting = [(longer, ticks + 1), (output.frames - longer, ticks)]
    return _box(
        b"stbl",
        _full_box(b"stsd", 0, struct.pack(">I", 1), video.entry),
        _table(b"stts", *[row for row in lasting if row[0]]),
        _table(b"stss", *[(frame,) for frame in video.keys]),
        _table(b"stsc", (1, output.frames, 1)),
        _full_box(b"stsz", 0, struct.pack(">II", 0, output.frames), video.sizes),
        _table(b"stco", (start,)),
    )


def _sound_tables(output: Output, frames: int, start: int) -> bytes:
    last = output.duration_ms * _SOUND_HZ // 1000 - (frames - 1) * _SOUND_FRAME_SAMPLES
    lasting = [(frames - 1, _SOUND_FRAME_SAMPLES), (1, last)]
    return _box(
        b"stbl",
        _full_box(b"stsd", 0, struct.pack(">I", 1), _sound_entry()),
        _table(b"stts", *[row for row in lasting if row[0]]),
        _table(b"stsc", (1, frames, 1)),
        _full_box(b"stsz", 0, struct.pack(">II", len(_SILENCE), frames)),
        _table(b"stco", (start,)),
    )
