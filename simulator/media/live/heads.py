"""Lays whole heads over others, coarsely: an oval with face, hair and hat, and a little of what is behind them.

The old head is not taken away first, so what of it is larger than the oval (a hat, long hair) stays.
"""

import torch
from torch import Tensor

from simulator.media.live.blending import Patch, Source, change, places_in, shrink_of, within
from simulator.media.live.geometry import fit, head_mask
from simulator.media.live.planes import Planes, Squares


def change_head(here: Planes, squares: Squares, points: Tensor, source: Source) -> Planes:
    """Return what must be added to the squares' planes to lay the source's head over those with the points ``(n, 5, 2)``."""
    pose = fit(points)
    places = places_in(squares, pose, points.device)
    grid = source.grid(places)
    inside = within(grid)
    skin = (torch.hypot(places.real / 0.7, (places.imag - 0.6) / 0.9) < 1)[:, None]
    patch = Patch(grid, head_mask(places)[:, None] * inside, skin * inside, shrink_of(source, pose))
    return change(here, patch, source)
