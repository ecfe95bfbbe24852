"""Handlers for the built-in receiver of webhooks: what came, and how it answers."""

import asyncio

from simulator.jobs.errors import NotFound
from simulator.sandbox.received import Answers, understand
from simulator.server.control.calls import ControlCall, Unprocessable
from simulator.server.control.clock import read_length_ms
from simulator.server.control.shown_webhooks import show_received, show_receiver
from simulator.server.paths import clean
from simulator.vendors.vendor import Reply

DEFAULT_LIMIT = 100
LONGEST_DELAY_MS = 60_000
_WITHOUT_BODY = (204, 205, 304)


async def receive(call: ControlCall) -> Reply:
    """Keep what came, read it with the sandbox's keys, and answer as the receiver is to."""
    vendor, sandbox = call.services.vendor(call.path["vendor"], NotFound), call.sandbox
    headers = tuple((str(name), clean(said)) for name, said in call.headers.items())
    with sandbox.lock:
        life, now_ms = sandbox.life, sandbox.clock.now_ms()
        said = understand(vendor, call.raw, dict(headers), life.accounts, life.store)
        status, answers = life.received.receive(now_ms, vendor.name, call.path["name"], headers, call.raw, said)
    if answers.delay_ms:
        await asyncio.sleep(answers.delay_ms / 1000)
    return Reply(None if status in _WITHOUT_BODY else answers.body, status)


def set_receiver(call: ControlCall) -> Reply:
    """Say how a receiver answers from now on."""
    vendor, name, said = call.services.vendor(call.path["vendor"], NotFound), call.path["name"], call.body
    delay_ms = read_length_ms(said.get("delay", 0))
    if delay_ms > LONGEST_DELAY_MS:
        raise Unprocessable(f"this is real time: {LONGEST_DELAY_MS // 1000}s at most", code="bad_length")
    answers = Answers(tuple(said["answers"]), delay_ms, said.get("body", Answers().body))
    call.sandbox.life.received.set_answers(vendor.name, name, answers)
    return Reply(show_receiver(vendor.name, name, answers))


def list_received(call: ControlCall) -> Reply:
    """Return the newest messages that fit, the oldest of them first."""
    vendor, query, received = call.asked_vendor(), call.query, call.sandbox.life.received
    found = [
        message
        for message in received
        if message.number > query.get("since", 0)
        and (vendor is None or message.vendor == vendor.name)
        and query.get("name", message.name) == message.name
    ]
    shown = found[-query.get("limit", DEFAULT_LIMIT) :]
    messages = [show_received(call.services.vendor(message.vendor), message) for message in shown]
    return Reply({"last": received.count, "messages": messages})


def clear_received(call: ControlCall) -> Reply:
    """Forget what came."""
    call.sandbox.life.received.clear()
    return Reply(None, 204)
