"""The control API awaited, and the facade that speaks at once where an event loop runs."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.assembly import Background
from simulator.client import AsyncSimulator, NotFound, PinnedTwice, Simulator, UnknownScenario, UnknownVendor
from simulator.settings import Settings
from tests.client.control import EPOCH, EPOCH_MS


@pytest.fixture(scope="module")
def server():  # type: ignore[no-untyped-def]
    with Background(Settings(port=0, clock="manual", seed="7")) as server:
        yield server


@pytest.fixture
async def simulator(server: Background) -> AsyncIterator[AsyncSimulator]:
    async with (
        AsyncSimulator(server.url) as main,
        await main.new_sandbox(seed="7", clock="manual", epoch=EPOCH) as sandbox,
    ):
        yield sandbox


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[str, list[str]]]:
    """Return the URL of a receiver that lives in the test's own loop, and the bodies that came."""
    bodies: list[str] = []

    async def receive(request: web.Request) -> web.Response:
        bodies.append(await request.text())
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_post("/", receive)
    async with TestServer(app) as served:
        yield str(served.make_url("/")), bodies


async def submit(url: str, **more: str) -> str:
    said = {"prompt": "me, a king", **more}
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer any-key"}) as session,
        session.post(f"{url}/v1/faceswap/headshot", json=said) as reply,
    ):
        return str((await reply.json())["jobid"])


async def test_every_word_is_awaited(simulator: AsyncSimulator, receiver: tuple[str, list[str]]) -> None:
    useapi = simulator.useapi
    await useapi.scenario("moderated-midway", operation="headshot")
    id = await submit(useapi.url, replyUrl=receiver[0])

    [delivery] = await simulator.clock.advance("1h")

    job = await useapi.jobs.latest
    assert (job.id, job.stands_for, delivery.job_id, delivery.state) == (id, "moderated", id, "delivered")
    assert await job.read() == job
    assert await simulator.clock.now_ms == EPOCH_MS + 3_600_000
    assert (await useapi.calls("headshot")).count == 1
    assert len(receiver[1]) == 1
    assert (await useapi.webhooks.wait(job_id=id))[0] == delivery
    assert (await simulator.journal(vendor="useapi", operation="headshot"))[0].job_ids == [id]
    assert (await (await useapi.account("any-key")).set(credits=3)).credits == 3
    assert (await simulator.faults.add(vendor="useapi", error=503)).times == 1
    assert len(await useapi.faults.all()) == 1
    await simulator.switches.set({"deepswapai.expired_file": "410"})
    assert await simulator.switches.get("deepswapai.expired_file") == "410"
    assert await simulator.scenarios.set_default("slow") == await simulator.scenarios.get_default() == "slow"
    assert (await simulator.accounts.all(vendor="useapi"))[0].credits == 3
    assert await simulator.clock.mode == "manual"


async def test_a_job_is_waited_for(simulator: AsyncSimulator) -> None:
    id = await submit(simulator.useapi.url)

    job = await simulator.jobs.wait(id)

    assert job.is_final
    assert await simulator.clock.now_ms == job.entries[-1].seen_at_ms
    assert (await simulator.jobs.get(await submit(simulator.useapi.url))).scenario == "happy"


async def test_mistakes_are_the_same(simulator: AsyncSimulator) -> None:
    with pytest.raises(UnknownVendor, match="did you mean 'useapi'"):
        _ = simulator.usaepi  # type: ignore[attr-defined]
    with pytest.raises(UnknownScenario, match="did you mean 'slow'"):
        await simulator.useapi.scenario("slo")
    await simulator.useapi.scenario("slow")
    with pytest.raises(PinnedTwice):
        await simulator.useapi.scenario("slow")
    with pytest.raises(NotFound):
        await simulator.sandbox("nowhere").state()


async def test_in_a_loop_what_waits_is_awaited_and_blocks_nobody(
    server: Background, receiver: tuple[str, list[str]]
) -> None:
    with Simulator(server.url) as main, main.new_sandbox(clock="manual", epoch=EPOCH) as simulator:
        id = await submit(simulator.useapi.url, replyUrl=receiver[0])
        assert simulator.clock.now_ms == EPOCH_MS

        [delivery] = await simulator.clock.advance("1h")
        again = await simulator.webhooks.resend(delivery.number)
        job = await simulator.jobs.wait(id)
        next_id = await submit(simulator.useapi.url, replyUrl=receiver[0])
        late = await simulator.jobs.wait(next_id)

        assert (delivery.is_delivered, again.is_delivered, job.is_final, late.is_final) == (True, True, True, True)
        assert len(receiver[1]) == 3


async def test_in_a_loop_what_waits_is_no_use_before_it_is_awaited(server: Background) -> None:
    with Simulator(server.url) as main, main.new_sandbox(clock="manual") as simulator:
        pending = simulator.clock.advance("1m")

        with pytest.raises(TypeError, match="await it"):
            len(pending)
        with pytest.raises(TypeError, match="await it"):
            list(pending)
        assert await pending == []


def test_results_may_be_awaited_twice_over(server: Background) -> None:
    """Outside a loop they are there at once; whoever awaits them all the same gets themselves."""
    with Simulator(server.url) as main, main.new_sandbox(clock="manual") as simulator:
        deliveries = simulator.clock.advance("1m")

    with pytest.raises(StopIteration) as end:
        next(deliveries.__await__())
    assert end.value.value is deliveries
