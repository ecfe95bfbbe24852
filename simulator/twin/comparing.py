"""How far simulated runs are from live ones: state by state, and at several numbers of frames."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import fmean, quantiles

import msgspec

from simulator.jobs.chance import Draws
from simulator.jobs.lifecycle import FINAL
from simulator.jobs.plan import make_plan
from simulator.jobs.scenario import Script
from simulator.jobs.timeline import unfold
from simulator.twin.runs import Run, Stay

WHOLE = "in all"
_MOST_GROUPS = 4
_TOO_LITTLE = 0.01
_QUANTILES = 200


class Lasted(msgspec.Struct, frozen=True):
    """How long something lasted: its median and its 95th percentile over ``count`` jobs."""

    count: int
    median_ms: float
    p95_ms: float


class Difference(msgspec.Struct, frozen=True):
    """How a state, or ``WHOLE`` the job, lasted live and simulated, at ``least`` to ``most`` frames.

    ``apart`` is how far the one must be moved to become the other (Wasserstein), as a share of the live mean.
    ``distance`` is the largest difference between the shares of jobs that have ended after any time (Kolmogorov and
    Smirnov), from 0 to 1. ``chance`` is what 95 of 100 comparisons of equals stay below.
    """

    word: str
    least: int
    most: int
    live: Lasted
    simulated: Lasted
    apart: float
    distance: float
    chance: float

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the two differ by more than luck explains, and by more than a hundredth."""
        return self.distance > self.chance and self.apart > _TOO_LITTLE


def simulate(script: Script, runs: Sequence[Run], about: int = 2000) -> list[Run]:
    """Return ``about`` so many runs as a scenario plays them, at least one of as many frames as each live one has."""
    times = max(about // max(len(runs), 1), 1)
    return [_played(script, run, Draws("twin", at, time)) for at, run in enumerate(runs) for time in range(times)]


def _played(script: Script, run: Run, draws: Draws) -> Run:
    entries = unfold(make_plan(script, draws, frames=run.frames), 0)
    stays = tuple(
        Stay(entry.word, entry.stands_for, then.at_ms - entry.at_ms)
        for entry, then in pairwise(entries)
        if entry.stands_for not in FINAL
    )
    return Run(run.vendor, run.kind, run.frames, stays, entries[-1].word)


def compare(live: Sequence[Run], simulated: Sequence[Run]) -> list[Difference]:
    """Return all differences: of the job in all, of its states, and of the job at several numbers of frames."""
    everything = (min(run.frames for run in live), max(run.frames for run in live))
    words = list(dict.fromkeys(stay.word for run in live for stay in run.stays))
    found = [_difference(live, simulated, word, everything) for word in (WHOLE, *words)]
    groups = list(_groups(sorted(run.frames for run in live)))
    if len(groups) > 1:
        found += [_difference(live, simulated, WHOLE, group) for group in groups]
    return found


def _groups(frames: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield ranges of frames with about as many jobs in each; every number by itself where there are few."""
    numbers = sorted(set(frames))
    if len(numbers) <= _MOST_GROUPS:
        yield from ((number, number) for number in numbers)
        return
    least = 0
    for part in range(1, _MOST_GROUPS + 1):
        most = frames[math.ceil(len(frames) * part / _MOST_GROUPS) - 1]
        within = [number for number in numbers if least < number <= most]
        if within:
            yield within[0], within[-1]
            least = most


def _difference(live: Sequence[Run], simulated: Sequence[Run], word: str, frames: tuple[int, int]) -> Difference:
    ours, theirs = _lengths(live, word, frames), _lengths(simulated, word, frames)
    chance = 1.358 * math.sqrt((len(ours) + len(theirs)) / max(len(ours) * len(theirs), 1))
    return Difference(
        word, *frames, _lasted(ours), _lasted(theirs), apart(ours, theirs), distance(ours, theirs), min(chance, 1.0)
    )


def _lengths(runs: Sequence[Run], word: str, frames: tuple[int, int]) -> list[int]:
    within = (run for run in runs if frames[0] <= run.frames <= frames[1])
    found = (run.lasted_ms if word == WHOLE else run.lasted_in_ms(word) for run in within)
    return sorted(ms for ms in found if ms is not None)


def _lasted(lengths: Sequence[int]) -> Lasted:
    if len(lengths) < 2:
        only = float(sum(lengths))
        return Lasted(len(lengths), only, only)
    parts = quantiles(lengths, n=20, method="inclusive")
    return Lasted(len(lengths), parts[9], parts[18])


def apart(ones: Sequence[float], others: Sequence[float]) -> float:
    """Return how far apart two sorted samples are at all their quantiles, on average, as a share of the mean of ``ones``."""
    if not ones or not others:
        return 1.0
    shares = [(part + 0.5) / _QUANTILES for part in range(_QUANTILES)]
    off = fmean(abs(ones[int(share * len(ones))] - others[int(share * len(others))]) for share in shares)
    return off / max(fmean(ones), 1.0)


def distance(ones: Sequence[float], others: Sequence[float]) -> float:
    """Return the Kolmogorov–Smirnov distance of two sorted samples; 1 where one of them is empty."""
    if not ones or not others:
        return 1.0
    at = other_at = 0
    furthest = 0.0
    while at < len(ones) and other_at < len(others):
        value = min(ones[at], others[other_at])
        while at < len(ones) and ones[at] == value:
            at += 1
        while other_at < len(others) and others[other_at] == value:
            other_at += 1
        furthest = max(furthest, abs(at / len(ones) - other_at / len(others)))
    return furthest
