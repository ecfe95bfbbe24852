"""The clock mode ``skip``: a repeated read that would say the same again first moves the clock to the next change."""

from collections.abc import Iterable

from simulator.jobs.job import Job
from simulator.jobs.snapshot import Snapshot, look, next_change_ms
from simulator.sandbox.accounts import Account
from simulator.sandbox.clock import Clock
from simulator.sandbox.life import Life

MINUTE_MS = 60_000


class Skipping:
    """What was shown of each unfinished job, and the one rule that follows from it.

    Words and finished items count, derived progress does not; a submit's reply counts for the words it showed.
    Expiry is never a target. Where no instant is known, the clock moves one minute.
    """

    def __init__(self, clock: Clock, life: Life) -> None:
        self._clock, self._life = clock, life
        self._shown: dict[str, tuple[int, int]] = {}
        self._shown_nothing: set[Account] = set()

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
            unfinished = self._open_jobs(account) if account in self._shown_nothing else []
            self._shown_nothing.add(account)
        elif account is not None:
            self._shown_nothing.discard(account)
        if not all(shot.is_final or self._shown.get(shot.job.id) == _said(shot) for shot in shots):
            unfinished = []
        if unfinished:
            now_ms = self._skip(unfinished, now_ms)
        for job in jobs:
            self.remember(look(job, now_ms))
        return now_ms

    def next_change_ms(self, jobs: Iterable[Job], now_ms: int) -> int | None:
        """Return the next instant at which one of the jobs is known to change."""
        instants = [next_change_ms(look(job, now_ms)) or self._life.opening_ms(job) for job in jobs]
        return min((ms for ms in instants if ms is not None and ms > now_ms), default=None)

    def _open_jobs(self, account: Account) -> list[Job]:
        return [job for job_id in account.open_jobs if (job := self._life.store.get(job_id))]

    def _skip(self, jobs: list[Job], now_ms: int) -> int:
        """Move to the next change of these jobs, doing what falls due on the way; a minute where none is known."""
        before = [_said(look(job, now_ms)) for job in jobs]
        latest_ms = now_ms + MINUTE_MS
        while [_said(look(job, now_ms)) for job in jobs] == before:
            change_ms = self.next_change_ms(jobs, now_ms)
            due_ms = self._life.next_due_ms()
            target_ms = latest_ms if change_ms is None else change_ms
            now_ms = max(min(target_ms, target_ms if due_ms is None else due_ms), now_ms)
            self._clock.move_to(now_ms)
            self._life.settle(now_ms)
            if change_ms is None and now_ms >= latest_ms:
                break
        return now_ms


def _said(shot: Snapshot) -> tuple[int, int]:
    return shot.position, len(shot.finished_items()) if shot.plan.items else 0
