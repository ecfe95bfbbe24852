"""How A2E calls back once a task has ended."""

import hmac
from collections.abc import Mapping
from typing import Any

from simulator.jobs.snapshot import Snapshot
from simulator.vendors.a2e.words import row
from simulator.vendors.vendor import Call, Opened, Sealed, Stamp, Webhook, header_of, open_plainly

HEADER = "X-A2e-Webhook-Token"
FIELD = "webhook_token"


def show_ended(shot: Snapshot, call: Call) -> dict[str, Any]:
    """Word the end of a task: facts a2e.webhook.when, a2e.webhook.body."""
    return {"event": f"task.{shot.word}", "task_id": shot.job.id, "data": row(shot, call)}


def keys(key: str, details: Mapping[str, str], fields: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the token that the client gave with the task; an empty one is none (fact a2e.webhook.no-token)."""
    return {FIELD: token} if (token := fields.get(FIELD)) else {}


def seal(plain: bytes, keys: Mapping[str, str], stamp: Stamp) -> Sealed:
    """Add the client's token, if there is one (facts a2e.webhook.token, a2e.webhook.no-token)."""
    token = keys.get(FIELD, "")
    return Sealed(plain, (*Sealed(plain).headers, *(((HEADER, token),) if token else ())))


def open_with_token(body: bytes, headers: Mapping[str, str], keys: Mapping[str, str]) -> Opened:
    """Compare the token, in constant time, and read the body."""
    read, expected = open_plainly(body, headers, keys), keys.get(FIELD, "")
    given = header_of(headers, HEADER)
    return Opened(read.plain, is_signed=given is not None, problem=_problem(given, expected) or read.problem)


def _problem(given: str | None, expected: str) -> str:
    if given is None:
        return f"the header {HEADER} is missing" if expected else ""
    if not expected:
        return f"the header {HEADER} is there, and no {FIELD} was given"
    if not hmac.compare_digest(given.encode(), expected.encode()):
        return f"the header {HEADER} is not the {FIELD} that was given"
    return ""


TASK_ENDED = Webhook(
    "faceSwapTaskEnded",
    url=lambda fields, details: str(fields.get("webhook_url", "")),
    tells=lambda shot: shot.is_final,
    show=show_ended,
    ids_at=("task_id",),
    keys=keys,
    key_names=(FIELD,),
    seal=seal,
    open=open_with_token,
    signature_at=HEADER,
    secret_headers=(HEADER,),
)
"""It is tried once, and a receiver has the usual time: facts a2e.webhook.attempts, a2e.webhook.accepted."""
