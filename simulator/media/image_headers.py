"""What the headers of PNG, JPEG, GIF, WebP and BMP pictures tell, animated ones included."""

from simulator.media.headers import Found, Header, milliseconds

_JPEG_SIZES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_JPEG_BARE = {0x01, *range(0xD0, 0xD9)}  # markers without a length


def read_png(file: Header) -> Found:
    """Read a PNG's size and, of an animated one, its frames and their delays."""
    width_px, height_px = file.number(16, 4), file.number(20, 4)
    frames = duration_ms = 0
    at = 8
    while at + 8 <= file.size_bytes and file.step():
        name = file.text(at + 4, 4)
        if name == b"acTL":
            frames = file.number(at + 8, 4)
        elif name == b"IDAT" and not frames:
            break
        elif name == b"fcTL":
            duration_ms += milliseconds(file.number(at + 28, 2), file.number(at + 30, 2) or 100)
        at += 12 + file.number(at, 4)
    if frames:
        return Found("image/png", "animation", width_px, height_px, duration_ms, frames)
    return Found("image/png", "image", width_px, height_px, 0, 1)


def read_jpeg(file: Header) -> Found:
    """Read a JPEG's size from its first frame header; a turn told by EXIF does not count."""
    at = 2
    while at + 4 <= file.size_bytes and file.step():
        marker = file.number(at + 1, 1)
        if file.number(at, 1) != 0xFF:
            break
        if marker in _JPEG_SIZES:
            return Found("image/jpeg", "image", file.number(at + 7, 2), file.number(at + 5, 2), 0, 1)
        if marker == 0xFF or marker in _JPEG_BARE:
            at += 1 if marker == 0xFF else 2
        else:
            at += 2 + max(file.number(at + 2, 2), 2)
    return Found("image/jpeg", "image", 0, 0, 0, 1)


def read_gif(file: Header) -> Found:
    """Read a GIF's size, and count its frames and their delays; with more than one it is an animation."""
    frames = hundredths = 0
    at = 13 + _colours_bytes(file.number(10, 1))
    while at < file.size_bytes and file.step():
        block = file.number(at, 1)
        if block == 0x2C:
            frames += 1
            at += 11 + _colours_bytes(file.number(at + 9, 1))
        elif block == 0x21:
            is_delay = file.number(at + 1, 1) == 0xF9
            hundredths += file.small_first(at + 4, 2) if is_delay else 0
            at += 2
        else:
            break
        while (size := file.number(at, 1)) and file.step():
            at += 1 + size
        at += 1
    kind = "animation" if frames > 1 else "image"
    return Found("image/gif", kind, file.small_first(6, 2), file.small_first(8, 2), 10 * hundredths, max(frames, 1))


def _colours_bytes(flags: int) -> int:
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


def read_webp(file: Header) -> Found:
    """Read a WebP's size and, of an animated one, its frames and their durations."""
    width_px = height_px = frames = duration_ms = 0
    at = 12
    while at + 8 <= file.size_bytes and file.step():
        name, size = file.text(at, 4), file.small_first(at + 4, 4)
        if name == b"VP8X":
            width_px, height_px = _one_more(file, at + 12), _one_more(file, at + 15)
        elif name == b"ANMF":
            frames += 1
            duration_ms += file.small_first(at + 20, 3)
        elif name == b"VP8 " and not width_px:
            width_px, height_px = file.small_first(at + 14, 2) & 0x3FFF, file.small_first(at + 16, 2) & 0x3FFF
        elif name == b"VP8L" and not width_px and at + 13 <= file.size_bytes:
            sides = file.small_first(at + 9, 4)
            width_px, height_px = (sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1
        at += 8 + size + size % 2
    kind = "animation" if frames else "image"
    return Found("image/webp", kind, width_px, height_px, duration_ms, max(frames, 1))


def _one_more(file: Header, at: int) -> int:
    return file.small_first(at, 3) + 1 if at + 3 <= file.size_bytes else 0


def read_bmp(file: Header) -> Found:
    """Read a bitmap's size."""
    height_px = file.small_first(22, 4)
    height_px = 2**32 - height_px if height_px >= 2**31 else height_px  # negative: written from the top
    return Found("image/bmp", "image", file.small_first(18, 4), height_px, 0, 1)
