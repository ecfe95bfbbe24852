"""What is said of files with mistakes, and that the schema for editors and the reader agree."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from simulator import vendors
from simulator.jobs import reading_webhooks
from simulator.jobs.reading import KEYS
from simulator.library import check_paths, scenario_files
from simulator.library.entries import read_entry
from simulator.library.terms import VendorTerms
from simulator.library.yaml_text import DEEPEST, LARGEST_BYTES, MOST_NODES, read_yaml
from tests.library.bad_documents import BAD_DOCUMENTS, BadDocument
from tests.library.made_up import TERMS

FINE = "states:\n  running: {for: 5s, then: succeeded}\n"


@pytest.fixture(scope="session")
def schema(checkout: Path) -> dict[str, Any]:
    schema = json.loads((checkout / "scenarios/scenario.schema.json").read_text())
    assert isinstance(schema, dict)
    return schema


@pytest.fixture(scope="session")
def by_schema(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    jsonschema_rs.meta.validate(schema)
    return jsonschema_rs.Draft202012Validator(schema)


def said_of(text: str | bytes, name: str = "") -> list[str]:
    """Return what is said of a text that stands in ``x.yaml``."""
    content = text if isinstance(text, bytes) else text.encode()
    _, problems = read_entry(content, "x.yaml", name, TERMS)
    return [str(problem) for problem in problems]


@pytest.mark.parametrize("bad", BAD_DOCUMENTS, ids=lambda bad: bad.messages[0][:60])
def test_every_mistake_is_told_with_its_place(bad: BadDocument) -> None:
    entry, problems = read_entry(bad.text.encode(), "bad.yaml", "bad", TERMS)

    assert entry is None
    assert tuple(map(str, problems)) == bad.messages


@pytest.mark.parametrize("bad", BAD_DOCUMENTS, ids=lambda bad: bad.messages[0][:60])
def test_the_schema_refuses_what_it_can_see(bad: BadDocument, by_schema: jsonschema_rs.Draft202012Validator) -> None:
    assert by_schema.is_valid(read_yaml(bad.text.encode()).data) is not bad.schema_sees


def test_all_shipped_scenarios_pass_both(checkout: Path, by_schema: jsonschema_rs.Draft202012Validator) -> None:
    folder = checkout / "scenarios"

    assert not check_paths([folder])
    for path in scenario_files(folder):
        by_schema.validate(read_yaml(path.read_bytes()).data)


def test_the_schema_knows_every_vendor(schema: dict[str, Any]) -> None:
    assert schema["properties"]["vendor"]["enum"] == list(vendors.NAMES)


def test_the_schema_knows_what_the_reader_knows_of_webhooks(schema: dict[str, Any]) -> None:
    webhook = schema["$defs"]["webhook"]["properties"]

    assert set(schema["properties"]) == set(KEYS)
    assert tuple(webhook) == reading_webhooks.KEYS
    assert webhook["retries"]["maxItems"] == reading_webhooks.MOST_RETRIES
    assert webhook["states"]["maxItems"] == reading_webhooks.MOST_STATES
    assert webhook["duplicate"]["maximum"] == reading_webhooks.MOST_COPIES
    assert webhook["burst"]["maximum"] == reading_webhooks.MOST_AT_ONCE


def unexplained(part: Any, place: str = "") -> list[str]:
    """Return the keys of a schema that have no description; conditions tell nothing and are passed over."""
    if isinstance(part, list):
        return [found for inner in part for found in unexplained(inner, place)]
    if not isinstance(part, dict):
        return []
    keys = [
        f"{place}/{key}"
        for key, told in part.get("properties", {}).items()
        if not {"description", "$ref"} & told.keys()
    ]
    inside = {key: inner for key, inner in part.items() if key not in ("if", "then", "else", "not", "allOf")}
    inside |= {f"{key}": inner for key, inner in inside.pop("properties", {}).items()}
    return keys + [found for key, inner in inside.items() for found in unexplained(inner, f"{place}/{key}")]


def test_the_schema_explains_every_key(schema: dict[str, Any]) -> None:
    assert unexplained(schema) == []
    assert all("description" in part for part in schema["$defs"].values())


def test_the_readme_tells_every_key_and_its_examples_hold(
    checkout: Path, schema: dict[str, Any], by_schema: jsonschema_rs.Draft202012Validator
) -> None:
    text = (checkout / "scenarios/README.md").read_text()
    examples = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)

    keys = {*schema["properties"], *schema["$defs"]["state"]["properties"], "sweep", "recycled", "count", "embeds"}
    keys |= schema["$defs"]["webhook"]["properties"].keys()
    assert {key for key in keys if not re.search(rf"\b{key}\b", text)} == set()
    assert len(examples) >= 5
    for example in examples:
        _, problems = read_entry(example.encode(), "example.yaml", "", VendorTerms())
        assert not problems, "\n".join(map(str, problems))
        by_schema.validate(read_yaml(example.encode()).data)


def test_the_readme_shows_a_mistake_as_it_is_really_told(checkout: Path) -> None:
    text = (checkout / "scenarios/README.md").read_text()
    [shown] = re.findall(r"^```text\n(.*)\n```", text, re.MULTILINE)
    example = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[0]

    _, problems = read_entry(
        example.replace("to: moderated", "to: moderatd").encode(), "moderated-sometimes.yaml", "", VendorTerms()
    )

    assert shown in map(str, problems)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("on", "on"), ("yes", "yes"), ("No", "No"), ("off", "off"), ("1:30", "1:30"), ("2023-09-09", "2023-09-09"),
        ("0x1f", "0x1f"), ("017", 17), ("1_000", "1_000"), ("12e03", 12000.0), (".5", 0.5), ("1.", 1.0), ("true", True),
        ("~", None), ("", None), ("null", None), ("'5'", "5"), ('"true"', "true"), ("1e999", "1e999"), (".inf", ".inf"),
        ("9" * 18, 10**18 - 1), ("9" * 5000, "9" * 5000), ("=", "="), ("<<", "<<"),
    ],
)  # fmt: skip
def test_words_are_what_they_look_like(written: str, read: object) -> None:
    assert read_yaml(f"key: {written}".encode()).data == {"key": read}


def test_keys_are_always_words() -> None:
    document = read_yaml(b"on: 1\n404: 2\ntrue: 3\nnull: 4\n~: 5\n<<: 6\n")

    assert document.data == {"on": 1, "404": 2, "true": 3, "null": 4, "~": 5, "<<": 6}


def test_on_needs_no_quotes() -> None:
    text = "scenario: x\nvendor: useapi\nstates:\n  progress: {for: 5s, then: completed, on: {cancel: failed}}\n"

    entry, problems = read_entry(text.encode(), "x.yaml", "x", TERMS)

    assert not problems
    assert entry
    assert entry.scenario.states[0].on == (("cancel", "failed"),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfea", "x.yaml:1:1: the file is not UTF-8"),
        (b"scenario: x\nstates: \xff", "x.yaml:2:9: the file is not UTF-8"),
        (b"a: \x00", "x.yaml:1:1: this is no YAML: control characters are not allowed"),
        (b"a: " + b"b" * LARGEST_BYTES, "x.yaml:1:1: the file is too large: 1 MiB at most"),
        (b"[" * 500_000, "x.yaml:1:1001: this is no YAML: while increasing flow level exceeded maximum nesting depth"),
        (b"[" * (DEEPEST + 5), f"x.yaml:1:{DEEPEST + 2}: the file is too large: too many parts, or too deep"),
        (b"- " * 200_000, f"x.yaml:1:{2 * DEEPEST + 3}: the file is too large: too many parts, or too deep"),
        (b"[" + b"1," * (MOST_NODES + 5) + b"]", "x.yaml:1:200000: the file is too large: too many parts, or too deep"),
        (b"? [a]\n: b", "x.yaml:1:3: a key must be a plain word"),
        (b"{{a: b}: c}", "x.yaml:1:2: a key must be a plain word"),
    ],
)
def test_hostile_files_are_bounded(content: bytes, message: str) -> None:
    assert said_of(content) == [message]


def test_a_byte_order_mark_does_no_harm() -> None:
    assert not said_of("\ufeffscenario: x\n" + FINE)


def test_positions_are_those_of_an_editor() -> None:
    said = said_of("scenario: x\r\nsummary: 'ä 🎬'\r\nresult:\r\n  image:\r\n    - wide\r\nstates: {ü: }\r\n")

    assert [line.split(": ")[0] for line in said] == ["x.yaml:4:3", "x.yaml:6:10"]
