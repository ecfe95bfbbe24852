"""The webhooks of one generation: written when a state is shown, sent at their instants, kept with every attempt.

Nothing here waits and nothing is sent from here: whoever sends takes what is ready, writes the letter, posts it without
the sandbox's lock, and records what came of it. All methods expect the caller to hold that lock.
"""

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import msgspec

from simulator.jobs.deliveries import NO_FAULTS, Hook, Manner
from simulator.jobs.errors import Conflict, NotFound, SimulatorError
from simulator.jobs.job import Job
from simulator.jobs.snapshot import Snapshot
from simulator.sandbox.accounts import Accounts
from simulator.sandbox.delivery import (
    BROKEN,
    BY_HAND,
    DELIVERED,
    GIVEN_UP,
    LOST,
    READY,
    REFUSED,
    UNDER_WAY,
    WAITING,
    Attempt,
    Delivery,
    Letter,
)
from simulator.sandbox.journal import Journal
from simulator.sandbox.letters import falsified, worded, write_letter
from simulator.sandbox.webhook_orders import Orders
from simulator.vendors.vendor import Kind, Webhook

OVERTAKEN_AFTER_MS = 60_000  # so long a webhook waits to be overtaken, where no other one to its receiver comes
_ABOUT_SENDING = ("lost", "late", "duplicate", "burst", "out_of_order", "before_reply", "after_poll")
MOST_KEPT = 20_000  # deliveries that are over
MOST_KEPT_BYTES = 128 << 20
MOST_WAITING = 50_000  # deliveries that are not over; then there are no more copies of any
_DELIVERY_BYTES = 4096  # what a delivery and its job weigh beside what was sent and answered


class Outbox:
    """``on_news`` is called when something is ready to be sent, or when the next instant may have changed."""

    def __init__(self, accounts: Accounts, journal: Journal, on_news: Callable[[], None] = lambda: None) -> None:
        self.orders = Orders()
        self.under_way = 0
        self.count = 0
        self.on_news = on_news
        self._accounts, self._journal = accounts, journal
        self._told: dict[str, int] = {}
        self._kept: dict[int, Delivery] = {}
        self._over: deque[tuple[int, int]] = deque()
        self._over_bytes = 0
        self._agenda: list[tuple[int, int]] = []
        self._rows: dict[str, deque[Delivery]] = {}  # what is ready, by job: one goes after the other
        self._open: dict[str, None] = {}  # the jobs of which something can be sent now
        self._ready = 0
        self._jobs_under_way: dict[str, int] = {}
        self._withheld: set[str] = set()
        self._await_look: dict[str, list[Delivery]] = {}
        self._await_next: dict[tuple[str, str, str], list[Delivery]] = {}

    # What brings webhooks about

    def tell(self, job: Job, kind: Kind, manner: Manner, by_ms: int) -> None:
        """Write a webhook for each state of a job that has been shown by an instant and is to be told."""
        webhook, hook = kind.webhook, job.hook
        assert webhook is not None
        assert hook is not None
        position = self._told.get(job.id, 0)
        while position < len(job.entries) and job.entries[position].seen_at_ms <= by_ms:
            entry = job.entries[position]
            position += 1
            if position < len(job.entries) and job.entries[position].seen_at_ms <= entry.seen_at_ms:
                continue  # nobody could see it
            shot = Snapshot(job, entry.seen_at_ms, position - 1)
            if webhook.tells(shot):
                self._write(shot, kind, manner, hook)
        self._told[job.id] = position

    def forget(self, job: Job) -> None:
        """Know no longer what has been told of a job that has ended."""
        self._told.pop(job.id, None)

    def _write(self, shot: Snapshot, kind: Kind, manner: Manner, hook: Hook) -> None:
        webhook = kind.webhook
        assert webhook is not None
        nth = str(shot.position)
        plain = worded(shot, kind, hook.files_at, manner.body)
        faults = self.orders.struck(shot, webhook, manner, plain, self._keys(shot.job, webhook), nth)
        said = falsified(plain, shot, kind, hook, manner, faults)
        gaps_ms = webhook.gaps_ms(shot.plan.switches) if manner.retries_ms is None else manner.retries_ms
        why = f"entered {shot.word}"
        first: Delivery | None = None
        copies = max(faults.duplicate, faults.burst)
        if copies > 1 and len(self._kept) - len(self._over) > MOST_WAITING:
            text = f"webhooks: no copies of {shot.word}, for {MOST_WAITING} webhooks wait already"
            self._journal.note(shot.now_ms, text, shot.job.vendor, (shot.job.id,))
            copies = 1
        for copy in range(copies):
            if first is not None:
                why = f"{'burst' if faults.burst > 1 else 'duplicate'} of {first.number}"
            delivery = Delivery(
                *(0, shot.job, kind, hook.url, shot.word, shot.now_ms, why, plain, said),
                *(f"{nth}/{copy}" if copy else nth, faults, gaps_ms),
                *(manner.timeout_ms or webhook.timeout_ms, manner.accepts),
            )
            self._send_off(delivery)
            first = first or delivery

    def _keys(self, job: Job, webhook: Webhook) -> Mapping[str, str]:
        account = self._accounts.get(job.vendor, job.account)
        return webhook.keys(job.account, account.details if account else {}, job.fields)

    def _send_off(self, delivery: Delivery) -> None:
        """Number a webhook, keep it and say when it is due."""
        faults = delivery.faults
        self.count += 1
        delivery.number = self.count
        self._kept[delivery.number] = delivery
        if names := faults.names():
            text = f"webhook {delivery.number}: {', '.join(names)}"
            self._journal.note(delivery.told_at_ms, text, delivery.job.vendor, (delivery.job.id,))
        due_ms = delivery.told_at_ms
        if faults.lost:
            self._end(delivery, LOST)
            return
        if faults.late is not None:
            due_ms += faults.late.drawn(delivery.job.draws, "webhook late", delivery.nth)
        if faults.after_poll and not faults.before_reply:
            self._await_look.setdefault(delivery.job.id, []).append(delivery)
            return
        if faults.out_of_order and not self._await_next.get(delivery.receiver):  # else it overtakes the one that waits
            self._await_next.setdefault(delivery.receiver, []).append(delivery)
            due_ms += OVERTAKEN_AFTER_MS
        self._plan(delivery, due_ms)

    def _plan(self, delivery: Delivery, due_ms: int) -> None:
        delivery.due_ms, delivery.state = due_ms, WAITING
        insort(self._agenda, (due_ms, delivery.number))
        self.on_news()

    # When they are sent

    def next_due_ms(self) -> int | None:
        """Return the instant of the next attempt that waits for its time."""
        while self._agenda:
            due_ms, number = self._agenda[0]
            if self._is_due(number, due_ms):
                return due_ms
            del self._agenda[0]  # it went earlier, because another one has overtaken it
        return None

    def _is_due(self, number: int, at_ms: int) -> bool:
        delivery = self._kept.get(number)
        return delivery is not None and delivery.state == WAITING and delivery.due_ms == at_ms

    def settle(self, by_ms: int) -> None:
        """Make ready what is due by an instant."""
        if not self._agenda or self._agenda[0][0] > by_ms:
            return
        due = 0
        for due_ms, number in self._agenda:
            if due_ms > by_ms:
                break
            due += 1
            if self._is_due(number, due_ms):
                self._make_ready(self._kept[number], due_ms)
        del self._agenda[:due]

    def _make_ready(self, delivery: Delivery, at_ms: int) -> None:
        if delivery.faults.out_of_order and delivery in (row := self._await_next.get(delivery.receiver, [])):
            row.remove(delivery)
        delivery.due_ms, delivery.state = at_ms, READY
        self._ready += 1
        self._rows.setdefault(delivery.job.id, deque()).append(delivery)
        self._see_whether_open(delivery.job.id)

    def _see_whether_open(self, job_id: str) -> None:
        """Note whether the first in a job's row can be sent now, and tell if it can."""
        row = self._rows.get(job_id)
        if row and job_id not in self._withheld and (job_id not in self._jobs_under_way or row[0].faults.burst > 1):
            self._open[job_id] = None
            self.on_news()

    @property
    def pending(self) -> int:
        """How many are ready or under way."""
        return self._ready + self.under_way

    @property
    def has_ready(self) -> bool:
        """Whether anything can be sent now."""
        return bool(self._open)

    def take(self, job_ids: Iterable[str] = ()) -> list[Delivery]:
        """Take what can be sent now, in order; with ids only of these jobs, also before the reply to their submit.

        What is taken is under way until ``record`` is told what came of it. A job's webhooks go one after the other.
        """
        asked = tuple(job_ids) or tuple(self._open)
        taken: list[Delivery] = []
        for job_id in asked:
            self._open.pop(job_id, None)
            row = self._rows.get(job_id)
            while row and (job_id not in self._jobs_under_way or row[0].faults.burst > 1):
                delivery = row.popleft()
                delivery.state = UNDER_WAY
                self.under_way += 1
                self._jobs_under_way[job_id] = self._jobs_under_way.get(job_id, 0) + 1
                taken.append(delivery)
            if row is not None and not row:
                del self._rows[job_id]
        self._ready -= len(taken)
        return taken

    def withhold(self, job_id: str) -> Callable[[], None]:
        """Hold a job's webhooks back until what is returned is called: the reply that tells of it has not been written yet."""
        self._withheld.add(job_id)
        self._open.pop(job_id, None)
        return partial(self._release, job_id)

    def _release(self, job_id: str) -> None:
        self._withheld.discard(job_id)
        self._see_whether_open(job_id)

    @property
    def has_awaiting(self) -> bool:
        """Whether any webhook waits until somebody has looked at its job."""
        return bool(self._await_look)

    def looked(self, shots: Iterable[Snapshot]) -> tuple[Callable[[], None], ...]:
        """Make ready what waited for a look that shows a job's end; return what lets it go, once the look is answered."""
        seen = [shot for shot in shots if shot.is_final and shot.job.id in self._await_look]
        releases = tuple(self.withhold(shot.job.id) for shot in seen)
        for shot in seen:
            for delivery in self._await_look.pop(shot.job.id):
                self._make_ready(delivery, shot.now_ms)
        return releases

    # What is sent, and what came of it

    def letter(self, delivery: Delivery) -> Letter:
        """Return what the next attempt sends.

        Raises:
            SimulatorError: the account's keys cannot be used for it.
        """
        return write_letter(delivery, self._keys(delivery.job, delivery.webhook))

    def record(self, delivery: Delivery, attempt: Attempt, now_ms: int | None = None) -> None:
        """Note what came of an attempt, and plan the next one where there is to be one.

        Gaps count from the attempt's own instant; from ``now_ms``, where a clock runs by itself.
        """
        self._arrive(delivery)
        delivery.attempts.append(attempt)
        about, number = (delivery.job.id,), len(delivery.attempts)
        said = f"answered {attempt.status}" if attempt.status else attempt.error
        self._journal.note(
            attempt.at_ms, f"webhook {delivery.number}, attempt {number}: {said}", delivery.job.vendor, about
        )
        accepted = bool(attempt.status) and not attempt.error and delivery.accepts(attempt.status)
        if accepted:
            self._end(delivery, DELIVERED)
        elif attempt.is_refused:
            self._end(delivery, REFUSED)
        elif number <= len(delivery.gaps_ms):
            self._plan(delivery, (attempt.at_ms if now_ms is None else now_ms) + delivery.gaps_ms[number - 1])
        else:
            self._end(delivery, GIVEN_UP)
        self._let_overtaken_go(delivery, attempt.at_ms)

    def spoil(self, delivery: Delivery, error: SimulatorError) -> None:
        """Note that a webhook was not sent, because the vendor could not have sent it."""
        self._arrive(delivery)
        at_ms = delivery.told_at_ms if delivery.due_ms is None else delivery.due_ms
        delivery.attempts.append(Attempt(at_ms, (), b"", error=error.message))
        text = f"broken: webhook {delivery.number} was not sent: {error.message}"
        self._journal.note(at_ms, text, delivery.job.vendor, (delivery.job.id,))
        self._end(delivery, BROKEN)

    def _arrive(self, delivery: Delivery) -> None:
        self.under_way -= 1
        job_id = delivery.job.id
        self._jobs_under_way[job_id] -= 1
        if not self._jobs_under_way[job_id]:
            del self._jobs_under_way[job_id]
            self._see_whether_open(job_id)

    def _let_overtaken_go(self, delivery: Delivery, at_ms: int) -> None:
        for waiting in self._await_next.pop(delivery.receiver, []):
            if waiting is not delivery and waiting.state == WAITING:
                self._make_ready(waiting, max(at_ms, waiting.told_at_ms))

    def _end(self, delivery: Delivery, state: str) -> None:
        delivery.state, delivery.due_ms = state, None
        size = sum(len(attempt.body) + len(attempt.answer) for attempt in delivery.attempts) + _DELIVERY_BYTES
        self._over.append((delivery.number, size))
        self._over_bytes += size
        while len(self._over) > MOST_KEPT or (self._over_bytes > MOST_KEPT_BYTES and len(self._over) > 1):
            number, size = self._over.popleft()
            self._over_bytes -= size
            del self._kept[number]

    # What a test asks for

    def __iter__(self) -> Iterator[Delivery]:
        """Yield what is kept, oldest first."""
        return iter(tuple(self._kept.values()))

    def get(self, number: int) -> Delivery:
        """Return one webhook.

        Raises:
            NotFound: there is none of that number, or no longer.
        """
        found = self._kept.get(number)
        if found is None:
            raise NotFound(f"there is no webhook {number} in this sandbox; there have been {self.count}")
        return found

    def resend(self, number: int, now_ms: int) -> Delivery:
        """Send a webhook once more, as it was, in one attempt of this instant.

        Raises:
            NotFound: there is none of that number.
        """
        old = self.get(number)
        again = msgspec.structs.replace(
            old,
            number=0,
            why=f"resend of {number}",
            nth=f"{old.nth}/resend {self._by_hand(old.job.id)}",
            faults=old.faults.without(*_ABOUT_SENDING),
            gaps_ms=(),
            told_at_ms=old.told_at_ms,
            state=WAITING,
            attempts=[],
        )
        self._send_off_at(again, now_ms)
        return again

    def fire(
        self,
        shot: Snapshot,
        kind: Kind,
        url: str = "",
        at_ms: int | None = None,
        links: tuple[tuple[str, str], ...] = (),
    ) -> Delivery:
        """Tell a job's state by hand, whether the vendor would tell it or not, in one attempt of the state's instant.

        ``at_ms`` makes it an attempt of another one; ``links`` are for a job that was submitted without a hook.

        Raises:
            Conflict: the vendor never calls back for this kind of job, or nobody said where to.
        """
        webhook, job = kind.webhook, shot.job
        if webhook is None:
            raise Conflict(f"{job.vendor} sends no webhooks for jobs of kind {job.kind!r}")
        hook = Hook(url or (job.hook.url if job.hook else ""), job.hook.links if job.hook else links)
        if not hook.url:
            raise Conflict(f"job {job.id!r} was submitted without a URL for webhooks; say which `url` to call")
        manner = msgspec.structs.replace(job.plan.script.scenario.webhook, faults=NO_FAULTS)
        plain = worded(shot, kind, hook.files_at, manner.body)
        nth = f"{BY_HAND} {self._by_hand(job.id)}"
        faults = self.orders.struck(shot, webhook, manner, plain, self._keys(shot.job, webhook), nth).without(
            *_ABOUT_SENDING
        )
        said = falsified(plain, shot, kind, hook, manner, faults)
        delivery = Delivery(
            *(0, job, kind, hook.url, shot.word, shot.now_ms, BY_HAND, plain, said, nth, faults, ()),
            *(manner.timeout_ms or webhook.timeout_ms, manner.accepts),
        )
        self._send_off_at(delivery, shot.now_ms if at_ms is None else at_ms)
        return delivery

    def _by_hand(self, job_id: str) -> int:
        """Return how many webhooks of a job have been sent because somebody asked for it."""
        return sum(one.job.id == job_id and one.why.startswith((BY_HAND, "resend")) for one in self._kept.values())

    def _send_off_at(self, delivery: Delivery, now_ms: int) -> None:
        self.count += 1
        delivery.number = self.count
        self._kept[delivery.number] = delivery
        self._make_ready(delivery, now_ms)
