"""Whether a request meets a ``when:`` rule: globs that match the whole text, or regular expressions that are found in it."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from simulator.jobs.scenario import Rule, is_regex

LONGEST_TEXT = 2000  # of what a client sent, as far as a pattern looks at it


def meets(rule: Rule, operation: str, fields: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    """Return whether a request meets every condition of a rule. Header names are the same in any case."""
    if rule.operation is not None and not _matches(rule.operation, operation):
        return False
    if not all(_any_matches(pattern, _field(fields, name)) for name, pattern in rule.fields):
        return False
    if not rule.headers:
        return True
    lower = {name.lower(): value for name, value in headers.items()}
    return all(_any_matches(pattern, lower.get(name.lower())) for name, pattern in rule.headers)


def _field(fields: Mapping[str, Any], name: str) -> Any:
    """Return a field by its name, or by a dotted path into the body."""
    if name in fields:
        return fields[name]
    found: Any = fields
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _any_matches(pattern: str, value: Any) -> bool:
    """Return whether a value matches, or one of a list."""
    if isinstance(value, list | tuple):
        return any(_any_matches(pattern, element) for element in value[:100])
    if isinstance(value, bool):
        return _matches(pattern, str(value).lower())
    return isinstance(value, str | int | float) and _matches(pattern, str(value))


def _matches(pattern: str, text: str) -> bool:
    if is_regex(pattern):
        return re.search(pattern[1:-1], text[:LONGEST_TEXT]) is not None
    return fnmatchcase(text[:LONGEST_TEXT], pattern)
