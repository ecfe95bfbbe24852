"""Tells a person from what is behind them, coarsely: two mixtures of colours, led by where a person is bound to be."""

from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import Tensor

WORK_PX: Final = 192  # the longer side on which colours are told apart
_COLOURS, _ROUNDS = 5, 6  # of each mixture; of the fit
_PLACE = 200.0  # so many levels of colour is the whole picture's length worth
_LEAST_SPREAD = 20.0  # variance of a colour, in squared levels
_MOST_SURE = 6.0  # how far colour alone may speak for or against, in nats


def matte(rgb: Tensor, prior: Tensor) -> Tensor:
    """Return how much of each pixel is the person, ``(1, 1, height, width)`` 0…1, of ``(1, 3, height, width)`` RGB 0…255.

    ``prior`` is of the same size, -1…1: surely behind, to surely the person; at 0 nothing is known.
    """
    height, width = rgb.shape[-2:]
    scale = min(1.0, WORK_PX / max(height, width))
    size = max(8, round(height * scale)), max(8, round(width * scale))
    small, place = F.interpolate(rgb, size, mode="area"), F.interpolate(prior, size, mode="area")
    pixels, places = torch.cat([small[0], _where(small)]).flatten(1).T, place.flatten()
    person, behind = places > 0.5, places < -0.5
    if int(person.sum()) < 4 * _COLOURS or int(behind.sum()) < 4 * _COLOURS:
        return ((prior + 1) / 2).clamp(0, 1)
    told = _likelihood(pixels, pixels[person]) - _likelihood(pixels, pixels[behind])
    leaning = (told.clamp(-_MOST_SURE, _MOST_SURE) + 5 * places).reshape(1, 1, *size)
    coarse = torch.sigmoid(F.avg_pool2d(leaning, 5, 1, 2, count_include_pad=False))
    coarse = torch.where(place > 0.9, 1.0, torch.where(place < -0.9, 0.0, coarse))
    return _along_edges(coarse, small, rgb)


def _where(small: Tensor) -> Tensor:
    """Return each pixel's row and column ``(2, height, width)`` in a unit that weighs against levels of colour."""
    height, width = small.shape[-2:]
    lines = (torch.arange(side, device=small.device) * (_PLACE / max(height, width)) for side in (height, width))
    return torch.stack(torch.meshgrid(*lines, indexing="ij"))


def _likelihood(pixels: Tensor, of: Tensor) -> Tensor:
    """Return the log likelihood of each of ``(n, 5)`` pixels under a mixture of normal distributions fitted to others."""
    brightness = of[:, :3].sum(1).argsort(stable=True)
    chosen = torch.linspace(0, len(of) - 1, _COLOURS * 2 + 1, device=of.device).long()[1::2]
    means = of[brightness[chosen]]
    variances = torch.full_like(means, 400.0)
    shares = torch.full((_COLOURS,), 1 / _COLOURS, device=of.device)
    for _ in range(_ROUNDS):
        belongs = _each(of, means, variances, shares).softmax(1)
        weight = belongs.sum(0).clamp(min=1e-3)
        means = belongs.T @ of / weight[:, None]
        variances = (belongs.T @ of.square() / weight[:, None] - means.square()).clamp(min=_LEAST_SPREAD)
        shares = weight / weight.sum()
    return _each(pixels, means, variances, shares).logsumexp(1)


def _each(pixels: Tensor, means: Tensor, variances: Tensor, shares: Tensor) -> Tensor:
    apart = (pixels[:, None] - means).square() / variances
    return shares.log() - (apart.sum(2) + variances.log().sum(1)) / 2


def _along_edges(coarse: Tensor, small: Tensor, full: Tensor) -> Tensor:
    """Enlarge a matte so that its edges follow the picture's (a guided filter, on brightness)."""
    guide = small.mean(1, keepdim=True) / 255

    def around(values: Tensor) -> Tensor:
        return F.avg_pool2d(values, 9, 1, 4, count_include_pad=False)

    mean, mean_guide = around(coarse), around(guide)
    slope = (around(coarse * guide) - mean * mean_guide) / (around(guide * guide) - mean_guide.square() + 1e-3)
    offset = mean - slope * mean_guide
    size = full.shape[-2:]
    slope, offset = (
        F.interpolate(around(part), size, mode="bilinear", align_corners=False) for part in (slope, offset)
    )
    sharp = slope * full.mean(1, keepdim=True) / 255 + offset
    return ((sharp - 0.15) / 0.7).clamp(0, 1)
