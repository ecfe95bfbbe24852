"""The contract itself: what it must not let through, and its examples."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.contract.document import Document, Place
from simulator.jobs.errors import ContractBroken
from simulator.jobs.scenario import Failure
from simulator.vendors.useapi import VENDOR
from simulator.vendors.vendor import Reply
from tests.vendors.useapi.jobs import call, contract, job, operation, sent, shot, states

fact = pytest.mark.fact
COMMANDS = ("headshot", "changebg", "picsi")


def turned_down(id: str) -> Reply:
    """Return how a command is told that the bot turned it down."""
    made = job(id, plays=states(("failed", "end"), error=Failure("No face")))
    return operation(id).show(shot(made), call(id))


@pytest.mark.parametrize("id", COMMANDS)
@fact("useapi.errors.rejected", "useapi.job.request-fields")
def test_a_command_is_turned_down_with_its_own_job_and_no_others(id: str) -> None:
    own = sent(id, turned_down(id))

    assert own.status == 422
    for other in set(COMMANDS) - {id}:
        with pytest.raises(ContractBroken):
            sent(id, turned_down(other))
    with pytest.raises(ContractBroken):
        sent(id, Reply({**own.body, "prompt" if id != "headshot" else "a_background_photo_of": "a beach"}, 422))


@pytest.mark.parametrize("id", COMMANDS)
@fact("useapi.errors.no-answer")
def test_only_a_command_that_may_wait_for_the_bot_can_miss_its_answer(id: str) -> None:
    body = {**turned_down(id).body, "code": 504}
    blocks = {"picsi": True}.get(id, False)

    if blocks:
        sent(id, Reply(body, 504))
    else:
        with pytest.raises(ContractBroken, match="504 is not described"):
            sent(id, Reply(body, 504))
    assert blocks == any(kind.blocks for kind in VENDOR.kinds if kind.name.startswith(id))


def test_every_example_is_a_good_one_and_an_operations_own(checkout: Path) -> None:
    document = Document("useapi", yaml.safe_load((checkout / "openapi/useapi.yaml").read_text()))

    def examples(place: Place) -> Iterator[tuple[Place, Any]]:
        """Yield every schema that has examples, with each of them."""
        if isinstance(place.value, dict) and "schema" in place.value:
            shown = [document.follow(example).value["value"] for example in place.each_below("examples")]
            for value in (*shown, *([place.value["example"]] if "example" in place.value else [])):
                yield place.below("schema"), value
        if isinstance(place.value, dict | list):
            for key in range(len(place.value)) if isinstance(place.value, list) else place.value:
                yield from examples(place.below(key))

    tried = list(examples(document.root))

    assert len(tried) > 60
    for schema, value in tried:
        assert document.compile(document.reference(schema)).is_valid(value), (schema.at, value)
    assert contract().operation_ids
