"""Every vendor's own folder, and the list of them. A vendor that nobody calls is not even imported."""

from functools import cache
from importlib import import_module
from typing import cast

from simulator.vendors.vendor import Vendor

NAMES = ("a2e", "akool", "deepswapai", "openshorts", "useapi")


@cache
def load(name: str) -> Vendor:
    """Return a vendor by name.

    Raises:
        KeyError: there is no such vendor.
    """
    if name not in NAMES:
        raise KeyError(name)
    return cast(Vendor, import_module(f"simulator.vendors.{name}").VENDOR)
