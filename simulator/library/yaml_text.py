"""YAML as scenarios use it, with the line and column of every part.

It is read from the parser's events, so that nothing deep or endless is ever built, and by YAML 1.2's rules: ``on``,
``yes`` and ``12:30`` are the texts they look like. Aliases and tags are refused; they would hide what a file says.
"""

import re
from typing import Any

import msgspec
import yaml

from simulator.jobs.fields import Place, Problem, shown
from simulator.library.entries import LARGEST_BYTES, Position

DEEPEST = 32
MOST_NODES = 100_000
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FRACTION = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,18}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,2})?", re.ASCII)


class Document(msgspec.Struct):
    """A text, read: its data, what is wrong with its YAML, and where its parts stand."""

    data: Any
    problems: list[Problem]
    keys: dict[Place, Position]
    values: dict[Place, Position]

    def position(self, problem: Problem) -> Position:
        """Return where a problem is: at the key, or at what stands behind it on the same line."""
        path = problem.path
        while path and path not in self.values:
            path = path[:-1]
        key, value = self.keys.get(path), self.values.get(path, (1, 1))
        return key if key and (problem.on_key or key[0] != value[0]) else value


class _Unreadable(Exception):
    def __init__(self, message: str, position: Position) -> None:
        super().__init__(message)
        self.message, self.position = message, position


def read_yaml(content: bytes) -> Document:
    """Return the one document in a text; where it cannot be read, its ``data`` is None and its problems say why."""
    document = Document(None, [], {}, {})
    try:
        _Builder(content, document).read()
    except _Unreadable as error:
        document.data = None
        document.values[()] = error.position
        document.problems.insert(0, Problem((), error.message))
    return document


class _Builder:
    """Builds data from the parser's events."""

    def __init__(self, content: bytes, document: Document) -> None:
        if len(content) > LARGEST_BYTES:
            raise _Unreadable(f"the file is too large: {LARGEST_BYTES >> 20} MiB at most", (1, 1))
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = content[: error.start]
            raise _Unreadable(
                "the file is not UTF-8", (before.count(b"\n") + 1, len(before.rpartition(b"\n")[2]) + 1)
            ) from error
        self.events = yaml.parse(text, Loader=yaml.CSafeLoader)
        self.document = document
        self.nodes = 0

    def read(self) -> None:
        """Read the document; a second one is a problem."""
        self._next(yaml.StreamStartEvent)
        start = self._next(yaml.DocumentStartEvent, yaml.StreamEndEvent)
        if isinstance(start, yaml.StreamEndEvent):
            raise _Unreadable("the file is empty", (1, 1))
        self.document.data = self._node(self._next(), ())
        self._next(yaml.DocumentEndEvent)
        more = self._next()
        if not isinstance(more, yaml.StreamEndEvent):
            raise _Unreadable("a second document begins here: one scenario a file", _position(more))

    def _next(self, *expected: type) -> Any:
        try:
            event = next(self.events)
        except yaml.YAMLError as error:
            raise _Unreadable(f"this is no YAML: {_complaint(error)}", _error_position(error)) from error
        assert not expected or isinstance(event, expected), event
        return event

    def _node(self, event: Any, path: Place) -> Any:
        self.nodes += 1
        if self.nodes > MOST_NODES or len(path) > DEEPEST:
            raise _Unreadable("the file is too large: too many parts, or too deep", _position(event))
        self.document.values[path] = _position(event)
        if isinstance(event, yaml.AliasEvent):
            self.document.problems.append(
                Problem(path, f"aliases such as *{shown(event.anchor, quote=False)} are not read; write it out")
            )
            return None
        if event.tag is not None and not (isinstance(event, yaml.ScalarEvent) and any(event.implicit)):
            self.document.problems.append(
                Problem(path, f"tags such as {shown(event.tag, quote=False)} are not read; quote what is meant as text")
            )
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event.value) if event.implicit[0] else event.value
        return self._sequence(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)

    def _sequence(self, path: Place) -> list[Any]:
        elements: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            elements.append(self._node(event, (*path, len(elements))))
        return elements

    def _mapping(self, path: Place) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _Unreadable("a key must be a plain word", _position(event))
            key, below = event.value, (*path, event.value)
            if key in mapping:
                line, _ = self.document.keys[below]
                self.document.problems.append(
                    Problem(below, f"the key {shown(key)} stands here twice; first in line {line}", on_key=True)
                )
            self.document.keys[below] = _position(event)
            mapping[key] = self._node(self._next(), below)
        return mapping


def _scalar(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _FRACTION.fullmatch(text) else text


def _position(event: Any) -> Position:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _complaint(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError):
        return " ".join(filter(None, (error.context, error.problem)))
    return str(getattr(error, "reason", "")) or "it cannot be read"


def _error_position(error: yaml.YAMLError) -> Position:
    mark = getattr(error, "problem_mark", None)
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
