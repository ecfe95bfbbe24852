"""The shape of a vendor: tables and small functions between the vendor's words and ours, nothing else."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from simulator.jobs.chance import Draws
from simulator.jobs.commands import Command
from simulator.jobs.errors import ApiError, Finding
from simulator.jobs.files import Input, Output
from simulator.jobs.job import Job
from simulator.jobs.lifecycle import Lifecycle
from simulator.jobs.renders import Wish
from simulator.jobs.scenario import Expiry, Failure, Refresh, Result
from simulator.jobs.snapshot import Snapshot

Headers = tuple[tuple[str, str], ...]


class Call(msgspec.Struct, gc=False):
    """One request as a vendor sees it: found, decoded, not yet judged.

    ``body`` is the decoded JSON, or a form's text fields by name (a file part stands in it as its file name, but not where
    a text belongs); what a file part or a media URL holds stands in ``inputs``, a list's one after the other under the
    list's name. ``marks`` is what the journal is to tell of it, such as what the vendor did not mind.
    ``now_ms`` is the instant at which it is answered. ``files_at`` turns the path of an output, and where
    it matters the vendor's own host for it, into the absolute URL at which this client can fetch it.
    ``withheld`` lets the webhooks go that wait until this call's reply has been written, each with the sandbox's lock
    held; ``preceded_by`` are the jobs whose webhooks are to be answered first.
    """

    operation: str
    method: str
    path: Mapping[str, str]
    query: dict[str, Any]
    headers: Mapping[str, str]
    files_at: Callable[[str, str], str]
    body: Any = None
    media_type: str = ""
    inputs: tuple[Input, ...] = ()
    account: str = ""
    now_ms: int = 0
    switches: Mapping[str, str] = {}
    marks: list[str] = []
    withheld: tuple[Callable[[], None], ...] = ()
    preceded_by: tuple[str, ...] = ()

    def input(self, field: str) -> Input | None:
        """Return the media that a field holds."""
        return next((found for found in self.inputs if found.field == field), None)


class Reply(msgspec.Struct, gc=False):
    """What goes back. ``body`` holds JSON's own types only; None sends an empty body, a str plain text.

    A ``bare`` one goes without the headers that every other reply has, as where a server's outermost part answers.
    """

    body: Any
    status: int = 200
    headers: Headers = ()
    bare: bool = False


class Operation(msgspec.Struct, frozen=True):
    """One operation. ``id`` is the operationId of the contract.

    ``read`` turns a call and what the contract found wrong with it into a command, or raises an ``ApiError``;
    ``show`` words what came of it: a ``Snapshot``, a list of them, a record, or None.
    ``inputs`` names the fields that hold media, with the kind expected where the wire does not tell; ``secrets`` those
    of either body whose values nobody is to see in the journal.
    An operation that does not look at the subscription serves an ``ExpiredKey`` too.
    """

    id: str
    method: str
    path: str
    read: Callable[[Call, Sequence[Finding]], Command]
    show: Callable[[Any, Call], Reply]
    inputs: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    requires_key: bool = True
    looks_at_subscription: bool = True
    switch: tuple[str, str] | None = None  # served only while this switch has this value
    max_body_bytes: int | None = None


class Draft(msgspec.Struct, frozen=True):
    """All that is known of a job at the moment it is accepted, for what the vendor decides then.

    ``attempt`` counts the ids, and the paths of outputs, that were taken already.
    """

    operation: str
    account: str
    draws: Draws
    created_at_ms: int
    fields: Mapping[str, Any]
    inputs: tuple[Input, ...]
    bound: Mapping[str, str]
    result: Result
    item_count: int
    switches: Mapping[str, str]
    ended_at_ms: int | None = None
    attempt: int = 0

    @property
    def fresh(self) -> Draws:
        """The dice for a name that nothing else may have: others with each attempt."""
        return Draws(self.draws.prefix, "again", self.attempt) if self.attempt else self.draws


class Stamp(msgspec.Struct, frozen=True):
    """What makes one attempt at a webhook differ from the next: its instant and its own dice."""

    at_ms: int
    draws: Draws


class Sealed(msgspec.Struct, frozen=True):
    """A webhook as it goes out: the exact bytes of its body, and the headers that belong to them."""

    body: bytes
    headers: Headers = (("Content-Type", "application/json"),)


class Opened(msgspec.Struct, frozen=True):
    """A webhook as its receiver understands it: the plain body, whether it is signed, and what is wrong with it.

    ``problem`` is ``""`` where nothing is wrong; a message that is not signed can only be read, not verified.
    """

    plain: Any
    is_signed: bool = False
    problem: str = ""


def seal_plainly(plain: bytes, keys: Mapping[str, str], stamp: Stamp) -> Sealed:
    """Send JSON as it is, unsigned."""
    return Sealed(plain)


def open_plainly(body: bytes, headers: Mapping[str, str], keys: Mapping[str, str]) -> Opened:
    """Read JSON as it is, unsigned."""
    try:
        return Opened(msgspec.json.decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Opened(None, problem="the body is no JSON")


def header_of(headers: Mapping[str, str], name: str) -> str | None:
    """Return a header of a message, however its name is written."""
    return next((said for known, said in headers.items() if known.lower() == name.lower()), None)


def is_2xx(status: int) -> bool:
    """Accept a webhook's receipt by any status of success."""
    return 200 <= status < 300


class Webhook(msgspec.Struct, frozen=True):
    """How a vendor calls back for one kind of job. ``name`` is its key in the contract's ``webhooks:``.

    ``url`` finds where to, in a job's fields and the account's details; ``""`` is nowhere. ``tells`` says whether a
    state that was just shown is told; ``show`` words it, and ``call.now_ms`` is the instant at which it was shown.
    ``keys`` returns what a receiver knows besides, by the names in ``key_names``, from the account's key, its details
    and a job's fields; ``seal`` encrypts and signs compact JSON with them, ``open`` is what a receiver does.
    ``accepts`` judges the status of its answer. ``gaps_ms`` are the virtual gaps before each further attempt, by the
    job's switches; ``timeout_ms`` is real time. ``ids_at``: the fields of the plain body that say which job it is, the
    vendor's id first. ``signature_at``: where ``wrong_signature`` changes something, a header's name or, after
    ``body:``, a field of what goes out. ``has_timestamp``: something in it grows stale. ``secret_headers`` hold what
    nobody is to see.
    """

    name: str
    url: Callable[[Mapping[str, Any], Mapping[str, str]], str]
    tells: Callable[[Snapshot], bool]
    show: Callable[[Snapshot, Call], Any]
    ids_at: tuple[str, ...]
    keys: Callable[[str, Mapping[str, str], Mapping[str, Any]], Mapping[str, str]] = lambda key, details, fields: {}
    key_names: tuple[str, ...] = ()
    seal: Callable[[bytes, Mapping[str, str], Stamp], Sealed] = seal_plainly
    open: Callable[[bytes, Mapping[str, str], Mapping[str, str]], Opened] = open_plainly
    accepts: Callable[[int], bool] = is_2xx
    gaps_ms: Callable[[Mapping[str, str]], tuple[int, ...]] = lambda switches: ()
    timeout_ms: int = 10_000
    signature_at: str = ""
    has_timestamp: bool = False
    secret_headers: tuple[str, ...] = ()


class Live(msgspec.Struct, frozen=True):
    """How a live server does a kind of job: what it is to render, and what the vendor says where that cannot be done.

    ``fits`` says of a request whether it can be done at all; what cannot plays a scenario. ``failures`` by the reason that a render gives (``media/live/failures.py`` lists them); ``otherwise`` is for the rest.
    """

    wishes: Callable[[Job], tuple[Wish, ...]]
    failures: Mapping[str, Failure] = {}
    otherwise: Failure = Failure("Processing failed")
    fits: Callable[[Mapping[str, Any], tuple[Input, ...]], bool] = lambda fields, inputs: True


class Kind(msgspec.Struct, frozen=True):
    """One kind of job: its lifecycle, its ids, its outputs, its price, and the vendor's habits with it.

    ``new_id`` is asked again with other dice while the id, or the path of an output, is taken. ``item_count`` says
    how many items a job has where neither the request nor the scenario does. ``charges``: "submit" holds the price at
    once and returns it unless the job succeeds; "end" debits it when the job succeeds. ``settles``: what a good end
    costs where the price held is more than that; the rest is returned. ``job_expiry_by``: where switches decide how
    long a job is kept, in the place of ``job_expiry``. ``blocks``: the submit is answered at the end, so nobody sees
    what the job shows before.
    ``id_pattern`` is what an id that somebody asks for must match as a whole. ``webhook``: how the vendor calls back, if
    it does. ``live``: how a live server does the work, if this kind of job can be done for real.
    """

    name: str
    lifecycle: Lifecycle
    new_id: Callable[[Draft], str]
    outputs: Callable[[Draft, str], tuple[Output, ...]] = lambda draft, job_id: ()
    price: Callable[[Draft, tuple[Output, ...]], float] = lambda draft, outputs: 0
    id_pattern: str = r"\S+"
    charges: str = "end"
    settles: Callable[[Draft, tuple[Output, ...]], float] | None = None
    scenario: str = "happy"
    refresh: Refresh | None = None
    job_expiry: Expiry | None = None
    job_expiry_by: Callable[[Mapping[str, str]], Expiry] | None = None
    file_expiry: Expiry | None = None
    takes_items: bool = False
    item_count: Callable[[Draft], int] = lambda draft: 0
    queues: bool = False
    blocks: bool = False
    record: Callable[[Snapshot], tuple[str, str, Mapping[str, Any]]] | None = None
    webhook: Webhook | None = None
    live: Live | None = None


class RecordStart(msgspec.Struct, frozen=True):
    """A record that a new account begins with; with ``credits`` it has a ledger of its own."""

    type: str
    id: str
    data: Mapping[str, Any]
    credits: float | None = None
    pools: Mapping[str, int] = {}


class AccountStart(msgspec.Struct, frozen=True):
    """How a new account begins. ``details`` is what the vendor keeps besides, such as a webhook secret."""

    credits: float = 0
    plan: str = "standard"
    records: tuple[RecordStart, ...] = ()
    pools: Mapping[str, int] = {}
    details: Mapping[str, str] = {}


class Record(msgspec.Struct, gc=False):
    """Something an account keeps: a channel, a saved face."""

    type: str
    id: str
    data: Mapping[str, Any]
    created_at_ms: int
    updated_at_ms: int
    balance: float | None = None
    granted: float | None = None
    charged_at_ms: int | None = None
    job_id: str = ""  # of the job that made it


class Switch(msgspec.Struct, frozen=True):
    """Something a vendor leaves open: the choices, which one is the default and the fact behind it."""

    name: str
    choices: tuple[str, ...]
    default: str
    fact: str
    says: str = ""


def chooser(declared: tuple[Switch, ...]) -> Callable[[str, Mapping[str, str]], str]:
    """Return what tells the choice of a declared switch among those that are set, or its default."""
    defaults = {switch.name: switch.default for switch in declared}

    def chosen(name: str, switches: Mapping[str, str]) -> str:
        return switches.get(name, defaults[name])

    return chosen


class Tour(msgspec.Struct, frozen=True):
    """One job from submit to download, told to a client that knows nothing: ``simulator demo`` walks it.

    Places in replies are dotted (``attachments.*.url``), ``{id}`` in ``poll`` is the id found at ``id_at``,
    ``{key}`` in a header the sample key.
    """

    title: str
    submit: str
    json: Mapping[str, Any]
    id_at: str
    poll: str
    word_at: str
    good_word: str | int
    running_words: tuple[str | int, ...]
    files_at: str
    progress_at: str = ""
    headers: Headers = (("Authorization", "Bearer {key}"), ("x-api-key", "{key}"))


class Vendor(msgspec.Struct, frozen=True):
    """One vendor. ``authenticate`` returns the key a call carries or raises; ``first_call`` is a curl that works as
    printed, with ``{base}`` and ``{key}`` to fill in. ``show_missing_file`` words a file that is not there any more
    (``ExpiredJob``) or never was (``UnknownPath``). ``other_hosts`` serve the same API as the host of ``url``.

    What pages of other origins are told: ``allows_any_origin`` is the usual way; a vendor with manners of its own
    gives ``origin_headers``, what it adds to a reply because of a request's headers, and ``show_preflight``, its answer
    to a browser's question for any path. ``answers_head``: as to a GET. ``redirects_slashes``: a path that it has
    without its last slash answers 307 to there. ``strict_ranges``: a download's ``Range`` counts for HEAD too, and one that
    is none is refused instead of ignored.
    """

    name: str
    title: str
    url: str
    media_hosts: tuple[str, ...]
    operations: tuple[Operation, ...]
    kinds: tuple[Kind, ...]
    authenticate: Callable[[Call], str]
    show_error: Callable[[ApiError, Call], Reply]
    show_missing_file: Callable[[ApiError, Mapping[str, str]], Reply]
    new_account: Callable[[str, Draws, Mapping[str, str]], AccountStart]
    sample_key: str
    first_call: str
    tour: Tour | None = None
    switches: tuple[Switch, ...] = ()
    headers: Headers = ()  # on every reply
    allows_any_origin: bool = False
    origin_headers: Callable[[Mapping[str, str]], Headers] | None = None
    show_preflight: Callable[[Mapping[str, str]], Reply] | None = None
    answers_head: bool = True
    redirects_slashes: bool = False
    strict_ranges: bool = False
    other_hosts: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The vendor's own host name."""
        return self.url.partition("://")[2].partition("/")[0]

    def kind(self, name: str) -> Kind:
        """Return a kind of job by name."""
        return next(kind for kind in self.kinds if kind.name == name)
