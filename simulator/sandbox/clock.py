"""A clock that a test can command: whole virtual milliseconds since 1970, real, manual, skipping or lent to a warp."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from simulator.jobs.errors import SimulatorError

MODES = ("real", "manual", "skip")
WARP = "warp"  # chosen by nobody but a warp, while it lasts: it alone moves the clock
EARLIEST_MS, LATEST_MS = 0, 253_370_764_800_000  # 1970 to the last days of the year 9998: both have an ISO form


def _real_ns(read: Callable[[], int] = time.monotonic_ns) -> int:
    """Return the real monotonic clock; bound like this, for freezegun replaces what a module holds by name."""
    return read()


class Clock:
    """``speed`` counts in the mode ``real`` only. With ``hold``, a blocking call waits instead of moving the clock."""

    def __init__(self, epoch_ms: int, mode: str = "real", speed: float = 1.0, *, hold: bool = False) -> None:
        self._at_ms = epoch_ms
        self._stops = 0
        self._since_ns = _real_ns()
        self.mode, self.speed, self.hold = "manual", 1.0, hold
        self.set(mode=mode, speed=speed)

    def now_ms(self) -> int:
        """Return the present instant."""
        if self.mode != "real" or self._stops:
            return self._at_ms
        return self._at_ms + int((_real_ns() - self._since_ns) * self.speed) // 1_000_000

    @property
    def is_plain(self) -> bool:
        """Whether it goes as real time does, second by second."""
        return self.mode == "real" and self.speed == 1 and not self._stops

    def move_to(self, at_ms: int) -> None:
        """Move forward to an instant; a clock never runs backwards, so an earlier one changes nothing.

        Raises:
            SimulatorError: the instant lies beyond the year 9998.
        """
        if at_ms > LATEST_MS:
            raise SimulatorError("the clock cannot go beyond the year 9998", now_ms=self.now_ms())
        if at_ms > self.now_ms():
            self._at_ms, self._since_ns = at_ms, _real_ns()

    def set(self, *, mode: str | None = None, speed: float | None = None, hold: bool | None = None) -> None:
        """Change how the clock runs; the present instant stays.

        Raises:
            SimulatorError: no such mode, or a speed that is not above 0 and at most a million.
        """
        if mode is not None and mode not in (*MODES, WARP):
            raise SimulatorError(f"there is no clock mode {mode!r}; there are {', '.join(MODES)}")
        if speed is not None and not 0 < speed <= 1_000_000:
            raise SimulatorError(f"{speed!r} is no speed; it must be above 0 and at most 1000000")
        self._at_ms, self._since_ns = self.now_ms(), _real_ns()
        self.mode = self.mode if mode is None else mode
        self.speed = self.speed if speed is None else speed
        self.hold = self.hold if hold is None else hold

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """While it lasts, the clock stands in every mode and only ``move_to`` moves it."""
        self._at_ms = self.now_ms()
        self._stops += 1
        try:
            yield
        finally:
            self._stops -= 1
            self._since_ns = _real_ns()

    def real_seconds_until(self, at_ms: int) -> float | None:
        """Return the real seconds until an instant comes by itself; None where only a command brings it."""
        if self.mode != "real":
            return None
        return max(at_ms - self.now_ms(), 0) / 1000 / self.speed


def iso(at_ms: int) -> str:
    """Return an instant as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_instant(value: object) -> int:
    """Return an instant given as ISO 8601 (UTC where no offset is said) or as milliseconds since 1970.

    Raises:
        SimulatorError: it is neither, or outside the years 1970 to 9998.
    """
    try:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            value = round(moment.timestamp() * 1000)
        if not EARLIEST_MS <= value <= LATEST_MS:
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise SimulatorError(f"{value!r} is no instant; write for example 2026-01-31T12:00:00Z") from error
    return value
