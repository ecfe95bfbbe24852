"""To which addresses webhooks may go: this machine and private networks; others where they are allowed; some never."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_OWN = tuple(map(ip_network, ("127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
_CLOUD = "where a cloud keeps what is known of a machine, its keys too"
_NEVER = {
    ip_network("169.254.0.0/16"): f"link-local, {_CLOUD}",
    ip_network("fe80::/10"): "link-local",
    ip_network("fd00:ec2::/32"): _CLOUD,  # AWS
    ip_network("fd20:ce::254"): _CLOUD,  # Google
    ip_network("fd00:c1::a9fe:a9fe"): _CLOUD,  # Oracle
    ip_network("192.0.0.192"): _CLOUD,  # Oracle
    ip_network("100.100.100.200"): _CLOUD,  # Alibaba
    ip_network("168.63.129.16"): _CLOUD,  # Azure
    ip_network("0.0.0.0/8"): "nobody's address",
    ip_network("::"): "nobody's address",
    ip_network("224.0.0.0/4"): "for many receivers at once",
    ip_network("ff00::/8"): "for many receivers at once",
    ip_network("255.255.255.255"): "for many receivers at once",
}
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


class Reach:
    """Decides where webhooks may go. What is allowed is as ``settings.check_allowed`` lets it in."""

    def __init__(self, allowed: tuple[str, ...] = ()) -> None:
        self._allows_all = "*" in allowed
        self._networks: list[Network] = []
        self._names: list[str] = []
        self.refusal = lru_cache(4096)(self._refusal)
        for entry in allowed:
            try:
                self._networks.append(ip_network(entry))
            except ValueError:
                self._names.append(_plain(entry))

    def _refusal(self, host: str, address: str) -> str:
        """Return why a webhook for a host may not go to the address that its name led to; ``""`` if it may."""
        try:
            there = ip_address(address.partition("%")[0])
        except ValueError:
            return f"{address} is no address, or one in an unusual spelling"
        name, meant = _plain(host), _unwrapped(there)
        shown = str(there) if meant == there else f"{there}, which leads to {meant},"
        shown = shown if host in (address, str(there)) else f"{name} at {shown}"
        for network, what in _NEVER.items():
            if there in network or meant in network:
                return f"{shown} is {what}; webhooks never go there"
        if self._allows(name, there, meant):
            return ""
        return f"{shown} is neither this machine's nor a private network's; --webhook-allow {name} opens it"

    def _allows(self, name: str, there: Address, meant: Address) -> bool:
        if self._allows_all or any(meant in network for network in _OWN):
            return True
        if any(there in network or meant in network for network in self._networks):
            return True
        return any(name.endswith(known[1:]) if known.startswith("*.") else name == known for known in self._names)


def _plain(host: str) -> str:
    return host.lower().rstrip(".")


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for: mapped, compatible, 6to4, Teredo or NAT64."""
    if isinstance(address, IPv4Address):
        return address
    if any(address in network for network in _NAT64) or 1 < int(address) < 1 << 32:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address
