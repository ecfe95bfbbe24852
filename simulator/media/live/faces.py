"""Finds faces in pictures: where they are, how sure that is, and their five points.

Three networks, each stricter than the one before, then a test by geometry: what is no face from the front, or too small to
be one, is not told. Places are pixels with the corner of the picture at 0, so the middle of its first pixel is at 0.5.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import Tensor

from simulator.media.live.geometry import MOST_ODD, MOST_TILT, as_complex, fit, grid_of, oddness
from simulator.media.live.networks import Networks

CROP_MIDDLE, CROP_HALF = 0.55, 1.25  # in face space: the square that the last network likes best
LEAST_SCORE: Final = 0.8  # of O-Net; below, collars and hands pass for faces
ANY_TURN: Final = (0, 1, 3, 2)
LEAST_EYES_PX: Final = 8.0  # nearer eyes are a face of some 20 pixels: nothing to swap
_SURE = 0.98  # such a score is no accident
_PROPOSED, _REFINED = 0.6, 0.7  # least scores of the first two networks
_SHRINK = 0.709  # from one size of the pyramid to the next: half the area
_MOST_CANDIDATES = 1500  # of one picture and size; noise may propose any number
_WORK_PX = 1024  # longer pictures are looked at smaller


class Face(NamedTuple):
    """A face in one picture; ``points`` is ``(5, 2)`` pixels on the CPU, see ``geometry``."""

    points: Tensor
    score: float

    @property
    def eyes_px(self) -> float:
        """How large the face is, as the distance of its eyes."""
        return float(fit(self.points[None]).eyes_px)

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the five points."""
        x, y = self.points.mean(0).tolist()
        return x, y


class Detector:
    """Finds faces on one device."""

    def __init__(self, device: torch.device) -> None:
        """Raises: WrongWeights."""
        self.device = device
        self.networks = Networks(device)

    def find(self, pictures: Tensor, *, smallest: float = 1 / 16, turns: Sequence[int] = ANY_TURN) -> list[list[Face]]:
        """Return the faces of each of ``(batch, 3, height, width)`` RGB 0…255, the largest first.

        ``smallest`` is the side of the least face as a share of the picture's shorter side. ``turns`` are the quarters against
        the clock by which the pictures may have to be turned: the first that shows a sure face counts, else the one
        that shows most.
        """
        height, width = pictures.shape[-2:]
        scale = min(1.0, _WORK_PX / max(height, width))
        small = _resized(pictures, max(1, round(height * scale)), max(1, round(width * scale)))
        rows, columns = small.shape[-2:]
        back = torch.tensor([width / columns, height / rows])
        best: list[list[Face]] = [[] for _ in pictures]
        most = 0.0
        for quarters in turns:
            found = self._find_upright(torch.rot90(small, quarters, (2, 3)), smallest)
            scores = [face.score for faces in found for face in faces]
            if sum(score - LEAST_SCORE for score in scores) > most:
                most = sum(score - LEAST_SCORE for score in scores)
                best = [_sorted(_turned_back(face, quarters, columns, rows, back) for face in faces) for faces in found]
            if any(score > _SURE for score in scores):
                break
        return [[face for face in faces if face.eyes_px >= LEAST_EYES_PX] for faces in best]

    def _find_upright(self, pictures: Tensor, smallest: float) -> list[list[Face]]:
        batch, _, height, width = pictures.shape
        least_px = max(20.0, min(height, width) * smallest)
        pixels = (pictures.to(self.device) - 127.5) / 128
        boxes, of, scores = self._propose(pixels, least_px)
        boxes = _square(boxes)
        shift, scores = self.networks.refine(crops(pixels, of, boxes, 24))
        boxes, of, scores = _kept(scores > _REFINED, _shifted(boxes, shift), of, scores)
        boxes, of, scores = _apart(boxes, of, scores, 0.7)
        shift, points, scores = self.networks.judge(crops(pixels, of, boxes := _square(boxes), 48))
        points = boxes[:, None, :2] + points * (boxes[:, None, 2:] - boxes[:, None, :2])
        boxes = _shifted(boxes, shift)
        good = (scores > LEAST_SCORE) & (oddness(points) < MOST_ODD) & (fit(points).turn.angle().abs() < MOST_TILT)
        numbers = torch.arange(len(scores), device=boxes.device)
        boxes, of, scores, numbers = *_kept(good, boxes, of, scores), numbers[good]
        kept = _suppress(boxes, of, scores, 0.7, of_smaller=True)
        found: list[list[Face]] = [[] for _ in range(batch)]
        for picture, score, number in zip(
            of[kept].tolist(), scores[kept].tolist(), numbers[kept].tolist(), strict=True
        ):
            seen = self._looked_again(pixels[picture : picture + 1], points[number : number + 1])
            found[picture].append(Face(seen[0].cpu(), score))
        return found

    def _looked_again(self, pixels: Tensor, points: Tensor) -> Tensor:
        """Return the points ``(1, 5, 2)`` once more, from a crop that is upright and of the size the network likes."""
        pose = fit(points)
        steps = ((torch.arange(2 * 48, device=pixels.device) + 0.5) / 48 - 1) * CROP_HALF
        there = pose.place(grid_of(steps, steps + CROP_MIDDLE)[None])
        grid = torch.stack([2 * there.real / pixels.shape[-1] - 1, 2 * there.imag / pixels.shape[-2] - 1], -1)
        crop = F.avg_pool2d(F.grid_sample(pixels, grid, padding_mode="border", align_corners=False), 2)
        _, again, _ = self.networks.judge(crop)
        within = (as_complex(again) * 2 - (1 + 1j)) * CROP_HALF + CROP_MIDDLE * 1j
        again = torch.view_as_real(pose.place(within))
        return again if float(oddness(again)) < MOST_ODD else points

    def _propose(self, pixels: Tensor, least_px: float) -> tuple[Tensor, Tensor, Tensor]:
        """Return boxes ``(n, 4)``, whose picture each is of ``(n,)``, and scores ``(n,)``, over all sizes."""
        height, width = pixels.shape[-2:]
        found = [(pixels.new_zeros(0, 4), torch.zeros(0, dtype=torch.long, device=pixels.device), pixels.new_zeros(0))]
        scale, sized = 12 / least_px, pixels
        while min(height, width) * scale >= 12:
            rows, columns = math.ceil(height * scale), math.ceil(width * scale)
            sized = F.interpolate(sized, (rows, columns), mode="area")  # from the size before: much less to read
            shift, score = self.networks.propose(sized)
            of, y, x = torch.where(score > _PROPOSED)
            corner = torch.stack([x, y], 1).float() * 2
            boxes = torch.cat([corner, corner + 12], 1) + shift[of, :, y, x] * 12
            boxes = boxes * pixels.new_tensor([width / columns, height / rows] * 2)
            found.append(_apart(boxes, of, score[of, y, x], 0.5))
            scale *= _SHRINK
        boxes, of, scores = (torch.cat(part) for part in zip(*found, strict=True))
        return _apart(boxes, of, scores, 0.7)


def _resized(pictures: Tensor, rows: int, columns: int) -> Tensor:
    return pictures if pictures.shape[-2:] == (rows, columns) else F.interpolate(pictures, (rows, columns), mode="area")


def _sorted(faces: Iterable[Face]) -> list[Face]:
    return sorted(faces, key=lambda face: (-round(face.eyes_px), face.middle))


def crops(pictures: Tensor, of: Tensor, boxes: Tensor, side: int) -> Tensor:
    """Return ``(boxes, 3, side, side)``: what lies in each box (left, top, right, bottom) of the picture it is of."""
    height, width = pictures.shape[-2:]
    steps = (torch.arange(side, device=pictures.device, dtype=pictures.dtype) + 0.5) / side
    x = boxes[:, 0:1] + (boxes[:, 2:3] - boxes[:, 0:1]) * steps
    y = boxes[:, 1:2] + (boxes[:, 3:4] - boxes[:, 1:2]) * steps
    across = (2 * x / width - 1)[:, None, :].expand(-1, side, side)
    down = (2 * y / height - 1)[:, :, None].expand(-1, side, side)
    grid = torch.stack([across, down], -1)
    found = pictures.new_empty(len(boxes), 3, side, side)
    for picture in range(len(pictures)):  # each picture is looked up once, not copied for every box
        mine = of == picture
        if bool(mine.any()):
            stacked = grid[mine].reshape(1, -1, side, 2)
            seen = F.grid_sample(pictures[picture : picture + 1], stacked, padding_mode="border", align_corners=False)
            found[mine] = seen[0].reshape(3, -1, side, side).transpose(0, 1)
    return found


def _kept(which: Tensor, *parts: Tensor) -> tuple[Tensor, ...]:
    return tuple(part[which] for part in parts)


def _square(boxes: Tensor) -> Tensor:
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).amax(1, keepdim=True) / 2
    return torch.cat([middle - half, middle + half], 1)


def _shifted(boxes: Tensor, shift: Tensor) -> Tensor:
    size = boxes[:, 2:] - boxes[:, :2]
    return boxes + shift * torch.cat([size, size], 1)


def _apart(boxes: Tensor, of: Tensor, scores: Tensor, most: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return the boxes without those that overlap a better one of the same picture by more than ``most``."""
    kept = _suppress(boxes, of, scores, most)
    return boxes[kept], of[kept], scores[kept]


def _suppress(boxes: Tensor, of: Tensor, scores: Tensor, most: float, *, of_smaller: bool = False) -> Tensor:
    """Return the numbers of the boxes kept, best first; the overlap is a share of both together, or of the smaller."""
    kept = [torch.zeros(0, dtype=torch.long)]
    boxes, of, scores = boxes.cpu(), of.cpu(), scores.cpu()  # a short loop of small things: the host is faster
    for picture in sorted(set(of.tolist())):
        mine = torch.where(of == picture)[0]
        mine = mine[scores[mine].argsort(descending=True, stable=True)][:_MOST_CANDIDATES]
        overlap = _overlap(boxes[mine], of_smaller=of_smaller) > most
        alive = torch.ones(len(mine), dtype=torch.bool)
        for number in range(len(mine)):
            if alive[number]:
                alive[number + 1 :] &= ~overlap[number, number + 1 :]
        kept.append(mine[alive])
    return torch.cat(kept)


def _overlap(boxes: Tensor, *, of_smaller: bool) -> Tensor:
    sides = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0)
    area = sides[:, 0] * sides[:, 1]
    corner = torch.maximum(boxes[:, None, :2], boxes[None, :, :2])
    far = torch.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = (far - corner).clamp(min=0).prod(2)
    if of_smaller:
        whole = torch.minimum(area[:, None], area[None])
    else:
        whole = area[:, None] + area[None] - shared
    return shared / whole.clamp(min=1e-6)


def _turned_back(face: Face, quarters: int, width: float, height: float, scale: Tensor) -> Face:
    """Return a face as it lay before the picture of this size was turned by quarters against the clock, and scaled."""
    x, y = face.points[:, 0], face.points[:, 1]
    across, down = ((x, y), (width - y, x), (width - x, height - y), (y, height - x))[quarters]
    return Face(torch.stack([across, down], 1) * scale, face.score)
