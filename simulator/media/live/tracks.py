"""Follows faces through a video: where each person's points are in every frame.

Between the frames that are searched (see ``crowd``) only the last network looks, at squares where the faces ought to be, turned
upright. Points are smoothed over time.
"""

from itertools import combinations, pairwise
from typing import Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from numpy.typing import NDArray
from torch import Tensor

from simulator.media.live.crowd import KEY_FRAMES, Crowd, Person, Sight, likeness_of
from simulator.media.live.faces import CROP_HALF, CROP_MIDDLE, LEAST_SCORE, Detector
from simulator.media.live.geometry import MOST_ODD, MOST_TILT, Similarity, as_complex, fit, grid_of, oddness
from simulator.media.live.planes import Colour, Planes, Squares, cut, upload
from simulator.media.live.reading import Chunk

_CROP_PX: Final = 96
_LEAST_LIKE: Final = 0.45  # correlation with the person; less after a cut, before the next search
_MOST_GROWTH: Final = 0.4  # by such a share may a face's size be off what it ought to be
_STEADY_FRAMES: Final = 1.5  # the smoothing's standard deviation
_TAIL: Final = 4  # frames of the chunk before that the smoothing still sees
_MOST_GAP: Final = 5  # frames without a face that are bridged: a blink, a hand


class Track(NamedTuple):
    """One person in one chunk: in which of its frames, int ``(n,)``, and the points there, ``(n, 5, 2)`` pixels on the CPU."""

    person: int
    frames: NDArray[np.int64]
    points: Tensor


class _Seen(NamedTuple):
    """One person as the last network sees them in a chunk: points, likeness, and whether the face is there, a frame each."""

    person: Person
    points: Tensor  # (n, 5, 2)
    likeness: Tensor  # (n,)
    there: Tensor  # (n,) bool

    def is_near(self, places: Tensor, within_px: float, first: int) -> bool:
        """Whether the face is within so many pixels of any of the places ``(k, 2)``, which are of the frames from ``first`` on."""
        frames = slice(first, first + len(places))
        apart = (self.points[frames].mean(1) - places).norm(dim=1)
        return bool((self.there[frames] & (apart < within_px)).any())


class _Tail(NamedTuple):
    """The last points of a person before smoothing, and the frame that would follow."""

    frame: int
    points: Tensor


class Tracker:
    """Follows all faces of one video, chunk after chunk."""

    def __init__(self, detector: Detector, colour: Colour, most_faces: int) -> None:
        self.crowd = Crowd(detector, colour, most_faces)
        self.device = detector.device
        self._detector, self._colour = detector, colour
        self._tails: dict[int, _Tail] = {}

    @torch.inference_mode()
    def follow(self, chunk: Chunk) -> list[Track]:
        """Search the chunk, then say for each person where their face is in which frames."""
        self.crowd.search(chunk)
        self._tails = {number: tail for number, tail in self._tails.items() if tail.frame == chunk.first}
        seen = [self._look(chunk, person) for person in self.crowd.people if _may_be_in(chunk, person)]
        _part(seen)
        tracks = []
        for one in seen:
            there = _bridged(one, [other for other in seen if other is not one])
            frames = np.flatnonzero(there.numpy())
            if len(frames):
                tracks.append(Track(one.person.number, frames, self._steadied(chunk, one, there)[there]))
        return tracks

    def _look(self, chunk: Chunk, person: Person) -> _Seen:
        count = len(chunk.frames)
        poses = _poses(person, chunk.first, count)
        near = np.array([min(abs(chunk.first + at - sight.frame) for sight in person.sights) for at in range(count)])
        at = np.flatnonzero(near <= KEY_FRAMES)
        seen = _Seen(person, torch.zeros(count, 5, 2), torch.zeros(count), torch.zeros(count, dtype=torch.bool))
        if len(at):
            points, scores, looks = self._judge(chunk, at, poses[at])
            expected = torch.view_as_complex(torch.from_numpy(poses[at, :2]).contiguous())
            turn = fit(points).turn / expected  # 1: as large and as tilted as it ought to be
            likely = ((turn.abs() - 1).abs() < _MOST_GROWTH) & (turn.angle().abs() < MOST_TILT)
            like = looks @ person.likeness
            good = (scores > LEAST_SCORE) & (oddness(points) < MOST_ODD) & likely & (like > _LEAST_LIKE)
            seen.points[at], seen.likeness[at], seen.there[at] = points, like, good
        return seen

    def _judge(self, chunk: Chunk, at: NDArray[np.int64], poses: NDArray[np.float64]) -> tuple[Tensor, Tensor, Tensor]:
        """Let the last network look at one square a frame: points ``(n, 5, 2)``, scores ``(n,)``, likenesses; all on the CPU."""
        both = torch.view_as_complex(torch.from_numpy(poses.reshape(-1, 2, 2)).float().contiguous())
        pose = Similarity(both[:, 0], both[:, 1])
        middles = torch.view_as_real(pose.place(torch.full((len(at), 1), CROP_MIDDLE * 1j)))[:, 0]
        squares = Squares.around(middles, 2 * CROP_HALF * 1.42 * float(pose.eyes_px.max()) + 4)
        crops = torch.cat(
            [
                self._crops(chunk, at[some], Similarity(pose.turn[some], pose.shift[some]), part)
                for some, part in squares.parts(self.device)
            ]
        )
        _, points, scores = self._detector.networks.judge(F.avg_pool2d((crops - 127.5) / 128, 2))
        points = points.cpu()
        within = (as_complex(points) * 2 - (1 + 1j)) * CROP_HALF + CROP_MIDDLE * 1j
        return torch.view_as_real(pose.place(within)), scores.cpu(), likeness_of(crops, points * _CROP_PX)

    def _crops(self, chunk: Chunk, at: NDArray[np.int64], pose: Similarity, squares: Squares) -> Tensor:
        """Return what the last network looks at, RGB 0…255 and twice as large as it wants it."""
        shift = pose.shift - torch.complex(*torch.from_numpy(squares.origins).float().unbind(1))
        upright = Similarity(pose.turn.to(self.device), shift.to(self.device))
        seen = upload(*cut(chunk.frames, at, squares), self.device)
        return _upright(seen, upright, squares.side_px).rgb(self._colour)

    def _steadied(self, chunk: Chunk, seen: _Seen, there: Tensor) -> Tensor:
        """Smooth points over time, with the last frames of the chunk before; a break is not smoothed over."""
        number = seen.person.number
        before = self._tails[number].points if number in self._tails else seen.points[:0]
        points, there = torch.cat([before, seen.points]), torch.cat([torch.ones(len(before), dtype=torch.bool), there])
        breaks = (~there).cumsum(0)  # frames with the same number of breaks before them belong together
        lasting = int((there & (breaks == breaks[-1])).sum())
        self._tails[number] = _Tail(chunk.first + len(chunk.frames), points[len(points) - min(lasting, _TAIL) :])
        times = torch.arange(len(points), dtype=torch.float32)
        weight = torch.exp(-((times[:, None] - times) ** 2) / (2 * _STEADY_FRAMES**2))
        weight = weight * there * (breaks[:, None] == breaks)
        smooth = torch.einsum("ij,jkl->ikl", weight / weight.sum(1, keepdim=True).clamp(min=1e-6), points)
        return smooth[len(before) :]


def _may_be_in(chunk: Chunk, person: Person) -> bool:
    return person.last.frame >= chunk.first - KEY_FRAMES


def _poses(person: Person, first: int, count: int) -> NDArray[np.float64]:
    """Return the pose in each frame ``(count, 4)``: between two sights on the straight line, else as at the nearest."""
    frames = np.arange(first, first + count)
    known = [sight.frame for sight in person.sights]
    poses = np.stack([sight.pose for sight in person.sights], 1)
    found = np.stack([np.interp(frames, known, values) for values in poses], 1)
    for left, right in pairwise(person.sights):
        if _jumps(left, right):  # a cut between them: nobody walks from here to there
            middle = (left.frame + right.frame) / 2
            between = (frames > left.frame) & (frames < right.frame)
            found[between & (frames <= middle)] = left.pose
            found[between & (frames > middle)] = right.pose
    return found


def _jumps(left: Sight, right: Sight) -> bool:
    apart = float(np.hypot(*(left.pose[2:] - right.pose[2:])))
    return apart > 4 * max(left.face.eyes_px, right.face.eyes_px) or right.frame - left.frame > 2 * KEY_FRAMES


def _upright(planes: Planes, pose: Similarity, side_px: int) -> Planes:
    """Return each square's face as the last network wants it, twice as large as it wants it."""

    def look(plane: Tensor, pixels: int) -> Tensor:
        steps = ((torch.arange(pixels, device=plane.device) + 0.5) / pixels * 2 - 1) * CROP_HALF
        places = grid_of(steps, steps + CROP_MIDDLE)
        there = pose.place(places[None].expand(len(plane), -1, -1)) * (2 / side_px)
        grid = torch.stack([there.real - 1, there.imag - 1], -1)
        return F.grid_sample(plane, grid, padding_mode="border", align_corners=False)

    return Planes(look(planes.luma, _CROP_PX), look(planes.colours, _CROP_PX // 2))


def _part(seen: list[_Seen]) -> None:
    """Where two people seem to have the same face, leave it to the one whom it looks like."""
    for one, other in combinations(seen, 2):
        apart = (one.points.mean(1) - other.points.mean(1)).norm(dim=1)
        eyes = torch.maximum(fit(one.points).eyes_px, fit(other.points).eyes_px)
        same = one.there & other.there & (apart < 0.6 * eyes)
        others = same & (other.likeness > one.likeness)
        one.there.logical_and_(~others)
        other.there.logical_and_(~(same & ~others))


def _bridged(seen: _Seen, others: list[_Seen]) -> Tensor:
    """Fill short gaps of one face by straight lines, in place, unless somebody else's face is in the way.

    Returns where the face is now, ``(n,)``.
    """
    points, there = seen.points, seen.there
    known = torch.where(there)[0].tolist()
    filled = there.clone()
    for left, right in pairwise(known):
        gap = right - left - 1
        apart = float((points[left].mean(0) - points[right].mean(0)).norm())
        eyes = float(fit(points[left : left + 1]).eyes_px)
        if not 0 < gap <= _MOST_GAP or apart > 1.5 * eyes:
            continue
        share = (torch.arange(1, gap + 1) / (gap + 1))[:, None, None]
        line = points[left] * (1 - share) + points[right] * share
        middles = line.mean(1)
        if not any(other.is_near(middles, 2.5 * eyes, left + 1) for other in others):
            points[left + 1 : right], filled[left + 1 : right] = line, True
    return filled
