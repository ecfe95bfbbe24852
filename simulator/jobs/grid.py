"""Regular rhythms with a jitter, as pure functions: the instants at which a vendor looks at its jobs."""

from functools import lru_cache

import msgspec

from simulator.jobs.chance import draw

_jitter = lru_cache(8192)(draw)  # one look at a job asks for the same few ticks again and again


class Grid(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Tick k is ``anchor + k·(a+b)/2 + u(k)·(b−a)/2`` for a gap of a..b, u(k) from −½ to ½: gaps stay within a..b."""

    anchor_ms: int
    low_ms: int
    high_ms: int
    seed: str
    covers: str = "everything"
    from_slot: bool = False  # its rhythm starts when the job is granted its slot

    def granted(self, at_ms: int) -> "Grid":
        """Return the grid of a job that got its slot at an instant."""
        return msgspec.structs.replace(self, anchor_ms=at_ms) if self.from_slot else self

    def tick(self, k: int) -> int:
        """Return the instant of tick ``k``; tick 0 of a grid without jitter is its anchor."""
        even_ms = k * (self.low_ms + self.high_ms) / 2
        if self.low_ms == self.high_ms:
            return self.anchor_ms + round(even_ms)
        return self.anchor_ms + round(even_ms + (_jitter(self.seed, k) - 0.5) * (self.high_ms - self.low_ms) / 2)

    def _near(self, at_ms: int) -> int:
        return int((at_ms - self.anchor_ms) // ((self.low_ms + self.high_ms) / 2))

    def at_or_after(self, at_ms: int) -> int:
        """Return the first tick that is not before ``at_ms``."""
        k = self._near(at_ms) - 1
        while (tick_ms := self.tick(k)) < at_ms:
            k += 1
        return tick_ms

    def at_or_before(self, at_ms: int) -> int:
        """Return the last tick that is not after ``at_ms``."""
        k = self._near(at_ms) + 2
        while (tick_ms := self.tick(k)) > at_ms:
            k -= 1
        return tick_ms
