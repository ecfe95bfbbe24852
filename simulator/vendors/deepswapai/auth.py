"""The key of a call: ``Authorization: Bearer <key>``."""

from simulator.jobs.errors import BadKey, NoKey
from simulator.vendors.vendor import Call


def authenticate(call: Call) -> str:
    """Return the key; any text that is not empty is one (facts deepswapai.auth.bearer, deepswapai.auth.key-form).

    Raises:
        NoKey: there is no header.
        BadKey: it is not a bearer token, or an empty one.
    """
    header = call.headers.get("authorization", "").strip()
    if not header:
        raise NoKey
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise BadKey(header)
    return key.strip()
