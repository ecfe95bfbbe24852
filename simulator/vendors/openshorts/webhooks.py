"""How OpenShorts calls back: one POST at a job's end, signed where the submit brought a secret."""

import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.jobs.snapshot import Snapshot
from simulator.vendors.openshorts.logs import log
from simulator.vendors.openshorts.switches import DOCS, profile
from simulator.vendors.openshorts.words import clip_words, cuts_of
from simulator.vendors.vendor import Call, Opened, Sealed, Stamp, Webhook, header_of, open_plainly

SIGNATURE = "X-OpenShorts-Signature"
AGENT = "OpenShorts-Webhook/1.0"

_TELLING = (
    *("❌", "ERROR:", "Error:", "Traceback", "FATAL", "Exception"),
    *("Process failed with exit code", "No metadata file generated", "Execution error:"),
)
_MOST_TELLING_LINES, _MOST_OTHER_LINES, _MOST_LETTERS = 6, 10, 500


def tells(shot: Snapshot) -> bool:
    """Return whether a state is told: an end, unless a server is played that knows no webhooks.

    Facts openshorts.webhook.delivery, openshorts.webhook.docs.
    """
    return shot.is_final and profile(shot.plan.switches) != DOCS


def show_ended(shot: Snapshot, call: Call) -> dict[str, Any]:
    """Word a job's end (facts openshorts.webhook.body, openshorts.webhook.clips, openshorts.webhook.error)."""
    found = cuts_of(shot)
    words: dict[str, Any] = {
        "event": "job.completed" if shot.succeeded else "job.failed",
        "job_id": shot.job.id,
        "status": shot.wire,
        "clips": [],
    }
    if not shot.succeeded:
        return {**words, "error": error_text(log(shot, found))}
    for at, (output, cut) in enumerate(zip(shot.outputs, found, strict=True)):
        clip = clip_words(shot, cut, at)
        title = clip.get("title") or clip["video_title_for_youtube_short"]
        words["clips"].append({"index": at, "title": title, "video_url": call.files_at(output.path, "")})
    return words


def error_text(lines: Sequence[str]) -> str:
    """Return the end of those lines of a log that tell of an error, or of all where none does (fact openshorts.webhook.error)."""
    telling = [line for line in lines if any(mark in line for mark in _TELLING)]
    return " ".join(telling[-_MOST_TELLING_LINES:] or lines[-_MOST_OTHER_LINES:])[-_MOST_LETTERS:]


def signature(body: bytes, secret: str) -> str:
    """Return what a body is signed with (fact openshorts.webhook.signature)."""
    return f"sha256={hmac.new(secret.encode(), body, 'sha256').hexdigest()}"


def seal(plain: bytes, keys: Mapping[str, str], stamp: Stamp) -> Sealed:
    """Write JSON as Python's own writer does, and sign it (facts openshorts.webhook.json, openshorts.webhook.headers)."""
    body = json.dumps(json.loads(plain)).encode()
    secret = keys.get("webhook_secret")
    signed = ((SIGNATURE, signature(body, secret)),) if secret else ()
    return Sealed(body, (("Content-Type", "application/json"), ("User-Agent", AGENT), *signed))


def open_sealed(body: bytes, headers: Mapping[str, str], keys: Mapping[str, str]) -> Opened:
    """Verify the signature over the bytes as they came, then read them."""
    secret = keys.get("webhook_secret")
    given = header_of(headers, SIGNATURE) or ""
    opened = open_plainly(body, headers, keys)
    problem = opened.problem
    if secret and not given:
        problem = f"{SIGNATURE} is missing, though the submit brought a webhook_secret"
    elif secret and not hmac.compare_digest(given.encode("utf-8", "replace"), signature(body, secret).encode()):
        problem = f"{SIGNATURE} is not that of this body and this webhook_secret"
    elif given and not secret:
        problem = f"{SIGNATURE} is there, though the submit brought no webhook_secret"
    return Opened(opened.plain, is_signed=bool(given), problem=problem)


JOB_ENDED = Webhook(
    "jobEnded",
    url=lambda fields, details: fields.get("webhook_url", ""),
    tells=tells,
    show=show_ended,
    ids_at=("job_id",),
    keys=lambda key, details, fields: {name: fields[name] for name in ("webhook_secret",) if name in fields},
    key_names=("webhook_secret",),
    seal=seal,
    open=open_sealed,
    accepts=lambda status: status < 300,
    gaps_ms=lambda switches: (10_000, 60_000),
    timeout_ms=10_000,
    signature_at=SIGNATURE,
)
"""Facts openshorts.webhook.delivery, openshorts.webhook.redirect."""
