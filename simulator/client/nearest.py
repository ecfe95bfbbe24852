"""Which operation a call was probably meant for, and in what it differs, by the vendor's own OpenAPI file."""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches
from itertools import zip_longest
from typing import Any

import msgspec

from simulator.client.results import Call

_LIKE_ENOUGH = 0.6
_METHODS = ("get", "post", "put", "patch", "delete", "head")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


class Described(msgspec.Struct, frozen=True):
    """An operation as its vendor describes it; ``body`` is the schema of a JSON body, without references at its top."""

    operation: str
    method: str
    path: str
    body: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.operation}, {self.method} {self.path}"


def described(document: Mapping[str, Any]) -> list[Described]:
    """Return the operations of an OpenAPI file."""
    return list(_operations(document))


def _operations(document: Mapping[str, Any]) -> Iterator[Described]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item and "operationId" in item[method]:
                body = _follow(document, item[method].get("requestBody", {}))
                schema = body.get("content", {}).get("application/json", {}).get("schema", {})
                yield Described(item[method]["operationId"], method.upper(), path, _merged(document, schema))


def _follow(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        part = found
    return part


def _merged(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Mapping[str, Any]:
    """Return fields and what is required, those of ``allOf`` too; of a choice, the fields alone."""
    schema = _follow(document, schema)
    fields = {name: _follow(document, said) for name, said in schema.get("properties", {}).items()}
    required = list(schema.get("required", ()))
    for word in ("allOf", "anyOf", "oneOf") if depth < 5 else ():  # deeper than anybody writes
        for part in schema.get(word, ()):
            below = _merged(document, part, depth + 1)
            fields |= below["properties"]
            required += below["required"] if word == "allOf" else []
    return {"properties": fields, "required": required}


def named(operation: str, operations: Sequence[Described]) -> Described | None:
    """Return an operation by name."""
    return next((one for one in operations if one.operation == operation), None)


def nearest(call: Call, operations: Sequence[Described]) -> Described | None:
    """Return the operation that a call was probably meant for; None where none is like it."""
    by_likeness = [(_likeness(call, one), one) for one in operations]
    likeness, found = max(by_likeness, key=lambda pair: pair[0], default=(0.0, None))
    return found if likeness >= _LIKE_ENOUGH else None


def _likeness(call: Call, operation: Described) -> float:
    """Return how like a call's path is to an operation's, word by word or as a whole; its method counts a little."""
    said, known = call.path.split("/")[1:], operation.path.split("/")[1:]
    words = [_ratio(mine, theirs) for mine, theirs in zip_longest(said, known, fillvalue="") if not _is_hole(theirs)]
    by_word = sum(words) / len(words) if words else 0.0
    return max(by_word, _ratio(call.path, operation.path)) + (0.05 if call.method == operation.method else 0)


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one[:200], other, autojunk=False).ratio()


def differences(call: Call, operation: Described) -> list[str]:
    """Say in what a call differs from an operation: its method, and the fields of its JSON body."""
    said = [f"{call.method} where it takes {operation.method}"] if call.method != operation.method else []
    if isinstance(call.json, dict) and operation.body:
        said += _in_body(call.json, operation.body)
    elif operation.body.get("required") and not call.body:
        said.append(f"no body where it takes {_listed(operation.body['required'])}")
    return said


def _is_hole(part: str) -> bool:
    return part.startswith("{")


def _in_body(body: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    fields = schema["properties"]
    unknown = [name for name in body if name not in fields]
    for name in schema["required"]:
        if name not in body:
            near = get_close_matches(name, unknown, n=1)
            yield f"{name!r} is missing{f' (it says {near[0]!r})' if near else ''}"
            unknown = [other for other in unknown if other not in near]
    for name in unknown if fields else ():
        near = get_close_matches(name, [known for known in fields if known not in body], n=1)
        yield f"{name!r} is not known{f' (did you mean {near[0]!r}?)' if near else ''}"
    for name, said in body.items():
        yield from _in_field(name, said, fields.get(name, {}))


def _in_field(name: str, said: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    if "enum" in schema and said not in schema["enum"]:
        yield f"{name!r} is {json.dumps(said)[:60]}, and none of {_listed(schema['enum'])}"
    wanted = schema.get("type")
    if isinstance(wanted, str) and wanted in _TYPES:
        fits = isinstance(said, _TYPES[wanted]) and not (isinstance(said, bool) and wanted in ("integer", "number"))
        if not fits:
            yield f"{name!r} is {json.dumps(said)[:60]}, and no {wanted}"


def _listed(names: Sequence[Any]) -> str:
    return ", ".join(str(name) for name in names[:8]) + (" …" if len(names) > 8 else "")
