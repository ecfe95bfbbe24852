"""The control API's description: its examples are good ones, and it is about all that can be said."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from simulator.contract.document import Document, Place
from simulator.jobs.reading_webhooks import FAULT_KEYS
from simulator.sandbox.delivery import STATES
from simulator.server.control.webhooks import OVER


def document(checkout: Path) -> Document:
    return Document("simulator", yaml.safe_load((checkout / "openapi/simulator.yaml").read_text("utf-8")))


def test_every_example_is_a_good_one(checkout: Path) -> None:
    described = document(checkout)

    def examples(place: Place) -> Iterator[tuple[Place, Any]]:
        """Yield every schema that has examples, with each of them."""
        if isinstance(place.value, dict) and "schema" in place.value:
            shown = [described.follow(example).value["value"] for example in place.each_below("examples")]
            for value in (*shown, *([place.value["example"]] if "example" in place.value else [])):
                yield place.below("schema"), value
        if isinstance(place.value, dict | list):
            for key in range(len(place.value)) if isinstance(place.value, list) else place.value:
                yield from examples(place.below(key))

    tried = list(examples(described.root))

    assert len(tried) > 100
    for schema, value in tried:
        assert described.compile(described.reference(schema)).is_valid(value), (schema.at, value)


def test_it_knows_every_fault_and_every_state_of_a_webhook(checkout: Path) -> None:
    schemas = document(checkout).root.value["components"]["schemas"]

    assert set(schemas["Faults"]["properties"]) == set(FAULT_KEYS)
    states = list(STATES)
    assert schemas["DeliveryState"]["enum"] == states
    assert schemas["AskedState"]["enum"] == [*states, OVER]
