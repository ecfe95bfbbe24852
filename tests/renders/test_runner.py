"""The runner: a live job's inputs, orders, news and end, between a real sandbox and an engine that a test plays."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from simulator.jobs.commands import Happen, Submit
from simulator.jobs.files import Input
from simulator.jobs.job import Job
from simulator.jobs.renders import Pairing, Swap, Wish
from simulator.jobs.scenario import Failure
from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import Limits, Line, Made, MadeFile, Order, Progress, SwapOrder
from simulator.renders.engine import Render
from simulator.renders.keeping import Keeping
from simulator.renders.runner import Runner
from simulator.sandbox.sandbox import Sandbox
from simulator.vendors.vendor import Call, Live, Vendor
from tests.acme import ACME, sandbox
from tests.sandbox.test_live import LIVE

FACE, CLIP = Input("face", url="http://test/face.png"), Input("clip", url="http://test/clip.mp4")


def wishes(job: Job) -> tuple[Wish, ...]:
    if job.kind == "batch":
        return tuple(Swap(1 + index, (Pairing(0),), output=index) for index in range(len(job.inputs) - 1))
    return (Swap(1, (Pairing(0),)),)


WAYS = Live(wishes, {"no_face_in_source": Failure("We see no face", code="NO_FACE")})
STUDIO: Vendor = msgspec.structs.replace(
    ACME, kinds=tuple(msgspec.structs.replace(one, live=WAYS, webhook=None) for one in ACME.kinds)
)


class Played:
    """An engine whose renders a test moves."""

    device = "cpu"

    def __init__(self) -> None:
        self.renders: list[Render] = []
        self.is_closed = False

    async def start(self) -> None:
        pass

    def render(self, order: Order) -> Render:
        self.renders.append(Render(order))
        return self.renders[-1]

    async def close(self, drain_seconds: float = 0.0) -> None:
        self.is_closed = True
        for render in self.renders:
            render.end(RenderFailure("cancelled", "the server is stopping"))


class World:
    def __init__(self, root: Path) -> None:
        self.engine, self.keeping = Played(), Keeping(root)
        self.fetched: list[str] = []
        self.runner = Runner(self.engine, self.keeping, self.fetch, lambda job: WAYS, Limits())
        self.box: Sandbox = sandbox("real", LIVE, is_live=True, scenario="")
        self.box._on_live = self.runner.wake

    async def fetch(self, url: str, path: Path) -> None:
        self.fetched.append(url)
        if "missing" in url:
            raise RenderFailure("undecodable", f"{url} answers 404")
        if "never-ends" in url:
            await asyncio.Event().wait()
        path.write_bytes(b"media")

    def do(self, command: Any) -> Any:
        said = Call(
            "x", "POST", {}, {}, {}, lambda path, host: path, account="key", switches=self.box.switches_for(STUDIO)
        )
        return self.box.handle(STUDIO, said, command)

    def submit(self, kind: str = "film", *inputs: Input, **said: Any) -> Job:
        shot = self.do(Submit(kind, kind, {}, inputs or (FACE, CLIP), **said))
        job = shot.job
        assert isinstance(job, Job)
        return job

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(20):
            while not holds():
                await asyncio.sleep(0)

    async def render(self, number: int = 0) -> Render:
        await self.until(lambda: len(self.engine.renders) > number)
        return self.engine.renders[number]

    def word(self, job: Job) -> str:
        return self.box.job(job.id).word


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path / "live")
    (tmp_path / "live").mkdir()
    await world.runner.start()
    yield world
    await world.runner.close()
    assert not (tmp_path / "live").exists()


def make(render: Render, name: str = "out.png", index: int = 0) -> Path:
    path = Path(render.order.into) / name
    path.write_bytes(b"made")
    render.tell(Made(index, MadeFile(str(path), "image/png", 640, 480, 4), {"note": "hello"}))
    return path


async def test_a_job_is_fetched_ordered_followed_and_ended(world: World) -> None:
    job = world.submit()
    render = await world.render()
    order = render.order
    assert isinstance(order, SwapOrder)
    assert (order.job, world.fetched) == (job.id, [FACE.url, CLIP.url])
    assert Path(order.target).read_bytes() == Path(order.pairings[0].source).read_bytes() == b"media"
    render.tell(Progress(10, 40))
    await world.until(lambda: world.box.job(job.id).progress)
    assert world.box.job(job.id).progress == 0.25
    render.tell(Line("Half of it"))
    path = make(render)
    render.end()
    await world.until(lambda: job.entries[-1].word == "done")

    [output] = job.plan.outputs
    assert job.rendering is not None
    assert (output.stored, output.width_px, output.height_px, output.size_bytes) == (str(path), 640, 480, 4)
    assert [line for _, line in job.rendering.lines] == ["Half of it"]
    assert job.rendering.about == ({"note": "hello"},)


async def test_looking_for_faces_makes_no_frame(world: World) -> None:
    job = world.submit()
    render = await world.render()
    render.tell(Progress(30, 40, "searching"))
    await world.until(lambda: job.rendering and job.rendering.total)

    assert job.rendering is not None
    assert (job.rendering.done, job.rendering.total) == (0, 40)


async def test_only_a_few_inputs_are_fetched_at_a_time(world: World) -> None:
    may_end, under_way, most = asyncio.Event(), 0, 0

    async def slow(url: str, path: Path) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await may_end.wait()
        under_way -= 1
        path.write_bytes(b"media")

    world.runner._fetch = slow
    for _ in range(10):
        world.submit()
    await world.until(lambda: under_way == 4)
    may_end.set()
    await world.render(9)

    assert most == 4


async def test_uploads_are_moved_not_fetched(world: World, tmp_path: Path) -> None:
    upload = Path(world.keeping.keep(b"uploaded"))

    world.submit("film", Input("face", stored=str(upload)), CLIP)
    render = await world.render()

    assert isinstance(render.order, SwapOrder)
    assert Path(render.order.pairings[0].source).read_bytes() == b"uploaded"
    assert (upload.exists(), world.fetched) == (False, [CLIP.url])


async def test_a_failure_is_told_in_the_vendors_words_and_in_plain_ones_in_the_journal(world: World) -> None:
    job = world.submit()
    (await world.render()).end(RenderFailure("no_face_in_source", "a landscape"))
    await world.until(lambda: job.rendering and job.rendering.failure)

    assert job.rendering is not None
    assert job.rendering.failure == WAYS.failures["no_face_in_source"]
    assert "live: no_face_in_source: a landscape" in [mark for said in world.box.journal for mark in said.marks]


async def test_a_render_that_has_made_nothing_is_no_success(world: World) -> None:
    job = world.submit()
    (await world.render()).end()
    await world.until(lambda: job.rendering and job.rendering.failure)

    assert job.entries[-1].word == "error"


async def test_each_item_of_a_batch_is_made_in_a_folder_of_its_own(world: World) -> None:
    world.submit("batch", FACE, CLIP, CLIP, item_count=2)
    renders = []
    for number in range(2):
        renders.append(await world.render(number))
        make(renders[-1])
        renders[-1].end()

    assert renders[0].order.into != renders[1].order.into


@pytest.mark.parametrize("given", [Input("clip", url="http://test/missing"), Input("clip")])
async def test_an_input_that_cannot_be_had_fails_the_job(world: World, given: Input) -> None:
    job = world.submit("film", FACE, given)
    await world.until(lambda: job.rendering and job.rendering.failure)

    assert job.rendering is not None
    assert (job.rendering.failure, world.engine.renders) == (WAYS.otherwise, [])


async def test_of_a_batch_one_item_may_fail_and_the_others_are_made(world: World) -> None:
    job = world.submit("batch", FACE, CLIP, CLIP, CLIP, item_count=3)
    first = await world.render(0)
    make(first)
    first.end()
    (await world.render(1)).end(RenderFailure("no_face_in_source"))
    third = await world.render(2)
    make(third)
    third.end()
    await world.until(lambda: world.word(job) == "done")

    errors = [item.error for item in world.box.job(job.id).finished_items()]
    assert errors == [None, WAYS.failures["no_face_in_source"], None]


async def test_a_batch_of_which_nothing_was_made_fails(world: World) -> None:
    job = world.submit("batch", FACE, CLIP, CLIP, item_count=2)
    for number in range(2):
        (await world.render(number)).end(RenderFailure("undecodable"))
    await world.until(lambda: world.word(job) == "error")

    assert job.rendering is not None
    assert job.rendering.failure == WAYS.otherwise


@pytest.mark.parametrize("how", ["cancel", "deleted", "reset"])
async def test_who_ends_a_job_stops_its_render_and_its_files_go(world: World, how: str) -> None:
    job = world.submit()
    render = await world.render()
    folder = Path(render.order.into)
    if how == "reset":
        world.box.reset()
    else:
        world.do(Happen(job.id, how))
    async with asyncio.timeout(20):
        await render.is_cancelled.wait()
    render.end(RenderFailure("cancelled"))
    if how == "cancel":  # it is shown further on, and so are its files
        assert world.word(job) == "stopped"
        world.do(Happen(job.id, "deleted"))
    await world.until(lambda: not world.runner._tasks)
    world.runner._look_at(world.box)

    assert not folder.exists()


async def test_inputs_go_with_the_work_and_what_was_made_stays(world: World) -> None:
    job = world.submit()
    render = await world.render()
    path = make(render)
    render.end()
    await world.until(lambda: not world.runner._tasks)
    folder = path.parents[1]
    left = [entry.relative_to(folder).as_posix() for entry in folder.rglob("*") if entry.is_file()]

    assert job.entries[-1].word == "done"
    assert left == ["made-0/out.png"]


async def test_a_failed_job_leaves_nothing(world: World) -> None:
    world.submit()
    (await world.render()).end(RenderFailure("no_face_in_source"))
    await world.until(lambda: not world.runner._tasks)

    assert not list(world.keeping.root.iterdir())


async def test_a_job_deleted_after_its_end_takes_its_files_along_at_once(world: World) -> None:
    job = world.submit()
    render = await world.render()
    path = make(render)
    render.end()
    await world.until(lambda: not world.runner._tasks)
    assert path.exists()

    world.do(Happen(job.id, "deleted"))

    await world.until(lambda: not path.exists())


@pytest.mark.parametrize("how", ["cancel", "reset", "close"])
async def test_a_fetch_is_given_up_once_nobody_wants_the_job(world: World, how: str) -> None:
    url = "http://media.test/never-ends"
    job = world.submit("film", msgspec.structs.replace(FACE, url=url), CLIP)
    await world.until(lambda: world.fetched)
    if how == "cancel":
        world.do(Happen(job.id, "cancel"))
    elif how == "reset":
        world.box.reset()
    else:
        await world.runner.close()

    await world.until(lambda: not world.runner._tasks)
    assert (world.fetched, world.engine.renders) == ([url], [])
    assert job.entries[-1].word == {"cancel": "stopped", "reset": "new", "close": "error"}[how]


async def test_an_upload_that_was_swept_away_with_its_job_is_no_news(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = tmp_path / "upload-1"
    world.submit("film", Input("face", kind="image", stored=str(gone)), CLIP)
    world.box.reset()
    kept = world.submit("film", Input("face", kind="image", stored=str(gone)), CLIP)
    await world.until(lambda: kept.entries[-1].word == "error" and not world.runner._tasks)

    assert kept.rendering is not None
    assert kept.rendering.failure == WAYS.otherwise
    assert not caplog.records


async def test_closing_tells_every_job_why_it_ended(world: World) -> None:
    job = world.submit()
    await world.render()

    await world.runner.close()

    assert job.entries[-1].word == "error"
    assert job.rendering is not None
    assert job.rendering.failure == WAYS.otherwise
