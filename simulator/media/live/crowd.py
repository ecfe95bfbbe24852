"""Who is in a video: faces that searches find, joined to people by place, pace and likeness.

Every sixteenth frame is searched as a whole, shrunk. The same frames always give the same people under the same numbers.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from numpy.typing import NDArray
from torch import Tensor

from simulator.media.live.faces import ANY_TURN, LEAST_EYES_PX, Detector, Face
from simulator.media.live.failures import RenderFailure
from simulator.media.live.geometry import fit, grid_of
from simulator.media.live.planes import Colour, Frames, split, upload
from simulator.media.live.reading import Chunk

KEY_FRAMES: Final = 16  # every so many frames all of the picture is searched
_SEARCH_PX: Final = 300  # the picture's shorter side for it
_SMALLEST: Final = 1 / 10  # side of the least face, as a share of that
_VAIN_SEARCHES: Final = 8  # so many chunks in which nobody was seen yet are also turned by quarters
_MOST_PEOPLE: Final = 200  # beyond it, those who left first are forgotten
_LIKENESS_PX: Final = 24
_LEAST_LIKE: Final = 0.55  # correlation of two faces that follow each other in place
_LEAST_ALIKE: Final = 0.70  # of two faces in different places, or long after each other
_WITHIN_EYES: Final = 2.5  # so far may a face move between two searches, beyond its pace, in distances of its eyes


class Sight(NamedTuple):
    """A face that a search found, and where."""

    frame: int  # counted from the video's first
    face: Face
    likeness: Tensor  # (pixels,), of length 1: compare by product

    @property
    def pose(self) -> NDArray[np.float64]:
        """The similarity as four numbers that can be interpolated: turn, then shift."""
        turn, shift = fit(self.face.points[None])
        found: NDArray[np.float64] = torch.view_as_real(torch.cat([turn, shift])).flatten().double().numpy()
        return found


class Person:
    """Somebody in the video, as the searches saw them."""

    def __init__(self, number: int, sight: Sight) -> None:
        self.number, self.first, self.last = number, sight, sight
        self.pace = np.zeros(4)  # of the pose, a frame
        self.likeness = sight.likeness
        self.sights: list[Sight] = [sight]  # of this chunk, and the last one before it
        self.best = sight
        self.seen, self.total_px = 1, sight.face.eyes_px**2

    def meet(self, sight: Sight) -> None:
        """Be seen again."""
        frames = sight.frame - self.last.frame
        self.pace = (sight.pose - self.last.pose) / frames if frames <= 2 * KEY_FRAMES else np.zeros(4)
        self.likeness = F.normalize(0.7 * self.likeness + 0.3 * sight.likeness, dim=0)
        self.last = sight
        self.sights.append(sight)
        self.seen += 1
        self.total_px += sight.face.eyes_px**2
        if sight.face.eyes_px * sight.face.score > self.best.face.eyes_px * self.best.face.score:
            self.best = sight

    def pose_at(self, frame: int) -> NDArray[np.float64]:
        """Where the person ought to be if nothing changes."""
        found: NDArray[np.float64] = self.last.pose + self.pace * min(frame - self.last.frame, KEY_FRAMES)
        return found


class Crowd:
    """All people of one video, as far as it was searched."""

    def __init__(self, detector: Detector, colour: Colour, most_faces: int) -> None:
        self.people: list[Person] = []
        self._detector, self._colour, self._most_faces = detector, colour, most_faces
        self._count = self._searches = 0
        self._turns: tuple[int, ...] = ANY_TURN

    def search_all(self, chunks: Iterator[Chunk]) -> Iterator[int]:
        """Search a whole video, and yield after each chunk how many frames are done."""
        for chunk in chunks:
            self.search(chunk)
            yield chunk.first + len(chunk.frames)

    @torch.inference_mode()
    def search(self, chunk: Chunk) -> None:
        """Search the chunk's key frames, and let the people seen there be known. Chunks come in order.

        Raises: RenderFailure, if there are more faces in a frame than are allowed.
        """
        count = len(chunk.frames)
        keys = sorted({*range(count - 1, -1, -KEY_FRAMES), *((0,) if chunk.first == 0 else ())})
        pictures, scale = self._shrunk(chunk.frames[keys])
        found = self._detector.find(pictures, smallest=_SMALLEST, turns=self._turns)
        self._learn_turn(found)
        for person in self.people:
            person.sights = [person.last]
        for key, picture, faces in zip(keys, pictures, found, strict=True):
            if len(faces) > self._most_faces:
                raise RenderFailure("too_many_faces", f"{len(faces)} faces in frame {chunk.first + key}")
            sights = [
                Sight(
                    chunk.first + key,
                    Face(face.points * scale, face.score),
                    likeness_of(picture[None], face.points[None])[0],
                )
                for face in faces
            ]
            self._join([sight for sight in sights if sight.face.eyes_px >= LEAST_EYES_PX])

    def ranked(self) -> list[Person]:
        """Return the people, the most prominent first; those seen only once count where nobody was seen more often."""
        least = min(2, max((person.seen for person in self.people), default=0))
        present = [person for person in self.people if person.seen >= least]
        return sorted(present, key=lambda person: (-person.total_px, person.number))

    def _shrunk(self, frames: Frames) -> tuple[Tensor, float]:
        height, width = frames.shape[1] // 3 * 2, frames.shape[2]
        scale = min(1.0, _SEARCH_PX / min(height, width))
        small = upload(*split(np.ascontiguousarray(frames)), self._detector.device)
        if scale < 1:
            small = small.shrunk(int(height * scale) // 2 * 2, int(width * scale) // 2 * 2)
        return small.rgb(self._colour), height / small.luma.shape[-2]

    def _learn_turn(self, found: list[list[Face]]) -> None:
        """Once a face has shown how the video lies, look no other way."""
        self._searches += 1
        upright = [faces[0] for faces in found if faces]
        if upright and len(self._turns) > 1:
            angle = float(fit(upright[0].points[None]).turn.angle())
            self._turns = (round(angle / (np.pi / 2)) % 4,)
        elif self._searches >= _VAIN_SEARCHES and len(self._turns) > 1:
            self._turns = (0,)

    def _join(self, sights: list[Sight]) -> None:
        """Give each face to the person it fits best, best fits first; who fits nobody is new."""
        costs = sorted(
            (cost, at, number)
            for at, sight in enumerate(sights)
            for number, person in enumerate(self.people)
            if (cost := _cost(person, sight)) is not None
        )
        taken: dict[int, int] = {}
        for _, at, number in costs:
            if at not in taken and number not in taken.values():
                taken[at] = number
        for at, sight in enumerate(sights):
            if at in taken:
                self.people[taken[at]].meet(sight)
            else:
                self.people.append(Person(self._count, sight))
                self._count += 1
        if len(self.people) > _MOST_PEOPLE:
            self.people.remove(min(self.people, key=lambda person: person.last.frame))


def likeness_of(pictures: Tensor, points: Tensor) -> Tensor:
    """Return what faces look like, regardless of place, size, tilt and light: vectors ``(n, values)`` of length 1, on the CPU.

    Each of ``(n, 3, height, width)`` RGB has one face, with the points ``(n, 5, 2)``. Good enough to tell the people of one video
    apart, no more.
    """
    steps = (torch.arange(_LIKENESS_PX) + 0.5) / _LIKENESS_PX * 2 - 1
    places = grid_of(steps * 0.95, steps * 1.1 + 0.5)
    there = fit(points).place(places.expand(len(points), -1, -1))
    grid = torch.stack([2 * there.real / pictures.shape[-1] - 1, 2 * there.imag / pictures.shape[-2] - 1], -1)
    seen = F.grid_sample(pictures, grid.to(pictures), padding_mode="border", align_corners=False).cpu()
    luma = seen.mean(1)
    hue = (seen - luma[:, None]).mean((2, 3))
    flat = (luma - luma.mean((1, 2), keepdim=True)).flatten(1)
    return F.normalize(torch.cat([flat / flat.std(1, keepdim=True).clamp(min=1), hue / 4], 1), dim=1)


def _cost(person: Person, sight: Sight) -> float | None:
    """Return how badly a face fits a person, or None if it does not at all."""
    frames = sight.frame - person.last.frame
    if frames <= 0:
        return None
    like = float(person.likeness @ sight.likeness)
    expected, found = person.pose_at(sight.frame), sight.pose
    eyes = max(person.last.face.eyes_px, sight.face.eyes_px)
    apart = float(np.hypot(*(expected[2:] - found[2:]))) / eyes
    alike_size = 0.5 < sight.face.eyes_px / person.last.face.eyes_px < 2
    if frames <= 2 * KEY_FRAMES and apart < _WITHIN_EYES and alike_size and like > _LEAST_LIKE:
        return apart + 3 * (1 - like)
    if like > _LEAST_ALIKE:
        return 5 + 3 * (1 - like)
    return None
