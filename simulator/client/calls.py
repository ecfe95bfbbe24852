"""What was said to the vendors of a sandbox, read from its journal."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from simulator import vendors
from simulator.client.errors import UnknownOperation, unknown
from simulator.client.results import Call, Calls, read_as
from simulator.client.verbs import Part, Talk

MOST = 1000
"""As many entries as the control API shows at once."""


_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*")


class Said(msgspec.Struct, frozen=True):
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: str


class Replied(msgspec.Struct, frozen=True):
    """A reply as it left."""

    status: int
    body: str


class JournalEntry(msgspec.Struct, frozen=True):
    """An ``exchange`` between a client and a vendor, or a ``note`` of the simulator's; a note has no request.

    ``marks`` say what was special: a leniency, a fault, a move of the clock, a contract that was broken.
    """

    kind: str
    number: int
    at_ms: int
    vendor: str | None
    job_ids: list[str]
    marks: list[str]
    operation: str | None = None
    account: str | None = None
    request: Said | None = None
    reply: Replied | None = None


def read_journal(
    part: Part,
    *,
    vendor: str | None = None,
    operation: str | None = None,
    method: str | None = None,
    path: str | None = None,
    status: int | None = None,
    since: int | None = None,
    limit: int = MOST,
) -> Talk[list[JournalEntry]]:
    """Return the newest entries that fit, the oldest of them first.

    Raises:
        UnknownOperation: no vendor that is asked about has that operation.
    """
    query = _query(vendor, operation, method, path, status, since)
    return read_as((yield from part._say("GET", "/journal", **query, limit=limit))["entries"], list[JournalEntry])


def read_calls(part: Part, **wanted: Any) -> Talk[Calls]:
    """Return the calls that fit, as ``read_journal`` does, and how many there are in all."""
    entries = yield from read_journal(part, **wanted)
    calls = [_call(entry, entry.request) for entry in entries if entry.request]
    if len(entries) < MOST:
        return Calls(calls)
    everything = yield from part._say("GET", "/journal/count", **_query(**wanted))
    return Calls(calls, everything["count"])


@cache
def operations_of(vendor: str) -> tuple[str, ...]:
    """Return the operationIds of a vendor that is known here; none for any other."""
    return tuple(operation.id for operation in vendors.load(vendor).operations) if vendor in vendors.NAMES else ()


def check_operation(vendor: str | None, operation: str | None) -> None:
    """Refuse a misspelt operation.

    Raises:
        UnknownOperation: with the nearest right name.
    """
    names = (vendor,) if vendor else vendors.NAMES
    legal = [id for name in names for id in operations_of(name)]
    if operation is not None and legal and operation not in legal:
        raise unknown(UnknownOperation, f"operation of {vendor}'s" if vendor else "operation", operation, legal)


def _query(
    vendor: str | None = None,
    operation: str | None = None,
    method: str | None = None,
    path: str | None = None,
    status: int | None = None,
    since: int | None = None,
) -> dict[str, Any]:
    check_operation(vendor, operation)
    verb = method.upper() if method else None
    return {"vendor": vendor, "operation": operation, "method": verb, "path": path, "status": status, "since": since}


def _call(entry: JournalEntry, said: Said) -> Call:
    path, _, query = said.target.partition("?")
    return Call(
        number=entry.number,
        at_ms=entry.at_ms,
        vendor=entry.vendor or "",
        operation=entry.operation,
        account=entry.account,
        method=said.method,
        target=said.target,
        path=_own_path(unquote(path), entry.vendor or ""),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=said.headers,
        body=said.body,
        status=entry.reply.status if entry.reply else None,
        reply_body=entry.reply.body if entry.reply else "",
        job_ids=entry.job_ids,
        marks=entry.marks,
    )


def _own_path(path: str, vendor: str) -> str:
    """Return a path as the vendor knows it, without sandbox and vendor in front, nor the host that a proxy is told."""
    if path[:1] != "/":
        path = _ORIGIN.sub("", path) or "/"
    if path.startswith("/~"):
        path = "/" + path[2:].partition("/")[2]
    return path.removeprefix(f"/{vendor}") if path.startswith(f"/{vendor}/") else path
