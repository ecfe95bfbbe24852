"""Handlers for switches."""

from simulator.sandbox.sandbox import Sandbox
from simulator.sandbox.switches import check_switches
from simulator.server.control.calls import ControlCall, Services
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
    check_switches(call.services.vendors(), call.body)
    call.sandbox.set_switches(call.body)
    return list_switches(call)


def off_default(services: Services, sandbox: Sandbox) -> dict[str, str]:
    """Return the switches of a sandbox that are not at their default, by full name."""
    chosen = sandbox.chosen_switches()
    if not chosen:
        return {}
    defaults = {
        f"{vendor.name}.{switch.name}": switch.default for vendor in services.vendors() for switch in vendor.switches
    }
    return {name: choice for name, choice in chosen.items() if defaults.get(name) != choice}
