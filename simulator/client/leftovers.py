"""What a test leaves behind: jobs that have not ended, and what it laid ready that nothing used."""

from simulator.client.evidence import gather_unused
from simulator.client.results import WebhookFault
from simulator.client.verbs import Part, Talk
from simulator.client.wire_faults import LaidFault

_MOST_TOLD = 10


def find_leftovers(part: Part) -> Talk[list[str]]:
    """Return a line for each thing that was left; none where all is done."""
    left: list[str] = []
    for job in (yield from part._say("GET", "/jobs", limit=1000))["jobs"]:
        if not job["is_final"]:
            left.append(f"the job {job['id']} of {job['vendor']} {job['operation']} is still {job['status']}")
    unused = yield from gather_unused(part)
    for pin in unused.pins:
        what = ", ".join(f"{name} {said}" for name in ("scenario", "job_id", "seed") if (said := getattr(pin, name)))
        left.append(f"the pin of {what} for {pin.vendor}{_for(pin.operation)} was not used{_times(pin.times)}")
    faults: list[WebhookFault | LaidFault] = [*unused.webhook_faults, *unused.wire_faults]
    for fault in faults:
        kind = "webhook" if isinstance(fault, WebhookFault) else "call"
        about = " ".join(said for said in (fault.vendor, fault.operation, fault.job_id) if said) or f"any {kind}"
        what = ", ".join(f"{name} {said}" if said is not True else name for name, said in fault.faults.items())
        left.append(f"the fault {what} for {about} did not strike{_times(fault.times or 1)}")
    more = [f"and {len(left) - _MOST_TOLD} more"] if len(left) > _MOST_TOLD else []
    return left[:_MOST_TOLD] + more


def _for(operation: str | None) -> str:
    return f" {operation}" if operation else ""


def _times(left: int) -> str:
    return f" {left} times more" if left > 1 else ""
