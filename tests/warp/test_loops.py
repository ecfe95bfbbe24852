"""Event loops under the warp: asyncio itself, aiohttp, httpx, anyio."""

import asyncio
import threading
import time

import aiohttp
import anyio
import httpx
import pytest
from aiohttp import web

from tests.warp.conftest import KEY, World


async def poll_with_aiohttp(world: World, job: str, nap: float) -> None:
    async with aiohttp.ClientSession(headers=KEY) as http:
        while True:
            async with http.get(world.status_url(job)) as reply:
                if (await reply.json())["status"] == "completed":
                    return
            await asyncio.sleep(nap)


async def poll_with_httpx(world: World, job: str, nap: float) -> None:
    async with httpx.AsyncClient(headers=KEY) as http:
        while (await http.get(world.status_url(job))).json()["status"] != "completed":  # noqa: ASYNC110  # as users write
            await asyncio.sleep(nap)


@pytest.mark.parametrize("poll", [poll_with_aiohttp, poll_with_httpx])
def test_a_loop_of_a_hundred_sleeps(world: World, poll: object) -> None:
    with world.warp():
        asyncio.run(poll(world, world.submit("3000s"), 30))  # type: ignore[operator]

    assert world.polls() == [30 * at for at in range(101)]


@pytest.mark.parametrize("poll", [poll_with_aiohttp, poll_with_httpx])
def test_many_tasks_poll_at_the_same_instants_every_time(world: World, poll: object) -> None:
    async def main(job: str) -> None:
        async with asyncio.TaskGroup() as group:
            for nap in range(10, 18):
                group.create_task(poll(world, job, nap))  # type: ignore[operator]

    with world.warp():
        asyncio.run(main(world.submit("300s")))

    expected = [nap * at for nap in range(10, 18) for at in range(-(-300 // nap) + 1)]
    assert world.polls() == sorted(expected)


async def test_a_warp_inside_a_running_loop_gives_its_timers_back(world: World) -> None:
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    with world.warp():
        kept = loop.call_later(3000.05, lambda: None)
        await poll_with_aiohttp(world, world.submit("3000s"), 30)
        virtual_s = loop.time() - begun_s
    left_s = kept.when() - loop.time()
    kept.cancel()

    assert 3000 <= virtual_s <= 3001
    assert 0 < left_s <= 0.06
    assert world.polls() == [30 * at for at in range(101)]


async def test_a_time_out_of_asyncio_strikes_at_its_virtual_instant(world: World) -> None:
    with world.warp():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(poll_with_httpx(world, world.submit("3000s"), 30), 1000)
        assert world.now_s == 1000
        await asyncio.wait_for(poll_with_httpx(world, world.submit("50s"), 30), 1000)
        assert world.now_s == 1060


def test_two_loops_in_two_threads(world: World) -> None:
    async def poll(nap: int) -> None:
        async with aiohttp.ClientSession(headers=KEY) as http:
            for _ in range(10):
                async with http.get(world.status_url("none")) as reply:
                    await reply.read()
                await asyncio.sleep(nap)

    with world.warp():
        threads = [threading.Thread(target=lambda nap=nap: asyncio.run(poll(nap))) for nap in (7, 11)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]

    assert world.polls() == sorted([7 * at for at in range(10)] + [11 * at for at in range(10)])


async def test_threads_of_a_loop(world: World) -> None:
    with world.warp():
        await asyncio.gather(asyncio.to_thread(time.sleep, 40), asyncio.sleep(30), asyncio.to_thread(time.sleep, 35))
        assert world.now_s == 40


async def test_a_blocking_sleep_inside_a_coroutine(world: World) -> None:
    with world.warp():
        task = asyncio.create_task(asyncio.sleep(10))
        time.sleep(60)  # noqa: ASYNC251
        await task

        assert world.now_s == 70  # the other task could not even start before, as in life


async def test_a_long_download_is_not_cut(world: World) -> None:
    with world.warp():
        job = world.submit("2s")
        await asyncio.sleep(5)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5), headers=KEY) as http:
            async with http.get(world.status_url(job)) as reply:
                url = (await reply.json())["output_url"]
            other = asyncio.create_task(asyncio.sleep(100))
            for _ in range(3):
                async with http.get(url) as reply:
                    assert len(await reply.read()) == reply.content_length
        assert world.now_s == 5
        await other


async def test_an_app_under_test_that_polls_by_itself(world: World) -> None:
    job = world.submit("100s")

    async def render(request: web.Request) -> web.Response:
        await poll_with_aiohttp(world, job, 30)
        return web.Response(text="done")

    app = web.Application()
    app.router.add_get("/", render)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()

    with world.warp():
        timeout = aiohttp.ClientTimeout(total=300)
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url) as reply:
            assert await reply.text() == "done"

    await runner.cleanup()
    assert world.polls() == [0, 30, 60, 90, 120]


async def test_anyio(world: World) -> None:
    with world.warp(), anyio.fail_after(130):
        await poll_with_httpx(world, world.submit("100s"), 30)
        await anyio.to_thread.run_sync(time.sleep, 5)
        assert world.now_s == 125
        with anyio.move_on_after(3) as scope:
            await anyio.sleep_forever()
        assert scope.cancelled_caught
        assert world.now_s == 128


async def test_a_pause_is_real(world: World) -> None:
    with world.warp() as warp, warp.paused():
        begun_s = time.monotonic()
        await asyncio.sleep(0.05)
        await asyncio.to_thread(time.sleep, 0.05)

        assert time.monotonic() - begun_s >= 0.099
        assert 0.09 < world.now_s < 5
        assert world.sandbox.clock.mode == "real"

    assert world.sandbox.clock.mode == "skip"
