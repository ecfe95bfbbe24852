"""Swaps faces or heads in pictures and videos; only squares around the faces are touched, all else stays as it was."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from torch import Tensor

from simulator.media.live import marks
from simulator.media.live.blending import Patch, Source, change, face_patch
from simulator.media.live.casting import Cast, find_faces
from simulator.media.live.crowd import Crowd
from simulator.media.live.failures import RenderFailure
from simulator.media.live.geometry import fit
from simulator.media.live.heads import head_patch
from simulator.media.live.orders import Made, News, Progress, SwapOrder
from simulator.media.live.pictures import SUFFIXES, Pixels, look_at, read_picture, write_picture
from simulator.media.live.planes import PICTURE, Colour, Frames, Squares, as_bytes, cut, planes_of, put, upload
from simulator.media.live.reading import Chunk, Reader
from simulator.media.live.sound import Sound
from simulator.media.live.stages import overlapped
from simulator.media.live.stills import first_frame_with_somebody
from simulator.media.live.tracks import Tracker
from simulator.media.live.workshop import Workshop
from simulator.media.live.writing import SUFFIXES as VIDEO_SUFFIXES
from simulator.media.live.writing import Writer


class Manner(NamedTuple):
    """How a face or a head is laid over another."""

    what: str
    middle: float  # of the square that it needs, below the eyes, in distances of the eyes
    reach_eyes: float  # the square's side, likewise; a little more than its mask, at any tilt
    patch: Callable[[Squares, Tensor, Source], Patch]


MANNERS: Final = {
    "face": Manner("face swap", 0.55, 2.55, face_patch),
    "head": Manner("head swap", 0.0, 4.6, head_patch),
}


def swap(order: SwapOrder, workshop: Workshop) -> Iterator[News]:
    """Do the order; the news ends with one ``Made``. Closing the generator leaves nothing behind.

    Raises: RenderFailure.
    """
    is_picture = look_at(order.target).kind in ("image", "animation")
    if is_picture if not order.media_type else order.media_type.startswith("image/"):
        return _swap_picture(order, workshop, is_frame=order.is_still and not is_picture)
    return _swap_video(order, workshop)


def _swap_picture(order: SwapOrder, workshop: Workshop, *, is_frame: bool) -> Iterator[News]:
    manner = MANNERS[order.kind]
    yield Progress(0, 1, "searching")
    read = partial(first_frame_with_somebody, workshop=workshop) if is_frame else read_picture
    picture = read(order.target, order.limits)
    cast = Cast(order.pairings, order.limits, workshop, PICTURE)
    faces = find_faces(picture.rgb, workshop)
    if not faces:
        raise RenderFailure("no_face_in_target", "nobody in the picture")
    if len(faces) > order.limits.most_faces:
        raise RenderFailure("too_many_faces", f"{len(faces)} faces in the picture")
    swapped = 0
    for face, source in zip(faces, cast.assign(faces), strict=True):
        if source is not None:
            change_picture(picture.rgb, face.points, source, manner, workshop.device)
            swapped += 1
    if order.is_marked:
        marks.stamp_picture(picture.rgb)
    media_type = order.media_type or picture.media_type
    path = Path(order.into, f"result{SUFFIXES.get(media_type, '.png')}")
    file = write_picture(str(path), picture.rgb, media_type, marks.metadata(order.job, manner.what))
    yield Progress(1, 1, "swapping")
    yield Made(0, file, {"faces": len(faces), "swapped": swapped})


@torch.inference_mode()
def change_picture(rgb: Pixels, points: Tensor, source: Source, manner: Manner, device: torch.device) -> None:
    """Lay a source over the face with the points ``(5, 2)`` in ``(height, width, 3)`` RGB, in place.

    Only differences are converted, so a pixel without one keeps its value to the bit.
    """
    squares = _squares(points[None], manner)
    side, (left, top) = squares.side_px, squares.origins[0].tolist()
    height, width = rgb.shape[:2]
    rows, columns = np.arange(top, top + side).clip(0, height - 1), np.arange(left, left + side).clip(0, width - 1)
    here = torch.from_numpy(rgb[rows[:, None], columns]).to(device).permute(2, 0, 1)[None].float()
    patch = manner.patch(squares, points[None].to(device), source)
    more = change(planes_of(here, PICTURE), patch, source.level_for(points[None]))
    matrix, _ = (part.to(here) for part in PICTURE.to_rgb())
    wide = F.interpolate(more.colours, (side, side), mode="bilinear", align_corners=False)
    new = here + torch.einsum("ij,bjhw->bihw", matrix, torch.cat([more.luma, wide], 1))
    square = as_bytes(new)[0].transpose(1, 2, 0)
    inside = np.s_[max(top, 0) : top + side, max(left, 0) : left + side]
    rgb[inside] = square[max(-top, 0) : height - top, max(-left, 0) : width - left]


def _squares(points: Tensor, manner: Manner) -> Squares:
    pose = fit(points)
    middles = torch.view_as_real(pose.place(torch.full((len(points), 1), manner.middle * 1j)))[:, 0]
    return Squares.around(middles, manner.reach_eyes * float(pose.eyes_px.max()))


def _swap_video(order: SwapOrder, workshop: Workshop) -> Iterator[News]:
    manner = MANNERS[order.kind]
    reader = Reader(order.target, order.limits)
    video = reader.video
    yield Progress(0, video.frames, "searching")
    colour = Colour(video.matrix, video.colours.is_full_range)
    cast = Cast(order.pairings, order.limits, workshop, colour)
    sources: dict[int, Source | None] | None = None
    if cast.names_faces:
        crowd = Crowd(workshop.detector, colour, order.limits.most_faces)
        for done in crowd.search_all(reader.chunks()):
            yield Progress(done, video.frames, "searching")
        sources = _cast_people(crowd, cast)
    swapping = _Swapping(Tracker(workshop.detector, colour, order.limits.most_faces), manner, cast.others, sources)
    path = str(Path(order.into, f"result{VIDEO_SUFFIXES.get(order.media_type, '.mp4')}"))
    sound = Sound(order.target) if order.keeps_sound and video.has_sound else None
    with Writer(path, video, marks.metadata(order.job, manner.what), sound) as writer:

        def write(chunk: Chunk) -> int:
            if order.is_marked:
                marks.stamp_frames(chunk.frames)
            return writer.write(chunk)

        with closing(overlapped(reader.chunks(), swapping, write)) as written:
            for done in written:
                yield Progress(done, max(video.frames, done), "swapping")
        if not swapping.swapped:
            raise RenderFailure(
                "no_face_in_target", "nobody in any frame" if not swapping.faces else "nobody who is meant"
            )
        file = writer.finish()
    if file.duration_ms > order.limits.most_ms:  # by its last frame, or by its sound
        Path(file.path).unlink()
        raise RenderFailure("too_long", f"the result would last {file.duration_ms / 1000:.1f} s")
    yield Progress(file.frames, file.frames, "swapping")
    yield Made(0, file, {"faces": swapping.faces, "swapped": swapping.swapped, "encoder": writer.encoder})


def _cast_people(crowd: Crowd, cast: Cast) -> dict[int, Source | None]:
    """Return whom each person of importance becomes, by the number that the crowd gave them."""
    people = crowd.ranked()
    assigned = cast.assign([person.first.face for person in people])
    return {person.number: source for person, source in zip(people, assigned, strict=True)}


class _Swapping:
    """Swaps in one chunk after the other."""

    def __init__(
        self, tracker: Tracker, manner: Manner, everybody: Source | None, sources: dict[int, Source | None] | None
    ) -> None:
        self._tracker, self._manner, self._everybody, self._sources = tracker, manner, everybody, sources
        self.faces = self.swapped = 0  # over all frames

    @torch.inference_mode()
    def __call__(self, chunk: Chunk) -> Chunk:
        for track in self._tracker.follow(chunk):
            self.faces += len(track.frames)
            source = self._everybody if self._sources is None else self._sources.get(track.person, self._everybody)
            if source is not None:
                change_frames(chunk.frames, track.frames, track.points, source, self._manner, self._tracker.device)
                self.swapped += len(track.frames)
        return chunk


def change_frames(
    frames: Frames,
    at: np.ndarray[tuple[int], np.dtype[np.int64]],
    points: Tensor,
    source: Source,
    manner: Manner,
    device: torch.device,
) -> None:
    """Lay a source over the faces with the points ``(n, 5, 2)`` in the frames with the numbers ``at``, in place."""
    sharp = source.level_for(points)
    for some, squares in _squares(points, manner).parts(device):
        here = upload(*cut(frames, at[some], squares), device)
        more = change(here, manner.patch(squares, points[some].to(device), source), sharp)
        put(frames, at[some], squares, as_bytes(here.luma + more.luma)[:, 0], as_bytes(here.colours + more.colours))
