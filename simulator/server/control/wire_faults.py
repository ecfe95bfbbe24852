"""Handlers for what is laid ready to go wrong on the wire with the next calls."""

from collections.abc import Sequence
from typing import Any

import msgspec

from simulator.jobs.durations import Duration
from simulator.jobs.faults import DOWNLOADS, POLLS, SUBMITS, WireFault
from simulator.jobs.fields import nearest
from simulator.jobs.reading_faults import read_wire_fault
from simulator.sandbox.faults import LaidFault
from simulator.server.control.calls import ControlCall, Unprocessable
from simulator.server.control.shown import show_problem_in_call
from simulator.vendors.vendor import Reply, Vendor

Shown = dict[str, Any]


def list_faults(call: ControlCall) -> Reply:
    """List the faults that are neither used up nor over."""
    kept = call.sandbox.life.faults.kept(call.sandbox.settle())
    return Reply({"faults": [show_laid_fault(laid) for laid in kept]})


def add_faults(call: ControlCall) -> Reply:
    """Lay a fault ready for the next calls that fit."""
    said = {name: value for name, value in call.body.items() if value is not None or name == "times"}
    fault, problems = read_wire_fault(said.pop("faults"))
    if problems:
        findings = [show_problem_in_call(problem) for problem in problems]
        raise Unprocessable(str(problems[0]), code="invalid_faults", findings=findings)
    _check_there(call, said)
    _check_can_strike(fault, said)
    if "times" not in said and (fault.for_ms or fault.quota):
        said["times"] = None
    laid = LaidFault(fault, **said, laid_at_ms=call.sandbox.settle())
    return Reply(show_laid_fault(call.sandbox.life.faults.lay(laid)), 201)


def clear_faults(call: ControlCall) -> Reply:
    """Take all of them away."""
    call.sandbox.life.faults.clear()
    return Reply(None, 204)


def show_laid_fault(laid: LaidFault) -> Shown:
    """Word a fault that is laid ready; ``times`` is how many calls it is still for."""
    return {
        "number": laid.number,
        **{name: getattr(laid, name) or None for name in ("vendor", "operation", "job_id")},
        "times": None if laid.times is None else laid.times - laid.struck,
        "until_ms": laid.until_ms,
        "met": laid.met,
        "struck": laid.struck,
        "faults": _show(laid.fault),
    }


def _show(fault: WireFault) -> Shown:
    """Word a fault as a scenario does; what it does not say is left out."""
    said: Shown = msgspec.to_builtins(fault)
    if fault.chance >= 1:
        said.pop("chance", None)
    for name, key in (("from_ms", "from"), ("for_ms", "for")):
        if name in said:
            said[key] = f"{said.pop(name)}ms"
    if fault.on:
        said["on"] = list(fault.on)
    if fault.latency:
        said["latency"] = _length(fault.latency)
    if fault.dribble:
        said["dribble"] = {"bytes": fault.dribble.bytes, "every": f"{fault.dribble.every_ms}ms"}
    return said


def _length(said: Duration) -> str | Shown:
    if said.median_ms:
        return {"median": f"{said.median_ms}ms", "p95": f"{said.p95_ms}ms"}
    return f"{said.low_ms}ms" if said.low_ms == said.high_ms else f"{said.low_ms}ms..{said.high_ms}ms"


def _check_there(call: ControlCall, said: Shown) -> None:
    """Check that vendor, operation and job are such as can be called.

    Raises:
        Unprocessable: there is none of that name, or the job is another vendor's.
    """
    vendors = call.services.vendors()
    if "vendor" in said:
        vendors = [one for one in vendors if one.name == said["vendor"]]
        if not vendors:
            raise _unknown("vendor", said["vendor"], call.services.vendor_names)
    if "operation" in said and not any(_has(vendor, said["operation"]) for vendor in vendors):
        legal = [operation.id for vendor in vendors for operation in vendor.operations]
        raise _unknown("operation", said["operation"], legal)
    job = call.sandbox.life.store.get(said.get("job_id", ""))
    if job is not None and job.vendor not in [vendor.name for vendor in vendors if _has(vendor, said.get("operation"))]:
        raise Unprocessable(f"the job {job.id!r} is one of {job.vendor}", code="unknown_job", legal=[job.vendor])


def _has(vendor: Vendor, operation_id: str | None) -> bool:
    return operation_id is None or any(operation.id == operation_id for operation in vendor.operations)


def _unknown(what: str, name: str, legal: Sequence[str]) -> Unprocessable:
    near = nearest(name, legal)
    hint = f" (did you mean {near!r}?)" if near else ""
    return Unprocessable(f"there is no {what} {name!r}{hint}", code=f"unknown_{what}", legal=sorted(legal))


def _check_can_strike(fault: WireFault, said: Shown) -> None:
    """Check that there are calls of which all that is said can be true.

    Raises:
        Unprocessable: there are none.
    """
    message = ""
    if "operation" in said and (fault.on == (DOWNLOADS,) or (not fault.is_for(SUBMITS) and not fault.is_for(POLLS))):
        message = "a download is no operation's: name its vendor or job instead"
    elif "job_id" in said and fault.on == (SUBMITS,):
        message = "a submit's job has no id yet: name its vendor and operation instead"
    if message:
        raise Unprocessable(message, code="impossible_fault")
