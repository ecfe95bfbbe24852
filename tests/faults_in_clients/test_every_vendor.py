"""What is the matter, in the words of every vendor: a status that people know becomes what this vendor says for that."""

from collections.abc import Iterator, Mapping

import pytest
import requests

from simulator import vendors
from simulator.assembly import Background
from simulator.jobs.faults import ERRORS
from simulator.settings import Settings

POLLS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "a2e": ("/api/v1/userFaceSwapTask/records?pageNum=1&pageSize=5", {"Authorization": "Bearer test-key"}),
    "akool": ("/api/open/v3/faceswap/result/listbyids?_ids=64ef838628bfd48e25db5515", {"x-api-key": "test-key"}),
    "deepswapai": ("/v1/status/vjob_xyz789abc", {"Authorization": "Bearer test-key"}),
    "openshorts": ("/api/status/0a1b2c3d", {"X-Gemini-Key": "test-key"}),
    "useapi": ("/v1/faceswap/jobs/?jobid=1", {"Authorization": "Bearer test-key"}),
}
OWN: Mapping[str, Mapping[int, int]] = {
    "a2e": {402: 200, 410: 404},
    "akool": dict.fromkeys(ERRORS, 200),
    "deepswapai": {403: 401, 410: 404},
    "openshorts": {410: 404},
    "useapi": {402: 429, 403: 401},
}
"""The statuses by which a vendor says it, where they are others than most people know it by."""


@pytest.fixture(scope="module")
def server() -> Iterator[Background]:
    with Background(Settings(port=0, clock="manual", seed="words")) as running:
        yield running


@pytest.mark.parametrize("status", ERRORS)
@pytest.mark.parametrize("name", vendors.NAMES)
def test_a_vendor_says_it_in_its_own_words(server: Background, name: str, status: int) -> None:
    path, headers = POLLS[name]
    sandbox = server.simulator.sandboxes.main

    reply = requests.get(
        f"{server.url}/{name}{path}", headers={**headers, "X-Simulator-Fault": f"error={status}"}, timeout=10
    )

    last = list(sandbox.journal)[-1]
    assert reply.status_code == OWN[name].get(status, status)
    assert "X-Simulator-Error" not in reply.headers
    assert reply.content != b""
    assert f"fault: error {status}" in last.marks


@pytest.mark.parametrize("name", vendors.NAMES)
def test_a_failure_under_another_status_says_that_status(server: Background, name: str) -> None:
    path, headers = POLLS[name]

    said = [
        requests.get(
            f"{server.url}/{name}{path}", headers={**headers, "X-Simulator-Fault": f"error={status}"}, timeout=10
        )
        for status in (500, 502)
    ]

    if name == "akool":
        assert said[0].content == said[1].content
    else:
        assert said[1].status_code == 502
        assert b"500" not in said[1].content
