"""Every setting of a server, from flags first and the environment second; no other room reads the environment."""

from simulator.settings.options import OPTIONS, PREFIX, Option
from simulator.settings.readers import BadSetting, VendorPort
from simulator.settings.settings import Settings, is_loopback, read_settings

__all__ = ["OPTIONS", "PREFIX", "BadSetting", "Option", "Settings", "VendorPort", "is_loopback", "read_settings"]
