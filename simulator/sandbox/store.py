"""The jobs of a sandbox in memory: found by id and by the path of a file, bounded, and packed once they have ended."""

from collections import Counter
from collections.abc import Iterator

from simulator.jobs.errors import SimulatorError
from simulator.jobs.job import Job
from simulator.jobs.snapshot import look
from simulator.sandbox.packing import Packer

MOST_TOMBSTONES = 100_000
MOST_WARM = 4096  # jobs kept as they are; beyond, those that have ended are packed


class TooManyJobs(SimulatorError):
    """No further job can be kept."""

    status = 503
    code = "too_many_jobs"


class Store:
    """At most ``most`` jobs: the oldest finished go first and leave a tombstone, so that they answer as expired.

    A packed job that somebody asks for is warm again. ``packed`` counts the others by vendor and neutral state.
    """

    def __init__(self, most: int = 100_000) -> None:
        self.most = most
        self._warm: dict[str, Job] = {}
        self._packed: dict[str, bytes] = {}
        self.packed: Counter[tuple[str, str]] = Counter()
        self._packer = Packer()
        self._files: dict[str, str] = {}
        self._tombstones: dict[str, str] = {}  # whose job it was: vendor and key

    def __len__(self) -> int:
        return len(self._warm) + len(self._packed)

    def __iter__(self) -> Iterator[Job]:
        """Yield every job in no order; a packed one does not become warm by it."""
        for job_id, packed in tuple(self._packed.items()):
            yield self._packer.unpack(job_id, packed)
        yield from self.warm()

    def warm(self) -> tuple[Job, ...]:
        """Return the jobs that are not packed, in no order."""
        return tuple(self._warm.values())

    def get(self, job_id: str) -> Job | None:
        """Return a job by id."""
        job = self._warm.get(job_id)
        if job is None and (packed := self._packed.pop(job_id, None)) is not None:
            job = self._warm[job_id] = self._unpack(job_id, packed)
        return job

    def has(self, job_id: str) -> bool:
        """Return whether a job is there."""
        return job_id in self._warm or job_id in self._packed

    def was_buried(self, job_id: str, vendor: str, account: str) -> bool:
        """Return whether an account's job had to make room."""
        return self._tombstones.get(job_id) == f"{vendor}/{account}"

    def by_path(self, path: str) -> Job | None:
        """Return the job whose output has this path."""
        return self.get(self._files.get(path, ""))

    def has_path(self, path: str) -> bool:
        """Return whether an output stands at this path."""
        return path in self._files

    def add(self, job: Job, now_ms: int) -> None:
        """Keep a job; ``make_room`` comes first."""
        self._warm[job.id] = job
        for output in job.plan.outputs:
            self._files[output.path] = job.id
        if len(self._warm) > MOST_WARM:
            self._cool_oldest(now_ms)

    def cool(self, job: Job) -> None:
        """Pack a job that has ended, if there are many."""
        if len(self._warm) > MOST_WARM and self._warm.pop(job.id, None) is not None:
            self._packed[job.id] = self._packer.pack(job)
            self.packed[job.vendor, job.entries[-1].stands_for] += 1

    def _unpack(self, job_id: str, packed: bytes) -> Job:
        job = self._packer.unpack(job_id, packed)
        self.packed[job.vendor, job.entries[-1].stands_for] -= 1
        return job

    def _cool_oldest(self, now_ms: int) -> None:
        for _ in range(2):  # one more than was added, so that the row gets shorter
            job_id, job = next(iter(self._warm.items()))
            if job.settled and _has_ended(job, now_ms):
                self.cool(job)
            else:
                del self._warm[job_id]
                self._warm[job_id] = job  # still running: it goes to the end of the row

    def make_room(self, now_ms: int) -> None:
        """Bury the oldest finished job if one more would be too many; running ones go to the end of the row meanwhile.

        Raises:
            TooManyJobs: all of them are still running.
        """
        if len(self) < self.most:
            return
        if self._packed:
            job_id = next(iter(self._packed))
            self._bury(self._unpack(job_id, self._packed.pop(job_id)))
            return
        for _ in range(len(self._warm)):
            job_id, job = next(iter(self._warm.items()))
            del self._warm[job_id]
            if _has_ended(job, now_ms):
                self._bury(job)
                return
            self._warm[job_id] = job
        raise TooManyJobs(f"{self.most} jobs are kept and none has ended; end some, reset, or raise --max-jobs")

    def _bury(self, job: Job) -> None:
        for output in job.plan.outputs:
            self._files.pop(output.path, None)
        if job.deleted_at_ms is not None:
            return  # it is unknown already, and stays so
        self._tombstones[job.id] = f"{job.vendor}/{job.account}"
        if len(self._tombstones) > MOST_TOMBSTONES:
            del self._tombstones[next(iter(self._tombstones))]


def _has_ended(job: Job, now_ms: int) -> bool:
    return job.deleted_at_ms is not None or look(job, now_ms).is_final
