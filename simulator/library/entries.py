"""One scenario of the library with its file, and the mistakes of a file with their line and column."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from simulator.jobs.errors import SimulatorError
from simulator.jobs.fields import Problem
from simulator.jobs.scenario import Scenario, Script
from simulator.jobs.steps import Terms

Position = tuple[int, int]
"""A line and a column, both from 1."""

LARGEST_BYTES = 1 << 20  # of a file

Key = tuple[str, str, str]  # vendor and kind, each "" where it is any, and name


class FileProblem(msgspec.Struct, frozen=True):
    """A mistake in a file. Line and column count from 1; None where there is no text, but only its data."""

    file: str
    line: int | None
    column: int | None
    problem: Problem

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place}: {self.problem}" if place else str(self.problem)


class BadScenarios(SimulatorError):
    """Scenario files have mistakes; ``problems`` has them all."""

    code = "bad_scenarios"

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        super().__init__("\n".join(map(str, problems)), problems=[str(problem) for problem in problems])
        self.problems = tuple(problems)


class Entry(msgspec.Struct, eq=False):
    """A scenario as the library holds it; a changed file makes a new entry.

    ``scripts`` keeps what it was fitted to: by vendor and kind, and by the entry whose course it takes, if it does.
    """

    scenario: Scenario
    file: str
    text: str
    position: Position = (1, 1)
    scripts: dict[tuple[str, str, "Entry | None"], Script] = {}

    @property
    def key(self) -> Key:
        """For whom it is, and its name."""
        return self.scenario.vendor or "", self.scenario.kind or "", self.scenario.name


def read_entry(
    content: bytes, file: str, name: str, terms: Mapping[str, Terms]
) -> tuple[Entry | None, list[FileProblem]]:
    """Return what a text holds, or None and all its problems in the order of their lines."""
    from simulator.jobs.reading import read_scenario  # here, for a start that plays no scenario reads none
    from simulator.library.yaml_text import read_yaml

    document = read_yaml(content)
    problems = document.problems
    scenario = None
    if document.data is not None or not problems:
        scenario, found = read_scenario(document.data, name, terms)
        known = [problem.path for problem in problems]
        problems = [*problems, *(problem for problem in found if problem.path not in known)]
    if scenario and not problems:
        return Entry(scenario, file, content.decode("utf-8-sig"), document.keys[("scenario",)]), []
    placed = [(document.position(problem), problem) for problem in problems]
    placed.sort(key=lambda pair: pair[0])
    return None, [FileProblem(file, line, column, problem) for (line, column), problem in placed]


def read_data_entry(
    data: Mapping[str, Any], file: str, terms: Mapping[str, Terms]
) -> tuple[Entry | None, list[FileProblem]]:
    """Return what data holds that never were a text, or None and all its problems."""
    from simulator.jobs.reading import read_scenario  # here for the same reason

    scenario, problems = read_scenario(data, "", terms)
    if scenario is None:
        return None, [FileProblem(file, None, None, problem) for problem in problems]
    return Entry(scenario, file, msgspec.json.format(msgspec.json.encode(data), indent=2).decode()), []
