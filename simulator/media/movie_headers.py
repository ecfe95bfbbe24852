"""What the headers of MP4, MOV, WebM, Matroska and AVI videos tell, and of HEIC and AVIF pictures, which are boxes too."""

import math
import struct
from collections.abc import Iterator

from simulator.media.headers import Found, Header, milliseconds

_Box = tuple[bytes, int, int]  # name, where its content starts and stops

_PICTURES = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
}
_SOUNDS = {b"M4A ", b"M4B "}


def read_boxes(file: Header) -> Found:
    """Read a file of boxes: a movie, or a picture in a movie's clothes."""
    brand = file.text(8, 4) if file.text(4, 4) == b"ftyp" else b"qt  "
    if brand in _PICTURES:
        return _read_picture(file, _PICTURES[brand])
    media_type = "video/quicktime" if brand == b"qt  " else "audio/mp4" if brand in _SOUNDS else "video/mp4"
    found = Found(media_type, "unknown" if brand in _SOUNDS else "video")
    for name, start, stop in _boxes(file, 0, file.size_bytes):
        if name == b"moov":
            found = _read_movie(file, start, stop, found)
        elif name == b"moof":
            found = found._replace(frames=found.frames + _fragment_frames(file, start, stop))
    return found


def _boxes(file: Header, start: int, stop: int) -> Iterator[_Box]:
    """Yield the boxes between start and stop; the last may be cut off."""
    while start + 8 <= stop and file.step():
        size, head = file.number(start, 4), 8
        if size == 1:
            size, head = file.number(start + 8, 8), 16
        elif size == 0:
            size = stop - start
        if size < head:
            return
        yield file.text(start + 4, 4), start + head, min(start + size, stop)
        start += size


def _inside(file: Header, start: int, stop: int, *names: bytes) -> Iterator[_Box]:
    """Yield the boxes that lie at this path of names, from the outermost to the innermost."""
    for box in _boxes(file, start, stop):
        if box[0] == names[0]:
            if len(names) == 1:
                yield box
            else:
                yield from _inside(file, box[1], box[2], *names[1:])


def _read_movie(file: Header, start: int, stop: int, found: Found) -> Found:
    duration_ms, has_pictures, has_tracks = 0, False, False
    for name, first, last in _boxes(file, start, stop):
        if name == b"mvhd":
            duration_ms = _duration_ms(file, first) or duration_ms
        elif name == b"mvex":
            ticks = next((file.number(at + 4, 4) for _, at, _ in _inside(file, first, last, b"mehd")), 0)
            duration_ms = duration_ms or ticks  # the movie's ticks; nearly always milliseconds
        elif name == b"trak":
            has_tracks = True
            track = _read_track(file, first, last, found)
            if track is not None and not has_pictures:
                found, has_pictures = track, True
    if has_tracks and not has_pictures:
        return Found("audio/mp4", duration_ms=duration_ms)
    return found._replace(duration_ms=duration_ms or found.duration_ms)


def _duration_ms(file: Header, at: int) -> int:
    """Return what a movie's or a track's head says, in its short or its long form."""
    if file.number(at, 1) == 1:
        return milliseconds(_known(file.number(at + 24, 8), 8), file.number(at + 20, 4))
    return milliseconds(_known(file.number(at + 16, 4), 4), file.number(at + 12, 4))


def _known(ticks: int, size: int) -> int:
    return 0 if ticks == (1 << 8 * size) - 1 else ticks


def _read_track(file: Header, start: int, stop: int, found: Found) -> Found | None:
    """Return what a track of pictures tells, None for any other."""
    if not any(file.text(at + 8, 4) == b"vide" for _, at, _ in _inside(file, start, stop, b"mdia", b"hdlr")):
        return None
    for _, at, _ in _inside(file, start, stop, b"tkhd"):
        at += 88 if file.number(at, 1) == 1 else 76
        width_px, height_px = file.number(at, 4) >> 16, file.number(at + 4, 4) >> 16
        is_turned = at <= file.size_bytes and file.number(at - 36, 4) == 0 and file.number(at - 32, 4) != 0
        sides = (height_px, width_px) if is_turned else (width_px, height_px)
        found = found._replace(width_px=sides[0], height_px=sides[1])
    for _, at, _ in _inside(file, start, stop, b"mdia", b"mdhd"):
        found = found._replace(duration_ms=_duration_ms(file, at))
    for _, at, last in _inside(file, start, stop, b"mdia", b"minf", b"stbl", b"stts"):
        found = found._replace(frames=found.frames + _table_frames(file, at, last))
    return found


def _table_frames(file: Header, start: int, stop: int) -> int:
    """Return the sum of a table of (how many samples, how long each)."""
    frames, stop = 0, min(stop, start + 8 + 8 * file.number(start + 4, 4))
    for at in range(start + 8, stop - 7, 8):
        if not file.step():
            break
        frames += file.number(at, 4)
    return frames


def _fragment_frames(file: Header, start: int, stop: int) -> int:
    """Return the samples of a fragment's first track that has any."""
    for _, first, last in _inside(file, start, stop, b"traf"):
        frames = sum(file.number(at + 4, 4) for _, at, _ in _inside(file, first, last, b"trun"))
        if frames:
            return frames
    return 0


def _read_picture(file: Header, media_type: str) -> Found:
    """Read a HEIC's or AVIF's size: the largest told, as thumbnails and tiles tell theirs too."""
    sizes = [
        (file.number(at + 4, 4), file.number(at + 8, 4))
        for _, start, stop in _inside(file, 0, file.size_bytes, b"meta")
        for _, at, _ in _inside(file, start + 4, stop, b"iprp", b"ipco", b"ispe")
    ]
    width_px, height_px = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    return Found(media_type, "image", width_px, height_px, 0, 1)


_TRACK, _VIDEO, _BLOCKS = 0xAE, 0xE0, (0xA3, 0xA1)
_OPEN = {  # elements whose children we want to see
    0x1A45DFA3,  # file type
    0x18538067,  # segment
    0x1549A966,  # info
    0x1654AE6B,  # tracks
    _VIDEO,
    0x1F43B675,  # cluster
    0xA0,  # group of one block
}


def read_matroska(file: Header) -> Found:
    """Read a WebM or Matroska file, and count the blocks of its first track of pictures."""
    media_type = "video/x-matroska"
    ticks_ns, ticks, cluster, latest, frames = 1_000_000, 0.0, 0, 0, 0
    number, width_px, height_px = 0, 0, 0
    for name, start, stop in _elements(file, 0, file.size_bytes):
        if name == 0x4282 and file.text(start, 4) == b"webm":
            media_type = "video/webm"
        elif name == 0x2AD7B1:
            ticks_ns = _whole(file, start, stop)
        elif name == 0x4489:
            ticks = _real(file, start, stop - start)
        elif name == _TRACK and not number:
            number, width_px, height_px = _read_matroska_track(file, start, stop)
        elif name == 0xE7:
            cluster = _whole(file, start, stop)
        elif name in _BLOCKS and number and file.number(start, 1) == number | 0x80:
            frames += 1
            latest = max(latest, cluster + _signed(file.number(start + 1, 2)))
    duration_ms = min(round((ticks or latest) * ticks_ns / 1_000_000), 2**53)
    return Found(media_type, "video", width_px, height_px, duration_ms, frames)


def _read_matroska_track(file: Header, start: int, stop: int) -> tuple[int, int, int]:
    """Return number, width and height of a track of pictures, zeros for any other."""
    told = {name: _whole(file, first, last) for name, first, last in _elements(file, start, stop)}
    return (told.get(0xD7, 0), told.get(0xB0, 0), told.get(0xBA, 0)) if told.get(0x83) == 1 else (0, 0, 0)


def _elements(file: Header, at: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield name, start and stop of every element, and of those within the open ones, whose size may be unknown."""
    while at < stop and file.step():
        name_bytes, size_bytes = _length(file, at), _length(file, at + _length(file, at))
        start = at + name_bytes + size_bytes
        if not name_bytes or not size_bytes or start > file.size_bytes:
            return
        name = file.number(at, name_bytes)
        size = file.number(at + name_bytes, size_bytes) & (1 << 7 * size_bytes) - 1
        yield name, start, start + size  # even where the file ends before
        at = start if name in _OPEN else start + size


def _length(file: Header, at: int) -> int:
    """Return how many bytes a number has, which its first byte tells; 0 if that is none."""
    return (9 - file.number(at, 1).bit_length()) % 9


def _whole(file: Header, start: int, stop: int) -> int:
    return file.number(start, min(stop - start, 8))


def _real(file: Header, at: int, size: int) -> float:
    text = file.text(at, size) if size in (4, 8) else b""
    if len(text) != size or not text:
        return 0.0
    value = float(struct.unpack(">f" if size == 4 else ">d", text)[0])
    return value if math.isfinite(value) and 0 <= value < 2**53 else 0.0


def _signed(value: int) -> int:
    return value - 0x10000 if value >= 0x8000 else value


def read_avi(file: Header) -> Found:
    """Read an AVI's main header, which stands at a fixed place."""
    if file.text(24, 4) != b"avih":
        return Found("video/x-msvideo", "video")
    frame_us, frames = file.small_first(32, 4), file.small_first(48, 4)
    duration_ms = milliseconds(frame_us * frames, 1_000_000)
    return Found("video/x-msvideo", "video", file.small_first(64, 4), file.small_first(68, 4), duration_ms, frames)
