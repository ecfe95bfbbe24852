"""What a sandbox knows of a test, gathered for those who verify it and for those who report on it."""

from collections.abc import Sequence
from urllib.parse import quote

import msgspec

from simulator.client.calls import MOST, JournalEntry, read_calls, read_journal
from simulator.client.jobs import JobDetails
from simulator.client.results import Call, ClockReading, Delivery, Pin, SandboxState, WebhookFault, read_as
from simulator.client.verbs import Part, Talk
from simulator.client.wire_faults import LaidFault

FINAL = frozenset({"succeeded", "failed", "moderated", "cancelled"})


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
    """Return whether a fault that was laid ready for it, or planned, struck a call."""
    return any(mark.startswith("fault: ") for mark in call.marks)


def file_of(call: Call) -> str:
    """Return the path of the file that a call is for, as outputs are told; ``""`` where it cannot be for one."""
    return call.path.removeprefix("/") if call.operation is None and call.method in ("GET", "HEAD") else ""


def is_good(call: Call) -> bool:
    """Return whether the status of a call's answer is one of success."""
    return call.status is not None and 200 <= call.status < 300
