"""Moving a clock by command: everything due on the way is done in order, with the clock standing at each instant."""

from collections.abc import Iterator
from contextlib import contextmanager

from simulator.jobs.errors import Conflict
from simulator.sandbox.clock import Clock
from simulator.sandbox.life import Life


class Mover:
    """Moves the clock of one generation."""

    def __init__(self, clock: Clock, life: Life) -> None:
        self._clock, self._life = clock, life
        self._walks = 0

    @property
    def is_walking(self) -> bool:
        """Whether a command is moving the clock step by step."""
        return self._walks > 0

    @property
    def may_skip(self) -> bool:
        """Whether a repeated read moves the clock by itself."""
        return self._clock.mode == "skip" and not self._walks

    @contextmanager
    def walking(self) -> Iterator[None]:
        """While it lasts, neither a repeated read nor a blocking call moves the clock."""
        self._walks += 1
        try:
            yield
        finally:
            self._walks -= 1

    def step_to(self, at_ms: int) -> bool:
        """Move on until webhooks are ready to be sent, or to an instant; return whether it is reached.

        Raises:
            Conflict: the sandbox was reset on the way.
        """
        outbox = self._life.outbox
        while not self._life.is_over and not outbox.has_ready:
            due_ms = self._life.next_due_ms()
            if due_ms is None or due_ms > at_ms:
                self._clock.move_to(at_ms)
                return True
            self._clock.move_to(due_ms)
            self._life.settle(due_ms)
        if self._life.is_over:
            raise Conflict("the sandbox was reset meanwhile")
        return False

    def move_to(self, at_ms: int) -> None:
        """Settle everything up to an instant, in order.

        Raises:
            Conflict: the sandbox was reset on the way.
        """
        while (due_ms := self._life.next_due_ms()) is not None and due_ms <= at_ms:
            self._clock.move_to(due_ms)
            self._life.settle(due_ms)
            if self._life.is_over:
                raise Conflict("the sandbox was reset meanwhile")
        self._clock.move_to(at_ms)
