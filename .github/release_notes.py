"""Prints the notes of a release out of CHANGELOG.md: ``release_notes.py v0.1.0``; status 2 if that is not what is here."""

import re
import sys
from pathlib import Path

TOP = Path(__file__).parent.parent


class NotReady(Exception):
    """What is here cannot be released under the tag."""


def notes(tag: str, top: Path = TOP) -> str:
    """Return what the changelog says of the version that a tag names.

    Raises:
        NotReady: the package says another version, or the changelog has no dated and filled section for it.
    """
    said = re.search(r'^__version__ = "(.+)"$', (top / "simulator/__init__.py").read_text(), re.MULTILINE)
    version = said[1] if said else "none"
    if tag != f"v{version}":
        raise NotReady(f"the tag is {tag}, but simulator/__init__.py says {version}: the tag would be v{version}")
    for section in re.split(r"^## ", (top / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        if heading.startswith(f"[{version}]"):
            if not re.fullmatch(r"\[.+\] - \d{4}-\d\d-\d\d", heading.strip()):
                raise NotReady(f"CHANGELOG.md has no date at [{version}]: {heading.strip()!r}")
            if not text.strip():
                raise NotReady(f"CHANGELOG.md says nothing of [{version}]")
            return text.strip() + "\n"
    raise NotReady(f"CHANGELOG.md has no section [{version}]")


if __name__ == "__main__":
    try:
        print(notes(*sys.argv[1:2]), end="")
    except (NotReady, TypeError) as error:
        print(f"release_notes: {error}", file=sys.stderr)
        sys.exit(2)
