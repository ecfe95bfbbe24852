"""Handlers for what is laid ready to go wrong with the next webhooks."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.jobs.deliveries import Faults
from simulator.jobs.lifecycle import NEUTRAL
from simulator.jobs.reading_webhooks import read_faults
from simulator.sandbox.webhook_orders import FaultOrder
from simulator.server.control.calls import ControlCall, Unprocessable
from simulator.server.control.shown import show_problem_in_call
from simulator.server.control.shown_webhooks import show_fault_order
from simulator.vendors.vendor import Kind, Reply, Vendor, Webhook


def list_faults(call: ControlCall) -> Reply:
    """List the faults that are not used up."""
    return Reply({"faults": [show_fault_order(order) for order in call.sandbox.life.outbox.orders.kept]})


def add_faults(call: ControlCall) -> Reply:
    """Lay faults ready for the next webhooks that fit."""
    said = {name: value for name, value in call.body.items() if value is not None or name == "times"}
    kinds = _meant(call, said)
    words = dict.fromkeys(word for kind in kinds for word in (*NEUTRAL, *kind.lifecycle.words()))
    faults, problems = read_faults(said["faults"], tuple(words))
    if problems:
        findings = [show_problem_in_call(problem) for problem in problems]
        raise Unprocessable(str(problems[0]), code="invalid_faults", findings=findings)
    _check_can_be_seen(faults, said, [kind.webhook for kind in kinds if kind.webhook])
    return Reply(show_fault_order(call.sandbox.life.outbox.orders.add(FaultOrder(**{**said, "faults": faults}))), 201)


def clear_faults(call: ControlCall) -> Reply:
    """Take all of them away."""
    call.sandbox.life.outbox.orders.kept.clear()
    return Reply(None, 204)


def _meant(call: ControlCall, said: Mapping[str, Any]) -> list[Kind]:
    """Return the kinds of job whose webhooks may be meant.

    Raises:
        Unprocessable: there are none.
    """
    vendors = [call.services.vendor(said["vendor"])] if "vendor" in said else call.services.vendors()
    kinds = [kind for vendor in _with_operation(vendors, said.get("operation")) for kind in vendor.kinds]
    job = call.sandbox.life.store.get(said.get("job_id", ""))
    if job is not None:
        vendors = [vendor for vendor in vendors if vendor.name == job.vendor]
        if not vendors or said.get("operation", job.operation) != job.operation:
            message = f"the job {job.id!r} is one of {job.vendor} {job.operation}"
            raise Unprocessable(message, code="unknown_job", legal=[job.vendor, job.operation])
        kinds = [vendors[0].kind(job.kind)]
    with_webhooks = [kind for kind in kinds if kind.webhook]
    if not with_webhooks:
        raise Unprocessable("no such job sends webhooks", code="impossible_fault")
    return with_webhooks


def _with_operation(vendors: Sequence[Vendor], name: str | None) -> list[Vendor]:
    """Return the vendors that have an operation."""
    found = [
        one
        for one in vendors
        if name is None or any(operation.id == name and operation.method == "POST" for operation in one.operations)
    ]
    if not found:
        submits = [operation for vendor in vendors for operation in vendor.operations if operation.method == "POST"]
        legal = list(dict.fromkeys(operation.id for operation in submits))
        raise Unprocessable(f"there is no operation {name!r}", code="unknown_operation", legal=legal)
    return found


def _check_can_be_seen(faults: Faults, said: Mapping[str, Any], webhooks: Sequence[Webhook]) -> None:
    """Check that what is to go wrong can be seen in any of these webhooks.

    Raises:
        Unprocessable: it cannot.
    """
    message = ""
    if faults.wrong_signature and not any(webhook.signature_at for webhook in webhooks):
        message = "`wrong_signature` would change nothing: these webhooks are not signed"
    if faults.stale_timestamp_ms and not any(webhook.has_timestamp for webhook in webhooks):
        message = "`stale_timestamp` would change nothing: these webhooks have no timestamp"
    if faults.before_reply and "job_id" in said:
        message = "`before_reply` is for a submit to come, whose job has no id yet; name its vendor and operation"
    if message:
        raise Unprocessable(message, code="impossible_fault")
