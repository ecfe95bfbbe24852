import numpy as np
import pytest
import torch
from PIL import Image

from simulator.media.live.casting import find_faces
from simulator.media.live.faces import Face
from simulator.media.live.workshop import Workshop
from tests.media.live.scenes import Rgb

# Where the points are, read off the photographs: eyes, nose, corners of the mouth.
COLLINS = ((204, 102), (247, 104), (225, 128), (205, 141), (245, 142))
HOPPER = ((221, 191), (305, 187), (266, 240), (231, 279), (309, 275))


def off_by(face: Face, expected: object) -> float:
    """How far the points are from where they ought to be, on the average, in distances of the eyes."""
    apart = face.points - torch.as_tensor(expected, dtype=torch.float32)
    return float(apart.norm(dim=1).mean()) / face.eyes_px


@pytest.mark.parametrize(("name", "expected"), [("collins", COLLINS), ("hopper", HOPPER)])
def test_a_face_is_found_with_its_points(
    request: pytest.FixtureRequest, workshop: Workshop, name: str, expected: object
) -> None:
    faces = find_faces(request.getfixturevalue(name), workshop)

    assert len(faces) == 1
    assert faces[0].score > 0.98
    assert off_by(faces[0], expected) < 0.07


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_picture_that_lies_on_its_side_is_turned_until_the_face_is_found(
    workshop: Workshop, hopper: Rgb, quarters: int
) -> None:
    faces = find_faces(np.ascontiguousarray(np.rot90(hopper, quarters)), workshop)

    height, width = hopper.shape[:2]
    turned = {
        1: lambda x, y: (y, width - x),
        2: lambda x, y: (width - x, height - y),
        3: lambda x, y: (height - y, x),
    }[quarters]
    assert len(faces) == 1
    assert off_by(faces[0], [turned(x, y) for x, y in HOPPER]) < 0.07


def test_the_larger_of_two_faces_comes_first(workshop: Workshop, collins: Rgb, hopper: Rgb) -> None:
    faces = find_faces(np.concatenate([collins, hopper[:512]], 1), workshop)

    assert len(faces) == 2
    assert off_by(faces[0], [(x + 512, y) for x, y in HOPPER]) < 0.07
    assert off_by(faces[1], COLLINS) < 0.07


def test_nobody_is_found_where_nobody_is(workshop: Workshop) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (160, 200, 3), dtype=np.uint8)
    ramp = np.tile(np.linspace(0, 255, 200).astype(np.uint8)[None, :, None], (160, 1, 3))

    assert find_faces(noise, workshop) == []
    assert find_faces(ramp, workshop) == []


def test_a_face_too_small_to_be_swapped_is_not_told(workshop: Workshop, collins: Rgb) -> None:
    tiny = np.full((512, 512, 3), 120, np.uint8)
    tiny[:72, :72] = np.array(Image.fromarray(collins).resize((72, 72), Image.Resampling.LANCZOS))

    assert find_faces(tiny, workshop) == []


def test_pictures_looked_at_together_give_what_each_gives_alone(workshop: Workshop, collins: Rgb, hopper: Rgb) -> None:
    pair = [torch.from_numpy(rgb[:512].copy()).permute(2, 0, 1).float() for rgb in (collins, hopper)]

    with torch.inference_mode():
        together = workshop.detector.find(torch.stack(pair))
        alone = [workshop.detector.find(picture[None])[0] for picture in pair]

    for faces, others in zip(together, alone, strict=True):
        assert len(faces) == len(others) == 1
        assert torch.allclose(faces[0].points, others[0].points, atol=0.01)
