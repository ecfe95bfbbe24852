"""A span for each call and each attempt at a webhook, by OpenTelemetry's conventions, where its packages are there."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from simulator import __version__
from simulator.jobs.deliveries import shown_url
from simulator.jobs.job import Job
from simulator.sandbox.clock import iso
from simulator.sandbox.delivery import DELIVERED, Delivery
from simulator.sandbox.sandbox import Sandbox
from simulator.server.observing.watch import Told, shown_target
from simulator.vendors.vendor import Headers

if TYPE_CHECKING:
    from simulator.server.exchange import Exchange

FLUSH_S = 1.5  # of real time, for what is not sent yet when the server stops
MOST_KNOWN = 10_000  # jobs, whose webhooks are to be found in the trace of their submit
EXPORTERS = ("otlp", "console")
PROTOCOL = "http/protobuf"
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
_LOG = logging.getLogger("simulator")
_PROPAGATOR = TraceContextTextMapPropagator()
Attributes = dict[str, Any]


class NoTraces(Exception):
    """What was asked for cannot be had; it says why."""


class _Known(msgspec.Struct):
    """A job that a call has told of: in which span first, and how many of its states have been told as events."""

    context: SpanContext
    told: int = 0


def open_traces(exporter: str, protocol: str, *, tells_receivers: bool) -> "Traces":
    """Return what sends spans to where OpenTelemetry's own variables say.

    Raises:
        NoTraces: there is no such exporter, or it cannot be made.
        ImportError: its package is missing.
    """
    if exporter not in EXPORTERS:
        raise NoTraces(f"there is no exporter {exporter!r} here; there are {', '.join(EXPORTERS)}")
    if exporter == "otlp" and protocol != PROTOCOL:
        raise NoTraces(f"the protocol {protocol!r} is not spoken here, only {PROTOCOL}")
    try:
        return Traces(_exporter(exporter), tells_receivers=tells_receivers)
    except ValueError as error:
        raise NoTraces(str(error)) from error


def _exporter(name: str) -> SpanExporter:
    if name == "console":
        return ConsoleSpanExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # here, for it may be missing

    return OTLPSpanExporter()


class Traces:
    """Follows calls through and sends what it has seen; ``tells_receivers`` has webhooks carry ``traceparent``."""

    _real_ns = staticmethod(time.time_ns)  # in a class, where a test that freezes time does not look

    def __init__(self, exporter: SpanExporter, *, tells_receivers: bool = False) -> None:
        resource = Resource.create()
        if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
            resource = resource.merge(Resource({SERVICE_NAME: "simulator"}))
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._exporter = exporter
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("simulator", __version__)
        self._tells_receivers = tells_receivers
        self._known: OrderedDict[tuple[str, int, str], _Known] = OrderedDict()

    def close(self) -> None:
        """Send what is not sent yet, for no longer than this: whoever collects may hang."""
        thread = threading.Thread(target=self._provider.shutdown, name="simulator-traces", daemon=True)
        thread.start()
        thread.join(FLUSH_S)
        if thread.is_alive():
            self._exporter.shutdown()  # it may be about to try once more
            _LOG.warning("the last traces were not sent within %g s", FLUSH_S)

    def begin(self, exchange: "Exchange") -> None:
        """Begin the span of a vendor's call, within the client's where it says one."""
        call, request = exchange.call, exchange.request
        attributes = {"http.request.method": _method(call.method), "url.scheme": request.scheme}
        attributes |= {"simulator.vendor": exchange.desk.vendor.name, "simulator.operation": call.operation}
        exchange.span = self._tracer.start_span(
            _name(call.method, _route(exchange)),
            context=_parent(request.headers),
            kind=SpanKind.SERVER,
            attributes={name: said for name, said in attributes.items() if said},
            start_time=self._real_ns(),
        )

    def shown(self, exchange: "Exchange") -> None:
        """Note the job that an answer tells of, and which states it has entered since it was told of last."""
        job, span = exchange.job, exchange.span
        if job is None or span is None:
            return
        known = self._remember(exchange.sandbox, job, span.get_span_context())
        seen = [entry for entry in job.entries if entry.seen_at_ms <= exchange.call.now_ms]
        for entry in seen[known.told :]:
            at = {"simulator.job.state": entry.word, "simulator.job.stands_for": entry.stands_for}
            span.add_event("simulator.job.state", {**at, "simulator.virtual_time": iso(entry.seen_at_ms)})
        known.told = len(seen)

    def over(self, told: Told) -> None:
        """End the span of a call; one for no vendor is made now, for it has no webhooks."""
        exchange, ended_ns = told.exchange, self._real_ns()
        span = exchange.span if exchange is not None else None
        if span is None:
            span = self._tracer.start_span(
                _name(told.request.method, told.operation),
                context=_parent(told.request.headers),
                kind=SpanKind.SERVER,
                attributes={"http.request.method": _method(told.request.method)},
                start_time=ended_ns - int(told.took_s * 1e9),
            )
        if span.is_recording():
            span.set_attributes(_about(told))
            if told.status >= 500 or not told.status:
                span.set_attribute("error.type", str(told.status or "client_left"))
                span.set_status(Status(StatusCode.ERROR))
        span.end(ended_ns)

    def sight(self, sandbox: Sandbox, delivery: Delivery) -> "Attempted":
        """Begin the span of an attempt at a webhook, below that of the call which told of its job first."""
        known = self._known.get((sandbox.id, sandbox.generation, delivery.job.id))
        context = set_span_in_context(NonRecordingSpan(known.context), Context()) if known else Context()
        target, job = urlsplit(shown_url(delivery.url)), delivery.job
        attributes: Attributes = {
            "http.request.method": "POST",
            "url.full": f"{target.scheme}://{target.netloc}{shown_target(target._replace(scheme='', netloc='').geturl())}",
            "server.address": target.hostname or "",
            "simulator.vendor": job.vendor,
            "simulator.sandbox": sandbox.id,
            "simulator.job.id": job.id,
            "simulator.scenario": job.plan.script.scenario.name,
            "simulator.webhook.number": delivery.number,
            "simulator.webhook.tells": delivery.word,
        }
        if resends := len(delivery.attempts):
            attributes["http.request.resend_count"] = resends
        span = self._tracer.start_span(
            "POST", context=context, kind=SpanKind.CLIENT, attributes=attributes, start_time=self._real_ns()
        )
        headers: dict[str, str] = {}
        if self._tells_receivers:
            _PROPAGATOR.inject(headers, set_span_in_context(span, Context()))
        return Attempted(span, delivery, tuple(headers.items()))

    def _remember(self, sandbox: Sandbox, job: Job, context: SpanContext) -> _Known:
        key = (sandbox.id, sandbox.generation, job.id)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Known(context)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return known


class Attempted:
    """An attempt at a webhook that has begun; ``headers`` are to go with it."""

    def __init__(self, span: Any, delivery: Delivery, headers: Headers) -> None:
        self._span, self._delivery, self.headers = span, delivery, headers

    def over(self) -> None:
        """End its span by what came of it."""
        attempt, span = self._delivery.attempts[-1], self._span
        span.set_attribute("simulator.webhook.outcome", self._delivery.state)
        span.set_attribute("simulator.virtual_time", iso(attempt.at_ms))
        if attempt.status:
            span.set_attribute("http.response.status_code", attempt.status)
        if self._delivery.state != DELIVERED:
            span.set_attribute("error.type", str(attempt.status or "no_answer"))
            span.set_status(Status(StatusCode.ERROR, attempt.error or None))
        span.end()


def _parent(headers: Mapping[str, str]) -> Context:
    """Return what the client says of its own span, whatever else is current."""
    said = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
    return _PROPAGATOR.extract(said, Context())


def _route(exchange: "Exchange") -> str:
    if exchange.route is None:
        return ""
    prefix = exchange.address.prefix
    return f"/{prefix}{exchange.route.operation.path}" if prefix else exchange.route.operation.path


def _method(said: str) -> str:
    return said if said in _METHODS else "_OTHER"


def _name(method: str, route: str) -> str:
    known = _method(method)
    return " ".join(filter(None, ("HTTP" if known == "_OTHER" else known, route)))


def _about(told: Told) -> Attributes:
    """Return what is known of a call at its end; what is empty is left out."""
    request, exchange = told.request, told.exchange
    if told.address is None:  # it was none that could be read
        return {"client.address": request.remote or "", "http.response.status_code": told.status}
    path, _, query = told.target.partition("?")
    host, _, port = told.address.host.partition(":")
    attributes: Attributes = {
        "url.path": path,
        "url.query": query,
        "server.address": host[:253],
        "server.port": int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 0,
        "client.address": request.remote or "",
        "network.protocol.version": f"{request.version.major}.{request.version.minor}",
        "user_agent.original": request.headers.get("User-Agent", "")[:500],
        "http.response.status_code": told.status,
        "simulator.vendor": told.vendor,
        "simulator.operation": told.operation or (exchange.stray if exchange else ""),
        "simulator.marks": told.marks,
    }
    if exchange is not None:
        job, now_ms = exchange.job, exchange.call.now_ms
        attributes |= {
            "http.route": _route(exchange),
            "simulator.sandbox": exchange.sandbox.id,
            "simulator.job.id": exchange.job_ids[0] if exchange.job_ids else "",
            "simulator.scenario": job.plan.script.scenario.name if job is not None else "",
            "simulator.virtual_time": iso(now_ms) if now_ms else "",
        }
    return {name: said for name, said in attributes.items() if said}
