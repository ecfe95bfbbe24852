"""Handlers for webhooks: what was sent and what came of it, sent again, sent by hand, or waited for."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from simulator.jobs.errors import Conflict, NotFound
from simulator.jobs.job import FORCED, Event
from simulator.jobs.snapshot import Snapshot
from simulator.jobs.timeline import unfold
from simulator.sandbox.delivery import DELIVERED, Delivery
from simulator.sandbox.life import Life, kind_key
from simulator.server.control.calls import ControlCall, Unprocessable
from simulator.server.control.clock import read_length_ms
from simulator.server.control.journal import matches
from simulator.server.control.shown_webhooks import show_delivery
from simulator.vendors.vendor import Reply

DEFAULT_LIMIT = 100
USUAL_WAIT_MS = 5_000
LONGEST_WAIT_MS = 60_000
OVER = "over"


def list_webhooks(call: ControlCall) -> Reply:
    """Return the newest webhooks that fit, the oldest of them first."""
    call.asked_vendor()
    call.sandbox.settle()
    outbox, query = call.sandbox.life.outbox, call.query
    found = list(filter(_fits(query, query.get("since", 0)), outbox))
    shown = found[-query.get("limit", DEFAULT_LIMIT) :]
    return Reply({"last": outbox.count, "webhooks": [show_delivery(delivery) for delivery in shown]})


def get_webhook(call: ControlCall) -> Reply:
    """Show one webhook."""
    call.sandbox.settle()
    return Reply(show_delivery(call.sandbox.life.outbox.get(int(call.path["number"]))))


async def resend_webhook(call: ControlCall) -> Reply:
    """Send a webhook once more, as it was."""
    sandbox = call.sandbox
    with sandbox.lock:
        life = sandbox.life
        delivery = life.outbox.resend(int(call.path["number"]), sandbox.settle())
    return await _sent(call, life, delivery)


async def fire_webhook(call: ControlCall) -> Reply:
    """Tell a state of a job by hand: the present one, or one that it has been in or is bound to enter."""
    sandbox = call.sandbox
    with sandbox.lock:
        life, now_ms = sandbox.life, sandbox.settle()
        shot = _asked_shot(call)
        kind, links = life.kinds[kind_key(shot.job)], (("", f"{call.base_of(shot.job.vendor)}/"),)
        delivery = life.outbox.fire(shot, kind, call.body.get("url", ""), now_ms, links)
    return await _sent(call, life, delivery)


def _asked_shot(call: ControlCall) -> Snapshot:
    """Return a job as it is, as it was or will be, or as if it had come to another end.

    Raises:
        Unprocessable: there is no such job or state, or the vendor never tells that state.
    """
    job_id, word = call.body["job_id"], call.body.get("status")
    try:
        shot = call.sandbox.job(job_id)
    except NotFound as error:
        raise Unprocessable(error.message, code="unknown_job") from error
    webhook = call.sandbox.life.kinds[kind_key(shot.job)].webhook
    if webhook is None:
        return shot
    legal = [known for known in shot.plan.script.at if (seen := _in_state(shot, known)) and webhook.tells(seen)]
    found = shot if word in (None, shot.word) else _in_state(shot, word)
    if found is None:
        raise Unprocessable(f"{job_id} is never {word!r}", code="unknown_state", legal=legal)
    if not webhook.tells(found):
        message = f"{shot.job.vendor} never tells that a job is {found.word!r}; say which `status` to tell"
        raise Unprocessable(message, code="untold_state", legal=legal)
    return found


def _in_state(shot: Snapshot, word: str) -> Snapshot | None:
    """Return a job in a state: when it was in it or is bound to be, else as if it were forced there before its end."""
    job = shot.job
    for position, entry in reversed(list(enumerate(job.entries))):
        if entry.word == word:
            return Snapshot(job, entry.seen_at_ms, position)
    at_ms = max(job.created_at_ms, min(shot.now_ms, job.entries[-1].at_ms - 1))
    earlier = tuple(event for event in job.events if event.at_ms < at_ms)
    entries = unfold(job.plan, job.created_at_ms, (*earlier, Event(FORCED, at_ms, word)))
    forced = msgspec.structs.replace(job, entries=entries)
    found = (Snapshot(forced, entry.seen_at_ms, at) for at, entry in enumerate(entries) if entry.word == word)
    return next(found, None)


async def _sent(call: ControlCall, life: Life, delivery: Delivery) -> Reply:
    """Show a webhook that is ready, once an attempt has been made unless nobody waits for that.

    Raises:
        Conflict: the sandbox was reset meanwhile.
    """
    sandbox = call.sandbox
    if (call.body or {}).get("wait", True):
        await call.services.deliveries.finish(sandbox, delivery)
    with sandbox.lock:
        if life.is_over:
            raise Conflict("the sandbox was reset meanwhile")
        return Reply(show_delivery(delivery), 201)


async def wait_for_webhooks(call: ControlCall) -> Reply:
    """Wait until so many webhooks that fit are there, and return the first of them."""
    said: Mapping[str, Any] = call.body or {}
    if "vendor" in said:
        call.services.vendor(said["vendor"])
    timeout_ms = read_length_ms(said.get("timeout", USUAL_WAIT_MS))
    if timeout_ms > LONGEST_WAIT_MS:
        raise Unprocessable(f"this is real time: wait for {LONGEST_WAIT_MS // 1000}s at most", code="bad_length")
    fits = _fits({"state": DELIVERED, **said}, said.get("after", 0))
    sandbox = call.sandbox
    found = await call.services.deliveries.wait(sandbox, fits, said.get("count", 1), timeout_ms / 1000)
    with sandbox.lock:
        return Reply({"webhooks": [show_delivery(delivery) for delivery in found]})


def _fits(wanted: Mapping[str, Any], since: int) -> Callable[[Delivery], bool]:
    """Return whether a webhook meets every condition, and has a number above ``since``."""

    def fits(delivery: Delivery) -> bool:
        job, state = delivery.job, delivery.state
        return (
            delivery.number > since
            and wanted.get("vendor", job.vendor) == job.vendor
            and wanted.get("job_id", job.id) == job.id
            and wanted.get("status", delivery.word) == delivery.word
            and (wanted.get("state", state) == state or (wanted["state"] == OVER and delivery.is_over))
            and matches(wanted.get("url", "*"), delivery.url)
        )

    return fits
