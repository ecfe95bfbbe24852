"""Claims that hold, claims that fail, and the words in which they do."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException
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

    def ask_it(method: str, path: str, body: Any = None, **more: str) -> Any:
        url = path if path.startswith("http") else sandbox.deepswapai.url + path
        headers = {"Authorization": "Bearer YOUR_API_KEY", "Content-Type": "application/json", **more}
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(url, data, headers, method=method), timeout=10) as reply:
                said = reply.read()
        except HTTPError as error:
            with error:
                said = error.read()
        return json.loads(said) if said[:1] == b"{" else said

    return ask_it


def try_to(ask: Ask, path: str) -> None:
    """Get what may be spoilt in whatever way."""
    with suppress(OSError, HTTPException, ValueError):
        ask("GET", path)


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


@pytest.mark.parametrize(
    "fault",
    [
        {"html_page": 200},
        {"truncated": True},
        {"closed_midway": True},
        {"empty": True},
        {"wrong_length": "longer"},
        {"wrong_type": True},
        {"reset": True},
        {"refused": True},
        {"error": 503},
        {"redirect": "loop", "times": None},
        {"expires_midway": True},
    ],
    ids=lambda fault: next(iter(fault)),
)
def test_a_download_that_a_fault_spoilt_is_none(sandbox: Simulator, ask: Ask, fault: dict[str, Any]) -> None:
    url = finish(ask, ask("POST", "/v1/video-swap", SWAP)["job_id"])["output_url"]
    sandbox.faults.add(vendor="deepswapai", on=["downloads"], **fault)
    try_to(ask, url)

    with pytest.raises(AssertionError, match=r"^1 output was not downloaded\n  .* → .*, fault: "):
        sandbox.verify.every_output_downloaded()


@pytest.mark.parametrize(
    "fault", [{"latency": "1ms"}, {"redirect": "once", "times": None}], ids=lambda fault: next(iter(fault))
)
def test_a_download_that_a_fault_only_delayed_is_one(sandbox: Simulator, ask: Ask, fault: dict[str, Any]) -> None:
    url = finish(ask, ask("POST", "/v1/video-swap", SWAP)["job_id"])["output_url"]
    sandbox.faults.add(vendor="deepswapai", on=["downloads"], **fault)
    ask("GET", url)

    sandbox.verify.every_output_downloaded()


def test_parts_are_a_download_once_they_cover_the_file(sandbox: Simulator, ask: Ask) -> None:
    reply = finish(ask, ask("POST", "/v1/video-swap", SWAP)["job_id"])
    (output,) = sandbox.deepswapai.jobs.all()[0].plan.outputs
    middle, url = output.size_bytes // 2, reply["output_url"]

    for said in (f"bytes={middle}-", "bytes=-5", f"bytes=0-{middle - 2}"):
        ask("GET", url, Range=said)
        with pytest.raises(AssertionError, match=r"1 output was not downloaded\n.* → 206"):
            sandbox.verify.every_output_downloaded()
    ask("GET", url, Range=f"bytes={middle - 1}-{middle - 1}")

    sandbox.verify.every_output_downloaded()


def test_a_download_that_was_broken_off_can_be_taken_up(sandbox: Simulator, ask: Ask) -> None:
    url = finish(ask, ask("POST", "/v1/video-swap", SWAP)["job_id"])["output_url"]
    (output,) = sandbox.deepswapai.jobs.all()[0].plan.outputs
    sandbox.faults.add(vendor="deepswapai", on=["downloads"], closed_midway=True, times=1)
    try_to(ask, url)
    ask("GET", url, Range=f"bytes={output.size_bytes // 2}-")

    sandbox.verify.every_output_downloaded()


def test_asking_for_the_headers_alone_is_no_download(sandbox: Simulator, ask: Ask) -> None:
    url = finish(ask, ask("POST", "/v1/video-swap", SWAP)["job_id"])["output_url"]
    ask("HEAD", url)

    with pytest.raises(AssertionError, match="1 output was not downloaded"):
        sandbox.verify.every_output_downloaded()


@pytest.mark.parametrize(
    "fault",
    [{"error": 503}, {"truncated": True}, {"html_page": 502}, {"reset": True}, {"refused": True}, {"malformed": True}],
    ids=lambda fault: next(iter(fault)),
)
def test_a_look_that_a_fault_spoilt_is_none(sandbox: Simulator, ask: Ask, fault: dict[str, Any]) -> None:
    job = ask("POST", "/v1/video-swap", SWAP)["job_id"]
    sandbox.clock.advance("10m")
    sandbox.faults.add(vendor="deepswapai", on=["polls"], times=1, **fault)
    try_to(ask, f"/v1/status/{job}")

    with pytest.raises(AssertionError, match=r"and no look told of it; the last was GET .*, fault: "):
        sandbox.verify.every_job_seen_to_its_end()

    ask("GET", f"/v1/status/{job}")
    sandbox.verify.every_job_seen_to_its_end()


def test_a_look_that_was_refused_is_none(sandbox: Simulator, ask: Ask) -> None:
    job = ask("POST", "/v1/video-swap", SWAP)["job_id"]
    sandbox.clock.advance("10m")
    ask("GET", f"/v1/status/{job}", Authorization="Bearer ANOTHER_KEY")
    ask("GET", f"/v1/status/{job}", Authorization="")

    with pytest.raises(AssertionError, match="and nobody looked"):
        sandbox.verify.every_job_seen_to_its_end()


@pytest.mark.parametrize("fault", [{"latency": "1ms"}, {"huge": 1000}], ids=lambda fault: next(iter(fault)))
def test_a_look_whose_answer_a_fault_left_readable_is_one(sandbox: Simulator, ask: Ask, fault: dict[str, Any]) -> None:
    job = ask("POST", "/v1/video-swap", SWAP)["job_id"]
    sandbox.clock.advance("10m")
    sandbox.faults.add(vendor="deepswapai", on=["polls"], **fault)
    ask("GET", f"/v1/status/{job}")

    sandbox.verify.every_job_seen_to_its_end()


def test_a_failed_job_is_seen_by_a_look(sandbox: Simulator, ask: Ask) -> None:
    sandbox.deepswapai.scenario("failed-midway")
    job = ask("POST", "/v1/video-swap", SWAP)["job_id"]
    finish(ask, job)

    sandbox.verify.every_job_seen_to_its_end()


def test_what_did_not_fit_is_shown(sandbox: Simulator, ask: Ask) -> None:
    ask("POST", "/v1/video-swap?draft=yes", {**SWAP, "source_image": "https://example.com/" + "x" * 500})
    ask("POST", "/v1/video-swap")

    wanted = {"source_image": "https://example.com/face.jpg", "face_index": 2, "target_video": SWAP["target_video"]}
    with pytest.raises(AssertionError) as caught:
        sandbox.verify.called("videoSwap", json=wanted, query={"draft": "no"})

    _, _, first, *said, second, third, fourth = str(caught.value).splitlines()
    assert first == "  POST /v1/video-swap?draft=yes → 202, videoSwap"
    assert [line[:60] for line in said] == [
        "    source_image is 'https://example.com/" + "x" * 19,
        "    face_index is not there",
        "    query draft is 'yes'",
    ]
    assert max(map(len, said)) < 130
    assert second.startswith("  POST /v1/video-swap → 400, videoSwap, refused: ")
    assert (third, fourth) == ("    it has no body", "    query draft is not there")


def test_what_was_not_expected_is_told_with_what_was_meant(sandbox: Simulator, ask: Ask) -> None:
    ask("GET", "/v1/stauts/vjob_1")
    ask("GET", "/v1/stauts/vjob_1")
    ask("POST", "/v1/video-swap", {"target_video": SWAP["target_video"]})

    with pytest.raises(AssertionError) as caught:
        sandbox.verify.nothing_unexpected()

    first, _, stray, nearest, refused, reason, differs = str(caught.value).splitlines()
    assert first == "3 calls were not expected"
    assert stray.startswith("  GET /v1/stauts/vjob_1 → 404  ")
    assert nearest == ("    nearest: getStatus, GET /v1/status/{job_id}: 'stauts' where it has 'status'  (2 of these)")
    assert refused.startswith("  POST /v1/video-swap → 400  {")
    assert reason.startswith("    refused by videoSwap: ")
    assert differs == "    differs from videoSwap, POST /v1/video-swap: 'source_image' is missing"


def test_a_fault_excuses_nothing_that_would_have_been_refused_anyway(sandbox: Simulator, ask: Ask) -> None:
    sandbox.faults.add(vendor="deepswapai", latency="1ms")
    ask("POST", "/v1/video-swap", {})

    with pytest.raises(AssertionError, match="1 call was not expected"):
        sandbox.verify.nothing_unexpected()


async def test_all_of_it_can_be_awaited(sandbox: Simulator) -> None:
    from simulator.testing import awaited

    async with awaited(sandbox) as same:
        await same.verify.not_called("videoSwap")
        await same.verify.every_job_seen_to_its_end()
        assert await same.report() == ""
