"""A long video is cut into upright clips: at its own cuts, around faces, one finished after the other."""

import threading
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import pytest
import torch
from PIL import Image

from simulator.media.live.clips import crop_size, cut_clips, follow
from simulator.media.live.failures import RenderFailure
from simulator.media.live.moments import choose, title_of
from simulator.media.live.orders import ClipsOrder, Line, Made, News, Progress, Spoken
from simulator.media.live.reading import Reader
from simulator.media.live.scenes import Scenes, cuts_in, look_through
from simulator.media.live.workshop import Workshop
from tests.media.live.media import live_threads, make_video, sound_packets
from tests.media.live.scenes import Rgb

FPS = 12


class Shot(NamedTuple):
    """A stretch of a made video: how many frames, how grey, where the face is (share of the width), how loud."""

    frames: int
    grey: int
    face_at: float | None
    gain: float


SHOTS = (Shot(24, 40, 0.25, 0.02), Shot(36, 120, 0.7, 0.4), Shot(30, 200, None, 0.05), Shot(36, 80, 0.4, 0.2))
CUTS = (24, 60, 90)
TRANSCRIPT = (
    Spoken(0, 1500, "And so it is."),
    Spoken(2100, 3500, "The shuttle flew over the desert."),
    Spoken(3600, 4800, "And so it is."),
)


def make_talk(path: Path, face: Rgb, shots: Sequence[Shot] = SHOTS) -> Path:
    """Write a 320x180 video of these shots with a tone as sound."""
    head = Image.fromarray(face).crop((130, 0, 330, 200)).resize((140, 140))
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=FPS, options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        track: Any = out.add_stream("aac", rate=16000, layout="mono")
        for shot in shots:
            image = Image.new("RGB", (320, 180), (shot.grey, shot.grey, 255 - shot.grey))
            if shot.face_at is not None:
                image.paste(head, (int(320 * shot.face_at) - 70, 20))
            frame = av.VideoFrame.from_image(image)
            for _ in range(shot.frames):
                frame.pts = None
                out.mux(stream.encode(frame))
        gains = np.concatenate([np.full(shot.frames * 16000 // FPS, shot.gain) for shot in shots])
        wave = (np.sin(np.arange(len(gains)) * 0.2) * gains).astype(np.float32)[None]
        for at in range(0, wave.shape[1], 1024):
            heard = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[:, at : at + 1024]), "fltp", "mono")
            heard.sample_rate, heard.pts = 16000, at
            out.mux(track.encode(heard))
        out.mux(track.encode(None))
        out.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory, collins: Rgb) -> Path:
    return make_talk(tmp_path_factory.mktemp("talk") / "talk.mp4", collins)


@pytest.fixture(scope="module")
def scenes(talk: Path, workshop: Workshop) -> Scenes:
    *_, found = look_through(Reader(str(talk)), workshop.detector)
    assert isinstance(found, Scenes)
    return found


def _order(talk: Path, into: Path, **more: Any) -> ClipsOrder:
    asked = {"count": 2, "least_ms": 2000, "most_ms": 4000, "size_px": (90, 160)} | more
    return ClipsOrder("1", str(talk), str(into), **asked)


def _clips(news: Sequence[News]) -> list[Made]:
    return [one for one in news if isinstance(one, Made)]


def test_cuts_faces_and_loudness_are_found_in_one_pass(scenes: Scenes) -> None:
    assert scenes.cuts == CUTS
    assert [frame for frame in scenes.looks if 60 <= frame < 90] == [60, 66, 72, 78, 84]
    assert sorted(scenes.faces) == [frame for frame in scenes.looks if not 60 <= frame < 90]
    for frame, (x, _) in scenes.faces.items():
        at = 0.25 if frame < 24 else 0.7 if frame < 60 else 0.4
        assert abs(x / 320 - at) < 0.03
    assert 104 <= len(scenes.loudness) <= 107
    assert scenes.loudness[25:45].min() > scenes.loudness[80:100].max() > scenes.loudness[:15].max()
    assert scenes.times_ms[-1] == 10_500


def test_motion_and_slow_changes_are_no_cuts() -> None:
    steady = np.full(100, 9.0, np.float32)
    fade = np.concatenate([np.zeros(40), np.full(20, 7.0), np.zeros(40)]).astype(np.float32)
    sudden = steady.copy()
    sudden[50] = 40

    assert cuts_in(steady) == ()
    assert cuts_in(fade) == ()
    assert cuts_in(sudden) == (50,)
    assert cuts_in(np.zeros(1, np.float32)) == ()


def test_the_best_moments_lie_between_cuts_and_never_overlap(scenes: Scenes) -> None:
    best, second = choose(scenes, 2, 2000, 4000)

    assert (best.first, best.end, best.kind) == (24, 60, "Loudest moment")
    assert (second.first, second.end) == (90, 126)
    assert best.score == 100 > second.score >= 0
    assert (best.start_ms, best.end_ms) == (2000, 5000)


@pytest.mark.parametrize("count", [1, 3, 8])
def test_as_many_moments_as_fit_are_found(scenes: Scenes, count: int) -> None:
    found = choose(scenes, count, 1000, 3000)

    assert len(found) == count
    stretches = sorted((moment.first, moment.end) for moment in found)
    assert all(end <= start for (_, end), (start, _) in pairwise(stretches))
    assert all(1000 <= moment.end_ms - moment.start_ms <= 3000 for moment in found)


def test_a_short_video_is_one_moment(scenes: Scenes) -> None:
    (only,) = choose(scenes, 5, 60_000, 90_000)

    assert (only.start_ms, only.end_ms) == (0, 10_500)


def test_titles_say_what_is_known(scenes: Scenes) -> None:
    best, second = choose(scenes, 2, 2000, 4000)

    assert title_of(best) == "Loudest moment, 0:02"
    assert title_of(best, TRANSCRIPT) == "The shuttle flew over the desert."
    assert title_of(second, TRANSCRIPT).endswith(", 0:07")  # nobody speaks there


def test_the_crop_follows_the_face_and_rests_without_one(scenes: Scenes) -> None:
    (whole,) = choose(scenes, 1, 60_000, 90_000)

    across, _ = follow(scenes, whole)

    assert np.abs(across[:24] - 80).max() < 10
    assert np.abs(across[24:60] - 224).max() < 10
    assert np.abs(across[60:90] - 160).max() < 1e-6
    assert np.abs(np.diff(across)[[at for at in range(125) if at + 1 not in CUTS]]).max() < 2


@pytest.mark.parametrize(
    ("whole", "wanted", "crop"),
    [
        ((1280, 720), (1080, 1920), (404, 720)),
        ((720, 1280), (1080, 1920), (720, 1280)),
        ((1280, 720), (1080, 1080), (720, 720)),
        ((720, 1280), (1920, 1080), (720, 404)),
    ],
)
def test_the_crop_is_the_largest_of_its_shape(
    whole: tuple[int, int], wanted: tuple[int, int], crop: tuple[int, int]
) -> None:
    assert crop_size(whole, wanted) == crop


def test_the_crop_allows_for_pixels_that_are_not_shown_square() -> None:
    assert crop_size((1280, 720), (1080, 1920), Fraction(4, 3)) == (302, 720)
    assert crop_size((720, 1280), (1080, 1920), Fraction(4, 3)) == (540, 1280)


def test_clips_are_upright_marked_and_show_the_face(talk: Path, tmp_path: Path, workshop: Workshop) -> None:
    news = list(cut_clips(_order(talk, tmp_path, stem="show"), workshop.detector))

    clips = _clips(news)
    assert [clip.index for clip in clips] == [0, 1]
    for clip in clips:
        file, about = clip.file, clip.about
        assert (file.width_px, file.height_px, file.frames, file.duration_ms) == (90, 160, 36, 3000)
        with av.open(file.path) as video:
            assert video.metadata["title"] == f"SIMULATED clip: {about['title']}"
            assert "Job 1" in video.metadata["comment"]
            frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
        pictures = torch.from_numpy(np.stack(frames[::12])).permute(0, 3, 1, 2).float()
        for faces in workshop.detector.find(pictures, smallest=1 / 4, turns=(0,)):
            assert abs(faces[0].middle[0] - 45) < 8
        heard = sound_packets(file.path)
        assert abs(len(heard) * 1024 / 16000 - 3) < 0.1
        assert abs(heard[0][0]) <= 0.07
    assert [Path(clip.file.path).name for clip in clips] == ["show_clip_1.mp4", "show_clip_2.mp4"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["show_clip_1.mp4", "show_clip_2.mp4"]


def test_news_comes_in_the_worker_s_words_and_counts_true(talk: Path, tmp_path: Path, workshop: Workshop) -> None:
    news = list(cut_clips(_order(talk, tmp_path, titles=("First", "Second"), transcript=TRANSCRIPT), workshop.detector))

    lines = [one.text for one in news if isinstance(one, Line)]
    assert lines == [
        "[0.00s -> 1.50s] And so it is.",
        "[2.10s -> 3.50s] The shuttle flew over the desert.",
        "[3.60s -> 4.80s] And so it is.",
        "🤖  Analyzing with Gemini (2-pass: score → detail)...",
        "Built 4 scoring window(s).",
        "Shortlisted 2 window(s) for detail.",
        "🔥 Found 2 clips!",
        *_lines_of(1, "2.0s - 5.0s", "First"),
        *_lines_of(2, "7.5s - 10.5s", "Second"),
    ]
    assert _clips(news)[0].about["said"] == "The shuttle flew over the desert. And so it is."
    counts = [(one.stage, one.done, one.total) for one in news if isinstance(one, Progress)]
    assert counts == sorted(counts)
    assert [one for one in counts if one[1] == one[2]] == [("analysis", 126, 126), ("clips", 72, 72)]
    assert news.index(_clips(news)[0]) < news.index(Line("🎬 Processing Clip 2: 7.5s - 10.5s"))


def _lines_of(number: int, stretch: str, title: str) -> list[str]:
    return [
        f"🎬 Processing Clip {number}: {stretch}",
        f"Title: {title}",
        "Step 1: Detecting scenes...",
        "Step 6: Merging...",
        f"✅ Clip {number} ready: output/talk_clip_{number}.mp4",
    ]


def test_the_visible_mark_can_be_left_out(talk: Path, tmp_path: Path, workshop: Workshop) -> None:
    lights = []
    for is_marked in (True, False):
        order = _order(talk, tmp_path, count=1, is_marked=is_marked, size_px=(180, 320))
        (clip,) = _clips(list(cut_clips(order, workshop.detector)))
        corner = next(Reader(clip.file.path).chunks()).frames[0, 300:320, 4:60]
        lights.append(int(corner.max()) - int(corner.min()))

    assert lights[0] > 150 > lights[1]


@pytest.mark.parametrize("after", [1, 8, 14])
def test_leaving_early_keeps_finished_clips_alone(talk: Path, tmp_path: Path, workshop: Workshop, after: int) -> None:
    news = cut_clips(_order(talk, tmp_path), workshop.detector)
    seen = [next(news) for _ in range(after)]
    before = threading.active_count()

    news.close()  # type: ignore[attr-defined]

    assert sorted(path.name for path in tmp_path.iterdir()) == [Path(clip.file.path).name for clip in _clips(seen)]
    assert live_threads() == []
    assert threading.active_count() <= before


@pytest.mark.parametrize(("size_px", "frames"), [((1, 1), 1), ((2, 90), 3), ((300, 2), 3)])
def test_the_smallest_videos_are_cut_too(
    tmp_path: Path, workshop: Workshop, size_px: tuple[int, int], frames: int
) -> None:
    path = make_video(tmp_path / "a.webm", codec="libvpx-vp9", size_px=size_px, frames=frames)

    (clip,) = _clips(list(cut_clips(_order(path, tmp_path), workshop.detector)))

    assert (clip.file.width_px, clip.file.height_px, clip.file.frames) == (90, 160, frames)


def test_what_is_no_video_fails_in_a_word(tmp_path: Path, workshop: Workshop) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"no video")

    with pytest.raises(RenderFailure, match="undecodable"):
        list(cut_clips(_order(path, tmp_path), workshop.detector))
