"""What is due and when: one queue a sandbox, for effects that reach beyond their own job.

An entry only says *see to this job at this instant*. What is done then is what the timeline says then and has not
been done yet, so entries are never removed: a stale one finds nothing to do.
"""

from array import array
from bisect import bisect_right

_MOST_DONE = 4096  # entries that may lie before the head until the arrays are cut


class Agenda:
    """Entries in the order of (instant, when they were put on).

    Instants and numbers stand in arrays, because a full garbage collection visits every element of a list: with
    100,000 entries a heap of tuples alone makes a pause of 12 ms. New entries are mostly the latest, so little moves.
    """

    def __init__(self) -> None:
        self._instants_ms = array("q")
        self._numbers = array("q")
        self._job_ids: dict[int, str] = {}
        self._head = 0
        self._count = 0

    def __len__(self) -> int:
        return len(self._job_ids)

    def add(self, at_ms: int, job_id: str) -> None:
        """Put a job on the agenda."""
        place = bisect_right(self._instants_ms, at_ms, self._head)
        self._count += 1
        self._instants_ms.insert(place, at_ms)
        self._numbers.insert(place, self._count)
        self._job_ids[self._count] = job_id

    def next_due_ms(self) -> int | None:
        """Return the instant of the first entry; it may turn out that nothing is left to do there."""
        return self._instants_ms[self._head] if self._job_ids else None

    def next_job_id(self) -> str:
        """Return whom the first entry is about; only while there is one."""
        return self._job_ids[self._numbers[self._head]]

    def pop_due(self, by_ms: int) -> tuple[int, str] | None:
        """Take the first entry off that is due by an instant: its own instant and its job's id."""
        if not self._job_ids or self._instants_ms[self._head] > by_ms:
            return None
        at_ms, number = self._instants_ms[self._head], self._numbers[self._head]
        self._head += 1
        if self._head > _MOST_DONE and self._head > len(self._numbers) // 2:
            del self._instants_ms[: self._head], self._numbers[: self._head]
            self._head = 0
        return at_ms, self._job_ids.pop(number)
