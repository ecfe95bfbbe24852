"""The token of a call: ``Authorization: Bearer <token>``."""

from simulator.jobs.errors import BadKey, NoKey
from simulator.vendors.vendor import Call


def authenticate(call: Call) -> str:
    """Return the token; any text that is not empty is one (facts a2e.auth.bearer, a2e.auth.token-form).

    Raises:
        NoKey: there is no header, as in the call that the status page prints (fact a2e.auth.page-has-no-key).
        BadKey: it is not a bearer token, or an empty one.
    """
    header = call.headers.get("authorization", "").strip()
    if not header:
        raise NoKey
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BadKey(header)
    return token.strip()
