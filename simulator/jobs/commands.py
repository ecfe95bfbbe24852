"""What a call wants, as data: a vendor's ``read`` returns one of these and the sandbox does it."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from simulator.jobs.chance import Draws
from simulator.jobs.errors import ApiError
from simulator.jobs.files import Input
from simulator.jobs.scenario import Failure


class Need(msgspec.Struct, frozen=True):
    """A condition that must hold before a call is accepted; ``error`` is what the vendor says otherwise."""


class HasRecord(Need, frozen=True):
    """The account has a record of this type.

    With an ``id``: that one. Without: ``choose`` says which, "only" (``several`` is raised if there are more),
    "newest", or "drawn" among those whose ledger can pay ``credits``, if possible one whose ``open_pool`` has a
    free slot. The id of what it finds is bound to ``bind``, each text of its data to ``bind.<field>``; with
    ``owner`` it becomes the job's owner, whose ledger pays and whose slots count.
    """

    type: str
    error: ApiError
    id: str | None = None
    choose: str = "only"
    several: ApiError | None = None
    unpaid: ApiError | None = None
    credits: float = 0
    open_pool: str = ""
    bind: str = ""
    owner: bool = False


class LacksRecord(Need, frozen=True):
    """The account has no record of this type whose ``field`` has this value, except the one named ``id``.

    Otherwise a ``DuplicateRecord`` says which has it.
    """

    type: str
    field: str
    value: Any
    id: str = ""


class HasJob(Need, frozen=True):
    """The account has a job of this kind whose fields are ``where``, in a neutral state where one is given.

    ``failed`` is raised in the place of ``error`` where the newest such job has failed.
    """

    kind: str
    error: ApiError
    stands_for: str | None = None
    where: Mapping[str, Any] = {}
    bind: str = ""
    failed: ApiError | None = None


class HasOutput(Need, frozen=True):
    """The job that an earlier need bound to ``of`` has an output of this number, counted from 0."""

    of: str
    number: int
    error: ApiError


class HasCredits(Need, frozen=True):
    """The owner's balance, less what its unfinished jobs will still cost, is enough."""

    amount: float
    error: type[ApiError]


class Opens(Need, frozen=True):
    """A slot of the owner's pool is free."""

    pool: str
    error: type[ApiError]


class Claim(Need, frozen=True):
    """Something that the request's own inputs decide; it holds or it does not."""

    holds: bool
    error: ApiError


class OnlyIf(Need, frozen=True):
    """The need inside counts only where a switch has this choice, the scenario's own choice included.

    It is tested after all others, once the scenario is known.
    """

    switch: str
    choice: str
    need: Need


class ElseFails(Need, frozen=True):
    """Where the need inside does not hold, the call is accepted all the same: its job fails at once, for this reason.

    For a vendor who makes the job first and shows it in the refusal. The scenario has no say, and no pin is consumed.
    """

    need: Need
    failure: Failure


class Submit(msgspec.Struct):
    """A new job. ``takes`` names a slot pool of the owner; a full one queues the job where no need refuses it.

    ``item_errors`` are the items of a batch that fail whatever the scenario says, because of what was sent.
    ``never_ends``: what was sent keeps its job running for ever. The scenario has no say, and no pin is consumed.
    """

    operation: str
    kind: str
    fields: Mapping[str, Any]
    inputs: tuple[Input, ...] = ()
    needs: tuple[Need, ...] = ()
    item_count: int = 0
    item_errors: Mapping[int, Failure] = {}
    takes: str = ""
    is_blocking: bool = False
    gives_up_after_ms: int | None = None
    parent: str = ""
    never_ends: bool = False


class LookUp(msgspec.Struct):
    """Jobs by id. ``lenient`` leaves out unknown ones instead of refusing the call."""

    ids: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    lenient: bool = False


class ListJobs(msgspec.Struct):
    """An account's jobs, newest first."""

    kinds: tuple[str, ...] = ()
    unfinished_only: bool = False
    skip: int = 0
    limit: int | None = None


class Happen(msgspec.Struct):
    """An event that a client brings about: a cancel, a deletion, an edit.

    In a state of which ``refused_in`` has the word, the call is refused with ``refusal`` instead.
    """

    job_id: str
    event: str
    kinds: tuple[str, ...] = ()
    refused_in: tuple[str, ...] = ()
    refusal: ApiError | None = None


class PutRecord(msgspec.Struct):
    """Create or replace a record.

    With ``new_id`` it is a new one, whose id is made of dice and of the present instant. ``tells_all``: the call
    is answered with every record of the type instead of this one.
    """

    type: str
    id: str
    data: Mapping[str, Any]
    needs: tuple[Need, ...] = ()
    credits: float | None = None
    new_id: Callable[[Draws, int], str] | None = None
    tells_all: bool = False


class GetRecord(msgspec.Struct):
    """One record, or all of a type where ``id`` is None."""

    type: str
    id: str | None = None


class DeleteRecord(msgspec.Struct):
    """Remove a record."""

    type: str
    id: str


class SetDetails(msgspec.Struct):
    """Change details of the account, what the vendor keeps of it besides; those left out stay, an empty text unsets one."""

    details: Mapping[str, str]


class GetAccount(msgspec.Struct):
    """The account itself: balance, plan, state, details, and how many records of each type it has.

    With a ``key`` that of this key, which the body names and which is let in like any other.
    """

    key: str = ""


Command = Submit | LookUp | ListJobs | Happen | PutRecord | GetRecord | DeleteRecord | SetDetails | GetAccount
