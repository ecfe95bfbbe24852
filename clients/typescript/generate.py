"""Writes ``simulator.ts`` from ``openapi/simulator.yaml``: a type for every schema, a method for every operation."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
DESCRIPTION = HERE.parents[1] / "openapi" / "simulator.yaml"
TARGET = HERE / "simulator.ts"

OF_SANDBOX = "OfSandbox"
_IN_SANDBOX = "/_simulator/sandboxes/{sandbox}"
_METHODS = ("get", "put", "post", "patch", "delete")
_OF_THE_LANGUAGE = {"Awaited": "AwaitedWebhooks", "Error": "ErrorReply", "Event": "JobEvent", "Record": "AccountRecord"}
"""Schemas that are called as TypeScript calls something of its own, and their names here."""
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

Schema = Mapping[str, Any]


def generate(description: Mapping[str, Any]) -> str:
    """Return the client in TypeScript of which only types would have to be stripped, with no imports."""
    types = [_declare(name, schema) for name, schema in description["components"]["schemas"].items()]
    methods = [_method(*operation, description) for operation in _operations(description)]
    frame = (HERE / "frame.ts").read_text(encoding="utf-8")
    return frame.replace("// ---- types\n", "\n".join(types)).replace("  // ---- operations\n", "\n".join(methods))


def _operations(description: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    """Yield path, method, path item and operation; what there is for ``main`` and for a named sandbox is one."""
    paths = description["paths"]
    for path, item in paths.items():
        below = path.removeprefix("/_simulator")
        if not below or f"{_IN_SANDBOX}{below}" not in paths:
            yield from ((path, method, item, item[method]) for method in _METHODS if method in item)


def _method(
    path: str, method: str, item: Mapping[str, Any], operation: Mapping[str, Any], description: Mapping[str, Any]
) -> str:
    parameters = [
        _followed(one, description) for one in (*item.get("parameters", ()), *operation.get("parameters", ()))
    ]
    in_path = [one for one in parameters if one["in"] == "path" and one["name"] != "sandbox"]
    in_query = [one for one in parameters if one["in"] == "query"]
    arguments = [f"{_camel(one['name'])}: {_type(one['schema'])}" for one in in_path]
    body = operation.get("requestBody")
    sent = "undefined"
    if body:
        schema = next(iter(body["content"].values())).get("schema", {})
        arguments.append(f"body{'' if body.get('required') else '?'}: {_type(schema)}")
        sent = "body"
    if in_query:
        wanted = {"type": "object", "properties": {one["name"]: one["schema"] for one in in_query}}
        arguments.append(f"query: {_type(wanted, '  ')} = {{}}")
    below = path.replace(_IN_SANDBOX, "${this.#sandbox}")
    target = re.sub(r"(?<!\$)\{(\w+)\}", lambda hole: f"${{encodeURIComponent({_camel(hole[1])})}}", below)
    name = operation["operationId"].removesuffix(OF_SANDBOX)
    asked = [f'"{method.upper()}"', f"`{target}`", sent, *(["query"] if in_query else [])]
    if asked[-1] == "undefined":
        asked.pop()
    return (
        f"{_comment(operation.get('summary', ''), '  ')}"
        f"  {name}({', '.join(arguments)}): Promise<{_result(operation)}> {{\n"
        f"    return this.#ask({', '.join(asked)});\n  }}\n"
    )


def _result(operation: Mapping[str, Any]) -> str:
    good = [said for status, said in operation["responses"].items() if str(status).startswith("2")]
    contents = [said["content"] for said in good if "content" in said]
    if not contents:
        return "void" if "default" not in operation["responses"] else "unknown"
    first = contents[0]
    return " | ".join(dict.fromkeys(_type(media.get("schema", {}), "  ") for media in first.values()))


def _declare(name: str, schema: Schema) -> str:
    return f"{_comment(schema.get('description', ''))}export type {_named(name)} = {_type(schema)};\n"


def _type(schema: Schema, indent: str = "") -> str:
    """Return a schema as a type; what a type cannot say, such as a pattern, is left to the server."""
    if "$ref" in schema:
        return _named(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "then" in schema and "$ref" in schema["then"]:
        return f"{_type(schema['then'])} | {_type(schema['else'])}"
    if "anyOf" in schema and "properties" not in schema:
        return " | ".join(_type(one, indent) for one in schema["anyOf"])
    said = schema.get("type")
    if isinstance(said, list):
        return " | ".join(_type({**schema, "type": one}, indent) for one in said)
    if said == "array":
        element = _type(schema.get("items", {}), indent)
        return f"({element})[]" if " | " in element else f"{element}[]"
    if said == "object":
        return _object(schema, indent)
    return _PLAIN.get(str(said), "unknown")


def _object(schema: Schema, indent: str) -> str:
    properties, more = schema.get("properties", {}), schema.get("additionalProperties")
    if not properties:
        return f"Record<string, {_type(more, indent) if isinstance(more, Mapping) else 'unknown'}>"
    inner = indent + "  "
    lines = []
    for name, one in properties.items():
        mark = "" if name in schema.get("required", ()) else "?"
        key = name if re.fullmatch(r"[A-Za-z_]\w*", name) else json.dumps(name)
        lines.append(f"{_comment(one.get('description', ''), inner)}{inner}{key}{mark}: {_type(one, inner)};\n")
    if "additionalProperties" not in schema and "required" in schema:  # what is said is only part of it
        lines.append(f"{inner}[more: string]: unknown;\n")
    return f"{{\n{''.join(lines)}{indent}}}"


def _comment(text: str, indent: str = "") -> str:
    lines = text.strip().splitlines()
    if len(lines) < 2:
        return f"{indent}/** {lines[0]} */\n" if lines else ""
    return f"{indent}/**\n" + "".join(f"{indent} * {line}\n" for line in lines) + f"{indent} */\n"


def _followed(said: Mapping[str, Any], description: Mapping[str, Any]) -> Mapping[str, Any]:
    for step in said.get("$ref", "#").split("/")[1:]:
        description = description[step]
    return description if "$ref" in said else said


def _named(schema: str) -> str:
    return _OF_THE_LANGUAGE.get(schema, schema)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


if __name__ == "__main__":
    TARGET.write_text(generate(yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))), encoding="utf-8")
