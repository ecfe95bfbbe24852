from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simulator.media.live.casting import find_faces
from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import Limits, Made, PeopleOrder, Progress
from simulator.media.live.render import render
from simulator.media.live.workshop import Workshop
from tests.media.live.scenes import Actor, Rgb, frames_of, write_video


def people(workshop: Workshop, target: Path, into: Path, **more: object) -> list[Made]:
    news = list(render(PeopleOrder("job-1", str(target), str(into), **more), workshop))
    assert isinstance(news[0], Progress)
    return [one for one in news if isinstance(one, Made)]


def test_the_people_of_a_picture_are_cut_out_the_larger_first(workshop: Workshop, photos: Path, tmp_path: Path) -> None:
    first, second = people(workshop, photos / "both.png", tmp_path)

    assert (first.index, second.index) == (0, 1)
    assert first.about["width_px"] == 1024
    left, right = (float(np.mean(made.about["points"], axis=0)[0]) for made in (first, second))
    assert left < 512 < right
    told = np.array([point.split(",") for point in str(first.about["landmarks"]).split(":")], float)
    assert np.abs(told - [(221, 191), (305, 187), (266, 240), (270, 277)]).max() < 8  # eyes, nose, mouth
    for made in (first, second):
        crop = np.array(Image.open(made.file.path))
        assert crop.shape[:2] == (made.file.height_px, made.file.width_px)
        assert len(find_faces(crop, workshop)) == 1


def test_a_cut_out_is_marked_unless_that_is_forbidden(workshop: Workshop, photos: Path, tmp_path: Path) -> None:
    crops = [
        np.array(Image.open(people(workshop, photos / "collins.png", tmp_path, is_marked=is_marked)[0].file.path))
        for is_marked in (True, False)
    ]

    rows, columns = np.nonzero((crops[0] != crops[1]).any(2))
    height, width = crops[0].shape[:2]
    assert len(rows)
    assert rows.min() > 0.8 * height
    assert columns.max() < 0.5 * width


def test_the_people_of_a_video_are_found_once_each_however_often_they_are_seen(
    workshop: Workshop, tmp_path: Path, collins: Rgb, hopper: Rgb
) -> None:
    small, large = collins[20:220, 110:340], hopper[60:460, 70:460]
    scene = [
        *frames_of([Actor(small, (0.3, 0.5), (0.4, 0.5), 0.6)], 320, 240, 36),
        *frames_of([Actor(large, (0.6, 0.5), (0.5, 0.5), 0.9)], 320, 240, 36),
        *frames_of(
            [Actor(small, (0.7, 0.5), (0.7, 0.5), 0.6), Actor(large, (0.3, 0.5), (0.3, 0.5), 0.8)], 320, 240, 24
        ),
    ]
    video = write_video(tmp_path / "video.mp4", scene, 24)

    found = people(workshop, video, tmp_path, media_type="image/jpeg")

    assert len(found) == 2
    assert [made.file.media_type for made in found] == ["image/jpeg"] * 2
    assert [made.about["seen"] for made in found] == [4, 5]
    assert found[0].about["frames"] == 96
    assert found[0].about["rate_fps"] == 24
    assert found[0].file.width_px > found[1].file.width_px  # Hopper is the larger


@pytest.mark.parametrize(
    ("target", "limits", "reason"),
    [("nobody.png", Limits(), "no_face_in_target"), ("both.png", Limits(most_faces=1), "too_many_faces")],
)
def test_what_cannot_be_done_fails_for_its_reason(
    workshop: Workshop, photos: Path, tmp_path: Path, target: str, limits: Limits, reason: str
) -> None:
    with pytest.raises(RenderFailure) as failure:
        people(workshop, photos / target, tmp_path, limits=limits)

    assert failure.value.reason == reason
    assert list(tmp_path.iterdir()) == []


def test_a_video_without_anybody_fails(workshop: Workshop, tmp_path: Path) -> None:
    video = write_video(tmp_path / "empty.mp4", frames_of([], 160, 120, 12))

    with pytest.raises(RenderFailure) as failure:
        people(workshop, video, tmp_path)

    assert failure.value.reason == "no_face_in_target"
