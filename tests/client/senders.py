"""Senders of webhooks: each vendor's genuine message, the same one with a spoilt signature, and ways to post them."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import msgspec

from simulator import vendors
from simulator.jobs.chance import Draws
from simulator.vendors.vendor import Sealed, Stamp, Webhook

KEYS: dict[str, dict[str, str]] = {
    "a2e": {"webhook_token": "a token of mine"},
    "akool": {"clientId": "AKOOL-client-id-000000001", "clientSecret": "AKOOL-secret-of-24-bytes"},
    "deepswapai": {"webhook_secret": "whsec_1"},
    "openshorts": {"webhook_secret": "a secret of mine"},
    "useapi": {},
}
PLAIN: dict[str, dict[str, Any]] = {
    "a2e": {"event": "task.completed", "task_id": "64f1", "data": {"current_status": "completed"}},
    "akool": {"_id": "64f1", "status": 3, "type": "faceswap", "url": "https://files.example/é.mp4"},
    "deepswapai": {"event": "video_swap.completed", "job_id": "64f1", "status": "completed"},
    "openshorts": {"event": "job.completed", "job_id": "64f1", "status": "completed", "clips": []},
    "useapi": {"jobid": "64f1", "verb": "picsi", "status": "completed", "code": 200},
}
SIGNED = tuple(name for name, keys in KEYS.items() if keys)


def webhooks(vendor: str) -> list[Webhook]:
    """Return how each kind of a vendor's jobs calls back."""
    return [kind.webhook for kind in vendors.load(vendor).kinds if kind.webhook]


def genuine(vendor: str, plain: bytes | None = None) -> Sealed:
    """Return a message as the vendor sends it."""
    said = msgspec.json.encode(PLAIN[vendor]) if plain is None else plain
    return webhooks(vendor)[0].seal(said, KEYS[vendor], Stamp(1_769_601_600_000, Draws("7", vendor)))


def spoilt(vendor: str) -> Sealed:
    """Return a message whose signature is another's."""
    sealed, at = genuine(vendor), webhooks(vendor)[0].signature_at
    if at.startswith("body:"):
        said = msgspec.json.decode(sealed.body)
        field = at.removeprefix("body:")
        return Sealed(msgspec.json.encode({**said, field: said[field][::-1]}), sealed.headers)
    return Sealed(sealed.body, tuple((name, said[::-1] if name == at else said) for name, said in sealed.headers))


def post(url: str, body: bytes = b"{}", headers: Mapping[str, str] = {}, path: str = "/hook") -> tuple[int, bytes]:
    """Post to a receiver; return its answer's status and body."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def send(url: str, sealed: Sealed, path: str = "/hook") -> int:
    """Post a sealed message; return the status of the answer."""
    return post(url, sealed.body, dict(sealed.headers), path)[0]


@contextmanager
def in_background() -> Iterator[Callable[..., "Future[Any]"]]:
    """Yield what calls a function in a thread of its own."""
    with ThreadPoolExecutor(100) as pool:
        yield pool.submit
