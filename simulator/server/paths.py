"""A tree of paths: words before holes, and a search that never turns back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import unquote

from simulator.jobs.errors import SimulatorError

Target = TypeVar("Target")

_HOLE, _END = "//", "/"  # neither can be a part of a path


class Leaf(NamedTuple, Generic[Target]):
    """What stands at a path, and where in it the values are."""

    target: Target
    holes: tuple[tuple[int, str], ...]

    def values(self, parts: Sequence[str]) -> dict[str, str]:
        """Return the values of the holes by name."""
        return {name: parts[at] for at, name in self.holes}


class Paths(Generic[Target]):
    """Templates such as ``/jobs/{id}`` and what stands there, by method. ``/jobs`` and ``/jobs/`` are two paths."""

    def __init__(self, routes: Iterable[tuple[str, str, Target]]) -> None:
        self._tree: dict[str, Any] = {}
        for method, path, target in routes:
            self._add(method, path, target)
        _fall_through(self._tree)

    def _add(self, method: str, path: str, target: Target) -> None:
        node, holes = self._tree, []
        for at, part in enumerate(path.split("/")):
            if not at:
                continue
            is_hole = part.startswith("{") and part.endswith("}")
            if is_hole:
                holes.append((at, part[1:-1]))
            elif "{" in part:
                raise SimulatorError(f"{path}: a hole must be a whole segment of the path")
            node = node.setdefault(_HOLE if is_hole else part, {})
        node.setdefault(_END, {})[method] = Leaf(target, tuple(holes))

    def find(self, parts: Sequence[str]) -> Mapping[str, Leaf[Target]] | None:
        """Return what stands at a path by method; ``parts[0]`` is what stood before the first slash."""
        node = self._tree
        for part in parts[1:]:
            below = node.get(part)
            if below is None:
                below = node.get(_HOLE) if part else None
                if below is None:
                    return None
            node = below
        return node.get(_END)


def _fall_through(node: dict[str, Any]) -> None:
    """Copy what lies below a hole under its sibling words, so that a search never turns back."""
    below_hole = node.get(_HOLE)
    for word, below in node.items():
        if word != _END:
            if below_hole is not None and word not in (_HOLE, ""):
                _merge(below, below_hole)
            _fall_through(below)


def _merge(node: dict[str, Any], extra: Mapping[str, Any]) -> None:
    for word, below in extra.items():
        if word == _END:
            for method, leaf in below.items():
                node.setdefault(word, {}).setdefault(method, leaf)
        else:
            _merge(node.setdefault(word, {}), below)


def split(path: str) -> list[str]:
    """Return the decoded parts of a raw path; the first one is what stands before the first slash."""
    parts = path.split("/")
    if "%" in path or not path.isascii():
        return [clean(unquote(part)) for part in parts]
    return parts


def clean(text: str) -> str:
    """Return a text without the half letters that aiohttp makes of bytes which are no UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
