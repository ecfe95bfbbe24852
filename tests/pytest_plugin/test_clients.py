"""The fixture under clients of every kind, and beside other plugins."""

from collections.abc import Callable

import pytest

Run = Callable[..., pytest.RunResult]


def test_clients_that_block_and_clients_in_threads(run: Run) -> None:
    result = run("""
        import threading
        from concurrent.futures import ThreadPoolExecutor
        import requests
        from client import *

        def poll(url, job):
            with requests.Session() as http:
                http.headers["Authorization"] = "Bearer YOUR_API_KEY"
                while (said := http.get(f"{url}/v1/status/{job}", timeout=5).json())["status"] != "completed":
                    pass
                return said

        def test_requests(simulator):
            url, job = simulator.deepswapai.url, submit(simulator)
            assert poll(url, job)["progress"] == 100

        def test_threads(simulator):
            jobs = [submit(simulator) for _ in range(8)]
            with ThreadPoolExecutor(8) as pool:
                said = list(pool.map(lambda job: poll(simulator.deepswapai.url, job), jobs))
            assert {one["job_id"] for one in said} == set(jobs)
            simulator.verify.every_job_seen_to_its_end()

        def test_a_receiver_in_a_thread(simulator):
            from simulator.client import Receiver
            with Receiver() as receiver:
                simulator.clock.freeze()
                submit(simulator, webhook_url=receiver.url)
                assert [one.is_delivered for one in simulator.clock.advance("10m")] == [True]
    """)

    result.assert_outcomes(passed=3)


def test_clients_that_await(run: Run) -> None:
    result = run("""
        import asyncio
        import aiohttp, httpx, pytest
        from aiohttp import web
        from client import SWAP

        KEY = {"Authorization": "Bearer YOUR_API_KEY"}

        async def test_httpx(simulator):
            async with httpx.AsyncClient(headers=KEY, base_url=simulator.deepswapai.url) as http:
                job = (await http.post("/v1/video-swap", json=SWAP)).json()["job_id"]
                while (await http.get(f"/v1/status/{job}")).json()["status"] != "completed":
                    await asyncio.sleep(0)
            simulator.verify.called("getStatus", at_least=2)

        async def test_a_receiver_in_the_test_s_own_loop(simulator, aiohttp_client):
            got = []
            async def hook(request):
                got.append(await request.json())
                return web.Response()
            app = web.Application()
            app.router.add_post("/hook", hook)
            mine = await aiohttp_client(app)
            simulator.clock.freeze()
            async with aiohttp.ClientSession(headers=KEY) as http:
                url = simulator.deepswapai.url + "/v1/video-swap"
                async with http.post(url, json={**SWAP, "webhook_url": str(mine.make_url("/hook"))}) as reply:
                    job = (await reply.json())["job_id"]
            sent = await simulator.clock.advance("10m")
            assert [one.is_delivered for one in sent] == [True]
            assert [one["job_id"] for one in got] == [job]
            assert len(await simulator.webhooks.wait(count=1)) == 1

        async def test_awaited(aiohttp_simulator, simulator):
            await aiohttp_simulator.clock.freeze()
            assert simulator.clock.mode == "manual"
            await aiohttp_simulator.clock.advance("1m")
            await aiohttp_simulator.verify.nothing_unexpected()
            assert (await aiohttp_simulator.jobs.all()) == []
    """)

    result.assert_outcomes(passed=3)


def test_what_must_be_awaited_and_is_not_fails(run: Run) -> None:
    result = run(
        """
        async def test_it(simulator):
            simulator.clock.advance("1m")
    """,
        "-W",
        "ignore",
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["never awaited: advance; inside *"])


def test_unittest_and_its_failures(run: Run) -> None:
    result = run("""
        import unittest
        import pytest
        from client import *
        from simulator.testing import simulator_for_test

        class Test(unittest.TestCase):
            def test_it(self):
                with simulator_for_test(self.id(), scenario="failed-midway") as simulator:
                    assert finish(simulator, submit(simulator))["status"] == "failed"

            def test_it_fails(self):
                with simulator_for_test(self.id()) as simulator:
                    finish(simulator, submit(simulator))
                    self.fail("on purpose")

            @pytest.fixture(autouse=True)
            def give(self, simulator):
                self.simulator = simulator

            def test_as_a_fixture(self):
                finish(self.simulator, submit(self.simulator))
    """)

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*on purpose*", "*deepswapai videoSwap vjob_*: completed (final)*"])


def test_unittest_without_pytest(run: Run, pytester: pytest.Pytester) -> None:
    import sys

    run("")
    pytester.makepyfile(
        test_alone="""
        import sys, unittest
        from client import *
        from simulator.testing import simulator_for_test

        class Test(unittest.TestCase):
            def test_it(self):
                with simulator_for_test(self.id()) as simulator:
                    finish(simulator, submit(simulator))
                    simulator.verify.every_job_seen_to_its_end()
                self.assertNotIn("pytest", sys.modules)
    """
    )

    result = pytester.run(sys.executable, "-X", "dev", "-W", "error", "-m", "unittest", "-v", "test_alone", timeout=60)

    assert result.ret == 0
    assert [line for line in result.errlines if "Warning" in line] == []


def test_a_frozen_clock_stops_no_server(run: Run) -> None:
    """What freezegun does to ``time.monotonic``, done by hand: the server's timers go on."""
    result = run("""
        import sys, time
        import pytest
        from client import *

        @pytest.fixture(params=["uvloop", "asyncio"])
        def frozen(request, monkeypatch):
            from simulator.testing import stop
            stop()
            if request.param == "asyncio":
                monkeypatch.setitem(sys.modules, "uvloop", None)
            monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
            yield
            stop()

        def test_it(frozen, simulator):
            simulator.clock.freeze()
            job = submit(simulator, webhook_url="http://127.0.0.1:9/nobody")
            simulator.clock.advance("10m")
            with pytest.raises(simulator_error()):
                simulator.webhooks.wait(timeout=0.05, status="completed")

        def simulator_error():
            from simulator.client.errors import NotInTime
            return NotInTime
    """)

    result.assert_outcomes(passed=2)


def test_a_whole_test_in_a_warp(run: Run) -> None:
    result = run("""
        import asyncio, time
        import aiohttp, pytest
        from client import *

        @pytest.mark.warp
        @pytest.mark.scenario("slow")
        def test_sync(simulator):
            job = submit(simulator)
            while look(simulator, job)["status"] != "completed":
                time.sleep(30)
            assert set(simulator.calls("getStatus").gaps) == {30_000}

        @pytest.mark.warp
        @pytest.mark.scenario("slow")
        async def test_async(simulator):
            job = submit(simulator)
            async with aiohttp.ClientSession(headers={"Authorization": "Bearer YOUR_API_KEY"}) as http:
                while True:
                    async with http.get(simulator.deepswapai.url + "/v1/status/" + job) as reply:
                        if (await reply.json())["status"] == "completed":
                            break
                    await asyncio.sleep(30)
            assert set(simulator.calls("getStatus").gaps) == {30_000}
    """)

    result.assert_outcomes(passed=2)


def test_a_warp_in_a_test_that_awaits(run: Run) -> None:
    result = run("""
        import asyncio

        async def test_it(aiohttp_simulator):
            before = await aiohttp_simulator.clock.now_ms
            with aiohttp_simulator.warp():
                await asyncio.sleep(3600)
                assert await aiohttp_simulator.clock.now_ms - before == 3_600_000
            assert await aiohttp_simulator.clock.mode == "skip"
    """)

    result.assert_outcomes(passed=1)


def test_a_case_of_unittest_under_pytest(run: Run) -> None:
    result = run("""
        from client import *
        from simulator.testing import SimulatorTestCase

        class Test(SimulatorTestCase):
            def test_it(self):
                finish(self.simulator, submit(self.simulator))

            def test_it_fails(self):
                finish(self.simulator, submit(self.simulator))
                self.fail("on purpose")
    """)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*on purpose*", "*deepswapai videoSwap vjob_*: completed (final)*"])
