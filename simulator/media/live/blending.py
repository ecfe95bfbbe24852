"""Puts one face over another in planes: looks it up, matches its colours, and joins its edges by Poisson's equation.

Whatever is smooth (the bend, the mask, colour statistics, the correction of the edges) is worked out on a grid four times coarser;
only the look-up and one sum run at full size. What comes out is a change: exactly 0 wherever nothing is to change.
"""

import math
from functools import lru_cache
from typing import Final, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import Tensor

from simulator.media.live.geometry import Similarity, as_complex, carry, face_mask, fit, grid_of
from simulator.media.live.planes import Colour, Planes, Squares, planes_of

COARSE: Final = 4
_BEND: Final = 0.6  # how far a source takes on the target's expression; the rest of its proportions stay its own
_LEAST_GAIN, _MOST_GAIN = 0.65, 1.5  # of a source's contrast
_LEAST_PX = 32  # of a source's smallest level


class Source:
    """A face to put elsewhere: its picture in planes, at full size and halved again and again, and where it is in it."""

    def __init__(self, rgb: Tensor, points: Tensor, colour: Colour) -> None:
        """Take the face with these points ``(5, 2)`` out of ``(1, 3, height, width)`` RGB 0…255, on the device to be used."""
        height, width = (side // 2 * 2 for side in rgb.shape[-2:])
        planes = planes_of(rgb[..., :height, :width], colour)
        self.height_px, self.width_px = height, width
        self.levels = [planes]
        while min(planes.colours.shape[-2:]) > _LEAST_PX:
            planes = Planes(F.avg_pool2d(planes.luma, 2), F.avg_pool2d(planes.colours, 2))
            self.levels.append(planes)
        points = points.to(rgb)[None]
        self.pose = fit(points)
        self.points = self.pose.unplace(as_complex(points))

    def level_for(self, points: Tensor) -> Planes:
        """Return the level whose pixels are nearest in size to those of faces with the points ``(n, 5, 2)``."""
        shrink = float(self.pose.eyes_px.mean()) / float(fit(points).eyes_px.mean())
        return self.levels[min(round(math.log2(max(shrink, 1.0))), len(self.levels) - 1)]

    def grid(self, places: Tensor) -> Tensor:
        """Return where complex ``(n, rows, columns)`` places of face space lie in the picture, -1…1: ``(n, 2, rows, columns)``."""
        there = self.pose.place(places.reshape(1, -1)).reshape(places.shape)
        return torch.stack([2 * there.real / self.width_px - 1, 2 * there.imag / self.height_px - 1], 1)


class Patch(NamedTuple):
    """What is to lie over the squares, on the coarse grid: where it is found in the source, and how much of it counts."""

    grid: Tensor  # (n, 2, side, side), -1…1
    mask: Tensor  # (n, 1, side, side)
    core: Tensor  # (n, 1, side, side) 0 or 1: where colours are compared


def places_in(squares: Squares, pose: Similarity, device: torch.device) -> Tensor:
    """Return where the coarse grid's points lie in face space, complex ``(n, side / 4, side / 4)``."""
    steps = (torch.arange(squares.side_px // COARSE, device=device) + 0.5) * COARSE
    corner = torch.complex(*torch.from_numpy(squares.origins).float().to(device).unbind(1))
    return pose.unplace(grid_of(steps, steps)[None] + corner[:, None, None])


def face_patch(squares: Squares, points: Tensor, source: Source) -> Patch:
    """Return the source's face bent onto faces with the points ``(n, 5, 2)``."""
    pose = fit(points)
    places = places_in(squares, pose, points.device)
    here = pose.unplace(as_complex(points))
    there = here + _BEND * (source.points - here)
    grid = source.grid(carry(places, here, there))
    mask = face_mask(places)[:, None] * within(grid)
    return Patch(grid, mask, (mask > 0.9).float())


def within(grid: Tensor) -> Tensor:
    """Return 1 where a grid ``(n, 2, rows, columns)`` lies in the source's picture, else 0: ``(n, 1, rows, columns)``."""
    return (grid.abs() <= 1).all(1, keepdim=True).float()


def change(here: Planes, patch: Patch, sharp: Planes) -> Planes:
    """Return what must be added to the squares' planes to lay the patch over them; 0 outside its mask.

    ``sharp`` is the source at the level that fits.
    """
    side = here.luma.shape[-1]
    luma, colours = _look(sharp.luma, _up(patch.grid, side)), _look(sharp.colours, _up(patch.grid, side // 2))
    found, target = _coarse(luma, colours), _coarse(*here)
    gain, offset = _matching(found, target, patch.core)

    difference = found * gain + offset - target
    correction = (_solve(difference, patch.mask) - patch.mask * difference) * (patch.mask * 3).clamp(max=1)
    smooth = patch.mask * offset + correction
    return Planes(
        _laid(here.luma, luma, gain[:, :1], patch.mask, smooth[:, :1]),
        _laid(here.colours, colours, gain[:, 1:], patch.mask, smooth[:, 1:]),
    )


def _coarse(luma: Tensor, colours: Tensor) -> Tensor:
    """Return luma and colours together on the coarse grid, ``(n, 3, side / 4, side / 4)``."""
    return torch.cat([F.avg_pool2d(luma, COARSE), F.avg_pool2d(colours, COARSE // 2)], 1)


def _look(plane: Tensor, grid: Tensor) -> Tensor:
    """Return what stands in a source's plane ``(1, channels, …)`` at the places of the grid ``(n, 2, rows, columns)``."""
    several = plane.expand(len(grid), -1, -1, -1)
    return F.grid_sample(several, grid.permute(0, 2, 3, 1), padding_mode="border", align_corners=False)


def _up(coarse: Tensor, side: int) -> Tensor:
    return F.interpolate(coarse, (side, side), mode="bilinear", align_corners=False)


def _laid(here: Tensor, found: Tensor, gain: Tensor, mask: Tensor, smooth: Tensor) -> Tensor:
    """Return the change of one plane; what was found is used up, to save memory."""
    side = here.shape[-1]
    return found.mul_(gain).sub_(here).mul_(_up(mask, side)).add_(_up(smooth, side))


def _matching(found: Tensor, target: Tensor, core: Tensor) -> tuple[Tensor, Tensor]:
    """Return gain and offset ``(n, 3, 1, 1)`` that give what was found the mean and the spread of the target."""
    count = core.sum((2, 3), keepdim=True).clamp(min=1)

    def moments(planes: Tensor) -> tuple[Tensor, Tensor]:
        mean = (planes * core).sum((2, 3), keepdim=True) / count
        return mean, ((planes - mean).square() * core).sum((2, 3), keepdim=True) / count

    (mean, spread), (wanted_mean, wanted_spread) = moments(found), moments(target)
    gain = (wanted_spread / spread.clamp(min=1)).sqrt().clamp(_LEAST_GAIN, _MOST_GAIN)
    return gain, wanted_mean - mean * gain


def _solve(difference: Tensor, mask: Tensor) -> Tensor:
    """Return v with div grad v = div(mask grad difference) and 0 at the square's border, for each ``(n, 3, side, side)``."""
    across = torch.minimum(mask[..., :, 1:], mask[..., :, :-1]) * difference.diff(dim=3)
    down = torch.minimum(mask[..., 1:, :], mask[..., :-1, :]) * difference.diff(dim=2)
    wanted = across[..., 1:-1, :].diff(dim=3) + down[..., :, 1:-1].diff(dim=2)
    sines, divisor = _waves(wanted.shape[-1], difference.device)
    return F.pad(sines @ ((sines @ wanted @ sines) / divisor) @ sines, (1, 1, 1, 1))


@lru_cache(maxsize=32)
def _waves(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the sine transform (DST-I) as a matrix, which at such sizes beats an FFT, and Laplace's eigenvalues in it."""
    with torch.inference_mode(False):  # kept for later, whoever asks first
        numbers = torch.arange(1, side + 1, dtype=torch.float64)
        sines = torch.sin(math.pi * numbers[:, None] * numbers / (side + 1)) * math.sqrt(2 / (side + 1))
        eigenvalues = 2 * torch.cos(math.pi * numbers / (side + 1)) - 2
        return sines.float().to(device), (eigenvalues[:, None] + eigenvalues).float().to(device)
