"""What was sent to a sandbox's own receivers, what it means there, and how they answer; all of it is bounded."""

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from simulator.jobs.errors import SimulatorError
from simulator.sandbox.accounts import Account, Accounts
from simulator.sandbox.store import Store
from simulator.vendors.vendor import Headers, Opened, Vendor, Webhook, open_plainly

MOST_KEPT = 1000  # messages
MOST_KEPT_BYTES = 8 << 20
MOST_BODY_BYTES = 64 << 10  # of one message; the rest is cut and its length told
MOST_RECEIVERS = 1000  # that answer in a way of their own
MOST_TRIED = 20  # accounts, the newest first, for a message that names no job of the sandbox
_NOTHING = b"null"
_NO_JOB = "it names no job of this sandbox, so that nobody here knows which secret it was signed with"
_RATHER_LARGE_BYTES = 512  # what a message weighs beside its body and headers


class Answers(msgspec.Struct, frozen=True):
    """How a receiver answers: with these statuses one after the other, the last one for good.

    ``delay_ms`` is real time.
    """

    statuses: tuple[int, ...] = (200,)
    delay_ms: int = 0
    body: str = "ok"


USUAL = Answers()


class Understood(msgspec.Struct, frozen=True):
    """What a message says to those who know the sandbox's keys.

    ``job_id`` is ``""`` where it names no job; ``is_known``: the vendor has that job in this sandbox.
    """

    opened: Opened
    job_id: str = ""
    is_known: bool = False


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message as it came. ``plain`` is JSON, and as empty as for a long body where that was cut."""

    number: int
    at_ms: int
    vendor: str
    name: str
    headers: Headers
    body: bytes
    size_bytes: int
    status: int
    plain: bytes
    is_signed: bool
    problem: str
    job_id: str
    is_known: bool


class Received:
    """The newest messages, and how each receiver answers. The caller holds the sandbox's lock."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: deque[tuple[Message, int]] = deque()
        self._bytes = 0
        self._answers: dict[tuple[str, str], Answers] = {}
        self._answered: dict[tuple[str, str], int] = {}

    def __iter__(self) -> Iterator[Message]:
        """Yield what is kept, oldest first."""
        return (message for message, _ in tuple(self._kept))

    def receive(
        self, at_ms: int, vendor: str, name: str, headers: Headers, body: bytes, said: Understood
    ) -> tuple[int, Answers]:
        """Keep a message; return the status to answer with, and how its receiver answers besides."""
        answers, status = self._next_answer(vendor, name)
        self.count += 1
        kept, opened = body[:MOST_BODY_BYTES], said.opened
        plain = _encoded(opened.plain) if len(body) <= MOST_BODY_BYTES else _NOTHING
        if len(body) > MOST_BODY_BYTES:
            kept += b" ... %d bytes in all" % len(body)
        message = Message(
            *(self.count, at_ms, vendor, name, headers, kept, len(body), status),
            *(plain, opened.is_signed, opened.problem, said.job_id, said.is_known),
        )
        size = len(kept) + len(plain) + sum(len(part) for pair in headers for part in pair) + _RATHER_LARGE_BYTES
        self._kept.append((message, size))
        self._bytes += size
        while len(self._kept) > MOST_KEPT or (self._bytes > MOST_KEPT_BYTES and len(self._kept) > 1):
            self._bytes -= self._kept.popleft()[1]
        return status, answers

    def _next_answer(self, vendor: str, name: str) -> tuple[Answers, int]:
        receiver = vendor, name
        answers = self._answers.get(receiver)
        if answers is None:
            return USUAL, USUAL.statuses[0]
        given = self._answered[receiver]
        self._answered[receiver] = given + 1
        return answers, answers.statuses[min(given, len(answers.statuses) - 1)]

    def set_answers(self, vendor: str, name: str, answers: Answers) -> None:
        """Let a receiver answer like this from now on, beginning with the first status.

        Raises:
            SimulatorError: a thousand others do so already.
        """
        if (vendor, name) not in self._answers and len(self._answers) >= MOST_RECEIVERS:
            raise SimulatorError(f"{MOST_RECEIVERS} receivers answer in a way of their own already; reset the sandbox")
        self._answers[vendor, name] = answers
        self._answered[vendor, name] = 0

    def clear(self) -> None:
        """Forget what came; numbers go on, and every receiver answers as it did."""
        self._kept.clear()
        self._bytes = 0


def understand(vendor: Vendor, body: bytes, headers: Mapping[str, str], accounts: Accounts, store: Store) -> Understood:
    """Verify and decrypt a message as a receiver would who knows every key of a sandbox.

    The keys are those of the job that it names; where that cannot be read or is unknown, those of any account that fit.
    """
    found, by = open_plainly(body, headers, {}), next(iter(_webhooks(vendor)), None)
    is_read = False
    for webhook, keys in _all_keys(vendor, body, found.plain, accounts, store):
        opened = webhook.open(body, headers, keys)
        if opened.problem and set(webhook.key_names) - set(keys):
            opened = msgspec.structs.replace(opened, problem=_NO_JOB)
        if not is_read or not opened.problem:
            found, by, is_read = opened, webhook, True
        if not opened.problem:
            break
    if not is_read:
        why = "has no account here yet whose keys could open it" if by else "sends no webhooks"
        found = Opened(found.plain, problem=found.problem or f"{vendor.name} {why}")
    job_id = _said_id(found.plain, by) if by else ""
    job = store.get(job_id)
    return Understood(found, job_id, job is not None and job.vendor == vendor.name)


def _encoded(plain: Any) -> bytes:
    """Return JSON; nothing of what is nested more deeply than can be written."""
    try:
        return msgspec.json.encode(plain)
    except RecursionError:
        return _NOTHING


def _webhooks(vendor: Vendor) -> list[Webhook]:
    """Return each webhook of a vendor once."""
    webhooks = {kind.webhook.name: kind.webhook for kind in vendor.kinds if kind.webhook is not None}
    return list(webhooks.values())


def _all_keys(
    vendor: Vendor, body: bytes, read: Any, accounts: Accounts, store: Store
) -> Iterator[tuple[Webhook, Mapping[str, str]]]:
    """Yield how a message may have been sealed, the likeliest first; of a stranger's large one nothing is tried."""
    webhooks = _webhooks(vendor)
    for webhook in webhooks:
        job = store.get(_said_id(read, webhook))
        if job is not None and job.vendor == vendor.name and (own := vendor.kind(job.kind).webhook) is not None:
            account = accounts.get(job.vendor, job.account)
            yield own, own.keys(job.account, account.details if account else {}, job.fields)
            return
    if len(body) > MOST_BODY_BYTES:
        return
    kept: list[Account] = [account for (name, _), account in accounts if name == vendor.name]
    for account in islice(reversed(kept), MOST_TRIED):
        tried: set[tuple[object, ...]] = set()
        for webhook in webhooks:
            keys = webhook.keys(account.key, account.details, {})
            if (way := (webhook.open, *keys.items())) not in tried:
                tried.add(way)
                yield webhook, keys
    if not kept:
        yield from ((webhook, {}) for webhook in webhooks if not webhook.key_names)


def _said_id(plain: Any, webhook: Webhook) -> str:
    """Return the vendor's id of the job that a plain body names."""
    said = plain.get(webhook.ids_at[0]) if isinstance(plain, dict) else None
    return said if isinstance(said, str) else ""
