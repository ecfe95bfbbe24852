"""A report that explains a test: each job's timeline, and each call that was for nothing or was refused."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

import msgspec

from simulator import vendors
from simulator.client.evidence import Evidence, file_of, gather, header, is_good, is_spoilt, struck_by
from simulator.client.jobs import JobDetails
from simulator.client.lengths import instant_text
from simulator.client.nearest import Described, described, differences, named, nearest
from simulator.client.results import Call
from simulator.client.timeline import instant, most_fruitless, rows_of, short, shown, told
from simulator.client.verbs import Part, Talk

MOST_JOBS = 20
FRUITLESS = 50  # looks while the clock stands: nobody means that
_MOST_CALLS = 20
_REFUSED = "refused: "
_NO_KEY, _BAD_KEY = "no key", "bad key"


class Known(msgspec.Struct, frozen=True):
    """What a vendor's OpenAPI file says: its operations, and the headers that may carry a key."""

    operations: Sequence[Described] = ()
    key_headers: Sequence[str] = ()


def tell(part: Part) -> Talk[str]:
    """Return the report on a sandbox; ``""`` where nothing has happened in it."""
    evidence = yield from gather(part, part._vendor or None, MOST_JOBS)
    odd = odd_calls(evidence)
    known = yield from learn(part, odd)
    return worded(evidence, odd, known)


def learn(part: Part, calls: Sequence[Call]) -> Talk[dict[str, Known]]:
    """Return what is known of the vendors of some calls, by name."""
    known: dict[str, Known] = {}
    for vendor in {call.vendor for call in calls if call.vendor}:
        document = yield from part._say("GET", f"//openapi/{vendor}.json")
        known[vendor] = Known(described(document), _key_headers(document))
    return known


def odd_calls(evidence: Evidence) -> list[Call]:
    """Return the calls that no operation takes, and those that were refused; files that are there are neither.

    What a fault brought about on purpose is not odd, unless the vendor would have refused the call anyway.
    """
    return [call for call in evidence.calls if _is_odd(call) and (why_refused(call) or not is_spoilt(call))]


def _is_odd(call: Call) -> bool:
    is_file = bool(file_of(call)) and (is_good(call) or call.status == 304)
    return (call.operation is None and not is_file) or (call.status or 0) >= 400 or bool(why_refused(call))


def why_refused(call: Call) -> str:
    """Return the vendor's reason for refusing a call, in neutral words; ``""`` where it is not told."""
    name = next((mark.removeprefix(_REFUSED) for mark in call.marks if mark.startswith(_REFUSED)), "")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def worded(evidence: Evidence, odd: Sequence[Call], known: Mapping[str, Known]) -> str:
    """Return the report on what was gathered."""
    epoch_ms, now_ms = evidence.sandbox.epoch_ms, evidence.clock.now_ms
    struck = [call for call in evidence.calls if is_spoilt(call) and not is_good(call) and not why_refused(call)]
    if not evidence.jobs and not odd and not struck:
        return ""
    lines = [
        f"sandbox {evidence.sandbox.id}: clock {evidence.clock.mode}, now {instant(now_ms, epoch_ms)} "
        f"from {instant_text(epoch_ms)}, seed {evidence.sandbox.seed}"
    ]
    lines += [advice for job in evidence.jobs if (advice := _advice(job, evidence))]
    if evidence.job_count > len(evidence.jobs):
        lines.append(f"the newest {len(evidence.jobs)} of {evidence.job_count} jobs:")
    for job in evidence.jobs:
        lines += ["", *_job(job, evidence)]
    for title, calls in (
        ("calls that were refused, or for nothing that there is:", odd),
        ("calls that a fault struck on purpose:", struck),
    ):
        lines += ["", title] if calls else []
        for call in calls[:_MOST_CALLS]:
            lines.append(f"  {instant(call.at_ms, epoch_ms)}  {call.vendor or 'nobody'}  {answered(call)}")
            why = [] if calls is struck else explained(call, known)
            lines += [f"      {said}" for said in (*struck_by(call), *why)]
        if len(calls) > _MOST_CALLS:
            lines.append(f"  and {len(calls) - _MOST_CALLS} more")
    return "\n".join(lines)


def _job(job: JobDetails, evidence: Evidence) -> Iterator[str]:
    end = job.entries[-1]
    to_come = "" if job.is_final else f", {end.word} at {instant(end.seen_at_ms, evidence.sandbox.epoch_ms)}"
    state = f"{job.status}{' (final)' if job.is_final else f' (unfinished{to_come})'}"
    yield f"{job.vendor} {job.operation} {job.id}: {state}, scenario {job.scenario}"
    rows = rows_of(job, evidence)
    at = [instant(row.at_ms, evidence.sandbox.epoch_ms) for row in rows]
    widest = max(map(len, at), default=0)
    for said, row in zip(at, rows, strict=True):
        yield f"  {said:>{widest}}  {row.what:<8}  {row}"


def _advice(job: JobDetails, evidence: Evidence) -> str:
    """Say what to do about a loop that looks at a clock which stands still."""
    count, at_ms = most_fruitless(job, evidence)
    if count < FRUITLESS:
        return ""
    at, (word, _) = instant(at_ms, evidence.sandbox.epoch_ms), shown(job, at_ms)
    return (
        f"{count} looks at {job.id} found the clock at {at}, and while it stands there {word} stays {word} for ever. "
        f"Let the loop's own sleeps move it: `with simulator.warp():`, or `@pytest.mark.warp`; "
        f"or let repeated looks do: `simulator.clock.skip()`."
    )


def answered(call: Call) -> str:
    """Return a call in a line, with the beginning of its answer."""
    return f"{told(call)}  {short(call.reply_body)}".rstrip()


def explained(call: Call, known: Mapping[str, Known]) -> Iterator[str]:
    """Say why a call was refused, which operation it was probably meant for, and in what it differs from that."""
    if not call.vendor:
        yield f"no vendor is there; their base URLs end in {', '.join(f'/{name}' for name in vendors.NAMES)}"
        return
    vendor = known.get(call.vendor, Known())
    if (reason := why_refused(call)) and call.operation:
        yield f"refused by {call.operation}: {reason}"
    meant = _meant(call, vendor.operations)
    if meant is None:
        yield f"nothing of {call.vendor}'s is like it"
        return
    found = _differences(call, meant, vendor.key_headers)
    if call.operation is None:
        yield f"nearest: {meant}{': ' + '; '.join(found) if found else ''}"
    elif found:
        yield f"differs from {meant}: {'; '.join(found)}"


def _meant(call: Call, operations: Sequence[Described]) -> Described | None:
    """Return the operation of a call; where it has none, one whose path ends alike, or else the one that is most like it."""
    if call.operation:
        return named(call.operation, operations)
    alike = [(rank, one) for one in operations if (rank := _ends_alike(call, one))]
    return max(alike, key=lambda pair: pair[0])[1] if alike else nearest(call, operations)


def _ends_alike(call: Call, operation: Described) -> tuple[bool, int, bool] | None:
    """Rank an operation whose path is a call's but for what stands in front; None where it is not, or all is ``{…}``."""
    said, known = call.path.split("/")[1:], operation.path.split("/")[1:]
    pairs = _last_pairs(said, known, min(len(said), len(known)))
    words = sum(one == other for one, other in pairs)
    if not words or not all(one == other or (other.startswith("{") and one) for one, other in pairs):
        return None
    return len(said) == len(known), words, call.method == operation.method


def _differences(call: Call, meant: Described, key_headers: Sequence[str]) -> list[str]:
    """Return in what a call differs from an operation. A body that was sent and not read is not said to be missing."""
    if why_refused(call) in (_NO_KEY, _BAD_KEY) and key_headers:
        return [_of_key(call, key_headers)]
    was_sent = header(call, "Content-Length") not in ("", "0") or bool(header(call, "Transfer-Encoding"))
    body = call.body or ("…" if was_sent else "")
    rest = differences(msgspec.structs.replace(call, body=body), meant)
    at = 1 if call.method != meant.method else 0
    return [*rest[:at], *_in_path(call.path.split("/")[1:], meant.path.split("/")[1:]), *rest[at:]]


def _of_key(call: Call, key_headers: Sequence[str]) -> str:
    names = " or ".join(key_headers)
    sent = [name for name in key_headers if header(call, name).strip()]
    if sent:
        return f"no usable key in {' and '.join(sent)}"
    there = any(name.lower() == known.lower() for name in call.headers for known in key_headers)
    return f"nothing in the {names} header" if there else f"no {names} header"


def _key_headers(document: Mapping[str, Any]) -> list[str]:
    schemes = document.get("components", {}).get("securitySchemes", {}).values()
    named_in_schemes = [scheme.get("name", "Authorization") for scheme in schemes]
    asked_for = [
        parameter["name"]
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        for parameter in operation.get("parameters", ())
        if parameter.get("in") == "header" and parameter["name"].lower().endswith("-key")
    ]
    return named_in_schemes or [*dict.fromkeys(asked_for)]


def _in_path(said: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    """Say in what two paths differ, part by part; ``{…}`` stands for anything."""
    for what, start, stop, known_start, known_stop in SequenceMatcher(None, said, known, autojunk=False).get_opcodes():
        if what != "equal":
            yield from _in_stretch(said, (start, stop), known[known_start:known_stop])


def _in_stretch(said: Sequence[str], span: tuple[int, int], theirs: Sequence[str]) -> Iterator[str]:
    """Compare what stands in a span of a path with what should; the longer one's surplus is where the rest fits best."""
    mine, more = said[slice(*span)], span[1] - span[0] - len(theirs)
    paired = min(len(mine), len(theirs))
    at = max(range(paired + 1), key=lambda cut: _fit(mine, theirs, cut))
    pairs = [*zip(mine[:at], theirs[:at], strict=True), *_last_pairs(mine, theirs, paired - at)]
    for one, other in pairs:
        if one != other and not (other.startswith("{") and one):
            yield f"{one!r} where it has {other!r}" if one else f"nothing where it has {other!r}"
    begin = span[0] + at
    if more > 0:
        surplus, end = said[begin : begin + more], begin + more
        twice = surplus in (said[begin - more : begin] if begin >= more else [], said[end : end + more])
        where = "stands there twice" if twice else f"is too much {_place(said, begin, end)}"
        yield f"{_joined(surplus)} {where}"
    elif more < 0:
        yield f"{_joined(theirs[at : at - more])} is missing {_place(said, begin, begin)}"


def _fit(mine: Sequence[str], theirs: Sequence[str], cut: int) -> float:
    paired = min(len(mine), len(theirs))
    pairs = [*zip(mine[:cut], theirs[:cut], strict=True), *_last_pairs(mine, theirs, paired - cut)]
    return sum(
        bool(one) / 2 if other.startswith("{") else SequenceMatcher(None, one, other).ratio() for one, other in pairs
    )


def _last_pairs(mine: Sequence[str], theirs: Sequence[str], count: int) -> list[tuple[str, str]]:
    return list(zip(mine[len(mine) - count :], theirs[len(theirs) - count :], strict=True))


def _place(said: Sequence[str], begin: int, end: int) -> str:
    if begin == 0:
        return "in front"
    return "at the end" if end >= len(said) else f"after {_joined(said[:begin])}"


def _joined(parts: Sequence[str]) -> str:
    return repr("/" + "/".join(parts))
