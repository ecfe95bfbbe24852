"""Regular expressions that a scenario may use: those that cannot take for ever, whatever a client sends."""

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_BACK = "GROUPREF"
_MOST_REPEATS = 1  # each multiplies the time by the length of the text, and so does having to look for the beginning
_MOST_WAYS = 16  # in which optional parts and alternatives may be chosen


def wrong_with(pattern: str) -> str:
    """Return why a regular expression is none, or might take for ever; "" where it is a good one."""
    try:
        re.compile(pattern)
        parsed = import_module("re._parser").parse(pattern)  # what the compiler itself makes of a pattern
        return _wrong_inside(parsed) or _too_many(*_count(parsed), is_anchored=_is_anchored(parsed))
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}"


def _wrong_inside(parts: Iterable[Any], *, is_repeated: bool = False) -> str:
    """Find what can match the same text in ever more ways: a choice within a repeat."""
    for name, argument in _named(parts):
        if is_repeated and _is_choice(name, argument):
            what = "an alternative" if name not in _REPEATS else "a repeat"
            return f"may take for ever, with {what} inside a repeat; repeat a single letter or a class, such as [a-z]+"
        repeats = is_repeated or (name in _REPEATS and argument[1] > 1)
        for inside in _inside(name, argument):
            if wrong := _wrong_inside(inside, is_repeated=repeats):
                return wrong
    return ""


def _count(parts: Iterable[Any]) -> tuple[int, int]:
    """Return how many repeats can follow one another, and in how many ways all other choices can be made."""
    repeats, ways = 0, 1
    for name, argument in _named(parts):
        inside = [_count(part) for part in _inside(name, argument)]
        repeats += max((count for count, _ in inside), default=0)
        counts = [count for _, count in inside] or [1]
        ways *= sum(counts) if name == "BRANCH" and not _tells_apart(argument) else max(counts)
        if name == _BACK or (name in _REPEATS and _is_choice(name, argument)):
            is_optional = name in _REPEATS and argument[:2] == (0, 1)
            repeats, ways = (repeats, ways * 2) if is_optional else (repeats + 1, ways)
    return repeats, ways


def _tells_apart(alternatives: Any) -> bool:
    """Return whether the first letter says which of the alternatives can match."""
    firsts = [(str(branch[0][0]), branch[0][1]) if len(branch) else ("", 0) for branch in alternatives[1]]
    return len(set(firsts)) == len(firsts) and all(name == "LITERAL" for name, _ in firsts)


def _is_anchored(parsed: Any) -> bool:
    first = next(_named(parsed), ("", ""))
    return first[0] == "AT" and str(first[1]).startswith("AT_BEGINNING") and not parsed.state.flags & re.MULTILINE


def _too_many(repeats: int, ways: int, *, is_anchored: bool) -> str:
    most = _MOST_REPEATS + is_anchored
    if repeats > most:
        hint = (
            "a glob such as *one*two* may have any number"
            if is_anchored
            else "begin with ^, or write a glob: *one*two*"
        )
        return f"may take for ever, with {repeats} of .*, + and the like; {hint}"
    if ways > _MOST_WAYS:
        return f"has optional parts and alternatives that can be chosen in {ways} ways, and {_MOST_WAYS} are the most"
    return ""


def _is_choice(name: str, argument: Any) -> bool:
    return name in ("BRANCH", "GROUPREF_EXISTS") or (name in _REPEATS and argument[0] != argument[1])


def _named(parts: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    return ((str(operation), argument) for operation, argument in parts)


def _inside(name: str, argument: Any) -> list[Any]:
    """Return the patterns that a part holds."""
    if name in _REPEATS:
        return [argument[2]]
    if name == "BRANCH":
        return list(argument[1])
    if name == "SUBPATTERN":
        return [argument[3]]
    if name in ("ASSERT", "ASSERT_NOT"):
        return [argument[1]]
    if name == "GROUPREF_EXISTS":  # (?(1)yes|no) is decided by what matched before
        return [part for part in argument[1:] if part is not None]
    return [argument] if name == "ATOMIC_GROUP" else []
