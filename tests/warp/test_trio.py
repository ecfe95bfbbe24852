"""A trio run under the warp."""

import httpx
import pytest

from tests.warp.conftest import KEY, World
from tests.warp.test_replies import BODY, held_url

trio = pytest.importorskip("trio")


async def poll(world: World, job: str, nap: float) -> None:
    async with httpx.AsyncClient(headers=KEY) as http:
        while (await http.get(world.status_url(job))).json()["status"] != "completed":
            await trio.sleep(nap)


def test_tasks_of_a_run_poll_at_the_instants_their_sleeps_asked_for(world: World) -> None:
    from simulator.warp.trio import WarpClock

    async def main(job: str) -> float:
        with trio.fail_after(600):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(poll, world, job, 30)
                nursery.start_soon(poll, world, job, 45)
        return float(trio.current_time())

    with world.warp() as warp:
        assert trio.run(main, world.submit("100s"), clock=WarpClock(warp)) == 135

    assert world.polls() == sorted([0, 30, 60, 90, 120, 0, 45, 90, 135])


def test_a_time_out_strikes_against_a_held_reply(world: World) -> None:
    from simulator.warp.trio import WarpClock

    async def main() -> bool:
        with trio.move_on_after(10) as scope:
            async with httpx.AsyncClient(headers=KEY) as http:
                await http.post(held_url(world), json=BODY, timeout=60)
        return bool(scope.cancelled_caught)

    with world.warp() as warp:
        assert trio.run(main, clock=WarpClock(warp))
        assert world.now_s == 10


def test_a_run_outside_a_warp_is_refused(world: World) -> None:
    from simulator.warp.trio import WarpClock

    warped = world.warp()
    with pytest.raises(RuntimeError, match="enter the warp first"):
        WarpClock(warped)
