"""Cuts clips out of a long video: looks through it once, chooses moments, then writes one clip after the other.

The crop follows the largest face; it rests where a shot shows none. Coarse on purpose: no words are recognized, and with
several people the largest face wins.
"""

from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from simulator.media.live.faces import Detector
from simulator.media.live.marks import metadata, stamp_frames
from simulator.media.live.moments import Moment, choose, title_of
from simulator.media.live.orders import ClipsOrder, Line, Made, News, Progress
from simulator.media.live.planes import split
from simulator.media.live.reading import Chunk, Reader, copy_planes
from simulator.media.live.scenes import Scenes, look_through
from simulator.media.live.sound import Sound
from simulator.media.live.stages import overlapped
from simulator.media.live.writing import Writer

_CALM_SECONDS: Final = 0.5  # the crop's movement is smoothed by a bell curve this wide


def cut_clips(order: ClipsOrder, detector: Detector) -> Iterator[News]:
    """Yield progress, log lines as the vendor's worker prints them, and each clip as soon as it is finished.

    ``about`` of a clip holds ``start_ms``, ``end_ms``, ``score`` (0 to 100), ``title``, ``said`` (its part of the transcript),
    ``encoder``, and ``sound``: what had to be done to it, if anything.
    Raises: RenderFailure.
    """
    reader = Reader(order.video, order.limits)
    scenes: Scenes | None = None
    for line in order.transcript:
        yield Line(f"[{line.start_ms / 1000:.2f}s -> {line.end_ms / 1000:.2f}s] {line.text.strip()}")
    yield Line("🤖  Analyzing with Gemini (2-pass: score → detail)...")  # its words; nothing is sent anywhere
    for news in look_through(reader, detector):
        if isinstance(news, Progress):
            yield news
        else:
            scenes = news
    assert scenes is not None, "it ends with the scenes"
    moments = choose(scenes, order.count, order.least_ms, order.most_ms, order.transcript)
    yield Line(f"Built {len(scenes.cuts) + 1} scoring window(s).")
    yield Line(f"Shortlisted {len(moments)} window(s) for detail.")
    yield Line(f"🔥 Found {len(moments)} clips!")
    done, total = 0, sum(moment.end - moment.first for moment in moments)
    for index, moment in enumerate(moments):
        yield from _cut_one(order, reader, scenes, index, moment, done, total)
        done += moment.end - moment.first


def _cut_one(
    order: ClipsOrder, reader: Reader, scenes: Scenes, index: int, moment: Moment, done: int, total: int
) -> Iterator[News]:
    title = order.titles[index] if index < len(order.titles) else title_of(moment, order.transcript)
    yield Line(f"🎬 Processing Clip {index + 1}: {moment.start_ms / 1000:.1f}s - {moment.end_ms / 1000:.1f}s")
    yield Line(f"Title: {title}")
    yield Line("Step 1: Detecting scenes...")
    width_px, height_px = order.size_px
    shape = scenes.video._replace(width_px=width_px, height_px=height_px, pixel_shape=Fraction(1))
    path = Path(order.into) / f"{order.stem or Path(order.video).stem}_clip_{index + 1}.mp4"
    sound = Sound(order.video, moment.start_ms, moment.end_ms)
    camera = _Camera(scenes, moment, order.size_px, order.is_marked)
    marks = metadata(order.job, "clip")
    with Writer(str(path), shape, {**marks, "title": f"{marks['title']}: {title}"}, sound) as writer:
        wanted = reader.chunks(max(moment.start_ms - 1, 0), moment.end_ms + 1)
        with closing(overlapped(wanted, camera.film, writer.write)) as written:
            for frames in written:
                yield Progress(done + frames, total, "clips")
        yield Line("Step 6: Merging...")
        made = writer.finish()
    yield Line(f"✅ Clip {index + 1} ready: output/{path.name}")
    said = " ".join(line.text.strip() for line in order.transcript if moment.start_ms <= line.start_ms < moment.end_ms)
    times = {"start_ms": moment.start_ms, "end_ms": moment.end_ms, "score": moment.score}
    yield Made(index, made, {**times, "title": title, "said": said, "encoder": writer.encoder, "sound": sound.note})


class _Camera:
    """The part of each frame that a clip shows."""

    def __init__(self, scenes: Scenes, moment: Moment, size_px: tuple[int, int], is_marked: bool) -> None:
        self._pts = scenes.pts[moment.first : moment.end]
        self._size_px, self._is_marked = size_px, is_marked
        width_px, height_px = scenes.video.width_px, scenes.video.height_px
        self.crop_px = crop_size((width_px, height_px), size_px, scenes.video.pixel_shape)
        ways = follow(scenes, moment)
        self._left = _offsets(ways[0], self.crop_px[0], width_px)
        self._top = _offsets(ways[1], self.crop_px[1], height_px)

    def film(self, chunk: Chunk) -> Chunk:
        """Return those of the frames that belong to the clip, cropped, scaled and marked, their times from its beginning."""
        places = np.searchsorted(self._pts, chunk.pts)
        wanted = [
            (number, int(place))
            for number, place in enumerate(places)
            if place < len(self._pts) and self._pts[place] == chunk.pts[number]
        ]
        width_px, height_px = self._size_px
        frames = np.empty((len(wanted), height_px * 3 // 2, width_px), np.uint8)
        for at, (number, place) in enumerate(wanted):
            self._crop(chunk.frames[number : number + 1], place, frames[at])
        if self._is_marked and len(frames):
            stamp_frames(frames)
        pts = [int(self._pts[place] - self._pts[0]) for _, place in wanted]
        return Chunk(frames, pts, chunk.time_base, wanted[0][1] if wanted else 0)

    def _crop(self, frame: NDArray[np.uint8], place: int, into: NDArray[np.uint8]) -> None:
        (width_px, height_px), left, top = self.crop_px, int(self._left[place]), int(self._top[place])
        part = np.empty((1, height_px * 3 // 2, width_px), np.uint8)
        for whole, cropped, half in zip(split(frame), split(part), (1, 2), strict=True):
            rows = slice(top // half, (top + height_px) // half)
            cropped[:] = whole[..., rows, left // half : (left + width_px) // half]
        scaled = VideoFrame.from_ndarray(part[0], "yuv420p").reformat(*self._size_px)
        copy_planes(scaled, 0, into)


def crop_size(
    whole_px: tuple[int, int], wanted_px: tuple[int, int], pixel_shape: Fraction = Fraction(1)
) -> tuple[int, int]:
    """Return the largest even size that fits into the whole and is shown in the wanted shape, width first."""
    width_px, height_px = whole_px
    across, down = wanted_px[0] * pixel_shape.denominator, wanted_px[1] * pixel_shape.numerator
    fits = min(width_px, height_px * across // down // 2 * 2), min(height_px, width_px * down // across // 2 * 2)
    return max(fits[0], 2), max(fits[1], 2)


def follow(scenes: Scenes, moment: Moment) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the crop's middle should be in each of the moment's frames, across and down, in pixels.

    Within a shot it goes calmly from face to face; a shot without any is shown from the middle.
    """
    count = moment.end - moment.first
    ways = np.empty((2, count))
    sigma = max(_CALM_SECONDS * float(scenes.video.rate_fps), 0.5)
    reach = int(3 * sigma)
    bell = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    ends = [moment.first, *(cut for cut in scenes.cuts if moment.first < cut < moment.end), moment.end]
    for first, end in pairwise(ends):
        seen = [frame for frame in sorted(scenes.faces) if first <= frame < end]
        for axis, middle_px in enumerate((scenes.video.width_px / 2, scenes.video.height_px / 2)):
            points = [scenes.faces[frame][axis] for frame in seen]
            way = np.interp(np.arange(first, end), seen, points) if seen else np.full(end - first, middle_px)
            calm = np.convolve(np.pad(way, reach, mode="edge"), bell / bell.sum(), "valid")
            ways[axis, first - moment.first : end - moment.first] = calm
    return ways[0], ways[1]


def _offsets(middles_px: NDArray[np.float64], side_px: int, whole_px: int) -> NDArray[np.int64]:
    offsets = np.round((middles_px - side_px / 2) / 2) * 2
    return offsets.clip(0, whole_px - side_px).astype(np.int64)
