"""``simulator hosts``: the lines of a hosts file by which the vendors' own names lead to a simulator."""

from ipaddress import ip_address

from simulator import vendors
from simulator.cli import fail


def hosts(address: str) -> int:
    """Print a line for each vendor that has hosts of its own; an IP address is where the simulator is."""
    try:
        ip_address(address)
    except ValueError:
        return fail(f"hosts: {address!r} is no IP address, and a hosts file takes nothing else")
    for vendor in map(vendors.load, vendors.NAMES):
        names = [name for name in (vendor.host, *vendor.other_hosts, *vendor.media_hosts) if ":" not in name]
        if names:
            print(f"{address} {' '.join(names)}  # {vendor.title}")
    return 0
