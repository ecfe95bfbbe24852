"""Spans of calls and webhooks: by the conventions, in the client's trace, on the wire only where that is asked for."""

import logging
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from simulator.assembly import Simulator
from simulator.settings import read_tracing
from tests.server.observing import running

pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from simulator.server.observing.traces import FLUSH_S, NoTraces, Traces, open_traces

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
FROM_CLIENT = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


def tracing_to(exporter: Any, **options: Any) -> Callable[[Simulator], None]:
    """Return what has a simulator send its spans to an exporter, in place of what a variable names."""

    def prepare(simulator: Simulator) -> None:
        traces = Traces(exporter, **options)
        simulator.observers.follow(traces)

    return prepare


def about(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_call_is_a_server_span_in_the_clients_trace() -> None:
    exporter = InMemorySpanExporter()
    async with running(tracing_to(exporter)) as server:
        job_id = await server.submit()
        path = f"/deepswapai/v1/status/{job_id}"
        await server.call("GET", f"{path}?api_key=not-for-everybody", headers={**FROM_CLIENT, "User-Agent": "me/1"})
        port = server.simulator.doors[0].port

    _, span = exporter.get_finished_spans()
    assert (span.name, span.kind) == ("GET /deepswapai/v1/status/{job_id}", SpanKind.SERVER)
    assert span.parent is not None
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, SPAN)
    assert span.start_time is not None
    assert span.end_time is not None
    assert 0 < span.end_time - span.start_time < 60e9
    assert about(span) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/deepswapai/v1/status/{job_id}",
        "url.scheme": "http",
        "url.path": path,
        "url.query": "api_key=…body",
        "server.address": "127.0.0.1",
        "server.port": port,
        "client.address": "127.0.0.1",
        "network.protocol.version": "1.1",
        "user_agent.original": "me/1",
        "simulator.vendor": "deepswapai",
        "simulator.operation": "getStatus",
        "simulator.sandbox": "main",
        "simulator.job.id": job_id,
        "simulator.scenario": "happy",
        "simulator.virtual_time": "2026-01-01T00:00:00.000Z",
    }
    assert span.status.status_code is StatusCode.UNSET


async def test_states_are_events_of_the_call_that_shows_them_first() -> None:
    exporter = InMemorySpanExporter()
    async with running(tracing_to(exporter)) as server:
        job_id = await server.submit()
        await server.advance()
        for _ in range(2):
            await server.call("GET", f"/deepswapai/v1/status/{job_id}")

    submit, _, first, second = exporter.get_finished_spans()
    words = [
        [(event.attributes or {})["simulator.job.state"] for event in span.events] for span in (submit, first, second)
    ]
    assert words == [["queued"], ["processing", "completed"], []]


async def test_strangers_commands_and_refusals_are_spans_too() -> None:
    exporter = InMemorySpanExporter()
    async with running(tracing_to(exporter)) as server:
        await server.call("PROPFIND", "/nobody", headers=FROM_CLIENT)
        await server.call("STRANGE", "/nobody")
        await server.call("GET", "/_simulator/clock")
        await server.call("GET", "/deepswapai/v1/status/none", headers={"X-Simulator-Fault": "error=503"})

    nobody, bad, command, refused = exporter.get_finished_spans()
    assert (nobody.name, about(nobody)["http.request.method"]) == ("HTTP", "_OTHER")
    assert f"{nobody.context.trace_id:032x}" == TRACE
    assert about(bad) == {
        "http.request.method": "_OTHER",
        "client.address": "127.0.0.1",
        "http.response.status_code": 400,
    }
    assert (command.name, about(command)["simulator.operation"]) == ("GET getClock", "getClock")
    assert (refused.status.status_code, about(refused)["error.type"]) == (StatusCode.ERROR, "503")


async def told(**options: Any) -> tuple[ReadableSpan, ReadableSpan, dict[str, str]]:
    """Have a webhook delivered; return the spans of submit and webhook, and the headers that were sent."""
    exporter = InMemorySpanExporter()
    async with running(tracing_to(exporter, **options)) as server:
        await server.submit(f"{server.root}/_simulator/receiver/deepswapai/mine?token=a-long-secret", **FROM_CLIENT)
        await server.advance()
        [delivery] = server.simulator.sandboxes.main.life.outbox
    spans = exporter.get_finished_spans()
    [webhook] = [span for span in spans if span.kind is SpanKind.CLIENT]
    return spans[0], webhook, dict(delivery.attempts[0].headers)


async def test_a_webhook_is_a_client_span_below_its_submit_and_carries_nothing_by_itself() -> None:
    submit, webhook, sent = await told()

    assert webhook.parent is not None
    assert webhook.parent.span_id == submit.context.span_id
    assert f"{webhook.context.trace_id:032x}" == TRACE
    assert about(webhook)["http.response.status_code"] == 200
    assert about(webhook)["simulator.webhook.outcome"] == "delivered"
    assert about(webhook)["url.full"].endswith("/_simulator/receiver/deepswapai/mine?token=…cret")
    assert "traceparent" not in sent


async def test_a_webhook_carries_its_span_where_that_is_asked_for() -> None:
    _, webhook, sent = await told(tells_receivers=True)

    assert sent["traceparent"] == f"00-{TRACE}-{webhook.context.span_id:016x}-01"


async def test_a_webhook_that_nobody_takes_is_an_error() -> None:
    exporter = InMemorySpanExporter()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    async with running(tracing_to(exporter)) as server:
        await server.submit(f"http://127.0.0.1:{port}/nobody")
        await server.advance("1s")
        await server.advance("10s")

    spans = [span for span in exporter.get_finished_spans() if span.kind is SpanKind.CLIENT]
    assert (about(spans[0])["error.type"], spans[0].status.status_code) == ("no_answer", StatusCode.ERROR)


class Collector(BaseHTTPRequestHandler):
    """Takes what an exporter posts, and keeps it."""

    got: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        self.got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def collecting() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    got: list[tuple[str, bytes]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Collector", (Collector,), {"got": got}))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def opened(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[Simulator], None]:
    """Return what reads the variables as ``serve`` does."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "the-simulator-under-test")

    def prepare(simulator: Simulator) -> None:
        simulator.tracing = read_tracing()

    return prepare


async def test_spans_arrive_at_a_collector_before_the_server_has_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    with collecting() as (endpoint, got):
        async with running(opened(endpoint, monkeypatch)) as server:
            await server.submit()

    [(path, data)] = got
    [resource] = ExportTraceServiceRequest.FromString(data).resource_spans
    names = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert path == "/v1/traces"
    assert names["service.name"] == "the-simulator-under-test"
    assert [span.name for span in resource.scope_spans[0].spans] == ["POST /deepswapai/v1/video-swap"]


async def test_a_collector_that_hangs_holds_no_stop_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("simulator.server.observing.traces.FLUSH_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with running(opened(f"http://127.0.0.1:{silent.getsockname()[1]}", monkeypatch)) as server:
            await server.submit()
            began = time.perf_counter()
        took = time.perf_counter() - began

    assert took < 2
    assert FLUSH_S < 2
    assert "the last traces were not sent" in caplog.text


@pytest.mark.parametrize(
    ("exporter", "protocol", "says"),
    [("zipkin", "http/protobuf", "no exporter 'zipkin'"), ("otlp", "grpc", "'grpc' is not spoken here")],
)
def test_what_cannot_be_had_is_said(exporter: str, protocol: str, says: str) -> None:
    with pytest.raises(NoTraces, match=says):
        open_traces(exporter, protocol, tells_receivers=False)


async def test_missing_packages_are_one_warning_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    async with running(opened("http://127.0.0.1:1", monkeypatch)) as server:
        await server.submit()

    records = [record for record in caplog.records if record.name == "simulator"]  # what hung above may still complain
    [warning] = [record for record in records if record.levelno >= logging.WARNING]
    assert "pip install 'media-api-simulator[otel]'" in warning.getMessage()
    assert "\n" not in warning.getMessage()
