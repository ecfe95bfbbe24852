"""The pool: orders in, news out, and no worker's end takes anything with it but its own order."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import Made, News, PeopleOrder, Progress
from simulator.renders.engine import EngineFailure, Render
from simulator.renders.pool import Pool
from simulator.renders.slots import Patience

FAKE = (str(Path(__file__).with_name("fake_worker.py")),)


@asynccontextmanager
async def pool(slots: int = 1, device: str = "cpu", **settings: Any) -> AsyncIterator[Pool]:
    made = Pool(slots, device, command=FAKE, **settings)
    try:
        await made.start()
        yield made
    finally:
        await made.close()


def order(job: str, into: Path | str = "/nowhere") -> PeopleOrder:
    return PeopleOrder(job, "in.png", str(into))


async def all_news(render: Render) -> list[News]:
    async with asyncio.timeout(30):
        return [news async for news in render]


def worker_of(news: list[News]) -> Any:
    [made] = [one for one in news if isinstance(one, Made)]
    return made.about["by"]


async def test_an_order_tells_its_news_and_ends_whatever_its_libraries_print() -> None:
    async with pool() as engine:
        news = await all_news(engine.render(order("good")))

    assert engine.device == "cpu"
    assert news[-2] == Progress(3, 3)
    assert isinstance(news[-1], Made)
    assert news[-1].file.path == "/nowhere/out.png"


def test_progress_that_nobody_has_read_gives_way_to_newer() -> None:
    render = Render(order("good"))
    for done in range(1000):
        render.tell(Progress(done, 1000))

    assert list(render._news) == [Progress(999, 1000)]


async def test_orders_wait_for_a_slot_and_one_worker_does_them_all() -> None:
    async with pool() as engine:
        renders = [engine.render(order("good")) for _ in range(5)]
        workers = {worker_of(await all_news(render)) for render in renders}

    assert len(workers) == 1


async def test_slots_work_side_by_side(tmp_path: Path) -> None:
    async with pool(2) as engine:
        endless = engine.render(order("endless", tmp_path))
        assert worker_of(await all_news(engine.render(order("good"))))
        endless.cancel()
        with pytest.raises(RenderFailure, match="cancelled"):
            await all_news(endless)


@pytest.mark.parametrize(
    ("name", "reason", "detail"),
    [
        ("no-face", "no_face_in_source", "a landscape"),
        ("memory", "out_of_memory", ""),
        ("device-memory", "out_of_memory", "CUDA out of memory. Tried to allocate 2 GiB"),
        ("bug", "crashed", "ZeroDivisionError: division by zero"),
        ("crash", "crashed", "the worker process ended with status 3; it said: a library prints crash"),
        ("killed", "crashed", "the worker process was killed, as systems do when memory is used up"),
    ],
)
async def test_what_goes_wrong_fails_its_own_order_and_the_next_is_done(name: str, reason: str, detail: str) -> None:
    async with pool() as engine:
        bad, good = engine.render(order(name)), engine.render(order("good"))
        with pytest.raises(RenderFailure) as failure:
            await all_news(bad)
        assert worker_of(await all_news(good))

    assert (failure.value.reason, failure.value.detail) == (reason, detail)


async def test_a_cancelled_order_ends_between_two_chunks_and_tidies_up(tmp_path: Path) -> None:
    async with pool() as engine:
        before = worker_of(await all_news(engine.render(order("good"))))
        render = engine.render(order("endless", tmp_path))
        async with asyncio.timeout(30):
            assert isinstance(await anext(render), Progress)
        render.cancel()
        with pytest.raises(RenderFailure, match="cancelled"):
            await all_news(render)
        after = worker_of(await all_news(engine.render(order("good"))))

    assert (tmp_path / "closed").exists()
    assert before == after  # it ended by itself, and nobody had to kill its worker


async def test_a_worker_that_does_not_stop_is_killed_and_replaced() -> None:
    async with pool(patience=Patience(stop=0.05)) as engine:
        before = worker_of(await all_news(engine.render(order("good"))))
        render = engine.render(order("hangs"))
        await anext(render)
        render.cancel()
        with pytest.raises(RenderFailure, match="cancelled"):
            await all_news(render)
        after = worker_of(await all_news(engine.render(order("good"))))

    assert before != after


async def test_a_worker_that_says_nothing_any_more_is_taken_for_dead() -> None:
    async with pool() as engine:
        await all_news(engine.render(order("good")))
        engine.patience = Patience(silent=0.2)
        with pytest.raises(RenderFailure, match=r"crashed: nothing was heard of it for 0\.2 s"):
            await all_news(engine.render(order("hangs")))


async def test_an_order_cancelled_before_its_turn_never_begins(tmp_path: Path) -> None:
    async with pool() as engine:
        first, second = engine.render(order("endless", tmp_path)), engine.render(order("good"))
        second.cancel()
        first.cancel()
        for render in (first, second):
            with pytest.raises(RenderFailure, match="cancelled"):
                await all_news(render)


async def test_closing_drains_what_is_under_way_and_takes_nothing_more() -> None:
    engine = Pool(1, "cpu", command=FAKE)
    await engine.start()
    render = engine.render(order("good"))

    await engine.close(drain_seconds=30)

    assert worker_of(await all_news(render))
    with pytest.raises(RenderFailure, match="cancelled: the server is stopping"):
        await all_news(engine.render(order("good")))


async def test_closing_at_once_cancels_and_leaves_no_process() -> None:
    engine = Pool(1, "cpu", command=FAKE)
    await engine.start()
    worker = worker_of(await all_news(engine.render(order("good"))))
    renders = [engine.render(order("hangs")), engine.render(order("good"))]
    await anext(renders[0])

    await engine.close()

    for render in renders:
        with pytest.raises(RenderFailure, match="cancelled: the server is stopping"):
            await all_news(render)
    with pytest.raises(ProcessLookupError):
        os.kill(worker, signal.SIGTERM)


@pytest.mark.parametrize(
    ("device", "says"),
    [("broken", "ImportError: No module named 'torch'"), ("dies", "the worker process ended with status 1")],
)
async def test_an_engine_that_cannot_work_here_says_why(device: str, says: str) -> None:
    engine = Pool(1, device, command=FAKE)

    with pytest.raises(EngineFailure, match=says):
        await engine.start()
    await engine.close()
