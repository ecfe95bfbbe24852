"""A reader gives upright frames of any usual video, and refuses the rest in the right words."""

import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import Limits
from simulator.media.live.reading import Chunk, Reader, chunk_frames
from tests.media.live.media import corners, make_sound, make_video

AS_MADE = (0, 1, 2, 3)


def _all(reader: Reader, *times: int) -> list[Chunk]:
    return list(reader.chunks(*times))


def _count(path: Path, limits: Limits = Limits()) -> int:  # noqa: B008 - it is frozen
    return sum(len(chunk.pts) for chunk in Reader(str(path), limits).chunks())


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "told"),
    [
        ("a.mp4", "libx264", "yuv420p", "h264"),
        ("a.mov", "libx264", "yuv444p", "h264"),
        ("a.ts", "libx264", "yuv420p", "h264"),
        ("a.mkv", "libx265", "yuv420p10le", "hevc"),
        ("a.webm", "libvpx-vp9", "yuv420p", "vp9"),
        ("b.webm", "libvpx", "yuv420p", "vp8"),
        ("a.avi", "mpeg4", "yuv420p", "mpeg4"),
    ],
)
def test_usual_codecs_and_containers_are_read(tmp_path: Path, name: str, codec: str, pixels: str, told: str) -> None:
    quiet = {"x265-params": "log-level=none"} if codec == "libx265" else None
    path = make_video(tmp_path / name, codec=codec, pixels=pixels, options=quiet)

    reader = Reader(str(path))
    chunks = _all(reader)

    assert (reader.video.codec, reader.video.width_px, reader.video.height_px) == (told, 320, 240)
    assert sum(len(chunk.pts) for chunk in chunks) == 24
    assert chunks[0].frames.shape == (24, 360, 320)
    assert corners(chunks[0].frames[0, :240]) == AS_MADE
    assert chunks[0].pts[0] == 0
    assert np.all(np.diff(chunks[0].pts) > 0)
    assert abs(reader.video.duration_ms - 1000) <= 50


@pytest.mark.parametrize(
    ("turned", "told"), [(0, AS_MADE), (90, (1, 3, 0, 2)), (180, (3, 2, 1, 0)), (270, (2, 0, 3, 1))]
)
def test_frames_come_out_upright(tmp_path: Path, turned: int, told: tuple[int, ...]) -> None:
    path = make_video(tmp_path / "a.mp4", turned=turned, frames=3)

    reader = Reader(str(path))
    chunk = _all(reader)[0]

    size = (240, 320) if turned % 180 else (320, 240)
    assert (reader.video.width_px, reader.video.height_px) == size
    assert corners(chunk.frames[0, : size[1]]) == told


def test_chunks_are_bounded_and_count_on(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", frames=70, size_px=(64, 48))

    chunks = _all(Reader(str(path)))

    assert [(chunk.first, len(chunk.pts)) for chunk in chunks] == [(0, 32), (32, 32), (64, 6)]
    assert chunk_frames(1920, 1080) == 32
    assert 4 <= chunk_frames(3840, 2160) < 32
    assert chunk_frames(8192, 8192) == 4


@pytest.mark.parametrize("groups", ["keyint=12", "keyint=12:open-gop=1:bframes=3:b-adapt=0"])
def test_reading_may_begin_in_the_middle(tmp_path: Path, groups: str) -> None:
    path = make_video(tmp_path / "a.mp4", frames=48, options={"x264-params": groups})
    reader = Reader(str(path))
    whole = np.concatenate([chunk.frames for chunk in _all(reader)])

    part = _all(reader, 750, 1250)

    assert [at * part[0].time_base for at in part[0].pts] == [Fraction(at, 24) for at in range(18, 30)]
    assert np.array_equal(part[0].frames, whole[18:30])
    assert part[0].first == 0


def test_a_varying_rate_keeps_its_times(tmp_path: Path) -> None:
    times = [0, 40, 45, 200, 1000, 1033]
    path = make_video(tmp_path / "a.mp4", frames=6, times=times)

    chunk = _all(Reader(str(path)))[0]

    assert [round(at * chunk.time_base * 1000) for at in chunk.pts] == times


def test_times_rise_even_where_the_file_s_do_not(tmp_path: Path) -> None:
    source, path = make_video(tmp_path / "a.mp4", frames=4, options={"bf": "0"}), tmp_path / "b.mkv"
    with av.open(str(source)) as file, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(file.streams.video[0])
        for packet, dts, pts in zip(file.demux(video=0), range(0, 40, 10), (0, 40, 40, 80), strict=False):
            packet.time_base, packet.dts, packet.pts, packet.stream = Fraction(1, 1000), dts, pts, stream
            out.mux(packet)

    (chunk,) = _all(Reader(str(path)))

    assert chunk.pts == [0, 40, 41, 80]


def test_odd_sides_lose_a_row_or_column(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.webm", codec="libvpx-vp9", size_px=(161, 91), frames=2)

    reader = Reader(str(path))

    assert (reader.video.width_px, reader.video.height_px) == (160, 90)
    assert _all(reader)[0].frames.shape == (2, 135, 160)


def test_a_single_pixel_is_a_video_too(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.webm", codec="libvpx-vp9", size_px=(1, 1), frames=2)

    assert _all(Reader(str(path)))[0].frames.shape == (2, 3, 2)


def test_full_range_is_told(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", pixels="yuvj420p", frames=2)

    assert Reader(str(path)).video.colours.is_full_range


def test_the_colour_matrix_is_told_or_guessed_by_size(tmp_path: Path) -> None:
    small = Reader(str(make_video(tmp_path / "a.mp4", frames=1))).video

    assert small.matrix == "bt601"
    assert small._replace(height_px=720).matrix == "bt709"
    assert small._replace(colours=small.colours._replace(space=9)).matrix == "bt2020"


def _junk(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(50_000))


def _cut_off(path: Path) -> None:
    make_video(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _cut_off_after_its_index(path: Path) -> None:
    make_video(path)
    whole = path.with_suffix(".whole.mp4")
    path.rename(whole)
    _remux_with_index_first(whole, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])


def _remux_with_index_first(source: Path, target: Path) -> None:
    with av.open(str(source)) as file, av.open(str(target), "w", options={"movflags": "+faststart"}) as out:
        stream = out.add_stream_from_template(file.streams.video[0])
        for packet in file.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)


def _bit_damaged(path: Path) -> None:
    make_video(path, options={"crf": "10"})
    data, dice = bytearray(path.read_bytes()), random.Random(2)
    start, end = data.index(b"mdat") + 800, data.index(b"moov")  # behind the encoder's own words
    for _ in range(40):
        data[dice.randrange(start, end - 8)] ^= 1 << dice.randrange(8)
    path.write_bytes(data)


def _a_slice_damaged(path: Path) -> None:
    """Turn bits over at the end of one picture: a player would paint over it and go on."""
    make_video(path, options={"crf": "5", "bf": "0"})
    with av.open(str(path)) as file:
        packets = [(packet.pos or 0, packet.size) for packet in file.demux(video=0) if packet.size]
    data, (start, size) = bytearray(path.read_bytes()), packets[12]
    for at in range(start + size * 7 // 8, start + size):
        data[at] ^= 0x5A
    path.write_bytes(data)


def _playlist(path: Path) -> None:
    make_video(path.with_name("other.mp4"))
    path.write_text("ffconcat version 1.0\nfile other.mp4\n")


def _animation(path: Path) -> None:
    shown = [Image.new("RGB", (32, 32), (at, 0, 0)) for at in range(0, 250, 50)]
    shown[0].save(path, "GIF", save_all=True, append_images=shown[1:])


def _without_frames(path: Path) -> None:
    make_video(path, frames=1)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"avc1", b"zzzz"))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.write_bytes(b""), "undecodable"),
        (lambda path: path.write_bytes(b"\0\0\0\x18ftypmp42"), "undecodable"),
        (lambda path: path.mkdir(), "undecodable"),
        (lambda path: None, "undecodable"),  # no such file
        (_junk, "undecodable"),
        (_cut_off, "undecodable"),
        (_cut_off_after_its_index, "undecodable"),
        (_bit_damaged, "undecodable"),
        (_a_slice_damaged, "undecodable"),
        (_playlist, "undecodable"),
        (_animation, "wrong_codec"),
        (lambda path: Image.new("RGB", (32, 32)).save(path, "PNG"), "wrong_codec"),
        (lambda path: make_video(path, codec="mpeg2video"), "wrong_codec"),
        (_without_frames, "wrong_codec"),
        (make_sound, "no_video"),
    ],
)
def test_what_cannot_be_read_fails_in_a_word(tmp_path: Path, spoil: Callable[[Path], object], reason: str) -> None:
    path = tmp_path / "a.mp4"
    spoil(path)

    with pytest.raises(RenderFailure) as caught:
        _count(path)

    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(most_px=320 * 240 - 1), "too_large"),
        (Limits(most_ms=999), "too_long"),
        (Limits(most_frames=23), "too_long"),
    ],
)
def test_limits_hold_before_anything_is_decoded(tmp_path: Path, limits: Limits, reason: str) -> None:
    path = make_video(tmp_path / "a.mp4")

    with pytest.raises(RenderFailure) as caught:
        Reader(str(path), limits)

    assert caught.value.reason == reason
    assert _count(path, Limits(320 * 240, 1000, 24)) == 24


def test_a_side_may_be_too_long_for_any_encoder(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.webm", codec="libvpx-vp9", size_px=(8208, 16), frames=1)

    with pytest.raises(RenderFailure) as caught:
        Reader(str(path))

    assert caught.value.reason == "too_large"


def test_a_video_that_hides_its_length_is_stopped(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.ts", frames=48)
    reader = Reader(str(path))
    reader.limits = Limits(most_frames=30)

    with pytest.raises(RenderFailure, match="too_long"):
        _all(reader)
