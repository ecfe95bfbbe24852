"""What pages of other origins are told (facts openshorts.cors.any-origin, openshorts.cors.preflight)."""

from collections.abc import Mapping

from simulator.vendors.vendor import Headers, Reply

METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


def origin_headers(headers: Mapping[str, str]) -> Headers:
    """Return what a reply to a page carries: its origin, and that it may send its cookies."""
    origin = headers.get("Origin")
    if origin is None:
        return ()
    return (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Vary", "Origin"),
    )


def show_preflight(headers: Mapping[str, str]) -> Reply:
    """Allow everything, whatever the path."""
    told: Headers = (("Access-Control-Allow-Methods", METHODS), ("Access-Control-Max-Age", "600"))
    wanted = headers.get("Access-Control-Request-Headers")
    return Reply("OK", 200, told if wanted is None else (*told, ("Access-Control-Allow-Headers", wanted)))
