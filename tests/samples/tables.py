"""How a reply is held against the table of its page: every field there, every value of the type that the table tells."""

from collections.abc import Mapping
from typing import Any

TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def check_table(said: Any, table: Mapping[str, str]) -> None:
    """Hold a reply against a table of paths such as ``data._id`` or ``clips[].title`` and types such as ``string | null``."""
    for path, written in table.items():
        allowed = [one for name in written.split(" | ") for one in TYPES[name]]
        for value in _at(said, path):
            assert type(value) in allowed, f"{path} is {value!r}, no {written}"


def _at(said: Any, path: str) -> list[Any]:
    """Return every value at a path; ``[]`` stands for all of a list."""
    values = [said]
    for step in path.split("."):
        name = step.removesuffix("[]")
        assert all(name in value for value in values), f"no {name} of {path} in {values}"
        values = [value[name] for value in values]
        if step.endswith("[]"):
            values = [one for value in values for one in value]
    return values
