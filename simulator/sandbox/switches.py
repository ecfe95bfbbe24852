"""Whether switches that somebody sets are there, and may be what they are set to."""

from collections.abc import Iterable, Mapping

from simulator.jobs.errors import SimulatorError
from simulator.vendors.vendor import Vendor


class UnknownSwitch(SimulatorError):
    """No vendor has such a switch."""

    code = "unknown_switch"


class UnknownChoice(SimulatorError):
    """The switch is there, the choice is not."""

    code = "unknown_choice"


def check_switches(vendors: Iterable[Vendor], said: Mapping[str, str | None]) -> None:
    """Refuse a switch that is not there, and a choice that it does not have; None stands for its default.

    Raises:
        UnknownSwitch, UnknownChoice: with what would be legal.
    """
    known = {f"{vendor.name}.{switch.name}": switch for vendor in vendors for switch in vendor.switches} if said else {}
    for name, choice in said.items():
        if name not in known:
            legal = sorted(known)
            raise UnknownSwitch(f"there is no switch {name!r}; there are: {', '.join(legal)}", legal=legal)
        choices = known[name].choices
        if choice is not None and choice not in choices:
            message = f"switch {name} cannot be {choice!r}; it can be: {', '.join(choices)}"
            raise UnknownChoice(message, legal=list(choices))
