"""Every made file is, to real decoders, exactly what was planned."""

import io
import subprocess
import sys
from typing import Any

import av
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from simulator.jobs.files import KINDS, WEBM_SIZES_PX, ImpossibleOutput, Output, least_bytes, plan_output
from simulator.media import h264, picture
from simulator.media.media_file import MediaFile
from simulator.media.synthetic import make
from tests.media.outputs import decode, example, first_frame, outputs, planned

every_type = pytest.mark.parametrize("media_type", list(KINDS))


@given(outputs())
@settings(max_examples=120, deadline=None)
def test_a_decoder_finds_what_was_planned(output: Output) -> None:
    data = make(output).read()

    found = decode(data, output.media_type)

    assert found == planned(output)
    assert len(data) == output.size_bytes


@given(outputs(), st.integers(0, 300_000))
@settings(max_examples=80, deadline=None)
def test_every_size_from_the_least_on_can_be_made(output: Output, more_bytes: int) -> None:
    size_bytes = least_bytes(output) + more_bytes
    asked = plan_output(
        output.path,
        output.media_type,
        output.width_px,
        output.height_px,
        seed=output.seed,
        duration_ms=output.duration_ms,
        frames=output.frames,
        has_sound=output.has_sound,
        size_bytes=size_bytes,
    )

    data = make(asked).read()

    assert len(data) == asked.size_bytes == size_bytes + (size_bytes % 2 if asked.media_type == "image/webp" else 0)
    assert decode(data, asked.media_type) == planned(asked)


@every_type
@pytest.mark.parametrize("sides", [(1, 1), (2, 2), (54, 9), (55, 11), (1, 900), (900, 1), (1279, 719)])
def test_odd_shapes_decode(media_type: str, sides: tuple[int, int]) -> None:
    output = example(media_type, width_px=sides[0], height_px=sides[1])

    data = make(output).read()

    assert decode(data, media_type) == planned(output)


@every_type
def test_the_same_output_makes_the_same_bytes(media_type: str) -> None:
    once, again = make(example(media_type)), make(example(media_type))

    assert once.read() == again.read()
    assert once.etag == again.etag


@every_type
def test_the_path_has_no_part_in_the_bytes(media_type: str) -> None:
    here = plan_output("here", media_type, 64, 64, seed="", duration_ms=_length(media_type), size_bytes=99_000)
    there = plan_output("there", media_type, 64, 64, seed="", duration_ms=_length(media_type), size_bytes=99_000)

    assert make(here).etag == make(there).etag


def _length(media_type: str) -> int:
    return 0 if KINDS[media_type] == "image" else 1000


@every_type
def test_another_seed_makes_another_picture(media_type: str) -> None:
    frames = [first_frame(make(example(media_type, seed=f"seed {n}")).read(), media_type).tobytes() for n in range(8)]

    assert len(set(frames)) == len(frames)


@every_type
def test_the_picture_shows_light_letters_on_a_dark_band(media_type: str) -> None:
    output = example(media_type, width_px=640, height_px=360)
    place = picture.layout(
        output.width_px, output.height_px, 12 if "mp4" in media_type or "quick" in media_type else 999
    )

    image = first_frame(make(output).read(), media_type).convert("L")

    seen = [
        "".join(
            "#" if image.getpixel(_dot_middle(place, column, row)) > 128 else "."  # type: ignore[operator]
            for column in range(picture.WORD_DOTS)
        )
        for row in range(len(picture.WORD))
    ]
    assert tuple(seen) == picture.WORD


def _dot_middle(place: picture.Layout, column: int, row: int) -> tuple[int, int]:
    half = place.dot_px // 2
    return place.word_x_px + column * place.dot_px + half, place.band_y_px + (row + 1) * place.dot_px + half


@every_type
def test_the_metadata_says_simulated(media_type: str) -> None:
    output = example(media_type)

    data = make(output).read()

    assert picture.comment(output.seed).encode() in data


def test_decoders_read_the_comment() -> None:
    mark = picture.comment("example")
    assert Image.open(io.BytesIO(make(example("image/png")).read())).info["Comment"] == mark
    assert Image.open(io.BytesIO(make(example("image/jpeg")).read())).info["comment"] == mark.encode()
    assert Image.open(io.BytesIO(make(example("image/gif")).read())).info["comment"] == mark.encode()
    for media_type, key in (("video/mp4", "comment"), ("video/quicktime", "comment"), ("video/webm", "COMMENT")):
        with av.open(io.BytesIO(make(example(media_type)).read())) as container:
            assert container.metadata[key] == mark


@pytest.mark.parametrize("media_type", ["video/mp4", "video/quicktime", "video/webm"])
def test_the_last_frame_is_the_first(media_type: str) -> None:
    output = example(media_type, duration_ms=11_000, frames=200)

    with av.open(io.BytesIO(make(output).read())) as container:
        frames = [frame.to_ndarray().tobytes() for frame in container.decode(video=0)]

    assert set(frames) == {frames[0]}


@pytest.mark.parametrize("media_type", ["video/mp4", "video/quicktime", "video/webm"])
def test_a_player_can_seek_to_every_five_seconds(media_type: str) -> None:
    output = example(media_type, duration_ms=20_000, frames=500)

    with av.open(io.BytesIO(make(output).read())) as container:
        stream = container.streams.video[0]
        keys_s = [float(packet.pts * packet.time_base) for packet in container.demux(stream) if packet.is_keyframe]

    assert keys_s == [0, 5, 10, 15]


@pytest.mark.parametrize("media_type", ["video/mp4", "video/quicktime"])
def test_the_index_comes_before_the_content(media_type: str) -> None:
    data = make(example(media_type)).read()

    assert data.index(b"moov") < data.index(b"mdat") < data.index(b"free")


@pytest.mark.parametrize("media_type", ["video/mp4", "video/quicktime"])
@pytest.mark.parametrize("duration_ms", [1, 21, 1000, 45_200])
def test_sound_is_silent_and_as_long_as_the_pictures(media_type: str, duration_ms: int) -> None:
    output = example(media_type, duration_ms=duration_ms, frames=1, has_sound=True)

    with av.open(io.BytesIO(make(output).read())) as container:
        stream = container.streams.audio[0]
        length_ms = float(stream.duration * stream.time_base * 1000)
        sounds = [frame.to_ndarray() for frame in container.decode(stream)]

    assert length_ms == pytest.approx(duration_ms)
    assert sum(sound.size for sound in sounds) >= duration_ms * 48
    assert not any(sound.any() for sound in sounds)


def test_the_documented_picture_can_be_made() -> None:
    output = plan_output("grid.png", "image/png", 768, 768, seed="documented", size_bytes=7_204_115)

    data = make(output).read()

    assert len(data) == 7_204_115
    assert decode(data, "image/png") == ("image/png", 768, 768, 0, 1)


def test_the_documented_video_can_be_made() -> None:
    output = plan_output(
        "results/xyz789.mp4",
        "video/mp4",
        1920,
        1080,
        seed="documented",
        duration_ms=45_200,
        frames=600,
        size_bytes=28_456_789,
    )

    data = make(output).read()

    assert len(data) == 28_456_789
    assert decode(data, "video/mp4") == ("video/mp4", 1920, 1080, 45_200, 600)


@pytest.mark.parametrize("size_px", WEBM_SIZES_PX)
def test_every_webm_size_has_its_key_frame(size_px: tuple[int, int]) -> None:
    output = plan_output("a.webm", "video/webm", *size_px, seed="", duration_ms=100, frames=3)

    data = make(output).read()

    assert decode(data, "video/webm") == ("video/webm", *size_px, 100, 3)


def test_a_second_decoder_agrees_on_webm() -> None:
    output = example("video/webm", duration_ms=12_000, frames=300)
    decoder = av.CodecContext.create("libvpx-vp9", "r")

    with av.open(io.BytesIO(make(output).read())) as container:
        packets = list(container.demux(video=0))
        ours = [frame.to_ndarray().tobytes() for packet in packets for frame in packet.decode()]
    theirs = [frame.to_ndarray().tobytes() for packet in packets for frame in decoder.decode(packet)]

    assert ours == theirs
    assert len(ours) == 300


def test_a_long_video_is_built_from_few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    repeat = h264.Pictures.repeat
    monkeypatch.setattr(h264.Pictures, "repeat", lambda self, number: built.append(number) or repeat(self, number))
    output = plan_output("long.mp4", "video/mp4", 1920, 1080, seed="", duration_ms=3_600_000, frames=108_000)

    made = make(output)

    assert len(built) < 300
    assert made.held_bytes < 1_000_000 < made.size_bytes


@every_type
def test_padding_is_not_held(media_type: str) -> None:
    output = example(media_type, size_bytes=1_500_000_000)

    made = make(output)

    assert made.size_bytes == 1_500_000_000
    assert made.held_bytes < 1_000_000
    assert len(made.read(1_499_999_000)) == 1000


@pytest.mark.parametrize(
    "changes",
    [{"size_bytes": 50}, {"frames": 0}, {"width_px": 0}, {"media_type": "video/x-flv"}],
)
@every_type
def test_an_output_that_was_not_planned_is_refused_by_name(media_type: str, changes: dict[str, Any]) -> None:
    output = msgspec.structs.replace(example(media_type), **changes)

    with pytest.raises(ImpossibleOutput, match=r"results/example"):
        make(output)


def test_odd_sides_of_a_video_must_have_been_planned_away() -> None:
    output = msgspec.structs.replace(example("video/mp4", size_bytes=99_000), width_px=321)

    with pytest.raises(ImpossibleOutput, match=r"use plan_output, which gives .*width_px=322"):
        make(output)


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/gif"])
@pytest.mark.parametrize("more_bytes", range(0, 2560, 17))
def test_padding_of_many_segments_comes_out_even(media_type: str, more_bytes: int) -> None:
    output = example(media_type, width_px=32, height_px=32, size_bytes=70_000 + more_bytes)

    data = make(output).read()

    assert len(data) == 70_000 + more_bytes
    assert decode(data, media_type) == planned(output)


def test_pillow_is_imported_only_for_what_needs_it() -> None:
    program = (
        "import sys; from simulator.jobs.files import plan_output; from simulator.media import cache, probe; "
        "files = cache.MadeFiles(); "
        "files.get(plan_output('a', 'image/png', 9, 9, seed='')); "
        "files.get(plan_output('a', 'video/mp4', 9, 9, seed='', duration_ms=9)); "
        "files.get(plan_output('a', 'video/webm', 9, 9, seed='', duration_ms=9)); "
        "sys.exit('PIL' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_ranges_of_a_made_file_are_slices_of_the_whole() -> None:
    made: MediaFile = make(example("video/mp4", has_sound=True, duration_ms=12_000, frames=100, size_bytes=900_000))

    whole = made.read()

    for start in range(0, len(whole), 7919):
        assert made.read(start, start + 30_000) == whole[start : start + 30_000]
    assert b"".join(made.chunks(chunk_bytes=4097)) == whole
