"""The fixture for tests that await: beside pytest-aiohttp's ``aiohttp_client``, or with pytest-asyncio alone."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from simulator.pytest_plugin import said

if TYPE_CHECKING:
    from simulator.client.simulator import AsyncSimulator, Simulator


@pytest_asyncio.fixture
async def aiohttp_simulator(simulator: "Simulator", pytestconfig: pytest.Config) -> "AsyncIterator[AsyncSimulator]":
    """The same sandbox as ``simulator``, every verb awaited: no call to a simulator elsewhere blocks the test's loop."""
    from simulator.testing import awaited

    async with awaited(simulator, said(pytestconfig, "token") or None) as sandbox:
        yield sandbox
