"""How DeepSwapAI calls back once a video or a batch has ended."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

from simulator.jobs.snapshot import Snapshot
from simulator.vendors.deepswapai.switches import chosen
from simulator.vendors.deepswapai.words import TYPES, iso_second, show_status
from simulator.vendors.vendor import Call, Opened, Sealed, Stamp, Webhook, header_of, open_plainly

SIGNATURE = "X-DeepSwapAI-Signature"
KEY_NAME = "webhook_secret"
TIMEOUT_MS = 5_000  # fact deepswapai.webhook.five-seconds
GAPS_MS = (5_000, 30_000, 120_000)  # fact deepswapai.webhook.retries

_RESULTS = ("total_images", "completed", "failed", "results", "partial_results")
TOLD = {
    ("video", "completed"): ("output_url", "processing_time", "credits_used"),
    ("video", "failed"): ("error",),
    ("batch", "completed"): (*_RESULTS, "credits_used"),
    ("batch", "failed"): (*_RESULTS, "error"),
}
"""What a webhook repeats of the status by kind and end, where that has it: facts deepswapai.webhook.video-completed,
deepswapai.webhook.failed, deepswapai.webhook.batch, deepswapai.webhook.batch-failed.
"""


def show_ended(shot: Snapshot, call: Call) -> dict[str, Any]:
    """Word the end of a job: facts deepswapai.webhook.events, deepswapai.webhook.timestamp."""
    said, kind = show_status(shot, call).body, shot.job.kind
    return {
        "event": f"{TYPES[kind]}.{shot.word}",
        "job_id": said["job_id"],
        "status": said["status"],
        **{name: said[name] for name in TOLD.get((kind, shot.word), ()) if name in said},
        "timestamp": iso_second(call.now_ms // 1000),
    }


def sign(body: bytes, secret: str) -> str:
    """Return the signature of exactly these bytes: facts deepswapai.webhook.signature, deepswapai.webhook.signed-bytes."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def seal(plain: bytes, keys: Mapping[str, str], stamp: Stamp) -> Sealed:
    """Sign the body; every attempt is the same, and none has an id (fact deepswapai.webhook.no-delivery-id)."""
    return Sealed(plain, (("Content-Type", "application/json"), (SIGNATURE, sign(plain, keys[KEY_NAME]))))


def open_signed(body: bytes, headers: Mapping[str, str], keys: Mapping[str, str]) -> Opened:
    """Verify the signature, in constant time, and read the body."""
    read = open_plainly(body, headers, keys)
    signature = header_of(headers, SIGNATURE)
    problem = _problem(signature, sign(body, keys.get(KEY_NAME, ""))) or read.problem
    return Opened(read.plain, is_signed=signature is not None, problem=problem)


def _problem(signature: str | None, expected: str) -> str:
    if signature is None:
        return f"the header {SIGNATURE} is missing"
    if not re.fullmatch("[0-9a-f]{64}", signature):
        return f"the header {SIGNATURE} is not 64 lower-case hexadecimal digits"
    if not hmac.compare_digest(signature, expected):
        return f"the header {SIGNATURE} is not the HMAC-SHA256 of this body under this {KEY_NAME}"
    return ""


def _gaps_ms(switches: Mapping[str, str]) -> tuple[int, ...]:
    return GAPS_MS[: int(chosen("webhook_retries", switches))]


def _ended(name: str) -> Webhook:
    """Facts deepswapai.webhook.per-request, deepswapai.webhook.when, deepswapai.webhook.secret."""
    return Webhook(
        name,
        url=lambda fields, details: str(fields.get("webhook_url", "")),
        tells=lambda shot: shot.is_final,
        show=show_ended,
        ids_at=("job_id",),
        keys=lambda key, details, fields: {KEY_NAME: details.get(KEY_NAME) or key},
        key_names=(KEY_NAME,),
        seal=seal,
        open=open_signed,
        gaps_ms=_gaps_ms,
        timeout_ms=TIMEOUT_MS,
        signature_at=SIGNATURE,
        has_timestamp=True,
    )


VIDEO_ENDED = _ended("videoSwapEnded")
BATCH_ENDED = _ended("batchSwapEnded")
