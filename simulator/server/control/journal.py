"""Handlers for the journal: what was said, found again."""

from collections.abc import Callable
from urllib.parse import unquote

from simulator.sandbox.journal import Exchange
from simulator.server.control.calls import ControlCall
from simulator.server.control.shown import show_exchange
from simulator.vendors.vendor import Reply

DEFAULT_LIMIT = 100


def read_journal(call: ControlCall) -> Reply:
    """Return the newest entries that fit, the oldest of them first."""
    journal, query = call.sandbox.journal, call.query
    found = journal.newest(query.get("limit", DEFAULT_LIMIT), _fits(call), query.get("since", 0))
    return Reply({"last": journal.count, "entries": [show_exchange(said) for said in reversed(found)]})


def count_journal(call: ControlCall) -> Reply:
    """Count the entries that fit."""
    return Reply({"count": len(call.sandbox.journal.newest(None, _fits(call), call.query.get("since", 0)))})


def clear_journal(call: ControlCall) -> Reply:
    """Forget what was said."""
    call.sandbox.journal.clear()
    return Reply(None, 204)


def _fits(call: ControlCall) -> Callable[[Exchange], bool]:
    """Return whether an entry meets every condition of the query."""
    call.asked_vendor()
    wanted = [(name, call.query[name]) for name in ("vendor", "operation", "method", "status") if name in call.query]
    glob = call.query.get("path")

    def fits(said: Exchange) -> bool:
        if any(getattr(said, name) != value for name, value in wanted):
            return False
        return glob is None or any(matches(glob, path) for path in _paths(said))

    return fits


def _paths(said: Exchange) -> tuple[str, str]:
    """Return the path of a call as it came, and as the vendor knows it: without sandbox and vendor before it."""
    path = unquote(said.target.partition("?")[0])
    bare = path
    if bare.startswith("/~"):
        bare = "/" + bare[1:].partition("/")[2]
    return path, bare.removeprefix(f"/{said.vendor}") if bare.startswith(f"/{said.vendor}/") else bare


def matches(glob: str, text: str) -> bool:
    """Return whether a text is what a glob says; ``*`` stands for any text. It takes linear time whatever is asked."""
    first, *middle = glob.split("*")
    if not middle:
        return glob == text
    last = middle.pop()
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
