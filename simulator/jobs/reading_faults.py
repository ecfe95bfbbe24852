"""How faults on the wire are read: the key ``faults`` of a scenario, a control call's and the header's."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from simulator.jobs.durations import Duration
from simulator.jobs.faults import (
    DOWNLOADS,
    ERRORS,
    FAULTS,
    LONGEST_REAL_MS,
    NO_FAULT,
    OF_DOWNLOADS,
    OF_JSON,
    PAGES,
    POLLS,
    SORTS,
    STOPPERS,
    SUBMITS,
    Dribble,
    WireFault,
)
from simulator.jobs.fields import Fields, Problem, nearest, shown

WHEN_KEYS = ("chance", "on", "after", "from", "for")
FAULT_KEYS = (*WHEN_KEYS, *FAULTS)
SCENARIO_KEYS = (*FAULT_KEYS, "times")
MOST_FAULTS = 20  # in one scenario
MOST_TIMES = 1_000_000
MOST_HUGE_BYTES = 64 << 20
MOST_DROP_BYTES = 1 << 20
_FLAGS = (
    *("refused", "reset", "closed_midway", "truncated", "malformed", "duplicate_keys", "empty", "wrong_type"),
    "expires_midway",
)
_WORDS: Mapping[str, tuple[str, ...]] = {
    "wrong_length": ("longer", "shorter"),
    "gzip": ("well", "broken"),
    "redirect": ("once", "loop"),
}
_ONE_OF = (
    (("closed_midway", "wrong_length", "expires_midway"), "where the answer ends"),
    (
        *(("error", "quota", "html_page", "redirect", "empty", "truncated", "malformed", "duplicate_keys"),),
        "what is answered",
    ),
)
_GOES_WITH: Mapping[str, tuple[str, ...]] = {
    "refused": ("latency",),
    "reset": ("latency",),
    "quota": ("latency", "dribble"),
    "empty": ("latency", "wrong_type"),
    "redirect": ("latency",),
}
"""Where nothing, or next to nothing, is answered, what else may be said of it."""
_TIMES_BESIDE = {"times": "how often is said beside `faults`, not in it: {times: 3, faults: {…}}"}


def read_wire_faults(top: Fields) -> tuple[WireFault, ...]:
    """Return what stands under a scenario's key `faults`: what goes wrong with the calls about its job."""
    if top.value("faults") == []:
        top.note(("faults",), "it names no fault; leave it out where nothing goes wrong", FAULTS)
    found = []
    for at, element in enumerate(top.elements("faults", MOST_FAULTS)):
        fields = Fields(element, ("faults", at), top.problems, SCENARIO_KEYS)
        fault = _read(fields)
        fault = msgspec.structs.replace(fault, times=fields.whole("times", 1, MOST_TIMES))
        found.append(_of_job(fields, fault))
    return tuple(found)


def read_wire_fault(document: object) -> tuple[WireFault, list[Problem]]:
    """Return the fault that a control call lays ready, which is none where it is wrong, and all that is wrong with it."""
    problems: list[Problem] = []
    fault = _read(Fields(document, (), problems, FAULT_KEYS, _TIMES_BESIDE))
    return (NO_FAULT if problems else fault), problems


def read_fault_header(text: str) -> tuple[WireFault, list[Problem]]:
    """Return the fault that the header asks for, such as ``latency=2s, truncated``, and all that is wrong with it."""
    problems: list[Problem] = []
    document: dict[str, Any] = {}
    for part in text.split(","):
        name, mark, value = (word.strip() for word in part.partition("="))
        if name in document:
            problems.append(Problem((name,), "it stands here twice"))
        document[name] = _plain(value) if mark else True
    fault = _read(Fields(document, (), problems, FAULTS))
    return (NO_FAULT if problems else fault), problems


def _plain(text: str) -> int | bool | str:
    if text.isascii() and text.isdigit() and len(text) < 12:
        return int(text)
    return {"true": True, "false": False}.get(text, text)


def _read(fields: Fields) -> WireFault:
    chance = fields.number("chance", 0, 1)
    flags: dict[str, Any] = {name: fields.flag(name) for name in _FLAGS}
    words: dict[str, Any] = {name: fields.choice(name, legal) or "" for name, legal in _WORDS.items()}
    fault = WireFault(
        chance=1.0 if chance is None else chance,
        on=_on(fields),
        after=fields.whole("after", 1, MOST_TIMES) or 0,
        from_ms=fields.ms("from", 1) or 0,
        for_ms=fields.ms("for", 1) or 0,
        latency=_latency(fields),
        dribble=_dribble(fields),
        error=_status(fields, "error", tuple(ERRORS)),
        quota=fields.whole("quota", 1, MOST_TIMES) or 0,
        html_page=_status(fields, "html_page", tuple(PAGES)),
        huge=fields.whole("huge", 1, MOST_HUGE_BYTES) or 0,
        **flags,
        **words,
    )
    _check_together(fields, fault)
    return fault


def _on(fields: Fields) -> tuple[str, ...]:
    sorts = fields.elements("on", len(SORTS))
    if fields.value("on") == []:
        fields.note(("on",), "it names no sort of call; leave it out where all are meant", SORTS)
    for at, sort in enumerate(sorts):
        if sort not in SORTS:
            fields.note(("on", at), f"{shown(sort)} is no sort of call", SORTS, nearest(sort, SORTS))
    return tuple(sort for sort in sorts if sort in SORTS)


def _latency(fields: Fields) -> Duration | None:
    latency = fields.duration("latency")
    if latency is None:
        return None
    if not (latency.high_ms or latency.median_ms):
        fields.note(("latency",), f"{shown(fields.value('latency'))} is no wait: write for example 2s or 1s..5s")
    elif max(latency.high_ms, latency.p95_ms) > LONGEST_REAL_MS:
        fields.note(("latency",), f"{shown(fields.value('latency'))} is too long: 10m at most, for it is real time")
    return latency


def _dribble(fields: Fields) -> Dribble | None:
    if "dribble" not in fields:
        return None
    said, key, inner = 1, "dribble", fields
    if isinstance(fields.value("dribble"), dict):
        inner, key = fields.fields("dribble", ("bytes", "every")), "every"
        said = inner.whole("bytes", 1, MOST_DROP_BYTES) or 1
        if key not in inner:
            inner.note((), "the key 'every' is missing: the gap between two drops, for example 50ms")
    every_ms = inner.ms(key, 1) or 1
    if every_ms > LONGEST_REAL_MS:
        inner.note((key,), f"{shown(inner.value(key))} is too long: 10m at most, for it is real time")
    return Dribble(said, every_ms)


def _status(fields: Fields, key: str, legal: Sequence[int]) -> int:
    status = fields.value(key)
    if key in fields and (isinstance(status, bool) or status not in legal):
        fields.note((key,), f"{shown(status)} is none of the choices", tuple(map(str, legal)))
        return 0
    return status or 0


def _check_together(fields: Fields, fault: WireFault) -> None:
    """Note every fault that makes another one meaningless, and what is said of faults where there are none."""
    names = fault.names()
    for one, others in _GOES_WITH.items():
        if one in names and (lost := [f"`{name}`" for name in names if name != one and name not in others]):
            fields.note((one,), f"it leaves nothing for {' and '.join(lost)}; keep one or the other", on_key=True)
            return
    for group, what in _ONE_OF:
        if len(both := [name for name in group if name in names]) > 1:
            fields.note((both[1],), f"`{both[0]}` and `{both[1]}` both say {what}; keep one", on_key=True)
    if fault.quota and not fault.for_ms:
        message = "so many calls in which time? Say it with `for`, as in {quota: 100, for: 1h}"
        fields.note(("quota",), message, on_key=True)
    if fault.quota and fault.after:
        fields.note(("after",), "`quota` says already how many calls are let in; keep one", on_key=True)
    _check_sorts(fields, fault, names)
    is_told = any(problem.path[: len(fields.path)] == fields.path for problem in fields.problems)
    if not names and not is_told:
        key = next((key for key in (*WHEN_KEYS, "times") if key in fields), "")
        message = "it says when something goes wrong, but nothing does: say what" if key else "it names no fault"
        fields.note((key,) if key else (), message, FAULTS, on_key=bool(key))


def _check_sorts(fields: Fields, fault: WireFault, names: tuple[str, ...]) -> None:
    of_files = [name for name in OF_DOWNLOADS if name in names]
    of_json = [name for name in OF_JSON if name in names]
    if of_files and of_json:
        message = f"`{of_files[0]}` is for downloads and `{of_json[0]}` for answers in JSON; keep one"
        fields.note((of_json[0],), message, on_key=True)
    elif of_files and fault.on and DOWNLOADS not in fault.on:
        fields.note(("on",), f"`{of_files[0]}` is for downloads only", (DOWNLOADS,))
    elif of_json and fault.on == (DOWNLOADS,):
        fields.note(("on",), f"`{of_json[0]}` is for answers in JSON, and a download is none", (SUBMITS, POLLS))


def _of_job(fields: Fields, fault: WireFault) -> WireFault:
    """Return a scenario's fault, for polls and downloads where it does not say what it is for."""
    stoppers = [name for name in STOPPERS if name in fault.names()]
    if stoppers and SUBMITS in fault.on:
        message = (
            f"with `{stoppers[0]}` a submit makes no job, and only an accepted one plays a scenario; "
            "lay it ready by POST /_simulator/faults"
        )
        fields.note(("on",), message, (POLLS, DOWNLOADS))
    return fault if fault.on else msgspec.structs.replace(fault, on=(POLLS, DOWNLOADS))
