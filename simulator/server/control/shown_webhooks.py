"""Webhooks, what goes wrong with them, and what receivers get, in the words of the control API's description."""

from collections.abc import Sequence

import msgspec

from simulator.jobs.deliveries import Faults, shown_url, without_passwords
from simulator.jobs.durations import UNITS_MS, Duration
from simulator.sandbox.delivery import Attempt, Delivery
from simulator.sandbox.journal import hide_headers, read_plainly
from simulator.sandbox.received import Answers, Message
from simulator.sandbox.webhook_orders import FaultOrder
from simulator.server.control.shown import Shown, show_text
from simulator.vendors.vendor import Vendor


def show_delivery(delivery: Delivery) -> Shown:
    """Word a webhook with all its attempts, without what is secret in its URL and its headers."""
    job, webhook = delivery.job, delivery.webhook
    return {
        "number": delivery.number,
        "vendor": job.vendor,
        "job_id": job.id,
        "event": webhook.name,
        "status": delivery.word,
        "url": shown_url(delivery.url),
        "why": delivery.why,
        "faults": list(delivery.faults.names()),
        "state": delivery.state,
        "due_ms": delivery.due_ms,
        "told_at_ms": delivery.told_at_ms,
        "plain": read_plainly(without_passwords(msgspec.json.encode(delivery.said))),
        "attempts": [_attempt(attempt, webhook.secret_headers) for attempt in delivery.attempts],
    }


def _attempt(made: Attempt, secret_headers: Sequence[str]) -> Shown:
    return {
        "at_ms": made.at_ms,
        "request": {
            "headers": hide_headers(made.headers, secret_headers),
            "body": show_text(without_passwords(made.body)),
        },
        "status": made.status or None,
        "answer_headers": hide_headers(made.answer_headers, ()) if made.status else None,
        "answer": show_text(made.answer) if made.status else None,
        "error": made.error or None,
        "took_ms": round(made.took_ms, 3),
    }


def show_fault_order(order: FaultOrder) -> Shown:
    """Word faults that are laid ready; ``times`` is for how many webhooks they still are."""
    about = {name: getattr(order, name) or None for name in ("vendor", "operation", "job_id")}
    return {"number": order.number, **about, "times": order.times, "faults": _faults(order.faults)}


def _faults(faults: Faults) -> Shown:
    """Word faults as a scenario does; those that are not there are left out."""
    said: Shown = msgspec.to_builtins(faults)
    if faults.chance >= 1:
        said.pop("chance", None)
    if faults.states:
        said["states"] = list(faults.states)
    if faults.late:
        said["late"] = _length(faults.late)
    if said.pop("stale_timestamp_ms", 0):
        said["stale_timestamp"] = _told(faults.stale_timestamp_ms)
    return said


def _length(said: Duration) -> str | Shown:
    if said.median_ms:
        return {"median": _told(said.median_ms), "p95": _told(said.p95_ms)}
    return _told(said.low_ms) if said.low_ms == said.high_ms else f"{_told(said.low_ms)}..{_told(said.high_ms)}"


def _told(ms: int) -> str:
    """Return a length as people write it: ``2m``, ``90s``, ``1500ms``."""
    unit = next((unit for unit in reversed(UNITS_MS) if ms and ms % UNITS_MS[unit] == 0), "ms")
    return f"{ms // UNITS_MS[unit]}{unit}"


def show_receiver(vendor_name: str, name: str, answers: Answers) -> Shown:
    """Word how a receiver answers."""
    how = {"answers": list(answers.statuses), "delay": f"{answers.delay_ms}ms", "body": answers.body}
    return {"vendor": vendor_name, "name": name, **how}


def show_received(vendor: Vendor, message: Message) -> Shown:
    """Word a message that came to a receiver, without what is secret in its headers."""
    secret = [name for kind in vendor.kinds if kind.webhook for name in kind.webhook.secret_headers]
    return {
        "number": message.number,
        "at_ms": message.at_ms,
        "vendor": message.vendor,
        "name": message.name,
        "headers": hide_headers(message.headers, secret),
        "body": show_text(message.body),
        "size_bytes": message.size_bytes,
        "answered": message.status,
        "opened": {
            "plain": msgspec.json.decode(message.plain),
            "is_signed": message.is_signed,
            "problem": message.problem or None,
        },
        "job_id": message.job_id or None,
        "is_known": message.is_known,
    }
