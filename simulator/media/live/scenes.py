"""Looks through a long video once: where it cuts, how much moves, how loud it is, and where faces are."""

from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from simulator.media.live.faces import Detector
from simulator.media.live.orders import Progress
from simulator.media.live.planes import Colour, Frames, split, upload
from simulator.media.live.reading import Chunk, Reader, Video
from simulator.media.live.sound import loudness_of
from simulator.media.live.stages import overlapped

TENTH_MS: Final = 100
_LOOK_EVERY: Final = Fraction(1, 2)  # seconds between two searches for faces
_LOOK_PX: Final = 240  # the picture's shorter side for it
_LEAST_FACE: Final = 1 / 9  # of that side
_NEAR_FRAMES: Final = 12  # on either side; what is usual around a frame
_SUDDEN, _TIMES_USUAL, _ABOVE_USUAL = 6.0, 3.0, 2.0  # levels of 255, a factor, levels


class Scenes(NamedTuple):
    """What was seen and heard. Frames count from 0; the arrays over frames are ``(frames,)``."""

    video: Video
    pts: NDArray[np.int64]  # ticks
    change: NDArray[np.float32]  # mean difference from the frame before, in levels of 255
    cuts: tuple[int, ...]  # the first frames of new shots
    loudness: NDArray[np.float32]  # decibels, every tenth of a second; may be empty
    looks: NDArray[np.int64]  # the frames in which faces were searched
    faces: dict[int, tuple[float, float]]  # the middle in pixels of the largest face, where there was one

    @property
    def times_ms(self) -> NDArray[np.int64]:
        """When each frame begins, and after them when the last one ends."""
        base, pts = self.video.time_base, self.pts
        step = int(np.median(np.diff(pts))) if len(pts) > 1 else round(1 / (self.video.rate_fps * base))
        ticks = np.append(pts, pts[-1] + step)
        return np.round(ticks * float(1000 * base)).astype(np.int64)


def look_through(reader: Reader, detector: Detector) -> Iterator[Progress | Scenes]:
    """Yield progress, and last of all what was found.

    Raises: RenderFailure, as the reader does.
    """
    eyes = _Eyes(reader.video, detector)
    with closing(overlapped(reader.chunks(), eyes.look, int)) as seen:
        for done in seen:
            yield Progress(done, max(reader.video.frames, done), "analysis")
    yield eyes.scenes(loudness_of(reader.path))


class _Eyes:
    """What has been seen so far."""

    def __init__(self, video: Video, detector: Detector) -> None:
        self.video, self.detector = video, detector
        self._pts, self._looks = list[int](), list[int]()
        self._faces = dict[int, tuple[float, float]]()
        self._change = list[NDArray[np.float32]]()
        self._last: NDArray[np.int16] | None = None
        self._next_look = Fraction(0)

    def look(self, chunk: Chunk) -> int:
        """Look at the frames and return how many have been seen by now."""
        self._change.append(self._changes(chunk.frames))
        picked = []
        for number, at in enumerate(chunk.pts):
            if at * chunk.time_base >= self._next_look:
                picked.append(number)
                self._next_look = at * chunk.time_base + _LOOK_EVERY
        self._find_faces(chunk, picked)
        self._pts += chunk.pts
        return len(self._pts)

    def scenes(self, loudness: NDArray[np.float32]) -> Scenes:
        change = np.concatenate(self._change)
        pts, looks = np.array(self._pts, np.int64), np.array(self._looks, np.int64)
        return Scenes(self.video, pts, change, cuts_in(change), loudness, looks, self._faces)

    def _changes(self, frames: Frames) -> NDArray[np.float32]:
        luma, colours = split(frames)
        count = len(frames)
        seen = np.concatenate(
            [luma[:, ::8, ::8].reshape(count, -1), colours[:, :, ::4, ::4].reshape(count, -1)], axis=1
        ).astype(np.int16)
        before = seen[:1] if self._last is None else self._last
        self._last = seen[-1:]
        change: NDArray[np.float32] = np.abs(np.diff(seen, axis=0, prepend=before)).mean(1, dtype=np.float32)
        return change

    @torch.inference_mode()
    def _find_faces(self, chunk: Chunk, picked: list[int]) -> None:
        if not picked:
            return
        video, first = self.video, len(self._pts)
        self._looks += [first + number for number in picked]
        scale = min(1.0, _LOOK_PX / min(video.width_px, video.height_px))
        planes = upload(*split(chunk.frames[picked]), self.detector.device)
        height_px, width_px = (max(2, round(side * scale / 2) * 2) for side in (video.height_px, video.width_px))
        colour = Colour(video.matrix, video.colours.is_full_range)
        pictures = planes.shrunk(height_px, width_px).rgb(colour)
        for number, faces in zip(picked, self.detector.find(pictures, smallest=_LEAST_FACE, turns=(0,)), strict=True):
            if faces:
                x, y = faces[0].middle
                self._faces[first + number] = x * video.width_px / width_px, y * video.height_px / height_px


def cuts_in(change: NDArray[np.float32]) -> tuple[int, ...]:
    """Return the frames that differ from the one before far more than those around them do."""
    width = 2 * _NEAR_FRAMES + 1
    padded = np.pad(change.astype(np.float64), _NEAR_FRAMES, mode="edge")
    around = (np.convolve(padded, np.ones(width), "valid") - change) / (width - 1)
    is_cut = (change > _SUDDEN) & (change > _TIMES_USUAL * around + _ABOVE_USUAL)
    return tuple(int(frame) for frame in np.flatnonzero(is_cut) if frame > 0)
