"""Which steps a scenario may take: every state and every way on, held against the vendor's lifecycles."""

from collections.abc import Iterable, Mapping

import msgspec

from simulator.jobs.fields import Place, Problem, nearest, shown
from simulator.jobs.lifecycle import (
    CANCELLED,
    FAILED,
    FINAL,
    MODERATED,
    NEUTRAL,
    RUNNING,
    SUCCEEDED,
    WAITING,
    Lifecycle,
    Row,
)
from simulator.jobs.scenario import State

_ENDS = (SUCCEEDED, FAILED, MODERATED, CANCELLED)
NEUTRAL_STEPS = Lifecycle(
    Row(WAITING, WAITING, next=(RUNNING, *_ENDS)),
    Row(RUNNING, RUNNING, next=_ENDS),
    *(Row(word, word) for word in _ENDS),
)
"""The lifecycle of scenarios without a vendor."""
assert NEUTRAL_STEPS.words() == NEUTRAL


class Terms(msgspec.Struct, frozen=True):
    """What scenarios of one vendor may name: states by kind of job, operations, and switches with their choices.

    ``webhooks``: the kinds that call back, and whether they are ``signed`` and ``stamped``; None where nobody knows.
    """

    lifecycles: Mapping[str, Lifecycle]
    operations: tuple[str, ...] = ()
    switches: Mapping[str, tuple[str, ...]] = {}
    webhooks: Mapping[str, frozenset[str]] | None = None


class Step(msgspec.Struct, frozen=True):
    """One way on that a scenario names, and where it does."""

    word: str
    to: str
    path: Place


def check_steps(
    states: tuple[State, ...], steps: list[Step], terms: Terms | None, kind: str | None, problems: list[Problem]
) -> tuple[State, ...]:
    """Note every state and step that the vendor does not have; return the states with the ends they lead to.

    An end that has nothing to say need not be listed. Without a kind, each kind that knows all words must agree.
    """
    lifecycles = _judges({state.word for state in states} | {step.to for step in steps}, terms, kind)
    declared = {state.word: state for state in states}
    for state in states:
        _check_state(state, lifecycles, problems)
    for step in steps:
        _check_step(step, declared, lifecycles, problems)
    ends = dict.fromkeys(step.to for step in steps if step.to not in declared and _is_end(step.to, lifecycles))
    states += tuple(State(word) for word in ends)
    _check_reach(states, steps, lifecycles, problems)
    return states


def _judges(words: set[str], terms: Terms | None, kind: str | None) -> list[Lifecycle]:
    """Return the lifecycles to hold a scenario against; where none knows all its words, the one that knows most."""
    if terms is None:
        return [NEUTRAL_STEPS]
    if kind:
        return [terms.lifecycles[kind]]
    different = list({id(lifecycle): lifecycle for lifecycle in terms.lifecycles.values()}.values())
    knowing = [lifecycle for lifecycle in different if all(word in lifecycle for word in words)]
    return knowing or [max(different, key=lambda lifecycle: sum(word in lifecycle for word in words))]


def _is_end(word: str, lifecycles: Iterable[Lifecycle]) -> bool:
    return all(word in lifecycle and lifecycle[word].stands_for in FINAL for lifecycle in lifecycles)


def _next(word: str, lifecycles: list[Lifecycle]) -> tuple[str, ...]:
    """Return what may follow a word in all lifecycles."""
    first, *others = lifecycles
    return tuple(to for to in first[word].next if all(to in other[word].next for other in others))


def _check_state(state: State, lifecycles: list[Lifecycle], problems: list[Problem]) -> None:
    path, word = ("states", state.word), state.word
    legal = lifecycles[0].words()
    if word not in lifecycles[0]:
        problems.append(Problem(path, f"there is no state {shown(word)} here", legal, nearest(word, legal), True))
        return
    is_end = _is_end(word, lifecycles)
    if state.error and lifecycles[0][word].stands_for not in (FAILED, MODERATED):
        bad = tuple(row.word for row in lifecycles[0] if row.stands_for in (FAILED, MODERATED))
        problems.append(
            Problem((*path, "error"), f"{word!r} is no bad end, so it has no error to show", bad, on_key=True)
        )
    too_much = [("for", _has_length(state)), ("ahead", state.ahead), ("items", state.items), ("on", state.on)]
    for key, said in too_much if is_end else ():
        if said:
            problems.append(Problem((*path, key), f"{word!r} is an end: it neither lasts nor goes on", on_key=True))
    if state.forever and state.then:
        problems.append(Problem((*path, "then"), "it lasts forever, so nothing can follow by itself", on_key=True))
    is_told = any(problem.path[:3] in (path, (*path, "then"), (*path, "for")) for problem in problems)
    if not (is_end or state.forever or state.then or is_told):
        message = f"{word!r} is no end and has no way on: give `then`, or `for: forever`"
        problems.append(Problem(path, message, _next(word, lifecycles), on_key=True))


def _has_length(state: State) -> bool:
    return state.lasts is not None or not state.has_known_end


def _check_step(
    step: Step, declared: Mapping[str, State], lifecycles: list[Lifecycle], problems: list[Problem]
) -> None:
    if step.word not in lifecycles[0]:
        if step.to not in lifecycles[0] and step.to not in declared:
            problems.append(
                Problem(step.path, f"{shown(step.to)} is no state here", tuple(declared), nearest(step.to, declared))
            )
        return
    legal = _next(step.word, lifecycles)
    if step.to not in lifecycles[0] and step.to not in declared:
        problems.append(Problem(step.path, f"{shown(step.to)} is no state here", legal, nearest(step.to, legal)))
    elif step.to not in legal and step.to in lifecycles[0]:
        told = legal or ("nothing, it is an end",)
        problems.append(Problem(step.path, f"{step.word!r} cannot be followed by {step.to!r}", told))
    elif step.to not in declared and not _is_end(step.to, lifecycles):
        message = f"{step.to!r} goes on from there, so it must be told under `states` how"
        problems.append(Problem(step.path, message, tuple(declared)))


def _check_reach(
    states: tuple[State, ...], steps: list[Step], lifecycles: list[Lifecycle], problems: list[Problem]
) -> None:
    """A cancel reaches the cancelled states by itself, and a batch in which all fails a failed one."""
    by_itself = {CANCELLED, FAILED} if any(state.items for state in states) else {CANCELLED}
    reached = {states[0].word} if states else set()
    todo = list(reached)
    while todo:
        word = todo.pop()
        found = {step.to for step in steps if step.word == word} - reached
        reached |= found
        todo += found
    for state in states:
        stands_for = lifecycles[0][state.word].stands_for if state.word in lifecycles[0] else None
        if state.word not in reached and stands_for and stands_for not in by_itself:
            message = f"no state leads to {state.word!r}, and {states[0].word!r} starts"
            problems.append(Problem(("states", state.word), message, on_key=True))
