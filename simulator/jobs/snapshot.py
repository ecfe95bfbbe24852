"""A job as it is at one instant, with every number that follows from that instant."""

from collections.abc import Sequence

import msgspec

from simulator.jobs.files import Output
from simulator.jobs.job import EDITED, GAVE_UP, LOOKED, Entry, Job
from simulator.jobs.lifecycle import CANCELLED, FAILED, FINAL, RUNNING, SUCCEEDED
from simulator.jobs.plan import OPEN_END, Item, Plan
from simulator.jobs.scenario import Expiry, Failure
from simulator.jobs.timeline import NOMINAL_MS, progress_within, work_left_ms


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """``position`` is the entry that the vendor shows at ``now_ms``.

    ``in_disguise`` shows what ``shown_as`` says; where that keeps to the contract it is always shown.
    """

    job: Job
    now_ms: int
    position: int
    in_disguise: bool = False

    @property
    def plan(self) -> Plan:
        """What the dice said."""
        return self.job.plan

    @property
    def entry(self) -> Entry:
        """The entry shown."""
        return self.job.entries[self.position]

    @property
    def word(self) -> str:
        """The readable word of the state shown."""
        return self.job.entries[self.position].word

    @property
    def wire(self) -> str | int:
        """The state as the wire says it."""
        script = self.job.plan.script
        position = script.at[self.job.entries[self.position].word]
        disguised = self.in_disguise or self.job.off_contract is None
        if disguised and (shown := script.states[position].shown_as) is not None:
            return shown
        row = script.rows[position]
        return row.word if row.wire is None else row.wire

    @property
    def stands_for(self) -> str:
        """The neutral state behind the word."""
        return self.job.entries[self.position].stands_for

    @property
    def is_final(self) -> bool:
        """Whether the shown state is an end."""
        return self.job.entries[self.position].stands_for in FINAL

    @property
    def succeeded(self) -> bool:
        """Whether the shown state is the good end."""
        return self.job.entries[self.position].stands_for == SUCCEEDED

    @property
    def gave_up(self) -> bool:
        """Whether the job failed because the call that waited for it gave up."""
        return any(event.name == GAVE_UP for event in self.job.events) and self.stands_for == FAILED

    @property
    def failure(self) -> Failure | None:
        """Why the job ended badly, once that is shown; None for a cancel."""
        entry = self.entry
        if entry.stands_for not in FINAL or entry.stands_for in (SUCCEEDED, CANCELLED):
            return None
        if self.job.rendering is not None and self.job.rendering.failure is not None:
            return self.job.rendering.failure
        said = self.job.plan.state(entry.word).error
        return said or Failure("Processing failed")

    def entered_at_ms(self, word: str) -> int | None:
        """Return when a state was entered that has been shown by now; None if it was not."""
        shown = self.job.entries[: self.position + 1]
        return next((entry.at_ms for entry in shown if entry.word == word), None)

    @property
    def tick_ms(self) -> int:
        """The instant that derived numbers are of: the refresh's last tick, or now where nothing is refreshed."""
        grid = self.job.grid
        if grid is None or grid.covers != "everything":
            return self.now_ms
        return max(grid.at_or_before(self.now_ms), self.entry.seen_at_ms)

    @property
    def changed_at_ms(self) -> int:
        """When the vendor last changed what it shows: a tick while the job runs, its end's showing afterwards."""
        if self.is_final:
            return max([self.entry.seen_at_ms, *(event.at_ms for event in self.job.events if event.name == EDITED)])
        return self.tick_ms

    @property
    def progress(self) -> float:
        """The share of the work that is done, 0 to 1; it never falls."""
        plan = self.job.plan
        if plan.items:
            return len(self.finished_items()) / len(plan.items)
        entry = self.job.entries[self.position]
        if plan.is_live and entry.stands_for != SUCCEEDED:
            return self.job.rendering.share if self.job.rendering else 0.0
        if entry.stands_for != RUNNING:
            return entry.progress
        looks = self._looks() if plan.script.counts_looks else 0
        return progress_within(plan, entry, self.tick_ms - entry.at_ms, looks)

    def _looks(self) -> int:
        events = self.job.events[self.entry.events_before :]
        return sum(event.name == LOOKED and event.at_ms <= self.now_ms for event in events)

    @property
    def work_left_ms(self) -> int:
        """How long the running states still take by plan; 0 once the job has ended."""
        entry = self.entry
        if self.job.plan.is_live and not self.is_final:
            rendering = self.job.rendering
            return rendering.left_ms(self.now_ms, NOMINAL_MS) if rendering else NOMINAL_MS
        if entry.stands_for != RUNNING:
            return 0 if self.is_final else work_left_ms(self.job.plan, self.job.plan.then(entry.word))
        return max(work_left_ms(self.job.plan, entry.word) - max(self.tick_ms - entry.at_ms, 0), 0)

    def finished_items(self) -> Sequence[Item]:
        """Return the items whose end is shown by now, in the batch's order."""
        items = self.job.plan.items
        if not items or self.succeeded:
            return items
        started = work_entry(self.job)
        if started is None or started.seen_at_ms > self.now_ms:
            return ()
        shown = self._items_shown_by_ms
        return [item for item in items if item.lasts_ms != OPEN_END and started.at_ms + item.lasts_ms <= shown]

    @property
    def _items_shown_by_ms(self) -> int:
        """Items end unseen until the refresh looks; after the job's end none is added."""
        grid, entry = self.job.grid, self.entry
        by_ms = min(self.now_ms, entry.seen_at_ms) if self.is_final else self.now_ms
        by_ms = by_ms if grid is None else grid.at_or_before(by_ms)
        return min(by_ms, entry.at_ms) if self.is_final else by_ms

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Every planned output, whether it is there yet or not."""
        return self.job.plan.outputs

    @property
    def ended_at_ms(self) -> int | None:
        """When the shown end was seen."""
        return self.entry.seen_at_ms if self.is_final else None

    def in_its_disguise(self) -> "Snapshot":
        """Return the snapshot that words its state as the scenario's ``shown_as`` says."""
        return Snapshot(self.job, self.now_ms, self.position, True)


def work_entry(job: Job) -> Entry | None:
    """Return the entry in which a batch's items are worked on."""
    return next((entry for entry in job.entries if entry.word == job.plan.items_word), None)


def look(job: Job, now_ms: int) -> Snapshot:
    """Return the job as it is shown at ``now_ms``."""
    position = len(job.entries) - 1
    while position and job.entries[position].seen_at_ms > now_ms:
        position -= 1
    return Snapshot(job, now_ms, position)


def gone_at_ms(job: Job, expiry: Expiry | None) -> int | None:
    """Return the last instant at which something is still there by this expiry; None while it has no term.

    Kept up to and including ``after``, or until the first sweep that finds it older; with no time at all, never there.
    """
    if expiry is None:
        return None
    if expiry.since == "created":
        since_ms = job.created_at_ms
    else:
        end = job.entries[-1]
        if end.stands_for not in FINAL:
            return None
        since_ms = end.seen_at_ms
    last_ms = _last_ms(expiry, since_ms)
    for event in job.events:
        if event.name == EDITED and expiry.since == "ended" and event.at_ms <= last_ms:
            last_ms = _last_ms(expiry, event.at_ms)  # an edit renews what is still there, and nothing that is gone
    return last_ms


def _last_ms(expiry: Expiry, since_ms: int) -> int:
    if not expiry.after_ms:
        return since_ms - 1
    last_ms = since_ms + expiry.after_ms
    if expiry.sweep_ms:
        sweeps = (last_ms - expiry.anchor_ms) // expiry.sweep_ms + 1  # the first that finds it too old
        last_ms = expiry.anchor_ms + sweeps * expiry.sweep_ms - 1
    return last_ms


def next_change_ms(shot: Snapshot) -> int | None:
    """Return the next instant at which the job's shown word or finished items change by plan; None if none is known."""
    job = shot.job
    instants = [entry.seen_at_ms for entry in job.entries[shot.position + 1 :]]
    if job.plan.items and not shot.is_final:
        started = work_entry(job)
        if started is not None:
            ends = [started.at_ms + item.lasts_ms for item in job.plan.items if item.lasts_ms != OPEN_END]
            grid = job.grid
            instants += [grid.at_or_after(ms) if grid else ms for ms in ends]
    return min((ms for ms in instants if ms > shot.now_ms), default=None)
