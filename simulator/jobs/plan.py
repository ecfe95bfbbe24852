"""All dice of a job, thrown once at submit: ``make_plan`` turns a scenario into a plan that never changes again."""

from collections.abc import Mapping

import msgspec

from simulator.jobs.chance import Draws
from simulator.jobs.durations import LONGEST_MS, fixed
from simulator.jobs.errors import UnfitScenario
from simulator.jobs.files import Output
from simulator.jobs.grid import Grid
from simulator.jobs.lifecycle import RUNNING, WAITING
from simulator.jobs.scenario import Branch, Expiry, Failure, Items, Override, Script, State, anchored

OPEN_END = -1  # a span without a known end: ``forever`` or ``polls``


class Item(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One element of a batch: when it is finished, counted from the start of its state, and whether it failed.

    With ``OPEN_END`` it is finished only by the job's good end.
    """

    index: int
    lasts_ms: int
    error: Failure | None = None


class Plan(msgspec.Struct, frozen=True, gc=False):
    """What the dice said. ``thens`` and ``spans_ms`` run parallel to ``script.states``; ``""`` ends a job.

    ``reach`` is how far progress will get: 1 where the plan succeeds. ``items`` are worked on in ``items_word``.
    ``queues``: a waiting state lasts until a slot is granted. ``settled`` is what a good end costs where that may
    be less than the ``price`` that is held until then. ``is_live``: no state ends by itself, for a render tells when.
    """

    script: Script
    thens: tuple[str, ...]
    spans_ms: tuple[int, ...]
    items: tuple[Item, ...] = ()
    items_word: str = ""
    refresh: Grid | None = None
    reach: float = 1.0
    queues: bool = False
    outputs: tuple[Output, ...] = ()
    price: float = 0
    switches: Mapping[str, str] = {}
    settled: float | None = None
    job_expiry: Expiry | None = None
    file_expiry: Expiry | None = None
    is_live: bool = False

    def state(self, word: str) -> State:
        """Return what the scenario says of a word."""
        return self.script.states[self.script.at[word]]

    def then(self, word: str) -> str:
        """Return the word that follows, drawn; ``""`` after a final one."""
        return self.thens[self.script.at[word]]

    def span_ms(self, word: str) -> int:
        """Return how long a state lasts, or ``OPEN_END``."""
        return self.spans_ms[self.script.at[word]]

    def stands_for(self, word: str) -> str:
        """Return the neutral state behind a word."""
        return self.script.rows[self.script.at[word]].stands_for

    @property
    def first(self) -> str:
        """The word a job starts with."""
        return self.script.states[0].word

    def override(self, operation: str) -> Override | None:
        """Return what the scenario wants changed in the replies of an operation."""
        return next((override for name, override in self.script.scenario.reply if name == operation), None)


def make_plan(
    script: Script,
    draws: Draws,
    *,
    item_count: int = 0,
    frames: int = 0,
    item_errors: Mapping[int, Failure] = {},
    refresh: Grid | None = None,
    queues: bool = False,
    outputs: tuple[Output, ...] = (),
    price: float = 0,
    switches: Mapping[str, str] = {},
    job_expiry: Expiry | None = None,
    file_expiry: Expiry | None = None,
    epoch_ms: int = 0,
    is_live: bool = False,
) -> Plan:
    """Throw every die of a job. Each is named by its state, so a change in one state shifts no other.

    ``frames`` are those of all outputs together, for states that last by them.
    Where a batch's scenario says nothing of items, they finish evenly over its last running state.
    ``item_errors`` are those that fail whatever the scenario says. What a scenario says of an expiry replaces
    ``job_expiry`` and ``file_expiry``; sweeps count from ``epoch_ms``.
    """
    thens = [_pick(state.then, draws, state.word) for state in script.states]
    spans = [OPEN_END if is_live and state.then else _span(script, state, draws, frames) for state in script.states]
    plan = Plan(script, tuple(thens), tuple(spans), (), "", refresh, 1.0, queues, outputs, price, switches)
    if not _succeeds(plan):
        plan = msgspec.structs.replace(plan, reach=0.2 + 0.7 * draws.ratio("reach"))
    said = next((state for state in script.states if state.items), None)
    word = said.word if said else _last_running(plan) if item_count else ""
    if word:
        if said and said.items:
            items = _items(said.items, item_count or said.items.count or 1, item_errors, draws)
            spans[script.at[word]] = max(item.lasts_ms for item in items)
        else:
            items = _even_items(plan, word, item_count, item_errors)
        if all(item.error for item in items) and script.failed_word:
            thens[script.at[word]] = script.failed_word
        plan = msgspec.structs.replace(plan, items=items, items_word=word)
    return msgspec.structs.replace(
        plan,
        thens=_shared(tuple(thens)),
        spans_ms=tuple(spans),
        job_expiry=anchored(script.scenario.job_expiry or job_expiry, epoch_ms),
        file_expiry=anchored(script.scenario.file_expiry or file_expiry, epoch_ms),
        is_live=is_live,
    )


def at_once(plan: Plan) -> Plan:
    """Return the plan without any waiting: the job ends in the instant of its submit.

    Raises:
        UnfitScenario: a state on its way has no known end.
    """
    word = plan.first
    while then := plan.then(word):
        if plan.span_ms(word) == OPEN_END:
            name = plan.script.scenario.name
            raise UnfitScenario(f"{name} cannot end before the reply to its submit: {word!r} has no known end")
        word = then
    spans = tuple(0 if plan.thens[at] else span_ms for at, span_ms in enumerate(plan.spans_ms))
    return msgspec.structs.replace(
        plan, spans_ms=spans, items=tuple(Item(item.index, 0, item.error) for item in plan.items)
    )


_THENS: dict[tuple[str, ...], tuple[str, ...]] = {}


def _shared(thens: tuple[str, ...]) -> tuple[str, ...]:
    """Return one and the same tuple for all jobs that drew the same branches: memory is per scenario, not per job."""
    return _THENS.setdefault(thens, thens) if len(_THENS) < 4096 else thens


def _pick(branches: tuple[Branch, ...], draws: Draws, word: str) -> str:
    if len(branches) < 2:
        return branches[0].to if branches else ""
    point = draws.ratio("branch", word) * sum(branch.weight for branch in branches)
    for branch in branches:
        point -= branch.weight
        if point < 0:
            return branch.to
    return branches[-1].to


def _span(script: Script, state: State, draws: Draws, frames: int) -> int:
    if not state.has_known_end:
        return OPEN_END
    if state.ahead is not None:
        next_state = script.states[script.at[state.then[0].to]]
        lasts = next_state.lasts or fixed(10_000)
        return sum(lasts.drawn(draws, "ahead", place) for place in range(state.ahead))
    lasts_ms = state.lasts.drawn(draws, "for", state.word) if state.lasts else 0
    if state.frames_last is not None:  # one die for all frames: a machine is slow throughout
        lasts_ms += round(state.frames_last.drawn(draws, "frames", state.word) * frames / 1000)
    return min(lasts_ms, LONGEST_MS)


def _items(said: Items, count: int, errors: Mapping[int, Failure], draws: Draws) -> tuple[Item, ...]:
    usual = said.error or Failure("Processing failed")
    fails = [index in said.fail or draws.ratio("item-fails", index) < said.fail_rate for index in range(count)]
    return tuple(
        Item(index, said.lasts.drawn(draws, "item", index), errors.get(index) or (usual if fails[index] else None))
        for index in range(count)
    )


def _even_items(plan: Plan, word: str, count: int, errors: Mapping[int, Failure]) -> tuple[Item, ...]:
    span_ms = plan.span_ms(word)
    if span_ms == OPEN_END:
        return tuple(Item(index, OPEN_END, errors.get(index)) for index in range(count))
    each_ms = span_ms / plan.reach / count
    return tuple(Item(index, round(each_ms * (index + 1)), errors.get(index)) for index in range(count))


def _last_running(plan: Plan) -> str:
    """Return the last running word on the planned way; "" if there is none."""
    found, word = "", plan.first
    while word:
        found = word if plan.stands_for(word) == RUNNING else found
        word = plan.then(word)
    return found


def _succeeds(plan: Plan) -> bool:
    word = plan.first
    while then := plan.then(word):
        word = then
    return plan.stands_for(word) in (WAITING, RUNNING, "succeeded")
