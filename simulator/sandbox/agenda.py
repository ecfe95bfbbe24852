"""What is due and when: one heap a sandbox, for effects that reach beyond their own job.

An entry only says *see to this job at this instant*. What is done then is what the timeline says then and has not
been done yet, so entries are never removed: a stale one finds nothing to do.
"""

from heapq import heappop, heappush
from itertools import count


class Agenda:
    """Entries in the order of (instant, when they were put on)."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, str, str]] = []
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, at_ms: int, vendor: str, job_id: str) -> None:
        """Put a job on the agenda."""
        heappush(self._heap, (at_ms, next(self._numbers), vendor, job_id))

    def next_due_ms(self) -> int | None:
        """Return the instant of the first entry; it may turn out that nothing is left to do there."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, by_ms: int) -> tuple[int, str, str] | None:
        """Take the first entry off that is due by an instant: its own instant, vendor and job id."""
        if not self._heap or self._heap[0][0] > by_ms:
            return None
        at_ms, _, vendor, job_id = heappop(self._heap)
        return at_ms, vendor, job_id
