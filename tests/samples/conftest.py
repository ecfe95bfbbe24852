"""A simulator of every vendor for the samples here, begun anew for each."""

from collections.abc import Iterator

import pytest

from simulator.assembly import Background
from simulator.settings import Settings

EPOCH = "2024-06-21T03:15:04Z"  # the second of A2E's sample; to the others' any day is good


@pytest.fixture(scope="session")
def started() -> Iterator[Background]:
    with Background(Settings(port=0, clock="manual", seed="pages", epoch=EPOCH)) as running:
        yield running


@pytest.fixture
def server(started: Background) -> Background:
    """Return a simulator on a standing clock."""
    started.simulator.sandboxes.main.reset()
    return started
