"""Scenarios and contracts: where they lie, which name means what to whom, and what is wrong with those that users write."""

from simulator.library.entries import BadScenarios, FileProblem
from simulator.library.library import Description, Library
from simulator.library.shelves import check_paths, scenario_files

__all__ = ["BadScenarios", "Description", "FileProblem", "Library", "check_paths", "scenario_files"]
