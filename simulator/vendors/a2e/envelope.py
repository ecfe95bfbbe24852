"""What every reply of A2E has around it, and how it writes an instant."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from simulator.jobs.chance import Draws
from simulator.vendors.a2e.switches import chosen
from simulator.vendors.vendor import Call, Reply


def success(data: Any, call: Call, switches: Mapping[str, str] | None = None) -> Reply:
    """Return what went well: facts a2e.envelope.success, a2e.envelope.trace-id.

    ``switches`` are those of the one job that it is about.
    """
    return Reply(traced({"code": 0, "data": data}, call, switches))


def traced(body: dict[str, Any], call: Call, switches: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a body that ends with its trace_id, unless the switch says that there is none."""
    if chosen("trace_id", call.switches if switches is None else switches) == "on":
        body["trace_id"] = _trace_id(body, call)
    return body


def instant(at_ms: int) -> str:
    """Return an instant as the wire says it (fact a2e.time.form)."""
    return f"{_second(at_ms // 1000)}.{at_ms % 1000:03}Z"


def _trace_id(body: dict[str, Any], call: Call) -> str:
    """Return a UUID that the same answer to the same call has too (fact a2e.envelope.trace-id-rule)."""
    said = (*call.path.values(), *call.query.values(), msgspec.json.encode(body).decode())
    digits = Draws("a2e", call.account, call.method, call.operation, call.now_ms, *said).hexadecimal(32, "trace")
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


@lru_cache(maxsize=4096)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
