"""What is counted from the start of a server, however many sandboxes come and go meanwhile."""

from collections import Counter

import msgspec

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
"""The upper ends of the durations that are counted together; beyond the last there is one more row."""

MOST_ROWS = 4096
CLIENT_LEFT, ANY_OTHER = 0, -1
"""What stands in the place of a status: nothing was sent to the end, or there were too many statuses to tell apart."""


class Row(msgspec.Struct, gc=False):
    """The calls of one operation that were answered alike. ``within`` counts them by ``BOUNDS_S``."""

    within: list[int]
    seconds: float = 0.0


class Tally:
    """``broken`` replies are those their contract did not let out; ``bugs`` are the simulator's own.

    ``rows`` are by vendor, operation and status, ``refused`` by vendor and reason, ``accepted`` submits by vendor,
    ``attempts`` at webhooks by vendor and outcome. All these names are ours or a contract's, never a client's.
    """

    def __init__(self) -> None:
        self.calls = self.broken = self.bugs = self.bad_http = 0
        self.rows: dict[tuple[str, str, int], Row] = {}
        self.refused: Counter[tuple[str, str]] = Counter()
        self.accepted: Counter[str] = Counter()
        self.attempts: Counter[tuple[str, str]] = Counter()

    def new_row(self, key: tuple[str, str, int]) -> Row:
        """Return the row that calls of a vendor, an operation and a status are counted in from now on."""
        vendor, operation, status = key
        key = (vendor, operation, status if len(self.rows) < MOST_ROWS else ANY_OTHER)
        return self.rows.setdefault(key, Row([0] * (len(BOUNDS_S) + 1)))
