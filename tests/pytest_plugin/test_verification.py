"""Claims that hold, claims that fail, and the words in which they do."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from simulator.client.errors import UnknownOperation
from simulator.client.simulator import Simulator
from simulator.testing import open_sandbox, stop

SWAP = {"source_image": "https://example.com/face.jpg", "target_video": "https://example.com/clip.mp4?duration=12"}
Ask = Callable[..., Any]


@pytest.fixture(scope="module", autouse=True)
def one_server() -> Iterator[None]:
    """Stop the server of this process after the last of these tests."""
    yield
    stop()


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """Return a sandbox of the test's own."""
    with open_sandbox(request.node.nodeid) as sandbox:
        yield sandbox


@pytest.fixture
def ask(sandbox: Simulator) -> Ask:
    """Return a client of DeepSwapAI that returns the JSON of the reply, and bytes of a file."""

    def ask_it(method: str, path: str, body: Any = None) -> Any:
        url = path if path.startswith("http") else sandbox.deepswapai.url + path
        headers = {"Authorization": "Bearer YOUR_API_KEY", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(url, data, headers, method=method), timeout=10) as reply:
                said = reply.read()
        except HTTPError as error:
            with error:
                said = error.read()
        return json.loads(said) if said[:1] == b"{" else said

    return ask_it


def finish(ask: Ask, job: str) -> Any:
    while (reply := ask("GET", f"/v1/status/{job}"))["status"] not in ("completed", "failed"):
        pass
    return reply


def test_calls_are_counted_and_matched(sandbox: Simulator, ask: Ask) -> None:
    ask("POST", "/v1/video-swap", SWAP)
    ask("POST", "/v1/video-swap", {**SWAP, "source_image": "https://example.com/other.jpg"})

    sandbox.verify.called("videoSwap", times=2)
    sandbox.verify.not_called("getStatus")
    found = sandbox.verify.called("videoSwap", times=1, json={"source_image": "https://example.com/other.jpg"})
    assert [call.status for call in found] == [202]
    with pytest.raises(
        AssertionError, match=r"^videoSwap was to be called once, and was called twice\nall calls of it"
    ):
        sandbox.verify.called("videoSwap", times=1)
    with pytest.raises(
        AssertionError, match=r"getStatus was to be called at least once, and was called never\nall calls:"
    ):
        sandbox.verify.called("getStatus")
    with pytest.raises(AssertionError, match=r"videoSwap was not to be called"):
        sandbox.verify.not_called("videoSwap")
    with pytest.raises(UnknownOperation, match="did you mean 'videoSwap'"):
        sandbox.verify.not_called("videoSawp")


def test_calls_come_in_order(sandbox: Simulator, ask: Ask) -> None:
    finish(ask, ask("POST", "/v1/video-swap", SWAP)["job_id"])

    sandbox.verify.in_order("videoSwap", "getStatus", "getStatus")
    with pytest.raises(AssertionError, match="videoSwap was not called after videoSwap → getStatus"):
        sandbox.verify.in_order("videoSwap", "getStatus", "videoSwap")
    with pytest.raises(UnknownOperation, match="did you mean 'getStatus'"):
        sandbox.verify.in_order("videoSwap", "getStauts")


def test_what_a_fault_brought_about_was_to_be_expected(sandbox: Simulator, ask: Ask) -> None:
    sandbox.faults.add(vendor="deepswapai", error=503)
    ask("POST", "/v1/video-swap", SWAP)

    sandbox.verify.nothing_unexpected()

    ask("POST", "/v1/video-swap", {})
    with pytest.raises(AssertionError, match="1 call was not expected"):
        sandbox.verify.nothing_unexpected()
    sandbox.verify.nothing_unexpected(besides=[400])
    sandbox.verify.nothing_unexpected(besides=["videoSwap"])
    sandbox.verify.nothing_unexpected(vendor="akool")


def test_a_job_s_end_must_be_seen_and_its_files_fetched(sandbox: Simulator, ask: Ask) -> None:
    job = ask("POST", "/v1/video-swap", SWAP)["job_id"]
    with pytest.raises(AssertionError, match=f"deepswapai videoSwap {job} is queued, and has not ended"):
        sandbox.verify.every_job_seen_to_its_end()

    sandbox.clock.advance("10m")
    with pytest.raises(AssertionError, match=r"was completed at .* and nobody looked; the last look was at"):
        sandbox.verify.every_job_seen_to_its_end()

    url = finish(ask, job)["output_url"]
    sandbox.verify.every_job_seen_to_its_end()
    with pytest.raises(AssertionError, match=f"1 output was not downloaded\n  deepswapai {job}: results/"):
        sandbox.verify.every_output_downloaded()

    ask("GET", url)
    sandbox.verify.every_output_downloaded()
    sandbox.verify.nothing_unexpected()


def test_a_webhook_that_was_taken_is_as_good_as_a_look(sandbox: Simulator, ask: Ask) -> None:
    from simulator.client import Receiver

    with Receiver() as receiver:
        ask("POST", "/v1/video-swap", {**SWAP, "webhook_url": receiver.url})
        sandbox.clock.advance("10m")

    sandbox.verify.every_job_seen_to_its_end()


def test_credits_are_counted(sandbox: Simulator, ask: Ask) -> None:
    reply = finish(ask, ask("POST", "/v1/video-swap", SWAP)["job_id"])

    sandbox.verify.credits_spent(reply["credits_used"])
    sandbox.verify.credits_spent(0, vendor="akool")
    with pytest.raises(AssertionError, match=r"^1 credits were to be spent, and \d+ were\n  debit \d+ for vjob_"):
        sandbox.verify.credits_spent(1, vendor="deepswapai")


async def test_all_of_it_can_be_awaited(sandbox: Simulator) -> None:
    from simulator.testing import awaited

    async with awaited(sandbox) as same:
        await same.verify.not_called("videoSwap")
        await same.verify.every_job_seen_to_its_end()
        assert await same.report() == ""
