"""Who is who in scenes whose truth is known; the frames never see a codec."""

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest
import torch

from simulator.media.live.crowd import Crowd
from simulator.media.live.failures import RenderFailure
from simulator.media.live.geometry import fit
from simulator.media.live.planes import Colour, as_bytes, planes_of
from simulator.media.live.reading import Chunk
from simulator.media.live.tracks import Track, Tracker
from simulator.media.live.workshop import Workshop
from tests.media.live.scenes import Actor, Rgb, frames_of

COLOUR = Colour("bt601")


def chunk_of(frames: Iterable[Rgb], first: int = 0) -> Chunk:
    rgb = torch.from_numpy(np.stack(list(frames))).permute(0, 3, 1, 2).float()
    planes = planes_of(rgb, COLOUR)
    count, height, width = len(rgb), *rgb.shape[-2:]
    flat = np.concatenate(
        [as_bytes(planes.luma)[:, 0], as_bytes(planes.colours).reshape(count, height // 2, width)], axis=1
    )
    return Chunk(flat, list(range(first, first + count)), Fraction(1, 25), first)


def chunks_of(frames: Iterable[Rgb], size: int = 32) -> list[Chunk]:
    every = list(frames)
    return [chunk_of(every[first : first + size], first) for first in range(0, len(every), size)]


def tracker(workshop: Workshop, most_faces: int = 10) -> Tracker:
    return Tracker(workshop.detector, COLOUR, most_faces)


def middles(track: Track) -> dict[int, tuple[float, float]]:
    return {
        frame: tuple(points.mean(0).tolist()) for frame, points in zip(track.frames.tolist(), track.points, strict=True)
    }


@pytest.fixture(scope="module")
def faces(collins: Rgb, hopper: Rgb) -> tuple[Rgb, Rgb]:
    """Both women's heads: Collins, Hopper."""
    return collins[20:220, 110:340], hopper[60:460, 70:460]


def test_points_follow_a_face_that_moves_and_tilts(workshop: Workshop, collins: Rgb) -> None:
    scene = frames_of([Actor(collins, (0.4, 0.7), (0.6, 0.6), 1.5, 0.4, is_oval=False)], 320, 240, 24)

    [track] = tracker(workshop).follow(chunk_of(scene))

    assert track.frames.tolist() == list(range(24))
    poses = fit(track.points)
    assert torch.allclose(poses.turn.angle().diff(), torch.tensor(0.4 / 23), atol=0.02)
    steps = (track.points[1:] - track.points[:-1]).mean(1).norm(dim=1) / poses.eyes_px[1:]
    assert float(steps.max()) < 0.25
    assert float(poses.eyes_px.std() / poses.eyes_px.mean()) < 0.02


def test_smoothing_makes_a_face_that_stands_still_stand_still(workshop: Workshop, collins: Rgb) -> None:
    still = next(iter(frames_of([Actor(collins, (0.5, 0.6), (0.5, 0.6), 1.5)], 320, 240, 1)))
    noise = np.random.default_rng(5)
    scene = [(still + noise.normal(0, 6, still.shape)).clip(0, 255).astype(np.uint8) for _ in range(16)]

    [track] = tracker(workshop).follow(chunk_of(scene))

    jitter = (track.points[1:] - track.points[:-1]).norm(dim=2).mean() / fit(track.points).eyes_px.mean()
    assert float(jitter) < 0.002


def test_people_keep_their_numbers_when_they_cross(workshop: Workshop, faces: tuple[Rgb, Rgb]) -> None:
    collins, hopper = faces
    scene = list(
        frames_of(
            [Actor(hopper, (0.25, 0.5), (0.75, 0.5), 0.7), Actor(collins, (0.75, 0.5), (0.25, 0.5), 0.7)], 320, 240, 64
        )
    )
    follower = tracker(workshop)

    where: dict[int, dict[int, tuple[float, float]]] = {}
    for chunk in chunks_of(scene):
        for track in follower.follow(chunk):
            places = {chunk.first + frame: middle for frame, middle in middles(track).items()}
            where.setdefault(track.person, {}).update(places)

    assert len(where) == 2
    ends = {person: (places[0][0], places[63][0]) for person, places in where.items()}
    [to_right] = [places for person, places in where.items() if ends[person][0] < ends[person][1]]
    [to_left] = [places for person, places in where.items() if ends[person][0] > ends[person][1]]
    for frame in range(64):
        if frame in to_right:
            assert to_right[frame][0] == pytest.approx(80 + 160 * frame / 63, abs=14)
        if frame in to_left:
            assert to_left[frame][0] == pytest.approx(240 - 160 * frame / 63, abs=14)
    assert len(to_left) == 64  # she is in front all the time
    assert len(to_right) > 20  # she is hidden meanwhile


def test_somebody_else_in_the_same_place_after_a_cut_is_somebody_else(
    workshop: Workshop, faces: tuple[Rgb, Rgb]
) -> None:
    collins, hopper = faces
    place = (0.5, 0.5)
    scene = [
        *frames_of([Actor(collins, place, place, 0.8)], 320, 240, 20),
        *frames_of([Actor(hopper, place, place, 0.8)], 320, 240, 20),
        *frames_of([Actor(collins, (0.3, 0.5), (0.3, 0.5), 0.7)], 320, 240, 20),
    ]
    follower = tracker(workshop)

    seen = [
        (track.person, chunk.first + frame)
        for chunk in chunks_of(scene)
        for track in follower.follow(chunk)
        for frame in track.frames.tolist()
    ]

    people = [{person for person, frame in seen if first <= frame < first + 20} for first in (0, 20, 40)]
    assert all(len(one) == 1 for one in people)
    assert people[0] == people[2] != people[1]  # she comes back, elsewhere and smaller, and is known again
    assert sorted(frame for _, frame in seen) == list(range(60))


def test_counting_alone_numbers_people_as_following_does(workshop: Workshop, faces: tuple[Rgb, Rgb]) -> None:
    collins, hopper = faces
    scene = frames_of(
        [Actor(collins, (0.25, 0.5), (0.3, 0.5), 0.6), Actor(hopper, (0.7, 0.5), (0.7, 0.5), 0.9)], 320, 240, 20
    )
    chunks = chunks_of(scene)
    follower, crowd = tracker(workshop), Crowd(workshop.detector, COLOUR, 10)

    tracks = [track for chunk in chunks for track in follower.follow(chunk)]
    done = list(crowd.search_all(iter(chunks)))

    assert done == [20]
    first, second = crowd.ranked()
    assert first.best.face.eyes_px > second.best.face.eyes_px
    assert {track.person for track in tracks} == {first.number, second.number}
    for person in (first, second):
        [track] = [track for track in tracks if track.person == person.number]
        assert middles(track)[0][0] == pytest.approx(person.first.face.middle[0], abs=4)


def test_a_short_gap_is_bridged_and_a_long_one_is_not(workshop: Workshop, collins: Rgb) -> None:
    scene = list(frames_of([Actor(collins, (0.5, 0.6), (0.5, 0.6), 1.5, is_oval=False)], 320, 240, 30))
    for frame in (8, 9, *range(18, 27)):
        scene[frame] = np.full_like(scene[frame], 90)

    [track] = tracker(workshop).follow(chunk_of(scene))

    assert track.frames.tolist() == [*range(18), 27, 28, 29]


def test_a_video_on_its_side_is_followed_as_it_lies(workshop: Workshop, collins: Rgb) -> None:
    scene = frames_of([Actor(collins, (0.45, 0.6), (0.55, 0.6), 1.5, 0.1, is_oval=False)], 320, 240, 20)

    [track] = tracker(workshop).follow(chunk_of(np.rot90(frame) for frame in scene))

    assert track.frames.tolist() == list(range(20))
    assert torch.allclose(fit(track.points).turn.angle(), torch.tensor(-np.pi / 2), atol=0.2)


def test_more_faces_than_allowed_fail_the_job(workshop: Workshop, faces: tuple[Rgb, Rgb]) -> None:
    collins, hopper = faces
    scene = frames_of(
        [Actor(collins, (0.25, 0.5), (0.3, 0.5), 0.7), Actor(hopper, (0.7, 0.5), (0.7, 0.5), 0.9)], 320, 240, 2
    )

    with pytest.raises(RenderFailure) as failure:
        tracker(workshop, most_faces=1).follow(chunk_of(scene))

    assert failure.value.reason == "too_many_faces"


def test_nobody_is_followed_where_nobody_is(workshop: Workshop) -> None:
    empty = frames_of([], 160, 120, 20)

    follower = tracker(workshop)

    assert [follower.follow(chunk) for chunk in chunks_of(empty, 8)] == [[], [], []]
    assert follower.crowd.ranked() == []
