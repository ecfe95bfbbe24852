"""Lanes: in order within one, fair among many, bounded in all."""

import asyncio
from collections import Counter

from simulator.webhooks.lanes import Lanes


class Errands:
    """Errands that note when they begin and end when a test lets them."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.begun: list[str] = []
        self.may_end: dict[str, asyncio.Event] = {}

    def add(self, lane: str, name: str) -> None:
        self.may_end[name] = asyncio.Event()

        async def run() -> None:
            self.begun.append(name)
            await self.may_end[name].wait()

        self.lanes.add(lane, run)

    async def end(self, *names: str) -> None:
        for name in names:
            self.may_end[name].set()
        for _ in range(5):
            await asyncio.sleep(0)


async def test_a_lane_runs_so_many_at_a_time_in_order() -> None:
    errands = Errands(Lanes(most_in_a_lane=2))
    for number in range(4):
        errands.add("a", f"a{number}")

    await errands.end()
    assert errands.begun == ["a0", "a1"]
    await errands.end("a1")
    assert errands.begun == ["a0", "a1", "a2"]
    await errands.end("a0", "a2", "a3")
    assert errands.begun == ["a0", "a1", "a2", "a3"]


async def test_a_lane_that_hangs_keeps_no_other_from_running() -> None:
    errands = Errands(Lanes(most_in_a_lane=64, most_in_all=8))
    for number in range(100):
        errands.add("hangs", f"h{number}")
    errands.add("quick", "q0")

    await errands.end("h0")

    assert "q0" in errands.begun
    assert len(errands.begun) <= 9
    await errands.lanes.close()


async def test_the_common_bound_holds_and_is_shared_out() -> None:
    errands = Errands(Lanes(most_in_a_lane=64, most_in_all=10))
    for lane in range(5):
        for number in range(20):
            errands.add(f"lane {lane}", f"{lane}/{number}")

    for _ in range(40):
        running = [name for name in errands.begun if not errands.may_end[name].is_set()]
        assert len(running) <= 10
        await errands.end(*running[:1])

    begun = Counter(name.partition("/")[0] for name in errands.begun)
    assert len(begun) == 5
    await errands.lanes.close()


async def test_a_lane_without_work_is_gone_and_comes_back() -> None:
    errands = Errands(Lanes())
    errands.add("a", "one")
    await errands.end("one")
    assert errands.lanes._waiting == {}

    errands.add("a", "two")
    await errands.end("two")

    assert errands.begun == ["one", "two"]
