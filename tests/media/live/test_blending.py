import pytest
import torch

from simulator.media.live.blending import Source, change, face_patch
from simulator.media.live.casting import as_batch, find_faces
from simulator.media.live.geometry import face_mask, fit, grid_of
from simulator.media.live.planes import PICTURE, Planes, Squares, planes_of
from simulator.media.live.workshop import Workshop
from tests.media.live.scenes import Rgb


class Scene:
    """Hopper's face as the source, and a square around Collins's face."""

    def __init__(self, target: Rgb, source: Rgb, workshop: Workshop) -> None:
        self.points = find_faces(target, workshop)[0].points[None]
        self.squares = Squares.around(self.points.mean(1), 3.4 * float(fit(self.points).eyes_px))
        x, y = self.squares.origins[0].tolist()
        side = self.squares.side_px
        self.here = planes_of(as_batch(target[y : y + side, x : x + side].copy(), workshop.device), PICTURE)
        self.source = Source(as_batch(source, workshop.device), find_faces(source, workshop)[0].points, PICTURE)
        self.sharp = self.source.level_for(self.points)

    def change(self) -> Planes:
        with torch.inference_mode():
            return change(self.here, face_patch(self.squares, self.points, self.source), self.sharp)

    def face(self, side: int) -> torch.Tensor:
        """How much of each of ``side`` by ``side`` pixels of the square is face."""
        steps = (torch.arange(side) + 0.5) * (self.squares.side_px / side)
        x, y = self.squares.origins[0].tolist()
        return face_mask(fit(self.points).unplace(grid_of(steps + x, steps + y)[None]))[0]


@pytest.fixture(scope="module")
def scene(collins: Rgb, hopper: Rgb, workshop: Workshop) -> Scene:
    return Scene(collins, hopper, workshop)


def test_a_face_laid_over_itself_changes_next_to_nothing(collins: Rgb, workshop: Workshop) -> None:
    more = Scene(collins, collins, workshop).change()

    assert float(more.luma.abs().mean()) < 0.5
    assert float(more.luma.abs().max()) < 24  # edges may move by a part of a pixel


def test_outside_the_face_the_change_is_exactly_zero_and_inside_it_is_not(scene: Scene) -> None:
    more = scene.change()

    for plane in (more.luma[0, 0], *more.colours[0]):
        face = scene.face(len(plane))
        grown = torch.nn.functional.max_pool2d(face[None, None], 9, 1, 4)[0, 0]  # the mask is worked out coarsely
        assert bool((plane[grown == 0] == 0).all())
        assert float(plane[face > 0.9].abs().mean()) > 1


def test_the_change_fades_out_toward_the_edge(scene: Scene) -> None:
    luma, face = scene.change().luma[0, 0].abs(), scene.face(scene.squares.side_px)

    edge, middle = luma[(face > 0) & (face < 0.1)].mean(), luma[face > 0.9].mean()
    assert edge < middle / 4


def test_light_from_the_target_flows_into_the_face(scene: Scene) -> None:
    """A target that is brighter on one side gives a face that is brighter there."""
    side = scene.squares.side_px
    slope = torch.linspace(-40, 40, side).expand(side, side)
    lit = Planes(scene.here.luma + slope, scene.here.colours)
    patch = face_patch(scene.squares, scene.points, scene.source)
    with torch.inference_mode():
        plain = scene.here.luma + change(scene.here, patch, scene.sharp).luma
        bright = lit.luma + change(lit, patch, scene.sharp).luma

    gain = (bright - plain)[0, 0]
    face = scene.face(side) > 0.5
    left, right = face.clone(), face.clone()
    left[:, side // 2 :] = False
    right[:, : side // 2] = False
    assert float(gain[right].mean() - gain[left].mean()) > 6


def test_the_same_change_comes_out_alone_and_among_others(scene: Scene) -> None:
    patch = face_patch(scene.squares, scene.points, scene.source)
    twice = Squares(scene.squares.origins.repeat(2, axis=0), scene.squares.side_px)
    both = face_patch(twice, scene.points.repeat(2, 1, 1), scene.source)
    here = Planes(scene.here.luma.repeat(2, 1, 1, 1), scene.here.colours.repeat(2, 1, 1, 1))
    with torch.inference_mode():
        alone, together = change(scene.here, patch, scene.sharp), change(here, both, scene.sharp)

    assert torch.allclose(together.luma[1], alone.luma[0], atol=0.05)
    assert torch.allclose(together.colours[0], alone.colours[0], atol=0.05)
