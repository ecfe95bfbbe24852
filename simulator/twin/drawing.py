"""A scenario file in the vendor's words whose states last as they lasted in live jobs."""

from collections import Counter
from collections.abc import Sequence

from simulator.jobs.durations import Duration
from simulator.jobs.lifecycle import RUNNING
from simulator.twin.lengths import Lengths, find_length, find_lengths
from simulator.twin.runs import Run


def draw_up(runs: Sequence[Run], name: str) -> str:
    """Return a scenario by that name as the text of its file; ``runs`` are of one kind of job, and those that start unusually are left out."""
    runs = _with_usual_start(runs)
    first = runs[0]
    counts = sorted(run.frames for run in runs)
    frames = f"{counts[0]} frames" if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]} frames"
    jobs = "1 live job" if len(runs) == 1 else f"{len(runs)} live jobs"
    lines = [
        f"scenario: {name}",
        f"vendor: {first.vendor}",
        f"kind: {first.kind}",
        f"summary: Timed as {jobs} of {frames}.",
        "states:",
    ]
    return "\n".join([*lines, *(_line(runs, word) for word in _words(runs))]) + "\n"


def _words(runs: Sequence[Run]) -> list[str]:
    """Return the words before the ends in the order in which the longest ways have them, so that the start starts."""
    ways = Counter(tuple(stay.word for stay in run.stays) for run in runs)
    longest_first = sorted(ways, key=lambda way: (-len(way), -ways[way]))
    return list(dict.fromkeys(word for way in longest_first for word in way))


def _with_usual_start(runs: Sequence[Run]) -> list[Run]:
    """Return the runs that start as most do: a scenario has one start, and all of its states are reached from there."""
    starts = [run.stays[0].word if run.stays else "" for run in runs]
    usual = Counter(starts).most_common(1)[0][0]
    return [run for run, start in zip(runs, starts, strict=True) if start == usual]


def _line(runs: Sequence[Run], word: str) -> str:
    follows: Counter[str] = Counter()
    measured = []
    stands_for = ""
    for run in runs:
        way = [*(stay.word for stay in run.stays), run.end]
        for stay, then in zip(run.stays, way[1:], strict=True):
            if stay.word == word:
                follows[then] += 1
                measured.append((run.frames, float(stay.lasted_ms)))
                stands_for = stay.stands_for
    lengths = find_lengths(measured) if stands_for == RUNNING else Lengths(find_length([ms for _, ms in measured]))
    lasts = _for(lengths)
    then = ", ".join(f"{{to: {to}, weight: {count}}}" for to, count in follows.most_common())
    return f"  {word}: {{{lasts}then: {f'[{then}]' if len(follows) > 1 else next(iter(follows))}}}"


def _for(lengths: Lengths) -> str:
    start = _length(lengths.start)
    if lengths.frames is not None:
        said = f"frame: {_length(lengths.frames, 1000)}"
        return f"for: {{{said}}}, " if start == "0ms" else f"for: {{{said}, start: {start}}}, "
    return "" if start == "0ms" else f"for: {start}, "


def _length(lasts: Duration, times: int = 1) -> str:
    """Return a length as a scenario says it; what is given is so many times as long."""
    if lasts.median_ms:
        return f"{{median: {text_of(lasts.median_ms / times)}, p95: {text_of(lasts.p95_ms / times)}}}"
    if lasts.low_ms == lasts.high_ms:
        return text_of(lasts.low_ms / times)
    return f"{text_of(lasts.low_ms / times)}..{text_of(lasts.high_ms / times)}"


def text_of(ms: float) -> str:
    """Return milliseconds as a scenario writes them; nothing of them is lost down to a thousandth."""
    amount, unit = (ms / 1000, "s") if ms >= 10_000 else (ms, "ms")
    digits = f"{amount:.6f}" if unit == "s" else f"{amount:.3f}"
    return f"{digits.rstrip('0').rstrip('.')}{unit}"
