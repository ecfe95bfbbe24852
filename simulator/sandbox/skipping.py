"""The clock mode ``skip``: a repeated read that would say the same again first moves the clock to the next change."""

from collections.abc import Iterable

from simulator.jobs.job import Job
from simulator.jobs.snapshot import Snapshot, look, next_change_ms
from simulator.sandbox.accounts import Account
from simulator.sandbox.clock import Clock
from simulator.sandbox.life import Life

MINUTE_MS = 60_000
_MOST_STEPS = 10_000


class Skipping:
    """What was shown of each unfinished job, and the one rule that follows from it.

    Words and finished items count, derived progress does not; a submit's reply counts for the words it showed.
    Expiry is never a target. Where no instant is known, the clock moves one minute.
    """

    def __init__(self, clock: Clock, life: Life) -> None:
        self._clock, self._life = clock, life
        self._shown: dict[str, tuple[int, int]] = {}
        self._shown_nothing: set[str] = set()

    def remember(self, shot: Snapshot) -> None:
        """Note what a reply has just said of a job."""
        if shot.is_final:
            self._shown.pop(shot.job.id, None)
        else:
            self._shown[shot.job.id] = _said(shot)

    def read(self, jobs: list[Job], account: Account | None, now_ms: int) -> int:
        """Move the clock if a reply about these jobs would repeat the last one; return the instant to answer for."""
        shots = [look(job, now_ms) for job in jobs]
        unfinished = [shot.job for shot in shots if not shot.is_final]
        if not jobs and account is not None:
            unfinished = self._open_jobs(account) if account.key in self._shown_nothing else []
            self._shown_nothing.add(account.key)
        elif not all(shot.is_final or self._shown.get(shot.job.id) == _said(shot) for shot in shots):
            unfinished = []
        if unfinished:
            now_ms = self._skip(unfinished, now_ms)
        for job in jobs:
            self.remember(look(job, now_ms))
        return now_ms

    def next_change_ms(self, jobs: Iterable[Job], now_ms: int) -> int | None:
        """Return the next instant at which one of the jobs changes, or something is due beyond them."""
        due_ms = self._life.agenda.next_due_ms()
        instants = [ms for job in jobs if (ms := next_change_ms(look(job, now_ms))) is not None]
        return min([*instants, *([due_ms] if due_ms is not None and due_ms > now_ms else [])], default=None)

    def _open_jobs(self, account: Account) -> list[Job]:
        return [job for job_id in account.open_jobs if (job := self._life.store.get(job_id))]

    def _skip(self, jobs: list[Job], now_ms: int) -> int:
        before = [_said(look(job, now_ms)) for job in jobs]
        for _ in range(_MOST_STEPS):
            at_ms = self.next_change_ms(jobs, now_ms)
            is_known = at_ms is not None
            now_ms = at_ms if at_ms is not None else now_ms + MINUTE_MS
            self._clock.move_to(now_ms)
            self._life.settle(now_ms)
            if not is_known or [_said(look(job, now_ms)) for job in jobs] != before:
                break
        return now_ms


def _said(shot: Snapshot) -> tuple[int, int]:
    return shot.position, len(shot.finished_items()) if shot.plan.items else 0
