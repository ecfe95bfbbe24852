"""What a scenario says, as data: states with their lengths and branches, results, expiry and who may play it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from simulator.jobs.deliveries import USUAL, Manner
from simulator.jobs.durations import Duration, fixed
from simulator.jobs.errors import UnfitScenario
from simulator.jobs.faults import WireFault
from simulator.jobs.lifecycle import CANCELLED, FAILED, MODERATED, RUNNING, WAITING, Lifecycle, Row

CANCEL = "cancel"


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """Why a job ends badly, in the vendor's terms."""

    message: str
    details: str | None = None
    code: str | int | None = None


class Branch(msgspec.Struct, frozen=True):
    """One way on, and how likely it is beside the others."""

    to: str
    weight: float = 1.0


class Items(msgspec.Struct, frozen=True):
    """A batch: how long each item takes and which of them fail (0-based)."""

    lasts: Duration = fixed(1000)
    count: int | None = None
    fail: tuple[int, ...] = ()
    fail_rate: float = 0.0
    error: Failure | None = None


class State(msgspec.Struct, frozen=True):
    """One state of a scenario. Without ``then`` it is final; with ``then`` and nothing else it passes at once.

    ``frames_last`` is what a thousand frames of the outputs add to ``lasts``: one frame may take less than a millisecond.
    """

    word: str
    lasts: Duration | None = None
    frames_last: Duration | None = None
    polls: int | None = None
    forever: bool = False
    until_rendered: bool = False
    ahead: int | None = None
    items: Items | None = None
    then: tuple[Branch, ...] = ()
    on: tuple[tuple[str, str], ...] = ()
    error: Failure | None = None
    shown_as: str | int | None = None

    @property
    def has_known_end(self) -> bool:
        """Whether the plan alone says when this state ends."""
        return self.polls is None and not self.forever


class Shape(msgspec.Struct, frozen=True):
    """What a scenario says of an output file; what it leaves out is derived or drawn."""

    kind: str  # "image" or "video"
    width_px: int | None = None
    height_px: int | None = None
    format: str | None = None
    duration_ms: int | None = None
    frames: int | None = None
    size_bytes: int | None = None


class Result(msgspec.Struct, frozen=True):
    """What a plan cannot know of its outputs."""

    shape: Shape | None = None
    count: int | None = None
    embeds: bool = False


class Expiry(msgspec.Struct, frozen=True):
    """How long something is kept. ``recycled_ms``: when an expired job is forgotten altogether."""

    after_ms: int
    since: str = "created"  # or "ended"
    sweep_ms: int | None = None
    recycled_ms: int | None = None
    anchor_ms: int = 0  # an instant at which there is a sweep


@lru_cache(256)
def anchored(expiry: Expiry | None, epoch_ms: int) -> Expiry | None:
    """Return an expiry whose sweeps count from an epoch; one and the same for all jobs that share it."""
    if expiry is None or not expiry.sweep_ms:
        return expiry
    return msgspec.structs.replace(expiry, anchor_ms=epoch_ms % expiry.sweep_ms)


class Refresh(msgspec.Struct, frozen=True):
    """How often the vendor looks at its jobs, what that covers and where the rhythm starts."""

    every: Duration
    covers: str = "everything"  # or "end"
    since: str = "epoch"  # or "start"


class Rule(msgspec.Struct, frozen=True):
    """Which requests a scenario claims: globs, or regular expressions between slashes."""

    operation: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


def is_regex(pattern: str) -> bool:
    """Return whether a pattern of a rule is a regular expression, told by its slashes."""
    return len(pattern) > 2 and pattern[0] == pattern[-1] == "/"


class Override(msgspec.Struct, frozen=True):
    """Another status, headers or body (a merge patch) for the replies of one operation."""

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: Any = None
    state: str | None = None


class Scenario(msgspec.Struct, frozen=True):
    """One scenario, as its file says it: in neutral words where ``vendor`` is absent."""

    name: str
    states: tuple[State, ...]
    vendor: str | None = None
    kind: str | None = None
    summary: str = ""
    result: Result = Result()
    job_expiry: Expiry | None = None
    file_expiry: Expiry | None = None
    refresh: Refresh | None = None
    reply: tuple[tuple[str, Override], ...] = ()
    switches: tuple[tuple[str, str], ...] = ()
    when: tuple[Rule, ...] = ()
    off_contract: str | None = None
    hold: bool = False
    webhook: Manner = USUAL
    like: str = ""  # the scenario whose course this one takes, as the kind of job that plays it has it
    faults: tuple[WireFault, ...] = ()


class Script(msgspec.Struct, frozen=True):
    """A scenario fitted to one kind of job: every word the vendor's own, every state with what it stands for.

    Shared by all jobs that play it, never changed: editing a file makes a new one.
    """

    scenario: Scenario
    states: tuple[State, ...]
    rows: tuple[Row, ...]
    at: Mapping[str, int]
    failed_word: str | None = None
    cancel_to: tuple[str | None, ...] = ()
    counts_looks: bool = False
    until_rendered: bool = False
    counts_frames: bool = False


def fit(scenario: Scenario, lifecycle: Lifecycle, *, queues: bool = False) -> Script:
    """Return the scenario in the words of a lifecycle, with every row of it that an event may still reach.

    Raises:
        UnfitScenario: it needs a state or a step that this kind of job does not have.
    """
    states = scenario.states if scenario.vendor else _translated(scenario, lifecycle)
    _check_steps(scenario, states, lifecycle)
    if queues and lifecycle[states[0].word].stands_for != WAITING and (first := lifecycle.standing_for(WAITING)):
        states = (State(first[0].word, then=(Branch(states[0].word),)), *states)
    known = {state.word for state in states}
    states += tuple(State(row.word) for row in lifecycle if row.word not in known)
    rows = tuple(lifecycle[state.word] for state in states)
    return Script(
        scenario,
        states,
        rows,
        {state.word: position for position, state in enumerate(states)},
        next((row.word for row in rows if row.stands_for == FAILED), None),
        tuple(dict(state.on).get(CANCEL) or lifecycle.follower(state.word, CANCELLED) for state in states),
        any(state.polls is not None for state in states),
        any(state.until_rendered for state in states),
        any(state.frames_last is not None for state in states),
    )


def _check_steps(scenario: Scenario, states: tuple[State, ...], lifecycle: Lifecycle) -> None:
    for state in states:
        if state.word not in lifecycle:
            legal = ", ".join(lifecycle.words())
            raise UnfitScenario(f"{scenario.name}: there is no state {state.word!r} here; legal: {legal}")
        steps = [branch.to for branch in state.then] + [to for _, to in state.on]
        for to in steps:
            if to not in lifecycle[state.word].next:
                legal = ", ".join(lifecycle[state.word].next) or "nothing: it is final"
                raise UnfitScenario(f"{scenario.name}: {state.word!r} cannot be followed by {to!r}; legal: {legal}")


def _translated(scenario: Scenario, lifecycle: Lifecycle) -> tuple[State, ...]:
    """Return neutral states in the vendor's words; words that share a state split its time by their shares."""
    first_word: dict[str, str] = {}
    groups: list[tuple[State, tuple[Row, ...]]] = []
    for state in scenario.states:
        rows = _rows_for(scenario, state, lifecycle)
        first_word[state.word] = rows[0].word
        groups.append((state, rows))
    translated: dict[str, State] = {}
    for state, rows in groups:
        then = tuple(Branch(first_word[branch.to], branch.weight) for branch in state.then)
        on = tuple((event, first_word[to]) for event, to in state.on)
        for part in _shared_out(state, rows, then, on):
            translated.setdefault(part.word, part)
    return tuple(translated.values())


def _rows_for(scenario: Scenario, state: State, lifecycle: Lifecycle) -> tuple[Row, ...]:
    rows = lifecycle.standing_for(state.word)
    if not rows and state.word == MODERATED:
        rows = lifecycle.standing_for(FAILED)
    if not rows:
        raise UnfitScenario(f"{scenario.name}: this kind of job has no state that stands for {state.word!r}")
    if state.word not in (WAITING, RUNNING):
        return rows[:1]
    sharing = tuple(row for row in rows if row.share > 0) or rows[:1]
    return sharing if state.lasts is not None else (max(sharing, key=lambda row: row.share),)


def _shared_out(
    state: State, rows: tuple[Row, ...], then: tuple[Branch, ...], on: tuple[tuple[str, str], ...]
) -> list[State]:
    whole = sum(row.share for row in rows) or 1.0
    parts = []
    for position, row in enumerate(rows):
        is_last = position == len(rows) - 1
        parts.append(
            msgspec.structs.replace(
                state,
                word=row.word,
                lasts=state.lasts.scaled(row.share / whole) if state.lasts and len(rows) > 1 else state.lasts,
                frames_last=(
                    state.frames_last.scaled(row.share / whole)
                    if state.frames_last and len(rows) > 1
                    else state.frames_last
                ),
                then=then if is_last else (Branch(rows[position + 1].word),),
                on=on,
            )
        )
    return parts
