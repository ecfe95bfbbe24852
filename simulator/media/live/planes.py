"""Pictures as planes of luma and colour, as video has them: conversion, cutting squares out, putting changes back.

Planes are uint8 in files and float 0…255 at work; colour has half the size of luma in both directions (4:2:0).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from numpy.typing import NDArray
from torch import Tensor

Frames = NDArray[np.uint8]

_WEIGHTS = {
    "bt601": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "bt2020": (0.2627, 0.0593),
}  # of red and of blue in luma
_AT_ONCE_PX: Final = 1 << 21
"""So many pixels a CPU works on at once: more are no longer at hand when they are needed again, and a third of the speed is lost."""


class Colour(NamedTuple):
    """How numbers stand for colours: ``bt601``, ``bt709`` or ``bt2020``, and whether 0…255 or 16…235 is black to white."""

    matrix: str = "bt709"
    is_full: bool = False

    def to_planes(self) -> tuple[Tensor, Tensor]:
        """Return the matrix (3, 3) and the offset (3,) that lead from RGB 0…255 to luma and colours."""
        red, blue = _WEIGHTS[self.matrix]
        green = 1 - red - blue
        luma = torch.tensor([red, green, blue], dtype=torch.float64)
        one = torch.eye(3, dtype=torch.float64)
        matrix = torch.stack([luma, (one[2] - luma) / (2 * (1 - blue)), (one[0] - luma) / (2 * (1 - red))])
        if not self.is_full:
            matrix *= torch.tensor([[219.0], [224.0], [224.0]]) / 255
        return matrix.float(), torch.tensor([0.0 if self.is_full else 16.0, 128.0, 128.0])

    def to_rgb(self) -> tuple[Tensor, Tensor]:
        """Return the matrix and the offset that are taken away first, from planes to RGB."""
        matrix, offset = self.to_planes()
        return torch.linalg.inv(matrix.double()).float(), offset


PICTURE = Colour("bt601", is_full=True)  # of pictures, as JPEG has it


class Planes(NamedTuple):
    """Luma ``(batch, 1, height, width)`` and colours ``(batch, 2, height / 2, width / 2)``, float 0…255."""

    luma: Tensor
    colours: Tensor

    def rgb(self, colour: Colour) -> Tensor:
        """Return ``(batch, 3, height, width)`` RGB 0…255."""
        wide = F.interpolate(self.colours, self.luma.shape[-2:], mode="bilinear", align_corners=False)
        matrix, offset = (part.to(self.luma) for part in colour.to_rgb())
        return torch.einsum("ij,bjhw->bihw", matrix, torch.cat([self.luma, wide], 1) - offset.view(1, 3, 1, 1)).clamp(
            0, 255
        )

    def shrunk(self, height_px: int, width_px: int) -> "Planes":
        """Return the same at a smaller, even size."""
        size = (height_px, width_px)
        half = (height_px // 2, width_px // 2)
        return Planes(F.interpolate(self.luma, size, mode="area"), F.interpolate(self.colours, half, mode="area"))


def planes_of(rgb: Tensor, colour: Colour) -> Planes:
    """Return the planes of ``(batch, 3, height, width)`` RGB 0…255 of even size."""
    matrix, offset = (part.to(rgb) for part in colour.to_planes())
    full = torch.einsum("ij,bjhw->bihw", matrix, rgb) + offset.view(1, 3, 1, 1)
    return Planes(full[:, :1].contiguous(), F.avg_pool2d(full[:, 1:], 2))


def split(frames: Frames) -> tuple[Frames, Frames]:
    """Return luma ``(n, height, width)`` and colours ``(n, 2, height / 2, width / 2)`` of yuv420p frames, as views."""
    count, rows, width = frames.shape
    height = rows * 2 // 3
    return frames[:, :height], frames[:, height:].reshape(count, 2, height // 2, width // 2)


def upload(luma: Frames, colours: Frames, device: torch.device) -> Planes:
    """Return the planes of uint8 luma ``(n, height, width)`` and colours on the device."""
    return Planes(
        torch.from_numpy(luma).to(device).float()[:, None],
        torch.from_numpy(colours).to(device).float(),
    )


class Squares(NamedTuple):
    """Where squares of one even side lie in frames: ``origins`` int ``(n, 2)``, even pixels, x before y; they may stick out."""

    origins: NDArray[np.int64]
    side_px: int

    @classmethod
    def around(cls, middles: Tensor, side_px: float) -> "Squares":
        """Return squares around ``(n, 2)`` pixels, of at least this side."""
        side = int(-(-side_px // 16) * 16)
        origins = ((middles.cpu().double().numpy() - side / 2) / 2).round().astype(np.int64) * 2
        return cls(origins, side)

    def parts(self, device: torch.device) -> "Iterator[tuple[slice, Squares]]":
        """Yield as many squares as the device works on best at once, and which ones they are; a GPU takes all."""
        count = len(self.origins) if device.type != "cpu" else max(1, _AT_ONCE_PX // self.side_px**2)
        for first in range(0, len(self.origins), count):
            some = slice(first, first + count)
            yield some, Squares(self.origins[some], self.side_px)


def cut(frames: Frames, at: NDArray[np.int64], squares: Squares) -> tuple[Frames, Frames]:
    """Return the squares' luma and colours out of the frames with the numbers ``at``; beyond the frame its edge goes on."""
    luma, colours = split(frames)
    return (
        np.stack(
            [_cut(luma[frame], origin, squares.side_px) for frame, origin in zip(at, squares.origins, strict=True)]
        ),
        np.stack(
            [
                _cut(colours[frame], origin // 2, squares.side_px // 2)
                for frame, origin in zip(at, squares.origins, strict=True)
            ]
        ),
    )


def _cut(plane: Frames, origin: NDArray[np.int64], side: int) -> Frames:
    height, width = plane.shape[-2:]
    x, y = int(origin[0]), int(origin[1])
    if x >= 0 and y >= 0 and x + side <= width and y + side <= height:
        return plane[..., y : y + side, x : x + side]
    rows = np.arange(y, y + side).clip(0, height - 1)
    columns = np.arange(x, x + side).clip(0, width - 1)
    return plane[..., rows[:, None], columns]


def put(frames: Frames, at: NDArray[np.int64], squares: Squares, luma: Frames, colours: Frames) -> None:
    """Write squares back into the frames, as far as they lie within."""
    into_luma, into_colours = split(frames)
    for number, (frame, origin) in enumerate(zip(at, squares.origins, strict=True)):
        _put(into_luma[frame], origin, luma[number])
        _put(into_colours[frame], origin // 2, colours[number])


def _put(plane: Frames, origin: NDArray[np.int64], square: Frames) -> None:
    height, width = plane.shape[-2:]
    side = square.shape[-1]
    x, y = int(origin[0]), int(origin[1])
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + side, width), min(y + side, height)
    if left < right and top < bottom:
        plane[..., top:bottom, left:right] = square[..., top - y : bottom - y, left - x : right - x]


def as_bytes(plane: Tensor) -> Frames:
    """Return the plane rounded to uint8, on the host."""
    found: Frames = plane.round().clamp_(0, 255).byte().cpu().numpy()
    return found
