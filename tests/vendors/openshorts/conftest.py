"""One server for all tests of OpenShorts; each of them begins with a fresh sandbox."""

from collections.abc import Iterator

import pytest

from simulator.assembly import Background
from simulator.settings import Settings
from tests.vendors.openshorts.client import EPOCH, Client


@pytest.fixture(scope="module")
def server() -> Iterator[Background]:
    with Background(Settings(port=0, clock="manual", seed="shorts", epoch=EPOCH), ("openshorts",)) as running:
        yield running


@pytest.fixture
def client(server: Background) -> Client:
    server.simulator.sandboxes.main.reset()
    return Client(server)
