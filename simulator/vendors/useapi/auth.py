"""The token of a call, ``Authorization: Bearer <token>``, and the user it belongs to."""

import re

from simulator.jobs.chance import Draws
from simulator.jobs.errors import BadKey, NoKey
from simulator.vendors.vendor import Call

_USER = re.compile(r"user:([0-9]{1,18})-")


def authenticate(call: Call) -> str:
    """Return the token as it was sent; any text that is not empty is one (fact useapi.auth.bearer).

    Raises:
        NoKey: there is no header.
        BadKey: it is no bearer token, or an empty one.
    """
    header = call.headers.get("authorization", "").strip()
    if not header:
        raise NoKey
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BadKey(header)
    return token.strip()


def user_number(token: str) -> str:
    """Return the number in a token ``user:<number>-<text>``, or one that belongs to this token (fact useapi.ids.jobid-owner)."""
    match = _USER.match(token)
    return match[1] if match else str(Draws("useapi", "user", token).whole(1000, 99_999))
