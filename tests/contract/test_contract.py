"""Both checks of a contract, on small documents and on the real ones."""

import datetime
import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.contract import Checks, Contract, content_type
from simulator.jobs.errors import ContractBroken, SimulatorError
from simulator.vendors.vendor import Call, Reply

OPENAPI = Path(__file__).parents[2] / "openapi"
DOCUMENT = """
openapi: 3.1.0
paths:
  /jobs/{number}:
    parameters:
      - {name: number, in: path, required: true, schema: {type: integer}}
      - {name: limit, in: query, schema: {type: string}}
    post:
      operationId: change
      parameters:
        - {$ref: '#/components/parameters/limit'}
        - {name: wide, in: query, schema: {anyOf: [{type: boolean}, {type: number}]}}
        - {name: ids, in: query, schema: {type: array, items: {type: integer}, maxItems: 2}}
        - {name: X-Level, in: header, required: true, schema: {type: integer}}
        - {name: Authorization, in: header, required: true, schema: {type: integer}}
      requestBody: {$ref: '#/components/requestBodies/change'}
      x-rules:
        properties:
          body: {properties: {colour: {enum: [red]}, zoom: {maximum: 9}}}
      responses:
        '200':
          description: a
          headers:
            X-Count: {required: true, schema: {type: integer}}
            X-Kind: {schema: {enum: [a, b]}}
            Content-Type: {required: true, schema: {const: never}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Job'}}, text/plain: {schema: {const: 'yes'}}}
        '204': {description: b}
        '4XX': {description: c, content: {application/*: {schema: {type: object}}}}
        default: {$ref: '#/components/responses/Other'}
  /jobs:
    get: {operationId: list, responses: {'200': {description: a, content: {application/json: {}}}}}
components:
  parameters:
    limit: {name: limit, in: query, schema: {type: integer, maximum: 100}}
  requestBodies:
    change:
      required: true
      content:
        application/json; charset=utf-8: {schema: {$ref: '#/components/schemas/Change'}}
        multipart/form-data: {schema: {$ref: '#/components/schemas/Change'}}
  responses:
    Other: {description: d, content: {application/json: {schema: {type: object, required: [other]}}}}
  schemas:
    Change:
      type: object
      additionalProperties: false
      required: [title, zoom]
      properties: {title: {type: string}, zoom: {type: number}, colour: {type: string}, tags: {type: array, items: {type: integer}}}
    Job:
      type: object
      required: [id]
      properties: {id: {type: string}, at: {type: string, format: date-time}, inner: {$ref: '#/components/schemas/Job'}}
"""


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract("small", yaml.safe_load(DOCUMENT))


@pytest.fixture(scope="module")
def checks(contract: Contract) -> Checks:
    return contract.checks("change")


def call(**said: Any) -> Call:
    whole: dict[str, Any] = {
        "path": {"number": "7"},
        "query": {},
        "headers": {"X-Level": "3"},
        "body": {"title": "a", "zoom": 1},
        "media_type": "application/json",
        **said,
    }
    return Call(operation="change", method="POST", files_at=lambda path, host: path, **whole)


def told(checks: Checks, said: Call, has_body: bool = True) -> list[tuple[str, str, str]]:
    return [(finding.place, finding.name, finding.rule) for finding in checks.check_call(said, has_body)]


def test_nothing_is_found_in_a_good_call(checks: Checks) -> None:
    assert told(checks, call()) == []


def test_findings_come_by_place_and_then_as_the_contract_lists_things(checks: Checks) -> None:
    said = call(
        path={"number": "x"},
        query={"ids": ["1", "b"], "limit": "101"},
        headers={},
        body={"zoom": "far", "colour": 3, "extra": 1},
    )

    assert told(checks, said) == [
        ("path", "number", "type"),
        ("query", "limit", "maximum"),
        ("query", "ids.1", "type"),
        ("header", "X-Level", "required"),
        ("body", "title", "required"),
        ("body", "zoom", "type"),
        ("body", "colour", "type"),
        ("body", "colour", "enum"),
        ("body", "extra", "additionalProperties"),
    ]


def test_finer_rules_are_read_beside_the_wire_schema(checks: Checks) -> None:
    assert told(checks, call(body={"title": "a", "zoom": 10, "colour": "blue"})) == [
        ("body", "zoom", "maximum"),
        ("body", "colour", "enum"),
    ]


def test_an_operations_parameter_replaces_its_paths(checks: Checks) -> None:
    said = call(query={"limit": "7"})

    assert told(checks, said) == []
    assert said.query == {"limit": 7}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7), ("-7", -7), ("0", 0), ("7.5", 7.5), ("1e3", 1000.0), ("true", True), ("false", False),
        ("07", "07"), ("+7", "+7"), (" 7", " 7"), ("1_0", "1_0"), ("٣", "٣"), ("", ""), ("True", "True"), ("nan", "nan"),
        ("Infinity", "Infinity"), ("1e999", "1e999"), ("9" * 30, "9" * 30), (".5", ".5"), ("5.", "5."), ("0x1", "0x1"), ("7\n", "7\n"),
    ],
)  # fmt: skip
def test_texts_are_read_as_strictly_as_json(checks: Checks, text: str, value: Any) -> None:
    said = call(query={"wide": text})

    findings = told(checks, said)

    assert said.query == {"wide": value}
    assert type(said.query["wide"]) is type(value)
    assert bool(findings) == isinstance(value, str)


def test_a_single_value_of_a_list_is_a_list(checks: Checks) -> None:
    said = call(query={"ids": "5", "unknown": "5"})

    assert told(checks, said) == []
    assert said.query == {"ids": [5], "unknown": "5"}


def test_a_repeated_single_value_is_refused(checks: Checks) -> None:
    assert told(checks, call(query={"limit": ["1", "2"]})) == [("query", "limit", "type")]


def test_a_forms_texts_become_values(checks: Checks) -> None:
    said = call(media_type="multipart/form-data", body={"title": "a", "zoom": "1.5", "tags": ["1", "x"]})

    assert told(checks, said) == [("body", "tags.1", "type")]
    assert said.body == {"title": "a", "zoom": 1.5, "tags": [1, "x"]}


def test_a_body_of_another_content_type_is_not_looked_at(checks: Checks) -> None:
    assert told(checks, call(media_type="text/plain", body=None)) == [("media type", "", "content")]
    assert told(checks, call(media_type="", body=None)) == [("media type", "", "content")]
    assert checks.takes("application/json")
    assert not checks.takes("text/plain")


def test_a_body_that_is_missing_is_found(checks: Checks) -> None:
    assert told(checks, call(body=None, media_type=""), has_body=False) == [("body", "", "required")]


def test_a_body_that_is_null_is_there(checks: Checks) -> None:
    assert told(checks, call(body=None)) == [("body", "", "type")]


def test_a_body_where_none_is_described_is_ignored(contract: Contract) -> None:
    assert contract.checks("list").check_call(call(body="anything"), has_body=True) == []


JOB = {"id": "1", "at": "2026-01-31T12:00:00Z"}
COUNTED = (("X-Count", "3"),)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(JOB, 200, COUNTED),
        Reply(JOB, 200, (("x-count", "3"), ("X-KIND", "b"), ("content-type", "application/json; charset=utf-8"))),
        Reply("yes", 200, COUNTED),
        Reply(None, 204),
        Reply({}, 404),
        Reply({}, 499, (("Content-Type", "application/problem+json"),)),
        Reply({"other": 1}, 302),
    ],
)
def test_a_reply_as_described_may_leave(checks: Checks, reply: Reply) -> None:
    checks.check_reply(reply)
    checks.check_reply(reply)


@pytest.mark.parametrize(
    ("reply", "violation"),
    [
        (Reply({"id": 1}, 200, COUNTED), '1 is not of type "string"'),
        (Reply({"id": "1", "inner": {"id": 2}}, 200, COUNTED), '2 is not of type "string"'),
        (Reply({"id": "1", "at": "yesterday"}, 200, COUNTED), "date-time"),
        (Reply(JOB, 200), '"X-Count" is a required property'),
        (Reply(JOB, 200, (("X-Count", "many"),)), 'not of type "integer"'),
        (Reply(JOB, 200, (*COUNTED, ("X-Kind", "c"))), "is not one of"),
        (Reply("no", 200, COUNTED), '"yes" was expected'),
        (Reply("yes", 404), "content type text/plain is not described for 4XX, only application/*"),
        (Reply(None, 200, COUNTED), "content type none is not described"),
        (Reply({}, 204), "only none"),
        (Reply({}, 500), '"other" is a required property'),
        (Reply({"id": datetime.datetime(2026, 1, 1)}, 200, COUNTED), ""),
        (Reply({"id": math.nan}, 200, COUNTED), ""),
        (Reply({1: "x"}, 200, COUNTED), ""),
    ],
)
def test_a_reply_that_is_not_described_is_stopped(checks: Checks, reply: Reply, violation: str) -> None:
    with pytest.raises(ContractBroken) as broken:
        checks.check_reply(reply)

    assert violation in str(broken.value)
    assert broken.value.about["operation"] == "change"
    assert broken.value.about["status"] == reply.status


def test_headers_of_every_reply_count(checks: Checks) -> None:
    checks.check_reply(Reply(JOB), COUNTED)


def test_a_status_that_is_not_described_is_stopped(contract: Contract) -> None:
    with pytest.raises(ContractBroken, match="status 201 is not described, only 200"):
        contract.checks("list").check_reply(Reply({}, 201))


def test_a_reply_of_no_operation_must_fit_its_shared_response(contract: Contract) -> None:
    contract.check_shared_reply("Other", Reply({"other": 1}, 404))

    with pytest.raises(ContractBroken, match="required property"):
        contract.check_shared_reply("Other", Reply({}, 404))
    with pytest.raises(ContractBroken, match="no content of type text/plain"):
        contract.check_shared_reply("Other", Reply("no", 404))
    with pytest.raises(ContractBroken, match="components/responses/Nothing"):
        contract.check_shared_reply("Nothing", Reply({}, 404))


def test_an_unknown_operation_is_our_own_mistake(contract: Contract) -> None:
    with pytest.raises(SimulatorError, match="no operation 'nothing', only change, list"):
        contract.checks("nothing")


def test_a_reference_that_leads_nowhere_is_found_when_all_is_compiled() -> None:
    document = yaml.safe_load(DOCUMENT)
    document["components"]["schemas"]["Job"]["properties"]["inner"]["$ref"] = "#/components/schemas/Nothing"

    with pytest.raises(SimulatorError, match="cannot be compiled"):
        Contract("small", document).compile_all()


def test_a_response_that_leads_nowhere_is_found_too() -> None:
    document = yaml.safe_load(DOCUMENT)
    document["paths"]["/jobs"]["get"]["responses"]["200"] = {"$ref": "#/components/responses/Nothing"}

    with pytest.raises(SimulatorError, match="is not there"):
        Contract("small", document).compile_all()


def test_two_operations_of_one_name_are_refused() -> None:
    document = yaml.safe_load(DOCUMENT)
    document["paths"]["/jobs"]["get"]["operationId"] = "change"

    with pytest.raises(SimulatorError, match="called change"):
        Contract("small", document)


def test_the_content_type_follows_from_the_body_unless_it_is_said() -> None:
    assert content_type(Reply({})) == content_type(Reply([])) == "application/json"
    assert content_type(Reply("text")) == "text/plain"
    assert content_type(Reply(None)) == ""
    assert content_type(Reply("<a/>", headers=(("CONTENT-TYPE", "Text/XML; charset=x"),))) == "text/xml"


@pytest.mark.parametrize(
    "path", sorted(set(OPENAPI.glob("*.yaml")) - set(OPENAPI.glob("*.facts.yaml"))), ids=lambda path: path.stem
)
def test_every_schema_of_a_real_contract_compiles(path: Path) -> None:
    contract = Contract(path.stem, yaml.load(path.read_bytes(), yaml.CSafeLoader))

    contract.compile_all()

    assert contract.operation_ids
