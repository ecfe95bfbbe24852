"""Lengths of time and instants as users write them, checked before they are sent."""

import re
from datetime import UTC, datetime, timedelta

from simulator.client.errors import BadInstant, BadLength, with_length
from simulator.jobs.durations import read_ms

Length = str | int | timedelta
"""``"2m"``, ``"1h30m"``, whole milliseconds, or a timedelta."""
Instant = str | int | datetime
"""``"2026-01-01T00:00:00Z"``, whole milliseconds since 1970, or a datetime with its zone."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARTS = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_PART = re.compile(r"[0-9.]+[a-z]+")


def length_ms(length: Length) -> int:
    """Return a length in whole milliseconds.

    Raises:
        BadLength: it is none; the message says what would be.
    """
    try:
        if isinstance(length, timedelta):
            return read_ms(round(length / timedelta(milliseconds=1)))
        if isinstance(length, str) and _PARTS.fullmatch(length):
            return sum(map(read_ms, _PART.findall(length)))
        return read_ms(length)
    except ValueError as error:
        raise BadLength(with_length(str(error)), code="bad_length") from None


def instant_text(instant: Instant) -> str:
    """Return an instant as the control API takes it.

    Raises:
        BadInstant: it is a datetime without a zone, or a number below 0.
    """
    if isinstance(instant, str):
        return instant
    if isinstance(instant, datetime):
        if instant.tzinfo is None:
            raise BadInstant(f"{instant!r} has no zone; write for example datetime(…, tzinfo=UTC)", code="bad_instant")
        return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(instant, bool) or instant < 0:
        raise BadInstant(f"{instant!r} is no instant: whole milliseconds since 1970", code="bad_instant")
    return instant_text(at(instant))


def at(ms: int) -> datetime:
    """Return the instant of so many milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=ms)
