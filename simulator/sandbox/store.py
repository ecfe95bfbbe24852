"""The jobs of a sandbox in memory: found by id, by account and by the path of a file, and bounded."""

from collections.abc import Iterator

from simulator.jobs.job import Job
from simulator.jobs.snapshot import look

MOST_TOMBSTONES = 100_000
_MOST_TRIED = 64  # jobs looked at to find a finished one that can go


class Store:
    """At most ``most`` jobs: the oldest finished go first and leave a tombstone, so that they answer as expired."""

    def __init__(self, most: int = 100_000) -> None:
        self.most = most
        self._jobs: dict[str, Job] = {}
        self._files: dict[str, str] = {}
        self._tombstones: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs.values())

    def get(self, job_id: str) -> Job | None:
        """Return a job by id."""
        return self._jobs.get(job_id)

    def buried(self, job_id: str) -> str | None:
        """Return whose job it was, where the job had to make room."""
        return self._tombstones.get(job_id)

    def has_path(self, path: str) -> bool:
        """Return whether an output stands at this path."""
        return path in self._files

    def by_path(self, path: str) -> Job | None:
        """Return the job whose output has this path."""
        return self._jobs.get(self._files.get(path, ""))

    def add(self, job: Job, now_ms: int) -> None:
        """Keep a job; where there are too many, the oldest finished one goes."""
        self._jobs[job.id] = job
        for output in job.plan.outputs:
            self._files[output.path] = job.id
        if len(self._jobs) > self.most:
            self._make_room(now_ms)

    def _make_room(self, now_ms: int) -> None:
        for _ in range(min(_MOST_TRIED, len(self._jobs))):
            job_id, job = next(iter(self._jobs.items()))
            del self._jobs[job_id]
            if not look(job, now_ms).is_final and job.deleted_at_ms is None:
                self._jobs[job_id] = job  # still running: it goes to the end of the row
                continue
            for output in job.plan.outputs:
                self._files.pop(output.path, None)
            self._tombstones[job_id] = job.account
            if len(self._tombstones) > MOST_TOMBSTONES:
                del self._tombstones[next(iter(self._tombstones))]
            return
