"""How AKOOL calls back: when, in which words, and how they are encrypted and signed."""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha1
from hmac import compare_digest
from typing import Any

import msgspec

from simulator.jobs.errors import SimulatorError
from simulator.jobs.snapshot import Snapshot
from simulator.vendors.akool.outputs import HOST
from simulator.vendors.akool.switches import chosen
from simulator.vendors.vendor import Call, Opened, Sealed, Stamp, Webhook

GAPS_MS = (5_000, 30_000, 120_000)
"""Fact akool.webhook.retries."""

BLOCK_BYTES = 16
KEY_BYTES = (16, 24, 32)  # for AES-128, AES-192 and AES-256: fact akool.webhook.key-length

_HTTP_URL = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_ENDS = frozenset({"completed", "failed"})


class _Envelope(msgspec.Struct):
    """What goes over the wire: fact akool.webhook.envelope."""

    signature: str
    data: str = msgspec.field(name="dataEncrypt")
    timestamp: int
    nonce: str


def webhook_url(fields: Mapping[str, Any], details: Mapping[str, str] = {}) -> str:
    """Return where to; a text that is no http URL is nowhere (fact akool.request.webhook-url)."""
    said = fields.get("webhookUrl", "")
    return said if _HTTP_URL.fullmatch(said) else ""


def refuse_unfit_secret(client_secret: str) -> None:
    """Refuse an API key that no webhook can be encrypted with (fact akool.webhook.unfit-keys).

    Raises:
        SimulatorError: it has another length than AES takes.
    """
    length = len(client_secret.encode())
    if length not in KEY_BYTES:
        raise SimulatorError(
            f"AKOOL encrypts webhooks by AES with the API key, so that it must have 16, 24 or 32 bytes; this one has "
            f"{length}. Call with such a key, or without a webhookUrl.",
            key_bytes=length,
        )


def _refuse_unfit_client_id(client_id: str) -> None:
    if len(client_id) < BLOCK_BYTES or not client_id.isascii():
        raise SimulatorError(
            f"the clientId of an AKOOL account that is to have webhooks must be at least {BLOCK_BYTES} ASCII characters, "
            f"for receivers fill up a shorter one each in its own way; this account's is {client_id!r}. "
            "Set another one in the account's details.",
            client_id=client_id,
        )


def envelope(plain: bytes, client_id: str, client_secret: str, timestamp_ms: int, nonce: str) -> dict[str, str | int]:
    """Encrypt and sign JSON.

    Facts akool.webhook.envelope, akool.webhook.encryption, akool.webhook.key-length, akool.webhook.signature.

    Raises:
        SimulatorError: clientId or clientSecret cannot be used.
    """
    encrypted = b64encode(_encrypt(plain, client_id, client_secret)).decode()
    return {
        "signature": _signature(client_id, timestamp_ms, nonce, encrypted),
        "dataEncrypt": encrypted,
        "timestamp": timestamp_ms,
        "nonce": nonce,
    }


def seal(plain: bytes, keys: Mapping[str, str], stamp: Stamp) -> Sealed:
    """Put JSON into an envelope of this attempt's own timestamp and nonce (fact akool.webhook.nonce)."""
    nonce = str(stamp.draws.whole(1000, 9999, "nonce"))
    said = envelope(plain, keys.get("clientId", ""), keys.get("clientSecret", ""), stamp.at_ms, nonce)
    return Sealed(msgspec.json.encode(said))


def open_sealed(body: bytes, headers: Mapping[str, str], keys: Mapping[str, str]) -> Opened:
    """Verify and decrypt; what can be decrypted is told although its signature is wrong."""
    try:
        said = msgspec.json.decode(body, type=_Envelope)
    except msgspec.ValidationError as error:
        return Opened(None, problem=f"the body is not the envelope of a webhook: {error}")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Opened(None, problem="the body is no JSON")
    client_id = keys.get("clientId", "")
    plain, problem = _read(said.data, client_id, keys.get("clientSecret", ""))
    signature = _signature(client_id, said.timestamp, said.nonce, said.data)
    if not compare_digest(signature.encode(), said.signature.encode()):
        problem = "the signature is not that of clientId, timestamp, nonce and dataEncrypt"
    return Opened(plain, is_signed=True, problem=problem)


def _read(encrypted: str, client_id: str, client_secret: str) -> tuple[Any, str]:
    """Return what was encrypted, and what is wrong with it."""
    try:
        plain = _decrypt(b64decode(encrypted, validate=True), client_id, client_secret)
    except SimulatorError as error:
        return None, error.message
    except ValueError:
        return None, "dataEncrypt cannot be decrypted with this clientId and clientSecret"
    try:
        return msgspec.json.decode(plain), ""
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None, "what dataEncrypt holds is no JSON"


def _signature(client_id: str, timestamp_ms: int, nonce: str, encrypted: str) -> str:
    """Return the vendor's signature, into which no secret enters (fact akool.webhook.signature)."""
    parts = sorted((client_id, str(timestamp_ms), nonce, encrypted))
    return sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()


def _encrypt(plain: bytes, client_id: str, client_secret: str) -> bytes:
    from cryptography.hazmat.primitives.padding import PKCS7  # here, for only jobs with a webhook need it: 20 ms

    padder, encryptor = PKCS7(8 * BLOCK_BYTES).padder(), _cipher(client_id, client_secret).encryptor()
    padded = padder.update(plain) + padder.finalize()
    return bytes(encryptor.update(padded) + encryptor.finalize())


def _decrypt(encrypted: bytes, client_id: str, client_secret: str) -> bytes:
    """Undo ``_encrypt``.

    Raises:
        SimulatorError: clientId or clientSecret cannot be used.
        ValueError: this was not encrypted with them.
    """
    from cryptography.hazmat.primitives.padding import PKCS7  # here, as above

    unpadder, decryptor = PKCS7(8 * BLOCK_BYTES).unpadder(), _cipher(client_id, client_secret).decryptor()
    padded = decryptor.update(encrypted) + decryptor.finalize()
    return bytes(unpadder.update(padded) + unpadder.finalize())


def _cipher(client_id: str, client_secret: str) -> Any:
    """Return AES in CBC: the key is the secret as it is, the first vector how clientId begins."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # here, as above

    _refuse_unfit_client_id(client_id)
    refuse_unfit_secret(client_secret)
    first = client_id.encode()[:BLOCK_BYTES]
    return Cipher(algorithms.AES(client_secret.encode()), modes.CBC(first))


def _show(type: str, shot: Snapshot, call: Call) -> dict[str, Any]:
    """Facts akool.webhook.plaintext, akool.webhook.types, akool.webhook.head-swap-type, akool.webhook.empty-url."""
    [output] = shot.outputs
    url = call.files_at(output.path, HOST) if shot.succeeded else ""
    return {"_id": shot.job.id, "status": shot.wire, "type": type, "url": url}


def _tells_progress(shot: Snapshot) -> bool:
    """Facts akool.webhook.states, akool.webhook.progress."""
    return shot.word == "processing" and chosen("webhook_progress", shot.plan.switches) == "on"


HEAD_SWAP_WEBHOOK = Webhook(
    name="jobChanged",
    url=webhook_url,
    tells=lambda shot: shot.word in _ENDS,  # fact akool.webhook.trigger
    show=lambda shot, call: _show("headswap", shot, call),
    ids_at=("_id",),
    keys=lambda key, details, fields: {"clientId": details.get("clientId", ""), "clientSecret": key},
    key_names=("clientId", "clientSecret"),
    seal=seal,
    open=open_sealed,
    accepts=lambda status: status == 200,  # fact akool.webhook.accepted
    gaps_ms=lambda switches: GAPS_MS[: int(chosen("webhook_retries", switches))],
    timeout_ms=10_000,  # fact akool.webhook.timeout
    signature_at="body:signature",
    has_timestamp=True,
)
FACE_SWAP_WEBHOOK = msgspec.structs.replace(
    HEAD_SWAP_WEBHOOK,
    tells=lambda shot: shot.word in _ENDS or _tells_progress(shot),
    show=lambda shot, call: _show("faceswap", shot, call),
)
