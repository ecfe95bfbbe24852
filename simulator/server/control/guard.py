"""Who may command the simulator: no page of another origin, and nobody without the token where one is set."""

import re
from collections.abc import Callable, Container, Mapping
from hmac import compare_digest
from ipaddress import ip_address

from simulator.jobs.errors import SimulatorError

_TOKEN = "X-Simulator-Token"  # noqa: S105  the header's name
_ONE_LABEL = re.compile(r"[a-z0-9_-]{1,63}")  # localhost, or a service's name in a network of containers
_NOBODYS_TO_BUY = (".localhost", ".internal")  # host.docker.internal is how a container says its host


class ForeignOrigin(SimulatorError):
    """A page of another origin calls."""

    status = 403
    code = "foreign_origin"


class ForeignHost(SimulatorError):
    """The call came by a name that anybody might have given this address."""

    status = 403
    code = "foreign_host"


class NoToken(SimulatorError):
    """The server has a control token, and the call does not carry it."""

    status = 401
    code = "no_token"


class Guard:
    """``token`` is "" where none is asked for; ``own_hosts`` are the names by which everybody may call us then."""

    def __init__(self, token: str = "", own_hosts: Callable[[], Container[str]] = tuple) -> None:
        self._token, self._own_hosts = token.encode(), own_hosts

    def admit(self, headers: Mapping[str, str], here: str, host: str) -> None:
        """Let a call in; ``here`` is our own origin as this client sees it, ``host`` what it wrote as our host.

        Without a token only names count that no stranger can point at us: a page of his would be of our own origin.

        Raises:
            ForeignOrigin, ForeignHost, NoToken: it is not let in.
        """
        origin = headers.get("Origin")
        if origin is not None and origin.lower() != here.lower():
            raise ForeignOrigin(f"calls from the origin {origin[:200] or 'nowhere'} are refused")
        if not self._token and not self._is_ours(_name(host)):
            message = f"calls by the host name {host[:200]!r} are refused; start the server with --token to allow them"
            raise ForeignHost(message)
        if self._token and not self._knows_token(headers):
            raise NoToken(f"send the control token: Authorization: Bearer <token>, or {_TOKEN}: <token>")

    def _is_ours(self, name: str) -> bool:
        if not name or _ONE_LABEL.fullmatch(name) or name.endswith(_NOBODYS_TO_BUY):
            return True
        try:
            ip_address(name)
        except ValueError:
            return name in self._own_hosts()
        return True

    def _knows_token(self, headers: Mapping[str, str]) -> bool:
        scheme, _, bearer = headers.get("Authorization", "").partition(" ")
        said = (bearer.strip() if scheme.lower() == "bearer" else "", headers.get(_TOKEN, ""))
        return any(compare_digest(token.encode("utf-8", "surrogateescape"), self._token) for token in said)


def _name(host: str) -> str:
    """Return a host without its port, in small letters; an IPv6 address without its brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().rstrip(".")
