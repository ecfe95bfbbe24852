"""What a scenario changes in replies: within the contract before the check, outside of it afterwards."""

from typing import Any

from simulator.jobs.deliveries import merged
from simulator.jobs.scenario import Override
from simulator.jobs.snapshot import Snapshot
from simulator.vendors.vendor import Call, Operation, Reply


def overridden(reply: Reply, operation: Operation, outcome: Any) -> Reply:
    """Return the reply with the changes of a scenario that keeps to the contract."""
    if type(outcome) is not Snapshot or outcome.job.off_contract:
        return reply
    return _changed(reply, operation, outcome)


def leave_contract(reply: Reply, operation: Operation, outcome: Any, call: Call) -> tuple[Reply, str]:
    """Return the reply that a scenario outside the contract wants instead, and its reason; the same and "" if none."""
    shots = outcome if type(outcome) is list else [outcome]
    reason = next((shot.job.off_contract for shot in shots if type(shot) is Snapshot and shot.job.off_contract), "")
    if not reason:
        return reply, ""
    if type(outcome) is list:
        return operation.show(
            [shot.in_its_disguise() if shot.job.off_contract else shot for shot in shots], call
        ), reason
    return _changed(operation.show(outcome.in_its_disguise(), call), operation, outcome), reason


def _changed(reply: Reply, operation: Operation, shot: Snapshot) -> Reply:
    if not shot.job.plan.script.scenario.reply:
        return reply
    override = shot.job.plan.override(operation.id)
    if override is None or override.state not in (None, shot.word):
        return reply
    return _apply(override, reply)


def _apply(override: Override, reply: Reply) -> Reply:
    named = {name.lower() for name, _ in override.headers}
    kept = tuple(header for header in reply.headers if header[0].lower() not in named)
    body = reply.body if override.body is None else merged(reply.body, override.body)
    return Reply(body, reply.status if override.status is None else override.status, kept + override.headers)
