"""What the markers of a test say, and whether they can do anything as they stand."""

from typing import Any

import pytest

_HOW = ("vendor", "operation", "times", "job_id", "seed")
"""The keywords of ``scenario`` beside its name."""
Pins = list[tuple[str, str | None, dict[str, Any]]]
"""Vendor, scenario, and the other keywords."""


def read_scenarios(node: pytest.Item) -> tuple[str | None, Pins]:
    """Return the scenario that all jobs of a test play, and what is to be pinned; the nearest marker counts."""
    default: str | None = None
    nearest: dict[tuple[str, str | None], Any] = {}
    pins: Pins = []
    for place, mark in node.iter_markers_with_node("scenario"):
        name, how = _read(mark)
        vendor = how.pop("vendor", None)
        if vendor is None:
            default = default or name
        elif nearest.setdefault((vendor, how.get("operation")), place) is place:
            pins.append((vendor, name, how))
    return default, pins


def explain_misuse(item: pytest.Item) -> str:
    """Return why markers of a test do nothing as they stand, ``""`` where all is well.

    A marker of a whole class or module may meet tests that do not use the fixture; one of the test itself may not.
    """
    for mark in item.iter_markers("scenario"):
        if wrong := _explain(mark):
            return wrong
    for mark in item.iter_markers("warp"):
        if mark.args or mark.kwargs:
            return (
                f"{_shown(mark)} takes nothing: the whole test is in the warp; `with simulator.warp(...)` has options"
            )
    fixtures = getattr(item, "fixturenames", ())
    if "simulator" not in fixtures and any(mark.name == "scenario" for mark in item.own_markers):
        if "simulator_session" in fixtures:
            return "@pytest.mark.scenario is for the fixture simulator; many tests share simulator_session"
        return "the test is marked with a scenario and does not use the fixture simulator"
    return ""


def _read(mark: pytest.Mark) -> tuple[Any, dict[str, Any]]:
    how = dict(mark.kwargs)
    name = how.pop("name", None)
    return (mark.args[0] if mark.args else name), how


def _explain(mark: pytest.Mark) -> str:
    """Return what is wrong with a marker of a scenario."""
    if unknown := [keyword for keyword in mark.kwargs if keyword not in ("name", *_HOW)]:
        from simulator.client.errors import unknown_keyword

        return str(unknown_keyword("@pytest.mark.scenario", unknown[0], ("name", *_HOW)))
    name, how = _read(mark)
    if len(mark.args) > 1 or not (name is None or isinstance(name, str)) or (mark.args and "name" in mark.kwargs):
        return f"{_shown(mark)} takes one name; all else is said by keyword: {', '.join(_HOW)}"
    if "vendor" not in how and (how or name is None):
        return f"{_shown(mark)} needs a {'vendor' if how else 'name or a vendor'}"
    return ""


def _shown(mark: pytest.Mark) -> str:
    said = [repr(one) for one in mark.args] + [f"{name}={value!r}" for name, value in mark.kwargs.items()]
    return f"@pytest.mark.{mark.name}({', '.join(said)})"
