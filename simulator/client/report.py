"""A report that explains a test: each job's timeline, and each call that was for nothing or was refused."""

from collections.abc import Iterator, Mapping, Sequence

from simulator.client.evidence import Evidence, file_of, gather, is_good
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


def tell(part: Part) -> Talk[str]:
    """Return the report on a sandbox; ``""`` where nothing has happened in it."""
    evidence = yield from gather(part, part._vendor or None, MOST_JOBS)
    odd = odd_calls(evidence)
    operations: dict[str, list[Described]] = {}
    for vendor in {call.vendor for call in odd}:
        operations[vendor] = described((yield from part._say("GET", f"//openapi/{vendor}.json")))
    return worded(evidence, odd, operations)


def odd_calls(evidence: Evidence) -> list[Call]:
    """Return the calls that no operation takes, and those that were refused; files that are there are neither."""
    return [
        call
        for call in evidence.calls
        if (call.operation is None and not (file_of(call) and (is_good(call) or call.status == 304)))
        or (call.status or 0) >= 400
        or why_refused(call)
    ]


def why_refused(call: Call) -> str:
    """Return the vendor's reason for refusing a call, by its neutral name; ``""`` where it is not told."""
    return next((mark.removeprefix(_REFUSED) for mark in call.marks if mark.startswith(_REFUSED)), "")


def worded(evidence: Evidence, odd: Sequence[Call], operations: Mapping[str, Sequence[Described]]) -> str:
    """Return the report on what was gathered."""
    epoch_ms, now_ms = evidence.sandbox.epoch_ms, evidence.clock.now_ms
    if not evidence.jobs and not odd:
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
    if odd:
        lines += ["", "calls that were refused, or for nothing that there is:"]
        for call in odd[:_MOST_CALLS]:
            lines += _odd_call(call, operations.get(call.vendor, ()), epoch_ms)
        if len(odd) > _MOST_CALLS:
            lines.append(f"  and {len(odd) - _MOST_CALLS} more")
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


def _odd_call(call: Call, operations: Sequence[Described], epoch_ms: int) -> Iterator[str]:
    yield f"  {instant(call.at_ms, epoch_ms)}  {call.vendor}  {told(call)}  {short(call.reply_body)}".rstrip()
    if (reason := why_refused(call)) and call.operation:
        yield f"      refused by {call.operation}: {reason}"
    meant = named(call.operation, operations) if call.operation else nearest(call, operations)
    if meant is None:
        yield f"      nothing of {call.vendor}'s is like it"
        return
    found = differences(call, meant)
    if call.operation is None:
        yield f"      nearest: {meant}{': ' + '; '.join(found) if found else ''}"
    elif found:
        yield f"      differs from {meant}: {'; '.join(found)}"
