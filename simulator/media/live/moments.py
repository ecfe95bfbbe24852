"""Chooses the stretches of a video that become clips, rates them and names them: by loudness, motion and faces."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.media.live.orders import Spoken
from simulator.media.live.scenes import TENTH_MS, Scenes

_QUIET_SHARE: Final = 0.15  # of all tenths of a second; where one begins is a pause
_WEIGHTS: Final = {"Loudest moment": 0.6, "Most movement": 0.3, "Face to camera": 0.4}
_LENGTH_WEIGHT: Final = 0.1
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_MOST_LETTERS: Final = 80


class Moment(NamedTuple):
    """A stretch of frames, ``first`` to before ``end``; its score 0 to 100 compares with the same video's alone."""

    first: int
    end: int
    start_ms: int
    end_ms: int
    score: int
    kind: str  # what speaks for it most


class _Window(NamedTuple):
    value: float
    first: int
    end: int


def choose(scenes: Scenes, count: int, least_ms: int, most_ms: int, transcript: Sequence[Spoken] = ()) -> list[Moment]:
    """Return up to ``count`` moments that do not overlap, best first, none longer than ``most_ms``.

    They begin and end at cuts, pauses and sentences; where that gives too few, at any place; at last the video is shared
    out evenly. A video that is shorter than ``least_ms`` is one moment as a whole.
    """
    rating = _Rating(scenes)
    times_ms = rating.times_ms
    if times_ms[-1] - times_ms[0] <= least_ms:
        return [rating.moment(_Window(0.0, 0, len(times_ms) - 1), 0.0, 1.0)]
    edges = _edges(scenes, times_ms, transcript)
    anywhere = np.union1d(edges, _frames_at(times_ms, np.arange(times_ms[0], times_ms[-1], max(least_ms // 2, 100))))
    evenly = _frames_at(times_ms, np.linspace(times_ms[0], times_ms[-1], count + 1))
    found: list[_Window] = []
    share_ms = int(times_ms[-1] - times_ms[0]) * 3 // (2 * count)  # between one part and two
    for tried, longest_ms in ((edges, most_ms), (anywhere, most_ms), (evenly, min(share_ms, most_ms))):
        found = max(found, rating.best(tried, count, least_ms, longest_ms), key=len)
        if len(found) == count:
            break
    values = [0.0, *(window.value for window in found)]  # what is usual in the video has the value 0
    low, high = min(values), max(values)
    return [rating.moment(window, low, high) for window in found]


def title_of(moment: Moment, transcript: Sequence[Spoken] = ()) -> str:
    """Return the rarest sentence that is said meanwhile; without a transcript, the kind of moment and its time."""
    said = [line for line in transcript if moment.start_ms <= (line.start_ms + line.end_ms) // 2 < moment.end_ms]
    if said:
        usual = Counter(word for line in transcript for word in _words(line.text))
        rarest = max(said, key=lambda line: sum(1 / usual[word] for word in set(_words(line.text))))
        return rarest.text.strip()[:_MOST_LETTERS]
    seconds = moment.start_ms // 1000
    return f"{moment.kind}, {seconds // 60}:{seconds % 60:02d}"


class _Rating:
    """How good any stretch of a video is, from sums over its frames."""

    def __init__(self, scenes: Scenes) -> None:
        self.times_ms = scenes.times_ms
        frames = len(scenes.pts)
        tenths = np.minimum(self.times_ms[:-1] // TENTH_MS, len(scenes.loudness) - 1)
        loud = scenes.loudness[tenths] if len(scenes.loudness) else np.zeros(frames)
        usual = np.minimum(scenes.change, np.percentile(scenes.change, 95))  # a cut is not motion
        self._looks = _sums(np.isin(np.arange(frames), scenes.looks))
        self._faces = _sums(np.isin(np.arange(frames), list(scenes.faces)))
        self._loud, self._moving = _sums(_standard(loud)), _sums(_standard(usual))

    def parts(self, first: int, ends: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return ``(3, ends)``: how loud, how moving, how often with a face; zero is usual."""
        length = ends - first
        looks = np.maximum(self._looks[ends] - self._looks[first], 1)
        share = (self._faces[ends] - self._faces[first]) / looks
        loud, moving = ((sums[ends] - sums[first]) / length for sums in (self._loud, self._moving))
        weights = np.array(list(_WEIGHTS.values()))[:, None]
        found: NDArray[np.float64] = np.stack([loud, moving, share]) * weights
        return found

    def best(self, edges: NDArray[np.int64], count: int, least_ms: int, most_ms: int) -> list[_Window]:
        """Return the best windows between edges, each the best that does not overlap those before it."""
        found: list[_Window] = []
        for _ in range(count):
            window = max((self._from(edge, edges, least_ms, most_ms, found) for edge in edges), default=None)
            if window is None or window.value == -np.inf:
                break
            found.append(window)
        return found

    def moment(self, window: _Window, low: float, high: float) -> Moment:
        """Return the window as a moment, rated between the two values."""
        parts = self.parts(window.first, np.array([window.end]))[:, 0]
        score = round(100 * (window.value - low) / (high - low)) if high > low else 50
        start_ms, end_ms = int(self.times_ms[window.first]), int(self.times_ms[window.end])
        return Moment(window.first, window.end, start_ms, end_ms, score, list(_WEIGHTS)[int(parts.argmax())])

    def _from(self, first: int, edges: NDArray[np.int64], least_ms: int, most_ms: int, taken: list[_Window]) -> _Window:
        """Return the best window that begins at an edge."""
        none = _Window(-np.inf, int(first), int(first))
        if any(window.first <= first < window.end for window in taken):
            return none
        wall = min((window.first for window in taken if window.first > first), default=len(self.times_ms) - 1)
        ends = edges[(edges > first) & (edges <= wall)]
        length_ms = self.times_ms[ends] - self.times_ms[first]
        fits = (length_ms >= least_ms) & (length_ms <= most_ms)
        if not fits.any():
            return none
        ends, length_ms = ends[fits], length_ms[fits]
        values = self.parts(int(first), ends).sum(0) + _LENGTH_WEIGHT * length_ms / most_ms
        at = int(values.argmax())
        return _Window(float(values[at]), int(first), int(ends[at]))


def _edges(scenes: Scenes, times_ms: NDArray[np.int64], transcript: Sequence[Spoken]) -> NDArray[np.int64]:
    """Return the frames at which a clip may begin or end, rising, the video's own ends among them."""
    edges_ms: list[int] = [time_ms for line in transcript for time_ms in (line.start_ms, line.end_ms)]
    if len(scenes.loudness):
        is_quiet = scenes.loudness < np.quantile(scenes.loudness, _QUIET_SHARE)
        edges_ms += [int(at + 1) * TENTH_MS for at in np.flatnonzero(is_quiet[1:] & ~is_quiet[:-1])]
    frames = len(times_ms) - 1
    at = _frames_at(times_ms, np.array(edges_ms))
    return np.unique(np.concatenate([[0, frames], at, scenes.cuts])).astype(np.int64)


def _frames_at(times_ms: NDArray[np.int64], wanted_ms: NDArray[np.number]) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.searchsorted(times_ms, wanted_ms).clip(0, len(times_ms) - 1)
    return found


def _sums(values: NDArray[np.generic]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])


def _standard(values: NDArray[np.floating]) -> NDArray[np.floating]:
    found: NDArray[np.floating] = (values - values.mean()) / (values.std() + 1e-6)
    return found


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]
