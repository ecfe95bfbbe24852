"""Handlers for jobs."""

from typing import Any

from simulator.jobs.commands import LookUp
from simulator.jobs.errors import ApiError, NotFound
from simulator.jobs.job import CANCELLED_BY_CLIENT, DELETED, EDITED
from simulator.jobs.snapshot import Snapshot
from simulator.server.control.calls import ControlCall, Unprocessable
from simulator.server.control.shown import show_job, show_job_summary
from simulator.server.overrides import leave_contract, overridden
from simulator.vendors.vendor import Call, Operation, Reply, Vendor

DEFAULT_LIMIT = 100


def list_jobs(call: ControlCall) -> Reply:
    """List the jobs that fit, the newest first."""
    vendor, query = call.asked_vendor(), call.query
    found = [
        shot
        for shot in call.sandbox.jobs()
        if (vendor is None or shot.job.vendor == vendor.name)
        and query.get("status", shot.word) == shot.word
        and query.get("account", shot.job.account) == shot.job.account
    ]
    shown = found[: query.get("limit", DEFAULT_LIMIT)]
    return Reply({"total": len(found), "jobs": [show_job_summary(shot) for shot in shown]})


def get_job(call: ControlCall) -> Reply:
    """Show all that is known of a job."""
    shot = _find(call)
    return Reply(show_job(shot, look_up_body(call, shot)))


def add_job_event(call: ControlCall) -> Reply:
    """Let something happen to a job, or force it into a state that may follow."""
    shot = _find(call)
    event, to = call.body.get("event", ""), call.body.get("force", "")
    script = shot.plan.script
    own = {name: None for state in script.states for name, _ in state.on}
    legal = list(script.at) if to else list(dict.fromkeys((CANCELLED_BY_CLIENT, DELETED, EDITED, *own)))
    if (to or event) not in legal:
        what = "state" if to else "event"
        raise Unprocessable(f"{shot.job.id} knows no {what} {to or event!r}", code=f"unknown_{what}", legal=legal)
    shot = call.sandbox.force(shot.job.id, event=event, to=to)
    return Reply(show_job(shot, look_up_body(call, shot)), 201)


def _find(call: ControlCall) -> Snapshot:
    vendor, id = call.asked_vendor(), call.path["job_id"]
    shot = call.sandbox.job(id)
    if vendor is not None and shot.job.vendor != vendor.name:
        raise NotFound(f"{vendor.name} has no job {id!r} here; {shot.job.vendor} has", legal=[shot.job.vendor])
    return shot


def look_up_body(call: ControlCall, shot: Snapshot) -> Any:
    """Return the body that the job's owner would get now by looking it up; None where nothing looks up one job."""
    vendor = call.services.vendor(shot.job.vendor)
    for operation in vendor.operations:
        holes = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
        if operation.method == "GET" and len(holes) == 1:
            asked = _as_a_client(call, vendor, operation, {holes[0]: shot.job.id}, shot)
            try:
                command = operation.read(asked, ())
            except ApiError:
                continue
            if isinstance(command, LookUp) and _means(command, shot):
                return _answer(call, vendor, operation, asked, command)
    return None


def _means(command: LookUp, shot: Snapshot) -> bool:
    is_of_kind = not command.kinds or shot.job.kind in command.kinds
    return command.ids == (shot.job.id,) and not command.lenient and is_of_kind


def _as_a_client(call: ControlCall, vendor: Vendor, operation: Operation, path: dict[str, str], shot: Snapshot) -> Call:
    def files_at(file: str, host: str = "") -> str:
        return f"{call.base_of(vendor.name)}/{file.lstrip('/')}"

    return Call(
        operation.id,
        operation.method,
        path,
        {},
        {},
        files_at,
        account=shot.job.account,
        now_ms=shot.now_ms,
        switches=call.sandbox.switches_for(vendor),
        marks=[],
    )


def _answer(call: ControlCall, vendor: Vendor, operation: Operation, asked: Call, command: LookUp) -> Any:
    try:
        found = call.sandbox.look_up(vendor, asked.account, command.ids[0], command.kinds)
        reply = overridden(operation.show(found, asked), operation, found)
        return leave_contract(reply, operation, found, asked)[0].body
    except ApiError as error:
        return vendor.show_error(error, asked).body
