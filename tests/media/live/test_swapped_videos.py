import threading
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from simulator.media.live.blending import Source
from simulator.media.live.casting import as_batch, find_faces
from simulator.media.live.failures import RenderFailure
from simulator.media.live.geometry import face_mask, fit, grid_of, head_mask
from simulator.media.live.orders import Limits, Made, News, Pairing, Progress, SwapOrder
from simulator.media.live.planes import Colour, split
from simulator.media.live.render import render
from simulator.media.live.swap import MANNERS, change_frames
from simulator.media.live.tracks import Tracker
from simulator.media.live.workshop import Workshop
from tests.media.live.scenes import Actor, Rgb, frames_of, read_frames, write_video
from tests.media.live.test_crowd import COLOUR, chunk_of
from tests.media.live.test_swapped_pictures import likeness, seen_in_face_space


@pytest.fixture(scope="module")
def one_person(tmp_path_factory: pytest.TempPathFactory, collins: Rgb) -> Path:
    """Two seconds with sound: Collins moves and tilts her head."""
    scene = frames_of([Actor(collins, (0.4, 0.7), (0.6, 0.6), 1.5, 0.3, is_oval=False)], 320, 240, 40)
    return write_video(tmp_path_factory.mktemp("videos") / "one.mp4", scene, 20, has_sound=True)


@pytest.fixture(scope="module")
def two_people(tmp_path_factory: pytest.TempPathFactory, collins: Rgb, hopper: Rgb) -> Path:
    """They cross: Hopper, the larger, goes to the right behind Collins."""
    actors = [
        Actor(hopper[60:460, 70:460], (0.25, 0.5), (0.75, 0.5), 0.75),
        Actor(collins[20:220, 110:340], (0.75, 0.5), (0.25, 0.5), 0.6),
    ]
    return write_video(tmp_path_factory.mktemp("videos") / "two.mp4", frames_of(actors, 320, 240, 48), 24)


def order(video: Path, into: Path, *pairings: Pairing, limits: Limits = Limits(), kind: str = "face") -> SwapOrder:  # noqa: B008 - it is frozen
    return SwapOrder("job-1", str(video), pairings, str(into), kind=kind, is_marked=False, limits=limits)


def told(workshop: Workshop, order: SwapOrder) -> list[News]:
    return list(render(order, workshop))


def test_every_frame_is_swapped_and_told_of(
    workshop: Workshop, photos: Path, tmp_path: Path, one_person: Path, hopper: Rgb
) -> None:
    *progress, made = told(workshop, order(one_person, tmp_path, Pairing(str(photos / "hopper.png"))))

    assert isinstance(made, Made)
    assert (made.file.frames, made.file.width_px, made.file.height_px) == (40, 320, 240)
    assert made.file.duration_ms == pytest.approx(2000, abs=60)
    assert made.about["swapped"] == 40
    assert progress == [Progress(0, 40, "searching"), *(Progress(done, 40, "swapping") for done in (32, 40, 40))]
    wanted = seen_in_face_space(hopper, find_faces(hopper, workshop)[0])
    before, after = read_frames(one_person), read_frames(made.file.path)
    for number in (0, 13, 27, 39):
        [old], [new] = find_faces(before[number], workshop), find_faces(after[number], workshop)
        assert float((old.points - new.points).norm(dim=1).mean()) / old.eyes_px < 0.12
        old_look, new_look = (seen_in_face_space(frames[number], old) for frames in (before, after))
        assert likeness(new_look, wanted) > likeness(old_look, wanted) + 0.04
    with av.open(made.file.path) as file:
        assert len(file.streams.audio) == 1
        assert "job-1" in file.metadata["comment"]


@pytest.mark.parametrize("kind", ["face", "head"])
def test_outside_the_mask_the_planes_stay_as_decoded_to_the_bit(
    workshop: Workshop, collins: Rgb, hopper: Rgb, kind: str
) -> None:
    scene = frames_of([Actor(collins, (0.4, 0.7), (0.6, 0.6), 1.5, 0.3, is_oval=False)], 320, 240, 8)
    chunk = chunk_of(scene)
    before = chunk.frames.copy()
    [track] = Tracker(workshop.detector, COLOUR, 5).follow(chunk)
    source = Source(as_batch(hopper, workshop.device), find_faces(hopper, workshop)[0].points, COLOUR)

    with torch.inference_mode():
        change_frames(chunk.frames, track.frames, track.points, source, MANNERS[kind], workshop.device)

    mask = {"face": face_mask, "head": head_mask}[kind]
    for old, new, step in zip(split(before), split(chunk.frames), (1, 2), strict=True):
        changed = (old != new).reshape(len(old), -1, *old.shape[-2:]).any(1)
        rows, columns = ((torch.arange(side) + 0.5) * step for side in old.shape[-2:])
        face = mask(fit(track.points).unplace(grid_of(columns, rows).expand(len(old), -1, -1)))
        grown = torch.nn.functional.max_pool2d(face[:, None], 9, 1, 4)[:, 0].numpy() > 0
        assert not changed[~grown].any()
        assert changed[face.numpy() > 0.7].mean() > 0.5


def test_two_people_who_cross_are_swapped_each_by_their_own_pairing(
    workshop: Workshop, photos: Path, tmp_path: Path, two_people: Path, collins: Rgb, hopper: Rgb
) -> None:
    each = (
        Pairing(str(photos / "collins.png"), target_points=((80.0, 120.0),)),  # where Hopper is at first
        Pairing(str(photos / "hopper.png"), target_points=((240.0, 120.0),)),
    )

    *progress, made = told(workshop, order(two_people, tmp_path, *each))

    assert isinstance(made, Made)
    assert [news.stage for news in progress if isinstance(news, Progress)] == ["searching"] * 3 + ["swapping"] * 3
    givers = [(rgb, find_faces(rgb, workshop)[0]) for rgb in (collins, hopper)]
    frames = read_frames(made.file.path)
    for number, from_left in (
        (0, (0, 1)),
        (47, (1, 0)),
    ):  # Hopper, at the left and then at the right, is given Collins's face
        faces = sorted(find_faces(frames[number], workshop), key=lambda face: face.middle[0])
        assert len(faces) == 2
        for face, giver in zip(faces, from_left, strict=True):
            look = seen_in_face_space(frames[number], face)
            mine, others = (seen_in_face_space(*givers[which]) for which in (giver, 1 - giver))
            assert likeness(look, mine) > likeness(look, others)


def test_only_the_person_who_is_named_is_swapped(
    workshop: Workshop, photos: Path, tmp_path: Path, two_people: Path
) -> None:
    source = str(photos / "hopper.png")

    swapped = []
    for pairing in (Pairing(source, target_points=((230.0, 120.0), (250.0, 120.0))), Pairing(source, target_face=0)):
        *_, made = told(workshop, order(two_people, tmp_path, pairing))
        assert isinstance(made, Made)
        swapped.append(made.about["swapped"])

    assert swapped == [48, 48]  # Collins is in front all the time, so she is the most prominent


def test_a_video_on_its_side_is_swapped(workshop: Workshop, photos: Path, tmp_path: Path, collins: Rgb) -> None:
    scene = frames_of([Actor(collins, (0.45, 0.6), (0.55, 0.6), 1.5, is_oval=False)], 320, 240, 16)
    video = write_video(tmp_path / "side.mp4", (np.rot90(frame) for frame in scene))

    *_, made = told(workshop, order(video, tmp_path, Pairing(str(photos / "hopper.png"))))

    assert isinstance(made, Made)
    assert made.about["swapped"] == 16


def test_heads_are_swapped_too(workshop: Workshop, photos: Path, tmp_path: Path, one_person: Path) -> None:
    *_, made = told(workshop, order(one_person, tmp_path, Pairing(str(photos / "hopper.png")), kind="head"))

    assert isinstance(made, Made)
    assert made.about["swapped"] == 40


def test_a_video_without_anybody_fails_and_leaves_nothing_behind(
    workshop: Workshop, photos: Path, tmp_path: Path
) -> None:
    video = write_video(tmp_path / "empty.mp4", frames_of([], 160, 120, 12))
    into = tmp_path / "into"
    into.mkdir()

    with pytest.raises(RenderFailure) as failure:
        told(workshop, order(video, into, Pairing(str(photos / "collins.png"))))

    assert failure.value.reason == "no_face_in_target"
    assert list(into.iterdir()) == []


@pytest.mark.parametrize(
    ("pairing", "limits", "reason"),
    [
        (Pairing("nobody.png"), Limits(), "no_face_in_source"),
        (Pairing("collins.png", target_face=2), Limits(), "no_such_face"),
        (Pairing("collins.png"), Limits(most_faces=1), "too_many_faces"),
        (Pairing("collins.png"), Limits(most_ms=1000), "too_long"),
    ],
)
def test_what_cannot_be_done_fails_for_its_reason(
    workshop: Workshop, photos: Path, tmp_path: Path, two_people: Path, pairing: Pairing, limits: Limits, reason: str
) -> None:
    there = Pairing(str(photos / pairing.source), target_face=pairing.target_face)

    with pytest.raises(RenderFailure) as failure:
        told(workshop, order(two_people, tmp_path, there, limits=limits))

    assert failure.value.reason == reason
    assert list(tmp_path.iterdir()) == []


def test_stopping_between_chunks_ends_all_threads_and_leaves_nothing_behind(
    workshop: Workshop, photos: Path, tmp_path: Path, one_person: Path
) -> None:
    threads = threading.active_count()
    news = render(order(one_person, tmp_path, Pairing(str(photos / "hopper.png"))), workshop)

    assert next(news) == Progress(0, 40, "searching")
    assert next(news) == Progress(32, 40, "swapping")
    news.close()

    assert threading.active_count() == threads
    assert list(tmp_path.iterdir()) == []


def test_the_same_order_gives_the_same_bytes(
    workshop: Workshop, photos: Path, tmp_path: Path, one_person: Path
) -> None:
    files = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        *_, made = told(workshop, order(one_person, tmp_path / name, Pairing(str(photos / "hopper.png"))))
        assert isinstance(made, Made)
        files.append(Path(made.file.path).read_bytes())

    assert files[0] == files[1]


def test_colours_follow_what_the_stream_says(workshop: Workshop, collins: Rgb, hopper: Rgb) -> None:
    """The same source comes out in other numbers where the numbers mean other colours."""
    points = find_faces(hopper, workshop)[0].points
    lumas = [
        Source(as_batch(hopper, workshop.device), points, Colour(matrix)).levels[0].luma.mean()
        for matrix in ("bt601", "bt709")
    ]

    assert lumas[0] != lumas[1]
