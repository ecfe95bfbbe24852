"""Finds the different people in a picture or a video and cuts each of them out: a vendor's analysis."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from simulator.media.live import marks
from simulator.media.live.casting import find_faces
from simulator.media.live.crowd import Crowd, Person
from simulator.media.live.faces import Face
from simulator.media.live.failures import RenderFailure
from simulator.media.live.geometry import fit
from simulator.media.live.orders import Made, News, PeopleOrder, Progress
from simulator.media.live.pictures import SUFFIXES, Pixels, look_at, read_picture, write_picture
from simulator.media.live.planes import Colour, split, upload
from simulator.media.live.reading import Chunk, Reader
from simulator.media.live.workshop import Workshop

_REACH_EYES = 3.6  # side of a cut-out, in distances of the eyes
_WHAT = "people found"


class Found(NamedTuple):
    """Somebody, and the frame that shows them best."""

    face: Face
    frame: int
    seen: int  # in how many of the frames that were searched


def find_people(order: PeopleOrder, workshop: Workshop) -> Iterator[News]:
    """Do the order: one ``Made`` for each person, the most prominent first, numbered from 0.

    Its ``about`` has ``points`` (five, in pixels of the frame), ``landmarks`` (eyes, nose and mouth as one text), ``frame``,
    ``seen``, and of the target ``width_px``, ``height_px``, ``frames`` and ``rate_fps`` (0 of a picture).
    Raises: RenderFailure, if there is nobody.
    """
    if order.takes_pictures and look_at(order.target).kind in ("image", "animation"):
        return _in_picture(order, workshop)
    return _in_video(order, workshop)


def _in_picture(order: PeopleOrder, workshop: Workshop) -> Iterator[News]:
    yield Progress(0, 1, "searching")
    rgb = read_picture(order.target, order.limits).rgb
    faces = find_faces(rgb, workshop)
    if len(faces) > order.limits.most_faces:
        raise RenderFailure("too_many_faces", f"{len(faces)} faces in the picture")
    if not faces:
        raise RenderFailure("no_face_in_target", "nobody in the picture")
    yield Progress(1, 1, "searching")
    about = {"width_px": rgb.shape[1], "height_px": rgb.shape[0], "frames": 1, "rate_fps": 0.0}
    for number, face in enumerate(faces):
        yield _made(order, number, cut_out(rgb, face.points), Found(face, 0, 1), about)


def _in_video(order: PeopleOrder, workshop: Workshop) -> Iterator[News]:
    reader = Reader(order.target, order.limits)
    video = reader.video
    colour = Colour(video.matrix, video.colours.is_full_range)
    crowd = Crowd(workshop.detector, colour, order.limits.most_faces)
    frames = 0
    for frames in crowd.search_all(reader.chunks()):
        yield Progress(frames, max(video.frames, frames), "searching")
    people = crowd.ranked()
    if not people:
        raise RenderFailure("no_face_in_target", "nobody in any frame")
    about = {
        "width_px": video.width_px,
        "height_px": video.height_px,
        "frames": frames,
        "rate_fps": float(video.rate_fps),
    }
    for number, cut in enumerate(_cut_outs(people, reader, colour, workshop.device)):
        best = people[number].best
        yield _made(order, number, cut, Found(best.face, best.frame, people[number].seen), about)


def _cut_outs(people: Sequence[Person], reader: Reader, colour: Colour, device: torch.device) -> list[Pixels]:
    """Return what surrounds each person in the frame that shows them best."""
    cut: dict[int, Pixels] = {}
    wanted = {person.best.frame for person in people}
    for chunk in reader.chunks():
        for frame in sorted(wanted & set(range(chunk.first, chunk.first + len(chunk.frames)))):
            rgb = _rgb(chunk, frame - chunk.first, colour, device)
            cut |= {
                number: cut_out(rgb, person.best.face.points)
                for number, person in enumerate(people)
                if person.best.frame == frame
            }
        if len(cut) == len(people):
            break
    return [cut[number] for number in range(len(people))]


@torch.inference_mode()
def _rgb(chunk: Chunk, at: int, colour: Colour, device: torch.device) -> Pixels:
    planes = upload(*split(chunk.frames[at : at + 1]), device)
    found: Pixels = planes.rgb(colour)[0].round().byte().permute(1, 2, 0).cpu().numpy()
    return found


def cut_out(rgb: Pixels, points: Tensor) -> Pixels:
    """Return the square around a face's points ``(5, 2)``, as far as it lies in the picture."""
    pose = fit(points[None])
    middle = pose.place(torch.full((1, 1), 0.5j))[0, 0]
    half = float(pose.eyes_px) * _REACH_EYES / 2
    height, width = rgb.shape[:2]
    top, bottom = (int(np.clip(middle.imag.item() + side, 0, height)) for side in (-half, half))
    left, right = (int(np.clip(middle.real.item() + side, 0, width)) for side in (-half, half))
    return rgb[top:bottom, left:right]


def landmarks(points: Tensor) -> str:
    """Return eyes, nose and the middle of the mouth as ``x,y:x,y:x,y:x,y``."""
    four = torch.cat([points[:3], points[3:].mean(0, keepdim=True)]).round().int().tolist()
    return ":".join(f"{x},{y}" for x, y in four)


def _made(order: PeopleOrder, number: int, rgb: Pixels, found: Found, about: Mapping[str, object]) -> Made:
    points = found.face.points
    if order.is_marked:
        marks.stamp_picture(rgb := rgb.copy())  # others are cut out of the same picture
    suffix = SUFFIXES.get(order.media_type, ".png")
    path = str(Path(order.into, f"person-{number}{suffix}"))
    file = write_picture(path, rgb, order.media_type, marks.metadata(order.job, _WHAT))
    told: dict[str, object] = {
        "points": [[round(x, 2), round(y, 2)] for x, y in points.tolist()],
        "landmarks": landmarks(points),
        "frame": found.frame,
        "seen": found.seen,
    }
    return Made(number, file, {**told, **about})
