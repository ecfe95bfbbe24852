"""Handlers for accounts and what they keep."""

from typing import Any

from simulator.jobs.errors import NotFound
from simulator.sandbox.accounts import AccountChange, RateLimit
from simulator.server.control.calls import ControlCall, Unprocessable
from simulator.server.control.clock import read_length_ms
from simulator.server.control.shown import show_account, show_record
from simulator.vendors.vendor import Reply

DEFAULT_LIMIT = 100


def list_accounts(call: ControlCall) -> Reply:
    """List the accounts that exist."""
    vendor = call.asked_vendor()
    shown = [
        show_account(name, account, by_key=False)
        for name, account in call.sandbox.accounts()
        if vendor is None or name == vendor.name
    ]
    return Reply({"accounts": shown})


def get_account(call: ControlCall) -> Reply:
    """Show one account."""
    vendor, key = call.services.vendor(call.path["vendor"], NotFound), call.path["key"]
    account = call.sandbox.account(vendor.name, key)
    if account is None:
        raise NotFound(f"{vendor.name} has no account {key!r}: no call of that key has changed anything yet")
    return Reply(show_account(vendor.name, account, by_key=True))


def set_account(call: ControlCall) -> Reply:
    """Set up an account, whether it exists or not."""
    vendor, key = call.services.vendor(call.path["vendor"], NotFound), call.path["key"]
    change = _change(call.body)
    is_new = call.sandbox.account(vendor.name, key) is None
    account = call.sandbox.set_account(vendor, key, change)
    return Reply(show_account(vendor.name, account, by_key=True), 201 if is_new else 200)


def _change(said: dict[str, Any]) -> AccountChange:
    limit = said.get("rate_limit")
    per_ms = read_length_ms(limit["per"]) if limit else 0
    if limit and not per_ms:
        raise Unprocessable("a rate limit needs a length of time above 0", code="bad_length")
    return AccountChange(
        said.get("state"),
        said.get("credits"),
        said.get("plan"),
        RateLimit(limit["calls"], per_ms) if limit else None,
        "rate_limit" in said,
        said.get("slots", {}),
        said.get("details", {}),
    )


def list_records(call: ControlCall) -> Reply:
    """List the records that fit."""
    vendor, query = call.asked_vendor(), call.query
    shown = [
        show_record(call.services.vendor(name), key, record)
        for name, key, record in call.sandbox.records()
        if (vendor is None or name == vendor.name)
        and query.get("type", record.type) == record.type
        and query.get("account", key) == key
    ]
    return Reply({"records": shown[: query.get("limit", DEFAULT_LIMIT)]})
