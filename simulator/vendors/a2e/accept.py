"""Whether a client would rather read JSON than a page: how A2E's framework words what it has no route for."""

_OFFERED = (
    "text/html",
    "text/plain",
    "application/json",
)  # what comes first goes first where a client has no preference

Rank = tuple[float, int, int]


def prefers_json(accept: str) -> bool:
    """Return whether JSON is the best of what is offered for this ``Accept`` header (fact a2e.route.unknown)."""
    ranges = [_range(at, text) for at, text in enumerate(accept.split(",")[:32]) if text.strip()]
    if not ranges:
        return False
    html, text, json = (max((rank for kind, rank in ranges if _fits(kind, one)), default=None) for one in _OFFERED)
    return json is not None and json[0] > 0 and all(other is None or json > other for other in (html, text))


def _range(at: int, text: str) -> tuple[str, Rank]:
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    said = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        quality = float(said)
    except ValueError:
        quality = 1.0
    return kind, (quality, 2 - kind.count("*"), -at)


def _fits(kind: str, offered: str) -> bool:
    return kind in (offered, offered.partition("/")[0] + "/*", "*/*")
