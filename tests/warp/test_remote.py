"""A warp on the clock of a simulator that runs in another process."""

import asyncio
import threading
import time
from collections.abc import Iterator

import aiohttp
import pytest
import requests

from simulator.client import AsyncSimulator, Simulator
from simulator.client.errors import Conflict, SimulatorRefused
from simulator.client.starting import StartedSimulator, start
from simulator.warp import WarpLimit, WarpStalled
from simulator.warp.engine import Warp
from simulator.warp.remote import RemoteTarget
from tests.warp.conftest import EPOCH, EPOCH_MS, KEY, real_s
from tests.warp.test_webhooks import Hooked, listening

BODY = {"source_image": "https://example.com/a.jpg", "target_image": "https://example.com/b.jpg"}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[StartedSimulator]:
    with start("--seed", "warp") as running:
        yield running


@pytest.fixture
def simulator(elsewhere: StartedSimulator) -> Iterator[Simulator]:
    with elsewhere.new_sandbox(clock="skip", epoch=EPOCH) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Hooked]:
    with listening() as hooked:
        yield hooked


def pin(simulator: Simulator, lasts_ms: int, kind: str = "video") -> None:
    """Have the next job take so long from its submit to its end."""
    states = {
        "queued": {"for": "1s", "then": "processing"},
        "processing": {"for": f"{lasts_ms - 1000}ms", "then": "completed"},
        "completed": {},
    }
    name = f"takes-{lasts_ms}"
    simulator.scenarios.add({"scenario": name, "vendor": "deepswapai", "kind": kind, "states": states})
    simulator.deepswapai.scenario(name)


def submit(simulator: Simulator, lasts_ms: int, **more: str) -> str:
    """Submit a video swap; return where to ask for it."""
    pin(simulator, lasts_ms)
    url = f"{simulator.deepswapai.url}/v1"
    said = {"source_image": BODY["source_image"], "target_video": "https://example.com/b.mp4", **more}
    reply = requests.post(f"{url}/video-swap", json=said, headers=KEY, timeout=60)
    assert reply.ok, reply.text
    return f"{url}/status/{reply.json()['job_id']}"


def is_done(url: str) -> bool:
    return bool(requests.get(url, headers=KEY, timeout=60).json()["status"] == "completed")


async def poll(http: aiohttp.ClientSession, url: str) -> None:
    while True:
        async with http.get(url) as reply:
            if (await reply.json())["status"] == "completed":
                return
        await asyncio.sleep(30)


def test_a_loop_of_requests_polls_at_its_instants_and_takes_no_time(simulator: Simulator) -> None:
    begun_s = real_s[0]()
    with simulator.warp():
        url = submit(simulator, 2_970_000)
        while not is_done(url):
            time.sleep(30)

    assert real_s[0]() - begun_s < 10
    calls = simulator.calls("getStatus")
    assert (len(calls), set(calls.gaps)) == (100, {30_000})
    assert simulator.clock.now_ms == EPOCH_MS + 2_970_000


async def test_a_loop_of_aiohttp_too(simulator: Simulator) -> None:
    begun_s = real_s[0]()
    with simulator.warp():
        url = submit(simulator, 2_970_000)
        async with aiohttp.ClientSession(headers=KEY) as http:
            await poll(http, url)

    assert real_s[0]() - begun_s < 10
    calls = simulator.calls("getStatus")
    assert (len(calls), set(calls.gaps)) == (100, {30_000})


def test_threads_share_the_clock(simulator: Simulator) -> None:
    with simulator.warp():
        url = submit(simulator, 300_000)

        def loop(seconds: int) -> None:
            while not is_done(url):
                time.sleep(seconds)

        threads = [threading.Thread(target=loop, args=(10 + i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(simulator.calls("getStatus")) == sum(1 + -(-300 // (10 + i)) for i in range(8))


def test_a_held_reply_is_waited_for_virtually(simulator: Simulator) -> None:
    url = f"{simulator.deepswapai.url}/v1/image-swap"
    with simulator.warp():
        pin(simulator, 45_000, "image")
        with pytest.raises(requests.ReadTimeout):
            requests.post(url, json=BODY, headers=KEY, timeout=5)
        assert simulator.clock.now_ms == EPOCH_MS + 5_000

        pin(simulator, 45_000, "image")
        assert requests.post(url, json=BODY, headers=KEY, timeout=60).ok
        assert simulator.clock.now_ms == EPOCH_MS + 50_000


def test_an_event_is_set_by_a_webhook(simulator: Simulator, receiver: Hooked) -> None:
    with simulator.warp():
        submit(simulator, 45_000, webhook_url=receiver.url)
        assert receiver.arrived.wait(60)
        assert simulator.clock.now_ms == EPOCH_MS + 45_000


def test_a_command_moves_the_clock_that_members_read(simulator: Simulator) -> None:
    with simulator.warp():
        begun_s = time.monotonic()
        simulator.clock.advance("1h")
        assert time.monotonic() - begun_s == 3600
        time.sleep(30)

    assert simulator.clock.now_ms == EPOCH_MS + 3_630_000


def test_the_clock_runs_as_before_afterwards(simulator: Simulator) -> None:
    with simulator.warp():
        assert simulator.clock.mode == "warp"
        with pytest.raises(Conflict):
            simulator.clock.freeze()

    assert simulator.clock.mode == "skip"


def test_in_a_pause_the_clock_runs(simulator: Simulator) -> None:
    with simulator.warp() as warped:
        with warped.paused():
            assert simulator.clock.mode == "real"
        assert simulator.clock.mode == "warp"
        before_ms = simulator.clock.now_ms
        time.sleep(30)
        assert simulator.clock.now_ms == before_ms + 30_000
    assert simulator.clock.mode == "skip"


def target_of(simulator: Simulator) -> RemoteTarget:
    return RemoteTarget(simulator.url.partition("/~")[0], None, simulator.id)


def test_two_warps_of_one_clock_are_refused(simulator: Simulator) -> None:
    with simulator.warp(), pytest.raises(Conflict, match="already"):
        target_of(simulator).lent_clock().__enter__()

    with simulator.warp():
        assert simulator.clock.mode == "warp"


def sleep_for_ever() -> None:
    while True:
        time.sleep(600)


def test_an_endless_loop_is_stopped(simulator: Simulator) -> None:
    with simulator.warp(limit="1h"), pytest.raises(WarpLimit):
        sleep_for_ever()

    assert simulator.clock.now_ms == EPOCH_MS + 3_600_000


def test_who_waits_for_nothing_is_told(simulator: Simulator) -> None:
    with Warp(target_of(simulator), stall_s=0.05), pytest.raises(WarpStalled):
        threading.Event().wait()


def test_a_server_that_is_gone_wakes_who_waits() -> None:
    with start("--clock", "skip") as simulator, simulator.warp():
        simulator.close()
        begun_s = real_s[0]()
        with pytest.raises(SimulatorRefused):
            time.sleep(3600)
        assert real_s[0]() - begun_s < 10


async def test_a_facade_that_awaits_says_what_to_do(elsewhere: StartedSimulator) -> None:
    async with AsyncSimulator(elsewhere.url) as simulator:
        with pytest.raises(RuntimeError, match="with Simulator"):
            simulator.warp()
