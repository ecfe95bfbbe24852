"""What the facade raises: the server's own plain words, with the nearest right name where one was misspelt."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

MOST_LEGAL_TOLD = 12
_NO_LENGTH = re.compile(
    r"'(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>milli|ms|s|m|h|d)[a-z]*\s*' is no length of time.*",
    re.IGNORECASE | re.DOTALL,
)


class SimulatorRefused(Exception):
    """The simulator will not do it. ``str`` of it is the server's own words.

    ``status`` is the HTTP status, 0 where the client itself saw it; ``code`` the reason in one word; ``legal`` what
    would be accepted, the nearest first; ``findings`` what is wrong with a scenario, and where.
    """

    def __init__(
        self, message: str, status: int = 0, code: str = "", legal: Sequence[str] = (), findings: Sequence[Any] = ()
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.code = message, status, code
        self.legal, self.findings = tuple(legal), tuple(findings)


class Unreachable(SimulatorRefused, ConnectionError):
    """No simulator answers at the URL."""


class NotFound(SimulatorRefused, LookupError):
    """There is no such sandbox, job, webhook or file."""


class Conflict(SimulatorRefused):
    """It cannot be done as things stand, such as a move of a sandbox that was reset meanwhile."""


class NotInTime(SimulatorRefused, TimeoutError):
    """What was waited for did not come."""


class PinnedTwice(SimulatorRefused):
    """A pin for the same submit lies ready and has not been used."""


class UnknownName(SimulatorRefused, LookupError):
    """Something was misspelt; ``legal`` has what there is, the nearest first."""


class UnknownScenario(UnknownName):
    """No scenario of that name can be played here."""


class UnfitScenario(SimulatorRefused):
    """The scenario needs something that this vendor or kind of job does not have."""


class BadScenario(SimulatorRefused):
    """A scenario that was to be added has mistakes; ``findings`` say where."""


class UnknownVendor(UnknownName, AttributeError):
    """There is no such vendor."""


class UnknownWord(UnknownName, AttributeError):
    """This part of the facade has no such verb or attribute."""


class UnknownOperation(UnknownName):
    """The vendor has no such operation."""


class BadLength(SimulatorRefused, ValueError):
    """It is no length of time, or none that can be had."""


class BadInstant(SimulatorRefused, ValueError):
    """It is no instant, or one to which the clock cannot go."""


_BY_CODE: dict[str, type[SimulatorRefused]] = {
    "unknown_scenario": UnknownScenario,
    "unfit_scenario": UnfitScenario,
    "invalid_scenario": BadScenario,
    "unknown_vendor": UnknownVendor,
    "unknown_operation": UnknownOperation,
    "unknown_switch": UnknownName,
    "unknown_choice": UnknownName,
    "unknown_state": UnknownName,
    "unknown_event": UnknownName,
    "not_in_time": NotInTime,
    "bad_length": BadLength,
    "past_instant": BadInstant,
}
_BY_STATUS: dict[int, type[SimulatorRefused]] = {404: NotFound, 409: Conflict}


def refusal(status: int, body: Any) -> SimulatorRefused:
    """Return the error that a reply of the control API stands for."""
    said = body.get("error") if isinstance(body, dict) else None
    if not isinstance(said, dict):
        return SimulatorRefused(f"this is no reply of a simulator: {status} {str(body)[:200]!r}", status)
    code, message, legal = said.get("code", ""), with_length(said.get("message", "")), said.get("legal", ())
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status, SimulatorRefused)
    if issubclass(kind, UnknownName | NotFound):
        return _with_hint(kind, message, legal, status, code)
    return kind(message, status, code, legal, said.get("findings", ()))


def unknown(kind: type[SimulatorRefused], what: str, name: str, legal: Iterable[str]) -> SimulatorRefused:
    """Return the error that says what there is instead of a name, the nearest first."""
    return _with_hint(kind, f"there is no {what} {name!r}", list(legal), name=name)


def unknown_word(owner: str, name: str, legal: Iterable[str]) -> SimulatorRefused:
    """Return the error that says what a part of the facade has instead of a name, the nearest first."""
    return _with_hint(UnknownWord, f"{owner} has no {name!r}", list(legal), name=name)


def unknown_keyword(verb: str, name: str, legal: Iterable[str]) -> TypeError:
    """Return the error that says which keywords a verb takes, the nearest first."""
    return TypeError(_with_hint(UnknownName, f"{verb}() takes no {name!r}", list(legal), name=name).message)


def with_length(message: str) -> str:
    """Return a message, with how the length of time is written that it refuses, where it is plain: ``2s`` for ``2 secs``."""
    if not (meant := _NO_LENGTH.search(message)):
        return message
    return f"{message}; did you mean '{meant['number']}{meant['unit'].lower().replace('milli', 'ms')}'?"


def nearest(name: str, legal: Sequence[str]) -> list[str]:
    """Return what is legal, with what a misspelt name is likely to mean in front."""
    close = _close(name, legal)
    return [*close, *(one for one in legal if one not in close)]


def _close(name: str, legal: Sequence[str]) -> list[str]:
    """Return what is like a name, or else what it is a part of."""
    like = get_close_matches(name, legal, n=3, cutoff=0.6)
    return like or [one for one in legal if len(name) > 2 and name.lower() in one.lower()][:3]


def _with_hint(
    kind: type[SimulatorRefused], message: str, legal: Sequence[str], status: int = 0, code: str = "", name: str = ""
) -> SimulatorRefused:
    """Return an error whose words end in what was probably meant; a name not given is the one that is quoted."""
    name = name or (message.split("'")[1] if message.count("'") >= 2 else "")
    ordered = nearest(name, legal)
    if ordered:
        message = message.partition("; there are: ")[0]  # the server's own list has the nearest at its end
    if ordered and not any(repr(one) in message or f" {one}" in message for one in ordered[:1]):
        if _close(name, ordered[:1]):
            message += f"; did you mean {ordered[0]!r}?"
        more = "" if len(ordered) <= MOST_LEGAL_TOLD else f" and {len(ordered) - MOST_LEGAL_TOLD} more"
        message += (
            f"{' There' if message.endswith('?') else '; there'} are: {', '.join(ordered[:MOST_LEGAL_TOLD])}{more}"
        )
    return kind(message, status, code, ordered)
