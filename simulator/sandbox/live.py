"""The live jobs of one generation: which wait for a renderer, which are with one, and what the render tells of them."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from simulator.jobs.errors import Conflict
from simulator.jobs.files import Output
from simulator.jobs.job import GRANTED, Event, Job
from simulator.jobs.plan import OPEN_END
from simulator.jobs.renders import BEGUN, BROKEN, RENDERED, WORKING, Rendering
from simulator.jobs.scenario import Failure
from simulator.jobs.snapshot import Snapshot, look, work_entry

if TYPE_CHECKING:
    from simulator.sandbox.life import Life


class LiveJobs:
    """``life`` is the generation; every method is called with the sandbox's lock held.

    What is told of a job that is no longer live (it was cancelled, deleted, forced, or its generation ended) changes
    nothing, and the answer is False: then its render may stop.
    """

    def __init__(self, life: "Life", on_news: Callable[[], None] = lambda: None) -> None:
        """Begin; ``on_news`` is called when a job may be taken, or when one that was taken has ended otherwise."""
        self._life, self.on_news = life, on_news
        self._open: dict[str, bool] = {}  # each live job that has not ended, and whether a renderer has it

    def add(self, job: Job) -> None:
        """Hear of a new live job."""
        self._open[job.id] = False
        self.on_news()

    def happened(self, job: Job) -> None:
        """Hear that something has happened to a job: a slot was granted, or somebody has ended it."""
        if job.id in self._open:
            self.on_news()

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

    def begin(self, job_id: str, now_ms: int) -> bool:
        """Hear that the work on a job has begun."""
        return self._tell(job_id, Rendering(now_ms, now_ms), BEGUN, now_ms)

    def work(self, job_id: str, done: int, total: int, now_ms: int) -> bool:
        """Hear how far a job is; what has been told never falls."""
        job = self._job(job_id, now_ms)
        if job is None or job.rendering is None:
            return False
        is_first = not job.rendering.done and done > 0
        done = max(done, job.rendering.done)
        told = msgspec.structs.replace(job.rendering, told_ms=now_ms, done=done, total=max(total, done))
        return self._tell(job_id, told, WORKING if is_first else "", now_ms)

    def make(self, job_id: str, index: int, made: Output | Failure, about: Mapping[str, Any], now_ms: int) -> bool:
        """Hear that one of several outputs is there, measured, or that it failed."""
        job = self._job(job_id, now_ms)
        if job is None or not 0 <= index < len(job.plan.outputs):
            return False
        if job.plan.items and work_entry(job) is None:
            self._life.happen(job, Event(WORKING, now_ms))
        outputs, items, plan = list(job.plan.outputs), list(job.plan.items), job.plan
        if isinstance(made, Output):
            outputs[index] = made
        if items and (started := work_entry(job)) is not None:
            error = made if isinstance(made, Failure) else None
            lasts_ms = max(now_ms - started.at_ms, 0)
            items[index] = msgspec.structs.replace(items[index], lasts_ms=lasts_ms, error=error)
        job.plan = msgspec.structs.replace(plan, outputs=tuple(outputs), items=tuple(items))
        if job.rendering is not None and about:
            known = [*job.rendering.about, *({} for _ in range(index + 1 - len(job.rendering.about)))]
            known[index] = about
            job.rendering = msgspec.structs.replace(job.rendering, told_ms=now_ms, about=tuple(known))
        return True

    def end(self, job_id: str, now_ms: int) -> bool:
        """Hear that all is made. Items that were planned and not made are none: the render found fewer."""
        job = self._job(job_id, now_ms)
        if job is None or job.rendering is None:
            return False
        made = [item for item in job.plan.items if item.lasts_ms != OPEN_END]
        if made and len(made) < len(job.plan.items):
            outputs = tuple(job.plan.outputs[item.index] for item in made)
            items = tuple(msgspec.structs.replace(item, index=index) for index, item in enumerate(made))
            job.plan = msgspec.structs.replace(job.plan, outputs=outputs, items=items)
        return self._tell(job_id, job.rendering, RENDERED, now_ms)

    def fail(self, job_id: str, failure: Failure, now_ms: int) -> bool:
        """Hear why a job cannot be done."""
        job = self._job(job_id, now_ms)
        if job is None:
            return False
        told = job.rendering or Rendering(now_ms, now_ms)
        return self._tell(job_id, msgspec.structs.replace(told, failure=failure), BROKEN, now_ms)

    def _job(self, job_id: str, now_ms: int) -> Job | None:
        """Return a job that has not ended; one that has is forgotten here."""
        if job_id not in self._open:
            return None
        job = self._life.store.get(job_id)
        if job is None or job.deleted_at_ms is not None or look(job, now_ms).is_final:
            del self._open[job_id]
            return None
        return job

    def _tell(self, job_id: str, rendering: Rendering, event: str, now_ms: int) -> bool:
        job = self._job(job_id, now_ms)
        if job is None:
            return False
        job.rendering = rendering
        if event:
            self._life.happen(job, Event(event, now_ms))
            self._life.settle(now_ms)
        return True
