"""Texts from the wire as the values they stand for, read as strictly as JSON does."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

Reader = Callable[[Any], Any]
Readers = tuple[tuple[str, Reader], ...]

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")


def as_it_is(said: Any) -> Any:
    """Return the text, which stands for itself."""
    return said


def value(text: Any, types: Collection[str]) -> Any:
    """Return the number or truth value that a text is in JSON's notation; the text itself if it is none."""
    if not isinstance(text, str):
        return text
    if ("integer" in types or "number" in types) and _WHOLE.fullmatch(text):
        return int(text)
    if "number" in types and _DECIMAL.fullmatch(text):
        return float(text)
    if "boolean" in types:
        return {"true": True, "false": False}.get(text, text)
    return text


def read_all(said: Mapping[str, Any], readers: Iterable[tuple[str, Reader]]) -> dict[str, Any]:
    """Return the same texts by name, those that have a reader as the values they stand for."""
    return {**said, **{name: read(said[name]) for name, read in readers if name in said}}
