"""Configured channels and saved faces: how an account begins, and the four account calls."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.jobs.chance import Draws
from simulator.jobs.commands import DeleteRecord, GetRecord, LacksRecord, PutRecord
from simulator.jobs.errors import BadCall, Finding, WrongMediaType
from simulator.vendors.useapi.discord import masked, message_time, snowflake
from simulator.vendors.useapi.errors import Missing
from simulator.vendors.useapi.switches import chosen
from simulator.vendors.vendor import AccountStart, Call, Record, RecordStart, Reply

CHANNEL, IDNAME = "channel", "idname"
"""The types of record."""

CREDITS = 800  # fact useapi.credits.total

_SNOWFLAKE = re.compile(r"[0-9]{17,20}")
_FIRST_SERVER_MS = 1_609_459_200_000  # 2021-01-01
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def new_account(key: str, draws: Draws, switches: Mapping[str, str]) -> AccountStart:
    """Begin an account that a first headshot works with (fact useapi.account.fresh)."""
    records = [RecordStart(IDNAME, "me", {})]
    if chosen("accounts", switches) == "one":
        server_at_ms = _FIRST_SERVER_MS + draws.whole(0, 10**10, "server since")
        data = {
            "server": snowflake(server_at_ms, draws, "server"),
            "channel": snowflake(server_at_ms + 31_000, draws, "channel"),
            "discord": f"ABC{draws.text(_LETTERS, 64, 'token')}xyz",  # masked, it is that of the documented sample
        }
        records.append(RecordStart(CHANNEL, data["channel"], data, credits=CREDITS))
    return AccountStart(records=tuple(records))


def read_list(call: Call, findings: Sequence[Finding]) -> GetRecord:
    """Read a look at every channel."""
    return GetRecord(CHANNEL)


def read_get(call: Call, findings: Sequence[Finding]) -> GetRecord:
    """Read a look at one channel."""
    return GetRecord(CHANNEL, call.path["channel"])


def read_delete(call: Call, findings: Sequence[Finding]) -> DeleteRecord:
    """Read the removal of a channel (fact useapi.account.delete)."""
    return DeleteRecord(CHANNEL, call.path["channel"])


def read_put(call: Call, findings: Sequence[Finding]) -> PutRecord:
    """Read a configuration: fact useapi.account.put-order tells the order of what is refused.

    Facts useapi.account.put, useapi.account.put-missing, .put-malformed, .put-mismatch, .put-duplicate.
    """
    if any(finding.place == "media type" for finding in findings):
        raise WrongMediaType(call.media_type, ("application/json",))
    said: Mapping[str, Any] = call.body if isinstance(call.body, dict) else {}
    for name in ("discord", "server", "channel"):
        if not isinstance(said.get(name), str) or not said[name]:
            raise Missing(name)
    for name in ("server", "channel"):
        if not _SNOWFLAKE.fullmatch(said[name]):
            raise BadCall(findings, f"Required param channel ({said[name]}) is not valid Discord channel id")
    channel, due = said["channel"], call.path["channel"]
    if channel != due:
        raise BadCall(findings, f"Required param channel ({channel}) not matching to /faceswap/account/{due}")
    needs = tuple(LacksRecord(CHANNEL, name, said[name], id=channel) for name in ("discord", "server"))
    data = {name: said[name] for name in ("server", "channel", "discord")}
    return PutRecord(CHANNEL, channel, data, needs, credits=CREDITS)


def show_list(records: Sequence[Record], call: Call) -> Reply:
    """Word every channel: facts useapi.account.list, useapi.account.list-none, useapi.account.404-empty."""
    if not records:
        return Reply(None, 404)
    return Reply({record.id: _configuration(record, call) for record in records})


def show_get(record: Record, call: Call) -> Reply:
    """Word one channel."""
    return Reply(_configuration(record, call))


def show_done(outcome: object, call: Call) -> Reply:
    """Word that something was done, which takes no word."""
    return Reply(None, 204)


def _configuration(record: Record, call: Call) -> dict[str, Any]:
    """Facts useapi.account.shape, .discord-shown, .credits-unknown, .credits-used."""
    token = record.data["discord"]
    shown = {
        "server": record.data["server"],
        "channel": record.id,
        "discord": token if chosen("account_discord", call.switches) == "shown" else masked(token),
    }
    if record.charged_at_ms is None or record.balance is None or record.granted is None:
        return shown
    credits = {
        "timestamp": message_time(record.charged_at_ms),
        "total": int(record.granted),
        "used": int(record.granted - record.balance),
    }
    return {**shown, "credits": credits}
