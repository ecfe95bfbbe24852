"""What is known of jobs that were rendered for real: how long each state lasted, and how many frames were made."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from simulator.jobs.job import FORCED, GRANTED
from simulator.jobs.lifecycle import FINAL, SUCCEEDED, WAITING
from simulator.jobs.renders import BEGUN


class Stay(msgspec.Struct, frozen=True):
    """How long a job was in a state, in the vendor's word; what a wait for a slot took is not counted."""

    word: str
    stands_for: str
    lasted_ms: int


class Run(msgspec.Struct, frozen=True):
    """One job from its submit to its good end, whose word is ``end``. ``frames`` are those of all its outputs together."""

    vendor: str
    kind: str
    frames: int
    stays: tuple[Stay, ...]
    end: str

    @property
    def lasted_ms(self) -> int:
        """How long the job took in all."""
        return sum(stay.lasted_ms for stay in self.stays)

    def lasted_in_ms(self, word: str) -> int | None:
        """Return how long it was in a state; None if it never was."""
        return next((stay.lasted_ms for stay in self.stays if stay.word == word), None)


class Sorted(msgspec.Struct, frozen=True):
    """Jobs that a twin can be made of, and how many could not be used, by why."""

    runs: tuple[Run, ...]
    left_out: Counter[str]


class _Happened(msgspec.Struct, frozen=True):
    name: str
    at_ms: int


class _Entered(msgspec.Struct, frozen=True):
    word: str
    stands_for: str
    at_ms: int


class _Output(msgspec.Struct, frozen=True):
    frames: int = 1


class _Plan(msgspec.Struct, frozen=True):
    outputs: tuple[_Output, ...] = ()


class ShownJob(msgspec.Struct, frozen=True):
    """A job as the control API shows it, as far as a twin needs it."""

    vendor: str
    kind: str
    plan: _Plan
    events: tuple[_Happened, ...]
    entries: tuple[_Entered, ...]


class _ShownJobs(msgspec.Struct, frozen=True):
    jobs: tuple[ShownJob, ...]


def read_jobs(content: bytes) -> tuple[ShownJob, ...]:
    """Return the jobs in a JSON text: one, a list of them, or a list under the key ``jobs``.

    Raises:
        ValueError: it is none of these; the message says what is wrong where.
    """
    first = content.lstrip()[:1]
    if first == b"[":
        return msgspec.json.decode(content, type=tuple[ShownJob, ...])
    try:
        return msgspec.json.decode(content, type=_ShownJobs).jobs
    except msgspec.ValidationError as error:
        if "`jobs`" not in str(error):
            raise
        return (msgspec.json.decode(content, type=ShownJob),)


def sort_out(jobs: Iterable[ShownJob]) -> Sorted:
    """Return the runs among jobs: those that a render has brought to their good end, and that nobody forced."""
    runs, left_out = [], Counter[str]()
    for job in jobs:
        why = _why_not(job)
        if why:
            left_out[why] += 1
        else:
            runs.append(_run(job))
    return Sorted(tuple(runs), left_out)


def _why_not(job: ShownJob) -> str:
    happened = {event.name for event in job.events}
    if BEGUN not in happened:
        return "not rendered"
    if not job.entries or job.entries[-1].stands_for not in FINAL:
        return "not ended"
    if FORCED in happened:
        return "forced"
    end = job.entries[-1].stands_for
    return "" if end == SUCCEEDED else end


def _run(job: ShownJob) -> Run:
    granted_ms = next((event.at_ms for event in job.events if event.name == GRANTED), 0)
    stays = tuple(
        Stay(entry.word, entry.stands_for, _lasted_ms(entry, then, granted_ms)) for entry, then in pairwise(job.entries)
    )
    frames = sum(output.frames for output in job.plan.outputs)
    return Run(job.vendor, job.kind, frames, stays, job.entries[-1].word)


def _lasted_ms(entry: _Entered, then: _Entered, granted_ms: int) -> int:
    since_ms = max(entry.at_ms, granted_ms) if entry.stands_for == WAITING else entry.at_ms
    return max(then.at_ms - since_ms, 0)


def kinds_of(runs: Sequence[Run]) -> Counter[tuple[str, str]]:
    """Return how many runs there are of each vendor's kinds of job."""
    return Counter((run.vendor, run.kind) for run in runs)
