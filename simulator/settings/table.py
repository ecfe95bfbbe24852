"""The table of all settings for readers: ``python -m simulator.settings.table`` prints docs/settings.md."""

import sys

from simulator.settings.options import GROUPS
from simulator.settings.settings import Settings

_HEAD = """# Settings

Each can be said by a flag of `simulator serve` or by a variable; a flag wins. A list is a flag several times, or one variable with
commas. A variable that begins with `SIMULATOR_` and is none of these is an error, for it is a typo most likely; only what Kubernetes
tells about a service of that name (`SIMULATOR_PORT=tcp://…`, `SIMULATOR_SERVICE_HOST` and the like) is passed over.

This page is made by `make settings`.
"""


def as_markdown() -> str:
    """Return the whole page."""
    defaults, lines = Settings(), [_HEAD]
    for title, options in GROUPS:
        lines += [f"## {title}", "", "| flag | variable | what it says | default |", "| --- | --- | --- | --- |"]
        for option in options:
            flag = f"{option.flag} {option.metavar}".strip()
            lines.append(
                f"| `{flag}` | `{option.variable}` | {option.about} | {option.default_told(defaults) or 'none'} |"
            )
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
