"""Whom a request is for: which vendor, in which sandbox, and which path of that vendor."""

import re

import msgspec
from aiohttp import web
from aiohttp.hdrs import HOST

from simulator.jobs.errors import SimulatorError
from simulator.sandbox.sandboxes import MAIN
from simulator.server.desks import Desks
from simulator.server.paths import clean, split

CONTROL = "_simulator"
METRICS = ["", "metrics"]
_SANDBOX_IN_KEY = re.compile(r"(?:^|[^A-Za-z0-9])sbx-([a-z0-9][a-z0-9_]{0,63})-")
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
_WHOLE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#]*)([^?#]*)")


class Door(msgspec.Struct, frozen=True):
    """What a port says by itself: its vendor, its sandbox, and whether the control API is behind it."""

    vendor: str = ""
    sandbox: str = ""
    has_control: bool = True


FRONT_DOOR = Door()


class Address(msgspec.Struct, gc=False):
    """``parts`` is the path as the vendor knows it; ``prefix`` the part before it that names the vendor, if one did.

    ``sandbox`` is the one that path or port name; ``answers_in`` the one that answers. ``operation`` is the control API's.
    """

    request: web.BaseRequest
    door: Door
    vendor: str
    sandbox: str
    parts: list[str]
    query: str
    prefix: str = ""
    said_host: str = ""
    is_control: bool = False
    answers_in: str = MAIN
    file_host: str = ""
    operation: str = ""

    @property
    def path(self) -> str:
        """The path as the vendor knows it."""
        return "/".join(self.parts)

    @property
    def host(self) -> str:
        """The host as the client wrote it, with its port."""
        return self.said_host or self.request.headers.get(HOST, "")

    def files_at(self, path: str, host: str = "") -> str:
        """Turn an output's path into a URL that this client can reach the way it reached us."""
        segments = [path.lstrip("/")]
        if self.prefix:
            segments.insert(0, self.prefix)
        if self.answers_in not in (MAIN, self.door.sandbox):
            segments.insert(0, f"~{self.answers_in}")
        here = self.host
        if not self.prefix and not self.door.vendor:  # reached by the vendor's own host: its files have theirs
            _, colon, port = here.partition(":")
            here = (host or self.file_host) + colon + port
        return "/".join([origin(self.request, here), *segments])


def find_address(request: web.BaseRequest, door: Door, desks: Desks) -> Address:
    """Read path, door and host, in this order; ``vendor`` and ``sandbox`` stay "" where nobody names one.

    Raises:
        SimulatorError: path and port name two sandboxes.
    """
    path, _, query = request.raw_path.partition("?")
    said_host = ""
    if path[:1] != "/":  # as a client writes it to a proxy
        whole = _WHOLE_URL.match(path)
        said_host, path = (whole[1], whole[2] or "/") if whole else ("", "/" + path)
    parts = split(path)
    sandbox = door.sandbox
    if parts[1][:1] == "~":
        said = _take(parts)[1:]
        if sandbox and said != sandbox:
            raise disagreement("path", said, "port", sandbox)
        sandbox = said
    if parts[1] in desks.names and not door.vendor:
        vendor = _take(parts)
        return Address(request, door, vendor, sandbox, parts, query, vendor, said_host)
    address = Address(request, door, door.vendor, sandbox, parts, query, "", said_host)
    if parts[1] == CONTROL and door.has_control:
        address.is_control = True
        address.vendor = ""
    elif not door.vendor:
        address.vendor = desks.hosts.get(_name(address.host), "")
        if parts == METRICS and not address.vendor and door.has_control:  # where Prometheus looks by itself
            address.parts, address.is_control = ["", CONTROL, "metrics"], True
    return address


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
