"""A probe says what a file is, believes nothing, and always comes to an end."""

import base64
import io
import mmap
import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from simulator.jobs.files import KINDS, Input, Output
from simulator.media import headers
from simulator.media.headers import Header
from simulator.media.probe import probe, probe_base64, unpack_base64
from simulator.media.synthetic import make
from tests.media.outputs import example, outputs

MADE = {media_type: make(example(media_type, has_sound=media_type == "video/mp4")).read() for media_type in KINDS}
every_type = pytest.mark.parametrize("media_type", list(KINDS))


def _told(found: Input) -> tuple[str, int, int, int, int]:
    return found.media_type, found.width_px, found.height_px, found.duration_ms, found.frames


@given(outputs())
@settings(max_examples=150, deadline=None)
def test_a_probe_finds_what_was_made(output: Output) -> None:
    found = probe(make(output).read())

    assert _told(found) == (
        output.media_type, output.width_px, output.height_px, output.duration_ms, output.frames
    )  # fmt: skip
    assert found.size_bytes == output.size_bytes
    assert found.kind == (
        "image" if output.media_type == "image/gif" and output.frames == 1 else KINDS[output.media_type]
    )


@every_type
def test_a_file_cut_off_anywhere_keeps_its_type_or_loses_all(media_type: str) -> None:
    whole, data = probe(MADE[media_type]), MADE[media_type]

    for length in {*range(min(len(data), 1500)), *range(0, len(data), 997)}:
        found = probe(data[:length])

        assert found.kind in ("unknown", "image", "animation", "video")
        assert found.size_bytes == length
        for value, known in zip(_told(found)[1:3], _told(whole)[1:3], strict=True):
            assert value in (0, known)


@given(
    st.sampled_from(list(KINDS)),
    st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 255)), min_size=1, max_size=12),
    st.integers(0, 3000),
)
@settings(max_examples=500, deadline=None)
def test_no_change_of_a_file_makes_a_probe_stumble(
    media_type: str, changes: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(MADE[media_type][: length or None])
    for at, value in changes:
        data[at % len(data)] = value

    found = probe(data)

    assert all(0 <= value <= 2**64 * 1000 for value in _told(found)[1:])  # type: ignore[operator]


_MARKS = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF1234WEBP", b"RIFF1234AVI ", b"\0\0\0\x10ftypisom",
          b"\0\0\0\x10ftypheic", b"\0\0\0\x08moov", b"\x1a\x45\xdf\xa3", b"BM"]  # fmt: skip


@given(st.sampled_from(_MARKS), st.binary(max_size=400))
@settings(max_examples=400, deadline=None)
def test_nonsense_behind_any_mark_is_survived(mark: bytes, rest: bytes) -> None:
    assert probe(mark + rest).size_bytes == len(mark) + len(rest)


@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a" + bytes(7) + b"\x2c" + bytes(9) + b"\x04" + b"\x01a" * 3_000_000,
        b"GIF89a" + bytes(7) + (b"\x2c" + bytes(11)) * 500_000,
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0acTL\0\0\0\x01" * 500_000,
        b"\xff\xd8\xff" + b"\xff" * 6_000_000,
        b"\0\0\0\x08moov" * 800_000,
        struct.pack(">I4s", 0, b"moov") + struct.pack(">I4s", 0, b"trak") * 800_000,
        struct.pack(">I4s", 0, b"moov") + b"\0\0\0\x10trak\0\0\0\x08mdia" * 400_000,
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff" + b"\xa3\x80" * 3_000_000,
        b"RIFF1234WEBP" + b"ANMF\0\0\0\0" * 800_000,
    ],
    ids=[
        "gif blocks",
        "gif frames",
        "png chunks",
        "jpeg fill",
        "boxes",
        "nested boxes",
        "tracks",
        "elements",
        "chunks",
    ],
)
def test_a_file_cannot_make_a_probe_take_more_than_its_steps(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    step = Header.step
    monkeypatch.setattr(Header, "step", lambda self: taken.append(1) or step(self))

    probe(data)

    assert len(taken) <= headers.MOST_STEPS + 100


def test_a_table_that_claims_billions_of_rows_is_read_as_far_as_it_goes() -> None:
    data = bytearray(MADE["video/mp4"])
    at = data.index(b"stts") + 8
    data[at : at + 4] = b"\xff\xff\xff\xff"

    found = probe(data)

    assert found.frames == 12


@pytest.mark.parametrize("data", [b"", b"\0", b"text", b"<svg/>", bytes(1000), b"RIFF", b"ftyp"])
def test_what_is_no_media_is_unknown(data: bytes) -> None:
    found = probe(data)

    assert (found.kind, found.media_type, found.faces) == ("unknown", "", 0)


def test_what_the_caller_knows_is_kept_and_never_believed() -> None:
    found = probe(MADE["image/jpeg"], field="image", name="a.png", url="u", declared_type="image/png")

    assert (found.field, found.name, found.url, found.declared_type) == ("image", "a.png", "u", "image/png")
    assert (found.media_type, found.faces) == ("image/jpeg", 1)


def test_a_mapped_file_is_probed_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(MADE["video/mp4"])

    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        found = probe(memoryview(mapped))

    assert found == probe(MADE["video/mp4"])


@pytest.mark.parametrize(
    ("file_format", "media_type", "options"),
    [
        ("PNG", "image/png", {}),
        ("JPEG", "image/jpeg", {"progressive": True}),
        ("WEBP", "image/webp", {"lossless": True}),
        ("WEBP", "image/webp", {"quality": 50}),
        ("GIF", "image/gif", {}),
        ("BMP", "image/bmp", {}),
    ],
)
def test_other_programs_pictures_are_understood(file_format: str, media_type: str, options: dict[str, object]) -> None:
    file = io.BytesIO()
    Image.new("RGB", (321, 123), "red").save(file, file_format, **options)  # type: ignore[arg-type]

    assert _told(probe(file.getvalue())) == (media_type, 321, 123, 0, 1)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "GIF"])
def test_other_programs_animations_are_understood(file_format: str) -> None:
    file = io.BytesIO()
    first, *others = (Image.new("RGB", (64, 32), colour) for colour in ("red", "green", "blue"))
    first.save(file, file_format, save_all=True, append_images=others, duration=200)

    found = probe(file.getvalue())

    assert (found.kind, *_told(found)) == ("animation", f"image/{file_format.lower()}", 64, 32, 600, 3)


def test_an_avif_tells_its_size() -> None:
    file = io.BytesIO()
    try:
        Image.new("RGB", (321, 123)).save(file, "AVIF")
    except (KeyError, OSError):
        pytest.skip("this Pillow writes no AVIF")

    assert _told(probe(file.getvalue())) == ("image/avif", 321, 123, 0, 1)


def _encode(container_format: str, codec: str, options: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", container_format, container_options=options) as container:
        stream = container.add_stream(codec, rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for _ in range(25):
            container.mux(stream.encode(av.VideoFrame(96, 64, "yuv420p")))
        container.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.parametrize(
    ("container_format", "media_type", "codec", "options"),
    [
        ("mp4", "video/mp4", "mpeg4", {}),
        ("mov", "video/quicktime", "mpeg4", {}),
        ("webm", "video/webm", "libvpx", {}),
        ("matroska", "video/x-matroska", "mpeg4", {}),
        ("avi", "video/x-msvideo", "mpeg4", {}),
    ],
)
def test_other_programs_videos_are_understood(
    container_format: str, media_type: str, codec: str, options: dict[str, str]
) -> None:
    found = probe(_encode(container_format, codec, options))

    assert _told(found) == (media_type, 96, 64, 1000, 25)


def test_a_webm_recorded_live_lasts_until_its_last_frame() -> None:
    found = probe(_encode("webm", "libvpx", {"live": "1"}))

    assert (found.width_px, found.height_px, found.duration_ms, found.frames) == (96, 64, 960, 25)


def test_a_fragmented_mp4_counts_its_frames() -> None:
    found = probe(_encode("mp4", "mpeg4", {"movflags": "frag_keyframe+empty_moov"}))

    assert (found.kind, found.width_px, found.height_px, found.frames) == ("video", 96, 64, 25)


def test_a_turned_video_has_its_sides_changed() -> None:
    data = bytearray(MADE["video/mp4"])
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)

    found = probe(data)

    assert (found.width_px, found.height_px) == (240, 320)


def test_a_movie_without_pictures_is_sound() -> None:
    data = MADE["video/mp4"].replace(b"vide", b"soun")

    found = probe(data)

    assert (found.kind, found.media_type, found.duration_ms) == ("unknown", "audio/mp4", 3000)


@pytest.mark.parametrize("head", ["", "data:image/png;base64,", "data:image/png;name=a.png;base64,", "data:;base64,"])
def test_base64_is_unpacked_with_or_without_its_head(head: str) -> None:
    text = head + base64.b64encode(MADE["image/png"]).decode()

    unpacked = unpack_base64(text)

    assert unpacked == ("image/png" if "png" in head else "", MADE["image/png"])
    assert probe_base64(text, field="image") == probe(MADE["image/png"], field="image", declared_type=unpacked[0])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "QUJ",
        "QU JD",
        "QUJD====",
        "QUJ=QUJD",
        "QUJ-",
        "ÄÖÜ=",
        "data:,hello",
        "data:image/png;base64",
        "data:",
    ],
)
def test_what_is_no_base64_is_none(text: str) -> None:
    assert unpack_base64(text) is None
    assert probe_base64(text) is None


@given(st.text())
def test_any_text_may_be_tried_as_base64(text: str) -> None:
    unpacked = unpack_base64(text)

    assert unpacked is None or unpacked[1]


def test_line_breaks_as_the_command_base64_writes_them_are_let_through() -> None:
    assert unpack_base64("QUJD\r\nQUJD\n") == ("", b"ABCABC")
