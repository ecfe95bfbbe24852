"""Whom a request is for: which vendor, in which sandbox, and which path of that vendor."""

import re

import msgspec
from aiohttp import web

from simulator.jobs.errors import SimulatorError
from simulator.sandbox.sandboxes import MAIN
from simulator.server.desks import Desks
from simulator.server.paths import clean, split
from simulator.vendors.vendor import Vendor

CONTROL = "_simulator"
_SANDBOX_IN_KEY = re.compile(r"(?:^|[^A-Za-z0-9])sbx-([a-z0-9][a-z0-9_]{0,63})-")
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
_WHOLE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)([^?#]*)")


class Door(msgspec.Struct, frozen=True):
    """What a port says by itself: its vendor, its sandbox, and whether the control API is behind it."""

    vendor: str = ""
    sandbox: str = ""
    has_control: bool = True


FRONT_DOOR = Door()


class Address(msgspec.Struct, gc=False):
    """``parts`` is the path as the vendor knows it; ``prefix`` the part before it that names the vendor, if one did."""

    door: Door
    host: str
    vendor: str
    sandbox: str
    parts: list[str]
    query: str
    prefix: str = ""
    is_control: bool = False

    @property
    def path(self) -> str:
        """The path as the vendor knows it."""
        return "/".join(self.parts)


def find_address(request: web.BaseRequest, door: Door, desks: Desks) -> Address:
    """Read path, door and host, in this order; ``vendor`` and ``sandbox`` stay "" where nobody names one.

    Raises:
        SimulatorError: path and port name two sandboxes.
    """
    path, _, query = request.raw_path.partition("?")
    host = request.headers.get("Host", "")
    if path[:1] != "/":  # as a client writes it to a proxy
        whole = _WHOLE_URL.match(path)
        host, path = (whole[1], whole[2] or "/") if whole else (host, "/" + path)
    parts = split(path)
    sandbox = door.sandbox
    if parts[1][:1] == "~":
        said = _take(parts)[1:]
        if sandbox and said != sandbox:
            raise disagreement("path", said, "port", sandbox)
        sandbox = said
    if parts[1] == CONTROL and door.has_control:
        return Address(door, host, "", sandbox, parts, query, is_control=True)
    if door.vendor:
        return Address(door, host, door.vendor, sandbox, parts, query)
    if parts[1] in desks.names:
        vendor = _take(parts)
        return Address(door, host, vendor, sandbox, parts, query, prefix=vendor)
    return Address(door, host, desks.hosts.get(_name(host), ""), sandbox, parts, query)


def _take(parts: list[str]) -> str:
    """Take off the first segment; what is left is a path again."""
    if len(parts) == 2:
        parts.append("")
    return parts.pop(1)


def _name(host: str) -> str:
    return clean(host).partition(":")[0].lower().rstrip(".")


def disagreement(one: str, said: str, other: str, also_said: str) -> SimulatorError:
    """Return the error for a call that names two sandboxes."""
    return SimulatorError(
        f"the {one} names sandbox {said!r}, the {other} names sandbox {also_said!r}; a call belongs to one",
        sandboxes=[said, also_said],
    )


def sandbox_in_key(key: str) -> str:
    """Return the sandbox that a key names: ``sbx-<id>-…``, at the start or after the vendor's own prefix; else ""."""
    found = _SANDBOX_IN_KEY.search(key) if "sbx-" in key else None
    return found[1] if found else ""


def origin(request: web.BaseRequest, host: str) -> str:
    """Return scheme and host as this client wrote them; an odd host is replaced by our own address."""
    forwarded = request.headers.get("X-Forwarded-Proto", "").lower()
    scheme = forwarded if forwarded in ("http", "https") else request.scheme
    if not _HOST.fullmatch(host):
        socket = request.transport.get_extra_info("sockname") if request.transport else None
        name, port = (socket or ("localhost", 80))[:2]
        host = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    return f"{scheme}://{host}"


class Reach:
    """Turns an output's path into a URL that this client can reach the way it reached us."""

    __slots__ = ("_address", "_request", "_vendor", "sandbox")

    def __init__(self, request: web.BaseRequest, address: Address, vendor: Vendor) -> None:
        self._request, self._address, self._vendor = request, address, vendor
        self.sandbox = MAIN

    def __call__(self, path: str, host: str = "") -> str:
        address = self._address
        segments = [path.lstrip("/")]
        if address.prefix:
            segments.insert(0, address.prefix)
        if self.sandbox not in (MAIN, address.door.sandbox):
            segments.insert(0, f"~{self.sandbox}")
        here = address.host
        if not address.prefix and not address.door.vendor:  # reached by the vendor's own host: its files have theirs
            _, colon, port = here.partition(":")
            here = (host or (self._vendor.media_hosts or (self._vendor.host,))[0]) + colon + port
        return "/".join([origin(self._request, here), *segments])
