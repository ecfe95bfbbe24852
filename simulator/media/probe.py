"""Says what a client's file is, from its headers alone: nothing is decoded, so no picture can be a bomb.

A file may be cut off, lie, or be no media at all: probing never raises, takes a bounded number of steps, and never
reserves memory because a header says so. What it cannot tell is 0 or empty, the kind then ``unknown``.
"""

import binascii
import re
from collections.abc import Callable

import msgspec

from simulator.jobs.files import Input
from simulator.media.headers import Found, Header
from simulator.media.image_headers import read_bmp, read_gif, read_jpeg, read_png, read_webp
from simulator.media.movie_headers import read_avi, read_boxes, read_matroska

_READERS: tuple[
    tuple[int, bytes, Callable[[Header], Found]], ...
] = (  # where a file's mark stands, the mark, who reads on
    (0, b"\x89PNG\r\n\x1a\n", read_png),
    (0, b"\xff\xd8\xff", read_jpeg),
    (0, b"GIF87a", read_gif),
    (0, b"GIF89a", read_gif),
    (8, b"WEBP", read_webp),
    (8, b"AVI ", read_avi),
    (4, b"ftyp", read_boxes),
    (4, b"moov", read_boxes),
    (4, b"mdat", read_boxes),
    (4, b"wide", read_boxes),
    (0, b"\x1a\x45\xdf\xa3", read_matroska),
    (0, b"BM", read_bmp),
    (8, b"WAVE", lambda file: Found("audio/wav")),
    (0, b"ID3", lambda file: Found("audio/mpeg")),
    (0, b"OggS", lambda file: Found("audio/ogg")),
    (0, b"%PDF-", lambda file: Found("application/pdf")),
)
_DATA_URI = re.compile(r"data:([A-Za-z0-9.+/-]{0,100})(?:;[A-Za-z0-9=._-]{1,100}){0,4}?;base64,")


def probe(
    data: bytes | bytearray | memoryview, *, field: str = "", name: str = "", url: str = "", declared_type: str = ""
) -> Input:
    """Return the input that these bytes are. Nobody looks for faces: a picture has one, other files none.

    A mapped file (``memoryview(mmap)``) need not be read as a whole.
    """
    file = Header(data)
    reader = next((read for at, mark, read in _READERS if file.text(at, len(mark)) == mark), None)
    found = Found() if reader is None else reader(file)
    return Input(
        field=field,
        name=name,
        url=url,
        declared_type=declared_type,
        size_bytes=file.size_bytes,
        faces=int(found.kind != "unknown"),
        **found._asdict(),
    )


def unpack_base64(text: str) -> tuple[str, bytes] | None:
    """Return the declared type ("" if none) and the bytes of plain Base64 or a data URI; None if it is neither.

    Strict: the standard alphabet, padded; line breaks are let through. The caller limits the length.
    """
    declared_type = ""
    if text.startswith("data:"):
        head = _DATA_URI.match(text)
        if head is None:
            return None
        declared_type, text = head[1], text[head.end() :]
    if "\n" in text:
        text = text.replace("\r", "").replace("\n", "")  # as the command base64 writes it
    if len(text) % 4 or text.endswith("==="):
        return None
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # binascii.Error, or a letter beyond ASCII
        return None
    return (declared_type, data) if data else None


def probe_base64(text: str, *, field: str = "") -> Input | None:
    """Return the input that plain Base64 or a data URI holds, or None if the text is no Base64."""
    unpacked = unpack_base64(text)
    if unpacked is None:
        return None
    declared_type, data = unpacked
    return msgspec.structs.replace(probe(data, field=field), declared_type=declared_type)
