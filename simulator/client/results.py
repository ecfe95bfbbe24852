"""What the control API says, as small typed values; instants end in ``_ms``, virtual milliseconds since 1970."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

import msgspec

from simulator.client.verbs import Awaited

T = TypeVar("T")


def read_as(body: Any, shape: type[T]) -> T:
    """Return a body of the control API as a typed value; what a newer server says besides is passed over."""
    return msgspec.convert(body, shape)


class ClockReading(msgspec.Struct, frozen=True):
    """``mode`` is ``real``, ``manual``, ``skip`` or ``warp``; ``speed`` counts in the mode ``real``."""

    mode: str
    speed: float
    hold: bool
    now: str
    now_ms: int


class SandboxState(msgspec.Struct, frozen=True):
    """A sandbox's settings. ``scenario`` is None where each vendor's own default applies."""

    id: str
    generation: int
    seed: str
    epoch_ms: int
    scenario: str | None
    switches: Mapping[str, str]
    max_jobs: int
    jobs: int


class Counters(msgspec.Struct, frozen=True):
    """What is under way; ``next_due_ms`` is None where nothing happens by itself."""

    in_flight: int
    held: int
    deliveries: int
    next_due_ms: int | None


class Sent(msgspec.Struct, frozen=True):
    """What an attempt at a webhook sent."""

    headers: Mapping[str, str]
    body: str


class Attempt(msgspec.Struct, frozen=True):
    """``status`` is the receiver's answer, None where none came; ``took_ms`` is real time."""

    at_ms: int
    request: Sent
    status: int | None
    answer: str | None
    error: str | None
    took_ms: float


class Delivery(Awaited, msgspec.Struct, frozen=True):
    """One webhook: one state of one job, told to one receiver. ``status`` is the word of the state that it tells.

    ``state`` is ``waiting``, ``ready`` or ``under_way``, or over: ``delivered``, ``given_up``, ``lost``, ``refused``
    or ``broken``.
    """

    number: int
    vendor: str
    job_id: str
    event: str
    status: str
    url: str
    why: str
    faults: list[str]
    state: str
    due_ms: int | None
    told_at_ms: int
    attempts: list[Attempt]

    @property
    def is_delivered(self) -> bool:
        """Whether a receiver has accepted it."""
        return self.state == "delivered"

    @property
    def headers(self) -> Mapping[str, str]:
        """What the last attempt sent, secrets hidden; none where it was not tried."""
        return self.attempts[-1].request.headers if self.attempts else {}

    @property
    def body(self) -> str:
        """What the last attempt sent; ``""`` where it was not tried."""
        return self.attempts[-1].request.body if self.attempts else ""

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        return read_json(self.body)


class Deliveries(Awaited, list[Delivery]):
    """Webhooks, the oldest first."""


class WebhookFault(msgspec.Struct, frozen=True):
    """What is laid ready to go wrong with webhooks; ``times`` are left, None is for good."""

    number: int
    vendor: str | None
    operation: str | None
    job_id: str | None
    times: int | None
    faults: Mapping[str, Any]


class ScenarioSummary(msgspec.Struct, frozen=True):
    """``vendor`` and ``kind`` are None where it is for all; ``origin`` is ``shipped``, ``folder`` or ``added``."""

    name: str
    vendor: str | None
    kind: str | None
    summary: str
    origin: str
    file: str | None


class Pin(msgspec.Struct, frozen=True):
    """A choice laid ready for the next ``times`` accepted submits."""

    vendor: str
    operation: str | None
    scenario: str | None
    job_id: str | None
    seed: str | None
    times: int


class Switch(msgspec.Struct, frozen=True):
    """Something that a vendor leaves open; ``fact`` is the id in its list of facts."""

    name: str
    value: str
    default: str
    choices: list[str]
    fact: str
    summary: str


class LedgerLine(msgspec.Struct, frozen=True):
    """``kind`` is ``grant``, ``debit``, ``hold``, ``settlement``, ``refund`` or ``carried``."""

    at_ms: int
    kind: str
    amount: float
    job_id: str | None


class Record(msgspec.Struct, frozen=True):
    """What an account keeps, such as a channel or a saved face; ``data`` is in the vendor's words."""

    vendor: str
    type: str
    id: str
    account: str
    created_at_ms: int
    updated_at_ms: int
    job_id: str | None
    data: Mapping[str, Any]


class Call(msgspec.Struct, frozen=True):
    """One call of a client to a vendor, and its answer. ``status`` is None where the client left before there was one.

    ``target`` is the path with its query as they came, ``path`` the vendor's own, without sandbox and vendor in front.
    ``body`` and ``reply_body`` are text, cut where they are long; secrets are hidden but for their end.
    """

    number: int
    at_ms: int
    vendor: str
    operation: str | None
    account: str | None
    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str
    status: int | None
    reply_body: str
    job_ids: list[str]
    marks: list[str]

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        return read_json(self.body)

    @property
    def reply(self) -> Any:
        """The answer's body as JSON, or as text where it is none."""
        read = read_json(self.reply_body)
        return self.reply_body if read is None else read

    def __str__(self) -> str:
        return f"{self.method} {self.target} → {self.status or 'no reply'}"


class Calls(Sequence[Call]):
    """Calls in the order in which they came. ``count`` counts all that fit; at hand are the newest 1000."""

    def __init__(self, calls: Iterable[Call], count: int | None = None) -> None:
        self._calls = list(calls)
        self._count = len(self._calls) if count is None else count

    @overload
    def __getitem__(self, at: int) -> Call: ...
    @overload
    def __getitem__(self, at: slice) -> "Calls": ...
    def __getitem__(self, at: int | slice) -> "Call | Calls":
        return Calls(self._calls[at]) if isinstance(at, slice) else self._calls[at]

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def count(self) -> int:  # type: ignore[override]  # a number, for that is what is asked about calls
        """How many fit in all."""
        return self._count

    @property
    def gaps(self) -> list[int]:
        """Virtual milliseconds from each call to the next."""
        return [later.at_ms - earlier.at_ms for earlier, later in zip(self._calls, self._calls[1:], strict=False)]

    def __repr__(self) -> str:
        return f"<{self.count} calls: {', '.join(map(str, self._calls))}>" if self._calls else "<no calls>"


def read_json(text: str) -> Any:
    """Return what a text says as JSON; None where it is none."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
