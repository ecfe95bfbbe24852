"""Whether traces are wanted: by OpenTelemetry's own variables, and by nothing else."""

import pytest

from simulator.settings import Tracing, read_tracing

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_SERVICE_NAME": "mine", "OTEL_PROPAGATORS": "tracecontext"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": " "},
        ENDPOINT | {"OTEL_TRACES_EXPORTER": "none"},
        ENDPOINT | {"OTEL_SDK_DISABLED": "TRUE"},
    ],
)
def test_nobody_wants_traces(environment: dict[str, str]) -> None:
    assert read_tracing(environment) is None


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        (ENDPOINT, Tracing("OTEL_EXPORTER_OTLP_ENDPOINT")),
        (
            ENDPOINT | {"OTEL_PROPAGATORS": "baggage, TraceContext"},
            Tracing("OTEL_EXPORTER_OTLP_ENDPOINT", tells_receivers=True),
        ),
        (ENDPOINT | {"OTEL_PROPAGATORS": "none"}, Tracing("OTEL_EXPORTER_OTLP_ENDPOINT")),
        ({"OTEL_TRACES_EXPORTER": "Console"}, Tracing("OTEL_TRACES_EXPORTER", "console")),
        (
            ENDPOINT | {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"},
            Tracing("OTEL_EXPORTER_OTLP_ENDPOINT", protocol="grpc"),
        ),
    ],
)
def test_traces_are_wanted(environment: dict[str, str], wanted: Tracing) -> None:
    assert read_tracing(environment) == wanted
