"""Handlers for the process and its sandboxes."""

from collections.abc import Awaitable, Mapping
from typing import Any

import msgspec

from simulator import __version__
from simulator.jobs.errors import NotFound
from simulator.sandbox.choosing import check_playable
from simulator.sandbox.clock import read_instant
from simulator.sandbox.sandbox import Sandbox
from simulator.sandbox.switches import check_switches
from simulator.server.control.calls import ControlCall, Metrics, NotReady
from simulator.server.control.shown import show_sandbox
from simulator.server.control.switches import off_default
from simulator.vendors.vendor import Reply

NAME = "simulator"
"""What the control API's own description is called."""

_PEM = (("Content-Type", "application/x-pem-file"),)
_TOML = (("Content-Type", "application/toml"),)


def get_index(call: ControlCall) -> Reply:
    """Say what this is and how to begin."""
    base = f"{call.base}/_simulator"
    steps = {
        "What can happen to a job": f"curl {base}/scenarios",
        "Let the next job of a vendor fail": (
            f"curl {base}/scenarios/pins -H 'Content-Type: application/json' "
            f'-d \'{{"vendor": "{call.services.vendor_names[0]}", "scenario": "failed-midway"}}\''
        ),
        "Move the clock a minute": f"curl {base}/clock/advance -H 'Content-Type: application/json' -d '{{\"by\": \"1m\"}}'",
        "Read what was said": f"curl {base}/journal",
        "See which webhooks were sent": f"curl {base}/webhooks",
        "Begin again": f"curl -X POST {base}/reset",
    }
    return Reply(
        {
            "name": "media-api-simulator",
            "version": __version__,
            "description": f"{base}/openapi/{NAME}.json",
            "vendors": {name: call.base_of(name) for name in sorted(call.services.vendor_names)},
            "first_steps": [{"says": says, "curl": curl} for says, curl in steps.items()],
        }
    )


def get_health(call: ControlCall) -> Reply:
    """Say that the process is alive."""
    return Reply({"status": "ok", "version": __version__})


def get_readiness(call: ControlCall) -> Reply:
    """Say whether calls to vendors are answered."""
    if not call.services.is_ready:
        raise NotReady("the server is starting, or stopping")
    return Reply({"status": "ready", "vendors": sorted(call.services.vendor_names)})


def get_test_ca(call: ControlCall) -> Reply:
    """Serve what clients are to trust."""
    if not call.services.ca_pem:
        raise NotFound("this server speaks no https; start it with --tls")
    return Reply(call.services.ca_pem.decode(), headers=_PEM)


def get_metrics(call: ControlCall) -> Awaitable[Reply]:
    """Tell Prometheus what has been counted."""
    metrics = call.services.metrics
    if metrics is None:
        raise NotFound("nothing is counted here")
    return _metrics(metrics, call.headers.get("Accept", ""))


async def _metrics(metrics: Metrics, accept: str) -> Reply:
    text, content_type = await metrics.told(accept)
    return Reply(text, headers=(("Content-Type", content_type),))


def get_description(call: ControlCall) -> Reply:
    """Serve an OpenAPI file that says where this client finds us, or a vendor's Schemathesis settings."""
    name, _, ending = call.path["file"].partition(".")
    names = (*sorted(call.services.vendor_names), NAME)
    files = [f"{one}.{kind}" for one in names for kind in ("json", "schemathesis.toml")]
    missing = NotFound(f"there is no file {call.path['file']!r}", legal=files)
    if name not in names:
        raise missing
    if ending == "json":
        url = call.base if name == NAME else call.base_of(name)
        return Reply(_served_at(url, call.services.library.contract(name)))
    settings = call.services.library.openapi_folder / f"{name}.{ending}"
    if not settings.is_file():
        raise missing
    return Reply(settings.read_text("utf-8"), headers=_TOML)


def _served_at(url: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document all of whose operations, those of file hosts too, are found at one URL."""
    for item in document["paths"].values():
        for place in (item, *(part for part in item.values() if isinstance(part, dict))):
            place.pop("servers", None)
    return {**document, "servers": [{"url": url}]}


def list_sandboxes(call: ControlCall) -> Reply:
    """List the sandboxes, ``main`` first."""
    return Reply({"sandboxes": [_shown(call, sandbox) for sandbox in call.services.sandboxes]})


def create_sandbox(call: ControlCall) -> Reply:
    """Create a sandbox."""
    said: Mapping[str, Any] = call.body or {}
    changes: dict[str, Any] = {"seed": "", **said.get("clock", {})}
    changes |= {name: said[name] for name in ("seed", "scenario", "switches", "max_jobs") if name in said}
    if "epoch" in said:
        changes["epoch_ms"] = read_instant(said["epoch"])
    if "scenario" in said:
        call.services.library.refresh()
        check_playable(call.services.library, said["scenario"], call.services.vendors())
    check_switches(call.services.vendors(), said.get("switches", {}))
    sandboxes = call.services.sandboxes
    sandbox = sandboxes.create(said.get("id", ""), msgspec.structs.replace(sandboxes.settings, **changes))
    return Reply(_shown(call, sandbox), 201, (("Location", f"/_simulator/sandboxes/{sandbox.id}"),))


def get_sandbox(call: ControlCall) -> Reply:
    """Show a sandbox."""
    return Reply(_shown(call, call.sandbox))


def delete_sandbox(call: ControlCall) -> Reply:
    """End a sandbox with all that is in it."""
    call.services.sandboxes.drop(call.sandbox.id)
    return Reply(None, 204)


def reset(call: ControlCall) -> Reply:
    """Put a sandbox back to how it was created."""
    call.sandbox.reset()
    return Reply(_shown(call, call.sandbox))


def get_counters(call: ControlCall) -> Reply:
    """Count what is under way."""
    return Reply(call.sandbox.counters())


def _shown(call: ControlCall, sandbox: Sandbox) -> dict[str, Any]:
    with sandbox.lock:
        return show_sandbox(sandbox, off_default(call.services, sandbox))
