"""Lengths of time in scenarios: fixed, a range or a distribution, always in virtual milliseconds once drawn."""

import re

import msgspec

from simulator.jobs.chance import Draws

UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
FORMS = ("30s", "500ms", "1.5m", "2h", "31d", "2s..6s", "{median: 30s, p95: 90s}")
LONGEST_MS = 100 * 365 * UNITS_MS["d"]
_ONE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(ms|s|m|h|d)")


class Duration(msgspec.Struct, frozen=True):
    """From ``low_ms`` to ``high_ms``, uniformly; log-normal where ``median_ms`` and ``p95_ms`` are given."""

    low_ms: int
    high_ms: int
    median_ms: int = 0
    p95_ms: int = 0

    def drawn(self, draws: Draws, *names: object) -> int:
        """Return one length, rounded to whole milliseconds."""
        if self.median_ms:
            return min(round(draws.log_normal(self.median_ms, self.p95_ms, *names)), LONGEST_MS)
        if self.low_ms == self.high_ms:
            return self.low_ms
        return round(self.low_ms + draws.ratio(*names) * (self.high_ms - self.low_ms))

    def scaled(self, factor: float) -> "Duration":
        """Return this length times ``factor``."""
        return Duration(*(round(ms * factor) for ms in (self.low_ms, self.high_ms, self.median_ms, self.p95_ms)))


def fixed(ms: int) -> Duration:
    """Return the duration that is always the same."""
    return Duration(ms, ms)


def read_ms(text: object, times: int = 1) -> int:
    """Return a length such as ``2m``, so many times, in milliseconds; a whole number is milliseconds already.

    Raises:
        ValueError: it is neither, or it is longer than a hundred years.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        ms = text * times
    elif isinstance(text, str) and (match := _ONE.fullmatch(text.strip())):
        ms = round(float(match[1]) * UNITS_MS[match[2]] * times)
    else:
        raise ValueError(f"{text!r} is no length of time; write for example 500ms, 30s, 2m, 1.5h or 31d")
    if not 0 <= ms <= LONGEST_MS:
        raise ValueError(f"{text!r} is out of range: from 0 to a hundred years")
    return ms


def read_duration(value: object, times: int = 1) -> Duration:
    """Return what a scenario says for a length, so many times: ``30s``, ``2s..6s`` or ``{median: 30s, p95: 90s}``.

    Raises:
        ValueError: it is none of these; the message says what would be.
    """
    if isinstance(value, dict):
        if set(value) != {"median", "p95"}:
            raise ValueError("a distribution has exactly the keys median and p95")
        median_ms, p95_ms = read_ms(value["median"], times), read_ms(value["p95"], times)
        if not 0 < median_ms < p95_ms:
            raise ValueError("a distribution needs 0 < median < p95")
        return Duration(0, 0, median_ms, p95_ms)
    if isinstance(value, str) and ".." in value:
        low, _, high = value.partition("..")
        low_ms, high_ms = read_ms(low, times), read_ms(high, times)
        if low_ms > high_ms:
            raise ValueError(f"{value!r} runs backwards; write {high.strip()}..{low.strip()}")
        return Duration(low_ms, high_ms)
    if value == 0 and not isinstance(value, bool):
        return fixed(0)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} has no unit; write for example {', '.join(FORMS)}")
    return fixed(read_ms(value, times))
