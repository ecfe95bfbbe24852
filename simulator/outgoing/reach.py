"""Which addresses may be reached: this machine and private networks; others where they are allowed; some never."""

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
    """Decides where ``what`` may go; ``flag`` opens more. What is allowed is as ``settings.readers.read_allowed`` lets it in."""

    def __init__(self, allowed: tuple[str, ...] = (), *, what: str = "webhooks", flag: str = "--webhook-allow") -> None:
        self._what, self._flag = what, flag
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
        """Return why nothing for a host may go to the address that its name led to; ``""`` if it may."""
        try:
            there = ip_address(address.partition("%")[0])
        except ValueError:
            return f"{address} is no address, or one in an unusual spelling"
        name, meant = _plain(host), _unwrapped(there)
        if barred := _barred(there, meant):
            return f"{_shown(host, address, there, meant)} is {barred}; {self._what} never go there"
        if self._allows(name, there, meant):
            return ""
        return f"{_shown(host, address, there, meant)} is neither this machine's nor a private network's; {self._flag} {name} opens it"

    def _allows(self, name: str, there: Address, meant: Address) -> bool:
        if self._allows_all or any(meant in network for network in _OWN):
            return True
        if any(there in network or meant in network for network in self._networks):
            return True
        return any(name.endswith(known[1:]) if known.startswith("*.") else name == known for known in self._names)


def never(host: str, address: str) -> str:
    """Return why nothing ever goes to the address that a host's name led to, whatever is allowed; ``""`` if it may."""
    try:
        there = ip_address(address.partition("%")[0])
    except ValueError:
        return f"{address} is no address, or one in an unusual spelling"
    meant = _unwrapped(there)
    barred = _barred(there, meant)
    return f"{_shown(host, address, there, meant)} is {barred}; nothing ever goes there" if barred else ""


def _barred(there: Address, meant: Address) -> str:
    return next((what for network, what in _NEVER.items() if there in network or meant in network), "")


def _shown(host: str, address: str, there: Address, meant: Address) -> str:
    shown = str(there) if meant == there else f"{there}, which leads to {meant},"
    return shown if host in (address, str(there)) else f"{_plain(host)} at {shown}"


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
