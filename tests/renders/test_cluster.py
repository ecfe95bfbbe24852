"""The same promises as the pool's, kept by actors of a real Ray on this machine: one cluster for all of them."""

import asyncio
import gc
import os
import signal
import warnings
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import Made, Pairing, Progress, SwapOrder
from simulator.renders.cluster import Cluster, Share
from simulator.renders.engine import EngineFailure
from simulator.renders.slots import Patience
from tests.renders.mixed_worker import load
from tests.renders.test_pool import all_news, order, worker_of

if find_spec("ray") is None:  # not imported here: what it reads from the environment is said before
    pytest.skip("Ray is not installed", allow_module_level=True)
pytestmark = [
    pytest.mark.xdist_group("ray"),  # for --dist loadgroup: no two clusters side by side
    pytest.mark.asyncio(loop_scope="module"),
    # Ray opens these for itself and leaves them to the end of the process.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
PATIENCE = Patience(stop=20)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine() -> AsyncIterator[Cluster]:
    made = Cluster(2, load=load, share=Share(gpus=0.5), patience=PATIENCE, machine={"num_gpus": 1})
    await made.start()
    try:
        yield made
    finally:
        with warnings.catch_warnings(action="ignore"):  # Ray leaves processes and files of its own to the collector
            await made.close()
            gc.collect()
    assert not Path(made._folder).exists()


async def test_both_actors_work_at_once_and_their_progress_streams(engine: Cluster, tmp_path: Path) -> None:
    both = [engine.render(order("endless", tmp_path)) for _ in range(2)]
    async with asyncio.timeout(60):
        for render in both:
            dones = [0]
            while dones[-1] < 100:
                news = await anext(render)
                assert isinstance(news, Progress)
                dones.append(news.done)
            assert dones == sorted(dones)
    for render in both:
        render.cancel()
        with pytest.raises(RenderFailure, match="cancelled"):
            await all_news(render)


async def test_an_order_tells_its_news_and_ends(engine: Cluster, tmp_path: Path) -> None:
    news = await all_news(engine.render(order("good", tmp_path)))

    assert engine.device == "cpu"
    assert Progress(3, 3) in news
    assert isinstance(news[-1], Made)
    assert news[-1].file.path == f"{tmp_path}/out.png"
    assert worker_of(news) != os.getpid()


@pytest.mark.parametrize(
    ("name", "reason", "detail"),
    [
        ("no-face", "no_face_in_source", "a landscape"),
        ("device-memory", "out_of_memory", "CUDA out of memory. Tried to allocate 2 GiB"),
        ("bug", "crashed", "ZeroDivisionError: division by zero"),
        ("crash", "crashed", "the Ray actor is gone: The actor died unexpectedly before finishing this task."),
        ("killed", "crashed", "the Ray actor is gone: The actor died unexpectedly before finishing this task."),
    ],
)
async def test_what_goes_wrong_fails_its_own_order_and_others_are_done(
    engine: Cluster, tmp_path: Path, name: str, reason: str, detail: str
) -> None:
    renders = [engine.render(order(said, tmp_path)) for said in (name, "good", "good", "good")]
    with pytest.raises(RenderFailure) as failure:
        await all_news(renders[0])
    for render in renders[1:]:
        assert worker_of(await all_news(render))

    assert (failure.value.reason, failure.value.detail) == (reason, detail)


async def test_an_actor_killed_from_outside_fails_its_order_and_is_replaced(engine: Cluster, tmp_path: Path) -> None:
    before = {worker_of(await all_news(engine.render(order("good", tmp_path)))) for _ in range(4)}
    renders = [engine.render(order("endless", tmp_path)) for _ in range(2)]
    for render in renders:
        async with asyncio.timeout(60):
            await anext(render)
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    renders[0].cancel()
    renders[1].cancel()
    for render in renders:
        with pytest.raises(RenderFailure):
            await all_news(render)
    after = {worker_of(await all_news(engine.render(order("good", tmp_path)))) for _ in range(4)}

    assert before
    assert not before & after


async def test_a_cancelled_order_ends_between_two_chunks_and_tidies_up(engine: Cluster, tmp_path: Path) -> None:
    render = engine.render(order("endless", tmp_path))
    async with asyncio.timeout(60):
        await anext(render)
    render.cancel()
    with pytest.raises(RenderFailure, match="cancelled"):
        await all_news(render)

    assert (tmp_path / "closed").exists()


async def test_an_actor_that_does_not_stop_is_killed_and_replaced(engine: Cluster, tmp_path: Path) -> None:
    engine.patience = Patience(stop=0.05)
    try:
        render = engine.render(order("hangs", tmp_path))
        async with asyncio.timeout(60):
            await anext(render)
        render.cancel()
        with pytest.raises(RenderFailure, match="cancelled"):
            await all_news(render)
    finally:
        engine.patience = PATIENCE

    assert worker_of(await all_news(engine.render(order("good", tmp_path))))


async def test_a_machine_that_does_not_see_the_folder_says_so(engine: Cluster) -> None:
    with pytest.raises(RenderFailure, match="has no folder /nowhere: machines of a cluster must share it"):
        await all_news(engine.render(order("good", "/nowhere")))


async def test_two_slots_share_a_gpu_where_each_takes_half(engine: Cluster, tmp_path: Path) -> None:
    import ray

    endless = [engine.render(order("endless", tmp_path)) for _ in range(2)]
    async with asyncio.timeout(60):
        for render in endless:
            await anext(render)
        while ray.available_resources().get("GPU", 0) > 0:  # Ray counts with a delay
            await asyncio.sleep(0.1)
    for render in endless:
        render.cancel()
        with pytest.raises(RenderFailure, match="cancelled"):
            await all_news(render)

    assert ray.cluster_resources()["GPU"] == 1


async def test_nobody_but_this_machine_can_reach_it(engine: Cluster) -> None:
    import ray

    assert {node["NodeManagerAddress"] for node in ray.nodes()} == {"127.0.0.1"}


async def test_a_real_swap_is_done_by_an_actor(engine: Cluster, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    photograph = pytest.importorskip("tests.media.live.scenes").photograph
    for name in ("collins", "hopper"):
        Image.fromarray(photograph(name)).save(tmp_path / f"{name}.png")

    news = await all_news(
        engine.render(
            SwapOrder("job", str(tmp_path / "collins.png"), (Pairing(str(tmp_path / "hopper.png")),), str(tmp_path))
        )
    )

    assert isinstance(news[-1], Made)
    with Image.open(news[-1].file.path) as picture:
        assert picture.size == photograph("collins").shape[1::-1]


async def test_a_cluster_that_is_not_there_is_told_in_one_line() -> None:
    with pytest.raises(EngineFailure, match=r"^the Ray cluster at 127\.0\.0\.1:9 cannot be had: .*refused"):
        await Cluster(address="127.0.0.1:9").start()
