"""Plan and events make a timeline: every state that a job has entered or is bound to enter.

Laws of this file, each with a property test:
a final state that was seen stays; a later event leaves every seen entry alone; entries never run backwards.
"""

from collections.abc import Iterable

from msgspec import structs

from simulator.jobs.job import CANCELLED_BY_CLIENT, DELETED, EDITED, FORCED, GAVE_UP, GRANTED, LOOKED, Entry, Event
from simulator.jobs.lifecycle import FINAL, RUNNING, SUCCEEDED, WAITING
from simulator.jobs.plan import OPEN_END, Plan
from simulator.jobs.renders import BEGUN, BROKEN, TOLD_BY_RENDER, WORKING

NOMINAL_MS = 10_000  # what a state without a known end weighs in the progress
HALF_WAY_MS = 60_000  # a state that lasts forever has done half of its work after a minute


def unfold(plan: Plan, created_at_ms: int, events: Iterable[Event] = ()) -> tuple[Entry, ...]:
    """Return every state the job has entered or is bound to enter, oldest first.

    Events count in the order recorded, because a clock that stands gives many of them the same instant. When a
    timer and an event share an instant, the timer goes first. An end that nobody has seen yet does not bind: an
    event before its ``seen_at_ms`` replaces it.
    """
    walk = _Walk(plan, created_at_ms)
    for event in events:
        walk.let_time_pass(until_ms=event.at_ms)
        walk.meet(event)
    walk.let_time_pass(until_ms=None)
    return tuple(walk.entries)


def effect(plan: Plan, created_at_ms: int, events: tuple[Event, ...], event: Event) -> bool:
    """Return whether an event would change the timeline or be counted in it."""
    walk = _Walk(plan, created_at_ms)
    for earlier in events:
        walk.let_time_pass(until_ms=earlier.at_ms)
        walk.meet(earlier)
    walk.let_time_pass(until_ms=event.at_ms)
    return walk.meet(event)


def work_left_ms(plan: Plan, word: str) -> int:
    """Return how long the running states from ``word`` on are planned to take together."""
    script, left_ms = plan.script, 0
    while word and script.rows[position := script.at[word]].stands_for == RUNNING:
        span_ms = plan.spans_ms[position]
        left_ms += NOMINAL_MS if span_ms == OPEN_END else span_ms
        word = plan.thens[position]
    return left_ms


def progress_within(plan: Plan, entry: Entry, elapsed_ms: int, looks: int = 0) -> float:
    """Return the share of the work done ``elapsed_ms`` after an entry; it never falls, and only an end makes it 1."""
    if entry.stands_for != RUNNING or elapsed_ms < 0:
        return entry.progress
    if entry.progress >= plan.reach:
        return entry.progress
    position = plan.script.at[entry.word]
    span_ms = plan.spans_ms[position]
    if span_ms != OPEN_END:
        done = min(elapsed_ms, span_ms) / (work_left_ms(plan, entry.word) or 1)
    elif (polls := plan.script.states[position].polls) is not None:
        done = min(looks / (polls + 1) * NOMINAL_MS / work_left_ms(plan, entry.word), 1.0)
    else:
        done = elapsed_ms / (elapsed_ms + HALF_WAY_MS)
    return entry.progress + (plan.reach - entry.progress) * done


class _Walk:
    """The fold itself: where the job stands, and what has been entered so far."""

    def __init__(self, plan: Plan, created_at_ms: int) -> None:
        self.plan = plan
        self.entries: list[Entry] = []
        self.looks = 0
        self.granted_at_ms: int | None = None
        self.grid = plan.refresh
        self.is_deleted = False
        self.events = 0
        self._created_at_ms = created_at_ms
        self._enter(plan.first, created_at_ms, seen_at_once=True)

    @property
    def entry(self) -> Entry:
        return self.entries[-1]

    def let_time_pass(self, until_ms: int | None) -> None:
        """Enter every state whose time has come by ``until_ms``; by the end of time where that is None."""
        while (due_ms := self._due_ms()) is not None and (until_ms is None or due_ms <= until_ms):
            self._enter(self.plan.then(self.entry.word), due_ms, seen_at_once=due_ms == self._created_at_ms)

    def meet(self, event: Event) -> bool:
        """Take one event in; return whether it counted."""
        self.events += 1
        if event.name == EDITED:
            return not self.is_deleted and self._has_shown_end(event.at_ms)
        if self.is_deleted or self._has_shown_end(event.at_ms):
            if event.name == DELETED and not self.is_deleted:
                self.is_deleted = True
                return True
            return False
        if event.name == DELETED:
            self._forget_unseen_end(event.at_ms)
            self.is_deleted = True
            return True
        if event.name == GRANTED:
            self.granted_at_ms = event.at_ms
            self.grid = self.grid and self.grid.granted(event.at_ms)
            return True
        if event.name == LOOKED:
            return self._count_look(event.at_ms)
        if event.name in TOLD_BY_RENDER:
            return self._follow_render(event)
        return self._leave(event)

    def _has_shown_end(self, at_ms: int) -> bool:
        return self.entry.stands_for in FINAL and self.entry.seen_at_ms <= at_ms

    def _leave(self, event: Event) -> bool:
        before = list(self.entries)
        self._forget_unseen_end(event.at_ms)
        script, word = self.plan.script, self.entry.word
        if event.name == FORCED:
            to: str | None = event.to if event.to in script.at else None
        elif event.name == CANCELLED_BY_CLIENT:
            to = script.cancel_to[script.at[word]]
        elif event.name == GAVE_UP:
            to = script.failed_word
        else:
            to = dict(self.plan.state(word).on).get(event.name)
        if to is None or to == word:
            self.entries = before
            return False
        self._enter(to, event.at_ms, seen_at_once=True)
        return True

    def _follow_render(self, event: Event) -> bool:
        """Go along the plan to where a live render is: into its work, to its last word before the end, or to an end.

        No client brings this about, so the vendor shows it when it looks next.
        """
        plan, entered = self.plan, len(self.entries)
        if not plan.is_live or self.entry.stands_for in FINAL:
            return False
        if event.name == BROKEN:
            if plan.script.failed_word is not None:
                self._enter(plan.script.failed_word, event.at_ms, seen_at_once=False)
            return len(self.entries) > entered
        while then := plan.then(self.entry.word):
            if event.name == BEGUN and self.entry.stands_for != WAITING:
                break
            if event.name in (BEGUN, WORKING) and plan.stands_for(then) in FINAL:
                break
            self._enter(then, event.at_ms, seen_at_once=False)
        return len(self.entries) > entered

    def _count_look(self, at_ms: int) -> bool:
        polls = self.plan.state(self.entry.word).polls
        if polls is None:
            return False
        self.looks += 1
        if self.looks > polls:
            self._enter(self.plan.then(self.entry.word), at_ms, seen_at_once=True)
            self.entries[-1] = structs.replace(self.entry, events_before=self.events - 1)
            self.looks = 1  # this look is the first that shows it
        return True

    def _due_ms(self) -> int | None:
        entry, plan = self.entry, self.plan
        then, span_ms = plan.then(entry.word), plan.span_ms(entry.word)
        if not then or span_ms == OPEN_END or self.is_deleted:
            return None
        due_ms = entry.at_ms + span_ms
        if plan.queues and entry.stands_for == WAITING and plan.stands_for(then) != WAITING:
            return None if self.granted_at_ms is None else max(due_ms, self.granted_at_ms)
        return due_ms

    def _enter(self, word: str, at_ms: int, *, seen_at_once: bool) -> None:
        stands_for, seen_at_ms = self.plan.stands_for(word), at_ms
        grid = self.grid
        if seen_at_once:
            self._show_all_by(at_ms)
        elif grid and (grid.covers == "everything" or stands_for in FINAL):
            seen_at_ms = grid.at_or_after(at_ms)
        if self.entries:
            seen_at_ms = max(seen_at_ms, self.entry.seen_at_ms)
        progress = self._progress(stands_for, at_ms, by_event=seen_at_once)
        self.entries.append(Entry(word, stands_for, at_ms, seen_at_ms, progress, self.events))
        self.looks = 0

    def _progress(self, stands_for: str, at_ms: int, *, by_event: bool) -> float:
        if stands_for == SUCCEEDED:
            return 1.0
        if not self.entries:
            return 0.0
        if by_event and self.grid and self.grid.covers == "everything":
            at_ms = self.grid.at_or_before(at_ms)  # nobody has seen how far it was since
        return progress_within(self.plan, self.entry, at_ms - self.entry.at_ms, self.looks)

    def _show_all_by(self, at_ms: int) -> None:
        self.entries = [
            entry if entry.seen_at_ms <= at_ms else structs.replace(entry, seen_at_ms=at_ms) for entry in self.entries
        ]

    def _forget_unseen_end(self, at_ms: int) -> None:
        while len(self.entries) > 1 and self.entry.stands_for in FINAL and self.entry.seen_at_ms > at_ms:
            self.entries.pop()
