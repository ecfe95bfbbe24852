"""The key of a call: in ``x-api-key``, or behind the bearer token that ``getToken`` made of it."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import NamedTuple

import msgspec

from simulator.jobs.errors import BadKey, ExpiredKey, NoKey
from simulator.vendors.akool.ids import user_of
from simulator.vendors.vendor import Call

LIFETIME_S = 3600 * 24 * 3600  # fact akool.token.lifetime

_HEAD = {"alg": "HS256", "typ": "JWT"}
_SECRET = b"simulated-akool"


class Token(NamedTuple):
    """What a bearer token says."""

    key: str
    expires_at_s: int


class _Claims(msgspec.Struct):
    """Those claims of our own tokens that are read again."""

    apiKey: str  # noqa: N815  as it stands in the token
    exp: int


def authenticate(call: Call) -> str:
    """Return the key; a bearer token goes before ``x-api-key``.

    Facts akool.auth.api-key, akool.auth.bearer, akool.auth.precedence, akool.auth.any-text.

    Raises:
        NoKey: neither header holds anything.
        BadKey: Authorization is no bearer token, or a token of ours that somebody has changed.
    """
    header = call.headers.get("authorization", "").strip()
    if not header:
        key = call.headers.get("x-api-key", "").strip()
        if not key:
            raise NoKey
        return key
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise BadKey(header)
    if not token.strip():
        raise NoKey
    return read_token(token.strip()).key


def refuse_old_token(call: Call) -> None:
    """Refuse a token that has expired by the sandbox's clock (fact akool.token.expired).

    Raises:
        ExpiredKey: it has.
    """
    header = call.headers.get("authorization")
    if header and call.now_ms // 1000 >= read_token(header.strip().partition(" ")[2].strip()).expires_at_s:
        raise ExpiredKey


def make_token(key: str, now_ms: int) -> str:
    """Return a token for a key (facts akool.token.form, akool.token.account)."""
    user, now_s = user_of(key), now_ms // 1000
    claims = {
        "id": user.id,
        "uid": user.uid,
        "team_id": user.team_id,
        "type": "user",
        "from": "toO",
        "email": f"user{user.uid}@example.com",
        "firstName": "User",
        "code": str(10_000 + user.uid % 90_000),
        "apiKey": key,
        "iat": now_s,
        "exp": now_s + LIFETIME_S,
    }
    body = f"{_encoded(msgspec.json.encode(_HEAD))}.{_encoded(msgspec.json.encode(claims))}"
    return f"{body}.{_signature(body)}"


@lru_cache(maxsize=1024)
def read_token(token: str) -> Token:
    """Return what a token says; a text that is none of ours stands for itself, like a key.

    Raises:
        BadKey: it is one of ours, but somebody has changed it (fact akool.token.changed).
    """
    never_s = 1 << 62
    body, _, signature = token.rpartition(".")
    try:
        claims = msgspec.json.decode(_decoded(body.partition(".")[2]), type=_Claims)
    except (msgspec.MsgspecError, ValueError):
        return Token(token, never_s)
    if not hmac.compare_digest(_signature(body).encode(), signature.encode()):
        raise BadKey(token)
    return Token(claims.apiKey, claims.exp)


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signature(body: str) -> str:
    return _encoded(hmac.digest(_SECRET, body.encode("utf-8", "surrogateescape"), "sha256"))
