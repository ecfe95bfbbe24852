"""What is written is H.264 that plays while it loads, keeps times and sound, and is read back as it is."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import MadeFile
from simulator.media.live.reading import Reader
from simulator.media.live.sound import Sound, loudness_of
from simulator.media.live.stages import overlapped
from simulator.media.live.writing import ENCODERS, Writer, best_encoder
from tests.media.live.media import corners, frame_times, live_threads, make_sound, make_video, sound_packets

MARKS = {"title": "SIMULATED copy", "comment": "SIMULATED. Job 1"}


def _copy(source: Path, target: Path, sound: Sound | None = None) -> MadeFile:
    reader = Reader(str(source))
    with Writer(str(target), reader.video, MARKS, sound) as writer:
        for _ in overlapped(reader.chunks(), lambda chunk: chunk, writer.write):
            pass
        return writer.finish()


@pytest.mark.parametrize("size_px", [(320, 240), (322, 242), (64, 50)])
def test_a_copy_has_the_same_frames_at_the_same_times(tmp_path: Path, size_px: tuple[int, int]) -> None:
    source = make_video(tmp_path / "a.mp4", size_px=size_px, frames=40, options={"crf": "10"})

    made = _copy(source, tmp_path / "b.mp4")

    assert made == MadeFile(
        str(tmp_path / "b.mp4"), "video/mp4", *size_px, (tmp_path / "b.mp4").stat().st_size, 1667, 40
    )
    assert frame_times(made.path) == frame_times(source)
    before, after = (np.concatenate([c.frames for c in Reader(str(p)).chunks()]) for p in (source, made.path))
    assert np.abs(before.astype(int) - after).mean() < 2


def test_a_varying_rate_is_kept(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", frames=5, times=[0, 40, 45, 200, 1000])

    made = _copy(source, tmp_path / "b.mp4")

    assert [round(1000 * at) for at in frame_times(made.path)] == [0, 40, 45, 200, 1000]


def test_a_turned_video_becomes_an_upright_one(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", turned=90)

    made = _copy(source, tmp_path / "b.mp4")

    assert (made.width_px, made.height_px) == (240, 320)
    with av.open(made.path) as file:
        frame = next(file.decode(video=0))
    assert frame.rotation == 0
    assert corners(frame.to_ndarray()[:320]) == (1, 3, 0, 2)


@pytest.mark.parametrize(
    ("told", "turned", "kept"),
    [
        (Fraction(64, 45), 0, Fraction(64, 45)),
        (Fraction(64, 45), 90, Fraction(45, 64)),
        (Fraction(1, 100), 0, Fraction(1)),
    ],
)
def test_pixels_keep_their_shape_unless_it_is_absurd(
    tmp_path: Path, told: Fraction, turned: int, kept: Fraction
) -> None:
    made = _copy(make_video(tmp_path / "a.mp4", pixel_shape=told, turned=turned), tmp_path / "b.mp4")

    with av.open(made.path) as file:
        assert (file.streams.video[0].sample_aspect_ratio or 1) == kept


def test_the_index_comes_first_and_the_marks_are_there(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", sound="aac")

    made = _copy(source, tmp_path / "b.mp4", Sound(str(source)))

    data = Path(made.path).read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    with av.open(made.path) as file:
        assert {name: file.metadata[name] for name in MARKS} == MARKS
        file.seek(500_000)
        assert next(file.decode(video=0)).pts is not None


def test_two_copies_have_the_same_bytes(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", sound="aac")

    made = [_copy(source, tmp_path / name, Sound(str(source))) for name in ("b.mp4", "c.mp4")]

    assert Path(made[0].path).read_bytes() == Path(made[1].path).read_bytes()


@pytest.mark.parametrize(
    ("name", "codec", "sound"),
    [("a.mp4", "libx264", "aac"), ("a.mp4", "libx264", "libmp3lame"), ("a.webm", "libvpx-vp9", "libopus")],
)
def test_packets_of_sound_are_copied_byte_for_byte(tmp_path: Path, name: str, codec: str, sound: str) -> None:
    source = make_video(tmp_path / name, codec=codec, sound=sound, frames=40)
    track = Sound(str(source))

    made = _copy(source, tmp_path / "b.mp4", track)

    assert [data for _, data in sound_packets(made.path)] == [data for _, data in sound_packets(source)]
    moved = {
        round(after[0] - before[0], 2)
        for after, before in zip(sound_packets(made.path), sound_packets(source), strict=True)
    }
    assert moved == {0}
    assert track.note == ""


def test_sound_out_of_a_transport_stream_is_carried_too(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.ts", sound="aac")

    made = _copy(source, tmp_path / "b.mp4", Sound(str(source)))

    assert len(sound_packets(made.path)) == len(sound_packets(source))
    with av.open(made.path) as file:
        assert sum(frame.samples for frame in file.decode(audio=0)) >= 48000


def test_sound_that_mp4_does_not_carry_is_encoded_anew(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mov", sound="pcm_s16le")
    track = Sound(str(source))

    made = _copy(source, tmp_path / "b.mp4", track)

    assert track.note == "sound encoded anew: pcm_s16le to aac"
    with av.open(made.path) as file:
        assert file.streams.audio[0].codec_context.name == "aac"
    heard = loudness_of(made.path)
    assert 9 <= len(heard) <= 11
    assert np.abs(np.median(heard) - np.median(loudness_of(str(source)))) < 1


def test_sound_may_be_cut_out_of_the_middle(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", sound="aac", frames=96)
    reader = Reader(str(source))

    with Writer(str(tmp_path / "b.mp4"), reader.video, MARKS, Sound(str(source), 1000, 2000)) as writer:
        for chunk in reader.chunks(1000, 2000):
            start = chunk.pts[0] if chunk.first == 0 else start  # noqa: F821 - the first chunk comes first
            writer.write(chunk._replace(pts=[at - start for at in chunk.pts]))
        made = writer.finish()

    assert made.frames == 24
    assert abs(made.duration_ms - 1000) < 30
    heard = sound_packets(made.path)
    assert 46 <= len(heard) <= 48  # 1024 samples each, of 48000
    assert abs(heard[0][0]) < 0.03


def test_a_file_without_sound_stays_silent(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4")

    made = _copy(source, tmp_path / "b.mp4", Sound(str(source)))

    with av.open(made.path) as file:
        assert not file.streams.audio
    assert len(loudness_of(str(source))) == 0


def test_damaged_sound_never_fails_a_video(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4")
    junk = tmp_path / "junk.m4a"
    junk.write_bytes(make_sound(tmp_path / "s.mp4").read_bytes()[:200])
    track = Sound(str(junk))

    made = _copy(source, tmp_path / "b.mp4", track)

    assert made.frames == 24
    assert track.note.startswith("sound left out")


def test_sound_that_no_mp4_could_describe_is_left_out(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.webm", codec="libvpx-vp9", sound="libopus")
    source.write_bytes(source.read_bytes().replace(b"\x63\xa2", b"\x63\xa3", 1))  # the head, under an unknown name
    track = Sound(str(source))

    made = _copy(source, tmp_path / "b.mp4", track)

    assert made.frames == 24
    assert track.note == "sound left out: its head is missing"


@pytest.mark.parametrize(("has_begun", "is_closed"), [(False, True), (True, True), (True, False)])
def test_nothing_stays_behind_of_what_is_not_finished(tmp_path: Path, has_begun: bool, is_closed: bool) -> None:
    source = make_video(tmp_path / "a.mp4", frames=70, size_px=(64, 48))
    reader = Reader(str(source))
    (tmp_path / "out").mkdir()

    with Writer(str(tmp_path / "out" / "b.mp4"), reader.video, MARKS, Sound(str(source))) as writer:
        news = overlapped(reader.chunks(), lambda chunk: chunk, writer.write)
        if has_begun:
            next(news)
        if is_closed:
            news.close()

    news.close()
    assert list((tmp_path / "out").iterdir()) == []
    assert live_threads() == []


def test_a_damaged_end_leaves_nothing_behind(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", frames=80, options={"g": "6", "crf": "5"})
    data = bytearray(source.read_bytes())
    end = data.index(b"moov") - 8
    data[end - 800 : end] = bytes(range(200)) * 4
    source.write_bytes(data)
    (tmp_path / "out").mkdir()

    with pytest.raises(RenderFailure, match="undecodable"):
        _copy(source, tmp_path / "out" / "b.mp4")

    assert list((tmp_path / "out").iterdir()) == []
    assert live_threads() == []


def test_what_cannot_be_written_fails_as_ours(tmp_path: Path) -> None:
    reader = Reader(str(make_video(tmp_path / "a.mp4")))

    with (
        Writer(str(tmp_path / "missing" / "b.mp4"), reader.video, MARKS) as writer,
        pytest.raises(RenderFailure, match="crashed"),
    ):
        writer.finish()


def test_the_hardware_encoder_is_only_taken_where_it_opens(tmp_path: Path) -> None:
    video = Reader(str(make_video(tmp_path / "a.mp4", frames=1))).video

    assert next(iter(ENCODERS)) == "h264_nvenc"
    assert best_encoder(video) in ENCODERS
    with pytest.raises(RenderFailure, match="too_large"):
        best_encoder(video._replace(width_px=40_000))
