"""Sees every call and every attempt at a webhook when it is over, counts it, and lets those know who tell of it."""

import logging
import re
import time
from bisect import bisect_left
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

import msgspec
from aiohttp import web

from simulator.jobs.deliveries import shown_url
from simulator.sandbox.delivery import UNDER_WAY, Delivery
from simulator.sandbox.journal import hidden
from simulator.sandbox.sandbox import Sandbox
from simulator.server.addresses import Address
from simulator.server.observing.tally import BOUNDS_S, CLIENT_LEFT, Tally
from simulator.server.paths import clean
from simulator.server.replies import Rendered
from simulator.vendors.vendor import Headers

if TYPE_CHECKING:
    from simulator.server.exchange import Exchange

CONTROL = "simulator"
"""What stands in the place of a vendor's name for calls to the control API."""

_LOG = logging.getLogger("simulator")
_SHORT_S = BOUNDS_S[0]
_SECRET = re.compile(r"account|auth|credential|key|pass|secret|session|sig|token", re.IGNORECASE)
_KEY_IN_PATH = re.compile(r"(/accounts/+[^/]+/+).+")  # of the control API, also where the path is misspelt


class Told(msgspec.Struct):
    """A call that is over. ``status`` is 0 where nothing was sent to its end; ``sent_bytes`` are with head.

    ``address`` is None where the request was none that could be read, ``exchange`` where it was for no vendor.
    """

    request: web.BaseRequest
    status: int
    sent_bytes: int
    took_s: float
    address: Address | None = None
    exchange: "Exchange | None" = None

    @property
    def vendor(self) -> str:
        """The vendor that was called, the control API, or ``""``."""
        if self.exchange is not None:
            return self.exchange.desk.vendor.name
        return CONTROL if self.address is not None and self.address.is_control else ""

    @property
    def operation(self) -> str:
        """The operation, ``""`` where there was none."""
        if self.exchange is not None:
            return self.exchange.call.operation
        return self.address.operation if self.address is not None else ""

    @property
    def target(self) -> str:
        """Path and query, without what might be a secret."""
        return shown_target(self.request.raw_path, self.exchange.call.account if self.exchange else "")

    @property
    def marks(self) -> tuple[str, ...]:
        """What was special, as the journal says it."""
        exchange = self.exchange
        if exchange is None:
            return ()
        struck = () if exchange.struck is None else exchange.struck.marks
        return (*exchange.call.marks, *exchange.marks, *struck)


class Tracer(Protocol):
    """Who follows calls and webhooks through from their beginning."""

    def begin(self, exchange: "Exchange") -> None:
        """Hear that a vendor's call begins."""

    def shown(self, exchange: "Exchange") -> None:
        """Hear, with the sandbox's lock held, that a call's answer tells of jobs."""

    def over(self, told: Told) -> None:
        """Hear that a call is over."""

    def sight(self, sandbox: Sandbox, delivery: Delivery) -> "Sighting":
        """Hear that an attempt at a webhook begins."""


class Sighting(Protocol):
    """An attempt at a webhook that has begun; ``headers`` are to go with it."""

    headers: Headers

    def over(self) -> None:
        """Hear that it is over; the delivery knows what came of it."""


class Watch:
    """``tally`` counts always; ``on_call`` and ``on_attempt`` are those who tell of what is over, ``tracer`` follows."""

    seconds = staticmethod(time.perf_counter)  # in a class, where a test that freezes time does not look

    def __init__(self) -> None:
        self.tally = Tally()
        self.tracer: Tracer | None = None
        self.on_call: list[Callable[[Told], None]] = []
        self.on_attempt: list[Callable[[Sandbox, Delivery], None]] = []
        self.is_listened_to = False

    def listen(
        self,
        on_call: Callable[[Told], None] | None = None,
        on_attempt: Callable[[Sandbox, Delivery], None] | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        """Let somebody know of all calls and attempts from now on."""
        if on_call is not None:
            self.on_call.append(on_call)
        if on_attempt is not None:
            self.on_attempt.append(on_attempt)
        if tracer is not None:
            self.tracer = tracer
            self.on_call.append(tracer.over)
        self.is_listened_to = True

    def over(
        self,
        request: web.BaseRequest,
        address: Address | None,
        exchange: "Exchange | None",
        written: web.StreamResponse | None,
        began_s: float,
    ) -> None:
        """Count a call that is over; ``written`` is what has been sent to its end."""
        took_s = self.seconds() - began_s
        status = CLIENT_LEFT if written is None else written._status
        if exchange is not None:
            key = (exchange.desk.vendor.name, exchange.call.operation or exchange.stray, status)
        else:
            is_control = address is not None and address.is_control
            key = (CONTROL if is_control else "", address.operation if address is not None else "", status)
        row = self.tally.rows.get(key)
        if row is None:
            row = self.tally.new_row(key)
        row.within[0 if took_s <= _SHORT_S else bisect_left(BOUNDS_S, took_s)] += 1
        row.seconds += took_s
        if self.on_call:
            sent_bytes = written.size_bytes if type(written) is Rendered else request.writer.output_size
            self._tell(Told(request, status, sent_bytes, took_s, address, exchange))

    def bad(self, request: web.BaseRequest, status: int) -> None:
        """Count a request that never reached the pipeline, because it is none that could be read."""
        self.tally.bad_http += 1
        if self.on_call:
            self._tell(Told(request, status, 0, 0.0))

    def _tell(self, told: Told) -> None:
        for hear in self.on_call:
            try:
                hear(told)
            except Exception as error:
                _LOG.error("an error that nobody foresaw", exc_info=error)

    def sight(self, sandbox: Sandbox, delivery: Delivery) -> Sighting:
        """Hear that an attempt at a webhook begins."""
        sighting = None if self.tracer is None else self.tracer.sight(sandbox, delivery)
        return _Seen(self, sandbox, delivery, sighting)

    def attempted(self, sandbox: Sandbox, delivery: Delivery) -> None:
        """Count an attempt at a webhook that is over."""
        self.tally.attempts[delivery.job.vendor, delivery.state] += 1
        for hear in self.on_attempt:
            try:
                hear(sandbox, delivery)
            except Exception as error:
                _LOG.error("an error that nobody foresaw", exc_info=error)


class _Seen:
    """An attempt at a webhook that is counted, and followed where somebody follows."""

    def __init__(self, watch: Watch, sandbox: Sandbox, delivery: Delivery, inner: Sighting | None) -> None:
        self._watch, self._sandbox, self._delivery, self._inner = watch, sandbox, delivery, inner
        self.headers: Headers = () if inner is None else inner.headers

    def over(self) -> None:
        """Count it, unless a reset has made it void."""
        if self._delivery.state == UNDER_WAY:
            return
        if self._inner is not None:
            self._inner.over()
        self._watch.attempted(self._sandbox, self._delivery)


def shown_target(raw_path: str, key: str = "") -> str:
    """Return path and query as they may be told: without keys, passwords, tokens and signatures."""
    target = clean(raw_path)
    path, mark, query = (target if target[:1] == "/" else shown_url(target)).partition("?")
    if "/_simulator/" in path:
        path = _KEY_IN_PATH.sub(r"\1…", path)
    if query:
        query = "&".join(map(_shown_pair, query.split("&")))
    target = f"{path}{mark}{query}"
    return target.replace(key, hidden(key)) if len(key) > 3 and key in target else target


def _shown_pair(pair: str) -> str:
    name, equals, said = pair.partition("=")
    return f"{name}={hidden(said)}" if equals and said and _SECRET.search(unquote(name)) else pair
