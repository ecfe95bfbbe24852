"""Handlers for scenarios: what there is, what is added, and what is chosen."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from simulator.jobs.errors import NotFound, UnknownScenario
from simulator.library import Description, Library
from simulator.sandbox.choosing import Pin, check_playable
from simulator.server.control.calls import ControlCall, Unprocessable
from simulator.server.control.shown import show_pin, show_problem, show_scenario
from simulator.vendors.vendor import Kind, Reply, Vendor


def list_scenarios(call: ControlCall) -> Reply:
    """List the scenarios that can be played: by anybody, by one vendor, or by one kind of its jobs."""
    vendor, kinds = _asked_kinds(call)
    call.sandbox.refresh_scenarios()
    found: dict[tuple[str, str | None, str | None], Description] = {}
    if vendor is None:
        listed = [about for about, _ in call.library.describe_all()]
    else:
        listed = [about for kind in kinds for about in call.library.describe(vendor, kind) if not about.unfit]
    for about in listed:
        found.setdefault((about.name, about.vendor, about.kind), about)
    in_order = sorted(found.values(), key=lambda about: (about.name, about.vendor or "", about.kind or ""))
    return Reply(
        {"default": call.sandbox.default_scenario or None, "scenarios": [_shown(call, about) for about in in_order]}
    )


def get_scenario(call: ControlCall) -> Reply:
    """Show what a name means: to a vendor and kind where they are given, else the most general of that name."""
    name = call.path["name"]
    vendor, kinds = _asked_kinds(call)
    call.sandbox.refresh_scenarios()
    found: list[tuple[Description, str]] = []
    if vendor is None:
        found = [pair for pair in call.library.describe_all() if pair[0].name == name]
    else:
        for kind in kinds:
            with suppress(UnknownScenario):
                found.append(call.library.show(name, vendor, kind))
    if not found:
        raise NotFound(f"there is no scenario {name!r} here", legal=_names(call.library))
    about, text = min(found, key=lambda pair: bool(pair[0].unfit))
    return Reply({**_shown(call, about), "text": text})


def add_scenario(call: ControlCall) -> Reply:
    """Add a scenario to the sandbox."""
    source, file = _source(call.body)
    problems = call.library.check(source, file)
    if problems:
        findings = [show_problem(problem) for problem in problems]
        raise Unprocessable(str(problems[0]), code="invalid_scenario", findings=findings)
    return Reply(_shown(call, call.library.add(source, file)), 201)


def validate_scenario(call: ControlCall) -> Reply:
    """Check a scenario and add nothing."""
    problems = call.library.check(*_source(call.body))
    return Reply({"valid": not problems, "findings": [show_problem(problem) for problem in problems]})


def set_default_scenario(call: ControlCall) -> Reply:
    """Choose what jobs play that nothing else decides."""
    name = call.body["scenario"]
    call.sandbox.refresh_scenarios()
    if name is not None:
        check_playable(call.library, name, call.services.vendors())
    call.sandbox.set_default_scenario(name or "")
    return Reply({"scenario": call.sandbox.default_scenario or None})


def list_pins(call: ControlCall) -> Reply:
    """List the pins that are not used up."""
    return Reply({"pins": [show_pin(pin) for pin in call.sandbox.pins()]})


def pin_scenario(call: ControlCall) -> Reply:
    """Pin a scenario to the next accepted submits."""
    vendor = call.services.vendor(call.body["vendor"])
    said = {name: value for name, value in call.body.items() if value is not None}
    operations = [operation.id for operation in vendor.operations]
    if said.get("operation", operations[0]) not in operations:
        message = f"{vendor.name} has no operation {said['operation']!r}"
        raise Unprocessable(message, code="unknown_operation", legal=operations)
    return Reply(show_pin(call.sandbox.pin(Pin(**said), vendor)), 201)


def clear_pins(call: ControlCall) -> Reply:
    """Take every pin away."""
    call.sandbox.clear_pins()
    return Reply(None, 204)


def _asked_kinds(call: ControlCall) -> tuple[Vendor | None, list[Kind]]:
    """Return the vendor that is asked for, if one is, and which kinds of its jobs.

    Raises:
        NotFound: there is no such vendor or kind.
    """
    vendor, name = call.asked_vendor(), call.query.get("kind")
    if vendor is None:
        return None, []
    kinds = [kind for kind in vendor.kinds if name in (None, kind.name)]
    if not kinds:
        raise NotFound(f"{vendor.name} has no jobs of kind {name!r}", legal=[kind.name for kind in vendor.kinds])
    return vendor, kinds


def _source(body: Mapping[str, Any]) -> tuple[str | Mapping[str, Any], str]:
    """Return a scenario as text or as data, and what it is called where something is wrong; never a file is read."""
    return (body["text"], body.get("file", "")) if "text" in body else (body, "")


def _names(library: Library) -> list[str]:
    return sorted({about.name for about, _ in library.describe_all()})


def _shown(call: ControlCall, about: Description) -> dict[str, Any]:
    return show_scenario(about, call.library.openapi_folder.parent)
