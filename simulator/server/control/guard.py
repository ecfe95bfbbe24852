"""Who may command the simulator: no page of another origin, and nobody without the token where one is set."""

from collections.abc import Mapping
from hmac import compare_digest

from simulator.jobs.errors import SimulatorError

_TOKEN = "X-Simulator-Token"  # noqa: S105  the header's name


class ForeignOrigin(SimulatorError):
    """A page of another origin calls."""

    status = 403
    code = "foreign_origin"


class NoToken(SimulatorError):
    """The server has a control token, and the call does not carry it."""

    status = 401
    code = "no_token"


class Guard:
    """``token`` is "" where none is asked for."""

    def __init__(self, token: str = "") -> None:
        self._token = token.encode()

    def admit(self, headers: Mapping[str, str], here: str) -> None:
        """Let a call in; ``here`` is our own origin as this client sees it.

        Raises:
            ForeignOrigin, NoToken: it is not let in.
        """
        origin = headers.get("Origin")
        if origin is not None and origin.lower() != here.lower():
            raise ForeignOrigin(f"calls from the origin {origin[:200] or 'nowhere'} are refused")
        if self._token and not self._knows_token(headers):
            raise NoToken(f"send the control token: Authorization: Bearer <token>, or {_TOKEN}: <token>")

    def _knows_token(self, headers: Mapping[str, str]) -> bool:
        scheme, _, bearer = headers.get("Authorization", "").partition(" ")
        said = (bearer.strip() if scheme.lower() == "bearer" else "", headers.get(_TOKEN, ""))
        return any(compare_digest(token.encode("utf-8", "surrogateescape"), self._token) for token in said)
