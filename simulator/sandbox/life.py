"""One generation of a sandbox: all that a reset throws away, and how what is due gets done."""

from collections import Counter
from collections.abc import Callable, Mapping

from simulator.jobs.job import EDITED, GAVE_UP, GRANTED, NOTHING, Event, Job
from simulator.jobs.lifecycle import FINAL, SUCCEEDED
from simulator.jobs.snapshot import look
from simulator.jobs.timeline import unfold
from simulator.sandbox.accounts import Account, Accounts, Owner, Pool
from simulator.sandbox.agenda import Agenda
from simulator.sandbox.choosing import Pins
from simulator.sandbox.faults import LaidFaults
from simulator.sandbox.held import Held
from simulator.sandbox.journal import Journal
from simulator.sandbox.live import LiveJobs
from simulator.sandbox.outbox import Outbox
from simulator.sandbox.received import Received
from simulator.sandbox.store import Store
from simulator.vendors.vendor import Kind

MOST_SHARED = 4096


class Life:
    """Jobs, accounts, agenda, journal and webhooks of one generation. Every change to a job goes through ``happen``.

    ``on_news`` is called when a webhook can be sent, or when the next due instant may have changed because of one;
    ``on_live`` when a renderer has something to take, or to stop.
    """

    def __init__(
        self,
        seed: str,
        *,
        strict: bool,
        max_jobs: int,
        journal_bytes: int,
        on_news: Callable[[], None] = lambda: None,
        on_live: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = Store(max_jobs)
        self.accounts = Accounts(seed, self._is_idle, strict=strict)
        self.agenda = Agenda()
        self.journal = Journal(journal_bytes)
        self.outbox = Outbox(self.accounts, self.journal, on_news)
        self.received = Received()
        self.pins = Pins()
        self.faults = LaidFaults(seed)
        self.live = LiveJobs(self, on_live)
        self.submits: Counter[str] = Counter()
        self.held: dict[str, Held] = {}
        self.kinds: dict[str, Kind] = {}
        self.is_over = False
        self._bound: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}

    def account_of(self, job: Job) -> Account | None:
        """Return the account that a job belongs to."""
        return self.accounts.get(job.vendor, job.account)

    def owner_of(self, job: Job) -> Owner | None:
        """Return who pays for a job; None where the owner has gone meanwhile."""
        account = self.account_of(job)
        return account.owners.get(job.owner) if account else None

    def next_due_ms(self) -> int | None:
        """Return the next instant at which there is something to do; what has been done meanwhile is passed over."""
        attempt_ms = self.outbox.next_due_ms()
        while (due_ms := self.agenda.next_due_ms()) is not None:
            job = self.store.get(self.agenda.next_job_id())
            if job is not None and (not job.settled or job.id in self.held):
                return due_ms if attempt_ms is None else min(due_ms, attempt_ms)
            self.agenda.pop_due(due_ms)
        return attempt_ms

    def opening_ms(self, job: Job) -> int | None:
        """Return when a slot opens that a job waits for: the first end planned among those that hold one."""
        owner = self.owner_of(job)
        pool = owner.pool(job.holds_slot) if owner and job.holds_slot and not job.settled else None
        if pool is None or job.id in pool.holders:
            return None
        ends = [holder.entries[-1] for job_id in pool.holders if (holder := self.store.get(job_id))]
        return min((end.seen_at_ms for end in ends if end.stands_for in FINAL), default=None)

    def settle(self, by_ms: int) -> None:
        """Do all that is due by an instant, in the order of (instant, entry); each effect bears its own instant."""
        while (due := self.agenda.pop_due(by_ms)) is not None:
            at_ms, job_id = due
            if job := self.store.get(job_id):
                self._see_to(job, at_ms)
        self.outbox.settle(by_ms)

    def happen(self, job: Job, event: Event) -> None:
        """Record an event and what follows from it for the job's timeline."""
        job.events += (event,)
        job.entries = unfold(job.plan, job.created_at_ms, job.events)
        if job.plan.is_live:
            self.live.happened(job)
        self.watch(job, event.at_ms)

    def watch(self, job: Job, now_ms: int) -> None:
        """Put a job on the agenda if its end reaches beyond it; a plain job is never there."""
        if not self.reaches_out(job):
            return
        if job.hook is not None:
            for entry in job.entries[:-1]:
                if entry.seen_at_ms >= now_ms:
                    self.agenda.add(entry.seen_at_ms, job.id)
            self.outbox.on_news()
        end = job.entries[-1]
        if job.deleted_at_ms is not None:
            self.agenda.add(now_ms, job.id)
        elif end.stands_for in FINAL:
            self.agenda.add(max(end.seen_at_ms, now_ms), job.id)

    def reaches_out(self, job: Job) -> bool:
        """Return whether anything but the job itself depends on its end."""
        return not job.settled and bool(
            job.plan.price
            or job.holds_slot
            or job.parent
            or job.hook
            or job.id in self.held
            or self.kinds[kind_key(job)].record
        )

    def take_slot(self, job: Job, pool_name: str, owner: Owner, at_ms: int) -> None:
        """Give a job a slot, or a place in the row for one."""
        pool = owner.pool(pool_name)
        job.holds_slot = pool_name
        if pool.is_free:
            pool.holders.append(job.id)
            if job.plan.queues:
                job.events += (Event(GRANTED, at_ms),)
                job.entries = unfold(job.plan, job.created_at_ms, job.events)
        else:
            pool.row.append(job.id)

    def shared(self, bound: dict[str, str]) -> Mapping[str, str]:
        """Return one and the same mapping for all jobs that are bound to the same things."""
        if len(self._bound) > MOST_SHARED:
            self._bound.clear()
        return self._bound.setdefault(tuple(bound.items()), bound) if bound else NOTHING

    def tidy(self, account: Account, now_ms: int) -> None:
        """Forget, now and then, what an account's lists say of jobs that have ended or gone."""
        if len(account.open_jobs) > 2 * account.open_when_tidied + 64:
            ended = [job_id for job_id in account.open_jobs if not self._is_open(job_id, now_ms)]
            for job_id in ended:
                del account.open_jobs[job_id]
            account.open_when_tidied = len(account.open_jobs)
        if len(account.job_ids) > 2 * self.store.most:
            account.job_ids = {job_id: None for job_id in account.job_ids if self.store.has(job_id)}

    def _is_idle(self, account: Account, now_ms: int) -> bool:
        """Return whether nothing of an account is under way."""
        return not any(self._is_open(job_id, now_ms) for job_id in account.open_jobs)

    def _is_open(self, job_id: str, now_ms: int) -> bool:
        job = self.store.get(job_id)
        return job is not None and job.deleted_at_ms is None and not look(job, now_ms).is_final

    def drop(self) -> None:
        """End the generation: whoever waits for something in it is told so."""
        self.is_over = True
        for held in list(self.held.values()):
            held.drop()
        self.held.clear()

    def _see_to(self, job: Job, at_ms: int) -> None:
        end = job.entries[-1]
        was_deleted = job.deleted_at_ms is not None
        has_ended = end.stands_for in FINAL and end.seen_at_ms <= at_ms
        if job.hook is not None and not job.settled and (has_ended or not was_deleted):
            self.outbox.tell(job, self.kinds[kind_key(job)], job.plan.script.scenario.webhook, at_ms)
        if has_ended or was_deleted:
            self._finish(job, at_ms, succeeded=has_ended and end.stands_for == SUCCEEDED)
        held = self.held.get(job.id)
        if has_ended or was_deleted:
            if held is not None:
                del self.held[job.id]
                held.resolve(look(job, at_ms))
            self.store.cool(job)
        elif held is not None and held.gives_up_at_ms is not None and held.gives_up_at_ms <= at_ms:
            self.happen(job, Event(GAVE_UP, at_ms))

    def _finish(self, job: Job, at_ms: int, *, succeeded: bool) -> None:
        """Do once what the end of a job brings about: slot, ledger, record, parent."""
        if job.settled:
            return
        job.settled = True
        self.outbox.forget(job)
        account, owner = self.account_of(job), self.owner_of(job)
        if account:
            account.open_jobs.pop(job.id, None)
        if owner and job.holds_slot:
            self._free_slot(job, owner, at_ms)
        kind = self.kinds[kind_key(job)]
        if owner and job.plan.price:
            _settle_price(job, owner, kind, at_ms, succeeded=succeeded)
        if account and kind.record and succeeded:
            type, id, data = kind.record(look(job, at_ms))
            account.put_record(type, id, data, at_ms, job_id=job.id)
        parent = self.store.get(job.parent) if job.parent else None
        if parent and succeeded:
            self.happen(parent, Event(EDITED, at_ms))

    def _free_slot(self, job: Job, owner: Owner, at_ms: int) -> None:
        pool = owner.pool(job.holds_slot)
        if job.id in pool.holders:
            pool.holders.remove(job.id)
        elif job.id in pool.row:
            pool.row.remove(job.id)
        self._grant_free(pool, at_ms)

    def resize(self, pool: Pool, capacity: int, at_ms: int) -> None:
        """Change how many slots a pool has; who holds one keeps it, and who waits may get one."""
        pool.capacity = capacity
        self._grant_free(pool, at_ms)

    def _grant_free(self, pool: Pool, at_ms: int) -> None:
        while pool.row and pool.is_free:
            waiting = self.store.get(pool.row.popleft())
            if waiting is None or waiting.settled:
                continue
            pool.holders.append(waiting.id)
            self.happen(waiting, Event(GRANTED, at_ms))


def _settle_price(job: Job, owner: Owner, kind: Kind, at_ms: int, *, succeeded: bool) -> None:
    if not owner.ledger.release(job.id):
        return  # the owner was dropped meanwhile, and this is another of the same name
    price, settled = job.plan.price, job.plan.settled
    if kind.charges == "submit":
        rest = price if not succeeded else 0 if settled is None else price - settled
        owner.ledger.enter(at_ms, "settlement" if succeeded else "refund", rest, job.id)
    elif succeeded:
        owner.ledger.enter(at_ms, "debit", -price, job.id)


def kind_key(job: Job) -> str:
    """Return the name under which a life keeps a job's kind."""
    return f"{job.vendor}/{job.kind}"
