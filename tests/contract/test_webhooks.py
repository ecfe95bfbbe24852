"""The check of webhooks, on a small made-up document."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from simulator.contract import Contract, WebhookChecks
from simulator.jobs.errors import ContractBroken, SimulatorError
from simulator.vendors.vendor import Sealed

DOCUMENT = """
openapi: 3.1.0
webhooks:
  ended:
    parameters:
      - {name: X-Sent, in: header, required: true, schema: {type: integer}}
      - {name: X-Kind, in: header, schema: {enum: [never]}}
    post:
      parameters:
        - {$ref: '#/components/parameters/signature'}
        - {name: X-Kind, in: header, schema: {enum: [plain]}}
        - {name: Authorization, in: header, required: true, schema: {type: integer}}
        - {name: key, in: query, required: true}
      requestBody: {$ref: '#/components/requestBodies/ended'}
      responses: {2XX: {description: received}}
  hidden: {$ref: '#/components/pathItems/hidden'}
  empty:
    post: {responses: {2XX: {description: received}}}
  asked:
    get: {responses: {2XX: {description: received}}}
components:
  parameters:
    signature: {name: X-Signature, in: header, required: true, schema: {type: string, pattern: '^sha256=[0-9a-f]{4}$'}}
  requestBodies:
    ended: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Ended'}}}}
  pathItems:
    hidden:
      post:
        x-plaintext: {$ref: '#/components/schemas/Ended'}
        requestBody:
          content:
            application/json:
              schema:
                type: object
                additionalProperties: false
                required: [hidden]
                properties: {hidden: {type: string, pattern: '^[0-9a-f]+$'}}
        responses: {2XX: {description: received}}
  schemas:
    Ended:
      type: object
      additionalProperties: false
      required: [id]
      properties: {id: {type: string}, clips: {type: array, items: {type: object, required: [url]}}}
"""
JSON = ("Content-Type", "application/json")
SENT = (JSON, ("X-Sent", "1753000000"), ("X-Signature", "sha256=00ff"))
SAID: Mapping[str, Any] = {"id": "1", "clips": [{"url": "/a"}]}


@pytest.fixture
def contract() -> Contract:
    return Contract("small", yaml.safe_load(DOCUMENT))


@pytest.fixture
def ended(contract: Contract) -> WebhookChecks:
    return contract.webhook("ended")


def said_of(broken: ContractBroken) -> tuple[Any, Any]:
    return broken.about["path"], broken.about["violation"]


def test_webhooks_are_found_by_name(contract: Contract) -> None:
    assert contract.webhook_names == ("ended", "hidden", "empty", "asked")
    assert contract.webhook("ended") is contract.webhook("ended")
    assert contract.webhook("ended").name == "ended"


def test_a_document_without_webhooks_has_none() -> None:
    contract = Contract("bare", {"paths": {}})

    assert contract.webhook_names == ()
    with pytest.raises(SimulatorError, match="bare: its contract has no webhook 'ended', only none"):
        contract.webhook("ended")


def test_an_unknown_webhook_is_our_own_mistake(contract: Contract) -> None:
    with pytest.raises(SimulatorError, match="no webhook 'nothing', only ended, hidden, empty, asked"):
        contract.webhook("nothing")
    with pytest.raises(SimulatorError, match="does not say that webhook 'asked' is a POST"):
        contract.webhook("asked")


@pytest.mark.parametrize(
    "headers",
    [
        SENT,
        (*SENT, ("X-Kind", "plain"), ("X-Other", "any")),
        (("content-TYPE", "Application/JSON; charset=utf-8"), ("x-sent", "3"), ("X-SIGNATURE", "sha256=abcd")),
    ],
)
def test_a_webhook_as_described_may_leave(ended: WebhookChecks, headers: Any) -> None:
    ended.check(SAID, Sealed(b"not looked at", headers))
    ended.check(SAID, Sealed(b"not looked at", headers))


@pytest.mark.parametrize(
    ("plain", "headers", "path", "violation"),
    [
        ({}, SENT, [], '"id" is a required property'),
        ({"id": 1}, SENT, ["id"], '1 is not of type "string"'),
        ({**SAID, "clips": [{"url": "/a"}, {}]}, SENT, ["clips", 1], '"url" is a required property'),
        ({"id": "1", "more": 2}, SENT, [], "'more' was unexpected"),
        ({"id": object()}, SENT, [], ""),
        (SAID, SENT[:2], ["headers"], '"X-Signature" is a required property'),
        (SAID, (JSON, SENT[2]), ["headers"], '"X-Sent" is a required property'),
        (SAID, (JSON, ("X-Sent", "now"), SENT[2]), ["headers", "X-Sent"], 'not of type "integer"'),
        (SAID, (*SENT[:2], ("X-Signature", "sha256=FFFF")), ["headers", "X-Signature"], "does not match"),
        (SAID, (*SENT, ("X-Kind", "never")), ["headers", "X-Kind"], "is not one of"),
        (SAID, (("Content-Type", "text/plain"), *SENT[1:]), [], "content type text/plain is not described, only"),
        (SAID, SENT[1:], [], "content type none is not described, only application/json"),
    ],
)
def test_a_webhook_that_is_not_described_is_stopped(
    ended: WebhookChecks, plain: Any, headers: Any, path: list[Any], violation: str
) -> None:
    with pytest.raises(ContractBroken) as broken:
        ended.check(plain, Sealed(b"{}", headers))

    assert str(broken.value).startswith("small webhook ended: ")
    assert violation in str(broken.value)
    assert broken.value.about["path"] == path
    assert (broken.value.about["webhook"], broken.value.about["said"]) == ("ended", plain)


def test_what_is_encrypted_is_held_against_its_own_schema(contract: Contract) -> None:
    hidden = contract.webhook("hidden")
    hidden.check(SAID, Sealed(b'{"hidden": "00ff"}'))

    with pytest.raises(ContractBroken, match='small webhook hidden: "id" is a required property'):
        hidden.check({}, Sealed(b'{"hidden": "00ff"}'))


@pytest.mark.parametrize(
    ("body", "path", "violation"),
    [
        (b"{}", [], '"hidden" is a required property'),
        (b'{"hidden": "xyz"}', ["hidden"], "does not match"),
        (b'{"hidden": "00ff", "id": "1"}', [], "'id' was unexpected"),
        (b'{"hidden"', [], "it is no JSON"),
        (b"\xff", [], "it is no JSON"),
    ],
)
def test_so_is_the_body_that_carries_it(contract: Contract, body: bytes, path: list[Any], violation: str) -> None:
    with pytest.raises(ContractBroken, match="webhook hidden: the body that goes out: ") as broken:
        contract.webhook("hidden").check(SAID, Sealed(body))

    assert broken.value.about["path"] == path
    assert violation in str(broken.value)


def test_a_body_where_none_is_described_is_stopped(contract: Contract) -> None:
    contract.webhook("empty").check(None, Sealed(b"", ()))

    with pytest.raises(ContractBroken, match="content type application/json is not described, only none"):
        contract.webhook("empty").check(SAID, Sealed(b"{}"))


@pytest.mark.parametrize("place", ["schema", "plaintext", "parameter", "body", "item"])
def test_a_reference_that_leads_nowhere_is_found_when_all_is_compiled(place: str) -> None:
    document = yaml.safe_load(DOCUMENT)
    del document["webhooks"]["asked"]
    Contract("small", document).compile_all()
    nowhere, post = {"$ref": "#/components/schemas/Nothing"}, document["webhooks"]["ended"]["post"]
    if place == "schema":
        document["components"]["schemas"]["Ended"]["properties"]["id"] = nowhere
    elif place == "plaintext":
        document["components"]["pathItems"]["hidden"]["post"]["x-plaintext"] = nowhere
    elif place == "parameter":
        post["parameters"][0] = nowhere
    elif place == "body":
        post["requestBody"] = nowhere
    else:
        document["webhooks"]["hidden"] = nowhere

    with pytest.raises(SimulatorError, match=r"cannot be compiled|is not there"):
        Contract("small", document).compile_all()
