"""Whether a call is accepted: its needs are tested one after the other, in the vendor's order."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from simulator.jobs.commands import (
    Claim,
    ElseFails,
    HasCredits,
    HasJob,
    HasOutput,
    HasRecord,
    LacksRecord,
    Need,
    OnlyIf,
    Opens,
)
from simulator.jobs.errors import ApiError, Busy, DuplicateRecord, NotEnoughCredits
from simulator.jobs.lifecycle import FAILED, RUNNING, Lifecycle
from simulator.jobs.scenario import Failure, Scenario, Script, State, fit


class KeptRecord(Protocol):
    """What admission reads of a record."""

    id: str
    data: Mapping[str, Any]


class View(Protocol):
    """An account as admission sees it: everything can be read, nothing changed. An owner is ``""`` or ``type/id``."""

    def records(self, type: str) -> Sequence[KeptRecord]:
        """Return the records of a type, oldest first."""

    def available(self, owner: str) -> float:
        """Return an owner's balance less what its unfinished jobs will still cost."""

    def opening(self, owner: str, pool: str) -> tuple[bool, int | None]:
        """Return whether a slot is free, and otherwise when one will be, if that is known."""

    def holders(self, owner: str, pool: str) -> Sequence[str]:
        """Return the jobs that hold a pool's slots."""

    def newest_job(self, kind: str, stands_for: str | None, where: Mapping[str, Any]) -> str | None:
        """Return the id of the newest job that fits."""

    def output_count(self, job_id: str) -> int:
        """Return how many outputs a job has."""

    def ratio(self, name: str) -> float:
        """Return a die of the submit that is being tested."""


class Bindings(msgspec.Struct):
    """What the needs found: records and jobs by name, and the owner whose ledger and slots count.

    With a ``failure`` the job is accepted, and fails at once.
    """

    found: dict[str, str] = {}
    owner: str = ""
    failure: Failure | None = None


def admit(needs: Sequence[Need], view: View) -> Bindings:
    """Test the needs in order and return what they found.

    Raises:
        ApiError: the error of the first need that does not hold.
    """
    bindings = Bindings({})
    for need in needs:
        _TESTS[type(need)](need, view, bindings)
    return bindings


def admit_by_switch(needs: Sequence[Need], view: View, bindings: Bindings, switches: Mapping[str, str]) -> None:
    """Test those needs that count only by a switch, which the scenario may have set.

    Raises:
        ApiError: the error of the first need that does not hold.
    """
    for need in needs:
        if isinstance(need, OnlyIf) and switches.get(need.switch) == need.choice:
            _TESTS[type(need.need)](need.need, view, bindings)


def turned_down(lifecycle: Lifecycle, failure: Failure, vendor: str) -> Script:
    """Return what a job plays that fails at once: the only state it enters."""
    word = lifecycle.standing_for(FAILED)[0].word
    return fit(Scenario("turned-down", (State(word, error=failure),), vendor=vendor), lifecycle)


def never_ending(lifecycle: Lifecycle) -> Script:
    """Return what a job plays that is worked on for ever, as soon as it has its slot."""
    return fit(Scenario("never-ending", (State(RUNNING, forever=True),)), lifecycle, queues=True)


def _has_record(need: HasRecord, view: View, bindings: Bindings) -> None:
    kept = [record for record in view.records(need.type) if need.id is None or record.id == need.id]
    if not kept:
        raise need.error
    if need.id is None and need.choose == "only" and len(kept) > 1 and need.several is not None:
        raise need.several
    if need.choose == "drawn" and need.id is None:
        able = [record for record in kept if view.available(f"{need.type}/{record.id}") >= need.credits]
        if not able:
            raise need.unpaid or need.error
        if need.open_pool:
            able = [one for one in able if view.opening(f"{need.type}/{one.id}", need.open_pool)[0]] or able
        record = able[int(view.ratio(f"which {need.type}") * len(able))]
    else:
        record = kept[-1]
    name = need.bind or need.type
    bindings.found[name] = record.id
    bindings.found |= {f"{name}.{field}": said for field, said in record.data.items() if isinstance(said, str)}
    if need.owner:
        bindings.owner = f"{need.type}/{record.id}"


def _lacks_record(need: LacksRecord, view: View, bindings: Bindings) -> None:
    for record in view.records(need.type):
        if record.data.get(need.field) == need.value and record.id != need.id:
            raise DuplicateRecord(need.type, need.field, record.id)


def _has_job(need: HasJob, view: View, bindings: Bindings) -> None:
    job_id = view.newest_job(need.kind, need.stands_for, need.where)
    if job_id is None:
        newest = view.newest_job(need.kind, None, need.where) if need.failed else None
        if need.failed and newest and newest == view.newest_job(need.kind, FAILED, need.where):
            raise need.failed
        raise need.error
    if need.bind:
        bindings.found[need.bind] = job_id


def _has_output(need: HasOutput, view: View, bindings: Bindings) -> None:
    if not 0 <= need.number < view.output_count(bindings.found[need.of]):
        raise need.error


def _has_credits(need: HasCredits, view: View, bindings: Bindings) -> None:
    available = view.available(bindings.owner)
    if available < need.amount:
        raise need.error(need.amount, available) if issubclass(need.error, NotEnoughCredits) else need.error()


def _opens(need: Opens, view: View, bindings: Bindings) -> None:
    is_free, opens_at_ms = view.opening(bindings.owner, need.pool)
    if not is_free:
        if issubclass(need.error, Busy):
            raise need.error(need.pool, opens_at_ms, view.holders(bindings.owner, need.pool))
        raise need.error()


def _claim(need: Claim, view: View, bindings: Bindings) -> None:
    if not need.holds:
        raise need.error


def _else_fails(need: ElseFails, view: View, bindings: Bindings) -> None:
    try:
        _TESTS[type(need.need)](need.need, view, bindings)
    except ApiError:
        bindings.failure = bindings.failure or need.failure


def _later(need: OnlyIf, view: View, bindings: Bindings) -> None:
    """Pass over what is tested once the scenario is known."""


_TESTS: dict[type[Need], Any] = {
    HasRecord: _has_record,
    LacksRecord: _lacks_record,
    HasJob: _has_job,
    HasOutput: _has_output,
    HasCredits: _has_credits,
    Opens: _opens,
    Claim: _claim,
    ElseFails: _else_fails,
    OnlyIf: _later,
}
