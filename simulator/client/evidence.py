"""What a sandbox knows of a test, gathered for those who verify it and for those who report on it."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

import msgspec

from simulator.client.calls import MOST, JournalEntry, read_calls, read_journal
from simulator.client.jobs import JobDetails
from simulator.client.results import Call, ClockReading, Delivery, Pin, SandboxState, WebhookFault, read_as
from simulator.client.verbs import Part, Talk
from simulator.client.wire_faults import LaidFault

FINAL = frozenset({"succeeded", "failed", "moderated", "cancelled"})
_FAULT = "fault: "
_HARMLESS = ("latency", "dribble", "huge")
_HALVES = ("truncated", "closed_midway", "expires_midway")  # what they let through is the honest first half
_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]*)\s*-\s*([0-9]*)\s*", re.IGNORECASE)


class Evidence(msgspec.Struct, frozen=True):
    """Jobs, calls, notes and webhooks stand in the order in which they came about; ``job_count`` is of all there are."""

    sandbox: SandboxState
    clock: ClockReading
    jobs: Sequence[JobDetails]
    job_count: int
    calls: Sequence[Call]
    notes: Sequence[JournalEntry]
    webhooks: Sequence[Delivery]

    def calls_about(self, job: JobDetails) -> list[Call]:
        """Return the calls that told of a job: its submit, then every look."""
        return [call for call in self.calls if call.vendor == job.vendor and job.id in call.job_ids]

    def downloads_of(self, job: JobDetails) -> list[Call]:
        """Return the calls for a job's files, whatever was answered."""
        paths = {output.path for output in job.plan.outputs}
        return [call for call in self.calls if call.vendor == job.vendor and file_of(call) in paths]

    def webhooks_of(self, job: JobDetails) -> list[Delivery]:
        """Return the webhooks that told of a job."""
        return [one for one in self.webhooks if (one.vendor, one.job_id) == (job.vendor, job.id)]


class Unused(msgspec.Struct, frozen=True):
    """What a test laid ready that nothing has used up. Faults for good are not meant to be, but some are to strike."""

    pins: Sequence[Pin]
    webhook_faults: Sequence[WebhookFault]
    wire_faults: Sequence[LaidFault]


def gather(part: Part, vendor: str | None = None, most_jobs: int = MOST) -> Talk[Evidence]:
    """Gather what there is, of one vendor where it is named; of jobs only the newest ``most_jobs``."""
    sandbox = read_as((yield from part._say("GET", "")), SandboxState)
    clock = read_as((yield from part._say("GET", "/clock")), ClockReading)
    jobs, job_count = yield from _jobs(part, vendor, most_jobs)
    calls = yield from read_calls(part, vendor=vendor)
    entries = yield from read_journal(part, vendor=vendor)
    webhooks = (yield from part._say("GET", "/webhooks", vendor=vendor, limit=MOST))["webhooks"]
    notes = [entry for entry in entries if entry.kind == "note"]
    return Evidence(sandbox, clock, jobs, job_count, list(calls), notes, read_as(webhooks, list[Delivery]))


def gather_unused(part: Part) -> Talk[Unused]:
    """Return what was laid ready and nothing has used up."""
    pins = read_as((yield from part._say("GET", "/scenarios/pins"))["pins"], list[Pin])
    of_webhooks = read_as((yield from part._say("GET", "/webhooks/faults"))["faults"], list[WebhookFault])
    on_the_wire = read_as((yield from part._say("GET", "/faults"))["faults"], list[LaidFault])
    return Unused(
        pins,
        [fault for fault in of_webhooks if fault.times is not None],
        [fault for fault in on_the_wire if not fault.struck or (fault.times is not None and fault.until_ms is None)],
    )


def _jobs(part: Part, vendor: str | None, most: int) -> Talk[tuple[list[JobDetails], int]]:
    body = yield from part._say("GET", "/jobs", vendor=vendor, limit=most)
    jobs: list[JobDetails] = []
    for summary in reversed(body["jobs"]):
        path = f"/jobs/{quote(summary['id'], safe='')}"
        jobs.append(read_as((yield from part._say("GET", path, vendor=summary["vendor"])), JobDetails))
    return jobs, body["total"]


def is_spoilt(call: Call) -> bool:
    """Return whether a fault spoilt the answer to a call; one that only came late, or packed, is as good as any."""
    return bool(_spoilers(call))


def struck_by(call: Call) -> list[str]:
    """Return the faults that struck a call, as the journal tells them: ``fault: error 503``."""
    return [mark for mark in call.marks if mark.startswith(_FAULT)]


def header(call: Call, name: str) -> str:
    """Return a header of a call, whatever the case of its name; ``""`` where there is none."""
    return next((said for other, said in call.headers.items() if other.lower() == name.lower()), "")


def file_of(call: Call) -> str:
    """Return the path of the file that a call is for, as outputs are told; ``""`` where it cannot be for one."""
    return call.path.removeprefix("/") if call.operation is None and call.method in ("GET", "HEAD") else ""


def is_good(call: Call) -> bool:
    """Return whether the status of a call's answer is one of success."""
    return call.status is not None and 200 <= call.status < 300


def is_whole(calls: Iterable[Call], size_bytes: int) -> bool:
    """Return whether downloads of one file, all of them together, brought every byte of it."""
    reached = 0
    for start, stop in sorted(_brought(call, size_bytes) for call in calls):
        if start <= reached < stop:
            reached = stop
    return reached >= size_bytes


def _spoilers(call: Call) -> list[str]:
    faults = [mark.removeprefix(_FAULT) for mark in struck_by(call)]
    return [fault for fault in faults if not _is_harmless(fault, call)]


def _is_harmless(fault: str, call: Call) -> bool:
    if fault == "gzip well":
        return "gzip" in header(call, "Accept-Encoding").lower()
    if fault == "redirect once":
        return "redirected=1" in call.target  # where it led to
    return fault.partition(" ")[0] in _HARMLESS


def _brought(call: Call, size_bytes: int) -> tuple[int, int]:
    """Return the stretch of a file that an answer brought, empty where it brought none of it."""
    spoilers = _spoilers(call)
    if call.method != "GET" or call.status not in (200, 206) or "the client left" in call.marks:
        return 0, 0
    start, stop = _asked(header(call, "Range"), size_bytes) if call.status == 206 else (0, size_bytes)
    for fault in spoilers:
        stop = start + (stop - start) // 2 if fault in _HALVES else start
    return start, stop


def _asked(said: str, size_bytes: int) -> tuple[int, int]:
    found = _RANGE.fullmatch(said)
    if found is None or not any(found.groups()):
        return 0, 0
    first, last = found.groups()
    if not first:
        return max(size_bytes - int(last), 0), size_bytes
    return int(first), min(int(last) + 1, size_bytes) if last else size_bytes
