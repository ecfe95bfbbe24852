"""Handlers for switches."""

from collections.abc import Mapping

from simulator.sandbox.sandbox import Sandbox
from simulator.server.control.calls import ControlCall, Services, Unprocessable
from simulator.server.control.shown import show_switch
from simulator.vendors.vendor import Reply


def list_switches(call: ControlCall) -> Reply:
    """List every vendor's switches."""
    shown = [
        show_switch(vendor.name, switch, call.sandbox.switches_for(vendor)[switch.name])
        for vendor in call.services.vendors()
        for switch in vendor.switches
    ]
    return Reply({"switches": shown})


def set_switches(call: ControlCall) -> Reply:
    """Set some switches, all or none."""
    check_switches(call.services, call.body)
    call.sandbox.set_switches(call.body)
    return list_switches(call)


def check_switches(services: Services, said: Mapping[str, str | None]) -> None:
    """Refuse a switch that is not there, and a choice that it does not have; None stands for its default.

    Raises:
        Unprocessable: with what would be legal.
    """
    if not said:
        return
    known = {f"{vendor.name}.{switch.name}": switch for vendor in services.vendors() for switch in vendor.switches}
    for name, choice in said.items():
        if name not in known:
            raise Unprocessable(f"there is no switch {name!r}", code="unknown_switch", legal=list(known))
        if choice is not None and choice not in known[name].choices:
            legal = list(known[name].choices)
            raise Unprocessable(f"{name} cannot be {choice!r}", code="unknown_choice", legal=legal)


def off_default(services: Services, sandbox: Sandbox) -> dict[str, str]:
    """Return the switches of a sandbox that are not at their default, by full name."""
    chosen = sandbox.chosen_switches()
    if not chosen:
        return {}
    defaults = {
        f"{vendor.name}.{switch.name}": switch.default for vendor in services.vendors() for switch in vendor.switches
    }
    return {name: choice for name, choice in chosen.items() if defaults.get(name) != choice}
