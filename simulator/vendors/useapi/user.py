"""The vendor's own account behind a token: its name, its default ``replyUrl``, and what is counted there."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.jobs.commands import GetAccount, SetDetails
from simulator.jobs.errors import BadCall, Finding
from simulator.vendors.useapi.accounts import CHANNEL
from simulator.vendors.useapi.auth import user_number
from simulator.vendors.useapi.discord import vendor_time
from simulator.vendors.useapi.requests import MOST_LETTERS, let_pass, refuse_media_type
from simulator.vendors.vendor import Call, Record, Reply

API = "InsightFaceSwap API"
MOST_CHANNELS = 3  # fact useapi.account.cap
CREATED_MS, VERIFIED_MS = 1_690_254_148_676, 1_690_254_173_252  # 2023-07-25, as in the page's sample
RENEWED_EVERY_MS = 30 * 24 * 3600 * 1000

_CHANGEABLE = ("name", "replyUrl")


def read_get(call: Call, findings: Sequence[Finding]) -> GetAccount:
    """Read a look at the account (fact useapi.user.get)."""
    return GetAccount()


def read_change(call: Call, findings: Sequence[Finding]) -> SetDetails:
    """Read a change of name or default: facts useapi.user.post, useapi.user.too-long, useapi.user.unset.

    Facts useapi.errors.not-a-text, useapi.errors.unreadable-body, useapi.errors.unknown-field.
    """
    refuse_media_type(call, findings)
    if not isinstance(call.body, dict):
        raise BadCall(findings)
    said: Mapping[str, Any] = {name: call.body[name] for name in _CHANGEABLE if name in call.body}
    for name, text in said.items():
        if not isinstance(text, str):
            raise BadCall(findings, f"Param {name} is not a string")
    if len(said.get("replyUrl", "")) > MOST_LETTERS["replyUrl"]:
        raise BadCall(findings, "replyUrl is too long")
    let_pass(call, findings)
    return SetDetails(said)


def show_get(account: Record, call: Call) -> Reply:
    """Word the account: facts useapi.user.get, useapi.user.values, useapi.user.unset."""
    number, channels = user_number(call.account), account.data["records"].get(CHANNEL, 0)
    details: Mapping[str, str] = account.data["details"]
    renewed_ms = CREATED_MS + max(call.now_ms - CREATED_MS, 0) // RENEWED_EVERY_MS * RENEWED_EVERY_MS
    body = {
        "id": int(number),
        "email": f"user{number}@example.com",
        "created": vendor_time(CREATED_MS),
        "name": details.get("name"),
        "subscriptionIsActive": account.data["state"] != "expired",
        "subscriptions": 1,
        "maxAccountsPerAPI": MOST_CHANNELS,
        "accounts": {API: {"total": channels, "active": channels}} if channels else {},
        "verified": vendor_time(VERIFIED_MS),
        "sub": vendor_time(renewed_ms)[2:10].replace("-", ""),
        "replyUrl": details.get("replyUrl"),
    }
    return Reply({name: said for name, said in body.items() if name not in _CHANGEABLE or said})
