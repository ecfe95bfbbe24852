"""The repository tells nothing of the machines on which it was written."""

import re
from collections.abc import Iterator
from pathlib import Path

# Each pattern is broken by a [ ] so that this file does not match itself.
LEFTOVERS = re.compile(
    r"/wor[k]/|/ro[o]t/|/hom[e]/\w|/User[s]/\w|bash_job[s]"
    r"|py[p]i\.org|pytho[n]hosted\.org|registry\.n[p]mjs|de[b]\.debian\.org|repo\.mave[n]\.",
    re.IGNORECASE,
)
NOT_OURS = {".git", ".venv", "node_modules", "build", "dist", "__pycache__", ".hypothesis", ".schemathesis"}


def our_files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in NOT_OURS or path.name.endswith("_cache"):
            continue
        if path.is_dir():
            yield from our_files(path)
        else:
            yield path


def test_no_file_names_a_machine_or_a_registry(checkout: Path) -> None:
    found = [
        f"{path.relative_to(checkout)}:{number}: {match[0]}"
        for path in our_files(checkout)
        for number, line in enumerate(path.read_bytes().decode(errors="ignore").splitlines(), 1)
        if (match := LEFTOVERS.search(line))
    ]

    assert not found, "\n".join(found)
