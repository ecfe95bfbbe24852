"""Handlers for the clock."""

import re

from simulator.jobs.durations import read_ms
from simulator.sandbox.clock import read_instant
from simulator.server.control.calls import ControlCall, Unprocessable
from simulator.server.control.shown import show_clock, show_instant
from simulator.server.control.shown_webhooks import show_delivery
from simulator.vendors.vendor import Reply

MOST_LISTED = 1000  # webhooks in one reply
_PART = re.compile(r"[0-9.]+[a-z]+")


def get_clock(call: ControlCall) -> Reply:
    """Read the clock."""
    return Reply(show_clock(call.sandbox.clock))


def set_clock(call: ControlCall) -> Reply:
    """Change how the clock runs."""
    call.sandbox.set_clock(**call.body)
    return Reply(show_clock(call.sandbox.clock))


async def advance_clock(call: ControlCall) -> Reply:
    """Move the clock forward, by so much or to an instant; the target is fixed at once."""
    before_ms = call.sandbox.clock.now_ms()
    if "by" in call.body:
        return await _walk(call, before_ms, before_ms + read_length_ms(call.body["by"]))
    to_ms = read_instant(call.body["to"])
    if to_ms < before_ms:
        raise Unprocessable(f"the clock cannot go back to {call.body['to']}", code="past_instant")
    return await _walk(call, before_ms, to_ms)


async def _walk(call: ControlCall, before_ms: int, to_ms: int) -> Reply:
    """Move to an instant, webhook by webhook unless nobody waits for them; a running clock may have passed it meanwhile."""
    sandbox, sent = call.sandbox, []
    if call.body and call.body.get("wait") is False:
        sandbox.catch_up_to(to_ms)
    else:
        sent = await call.services.deliveries.advance(sandbox, to_ms)
    with sandbox.lock:
        shown = [show_delivery(delivery) for delivery in sent[:MOST_LISTED]]
        about = {"moved_ms": to_ms - before_ms, "webhooks": shown, "webhooks_total": len(sent)}
        return Reply({**show_instant(sandbox.clock.now_ms()), **about})


async def skip_to_next_event(call: ControlCall) -> Reply:
    """Move the clock to the next instant at which anything happens; where nothing is due it stays."""
    before_ms = call.sandbox.clock.now_ms()
    at_ms = call.sandbox.next_change_ms()
    if at_ms is None:
        return Reply({**show_instant(before_ms), "moved_ms": 0, "webhooks": [], "webhooks_total": 0})
    return await _walk(call, before_ms, at_ms)


def read_length_ms(said: float | str) -> int:
    """Return a length of time, such as ``1h30m``, in milliseconds; a number is whole, but may be written as ``5.0``.

    Raises:
        Unprocessable: it is longer than a hundred years.
    """
    try:
        return sum(map(read_ms, _PART.findall(said))) if isinstance(said, str) else read_ms(int(said))
    except ValueError as error:
        raise Unprocessable(str(error), code="bad_length") from error
