"""Lengths of time as scenarios say them, found from lengths that were measured."""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean, median, pstdev

import msgspec

from simulator.jobs.durations import Duration, fixed

Timed = tuple[int, float]
"""How many frames were made, and how many milliseconds that took."""

_AT_95 = NormalDist().inv_cdf(0.95)
_LEAST_MS = 0.5  # the clock counts whole milliseconds
_LEAST_SPREAD, _MOST_SPREAD = 0.002, 3.0  # standard deviation by mean
_LEAST_START_MS = 1.0
_MOST_MOVES = 400


class Lengths(msgspec.Struct, frozen=True):
    """How long a state lasts: ``start``, and ``frames`` for a thousand frames where it depends on them."""

    start: Duration
    frames: Duration | None = None


def find_lengths(measured: Sequence[Timed]) -> Lengths:
    """Return how long a state lasts by its frames, if that explains what was measured better than one length for all.

    The price of two more numbers is that of the Bayesian information criterion.
    """
    values = [ms for _, ms in measured]
    plain = Lengths(find_length(values))
    if len(measured) < 4 or len({frames for frames, _ in measured}) < 2:
        return plain
    by_frames = _climb(measured)
    gain = _likelihood(measured, by_frames) - _likelihood(measured, _Guess(fmean(values) or _LEAST_MS, _spread(values)))
    return by_frames.lengths() if gain > math.log(len(measured)) else plain


def find_length(values: Sequence[float]) -> Duration:
    """Return the length that is most like those measured, in ms: a fixed one, a range, or a log-normal distribution."""
    low, high = min(values), max(values)
    if len(values) < 3 or high - low <= 2 * _LEAST_MS:
        return fixed(round(median(values)))
    logs = [math.log(max(value, _LEAST_MS)) for value in values]
    mean, deviation = fmean(logs), pstdev(logs)
    bell = NormalDist(mean, deviation)
    evenly = _distance(values, lambda value: (value - low) / (high - low))
    if low < _LEAST_MS or evenly < _distance(values, lambda value: bell.cdf(math.log(value))):
        return Duration(round(low), round(high))
    return _log_normal(math.exp(mean), deviation)


def _log_normal(median_ms: float, deviation: float) -> Duration:
    """Return a log-normal length; ``deviation`` is that of the logarithms."""
    whole = max(round(median_ms), 1)
    return Duration(0, 0, whole, max(round(median_ms * math.exp(_AT_95 * deviation)), whole + 1))


def _distance(values: Sequence[float], share_below: Callable[[float], float]) -> float:
    """Return Kolmogorov's distance between measured values and a distribution."""
    count = len(values)
    return max(
        max(share_below(value) - at / count, (at + 1) / count - share_below(value))
        for at, value in enumerate(sorted(values))
    )


class _Guess(msgspec.Struct, frozen=True):
    """Means and spreads (standard deviation by mean) of a start, and of a frame; all in ms."""

    start_ms: float
    start_spread: float
    frame_ms: float = 0.0
    frame_spread: float = 0.0

    def moved(self, at: int, factor: float) -> "_Guess":
        """Return the guess with one of its numbers so many times as large, within what makes sense."""
        said = [self.start_ms, self.start_spread, self.frame_ms, self.frame_spread]
        said[at] *= factor
        for spread in (1, 3):
            said[spread] = min(max(said[spread], _LEAST_SPREAD), _MOST_SPREAD)
        return _Guess(*said)

    def lengths(self) -> Lengths:
        """Return the guess as a scenario says it; a spread that is not to be seen is none."""
        start = fixed(0) if self.start_ms < _LEAST_START_MS else _duration(self.start_ms, self.start_spread)
        return Lengths(start, _duration(1000 * self.frame_ms, self.frame_spread))


def _duration(mean_ms: float, spread: float) -> Duration:
    if spread <= 1.01 * _LEAST_SPREAD:
        return fixed(round(mean_ms))
    deviation = math.sqrt(math.log1p(spread * spread))
    return _log_normal(mean_ms * math.exp(-deviation * deviation / 2), deviation)


def _likelihood(measured: Sequence[Timed], guess: _Guess) -> float:
    """Return the logarithm of how likely the lengths measured are.

    The sum of two log-normal lengths is taken for a log-normal one of the same mean and variance (Fenton and Wilkinson).
    """
    total = 0.0
    for frames, ms in measured:
        of_frames = frames * guess.frame_ms
        mean = max(guess.start_ms + of_frames, _LEAST_MS)
        variance = (guess.start_ms * guess.start_spread) ** 2 + (of_frames * guess.frame_spread) ** 2 + _LEAST_MS**2 / 3
        squared = math.log1p(variance / (mean * mean))
        log = math.log(max(ms, _LEAST_MS))
        total -= log + math.log(squared) / 2 + (log - math.log(mean) + squared / 2) ** 2 / (2 * squared)
    return total


def _climb(measured: Sequence[Timed]) -> _Guess:
    """Return the likeliest guess that can be reached from a line through the points, one number at a time."""
    best = _line(measured)
    likelihood, step = _likelihood(measured, best), 0.4
    for _ in range(_MOST_MOVES):
        guesses = [best.moved(at, math.exp(way * step)) for at in range(4) for way in (-1, 1)]
        ranked = max(((_likelihood(measured, guess), at) for at, guess in enumerate(guesses)), default=(likelihood, 0))
        if ranked[0] > likelihood + 1e-6:
            likelihood, best = ranked[0], guesses[ranked[1]]
        elif step < 0.002:
            break
        else:
            step /= 2
    return best


def _line(measured: Sequence[Timed]) -> _Guess:
    """Return a line through the points, each weighing by how short it is: long ones vary more."""
    weights = [1 / max(ms, _LEAST_MS) ** 2 for _, ms in measured]
    whole = sum(weights)
    frames = sum(weight * frames for weight, (frames, _) in zip(weights, measured, strict=True)) / whole
    ms = sum(weight * ms for weight, (_, ms) in zip(weights, measured, strict=True)) / whole
    across = sum(weight * (one[0] - frames) ** 2 for weight, one in zip(weights, measured, strict=True))
    both = sum(weight * (one[0] - frames) * (one[1] - ms) for weight, one in zip(weights, measured, strict=True))
    slope = max(both / across, 0.01 * ms / max(frames, 1))
    start_ms = max(ms - slope * frames, 0.02 * ms, _LEAST_MS)
    off = [(took - start_ms - slope * made) / max(start_ms + slope * made, _LEAST_MS) for made, took in measured]
    spread = min(max(math.sqrt(fmean(one * one for one in off)), 0.02), 1.0)
    return _Guess(start_ms, spread, slope, spread)


def _spread(values: Sequence[float]) -> float:
    return min(max(pstdev(values) / max(fmean(values), _LEAST_MS), _LEAST_SPREAD), _MOST_SPREAD)
