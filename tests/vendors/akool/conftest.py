"""A simulator of AKOOL for the tests here, begun anew for each."""

from collections.abc import Iterator

import pytest

from simulator.assembly import Background
from simulator.settings import Settings
from tests.vendors.akool.wire import EPOCH, Client


@pytest.fixture(scope="session")
def akool_server() -> Iterator[Background]:
    with Background(Settings(port=0, clock="manual", seed="akool", epoch=EPOCH), vendor_names=("akool",)) as running:
        yield running


@pytest.fixture
def akool(akool_server: Background) -> Client:
    akool_server.simulator.sandboxes.main.reset()
    return Client(akool_server)
