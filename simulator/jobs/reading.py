"""From a document to a scenario: ``read_scenario`` names every mistake at once, with its place and what is legal."""

import re
from collections.abc import Mapping

from simulator.jobs.durations import Duration
from simulator.jobs.fields import Fields, Place, Problem, nearest, shown
from simulator.jobs.files import MOST_BYTES, MOST_FRAMES, MOST_MS, MOST_PX, ImpossibleOutput, media_type_of, plan_output
from simulator.jobs.lifecycle import NEUTRAL, Lifecycle
from simulator.jobs.patterns import wrong_with
from simulator.jobs.reading_faults import read_wire_faults
from simulator.jobs.reading_states import MOST_ITEMS, read_states
from simulator.jobs.reading_webhooks import check_abilities, check_before_reply, read_manner
from simulator.jobs.scenario import Expiry, Override, Refresh, Result, Rule, Scenario, Shape, State, is_regex
from simulator.jobs.steps import Terms, check_steps

KEYS = (
    *("scenario", "vendor", "kind", "summary", "like", "states", "result", "expires", "refresh"),
    *("reply", "switches", "webhook", "faults", "when", "off_contract", "hold"),
)
FORMATS = {"image": ("png", "jpg", "webp", "gif"), "video": ("mp4", "mov", "webm")}
LONGEST_PATTERN = 500
LONGEST_NAME = 100
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,8000}")
_RESERVED = ("default", "pins", "validate")  # these are words of the control API at the place of a name


def read_scenario(document: object, name: str, legal: Mapping[str, Terms]) -> tuple[Scenario | None, list[Problem]]:
    """Return the scenario, or None and everything that is wrong with it.

    ``name`` is what it must be called, ``""`` where its file does not tell; ``legal`` knows the vendors by name.
    """
    problems: list[Problem] = []
    top = Fields(document, (), problems, KEYS)
    if not isinstance(document, dict):
        return None, problems
    said_name = _name(top, name)
    vendor = top.choice("vendor", tuple(legal))
    terms = legal[vendor] if vendor else None
    kind = top.choice("kind", tuple(terms.lifecycles)) if terms else None
    if "kind" in top and "vendor" not in top:
        top.note(("kind",), "a kind of job belongs to a vendor: say `vendor:` too", on_key=True)
    like = _like(top, said_name)
    states: tuple[State, ...] = ()
    if not like:
        states, steps = read_states(top)
        if "vendor" not in top or (terms and ("kind" not in top or kind)):
            states = check_steps(states, steps, terms, kind, problems)
    expires = top.fields("expires", ("job", "file"))
    scenario = Scenario(
        name=said_name,
        states=states,
        vendor=vendor,
        kind=kind,
        summary=top.text("summary") or "",
        like=like,
        result=_result(top),
        job_expiry=_expiry(expires, "job", "created", "sweep", "recycled"),
        file_expiry=_expiry(expires, "file", "ended"),
        refresh=_refresh(top),
        reply=_reply(top, terms, states),
        switches=_switches(top, vendor, legal),
        when=_rules(top, terms),
        off_contract=top.text("off_contract"),
        hold=top.flag("hold"),
        webhook=read_manner(top, _words(top, terms, kind)),
        faults=read_wire_faults(top),
    )
    _check_contract(top, scenario, terms)
    check_before_reply(top, scenario.webhook, states)
    check_abilities(top, scenario.webhook, terms, kind)
    return (None if problems else scenario), problems


def _name(top: Fields, expected: str) -> str:
    said = top.text("scenario")
    if "scenario" not in top:
        top.note(
            (), f"the key 'scenario' is missing: it names the scenario{f', {expected!r} here' if expected else ''}"
        )
    elif said and (len(said) > LONGEST_NAME or not _NAME.fullmatch(said)):
        top.note(
            ("scenario",),
            f"{shown(said)} is no name: small letters and digits, with single '-' between, {LONGEST_NAME} at most",
        )
    elif said in _RESERVED:
        top.note(("scenario",), f"{said!r} is a word of the control API, and no name for a scenario")
    elif said and expected and said != expected:
        top.note(
            ("scenario",), f"the file is called {expected!r} and the scenario {said!r}; they must agree", (expected,)
        )
    return said or expected


def _words(top: Fields, terms: Terms | None, kind: str | None) -> tuple[str, ...] | None:
    """Return the words of all kinds of job that the scenario is for; None where what it is for is wrong."""
    if "vendor" not in top:
        return NEUTRAL
    if terms is None or ("kind" in top and kind is None):
        return None
    lifecycles = [terms.lifecycles[kind]] if kind else terms.lifecycles.values()
    return tuple(dict.fromkeys(word for lifecycle in lifecycles for word in lifecycle.words()))


def _like(top: Fields, own_name: str) -> str:
    """Return the name of the scenario whose course this one takes."""
    said = top.text("like") or ""
    if said and "states" in top:
        top.note(
            ("like",), "`like` takes the states of another scenario, and `states` says others; keep one", on_key=True
        )
    elif said and not _NAME.fullmatch(said):
        top.note(("like",), f"{shown(said)} is no name of a scenario")
    elif said and said == own_name:
        top.note(("like",), "a scenario cannot be like itself")
    return said


def _result(top: Fields) -> Result:
    result = top.fields("result", ("image", "video", "count", "embeds"))
    if "image" in result and "video" in result:
        result.note(("video",), "a result is an image or a video, not both", on_key=True)
    kind = next((kind for kind in FORMATS if kind in result), None)
    shape = _shape(result, kind) if kind else None
    return Result(shape, result.whole("count", 1, MOST_ITEMS), result.flag("embeds"))


def _shape(result: Fields, kind: str) -> Shape:
    fields = result.fields(kind, ("width", "height", "format", "duration", "frames", "bytes"))
    shape = Shape(
        kind,
        fields.whole("width", 1, MOST_PX),
        fields.whole("height", 1, MOST_PX),
        fields.choice("format", FORMATS[kind]),
        fields.ms("duration"),
        fields.whole("frames", 1, MOST_FRAMES),
        fields.whole("bytes", 1, MOST_BYTES),
    )
    if (shape.duration_ms or 0) > MOST_MS:
        fields.note(("duration",), f"{shown(fields.value('duration'))} is too long: 12h at most")
    elif shape.width_px and shape.height_px and shape.format and (kind == "image" or shape.duration_ms):
        _check_possible(result, kind, shape)
    return shape


def _check_possible(result: Fields, kind: str, shape: Shape) -> None:
    assert shape.width_px is not None
    assert shape.height_px is not None
    path = f"the file.{shape.format}"
    try:
        plan_output(
            path,
            media_type_of(path),
            shape.width_px,
            shape.height_px,
            seed="",
            duration_ms=shape.duration_ms or 0,
            frames=shape.frames,
            size_bytes=shape.size_bytes,
        )
    except ImpossibleOutput as error:
        result.note((kind,), str(error).removeprefix(f"{path}: "))


def _expiry(expires: Fields, of: str, since: str, *more: str) -> Expiry | None:
    if of not in expires:
        return None
    fields = expires.fields(of, ("after", "from", *more))
    after_ms, recycled_ms = fields.ms("after"), fields.ms("recycled", 1)
    if "after" not in fields and isinstance(expires.value(of), dict):
        fields.note((), "the key 'after' is missing: how long it is kept, for example 31d", on_key=True)
    since = fields.choice("from", ("created", "ended")) or since
    if since == "created" and after_ms is not None and recycled_ms is not None and recycled_ms <= after_ms:
        fields.note(("recycled",), "it counts from the job's creation and must be longer than `after`")
    return Expiry(after_ms or 0, since, fields.ms("sweep", 1), recycled_ms)


def _refresh(top: Fields) -> Refresh | None:
    if "refresh" not in top:
        return None
    said = top.value("refresh")
    if isinstance(said, dict):
        fields, key = top.fields("refresh", ("every", "covers", "from")), "every"
        if "every" not in fields:
            fields.note((), "the key 'every' is missing: the gap between two looks, for example 15s..60s")
    else:
        fields, key = top, "refresh"
    every = fields.duration(key)
    if every and not (every.low_ms and every.high_ms):
        fields.note((key,), "a refresh has a fixed gap or a range, and is longer than 0: for example 2s or 15s..60s")
    if fields is top:
        return Refresh(every or Duration(1, 1))
    covers, since = fields.choice("covers", ("everything", "end")), fields.choice("from", ("epoch", "start"))
    return Refresh(every or Duration(1, 1), covers or "everything", since or "epoch")


def _reply(top: Fields, terms: Terms | None, states: tuple[State, ...]) -> tuple[tuple[str, Override], ...]:
    if "reply" in top and terms is None:
        top.note(("reply",), "operations belong to a vendor: say `vendor:` too", on_key=True)
    replies = top.fields("reply", terms.operations if terms else None)
    return tuple((operation, _override(replies, operation, terms, states)) for operation in replies)


def _override(replies: Fields, operation: str, terms: Terms | None, states: tuple[State, ...]) -> Override:
    fields = replies.fields(operation, ("status", "headers", "body", "state"))
    if not list(fields) and isinstance(replies.value(operation), dict):
        fields.note((), "it changes nothing", ("status", "headers", "body"))
    for name, value in (headers := _pairs(fields, "headers")):
        if not (_HEADER.fullmatch(name) and _HEADER_VALUE.fullmatch(value)):
            fields.note(("headers", name), "a header is a word and a text of one line, both in ASCII")
    words = [state.word for state in states]
    words += [word for lifecycle in (terms.lifecycles.values() if terms else ()) for word in lifecycle.words()]
    return Override(
        fields.whole("status", 200, 599),
        headers,
        fields.value("body"),
        fields.choice("state", tuple(dict.fromkeys(words))),
    )


def _switches(top: Fields, vendor: str | None, legal: Mapping[str, Terms]) -> tuple[tuple[str, str], ...]:
    chosen = _pairs(top, "switches")
    names = (vendor,) if vendor else tuple(legal)
    for name, choice in chosen:
        of, _, switch = name.partition(".")
        known = legal[of].switches if of in names else {}
        if switch not in known:
            all_switches = [f"{vendor}.{switch}" for vendor in names for switch in legal[vendor].switches]
            near = nearest(name, all_switches)
            top.note(("switches", name), f"there is no switch {shown(name)} here", all_switches, near, on_key=True)
        elif choice not in known[switch]:
            near = nearest(choice, known[switch])
            top.note(("switches", name), f"{shown(choice)} is none of the choices", known[switch], near)
    return chosen


def _rules(top: Fields, terms: Terms | None) -> tuple[Rule, ...]:
    rules = []
    for at, element in enumerate(top.elements("when", 100)):
        rule = Fields(element, ("when", at), top.problems, ("operation", "fields", "headers"))
        if isinstance(element, dict) and not list(rule):
            rule.note((), "a rule without conditions would claim every request", ("operation", "fields", "headers"))
        operation = rule.text("operation")
        if operation and terms and not set(operation) & set("*?[") and not is_regex(operation):
            rule.choice("operation", terms.operations)
        if operation:
            _check_pattern(rule, ("operation",), operation)
        rules.append(Rule(operation, _patterns(rule, "fields"), _patterns(rule, "headers")))
    return tuple(rules)


def _patterns(rule: Fields, key: str) -> tuple[tuple[str, str], ...]:
    pairs = _pairs(rule, key)
    for name, pattern in pairs:
        _check_pattern(rule, (key, name), pattern)
    return pairs


def _check_pattern(fields: Fields, below: Place, pattern: str) -> None:
    if len(pattern) > LONGEST_PATTERN:
        fields.note(below, f"a pattern has {LONGEST_PATTERN} characters at most")
    elif is_regex(pattern) and (wrong := wrong_with(pattern[1:-1])):
        fields.note(below, f"{shown(pattern)} {wrong}")


def _pairs(fields: Fields, key: str) -> tuple[tuple[str, str], ...]:
    """Return a mapping of names to words, as pairs."""
    words = fields.fields(key, None)
    return tuple((name, word) for name in words if (word := words.word(name)) is not None)


def _check_contract(top: Fields, scenario: Scenario, terms: Terms | None) -> None:
    lifecycles = list(terms.lifecycles.values()) if terms else []
    if terms and scenario.kind:
        lifecycles = [terms.lifecycles[scenario.kind]]
    disguised = [state for state in scenario.states if state.shown_as is not None]
    if scenario.off_contract is None and "off_contract" not in top:
        for state in disguised:
            if lifecycles and all(_may_come(state, lifecycle) for lifecycle in lifecycles):
                continue
            top.note(
                ("states", state.word, "shown_as"),
                "a word that the vendor does not have leaves the contract: say why in `off_contract:`",
                on_key=True,
            )
    elif not disguised and "reply" not in top:
        top.note(("off_contract",), "nothing here leaves the contract: that takes `shown_as` or `reply`", on_key=True)


def _may_come(state: State, lifecycle: Lifecycle) -> bool:
    """Return whether the vendor says that such a status may come, and has not told yet what it means."""
    told = {row.word if row.wire is None else row.wire for row in lifecycle}
    is_open = lifecycle.open_to is not None and isinstance(state.shown_as, lifecycle.open_to)
    return is_open and state.shown_as not in told
