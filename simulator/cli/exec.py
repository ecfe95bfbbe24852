"""``simulator exec -- COMMAND``: a server, a program that reaches it by the vendors' own names, and what came of it."""

from collections.abc import Mapping, Sequence
from typing import Any


def execute(child: Sequence[str], flags: Mapping[str, Any]) -> int:
    """Run a program against a server of its own and return the program's exit status."""
    raise NotImplementedError
