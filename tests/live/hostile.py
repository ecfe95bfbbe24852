"""Damaged, hostile and odd files, each with what is to come of it: ``made``, or a reason of ``media/live/failures.py``."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from tests.media.live.media import make_sound, make_video

MADE, NOBODY, BAD, CODEC, LARGE, LONG, CROWD = (
    "made",
    "no_face_in_target",
    "undecodable",
    "wrong_codec",
    "too_large",
    "too_long",
    "too_many_faces",
)
HTML = b"<!doctype html><html><body><script>alert(1)</script><p>404 not found</p></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>'
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
SCRIPT = b"ffconcat version 1.0\nfile /etc/passwd\n"


def pictures(face: Image.Image, crowd: Image.Image) -> Mapping[str, tuple[bytes, set[str]]]:
    """Return files that are, or claim to be, pictures: by name the bytes and what may come of them."""
    png, rows = _saved(face, "PNG"), np.asarray(face)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    bomb_words = PngImagePlugin.PngInfo()
    bomb_words.add_text("bomb", "a" * 60_000_000, zip=True)
    deep = np.asarray(face.convert("L")).astype(np.uint16) * 257
    alpha = np.dstack([rows, np.full(rows.shape[:2], 200, np.uint8)])
    return {
        "whole.png": (png, {MADE}),
        "half.png": (png[: len(png) // 2], {BAD}),
        "head.png": (png[:40], {BAD}),
        "half.jpg": (_half(_saved(face, "JPEG")), {BAD}),
        "half.webp": (_half(_saved(face, "WEBP")), {BAD}),
        "half.gif": (_half(_saved(face, "GIF")), {BAD, NOBODY}),
        "empty.png": (b"", {BAD}),
        "random.png": (random.Random(1).randbytes(5000), {BAD}),
        "signature.png": (png[:8] + random.Random(2).randbytes(5000), {BAD, LARGE}),
        "flipped.png": (_flipped(png, 3), {BAD, MADE, NOBODY}),
        "flipped.jpg": (_flipped(_saved(face, "JPEG"), 4), {BAD, MADE, NOBODY}),
        "one-pixel.png": (_saved(face.resize((1, 1)), "PNG"), {NOBODY}),
        "line.png": (_saved(face.resize((3000, 1)), "PNG"), {NOBODY}),
        "wide.png": (_saved(Image.new("RGB", (20_000, 4)), "PNG"), {LARGE}),
        "huge.png": (_png(30_000, 30_000, b"\0" * 100), {LARGE}),
        "huge.gif": (b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b";", {LARGE}),
        "negative.png": (_png(0x80000001, 0xFFFFFFFF, b""), {LARGE, BAD}),
        "no-size.png": (_png(0, 0, b""), {BAD}),
        "bomb.png": (_png(64, 64, b"\0" * 200_000_000), {BAD, NOBODY}),
        "word-bomb.png": (_saved(face, "PNG", pnginfo=bomb_words), {BAD, MADE}),
        "exif-bomb.jpg": (_saved(face, "JPEG", exif=b"Exif\0\0" + b"\xff" * 60_000), {BAD, MADE}),
        "profile-bomb.jpg": (_saved(face, "JPEG", icc_profile=b"\xff" * 2_000_000), {MADE}),
        "sideways.jpg": (_saved(face.rotate(90, expand=True), "JPEG", exif=exif), {MADE}),
        "cmyk.jpg": (_saved(face.convert("CMYK"), "JPEG"), {MADE}),
        "deep.png": (_saved(Image.fromarray(deep), "PNG"), {MADE}),
        "alpha.png": (_saved(Image.fromarray(alpha), "PNG"), {MADE}),
        "palette.png": (_saved(face.convert("P"), "PNG"), {MADE}),
        "bits.png": (_saved(face.convert("1"), "PNG"), {MADE, NOBODY}),
        "animated.gif": (_saved(face, "GIF", save_all=True, append_images=[face.rotate(5)], duration=50), {MADE}),
        "animated.webp": (_saved(face, "WEBP", save_all=True, append_images=[face.rotate(5)]), {MADE}),
        "animated.png": (_saved(face, "PNG", save_all=True, append_images=[face.rotate(5)]), {MADE}),
        "jpeg-called.png": (_saved(face, "JPEG"), {MADE}),
        "tiff-called.png": (_saved(face, "TIFF"), {CODEC, BAD}),
        "bmp-called.png": (_saved(face, "BMP"), {MADE, CODEC, BAD}),
        "svg-called.png": (SVG, {CODEC, BAD}),
        "page-called.png": (HTML, {BAD}),
        "archive-and.png": (png + _archive(), {MADE}),
        "picture-in-archive.png": (_archive() + png, {BAD}),
        "crowd.png": (_saved(crowd, "PNG"), {CROWD}),
    }


def videos(folder: Path, clip: bytes, face: Image.Image) -> Mapping[str, tuple[bytes, set[str]]]:
    """Return files that are, or claim to be, videos; ``clip`` is an MP4 of one face, ``folder`` a place to work in."""

    def made(name: str, make: Callable[..., Path] = make_video, **how: object) -> bytes:
        return make(folder / name, **how).read_bytes()

    small = {"size_px": (64, 48), "frames": 4}
    return {
        "half.mp4": (_half(clip), {BAD}),
        "empty.mp4": (b"", {BAD}),
        "random.mp4": (random.Random(5).randbytes(5000), {BAD}),
        "headless.mp4": (clip[clip.index(b"mdat") :], {BAD}),
        "flipped.mp4": (_flipped(clip, 6), {BAD, MADE, NOBODY}),
        "flipped-more.mp4": (_flipped(clip, 7, bits=300), {BAD, MADE, NOBODY, CODEC, LARGE, LONG}),
        "sound-only.m4a": (made("a.m4a", make_sound), {"no_video"}),
        "one-frame.mp4": (made("a.mp4", size_px=(64, 48), frames=1), {NOBODY}),
        "two-pixels.mp4": (made("b.mp4", size_px=(2, 2), frames=4), {NOBODY}),
        "vp9.mp4": (made("a.webm", codec="libvpx-vp9", **small), {NOBODY}),
        "motion-jpeg.mp4": (made("a.avi", codec="mjpeg", pixels="yuvj420p", **small), {CODEC}),
        "ten-bits.mp4": (made("c.mp4", pixels="yuv420p10le", **small), {NOBODY}),
        "full-colour.mp4": (made("d.mp4", pixels="yuv444p", **small), {NOBODY}),
        "sideways.mp4": (made("e.mp4", turned=90, **small), {NOBODY}),
        "endless.mp4": (made("f.mp4", size_px=(64, 48), frames=2, times=[0, 700_000]), {LONG}),
        "endless-by-head.mp4": (_with_box(clip, b"mdhd", 16, 0x7FFFFFFF), {LONG, BAD, MADE}),
        "timeless.mp4": (_with_box(clip, b"mdhd", 12, 0), {BAD, MADE, LONG}),
        "negative.mp4": (_with_box(clip, b"stsz", 8, 0xFFFFFFFF), {BAD, LARGE, LONG}),
        "gif-called.mp4": (_saved(face, "GIF", save_all=True, append_images=[face.rotate(5)]), {CODEC}),
        "png-called.mp4": (_saved(face, "PNG"), {CODEC}),
        "page-called.mp4": (HTML, {BAD}),
        "playlist-called.mp4": (PLAYLIST, {BAD}),
        "script-called.mp4": (SCRIPT, {BAD}),
        "archive-and.mp4": (clip + _archive(), {MADE, BAD}),
    }


def _saved(image: Image.Image, form: str, **how: object) -> bytes:
    held = io.BytesIO()
    image.save(held, form, **how)  # type: ignore[arg-type]
    return held.getvalue()


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes, seed: int, bits: int = 20) -> bytes:
    dice, spoilt = random.Random(seed), bytearray(data)
    for _ in range(bits):
        spoilt[dice.randrange(16, len(data))] ^= 1 << dice.randrange(8)
    return bytes(spoilt)


def _png(width_px: int, height_px: int, pixels: bytes) -> bytes:
    """Return a PNG of grey whose header says this size, whatever its pixels are."""
    head = struct.pack(">IIBBBBB", width_px, height_px, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(said)) + name + said + struct.pack(">I", zlib.crc32(name + said)) for name, said in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _with_box(clip: bytes, box: bytes, offset: int, value: int) -> bytes:
    """Return an MP4 with a number in the first box of that name replaced; ``offset`` counts from behind the name."""
    at = clip.index(box) + 4 + offset
    return clip[:at] + struct.pack(">I", value) + clip[at + 4 :]


def _archive() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("evil.txt", "x" * 1000)
    return held.getvalue()
