"""One webhook on its way to one receiver, and every attempt at it."""

from typing import Any

import msgspec

from simulator.jobs.deliveries import Faults
from simulator.jobs.job import Job
from simulator.vendors.vendor import Headers, Kind, Sealed, Webhook

WAITING, READY, UNDER_WAY = "waiting", "ready", "under_way"
DELIVERED, GIVEN_UP, LOST, REFUSED, BROKEN = "delivered", "given_up", "lost", "refused", "broken"
STATES = (WAITING, READY, UNDER_WAY, DELIVERED, GIVEN_UP, LOST, REFUSED, BROKEN)
BY_HAND = "by hand"
OVER = frozenset({DELIVERED, GIVEN_UP, LOST, REFUSED, BROKEN})


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """One attempt: what was sent, and what came back.

    ``at_ms`` is its virtual instant, that of timestamp and signature too; ``took_ms`` is real time. ``status`` is 0 where
    no answer came, and then ``error`` says why. ``is_refused``: the simulator itself does not send to that address.
    """

    at_ms: int
    headers: Headers
    body: bytes
    status: int = 0
    answer: bytes = b""
    answer_headers: Headers = ()
    error: str = ""
    took_ms: float = 0
    is_refused: bool = False


class Letter(msgspec.Struct, frozen=True):
    """What one attempt sends. ``plain`` and ``honest`` are what the vendor would send, before anything goes wrong."""

    name: str
    plain: Any
    honest: Sealed
    sent: Sealed
    at_ms: int


class Delivery(msgspec.Struct):
    """One webhook on its way to one receiver. ``word`` is the state it tells, ``told_at_ms`` when that was shown.

    ``why`` says what brought it about; ``due_ms`` is the instant of its next attempt, None where no instant is known.
    ``nth`` tells it from the other webhooks of its job, for the dice.
    """

    number: int
    job: Job
    kind: Kind
    url: str
    word: str
    told_at_ms: int
    why: str
    plain: Any
    said: Any
    nth: str
    faults: Faults
    gaps_ms: tuple[int, ...]
    timeout_ms: int
    accepted: tuple[int, ...] | None = None
    due_ms: int | None = None
    state: str = WAITING
    attempts: list[Attempt] = []

    @property
    def webhook(self) -> Webhook:
        """The vendor's manner of calling back."""
        assert self.kind.webhook is not None
        return self.kind.webhook

    def accepts(self, status: int) -> bool:
        """Return whether a receiver accepts by this status: as its scenario says, or as the vendor judges."""
        return self.webhook.accepts(status) if self.accepted is None else status in self.accepted

    @property
    def is_over(self) -> bool:
        """Whether no further attempt will be made."""
        return self.state in OVER

    @property
    def receiver(self) -> tuple[str, str, str]:
        """Who is called: one account's URL."""
        return self.job.vendor, self.job.account, self.url
