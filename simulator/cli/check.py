"""``simulator check``: what is wrong with scenario files, one line for each mistake."""

from collections.abc import Sequence
from pathlib import Path

from simulator.library import check_paths, scenario_files


def check(paths: Sequence[str]) -> int:
    """Print every mistake with file, line and column; return 0 if there is none, else 2."""
    found = [Path(path) for path in paths]
    problems = check_paths(found)
    for problem in problems:
        print(problem)
    if problems:
        files = len({problem.file for problem in problems})
        print(f"\n{len(problems)} {_counted('mistake', len(problems))} in {files} {_counted('file', files)}")
        return 2
    count = sum(len(scenario_files(path)) for path in found)
    print(f"{count} {_counted('scenario', count)}, nothing wrong")
    return 0


def _counted(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
