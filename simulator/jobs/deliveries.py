"""Webhooks as data: where a job's go, and what a scenario or a test lets go wrong with them."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from simulator.jobs.chance import Draws
from simulator.jobs.durations import Duration

FAULTS = (
    *("lost", "late", "duplicate", "burst", "out_of_order", "before_reply", "after_poll"),
    *("stale_timestamp", "wrong_signature", "wrong_id", "other_sandbox", "extra_fields", "truncated"),
)
"""Every way in which webhooks go wrong on purpose, as scenarios and the control API name them."""


_NOBODYS_TO_BUY = (".localhost", ".internal", ".local", ".test")


class Hook(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where the webhooks of one job go. ``links`` are hosts of the vendor's and how URLs there begin for this client.

    ``overtakes``: they are to be answered before the reply to the job's submit is.
    """

    url: str
    links: tuple[tuple[str, str], ...] = ()
    overtakes: bool = False

    def files_at(self, path: str, host: str = "") -> str:
        """Turn an output's path into the URL that the client of the submit was given for it."""
        bases = dict(self.links)
        return (bases.get(host) or bases.get("", "/")) + path.lstrip("/")


class Faults(msgspec.Struct, frozen=True, omit_defaults=True):
    """What goes wrong on purpose with a webhook; all of it can be combined.

    ``chance``: how likely it goes wrong at all, drawn once for each. ``states``: only for webhooks that tell one of
    these words; all where there are none. ``duplicate`` and ``burst`` count all copies, sent one after the other or
    at the same time. ``out_of_order``: it waits until the next webhook to the same receiver has overtaken it.
    ``before_reply``: the job ends at once and its webhooks overtake the reply to its submit. ``after_poll``: it waits
    until a look has shown the end. ``other_sandbox``: it tells of a job that this sandbox never had.
    """

    chance: float = 1.0
    states: tuple[str, ...] = ()
    lost: bool = False
    late: Duration | None = None
    duplicate: int = 1
    burst: int = 1
    out_of_order: bool = False
    before_reply: bool = False
    after_poll: bool = False
    stale_timestamp_ms: int = 0
    wrong_signature: bool = False
    wrong_id: bool = False
    other_sandbox: bool = False
    extra_fields: bool = False
    truncated: bool = False

    def names(self) -> tuple[str, ...]:
        """Return which faults these are, by the names in ``FAULTS``."""
        said = msgspec.to_builtins(self)
        return tuple(name for name in FAULTS if name in said or f"{name}_ms" in said)

    def means(self, *words: str) -> bool:
        """Return whether they are for a webhook that tells one of these words: the vendor's own, the neutral one."""
        return not self.states or bool(set(self.states) & set(words))

    def without(self, *names: str) -> "Faults":
        """Return these faults but the named ones."""
        fields = ["stale_timestamp_ms" if name == "stale_timestamp" else name for name in names]
        return msgspec.structs.replace(self, **{field: getattr(NO_FAULTS, field) for field in fields})

    def over(self, other: "Faults") -> "Faults":
        """Return what goes wrong by both together; where both speak of one thing, this one counts."""
        said = msgspec.to_builtins(self)
        own = {name: getattr(self, name) for name in said if name not in ("chance", "states")}
        return msgspec.structs.replace(other, **own)


class Manner(msgspec.Struct, frozen=True):
    """How a scenario wants webhooks sent; None leaves it to the vendor.

    ``retries_ms`` are the gaps before each further attempt, in virtual milliseconds. ``timeout_ms`` is real time.
    ``accepts`` are the statuses by which a receiver accepts; ``body`` is a merge patch on what the vendor says.
    """

    retries_ms: tuple[int, ...] | None = None
    timeout_ms: int | None = None
    accepts: tuple[int, ...] | None = None
    body: Any = None
    faults: Faults = Faults()


NO_FAULTS = Faults()
USUAL = Manner()

_CREDENTIALS = re.compile(rb"""(:(?:/|\\/|%2[fF]){2}[^\s/?#@"'<>\\]*?:?)[^\s/?#@:"'<>\\]*@""")
_CREDENTIALS_IN_A_FORM = re.compile(rb"(%3A%2F%2F(?:[^%&]*%3A)?)[^%&/]*(%40)", re.IGNORECASE)
_DIGITS, _LETTERS = "0123456789", "abcdefghijklmnopqrstuvwxyz"
_EXTRA: Mapping[str, Any] = {"simulated_extra": {"note": "a field that nobody announced", "list": [1, 2.5, None]}}


def with_extra_fields(body: Any) -> Any:
    """Return a webhook's body with fields that the vendor has not told of: one before all others, one behind them."""
    return {"simulated_first": True, **body, **_EXTRA} if isinstance(body, dict) else body


def alike(id: str, draws: Draws) -> str:
    """Return an id of the same shape that is another: every digit moves, or the letters of its last part where none is."""
    by = draws.whole(1, 8, "alike", id)
    if any(letter in _DIGITS for letter in id):
        return "".join(_moved(letter, _DIGITS, by) for letter in id)
    head, mark, tail = id.rpartition("_")
    return head + mark + "".join(_moved(letter, _LETTERS, by) for letter in tail)


def _moved(letter: str, alphabet: str, by: int) -> str:
    return alphabet[(alphabet.index(letter) + by) % len(alphabet)] if letter in alphabet else letter


def merged(body: Any, patch: Any) -> Any:
    """Return a body after a merge patch (RFC 7396): null removes a member, objects are merged, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(body) if isinstance(body, dict) else {}
    for name, said in patch.items():
        if said is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), said)
    return result


def is_strangers_page(origin: str | None) -> bool:
    """Return whether a call comes from a web page that anybody on the internet may have put there.

    Vendors let any page call them. Here such a page could have the simulator call what only this machine can reach.
    """
    if origin is None:
        return False
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return ("." in host.rstrip(".") and not host.rstrip(".").endswith(_NOBODYS_TO_BUY)) or not host
    return not (address.is_loopback or address.is_private)


def shown_url(url: str) -> str:
    """Return a URL as it may be shown: without its password, or its user where that may be a secret by itself."""
    start, slashes, rest = url.partition("//")
    if not slashes:
        start, rest = "", url
    authority = rest.partition("/")[0].partition("?")[0].partition("#")[0]
    try:
        is_readable = bool(urlsplit(url).port is not None or urlsplit(url).hostname)
    except ValueError:
        is_readable = False  # its credentials may be what makes it so
    end = (authority if is_readable else rest).rfind("@")
    if end < 0:
        return url
    user, colon, _ = rest[:end].partition(":")
    return f"{start}{slashes}{user + ':' if colon else ''}***{rest[end:]}"


def without_passwords(text: bytes) -> bytes:
    """Return a text in which every URL with credentials is as ``shown_url`` shows it, JSON's escaped slashes included."""
    if b"@" in text and b"//" in text.replace(b"\\/", b"/"):
        text = _CREDENTIALS.sub(rb"\1***@", text)
    return _CREDENTIALS_IN_A_FORM.sub(rb"\1***\2", text) if b"%40" in text else text


def calls_the_simulator(url: str) -> bool:
    """Return whether a URL is for the control API of a simulator, its receivers excepted; no webhook may command one."""
    try:
        parts = [unquote(part) for part in urlsplit(url).path.split("/")]
    except ValueError:
        return False
    if "_simulator" not in parts:
        return False
    below = parts[parts.index("_simulator") + 1 :]
    below = below[2:] if below[:1] == ["sandboxes"] else below
    return below[:1] != ["receiver"]
