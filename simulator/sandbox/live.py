"""The live jobs of one generation: which wait for a renderer, which are with one, and what the render tells of them."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from simulator.jobs.errors import Conflict
from simulator.jobs.files import Output
from simulator.jobs.job import GRANTED, Event, Job
from simulator.jobs.plan import OPEN_END
from simulator.jobs.renders import (
    BEGUN,
    BROKEN,
    RENDERED,
    WORKING,
    Begun,
    Ended,
    Failed,
    Made,
    Rendering,
    Said,
    Told,
    Worked,
)
from simulator.jobs.scenario import Failure
from simulator.jobs.snapshot import Snapshot, look, work_entry

if TYPE_CHECKING:
    from simulator.sandbox.life import Life


_MOST_LINES, _MOST_LETTERS = 500, 1000  # of a worker's log


class LiveJobs:
    """``life`` is the generation; every method is called with the sandbox's lock held.

    What is told of a job that is no longer live (it was cancelled, deleted, forced, or its generation ended) changes
    nothing, and the answer is False: then its render may stop.
    """

    def __init__(self, life: "Life", on_news: Callable[[], None] = lambda: None) -> None:
        """Begin; ``on_news`` is called when a job may be taken, or when one that was taken has ended otherwise."""
        self._life, self.on_news = life, on_news
        self._open: dict[str, bool] = {}  # each live job that has not ended, and whether a renderer has it
        self._given: dict[str, str] = {}  # the uploads of these, and whose they are

    def add(self, job: Job) -> None:
        """Hear of a new live job."""
        self._open[job.id] = False
        self._given |= {given.stored: job.id for given in job.inputs if given.stored}
        self.on_news()

    def happened(self, job: Job) -> None:
        """Hear that something has happened to a live job: a slot was granted, somebody has ended it, or its files go."""
        self.on_news()

    def keeps(self, path: str, now_ms: int) -> bool:
        """Return whether a job that has not ended was given the upload at a path."""
        job_id = self._given.get(path)
        if job_id is not None and self._job(job_id, now_ms) is not None:
            return True
        self._given.pop(path, None)
        return False

    def refuse_other_time(self, now_ms: int) -> None:
        """Keep the clock as it is while a live job is being rendered.

        Raises:
            Conflict: one is.
        """
        if ids := [job_id for job_id in list(self._open) if self._job(job_id, now_ms)]:
            raise Conflict(
                f"{len(ids)} live {'job is' if len(ids) == 1 else 'jobs are'} being rendered in real time "
                f"({', '.join(ids[:3])}): the clock of this sandbox keeps to it until they have ended",
                job_ids=ids[:100],
            )

    def take(self, now_ms: int) -> Iterator[Snapshot]:
        """Yield the jobs that can be rendered now, each once; those behind a slot wait for its grant."""
        for job_id, is_taken in list(self._open.items()):
            job = self._job(job_id, now_ms)
            if job is None or is_taken:
                continue
            if job.plan.queues and not any(event.name == GRANTED for event in job.events):
                continue
            self._open[job_id] = True
            yield look(job, now_ms)

    def is_open(self, job_id: str, now_ms: int) -> bool:
        """Return whether a job still wants its render."""
        return self._job(job_id, now_ms) is not None

    def hear(self, job_id: str, told: Told, now_ms: int) -> bool:
        """Take in what a render tells of a job; return whether anybody still wants it."""
        job = self._job(job_id, now_ms)
        if job is None:
            return False
        rendering = job.rendering or Rendering(now_ms, now_ms)
        match told:
            case Begun():
                self._happen(job, rendering, BEGUN, now_ms)
            case Worked(done, total):
                self._work(job, rendering, done, total, now_ms)
            case Said(line):
                lines = (*rendering.lines, (now_ms, line[:_MOST_LETTERS]))[-_MOST_LINES:]
                job.rendering = replace(rendering, lines=lines)
            case Made(index, output, about):
                self._make(job, rendering, index, output, about, now_ms)
            case Ended():
                _leave_out_unmade(job)
                self._happen(job, rendering, RENDERED, now_ms)
            case Failed(failure):
                self._happen(job, replace(rendering, failure=failure), BROKEN, now_ms)
        return True

    def _work(self, job: Job, rendering: Rendering, done: int, total: int, now_ms: int) -> None:
        """What has been told never falls; the first of the work moves the job on. A video has as many frames as are counted."""
        event = WORKING if done > 0 and not rendering.done else ""
        done = max(done, rendering.done)
        if len(job.plan.outputs) == 1 and total > 0 and job.plan.outputs[0].duration_ms:
            job.plan = replace(job.plan, outputs=(replace(job.plan.outputs[0], frames=max(total, done)),))
        self._happen(job, replace(rendering, told_ms=now_ms, done=done, total=max(total, done)), event, now_ms)

    def _make(
        self, job: Job, rendering: Rendering, index: int, made: Output | Failure, about: Mapping[str, Any], now_ms: int
    ) -> None:
        if not 0 <= index < len(job.plan.outputs):
            return
        if about:
            known = [*rendering.about, *({} for _ in range(index + 1 - len(rendering.about)))]
            known[index] = about
            rendering = replace(rendering, told_ms=now_ms, about=tuple(known))
        has_begun = not job.plan.items or work_entry(job) is not None
        self._happen(job, rendering, "" if has_begun else WORKING, now_ms)
        outputs, items = list(job.plan.outputs), list(job.plan.items)
        if isinstance(made, Output):
            outputs[index] = made
        if items and (started := work_entry(job)) is not None:
            error = made if isinstance(made, Failure) else None
            items[index] = replace(items[index], lasts_ms=max(now_ms - started.at_ms, 0), error=error)
        job.plan = replace(job.plan, outputs=tuple(outputs), items=tuple(items))

    def _job(self, job_id: str, now_ms: int) -> Job | None:
        """Return a job that has not ended; one that has is forgotten here."""
        if job_id not in self._open:
            return None
        job = self._life.store.get(job_id)
        if job is None or job.deleted_at_ms is not None or look(job, now_ms).is_final:
            del self._open[job_id]
            for given in job.inputs if job is not None else ():
                self._given.pop(given.stored, None)
            return None
        return job

    def _happen(self, job: Job, rendering: Rendering, event: str, now_ms: int) -> None:
        job.rendering = rendering
        if event:
            self._life.happen(job, Event(event, now_ms))
            self._life.settle(now_ms)


def _leave_out_unmade(job: Job) -> None:
    """Outputs that were planned and not made are none: the render found fewer."""
    if not job.plan.items and len(job.plan.outputs) > 1:
        job.plan = replace(job.plan, outputs=tuple(one for one in job.plan.outputs if one.stored))
    made = [item for item in job.plan.items if item.lasts_ms != OPEN_END]
    if made and len(made) < len(job.plan.items):
        outputs = tuple(job.plan.outputs[item.index] for item in made)
        items = tuple(replace(item, index=index) for index, item in enumerate(made))
        job.plan = replace(job.plan, outputs=outputs, items=items)
