"""Whether traces are wanted: told by OpenTelemetry's own variables, and by nothing of ours."""

from collections.abc import Mapping

import msgspec

from simulator.settings.settings import read_environment

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_USUAL_PROTOCOL = "http/protobuf"
_EXPORTER, _OFF, _PROPAGATORS = "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED", "OTEL_PROPAGATORS"


class Tracing(msgspec.Struct, frozen=True):
    """Traces are wanted. ``because`` is the variable that says so; ``exporter`` and ``protocol`` are as they were said.

    ``tells_receivers``: webhooks carry ``traceparent``, which no vendor's do. Only naming the propagators asks for it.
    """

    because: str
    exporter: str = "otlp"
    protocol: str = _USUAL_PROTOCOL
    tells_receivers: bool = False


def read_tracing(environment: Mapping[str, str] | None = None) -> Tracing | None:
    """Return what is wanted, None for no traces: an empty variable counts as none, as OpenTelemetry has it."""
    environment = read_environment() if environment is None else environment
    said = {name: text.strip() for name, text in environment.items() if name.startswith("OTEL_") and text.strip()}
    exporter = said.get(_EXPORTER, "").lower()
    because = next((name for name in (_EXPORTER, *_ENDPOINTS) if name in said), "")
    if not because or exporter == "none" or said.get(_OFF, "").lower() == "true":
        return None
    protocol = next((said[name] for name in _PROTOCOLS if name in said), _USUAL_PROTOCOL)
    propagators = [name.strip() for name in said.get(_PROPAGATORS, "").lower().split(",")]
    return Tracing(because, exporter or "otlp", protocol, "tracecontext" in propagators)
