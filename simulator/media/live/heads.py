"""Lays whole heads over others, coarsely: an oval with face, hair and hat, and a little of what is behind them.

The old head is not taken away first, so what of it is larger than the oval (a hat, long hair) stays.
"""

import torch
from torch import Tensor

from simulator.media.live.blending import Patch, Source, places_in, within
from simulator.media.live.geometry import fit, head_mask
from simulator.media.live.planes import Squares


def head_patch(squares: Squares, points: Tensor, source: Source) -> Patch:
    """Return the source's head as it is to lie over those with the points ``(n, 5, 2)``."""
    places = places_in(squares, fit(points), points.device)
    grid = source.grid(places)
    inside = within(grid)
    skin = (torch.hypot(places.real / 0.7, (places.imag - 0.6) / 0.9) < 1)[:, None]
    return Patch(grid, head_mask(places)[:, None] * inside, skin * inside)
