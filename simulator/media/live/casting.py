"""Who becomes whom: the sources of an order, and which of them each face or person of the target gets."""

import math
from collections.abc import Sequence

import torch

from simulator.media.live.blending import Source
from simulator.media.live.faces import Face
from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import Limits, Pairing
from simulator.media.live.pictures import Pixels, read_picture
from simulator.media.live.planes import Colour
from simulator.media.live.workshop import Workshop


class Cast:
    """The sources, loaded, in the order of their pairings."""

    def __init__(self, pairings: Sequence[Pairing], limits: Limits, workshop: Workshop, colour: Colour) -> None:
        """Raises: RenderFailure, where a source shows no such face, or cannot be read."""
        self.pairings = tuple(pairings)
        self._sources: dict[Pairing, Source] = {}
        for pairing in pairings:
            wanted = _wanted(pairing)
            if wanted not in self._sources:
                rgb, face = source_face(pairing, limits, workshop)
                self._sources[wanted] = Source(as_batch(rgb, workshop.device), face.points, colour)

    @property
    def names_faces(self) -> bool:
        """Whether it matters who is who in the target."""
        return any(pairing.target_face is not None or pairing.target_points for pairing in self.pairings)

    def assign(self, faces: Sequence[Face]) -> list[Source | None]:
        """Return whom each face becomes, the faces ordered by prominence; None: nobody.

        Raises: RenderFailure, if a pairing names a face that is not there.
        """
        given: dict[int, Source] = {}
        for pairing in self.pairings:
            number = _named(pairing, faces)
            if number is not None:
                given[number] = self._source(pairing)
        others = next((self._source(pairing) for pairing in self.pairings if _names_nobody(pairing)), None)
        return [given.get(number, others) for number in range(len(faces))]

    @property
    def others(self) -> Source | None:
        """Whom everybody becomes whom no pairing names."""
        return next((self._source(pairing) for pairing in self.pairings if _names_nobody(pairing)), None)

    def _source(self, pairing: Pairing) -> Source:
        return self._sources[_wanted(pairing)]


def source_face(pairing: Pairing, limits: Limits, workshop: Workshop) -> tuple[Pixels, Face]:
    """Return a source's picture and the face that is meant in it.

    Raises: RenderFailure.
    """
    rgb = _read_source(pairing.source, limits)
    faces = find_faces(rgb, workshop)
    if pairing.source_points and faces:
        return rgb, faces[_nearest(faces, pairing.source_points)]
    wanted = pairing.source_face or 0
    if not 0 <= wanted < len(faces):
        raise RenderFailure("no_face_in_source", f"{len(faces)} faces, and number {wanted} is wanted")
    return rgb, faces[wanted]


def _read_source(path: str, limits: Limits) -> Pixels:
    try:
        return read_picture(path, limits).rgb
    except RenderFailure as failure:
        if failure.reason == "out_of_memory":
            raise
        raise RenderFailure("unreadable_source", f"{failure.reason}: {failure.detail}") from failure


@torch.inference_mode()
def find_faces(rgb: Pixels, workshop: Workshop) -> list[Face]:
    """Return the faces of one picture, the largest first."""
    return workshop.detector.find(as_batch(rgb, workshop.device))[0]


def as_batch(rgb: Pixels, device: torch.device) -> torch.Tensor:
    """Return ``(height, width, 3)`` uint8 as ``(1, 3, height, width)`` float on the device."""
    return torch.from_numpy(rgb).to(device).permute(2, 0, 1)[None].float()


def _wanted(pairing: Pairing) -> Pairing:
    return Pairing(pairing.source, pairing.source_face, source_points=pairing.source_points)


def _names_nobody(pairing: Pairing) -> bool:
    return pairing.target_face is None and not pairing.target_points


def _named(pairing: Pairing, faces: Sequence[Face]) -> int | None:
    """Return the number of the face that the pairing means, None if it means no one of them."""
    if _names_nobody(pairing):
        return None
    if pairing.target_face is not None:
        if not 0 <= pairing.target_face < len(faces):
            reason = "no_such_face" if faces else "no_face_in_target"
            raise RenderFailure(reason, f"{len(faces)} faces, and number {pairing.target_face} is wanted")
        return pairing.target_face
    if not faces:
        raise RenderFailure("no_face_in_target", "no face, and one is named by its points")
    return _nearest(faces, pairing.target_points)


def _nearest(faces: Sequence[Face], points: Sequence[tuple[float, float]]) -> int:
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    return min(range(len(faces)), key=lambda number: math.dist(faces[number].middle, (x, y)))
