"""The words of one kind of job as a table: which states there are, what each stands for and which may follow."""

from collections.abc import Iterator

import msgspec

WAITING = "waiting"
RUNNING = "running"
SUCCEEDED = "succeeded"
FAILED = "failed"
MODERATED = "moderated"
CANCELLED = "cancelled"
NEUTRAL = (WAITING, RUNNING, SUCCEEDED, FAILED, MODERATED, CANCELLED)
FINAL = frozenset({SUCCEEDED, FAILED, MODERATED, CANCELLED})


class Row(msgspec.Struct, frozen=True):
    """One state in the vendor's words. ``share`` splits a neutral state's time among the words that stand for it."""

    word: str
    stands_for: str
    next: tuple[str, ...] = ()
    wire: str | int | None = None
    share: float = 1.0


class Lifecycle:
    """All rows of one kind of job, in the order in which a job usually meets them.

    ``open_to`` is the type of the statuses that may come besides, where the vendor says that others may come: to
    show one keeps to the contract.

    Raises:
        ValueError: a row names a word that is no row, or the table has a cycle.
    """

    def __init__(self, *rows: Row, open_to: type[str] | type[int] | None = None) -> None:
        self.open_to = open_to
        self._rows = {row.word: row for row in rows}
        for row in rows:
            unknown = [word for word in row.next if word not in self._rows]
            if unknown or row.stands_for not in NEUTRAL or (row.stands_for in FINAL and row.next):
                raise ValueError(f"lifecycle row {row.word!r}: unknown words {unknown} or a final state that goes on")
        for row in rows:
            if row.word in self.reachable_from(row.word):
                raise ValueError(f"lifecycle row {row.word!r} can follow itself")

    def __contains__(self, word: object) -> bool:
        return word in self._rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def __getitem__(self, word: str) -> Row:
        return self._rows[word]

    def words(self) -> tuple[str, ...]:
        """Return every word, in the table's order."""
        return tuple(self._rows)

    def standing_for(self, neutral: str) -> tuple[Row, ...]:
        """Return the rows that stand for a neutral state, in the table's order."""
        return tuple(row for row in self._rows.values() if row.stands_for == neutral)

    def follower(self, word: str, neutral: str) -> str | None:
        """Return the first word that may follow ``word`` and stands for ``neutral``."""
        return next((to for to in self._rows[word].next if self._rows[to].stands_for == neutral), None)

    def reachable_from(self, word: str) -> set[str]:
        """Return every word that can come after ``word``, near or far."""
        found: set[str] = set()
        todo = list(self._rows[word].next)
        while todo:
            if (to := todo.pop()) not in found:
                found.add(to)
                todo += self._rows[to].next
        return found
