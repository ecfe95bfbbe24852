"""Webhooks as data: where a job's go, and what a scenario or a test lets go wrong with them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from simulator.jobs.chance import Draws
from simulator.jobs.durations import Duration

FAULTS = (
    *("lost", "late", "duplicate", "burst", "out_of_order", "before_reply", "after_poll"),
    *("stale_timestamp", "wrong_signature", "wrong_id", "other_sandbox", "extra_fields", "truncated"),
)
"""Every way in which webhooks go wrong on purpose, as scenarios and the control API name them."""


class Hook(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where the webhooks of one job go. ``links`` are hosts of the vendor's and how URLs there begin for this client."""

    url: str
    links: tuple[tuple[str, str], ...] = ()

    def files_at(self, path: str, host: str = "") -> str:
        """Turn an output's path into the URL that the client of the submit was given for it."""
        bases = dict(self.links)
        return (bases.get(host) or bases.get("", "/")) + path.lstrip("/")


class Faults(msgspec.Struct, frozen=True, omit_defaults=True):
    """What goes wrong on purpose with a webhook; all of it can be combined.

    ``chance``: how likely it goes wrong at all, drawn once for each. ``states``: only for webhooks that tell one of
    these words; all where there are none. ``duplicate`` and ``burst`` count all copies, sent one after the other or
    at the same time. ``out_of_order``: it waits until the next webhook to the same receiver has overtaken it.
    ``before_reply``: the job ends at once and its webhooks overtake the reply to its submit. ``after_poll``: it waits
    until a look has shown the end. ``other_sandbox``: it tells of a job that this sandbox never had.
    """

    chance: float = 1.0
    states: tuple[str, ...] = ()
    lost: bool = False
    late: Duration | None = None
    duplicate: int = 1
    burst: int = 1
    out_of_order: bool = False
    before_reply: bool = False
    after_poll: bool = False
    stale_timestamp_ms: int = 0
    wrong_signature: bool = False
    wrong_id: bool = False
    other_sandbox: bool = False
    extra_fields: bool = False
    truncated: bool = False

    def names(self) -> tuple[str, ...]:
        """Return which faults these are, by the names in ``FAULTS``."""
        said = msgspec.to_builtins(self)
        return tuple(name for name in FAULTS if name in said or f"{name}_ms" in said)

    def strike(self, word: str, draws: Draws, *names: object) -> bool:
        """Return whether they are for a webhook that tells this word; the dice decide where they are a chance only."""
        if self.states and word not in self.states:
            return False
        return self.chance >= 1 or draws.ratio("webhook fault", *names) < self.chance

    def over(self, other: "Faults") -> "Faults":
        """Return what goes wrong by both together; where both speak of one thing, this one counts."""
        said = msgspec.to_builtins(self)
        own = {name: getattr(self, name) for name in said if name not in ("chance", "states")}
        return msgspec.structs.replace(other, **own)


class Manner(msgspec.Struct, frozen=True):
    """How a scenario wants webhooks sent; None leaves it to the vendor.

    ``retries_ms`` are the gaps before each further attempt, in virtual milliseconds. ``timeout_ms`` is real time.
    """

    retries_ms: tuple[int, ...] | None = None
    timeout_ms: int | None = None
    faults: Faults = Faults()


NO_FAULTS = Faults()
USUAL = Manner()

_DIGITS, _LETTERS = "0123456789", "abcdefghijklmnopqrstuvwxyz"
_EXTRA: Mapping[str, Any] = {"simulated_extra": {"note": "a field that nobody announced", "list": [1, 2.5, None]}}


def with_extra_fields(body: Any) -> Any:
    """Return a webhook's body with fields that the vendor has not told of: one before all others, one behind them."""
    return {"simulated_first": True, **body, **_EXTRA} if isinstance(body, dict) else body


def alike(id: str, draws: Draws) -> str:
    """Return an id of the same shape that is another: every digit moves, or the letters of its last part where none is."""
    by = draws.whole(1, 8, "alike", id)
    if any(letter in _DIGITS for letter in id):
        return "".join(_moved(letter, _DIGITS, by) for letter in id)
    head, mark, tail = id.rpartition("_")
    return head + mark + "".join(_moved(letter, _LETTERS, by) for letter in tail)


def _moved(letter: str, alphabet: str, by: int) -> str:
    return alphabet[(alphabet.index(letter) + by) % len(alphabet)] if letter in alphabet else letter


def renamed(body: Any, id: str, other: str) -> Any:
    """Return a body in which one id stands wherever the other one stood, also within URLs."""
    if isinstance(body, str):
        return body.replace(id, other)
    if isinstance(body, list):
        return [renamed(element, id, other) for element in body]
    if isinstance(body, dict):
        return {name: renamed(said, id, other) for name, said in body.items()}
    return body
