"""A reply that waits: for the end of its job, or for the moment the vendor gives up waiting."""

from collections.abc import Callable

from simulator.jobs.errors import Conflict
from simulator.jobs.snapshot import Snapshot


class Held:
    """``due_ms`` is the instant at which the reply is due by plan; None where nobody knows one.

    ``waiting`` counts the replies that wait for it: none once its client has left.
    """

    def __init__(self, job_id: str, due_ms: int | None, gives_up_at_ms: int | None) -> None:
        self.job_id, self.due_ms, self.gives_up_at_ms = job_id, due_ms, gives_up_at_ms
        self.waiting = 0
        self._snapshot: Snapshot | None = None
        self._was_dropped = False
        self._callbacks: list[Callable[[], None]] = []

    @property
    def is_done(self) -> bool:
        """Whether there is an outcome."""
        return self._snapshot is not None or self._was_dropped

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call back once when there is an outcome, from whichever thread brings it about; at once if there is one."""
        if self.is_done:
            callback()
        else:
            self._callbacks.append(callback)

    def resolve(self, snapshot: Snapshot) -> None:
        """Give the reply its outcome; only the first one counts."""
        if not self.is_done:
            self._snapshot = snapshot
            self._call_back()

    def drop(self) -> None:
        """End the wait without an outcome: the sandbox was reset or has gone."""
        if not self.is_done:
            self._was_dropped = True
            self._call_back()

    def outcome(self) -> Snapshot:
        """Return the job as the waiting reply shows it.

        Raises:
            Conflict: the sandbox was reset; the connection is to be closed without a word.
        """
        if self._snapshot is None:
            raise Conflict("the sandbox was reset while this reply was held")
        return self._snapshot

    def _call_back(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()
