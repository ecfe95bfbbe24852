"""Every setting of a server, from flags first and the environment second; no other room reads the environment."""

from simulator.settings.for_ray import prepare_ray
from simulator.settings.options import OPTIONS, PREFIX, Option
from simulator.settings.readers import BadSetting, VendorPort
from simulator.settings.settings import (
    TOLD,
    Settings,
    is_loopback,
    read_environment,
    read_settings,
    variables_of_ours,
)
from simulator.settings.tracing import Tracing, read_tracing

__all__ = [
    "OPTIONS",
    "PREFIX",
    "TOLD",
    "BadSetting",
    "Option",
    "Settings",
    "Tracing",
    "VendorPort",
    "is_loopback",
    "prepare_ray",
    "read_environment",
    "read_settings",
    "read_tracing",
    "variables_of_ours",
]
