"""What is laid ready to go wrong on the wire in one generation of a sandbox: counted, scoped, and over by itself.

All methods expect the caller to hold the sandbox's lock.
"""

from collections.abc import Iterator

import msgspec

from simulator.jobs.chance import Draws
from simulator.jobs.errors import SimulatorError
from simulator.jobs.faults import LONGEST_REAL_MS, NO_FAULT, SUBMITS, TOO_MANY, Dribble, WireFault, said
from simulator.jobs.job import Job

MOST_LAID = 1000
MOST_COUNTED = 100_000  # jobs whose scenarios' faults are counted
MOST_GONE = 100_000  # files


class LaidFault(msgspec.Struct):
    """A fault laid ready by a test for the calls that fit: so many ``times``, or for good where that is None.

    ``laid_at_ms`` is where its own times count from, ``met`` how many calls fitted so far, ``struck`` how many of them
    it struck.
    """

    fault: WireFault
    vendor: str = ""
    operation: str = ""
    job_id: str = ""
    times: int | None = 1
    number: int = 0
    laid_at_ms: int = 0
    met: int = 0
    struck: int = 0

    @property
    def until_ms(self) -> int | None:
        """The instant from which on it is over by itself."""
        return _until_ms(self.fault, self.laid_at_ms)

    @property
    def is_used_up(self) -> bool:
        """Whether it has struck as often as it was meant to."""
        return self.times is not None and self.struck >= self.times

    def fits(self, target: "Target") -> bool:
        """Return whether it is for such a call."""
        return (
            self.vendor in ("", target.vendor)
            and self.operation in ("", target.operation)
            and (not self.job_id or self.job_id in target.job_ids)
            and self.fault.is_for(target.sort)
        )


class Target(msgspec.Struct, frozen=True):
    """One call that may be struck. ``sort`` is one of ``SORTS`` or ``""``; a submit's job has no id yet."""

    vendor: str
    operation: str
    sort: str
    at_ms: int
    job_ids: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()


class Struck(msgspec.Struct):
    """What one call meets: how its answer goes wrong, and the lengths that the dice gave.

    ``opens_at_ms`` is when calls are let in again, where that is known; ``limit`` were let in within ``window_ms``.
    """

    fault: WireFault = NO_FAULT
    latency_ms: int = 0
    opens_at_ms: int | None = None
    limit: int | None = None
    window_ms: int | None = None

    @property
    def marks(self) -> tuple[str, ...]:
        """What the journal is to tell of it."""
        return said(self.fault, self.latency_ms)

    @property
    def dribble(self) -> Dribble | None:
        """In what drops the body comes."""
        return self.fault.dribble

    def take(self, fault: WireFault, latency_ms: int, until_ms: int | None) -> None:
        """Meet one more fault, which has a say in nothing that an earlier one had."""
        self.latency_ms = self.latency_ms or latency_ms
        own = {name: getattr(fault, name) for name in fault.names()}
        self.fault = msgspec.structs.replace(self.fault, **own)
        if fault.stops:
            self.opens_at_ms = until_ms
        if fault.quota:
            self.limit, self.window_ms = fault.quota, fault.for_ms
            self.fault = msgspec.structs.replace(self.fault, error=TOO_MANY)


class LaidFaults:
    """``are_laid`` is False while nothing at all can go wrong, so that most calls need not ask further.

    ``gone`` are the paths of files that went while they were being sent.
    """

    def __init__(self, seed: str) -> None:
        self.are_laid = False
        self.gone: dict[str, None] = {}
        self._kept: list[LaidFault] = []
        self._draws = Draws(seed, "wire fault")
        self._counts: dict[str, list[tuple[int, int]]] = {}  # by job: met and struck, for each fault of its scenario
        self._laid = self._asked = 0

    def lay(self, laid: LaidFault) -> LaidFault:
        """Lay a fault ready.

        Raises:
            SimulatorError: a thousand are waiting already.
        """
        self.expire(laid.laid_at_ms)
        if len(self._kept) >= MOST_LAID:
            raise SimulatorError(f"{MOST_LAID} faults are laid ready already; DELETE faults clears them")
        self._laid += 1
        laid.number = self._laid
        self._kept.append(laid)
        self.are_laid = True
        return laid

    def kept(self, at_ms: int) -> list[LaidFault]:
        """Return those that are neither used up nor over, in the order in which they count."""
        self.expire(at_ms)
        return list(self._kept)

    def clear(self) -> None:
        """Take all of them away; files that went are there again. Faults of scenarios stay."""
        self._kept.clear()
        self.gone.clear()
        self._rest()

    def expire(self, at_ms: int) -> None:
        """Forget those whose time is over."""
        if any(laid.until_ms is not None and laid.until_ms <= at_ms for laid in self._kept):
            self._kept = [laid for laid in self._kept if laid.until_ms is None or at_ms < laid.until_ms]
            self._rest()

    def watch(self, job: Job) -> None:
        """Know a job whose scenario lets calls go wrong."""
        self._counts[job.id] = [(0, 0)] * len(job.plan.script.scenario.faults)
        if len(self._counts) > MOST_COUNTED:
            del self._counts[next(iter(self._counts))]
        self.are_laid = True

    def lose(self, path: str) -> None:
        """Let a file be gone from now on."""
        self.gone[path] = None
        if len(self.gone) > MOST_GONE:
            del self.gone[next(iter(self.gone))]
        self.are_laid = True

    def strike(self, target: Target, asked: WireFault | None = None) -> Struck | None:
        """Return what a call meets, which is counted; None where all goes well. What it ``asked`` for goes first.

        Then comes what was laid ready, oldest first, then what the job's scenario says. A fault that has a say where
        an earlier one had it already is left for another call.
        """
        struck, taken = Struck(), set[str]()
        if asked is not None and asked.is_for(target.sort):
            self._asked += 1
            struck.take(asked, self._latency_ms(asked, self._draws, "asked", self._asked), None)
            taken |= asked.parts()
        self.expire(target.at_ms)
        for laid in [laid for laid in self._kept if laid.fits(target)]:
            if self._meets(laid, target, taken):
                latency_ms = self._latency_ms(laid.fault, self._draws, laid.number, laid.met)
                struck.take(laid.fault, latency_ms, laid.until_ms)
                taken |= laid.fault.parts()
        for job, at, fault in self._of_scenarios(target):
            if self._meets_of_job(job, at, fault, target, taken):
                met, _ = self._counts[job.id][at]
                latency_ms = self._latency_ms(fault, job.draws, "wire fault", at, met)
                struck.take(fault, latency_ms, _until_ms(fault, job.created_at_ms))
                taken |= fault.parts()
        return struck if taken else None

    def strike_submit(self, job: Job, target: Target, struck: Struck | None) -> Struck | None:
        """Return what the reply to a job's submit meets, with what its scenario says."""
        self.watch(job)
        taken = set(struck.fault.parts()) if struck else set()
        met = struck or Struck()
        for at, fault in enumerate(job.plan.script.scenario.faults):
            if SUBMITS in fault.on and self._meets_of_job(job, at, fault, target, taken):
                met.take(fault, self._latency_ms(fault, job.draws, "wire fault", at, 1), None)
                taken |= fault.parts()
        return met if taken else None

    def _meets(self, laid: LaidFault, target: Target, taken: set[str]) -> bool:
        """Return whether a fault strikes a call that it is for, and count both."""
        if taken & laid.fault.parts() or target.at_ms < laid.laid_at_ms + laid.fault.from_ms:
            return False
        laid.met += 1
        if not _strikes(laid.fault, laid.met, self._draws, laid.number):
            return False
        laid.struck += 1
        if laid.is_used_up:
            self._kept.remove(laid)
            self._rest()
        return True

    def _of_scenarios(self, target: Target) -> Iterator[tuple[Job, int, WireFault]]:
        for job in target.jobs:
            for at, fault in enumerate(job.plan.script.scenario.faults):
                if job.id in self._counts and fault.is_for(target.sort):
                    yield job, at, fault

    def _meets_of_job(self, job: Job, at: int, fault: WireFault, target: Target, taken: set[str]) -> bool:
        met, struck = self._counts[job.id][at]
        until_ms = _until_ms(fault, job.created_at_ms)
        is_over = until_ms is not None and until_ms <= target.at_ms
        is_used_up = fault.times is not None and struck >= fault.times
        if taken & fault.parts() or target.at_ms < job.created_at_ms + fault.from_ms or is_over or is_used_up:
            return False
        strikes = _strikes(fault, met + 1, job.draws, "wire fault", at)
        self._counts[job.id][at] = (met + 1, struck + strikes)
        return strikes

    def _rest(self) -> None:
        self.are_laid = bool(self._kept or self._counts or self.gone)

    def _latency_ms(self, fault: WireFault, draws: Draws, *names: object) -> int:
        return min(fault.latency.drawn(draws, *names, "latency"), LONGEST_REAL_MS) if fault.latency else 0


def _until_ms(fault: WireFault, since_ms: int) -> int | None:
    return since_ms + fault.from_ms + fault.for_ms if fault.for_ms else None


def _strikes(fault: WireFault, met: int, draws: Draws, *names: object) -> bool:
    """Return whether a fault strikes the call that is the so-manieth to fit."""
    if met <= max(fault.after, fault.quota):
        return False
    return fault.chance >= 1 or draws.ratio(*names, met) < fault.chance
