"""A job: what the client wanted, what the dice said and what has happened to it since; never a status."""

from collections.abc import Mapping
from typing import Any

import msgspec

from simulator.jobs.chance import Draws
from simulator.jobs.deliveries import Hook
from simulator.jobs.files import Input
from simulator.jobs.grid import Grid
from simulator.jobs.plan import Plan
from simulator.jobs.renders import Rendering

CANCELLED_BY_CLIENT = "cancel"
DELETED = "deleted"
EDITED = "edited"
FORCED = "force"
GAVE_UP = "gave-up"
GRANTED = "granted"
LOOKED = "look"
NOTHING: Mapping[str, Any] = {}  # one for all jobs: an empty dict each would be a tenth of a job's memory


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something that happened to a job. ``to`` is the word that a ``force`` asks for."""

    name: str
    at_ms: int
    to: str = ""


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A state the job entered: when it did, when the vendor's refresh shows it, and how far the work was by then."""

    word: str
    stands_for: str
    at_ms: int
    seen_at_ms: int
    progress: float = 0.0
    events_before: int = 0  # how many events had been taken in by then


class Job(msgspec.Struct, gc=False):
    """Only ``events``, ``entries`` and ``settled`` ever change, and ``entries`` is what ``unfold`` makes of the rest.

    Of a live job, ``rendering`` changes too, and in its plan the outputs and items that were assumed give way to measured ones.
    """

    id: str
    vendor: str
    operation: str
    kind: str
    account: str
    created_at_ms: int
    plan: Plan
    dice: str
    fields: Mapping[str, Any]
    inputs: tuple[Input, ...] = ()
    bound: Mapping[str, str] = NOTHING
    credits_left: float = 0  # the owner's, once this job is paid for
    credits_total: float = 0
    owner: str = ""
    parent: str = ""
    number: int = 0  # among the accepted submits of its operation
    turn: int = 0  # among all of its sandbox
    off_contract: str | None = None
    events: tuple[Event, ...] = ()
    entries: tuple[Entry, ...] = ()
    settled: bool = False
    holds_slot: str = ""
    hook: Hook | None = None
    rendering: Rendering | None = None

    @property
    def draws(self) -> Draws:
        """The job's own dice, for ids and texts that nobody gave."""
        draws = Draws()
        draws.prefix = self.dice
        return draws

    @property
    def grid(self) -> Grid | None:
        """The rhythm in which the vendor looks at this job, if it has one."""
        grid = self.plan.refresh
        if grid is None or not grid.from_slot:
            return grid
        granted_at_ms = next((event.at_ms for event in self.events if event.name == GRANTED), None)
        return grid if granted_at_ms is None else grid.granted(granted_at_ms)

    @property
    def deleted_at_ms(self) -> int | None:
        """When the job was deleted, if it was."""
        return next((event.at_ms for event in self.events if event.name == DELETED), None)
