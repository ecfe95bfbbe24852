"""A document that people wrote, asked key by key: what is wrong is noted with its place, never raised."""

from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from typing import Any

import msgspec

from simulator.jobs.durations import Duration, read_duration

Place = tuple[str | int, ...]
LONGEST_TEXT = 10_000
MOST_SHOWN = 24  # legal choices in one message


class Problem(msgspec.Struct, frozen=True):
    """One mistake: where it is, what it is, what would be legal there and which of that was probably meant.

    ``on_key``: it is the key at the end of ``path`` that is wrong, not what stands behind it.
    """

    path: Place
    message: str
    legal: tuple[str, ...] = ()
    near: str = ""
    on_key: bool = False

    def __str__(self) -> str:
        place = f"{dotted(self.path)}: " if self.path else ""
        legal = ", ".join(self.legal[:MOST_SHOWN]) + (", …" if len(self.legal) > MOST_SHOWN else "")
        hint = f" (did you mean {self.near!r}?)" if self.near else ""
        return f"{place}{self.message}{f'; legal: {legal}' if legal else ''}{hint}"


def dotted(path: Place) -> str:
    """Return a place as people write it: ``states.progress.then[0].to``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{shown(part, 60, quote=False)}" for part in path)
    return text.removeprefix(".")


def shown(value: object, longest: int = 40, *, quote: bool = True) -> str:
    """Return a value as it may stand in a message: short, on one line, in the words of YAML."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        text = value if len(value) <= longest else value[: longest - 1] + "…"
        return repr(text) if quote or not text.isprintable() else text
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a huge number"
    return repr(value)[:longest]


def nearest(word: object, legal: Iterable[str]) -> str:
    """Return the legal word that was probably meant, or ``""``."""
    from difflib import get_close_matches  # here, for its import costs a start 10 ms and most starts have no mistake

    if not isinstance(word, str):
        return ""
    return next(iter(get_close_matches(word[:100], list(legal), n=1, cutoff=0.6)), "")


class Fields:
    """A mapping at one place. Every getter returns None, or nothing, where the key is absent or its value is wrong.

    ``legal`` are the keys that may stand here, None where any may; ``advice`` answers to keys that people try.
    """

    def __init__(
        self,
        value: object,
        path: Place,
        problems: list[Problem],
        legal: Iterable[str] | None,
        advice: dict[str, str] | None = None,
    ) -> None:
        self.path, self.problems = path, problems
        self._values: dict[str, Any] = {}
        if not isinstance(value, dict):
            self.note((), f"{shown(value)} stands here instead of a mapping", legal or ())
            return
        legal = None if legal is None else tuple(legal)
        for key, inner in value.items():
            if legal is None or key in legal:
                self._values[str(key)] = inner
            elif advice and key in advice:
                self.note((str(key),), advice[key], on_key=True)
            else:
                self.note((str(key),), f"there is no key {shown(key)} here", legal, nearest(key, legal), on_key=True)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def note(
        self, below: Place, message: str, legal: Iterable[str] = (), near: str = "", *, on_key: bool = False
    ) -> None:
        """Note a problem with what stands at ``below`` in this mapping."""
        self.problems.append(Problem((*self.path, *below), message, tuple(legal), near, on_key))

    def value(self, key: str) -> Any:
        """Return what stands behind a key, as it is."""
        return self._values.get(key)

    def text(self, key: str, *, may_be_empty: bool = False) -> str | None:
        """Return a text."""
        value = self._values.get(key)
        if key in self and not (isinstance(value, str) and (value or may_be_empty) and len(value) <= LONGEST_TEXT):
            self.note((key,), f"{shown(value)} is no text of 1 to {LONGEST_TEXT} characters")
            return None
        return value

    def choice(self, key: str, legal: Sequence[str]) -> str | None:
        """Return one of the legal words."""
        value = self._values.get(key)
        if key in self and value not in legal:
            self.note((key,), f"{shown(value)} is none of the choices", legal, nearest(value, legal))
            return None
        return value

    def word(self, key: str) -> str | None:
        """Return a scalar as text: a number or a truth value counts as the word that was written."""
        value = self._values.get(key)
        if isinstance(value, bool | int):
            return shown(value)
        return self.text(key, may_be_empty=True)

    def whole(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number from ``low`` to ``high``."""
        value = self._values.get(key)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if key in self and (not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high):
            self.note((key,), f"{shown(value)} is no whole number from {low} to {high}")
            return None
        return value

    def number(self, key: str, low: float, high: float) -> float | None:
        """Return a number from ``low`` to ``high``."""
        if key not in self:
            return None
        value = self._values[key]
        if not is_number(value) or not low <= value <= high:
            self.note((key,), f"{shown(value)} is no number from {low:g} to {high:g}")
            return None
        return float(value)

    def flag(self, key: str) -> bool:
        """Return a truth value; absent is false."""
        value = self._values.get(key, False)
        if not isinstance(value, bool):
            self.note((key,), f"{shown(value)} is neither true nor false", ("true", "false"))
        return value is True

    def duration(self, key: str, times: int = 1) -> Duration | None:
        """Return a length of time, so many times: fixed, a range or a distribution."""
        if key not in self:
            return None
        try:
            return read_duration(self._values[key], times)
        except ValueError as error:
            self.note((key,), str(error))
            return None

    def ms(self, key: str, low_ms: int = 0) -> int | None:
        """Return a fixed length of time in milliseconds."""
        lasts = self.duration(key)
        if lasts and (lasts.median_ms or lasts.low_ms != lasts.high_ms):
            self.note((key,), f"{shown(self.value(key))} is drawn, but this is a fixed length; write for example 31d")
            return None
        if lasts and lasts.low_ms < low_ms:
            self.note((key,), f"{shown(self.value(key))} is too short: at least {low_ms} ms")
            return None
        return lasts.low_ms if lasts else None

    def fields(self, key: str, legal: Iterable[str] | None) -> "Fields":
        """Return the mapping behind a key; an empty one where there is none."""
        return Fields(self._values.get(key, {}), (*self.path, key), self.problems, legal)

    def elements(self, key: str, most: int = 1000) -> list[Any]:
        """Return the list behind a key."""
        value = self._values.get(key, [])
        if not isinstance(value, list) or len(value) > most:
            self.note((key,), f"{shown(value)} is no list of up to {most} elements")
            return []
        return value


def is_number(value: object) -> bool:
    """Return whether a value is a finite number, and no truth value."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and isfinite(value))
