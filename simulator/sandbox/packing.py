"""Finished jobs as bytes: a quarter of the memory, and nothing in them that a garbage collection would visit."""

from collections.abc import Mapping
from typing import Any

import msgspec

from simulator.jobs.deliveries import Hook
from simulator.jobs.files import Input, Output
from simulator.jobs.grid import Grid
from simulator.jobs.job import NOTHING, Entry, Event, Job
from simulator.jobs.plan import Item, Plan
from simulator.jobs.renders import Rendering
from simulator.jobs.scenario import Expiry, Script


class _Setting(msgspec.Struct, frozen=True):
    """What a job has in common with many others; kept once, as it is."""

    vendor: str
    operation: str
    kind: str
    account: str
    owner: str
    script: Script
    thens: tuple[str, ...]
    items_word: str
    queues: bool
    switches: Mapping[str, str]
    bound: Mapping[str, str]
    off_contract: str | None
    holds_slot: str
    job_expiry: Expiry | None
    file_expiry: Expiry | None


class _Own(msgspec.Struct, array_like=True):
    """What is a job's own. ``setting`` is the place of the rest."""

    setting: int
    created_at_ms: int
    dice: str
    number: int
    turn: int
    parent: str
    spans_ms: tuple[int, ...]
    items: tuple[Item, ...]
    refresh: Grid | None
    reach: float
    outputs: tuple[Output, ...]
    price: float
    plan_settled: float | None
    fields: dict[str, Any]
    inputs: tuple[Input, ...]
    credits_left: float
    credits_total: float
    events: tuple[Event, ...]
    entries: tuple[Entry, ...]
    settled: bool
    hook: Hook | None
    rendering: Rendering | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Own).decode


class Packer:
    """Packs jobs and unpacks them again, equal in everything."""

    def __init__(self) -> None:
        self._settings: list[_Setting] = []
        self._places: dict[tuple[Any, ...], int] = {}

    def pack(self, job: Job) -> bytes:
        """Return a job as bytes; its id stays with whoever keeps them."""
        plan = job.plan
        own = _Own(
            self._place(job),
            job.created_at_ms,
            job.dice,
            job.number,
            job.turn,
            job.parent,
            plan.spans_ms,
            plan.items,
            plan.refresh,
            plan.reach,
            plan.outputs,
            plan.price,
            plan.settled,
            dict(job.fields),
            job.inputs,
            job.credits_left,
            job.credits_total,
            job.events,
            job.entries,
            job.settled,
            job.hook,
            job.rendering,
        )
        return _encode(own)

    def unpack(self, job_id: str, packed: bytes) -> Job:
        """Return the job that was packed."""
        own = _decode(packed)
        said = self._settings[own.setting]
        plan = Plan(
            script=said.script,
            thens=said.thens,
            spans_ms=own.spans_ms,
            items=own.items,
            items_word=said.items_word,
            refresh=own.refresh,
            reach=own.reach,
            queues=said.queues,
            outputs=own.outputs,
            price=own.price,
            settled=own.plan_settled,
            switches=said.switches,
            job_expiry=said.job_expiry,
            file_expiry=said.file_expiry,
            is_live=own.rendering is not None,
        )
        return Job(
            id=job_id,
            vendor=said.vendor,
            operation=said.operation,
            kind=said.kind,
            account=said.account,
            created_at_ms=own.created_at_ms,
            plan=plan,
            dice=own.dice,
            fields=own.fields or NOTHING,
            inputs=own.inputs,
            bound=said.bound,
            credits_left=own.credits_left,
            credits_total=own.credits_total,
            owner=said.owner,
            parent=own.parent,
            number=own.number,
            turn=own.turn,
            off_contract=said.off_contract,
            events=own.events,
            entries=own.entries,
            settled=own.settled,
            hook=own.hook,
            rendering=own.rendering,
            holds_slot=said.holds_slot,
        )

    def _place(self, job: Job) -> int:
        plan = job.plan
        key = (
            *(
                job.vendor,
                job.operation,
                job.kind,
                job.account,
                job.owner,
                id(plan.script),
                plan.thens,
                plan.items_word,
            ),
            *(plan.queues, tuple(plan.switches.items()), tuple(job.bound.items()), job.off_contract, job.holds_slot),
            *(plan.job_expiry, plan.file_expiry),
        )
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self._settings)
            self._settings.append(
                _Setting(
                    *(job.vendor, job.operation, job.kind, job.account, job.owner, plan.script, plan.thens),
                    *(plan.items_word, plan.queues, plan.switches, job.bound, job.off_contract, job.holds_slot),
                    *(plan.job_expiry, plan.file_expiry),
                )
            )
        return place
