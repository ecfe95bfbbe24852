"""A stranger's picture comes out upright and in RGB, or fails in a word; what is written is read back and marked."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simulator.media.live.failures import RenderFailure
from simulator.media.live.marks import metadata, stamp_frames, stamp_picture
from simulator.media.live.orders import Limits
from simulator.media.live.pictures import read_picture, write_picture
from tests.media.live.media import make_video, picture

MARKS = metadata("job-1 é", "face swap")
TYPES = ["image/png", "image/jpeg", "image/webp"]


def _saved(path: Path, image: Image.Image, form: str, **options: object) -> Path:
    image.save(path, form, **options)  # type: ignore[arg-type]
    return path


def _drawn(width_px: int = 60, height_px: int = 40) -> Image.Image:
    return Image.fromarray(picture(width_px, height_px))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_usual_formats_are_read(tmp_path: Path, form: str) -> None:
    path = _saved(tmp_path / "a", _drawn(), form)

    found = read_picture(str(path))

    assert found.media_type == f"image/{form.lower()}"
    assert found.rgb.shape == (40, 60, 3)
    assert np.abs(found.rgb.astype(int) - picture(60, 40)).mean() < 12
    found.rgb[0, 0] = 0  # it may be written to


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA", "CMYK", "I;16"])
def test_any_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(np.array(_drawn().convert("L")).astype(np.uint16) * 257)
    else:
        image = _drawn().convert(mode)
    path = _saved(tmp_path / "a", image, "JPEG" if mode == "CMYK" else "PNG")

    rgb = read_picture(str(path)).rgb

    assert rgb.dtype == np.uint8
    assert abs(int(rgb[2, 2, 0]) - 235) < (40 if mode in ("1", "CMYK", "P") else 3)


def test_what_is_transparent_is_shown_on_white(tmp_path: Path) -> None:
    path = _saved(tmp_path / "a", Image.new("RGBA", (8, 8), (10, 20, 30, 0)), "PNG")

    assert (read_picture(str(path)).rgb == 255).all()


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_is_turned_as_exif_says(tmp_path: Path, turn: int) -> None:
    upright = _drawn()
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = turn
    path = _saved(tmp_path / "a", upright.transpose(undo[turn]) if turn in undo else upright, "PNG", exif=exif)

    assert np.array_equal(read_picture(str(path)).rgb, np.array(upright))


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture_counts(tmp_path: Path, form: str) -> None:
    shown = [Image.new("RGB", (30, 20), (level, 0, 0)) for level in (250, 150, 50)]
    path = _saved(tmp_path / "a", shown[0], form, save_all=True, append_images=shown[1:])

    rgb = read_picture(str(path)).rgb

    assert abs(int(rgb[5, 5, 0]) - 250) < 8


def _png_that_says(width_px: int, height_px: int) -> bytes:
    def piece(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + piece(b"IHDR", head) + piece(b"IDAT", pixels) + piece(b"IEND", b"")


def _png_with_a_text_bomb() -> bytes:
    file = io.BytesIO()
    _drawn().save(file, "PNG")
    data = b"Comment\0\0" + zlib.compress(bytes(80 << 20))
    text = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    return file.getvalue()[:33] + text + file.getvalue()[33:]


def _bit_damaged_png() -> bytes:
    file = io.BytesIO()
    _drawn(200, 200).save(file, "PNG")
    data, dice = bytearray(file.getvalue()), random.Random(3)
    for _ in range(30):
        data[dice.randrange(60, len(data))] ^= 1 << dice.randrange(8)
    return bytes(data)


def _jpeg() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((200, 200), 60).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: b"", "undecodable"),
        (lambda: b"\0" * 5000, "undecodable"),
        (lambda: random.Random(4).randbytes(5000), "undecodable"),
        (lambda: _jpeg()[:3000], "undecodable"),
        (lambda: _jpeg()[:300], "undecodable"),
        (_bit_damaged_png, "undecodable"),
        (_png_with_a_text_bomb, "undecodable"),
        (lambda: _png_that_says(0, 0), "undecodable"),
        (lambda: _png_that_says(20_000, 100), "too_large"),
        (lambda: _png_that_says(60_000, 60_000), "too_large"),
        (lambda: b"%PDF-1.7\n", "wrong_codec"),
        (lambda: b"RIFF\0\0\0\0WAVEfmt ", "wrong_codec"),
    ],
)
def test_what_is_no_picture_fails_in_a_word(tmp_path: Path, data: Callable[[], bytes], reason: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data())

    with pytest.raises(RenderFailure) as caught:
        read_picture(str(path))

    assert caught.value.reason == reason


def test_a_video_is_no_picture_and_a_missing_file_neither(tmp_path: Path) -> None:
    with pytest.raises(RenderFailure, match="wrong_codec"):
        read_picture(str(make_video(tmp_path / "a.mp4", frames=1)))
    with pytest.raises(RenderFailure, match="undecodable"):
        read_picture(str(tmp_path / "missing.png"))


def test_limits_hold_and_one_pixel_is_enough(tmp_path: Path) -> None:
    path = _saved(tmp_path / "a", _drawn(), "PNG")

    with pytest.raises(RenderFailure, match="too_large"):
        read_picture(str(path), Limits(most_px=2399))
    assert read_picture(str(path), Limits(most_px=2400)).rgb.shape == (40, 60, 3)
    assert read_picture(str(_saved(tmp_path / "b", _drawn(1, 1), "PNG"))).rgb.shape == (1, 1, 3)


@pytest.mark.parametrize("media_type", TYPES)
def test_what_is_written_is_read_back_and_marked(tmp_path: Path, media_type: str) -> None:
    path = tmp_path / "a.out"

    made = write_picture(str(path), picture(60, 40), media_type, MARKS)

    assert (made.media_type, made.width_px, made.height_px) == (media_type, 60, 40)
    assert (made.size_bytes, made.duration_ms, made.frames) == (path.stat().st_size, 0, 1)
    with Image.open(path) as image:
        told = {**image.info, **getattr(image, "text", {})}
    words = b" ".join(word if isinstance(word, bytes) else str(word).encode() for word in told.values()).decode()
    assert "SIMULATED face swap" in words
    assert "SIMULATED by media-api-simulator for tests. Job job-1 é" in words
    assert [file.name for file in tmp_path.iterdir()] == ["a.out"]


def test_a_png_keeps_every_pixel_and_its_bytes(tmp_path: Path) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)

    for name in ("a.png", "b.png"):
        write_picture(str(tmp_path / name), rgb, "image/png", MARKS)

    assert np.array_equal(read_picture(str(tmp_path / "a.png")).rgb, rgb)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_type_that_is_never_written_becomes_png(tmp_path: Path) -> None:
    assert write_picture(str(tmp_path / "a"), picture(8, 8), "image/gif", MARKS).media_type == "image/png"


def test_a_picture_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()

    with pytest.raises(RenderFailure, match="crashed"):
        write_picture(str(tmp_path / "taken"), picture(8, 8), "image/png", MARKS)

    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize(("width_px", "height_px", "dot_px"), [(128, 96, 1), (640, 360, 3), (1080, 1920, 4)])
def test_the_word_stands_in_the_corner_and_nowhere_else(width_px: int, height_px: int, dot_px: int) -> None:
    frames = np.full((2, height_px * 3 // 2, width_px), 111, np.uint8)
    rgb = np.full((height_px, width_px, 3), 111, np.uint8)

    stamp_frames(frames)
    stamp_picture(rgb)

    changed = frames[:, :height_px] != 111
    rows, columns = np.flatnonzero(changed[0].any(1)), np.flatnonzero(changed[0].any(0))
    assert len(rows) == 7 * dot_px
    assert len(columns) == 55 * dot_px
    assert rows.max() < height_px
    assert rows.min() > height_px - 7 * dot_px - 8
    assert np.array_equal(changed[0], changed[1])
    assert np.array_equal(frames[0, :height_px], rgb[:, :, 1])
    chroma = frames[0, height_px:].reshape(2, height_px // 2, width_px // 2)
    covered = changed[0][::2, ::2] | changed[0][1::2, ::2] | changed[0][::2, 1::2] | changed[0][1::2, 1::2]
    assert np.array_equal(chroma[0] == 128, covered)
    assert np.array_equal(chroma[0], chroma[1])


def test_where_the_word_has_no_room_nothing_is_drawn() -> None:
    frames = np.full((1, 60, 40), 111, np.uint8)

    stamp_frames(frames)

    assert (frames == 111).all()
