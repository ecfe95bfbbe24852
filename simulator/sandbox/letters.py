"""What a webhook says and what is sent of it: the truth in the vendor's words, what a fault makes of it, and its seal."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from simulator.jobs.chance import Draws
from simulator.jobs.deliveries import Faults, Hook, Manner, merged, with_extra_fields
from simulator.jobs.snapshot import Snapshot
from simulator.sandbox.another import another
from simulator.sandbox.delivery import Delivery, Letter
from simulator.vendors.vendor import Call, Kind, Sealed, Stamp


def worded(
    shot: Snapshot, kind: Kind, files_at: Callable[[str, str], str], patch: Any = None, now_ms: int | None = None
) -> Any:
    """Return the body in the vendor's words, patched as a scenario wants it; of another instant where one is given."""
    webhook, job = kind.webhook, shot.job
    assert webhook is not None
    call = Call(
        webhook.name,
        "POST",
        {},
        {},
        {},
        files_at,
        account=job.account,
        now_ms=shot.now_ms if now_ms is None else now_ms,
        switches=shot.plan.switches,
    )
    said = webhook.show(shot, call)
    return said if patch is None else merged(said, patch)


def falsified(plain: Any, shot: Snapshot, kind: Kind, hook: Hook, manner: Manner, faults: Faults) -> Any:
    """Return what the body says in the place of the truth; the very same where nothing is wrong with it."""
    webhook, job, said = kind.webhook, shot.job, plain
    assert webhook is not None
    told = shot.in_its_disguise() if job.off_contract is not None else shot
    if faults.other_sandbox:
        told = msgspec.structs.replace(told, job=another(job, kind, webhook.ids_at[1:]))
    if told is not shot or faults.stale_timestamp_ms:
        said = worded(told, kind, hook.files_at, manner.body, shot.now_ms - faults.stale_timestamp_ms)
    if faults.wrong_id and isinstance(said, dict):
        said = {**said, webhook.ids_at[0]: another(job, kind).id}
    return with_extra_fields(said) if faults.extra_fields else said


def write_letter(delivery: Delivery, keys: Mapping[str, str]) -> Letter:
    """Return what the next attempt at a webhook sends, sealed with what its account and its job hold.

    Raises:
        SimulatorError: the account's keys cannot be used for it.
    """
    job, webhook, faults = delivery.job, delivery.webhook, delivery.faults
    at_ms = delivery.told_at_ms if delivery.due_ms is None else delivery.due_ms
    draws = Draws(job.dice, "webhook", delivery.nth, len(delivery.attempts))
    honest = sent = webhook.seal(encoded(delivery.plain), keys, Stamp(at_ms, draws))
    if delivery.said is not delivery.plain or faults.stale_timestamp_ms:
        sent = webhook.seal(encoded(delivery.said), keys, Stamp(at_ms - faults.stale_timestamp_ms, draws))
    if faults.wrong_signature:
        sent = _missigned(sent, webhook.signature_at)
    if faults.truncated:
        sent = msgspec.structs.replace(sent, body=sent.body[: len(sent.body) // 2])
    return Letter(webhook.name, delivery.plain, honest, sent, at_ms)


def encoded(body: Any) -> bytes:
    """Return JSON as vendors send it: compact, in UTF-8, its keys in the order of the words."""
    return msgspec.json.encode(body)


def _missigned(sealed: Sealed, place: str) -> Sealed:
    """Return a webhook whose signature, wherever it stands, is another one of the same shape."""
    where, _, field = place.partition(":")
    if where == "body" and field:
        body: Mapping[str, Any] = msgspec.json.decode(sealed.body)
        changed = {**body, field: _another(str(body.get(field, "")))}
        return msgspec.structs.replace(sealed, body=msgspec.json.encode(changed))
    headers = tuple((name, _another(said) if name.lower() == place.lower() else said) for name, said in sealed.headers)
    return msgspec.structs.replace(sealed, headers=headers)


def _another(signature: str) -> str:
    """Return a signature that ends otherwise."""
    return signature[:-1] + ("0" if signature[-1:] != "0" else "1")
