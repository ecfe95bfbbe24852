"""How the states of a scenario are read: lengths of time, ways on, queues, batches and errors."""

import re
from collections.abc import Mapping
from typing import Any

from simulator.jobs.durations import FORMS, fixed, read_duration
from simulator.jobs.fields import Fields, is_number, nearest, shown
from simulator.jobs.job import DELETED, EDITED, FORCED, GRANTED, LOOKED
from simulator.jobs.scenario import Branch, Failure, Items, State
from simulator.jobs.steps import Step

STATE_KEYS = ("for", "then", "ahead", "items", "on", "error", "shown_as")
FOR_FORMS = (*FORMS, "forever", "{polls: 3}", "{until: rendered, simulated: 20s}", "{frame: 40ms, start: 2s}")
MOST_ITEMS = 1000
_EVENT = re.compile(r"[a-z][a-z0-9_-]{0,49}")
_NOT_FOR_SCENARIOS = (DELETED, EDITED, FORCED, GRANTED, LOOKED)
MOST_STATES = 50
_ADVICE = {
    "polls": "`polls` is a form of `for`: write for: {polls: 3}",
    "forever": "`forever` is a form of `for`: write for: forever",
    "until": "`until` is a form of `for`: write for: {until: rendered, simulated: 20s}",
    "count": "`count` belongs into `items`, or into `result` for the number of outputs",
    "fail": "`fail` belongs into `items`: write items: {fail: [1]}",
    "fail_rate": "`fail_rate` belongs into `items`: write items: {fail_rate: 0.1}",
}


def read_states(top: Fields) -> tuple[tuple[State, ...], list[Step]]:
    """Return the states under the key `states`, and every way on that they name."""
    found = top.fields("states", None)
    steps: list[Step] = []
    if "states" not in top:
        top.note((), "the key 'states' is missing: it says what the job goes through")
    elif isinstance(top.value("states"), dict) and not 0 < len(list(found)) <= MOST_STATES:
        top.note(("states",), f"there must be 1 to {MOST_STATES} states; the first one starts")
    states = [_state(found, word, steps) for word in list(found)[:MOST_STATES]]
    with_items = [state.word for state in states if state.items]
    for word in with_items[1:]:
        top.note(
            ("states", word, "items"), f"only one state can have items, and {with_items[0]!r} has them", on_key=True
        )
    for state in states:
        _check_queue(found, state, {other.word: other for other in states})
    return tuple(states), steps


def _state(found: Fields, word: str, steps: list[Step]) -> State:
    said = found.value(word)
    fields = Fields({} if said is None else said, (*found.path, word), found.problems, STATE_KEYS, _ADVICE)
    both = [key for key in ("for", "ahead", "items") if key in fields]
    for key in both[1:]:
        fields.note((key,), f"`{both[0]}` and `{key}` both say how long the state lasts; keep one", on_key=True)
    shown_as = fields.value("shown_as")
    if "shown_as" in fields and (isinstance(shown_as, bool) or not isinstance(shown_as, str | int)):
        fields.note(("shown_as",), f"{shown(shown_as)} is neither a text nor a whole number")
        shown_as = None
    on = fields.fields("on", None)
    for event in on:
        if not _EVENT.fullmatch(event) or event in _NOT_FOR_SCENARIOS:
            message = f"{shown(event)} is no event for a scenario: 'cancel', or a word of your own for the control API"
            on.note((event,), message, on_key=True)
        if to := on.text(event):
            steps.append(Step(word, to, (*on.path, event)))
    return State(
        word,
        ahead=fields.whole("ahead", 1, 1000),
        items=_items(fields) if "items" in fields else None,
        then=_branches(fields, word, steps),
        on=tuple((event, to) for event in on if (to := on.value(event)) and isinstance(to, str)),
        error=_failure(fields),
        shown_as=shown_as,
        **_length(fields),
    )


def _length(fields: Fields) -> dict[str, Any]:
    said = fields.value("for")
    if "for" not in fields:
        return {}
    if said == "forever":
        return {"forever": True}
    if isinstance(said, dict) and "polls" in said:
        polls = fields.fields("for", ("polls",)).whole("polls", 1, 1000)
        return {"polls": polls}
    if isinstance(said, dict) and ("until" in said or "simulated" in said):
        until = fields.fields("for", ("until", "simulated"))
        until.choice("until", ("rendered",))
        for key in ("until", "simulated"):
            if key not in until:
                fields.note(
                    ("for",), f"`until: rendered` is for live jobs, `simulated` for all others: {key!r} is missing"
                )
        return {"until_rendered": True, "lasts": until.duration("simulated")}
    if isinstance(said, dict) and ("frame" in said or "start" in said):
        parts = fields.fields("for", ("frame", "start"))
        if "frame" not in parts:
            fields.note(("for",), "`start` is what comes before the frames: the key 'frame' is missing")
        return {"frames_last": parts.duration("frame", 1000), "lasts": parts.duration("start") or fixed(0)}
    if isinstance(said, dict) and not said.keys() & {"median", "p95"}:
        fields.note(("for",), "this is no form of a length of time", FOR_FORMS)
        return {}
    try:
        return {"lasts": read_duration(said)}
    except ValueError as error:
        message, _, examples = str(error).partition("; write for example")
        fields.note(("for",), message, FOR_FORMS if examples else (), nearest(said, ("forever",)))
        return {}


def _branches(fields: Fields, word: str, steps: list[Step]) -> tuple[Branch, ...]:
    said, path = fields.value("then"), (*fields.path, "then")
    if "then" not in fields:
        return ()
    if isinstance(said, str):
        steps.append(Step(word, said, path))
        return (Branch(said),)
    if not isinstance(said, list) or not 0 < len(said) <= MOST_STATES:
        fields.note(
            ("then",), f"{shown(said)} is neither a state nor a list such as [{{to: done, weight: 9}}, {{to: failed}}]"
        )
        return ()
    branches: list[Branch] = []
    for at, element in enumerate(said):
        branch = Fields(element, (*path, at), fields.problems, ("to", "weight"))
        to, weight = branch.text("to"), branch.value("weight")
        if "weight" in branch and not (is_number(weight) and 0 < weight <= 1e6):
            branch.note(("weight",), f"{shown(weight)} is no weight: a number above 0, up to 1000000")
            weight = None
        if "to" not in branch and isinstance(element, dict):
            branch.note((), "the key 'to' is missing: it says where this branch leads", on_key=True)
        if to and to in [earlier.to for earlier in branches]:
            branch.note(("to",), f"{shown(to)} has a branch already; add up the weights")
        elif to:
            steps.append(Step(word, to, (*path, at, "to")))
            branches.append(Branch(to, 1.0 if weight is None else float(weight)))
    return tuple(branches)


def _check_queue(found: Fields, state: State, states: Mapping[str, State]) -> None:
    if state.ahead is None:
        return
    to = states.get(state.then[0].to) if len(state.then) == 1 else None
    if to is not None and to.frames_last is not None:
        message = f"nobody knows how many frames the jobs ahead have, and {to.word!r} lasts by its frames"
        found.note((state.word, "ahead"), message, on_key=True)
    elif to is None or to.lasts is None:
        message = (
            "each job ahead takes the `for` of the next state, so `then` must name one state with a length of time"
        )
        found.note((state.word, "ahead"), message, on_key=True)


def _items(fields: Fields) -> Items:
    items = fields.fields("items", ("for", "count", "fail", "fail_rate", "error"))
    count = items.whole("count", 1, MOST_ITEMS)
    fail = items.elements("fail", MOST_ITEMS)
    for at, index in enumerate(fail):
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < (count or MOST_ITEMS):
            items.note(("fail", at), f"{shown(index)} is no item: they count from 0 to {(count or MOST_ITEMS) - 1}")
    said = Items(count=count, fail=tuple(fail), fail_rate=items.number("fail_rate", 0, 1) or 0.0, error=_failure(items))
    lasts = items.duration("for")
    return said if lasts is None else Items(lasts, said.count, said.fail, said.fail_rate, said.error)


def _failure(fields: Fields) -> Failure | None:
    said = fields.value("error")
    if "error" not in fields:
        return None
    if isinstance(said, str):
        return Failure(fields.text("error") or "")
    if not isinstance(said, dict):
        fields.note(("error",), f"{shown(said)} is neither a text nor a mapping", ("message", "details", "code"))
        return None
    error = fields.fields("error", ("message", "details", "code"))
    code = error.value("code")
    if "message" not in error:
        fields.note(("error",), "the key 'message' is missing")
    if "code" in error and (isinstance(code, bool) or not isinstance(code, str | int)):
        error.note(("code",), f"{shown(code)} is neither a text nor a whole number")
    return Failure(error.text("message") or "", error.text("details"), code)
