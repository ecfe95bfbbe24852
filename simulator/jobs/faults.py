"""Faults on the wire as data: how the answer to a call is held back, broken off, spoilt or refused on purpose."""

import zlib
from collections.abc import Mapping
from typing import Any

import msgspec

from simulator.jobs.durations import Duration

HEADER = "X-Simulator-Fault"
"""The header by which one call asks for faults, as in ``latency=2s, truncated``."""

SUBMITS, POLLS, DOWNLOADS = "submits", "polls", "downloads"
SORTS = (SUBMITS, POLLS, DOWNLOADS)
"""The sorts of call that a fault may be for; what is none of these is met by those that name no sort."""

FAULTS = (
    *("latency", "dribble", "error", "quota", "refused", "reset", "closed_midway", "wrong_length"),
    *("truncated", "malformed", "duplicate_keys", "empty", "wrong_type", "html_page", "huge", "gzip"),
    *("redirect", "expires_midway"),
)
"""Every way in which answers go wrong on purpose, as scenarios, the control API and the header name them."""

OF_DOWNLOADS = ("redirect", "expires_midway")
OF_JSON = ("malformed", "duplicate_keys", "huge", "gzip")
STOPPERS = ("error", "quota", "refused")
"""With these the vendor never hears the call, so nothing comes of it; with all others it has done what it was asked."""

LONGEST_REAL_MS = 600_000
TOO_MANY = 429
ERRORS: Mapping[int, str] = {
    401: "the key is not known",
    402: "the credits do not suffice",
    403: "the account is blocked",
    404: "the job is not known",
    410: "the job has expired",
    TOO_MANY: "too many calls",
    500: "the vendor failed",
    502: "the vendor failed",
    503: "the vendor is overloaded",
    504: "the vendor failed",
}
"""What can be the matter, by the status that most people know it by; how it is said is the vendor's affair."""

PAGES: Mapping[int, str] = {
    200: "Please sign in",
    403: "403 Forbidden",
    404: "404 Not Found",
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}
"""The headlines of pages that a proxy answers with, in the place of the vendor."""


_GZIP_HEAD_BYTES = 10


class Dribble(msgspec.Struct, frozen=True):
    """A body that comes in drops: so many bytes, then a gap in real milliseconds."""

    bytes: int = 1
    every_ms: int = 100


class WireFault(msgspec.Struct, frozen=True, omit_defaults=True):
    """What goes wrong with the answer to a call, and when.

    When: ``chance`` is drawn for each call that fits; ``on`` are sorts of call, all where there are none; the first
    ``after`` that fit are left alone; it is for virtual ``from_ms`` to ``from_ms + for_ms`` from when it was laid or its
    job was made, without end where ``for_ms`` is 0; ``times`` is how often, None for good.

    What: ``latency`` and ``dribble`` are real time. ``error`` is a key of ``ERRORS``, ``html_page`` one of ``PAGES``.
    ``quota`` calls are let in, further ones are too many. ``refused`` and ``reset`` end the connection before any byte,
    by its plain end and by RST. ``wrong_length`` tells a "longer" or "shorter" one. ``huge`` adds so many bytes of blanks.
    ``gzip`` is done "well", or so that it cannot be undone: "broken". ``redirect`` leads back to the file "once", or in a "loop".
    ``expires_midway`` breaks a file off, and it is gone from then on.
    """

    chance: float = 1.0
    on: tuple[str, ...] = ()
    after: int = 0
    from_ms: int = 0
    for_ms: int = 0
    times: int | None = None
    latency: Duration | None = None
    dribble: Dribble | None = None
    error: int = 0
    quota: int = 0
    refused: bool = False
    reset: bool = False
    closed_midway: bool = False
    wrong_length: str = ""
    truncated: bool = False
    malformed: bool = False
    duplicate_keys: bool = False
    empty: bool = False
    wrong_type: bool = False
    html_page: int = 0
    huge: int = 0
    gzip: str = ""
    redirect: str = ""
    expires_midway: bool = False

    def names(self) -> tuple[str, ...]:
        """Return which faults these are, by the names in ``FAULTS``."""
        return tuple(name for name in FAULTS if getattr(self, name))

    def parts(self) -> frozenset[str]:
        """Return what it has a say in; of two faults that have a say in the same, a call meets one."""
        return frozenset(name if name in ("latency", "dribble") else "answer" for name in self.names())

    @property
    def stops(self) -> bool:
        """Whether the vendor never hears the call."""
        return bool(self.error or self.quota or self.refused)

    def is_for(self, sort: str) -> bool:
        """Return whether it can strike this sort of call; ``""`` is a call of no sort that has a name."""
        if self.on and sort not in self.on:
            return False
        names = self.names()
        return not any(name in names for name in (OF_JSON if sort == DOWNLOADS else OF_DOWNLOADS))


NO_FAULT = WireFault()


def said(fault: WireFault, latency_ms: int = 0) -> tuple[str, ...]:
    """Return how the journal tells what a call met, such as ``fault: error 503``."""
    words = []
    for name in fault.names():
        value = getattr(fault, name)
        if name == "latency":
            value = f"{latency_ms}ms"
        elif name == "dribble":
            value = f"{fault.dribble.bytes if fault.dribble else 1} bytes every {value.every_ms}ms"
        words.append(f"fault: {name}" if value is True else f"fault: {name} {value}")
    return tuple(words)


# What a body becomes


def malformed(body: bytes) -> bytes:
    """Return JSON as a program writes it that does not know JSON: in single quotes; with a comma too many if it has none."""
    return body.replace(b'"', b"'") if b'"' in body else body + b","


def with_duplicate_keys(body: Any, encode: Any) -> bytes | None:
    """Return JSON in which every key of the object stands twice, the second time with null; None where it has no keys.

    Of a list it is the first object.
    """
    if isinstance(body, list) and body and isinstance(body[0], dict) and body[0]:
        rest = b"".join(b"," + encode(element) for element in body[1:])
        return b"[" + (with_duplicate_keys(body[0], encode) or b"") + rest + b"]"
    if not isinstance(body, dict) or not body:
        return None
    honest = encode(body)
    again = b",".join(encode(name) + b":null" for name in body)
    return bytes(honest[:-1]) + b"," + again + b"}"


def padded(body: bytes, blanks: int) -> bytes:
    """Return JSON that says the same and is longer by so many blanks."""
    return body[:1] + b" " * blanks + body[1:]


def zipped(body: bytes, *, breaks: bool = False) -> bytes:
    """Return a body as gzip, always in the same bytes; one that ``breaks`` has a block of a kind that there is not."""
    packed = bytearray(zlib.compress(body, wbits=31))
    if breaks:
        packed[_GZIP_HEAD_BYTES] |= 0b110
    return bytes(packed)


def page(status: int) -> bytes:
    """Return the page that a proxy of nginx's kind shows."""
    title = PAGES[status].encode()
    return (
        b"<html>\r\n<head><title>%b</title></head>\r\n<body>\r\n<center><h1>%b</h1></center>\r\n"
        b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n" % (title, title)
    )
