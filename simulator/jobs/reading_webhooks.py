"""How the key ``webhook`` is read: how often one is sent, and what is to go wrong with it on purpose."""

from collections.abc import Sequence
from typing import Any

from simulator.jobs.deliveries import FAULTS, NO_FAULTS, USUAL, Faults, Manner
from simulator.jobs.durations import Duration, read_duration
from simulator.jobs.fields import Fields, Problem, nearest, shown
from simulator.jobs.scenario import State
from simulator.jobs.steps import Terms

FAULT_KEYS = ("chance", "states", *FAULTS)
KEYS = ("retries", "timeout", "accepts", "body", *FAULT_KEYS)
MOST_RETRIES = 20
MOST_STATES = 50
MOST_COPIES = 100  # one after the other
MOST_AT_ONCE = 1000
LONGEST_TIMEOUT_MS = 60_000
_FLAGS = (
    *("lost", "out_of_order", "before_reply", "after_poll"),
    *("wrong_signature", "wrong_id", "other_sandbox", "extra_fields", "truncated"),
)
_EITHER_OR = (
    ("duplicate", "burst", "how many copies there are, one after the other or all at once"),
    ("wrong_id", "other_sandbox", "which job it pretends to tell of"),
    *((one, other, "when it is sent") for one in ("before_reply", "after_poll") for other in ("late", "out_of_order")),
    ("before_reply", "after_poll", "when it is sent"),
)


def read_manner(top: Fields, words: Sequence[str] | None) -> Manner:
    """Return what stands under the key `webhook`; ``words`` are those that `states` may name, None where any may."""
    if "webhook" not in top:
        return USUAL
    fields = top.fields("webhook", KEYS)
    if top.value("webhook") == {}:
        fields.note((), "it changes nothing", KEYS)
    return Manner(
        retries_ms=_gaps_ms(fields),
        timeout_ms=_timeout_ms(fields),
        accepts=_accepts(fields),
        body=_body(fields),
        faults=_faults(fields, words),
    )


def read_faults(document: object, words: Sequence[str] | None) -> tuple[Faults, list[Problem]]:
    """Return the faults that a document names, which are none where it is wrong, and everything that is wrong with it.

    It has the keys of a scenario's `webhook`, without `retries` and `timeout`; an empty one is no fault.
    """
    problems: list[Problem] = []
    faults = _faults(Fields(document, (), problems, FAULT_KEYS), words)
    return (NO_FAULTS if problems else faults), problems


def check_before_reply(top: Fields, manner: Manner, states: Sequence[State]) -> None:
    """Note that a job cannot end before the reply to its submit, where one of its states has no known end."""
    if manner.faults.before_reply and (endless := next((state for state in states if not state.has_known_end), None)):
        message = f"the job has to end at once for that, and {endless.word!r} has no known end"
        top.note(("webhook", "before_reply"), message, on_key=True)


def check_abilities(top: Fields, manner: Manner, terms: Terms | None, kind: str | None) -> None:
    """Note what no webhook can show that this scenario may be for: none at all, no signature, no timestamp."""
    if manner == USUAL or terms is None or terms.webhooks is None:
        return
    meant = [able for name, able in terms.webhooks.items() if kind in (None, name)]
    if not meant:
        top.note(("webhook",), "jobs of this kind send no webhooks", tuple(terms.webhooks), on_key=True)
    elif manner.faults.wrong_signature and not any("signed" in able for able in meant):
        top.note(("webhook", "wrong_signature"), "these webhooks are not signed", on_key=True)
    elif manner.faults.stale_timestamp_ms and not any("stamped" in able for able in meant):
        top.note(("webhook", "stale_timestamp"), "these webhooks have no timestamp", on_key=True)


def _gaps_ms(fields: Fields) -> tuple[int, ...] | None:
    gaps_ms = []
    for at, said in enumerate(fields.elements("retries", MOST_RETRIES)):
        try:
            gap = read_duration(said)
        except ValueError as error:
            fields.note(("retries", at), str(error))
            continue
        if gap.median_ms or gap.low_ms != gap.high_ms:
            fields.note(("retries", at), f"{shown(said)} is drawn, but this is a fixed length; write for example 30s")
        gaps_ms.append(gap.low_ms)
    return tuple(gaps_ms) if "retries" in fields else None


def _timeout_ms(fields: Fields) -> int | None:
    timeout_ms = fields.ms("timeout", 1)
    if (timeout_ms or 0) > LONGEST_TIMEOUT_MS:
        fields.note(("timeout",), f"{shown(fields.value('timeout'))} is too long: 60s at most, for it is real time")
    return timeout_ms


def _accepts(fields: Fields) -> tuple[int, ...] | None:
    statuses = fields.elements("accepts", MOST_STATES)
    for at, said in enumerate(statuses):
        if not isinstance(said, int) or isinstance(said, bool) or not 200 <= said <= 599:
            fields.note(("accepts", at), f"{shown(said)} is no HTTP status from 200 to 599")
    if fields.value("accepts") == []:
        fields.note(
            ("accepts",), "with no status at all nothing would ever be accepted; leave it out for the vendor's own"
        )
    return tuple(statuses) if "accepts" in fields else None


def _body(fields: Fields) -> Any:
    said = fields.value("body")
    if "body" in fields and not (isinstance(said, dict) and said):
        fields.note(
            ("body",), f"{shown(said)} is no merge patch: a mapping of what is to be otherwise, null to remove it"
        )
    return said


def _faults(fields: Fields, words: Sequence[str] | None) -> Faults:
    chance = fields.number("chance", 0, 1)
    flags: dict[str, Any] = {name: fields.flag(name) for name in _FLAGS}
    faults = Faults(
        chance=1.0 if chance is None else chance,
        states=_states(fields, words),
        late=_late(fields),
        duplicate=fields.whole("duplicate", 2, MOST_COPIES) or 1,
        burst=fields.whole("burst", 2, MOST_AT_ONCE) or 1,
        stale_timestamp_ms=fields.ms("stale_timestamp", 1) or 0,
        **flags,
    )
    _check_together(fields, faults)
    return faults


def _states(fields: Fields, words: Sequence[str] | None) -> tuple[str, ...]:
    states, legal = fields.elements("states", MOST_STATES), words or ()
    if fields.value("states") == []:
        fields.note(("states",), "it names no state; leave it out where all are meant", legal)
    for at, word in enumerate(states):
        if not isinstance(word, str) or (words is not None and word not in words):
            fields.note(("states", at), f"{shown(word)} is no state here", legal, nearest(word, legal))
    return tuple(word for word in states if isinstance(word, str))


def _late(fields: Fields) -> Duration | None:
    late = fields.duration("late")
    if late and not (late.high_ms or late.median_ms):
        fields.note(("late",), f"{shown(fields.value('late'))} is not late: write for example 2m or 2m..10m")
    return late


def _check_together(fields: Fields, faults: Faults) -> None:
    """Note every fault that makes another one meaningless, and what is said of faults where there are none."""
    names = faults.names()
    if faults.lost and (others := [f"`{name}`" for name in names if name != "lost"]):
        message = f"what is lost is never sent, so {' and '.join(others)} would change nothing; keep one or the other"
        fields.note(("lost",), message, on_key=True)
    for one, other, what in _EITHER_OR:
        if one in names and other in names:
            fields.note((other,), f"`{one}` and `{other}` both say {what}; keep one", on_key=True)
    is_told = any(problem.path[: len(fields.path)] == fields.path for problem in fields.problems)
    idle = [key for key in FAULTS if key in fields and key not in names]
    if idle and not names and not is_told and "chance" not in fields and "states" not in fields:
        fields.note((idle[0],), "it changes nothing: say what goes wrong, or leave it out", on_key=True)
    for key in ("chance", "states"):
        if key in fields and not names and not is_told:
            message = "it says which webhooks something goes wrong with, but nothing does: say what"
            fields.note((key,), message, FAULTS, on_key=True)
