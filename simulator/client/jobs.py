"""The jobs of a sandbox: seen, forced, waited for. None of it is a look of the client's, so nothing moves by itself."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast
from urllib.parse import quote

import msgspec

from simulator.client.errors import NotFound, NotInTime
from simulator.client.lengths import instant_text
from simulator.client.results import read_as
from simulator.client.verbs import AsyncPart, Awaited, Part, SyncPart, Talk, reading, verb

_FINAL = "final"
_MOST_STEPS = 1000

_real_seconds = time.monotonic  # bound here, so that it keeps real time where a test freezes or warps time


class Entry(msgspec.Struct, frozen=True):
    """A state that the job has entered or is bound to enter; ``seen_at_ms`` is when the vendor shows it."""

    word: str
    stands_for: str
    at_ms: int
    seen_at_ms: int
    progress: float


class Event(msgspec.Struct, frozen=True):
    """Something that happened to the job; ``to`` is the word that was forced."""

    name: str
    at_ms: int
    to: str | None = None


class PlannedState(msgspec.Struct, frozen=True):
    """``for_ms`` is None where no end is known; ``then`` is None in a final state."""

    word: str
    for_ms: int | None
    then: str | None


class PlannedItem(msgspec.Struct, frozen=True):
    """One part of a batch; ``error`` is None where it succeeds."""

    index: int
    for_ms: int
    error: str | None


class Output(msgspec.Struct, frozen=True):
    """A file that the job makes."""

    path: str
    media_type: str
    width_px: int
    height_px: int
    size_bytes: int
    duration_ms: int
    frames: int


class Plan(msgspec.Struct, frozen=True):
    """What the dice said at submit."""

    states: list[PlannedState]
    items: list[PlannedItem]
    outputs: list[Output]
    price: float
    switches: Mapping[str, str]


class Snapshot(msgspec.Struct, frozen=True):
    """The job at one instant; ``wire`` is the state as the vendor writes it, ``progress`` runs from 0 to 1."""

    now_ms: int
    word: str
    wire: str | int
    stands_for: str
    is_final: bool
    progress: float
    next_change_ms: int | None
    finished_items: list[int]


class JobSummary(msgspec.Struct, dict=True):
    """A job in a line. ``status`` is the vendor's word, ``stands_for`` the neutral one."""

    id: str
    vendor: str
    operation: str
    kind: str
    account: str
    scenario: str
    created_at_ms: int
    status: str
    stands_for: str
    is_final: bool


class JobDetails(JobSummary):
    """All that was known of a job when it was asked for. ``reply`` is what a look-up would get."""

    plan: Plan
    events: list[Event]
    entries: list[Entry]
    snapshot: Snapshot
    reply: Any = None


J = TypeVar("J", bound="_JobVerbs[Any]")


class _JobVerbs(JobDetails, Part, Generic[J]):
    @property
    def _shape(self) -> type[J]:
        return cast(type[J], type(self))

    @verb
    def read(self) -> Talk[J]:
        """Return the job as it is now."""
        return (yield from _get(self, self._shape, self.id, self.vendor))

    @verb
    def force(self, status: str) -> Talk[J]:
        """Force it into a state that may follow, by the vendor's word; return the job after it.

        Raises:
            UnknownName: the job has no such state.
            Conflict: that state cannot follow.
        """
        return (yield from self._happen({"force": status}))

    @verb
    def happen(self, event: str) -> Talk[J]:
        """Let something happen to it: ``cancel``, ``deleted``, ``edited``, or a word of its scenario's ``on:``.

        Raises:
            UnknownName: the job knows no such event.
        """
        return (yield from self._happen({"event": event}))

    @verb
    def cancel(self) -> Talk[J]:
        """Cancel it, as a client would; return the job after it."""
        return (yield from self._happen({"event": "cancel"}))

    @verb
    def wait(self, until: str = _FINAL, timeout: float = 5.0) -> Talk[J]:
        """Move the clock until it is shown in a state; see ``jobs.wait``."""
        return (yield from _wait(self, self._shape, self.id, self.vendor, until, timeout))

    def _happen(self, body: Mapping[str, str]) -> Talk[J]:
        path = f"/jobs/{quote(self.id, safe='')}/events"
        return _bound(self, self._shape, (yield from self._say("POST", path, body, vendor=self.vendor)))


class Job(_JobVerbs["Job"], Awaited, SyncPart):
    """A job as it was when it was asked for; ``read`` asks again."""


class AsyncJob(_JobVerbs["AsyncJob"], AsyncPart):
    """A job as it was when it was asked for; its verbs are awaited."""


class _JobsVerbs(Part, Generic[J]):
    _job_type: ClassVar[Any]

    @verb
    def all(self, *, vendor: str | None = None, status: str | None = None, limit: int = 1000) -> Talk[list[J]]:
        """Return the jobs that fit, the newest first, with all that is known of them: one call each.

        ``status`` is the vendor's word that is shown now.
        """
        summaries = yield from self._summaries(vendor, status, limit)
        jobs: list[J] = []
        for summary in summaries:
            jobs.append((yield from self._get(summary.id, summary.vendor)))
        return jobs

    @verb
    def summaries(
        self, *, vendor: str | None = None, status: str | None = None, limit: int = 1000
    ) -> Talk[list[JobSummary]]:
        """Return the jobs that fit in a line each, the newest first, by one call in all."""
        return (yield from self._summaries(vendor, status, limit))

    @verb
    def get(self, id: str, vendor: str | None = None) -> Talk[J]:
        """Return a job; add the vendor where two gave the same id.

        Raises:
            NotFound: there is none.
        """
        return (yield from self._get(id, vendor))

    @reading
    def latest(self) -> Talk[J]:
        """The job that was made last.

        Raises:
            NotFound: there is none yet.
        """
        summaries = yield from self._summaries(None, None, 1)
        if not summaries:
            raise NotFound(f"there is no job yet{f' of {self._vendor}' if self._vendor else ''}", code="not_found")
        return (yield from self._get(summaries[0].id, summaries[0].vendor))

    @verb
    def wait(self, id: str, until: str = _FINAL, timeout: float = 5.0, vendor: str | None = None) -> Talk[J]:
        """Move the clock until a job is shown in a state, standing still at each webhook; return the job.

        ``until`` is ``final``, a word of the vendor's or a neutral one; ``timeout`` is real seconds.

        Raises:
            NotInTime: the job is in no such state and not bound to enter one, or receivers took too long.
        """
        shape: type[J] = self._job_type
        return (yield from _wait(self, shape, id, self._vendor_or(vendor), until, timeout))

    def _summaries(self, vendor: str | None, status: str | None, limit: int) -> Talk[list[JobSummary]]:
        query: dict[str, Any] = {"vendor": self._vendor_or(vendor), "status": status, "limit": limit}
        return read_as((yield from self._say("GET", "/jobs", **query))["jobs"], list[JobSummary])

    def _get(self, id: str, vendor: str | None) -> Talk[J]:
        shape: type[J] = self._job_type
        return (yield from _get(self, shape, id, self._vendor_or(vendor)))


class Jobs(_JobsVerbs[Job], SyncPart):
    """The jobs of a sandbox, or of one vendor in it."""

    _job_type = Job


class AsyncJobs(_JobsVerbs[AsyncJob], AsyncPart):
    """The jobs of a sandbox, or of one vendor in it, awaited."""

    _job_type = AsyncJob


def _get(part: Part, shape: type[J], id: str, vendor: str | None) -> Talk[J]:
    return _bound(part, shape, (yield from part._say("GET", f"/jobs/{quote(id, safe='')}", vendor=vendor)))


def _bound(part: Part, shape: type[J], body: Any) -> J:
    return read_as(body, shape)._of(part)


def _wait(part: Part, shape: type[J], id: str, vendor: str | None, until: str, timeout: float) -> Talk[J]:
    """Move the clock from one instant to the next that is known to matter, and look again after each."""
    last = _real_seconds() + timeout
    for _ in range(_MOST_STEPS):
        job = yield from _get(part, shape, id, vendor)
        if _fits(until, job.status, job.stands_for, job.is_final):
            return job
        to_come = [entry for entry in job.entries if entry.seen_at_ms > job.snapshot.now_ms]
        is_last = job.entries[-1]
        wanted = (
            entry.seen_at_ms
            for entry in to_come
            if _fits(until, entry.word, entry.stands_for, entry is is_last and _is_end(entry.stands_for))
        )
        at_ms = next(wanted, None)
        if _real_seconds() > last:
            raise NotInTime(
                f"{id} was {job.status} after {timeout:g} s of real time, not yet {until}", code="not_in_time"
            )
        if at_ms is not None:
            move = {"to": instant_text(at_ms), "wait": True}
            yield from part._say("POST", "/clock/advance", move, waits=True)
        elif job.is_final or not (yield from _depends_on_others(part, job)):
            words = ", ".join(entry.word for entry in to_come) or "nothing"
            raise NotInTime(
                f"{id} is {job.status} and never will be {until}; what is to come: {words}", code="not_in_time"
            )
    raise NotInTime(f"{id} was not {until} after {_MOST_STEPS} moves of the clock", code="not_in_time")


def _depends_on_others(part: Part, job: JobDetails) -> Talk[bool]:
    """Where a job waits for something whose instant is unknown, such as a slot, go to whatever is due next."""
    if job.stands_for != "waiting" or job.snapshot.next_change_ms is not None:
        return False
    return bool((yield from part._say("POST", "/clock/next", {"wait": True}, waits=True))["moved_ms"])


def _fits(until: str, word: str, stands_for: str, is_final: bool) -> bool:
    return is_final if until == _FINAL else until in (word, stands_for)


def _is_end(stands_for: str) -> bool:
    return stands_for not in ("waiting", "running")
