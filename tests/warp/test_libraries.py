"""Libraries that wait for their users."""

import asyncio

import httpx
import pytest
import requests
import urllib3

from tests.warp.conftest import KEY, World


class NotYet(Exception):
    pass


def look(world: World, job: str) -> bool:
    if not world.is_done(job):
        raise NotYet
    return True


def test_urllib3_waits_between_its_retries(world: World) -> None:
    with world.warp(), requests.Session() as http:
        retry = urllib3.Retry(total=5, backoff_factor=4, status_forcelist=[404], raise_on_status=False)
        http.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
        assert http.get(world.status_url("none"), headers=KEY).status_code == 404

    assert world.polls() == [0, 0, 8, 24, 56, 120]


def test_tenacity(world: World) -> None:
    tenacity = pytest.importorskip("tenacity")
    wait = tenacity.wait_exponential(multiplier=2, max=30)

    with world.warp():
        assert tenacity.retry(wait=wait, stop=tenacity.stop_after_delay(1000))(look)(world, world.submit("300s"))

    assert world.polls()[:6] == [0, 2, 6, 14, 30, 60]


def test_tenacity_gives_up_at_its_virtual_delay(world: World) -> None:
    tenacity = pytest.importorskip("tenacity")

    with world.warp():
        job = world.submit("300s")
        with pytest.raises(tenacity.RetryError):
            tenacity.retry(wait=tenacity.wait_fixed(7), stop=tenacity.stop_after_delay(60))(look)(world, job)

    assert world.polls() == [7 * at for at in range(10)]


def test_tenacity_and_backoff_in_a_loop(world: World) -> None:
    tenacity, backoff = pytest.importorskip("tenacity"), pytest.importorskip("backoff")

    async def main(job: str) -> None:
        async with httpx.AsyncClient(headers=KEY) as http:

            @backoff.on_predicate(backoff.constant, interval=30, jitter=None)  # type: ignore[untyped-decorator]
            async def is_done() -> bool:
                return bool((await http.get(world.status_url(job))).json()["status"] == "completed")

            await is_done()
            stop = tenacity.stop_after_attempt(3)
            async for attempt in tenacity.AsyncRetrying(wait=tenacity.wait_fixed(50), stop=stop, reraise=True):
                with attempt:
                    (await http.get(world.status_url("none"))).raise_for_status()

    with world.warp(), pytest.raises(httpx.HTTPStatusError):
        asyncio.run(main(world.submit("100s")))

    assert world.polls() == [0, 30, 60, 90, 120, 120, 170, 220]


def test_backoff(world: World) -> None:
    backoff = pytest.importorskip("backoff")

    with world.warp():
        job = world.submit("100s")
        assert backoff.on_exception(backoff.constant, NotYet, interval=20, jitter=None, max_time=500)(look)(world, job)

    assert world.polls() == [0, 20, 40, 60, 80, 100]


def test_stamina(world: World) -> None:
    stamina = pytest.importorskip("stamina")
    waits = {"wait_initial": 5, "wait_max": 20, "wait_jitter": 0}

    with world.warp():
        job = world.submit("100s")
        assert stamina.retry(on=NotYet, attempts=50, timeout=None, **waits)(look)(world, job)

    assert world.polls()[:4] == [0, 5, 15, 35]


def test_hypothesis_measures_real_time(world: World) -> None:
    from hypothesis import given, settings
    from hypothesis import strategies as st

    @settings(max_examples=10, deadline=5000, database=None)
    @given(st.integers(60, 100))
    def naps(nap: int) -> None:
        import time

        time.sleep(nap)

    with world.warp():
        naps()
    assert world.now_s >= 600
