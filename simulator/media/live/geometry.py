"""Where faces are and how one lies over another: points and similarities as complex numbers.

A face's five points are ``(…, 5, 2)`` pixels, x before y: its eyes, nose and corners of the mouth, those at the left of an upright
picture first. *Face space* has its origin between the eyes, the eyes at ±0.5 and y downwards, so that one unit is
the distance of the eyes. A similarity ``turn * z + shift`` of complex numbers leads from face space into a picture.
"""

from typing import NamedTuple

import torch
from torch import Tensor

MODEL = torch.tensor(
    [(-0.5, 0.0), (0.5, 0.0), (0.0, 0.64), (-0.46, 1.09), (0.46, 1.09)]
)  # an average face, from the front
MOST_ODD = 0.20  # how far a face's points may be off the model, root of the mean square
MOST_TILT = 0.85  # radians; a face that seems to lie further on its side in an upright look is none
_REACH = 0.6  # how far around a point its own displacement is felt


class Similarity(NamedTuple):
    """From face space into a picture, for a batch of faces: complex ``(batch,)`` each."""

    turn: Tensor
    shift: Tensor

    def place(self, points: Tensor) -> Tensor:
        """Return where complex points ``(batch, …)`` of face space lie in the picture."""
        return _spread(self.turn, points) * points + _spread(self.shift, points)

    def unplace(self, points: Tensor) -> Tensor:
        """Return where complex pixels ``(batch, …)`` lie in face space."""
        return (points - _spread(self.shift, points)) / _spread(self.turn, points)

    @property
    def eyes_px(self) -> Tensor:
        """How far the eyes are apart, ``(batch,)``."""
        return self.turn.abs()


def _spread(of_faces: Tensor, points: Tensor) -> Tensor:
    return of_faces.reshape(-1, *(1 for _ in points.shape[1:]))


def as_complex(points: Tensor) -> Tensor:
    """Return ``(…, 2)`` pixels as complex ``(…)``."""
    return torch.view_as_complex(points.contiguous())


def grid_of(x: Tensor, y: Tensor) -> Tensor:
    """Return the complex places ``(len(y), len(x))`` of a grid."""
    return torch.complex(x.expand(len(y), -1), y[:, None].expand(-1, len(x)))


def fit(points: Tensor) -> Similarity:
    """Return the similarities that bring the model nearest to faces' points ``(batch, 5, 2)``, by least squares."""
    there = as_complex(points)
    model = as_complex(MODEL.to(points))
    middle, model_middle = there.mean(1), model.mean()
    spread = model - model_middle
    turn = ((there - middle[:, None]) * spread.conj()).sum(1) / spread.abs().square().sum()
    return Similarity(turn, middle - turn * model_middle)


def oddness(points: Tensor) -> Tensor:
    """Return how unlike a face from the front each of ``(batch, 5, 2)`` is: the distance from the model in eye distances."""
    placed = fit(points).unplace(as_complex(points))
    return (placed - as_complex(MODEL.to(points))).abs().square().mean(1).sqrt()


def carry(places: Tensor, here: Tensor, there: Tensor) -> Tensor:
    """Bend face space so that the points ``here`` come to lie ``there``, both complex ``(batch, 5)``; far from them nothing moves.

    Returns where the complex ``places`` ``(batch, …)`` go.
    """
    pull = torch.exp(-((here[:, :, None] - here[:, None]).abs() / _REACH).square())
    move = there - here
    share = torch.linalg.solve(pull, torch.view_as_real(move))  # (batch, 5, 2)
    bent = places
    for point in range(here.shape[1]):
        near = torch.exp(-((places - _spread(here[:, point], places)).abs() / _REACH).square())
        bent = bent + near * _spread(torch.view_as_complex(share[:, point].contiguous()), places)
    return bent


def face_mask(places: Tensor) -> Tensor:
    """Return how much of each complex place of face space is face, 1 to 0: brows to chin, with a soft edge."""
    return _ellipse(places, middle=0.55, wide=0.98, high=1.22, soft=0.27)


def head_mask(places: Tensor) -> Tensor:
    """Return how much of each complex place of face space is head, 1 to 0: hair or hat, down to the chin; coarse."""
    above_neck = (1 - (places.imag - 1.5) / 0.5).clamp(0, 1)
    return _ellipse(places, middle=0.15, wide=1.55, high=2.15, soft=0.3) * above_neck


def _ellipse(places: Tensor, *, middle: float, wide: float, high: float, soft: float) -> Tensor:
    """``soft`` is the share of the radius, inwards, over which 1 falls to 0; beyond the ellipse it is exactly 0."""
    radius = torch.hypot(places.real / wide, (places.imag - middle) / high)
    edge = ((1 - radius) / soft).clamp(0, 1)
    return edge * edge * (3 - 2 * edge)
