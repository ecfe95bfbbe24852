"""Gives live jobs to the engine and tells their sandboxes what came of them; one runner for all sandboxes."""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from simulator.jobs import renders as told
from simulator.jobs.job import Job
from simulator.jobs.renders import Media, Wish
from simulator.jobs.scenario import Failure
from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import Limits, Line, Made, Order, Progress
from simulator.renders.engine import Engine, Render
from simulator.renders.keeping import Keeping
from simulator.renders.ordering import as_order, is_source_of, measured, media_of, output_of
from simulator.sandbox.sandbox import Sandbox
from simulator.vendors.vendor import Live

Fetch = Callable[[str, Path], Awaitable[None]]
"""Fetches a URL into a file. Raises RenderFailure where it cannot be had."""

_MOST_FETCHED = 4  # inputs at a time, for all jobs together
_LOG = logging.getLogger("simulator")


class Runner:
    """It works on the loop on which it was started. ``live_of`` says how a vendor's kind of job is done for real."""

    def __init__(
        self,
        engine: Engine,
        keeping: Keeping,
        fetch: Fetch,
        live_of: Callable[[Job], Live],
        limits: Limits,
        *,
        is_marked: bool = True,
    ) -> None:
        self._engine, self._keeping, self._fetch, self._live_of = engine, keeping, fetch, live_of
        self._limits, self._is_marked = limits, is_marked
        self._fetching = asyncio.Semaphore(_MOST_FETCHED)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: dict[asyncio.Task[None], _Run] = {}
        self._is_closed = False

    @property
    def device(self) -> str:
        """What renders, once the engine has started."""
        return self._engine.device

    @property
    def uploads(self) -> Keeping:
        """Where uploads are kept until they are rendered."""
        return self._keeping

    async def start(self) -> None:
        """Start the engine.

        Raises:
            EngineFailure: it cannot work here.
        """
        self._loop = asyncio.get_running_loop()
        await self._engine.start()

    def wake(self, sandbox: Sandbox) -> None:
        """Hear, in any thread and with the sandbox's lock held, that it has something to render, or to stop."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._look_at, sandbox)

    def _look_at(self, sandbox: Sandbox) -> None:
        for run in list(self._tasks.values()):
            if run.sandbox is sandbox:
                run.stop_unless_wanted()
        self._keeping.sweep()
        if self._is_closed:
            return
        generation = sandbox.generation
        for shot in sandbox.take_renders():
            live = self._live_of(shot.job)
            run = _Run(sandbox, generation, shot.job, live)
            task = asyncio.create_task(self._do(run))
            self._tasks[task] = run
            task.add_done_callback(self._tasks.pop)

    async def _do(self, run: "_Run") -> None:
        run.folder = self._keeping.new_folder(run.is_kept)
        try:
            wishes = run.live.wishes(run.job)
            failures = [await self._fulfil(run, wish, number) for number, wish in enumerate(wishes)]
            self._end(run, wishes, failures)
        except RenderFailure as failure:
            run.fail(failure)
        except Exception as error:
            _LOG.error("an error that nobody foresaw", exc_info=error)
            run.fail(RenderFailure("crashed", f"{type(error).__name__}: {error}"))
        await asyncio.to_thread(run.tidy_up)

    def _end(self, run: "_Run", wishes: Sequence[Wish], failures: Sequence[RenderFailure | None]) -> None:
        """A job of several wishes fails only if all of them do."""
        failed = [failure for failure in failures if failure is not None]
        if failed and len(failed) == len(wishes):
            run.fail(failed[0])
        elif wishes and not run.has_made:
            run.fail(RenderFailure("undecodable", "nothing could be made of it"))
        else:
            run.tell(told.Ended())

    async def _fulfil(self, run: "_Run", wish: Wish, number: int) -> RenderFailure | None:
        """Do one of a job's wishes, in a folder of its own; in a batch, its failure is that of its item alone."""
        try:
            inputs = {media: await self._input(run, media, is_source_of(wish, media)) for media in media_of(wish)}
            into = run.folder / f"made-{number}"
            into.mkdir(mode=0o700)
            order = as_order(run.job, wish, inputs, into, self._limits, is_marked=self._is_marked)
            await self._render(run, wish, order)
        except RenderFailure as failure:
            if failure.reason != "cancelled" and run.job.plan.items:
                run.begin()
                run.tell(told.Made(getattr(wish, "output", 0), run.in_words(failure)))
            return failure
        return None

    async def _input(self, run: "_Run", media: Media, is_source: bool) -> Path:
        """Have an input of a job lie in its own folder, moved there or fetched, and return its path.

        Raises:
            RenderFailure: it cannot be had; nobody tries twice.
        """
        if media not in run.inputs:
            try:
                run.inputs[media] = await self._brought(run, media, run.folder / f"input-{len(run.inputs)}")
            except RenderFailure as failure:
                run.inputs[media] = failure
        found = run.inputs[media]
        if isinstance(found, RenderFailure):
            is_told_of_source = is_source and found.reason != "cancelled"
            raise RenderFailure("unreadable_source", str(found)) if is_told_of_source else found
        return found

    async def _brought(self, run: "_Run", media: Media, path: Path) -> Path:
        if isinstance(media, str):
            return await self._fetched(run, media, path)
        given = run.job.inputs[media]
        if given.stored:
            try:
                return await asyncio.to_thread(self._keeping.hand_over, given.stored, path)
            except FileNotFoundError as error:  # it was swept away meanwhile, as of a job that has ended
                run.stop_unless_wanted()
                raise RenderFailure("cancelled" if run.is_stopped else "undecodable", "the upload is gone") from error
        if not given.url:
            raise RenderFailure("undecodable", f"{given.field}: nothing that could be read was given")
        return await self._fetched(run, given.url, path)

    async def _fetched(self, run: "_Run", url: str, path: Path) -> Path:
        """Fetch a file; it is given up once nobody wants the job any more."""
        run.stop_unless_wanted()
        outcome: BaseException | None = None
        if not run.is_stopped:
            run.fetching = asyncio.ensure_future(self._fetch_in_turn(url, path))
            [outcome] = await asyncio.gather(run.fetching, return_exceptions=True)
        if run.is_stopped:
            raise RenderFailure("cancelled", "the server is stopping" if self._is_closed else "")
        if outcome is not None:
            raise outcome
        return path

    async def _fetch_in_turn(self, url: str, path: Path) -> None:
        async with self._fetching:
            await self._fetch(url, path)

    async def _render(self, run: "_Run", wish: Wish, order: Order) -> None:
        render = self._engine.render(order)
        run.renders = render
        run.stop_unless_wanted()
        async for news in render:
            run.begin()  # from when a worker has taken it
            match news:
                case Progress(done, total, stage):
                    is_search = stage == "searching" and not isinstance(wish, told.People)
                    run.tell(told.Worked(0 if is_search else done, total))  # looking for faces makes no frame
                case Line(text):
                    run.tell(told.Said(text))
                case Made():
                    run.tell_made(output_of(wish, news), news)
            run.stop_unless_wanted()

    async def close(self, drain_seconds: float = 0.0) -> None:
        """End the engine, wait for what that brings about, and remove every file."""
        await self._engine.close(drain_seconds)
        self._is_closed = True
        for run in self._tasks.values():
            run.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._loop = None
        await asyncio.to_thread(self._keeping.close)


class _Run:
    """One job under way."""

    def __init__(self, sandbox: Sandbox, generation: int, job: Job, live: Live) -> None:
        self.sandbox, self.generation, self.job, self.live = sandbox, generation, job, live
        self.renders: Render | None = None
        self.fetching: asyncio.Future[None] | None = None
        self.folder = Path()
        self.inputs: dict[Media, Path | RenderFailure] = {}
        self.has_made = self.is_stopped = self._has_begun = False

    def begin(self) -> None:
        """Tell once that the work has begun."""
        if not self._has_begun:
            self._has_begun = True
            self.tell(told.Begun())

    def tell(self, what: told.Told) -> None:
        self.sandbox.hear_render(self.job.id, self.generation, what)

    def tell_made(self, place: int, made: Made) -> None:
        if place < len(self.job.plan.outputs):
            self.has_made = True
            self.tell(told.Made(place, measured(self.job.plan.outputs[place], made.file), made.about))

    def stop_unless_wanted(self) -> None:
        if not self.sandbox.wants_render(self.job.id, self.generation):
            self.stop()

    def stop(self) -> None:
        """Ask for an early end of whatever is under way, and begin nothing more."""
        self.is_stopped = True
        if self.renders is not None:
            self.renders.cancel()
        if self.fetching is not None:
            self.fetching.cancel()

    def tidy_up(self) -> None:
        """Remove what only the work needed; where nothing was made that somebody may ask for, that is all."""
        if not self.has_made or not self.is_kept():
            shutil.rmtree(self.folder, ignore_errors=True)
        for path in self.folder.glob("input-*"):
            path.unlink(missing_ok=True)

    def in_words(self, failure: RenderFailure) -> Failure:
        """Return a failure in the vendor's terms."""
        return self.live.failures.get(failure.reason, self.live.otherwise)

    def fail(self, failure: RenderFailure) -> None:
        if failure.reason != "cancelled" or failure.detail:
            self.sandbox.note_render(self.generation, self.job, f"live: {failure}")
        self.tell(told.Failed(self.in_words(failure)))

    def is_kept(self) -> bool:
        """Return whether the job's files are needed: it is still there, in its own generation."""
        return self.sandbox.keeps_render(self.job.id, self.generation)
