"""Webhooks, what goes wrong with them, and what receivers get, in the words of the control API's description."""

from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import msgspec

from simulator.jobs.deliveries import Faults
from simulator.jobs.durations import Duration
from simulator.sandbox.journal import hide_headers
from simulator.sandbox.outbox import Attempt, Delivery, FaultOrder
from simulator.sandbox.received import Answers, Message
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
        "url": _without_password(delivery.url),
        "why": delivery.why,
        "faults": list(delivery.faults.names()),
        "state": delivery.state,
        "due_ms": delivery.due_ms,
        "told_at_ms": delivery.told_at_ms,
        "attempts": [_attempt(attempt, webhook.secret_headers) for attempt in delivery.attempts],
    }


def _without_password(url: str) -> str:
    """Return a URL without its password, or its user where that may be a secret by itself."""
    start, slashes, rest = url.partition("//")
    end = len(rest)
    with suppress(ValueError):
        if urlsplit(url).port or urlsplit(url).hostname:
            end = len(rest.partition("/")[0].partition("?")[0].partition("#")[0])  # else: a password may hold a slash
    credentials, at, host = rest[:end].rpartition("@")
    user, colon, _ = credentials.partition(":")
    return f"{start}{slashes}{user + colon if colon else ''}…@{host}{rest[end:]}" if at else url


def _attempt(made: Attempt, secret_headers: Sequence[str]) -> Shown:
    return {
        "at_ms": made.at_ms,
        "request": {"headers": hide_headers(made.headers, secret_headers), "body": show_text(made.body)},
        "status": made.status or None,
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
        said["stale_timestamp"] = f"{faults.stale_timestamp_ms}ms"
    return said


def _length(said: Duration) -> str | Shown:
    if said.median_ms:
        return {"median": f"{said.median_ms}ms", "p95": f"{said.p95_ms}ms"}
    return f"{said.low_ms}ms" if said.low_ms == said.high_ms else f"{said.low_ms}ms..{said.high_ms}ms"


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
