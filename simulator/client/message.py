"""A webhook as it came, and what its receiver makes of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec

from simulator import vendors
from simulator.jobs.chance import Draws
from simulator.jobs.errors import SimulatorError
from simulator.vendors.vendor import Opened, Stamp, Webhook, open_plainly


class Headers(Mapping[str, str]):
    """The headers of a message: read in any case, kept as they came; what came twice is joined by a comma."""

    def __init__(self, said: Iterable[tuple[str, str]]) -> None:
        self._said: dict[str, tuple[str, str]] = {}
        for name, value in said:
            first, before = self._said.get(name.lower(), (name, ""))
            self._said[name.lower()] = (first, f"{before}, {value}" if before else value)

    def __getitem__(self, name: str) -> str:
        return self._said[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._said.values())

    def __len__(self) -> int:
        return len(self._said)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._said

    def __repr__(self) -> str:
        return repr(dict(self))


class Reader(msgspec.Struct, frozen=True):
    """How messages are understood: the way to open them, what is known for that, and where a job's id stands in them."""

    open: Callable[[bytes, Mapping[str, str], Mapping[str, str]], Opened] = open_plainly
    keys: Mapping[str, str] = {}
    id_at: str = ""


class Message(msgspec.Struct, frozen=True, eq=False, dict=True):
    """One webhook. It is opened when it is first looked at.

    ``number`` counts all that a receiver ever got, from 1. ``received_at_ms`` is real Unix time, not a sandbox's.
    ``path`` is as it was called, with its query. ``answer`` is the status it is answered with, None for no answer.
    """

    number: int
    received_at_ms: int
    path: str
    headers: Headers
    body: bytes
    answer: int | None
    reader: Reader

    @property
    def size_bytes(self) -> int:
        """What it takes to keep it."""
        return len(self.body) + len(self.path) + sum(len(name) + len(said) for name, said in self.headers.items())

    @cached_property
    def _opened(self) -> Opened:
        return self.reader.open(self.body, self.headers, self.reader.keys)

    @property
    def plain(self) -> Any:
        """What it tells, decrypted and decoded; None where that cannot be read."""
        return self._opened.plain

    @property
    def is_genuine(self) -> bool | None:
        """True: signed as the vendor signs. False: see ``problem``. None: unsigned, as it should be; nobody can tell."""
        return False if self._opened.problem else True if self._opened.is_signed else None

    @property
    def problem(self) -> str:
        """What is wrong with it; ``""`` where nothing is."""
        return self._opened.problem

    @property
    def job_id(self) -> str:
        """The job it tells of, by the vendor's id; ``""`` where it names none, or the receiver knows no vendor."""
        said = self._said(self.reader.id_at)
        return "" if said is None else str(said)

    @property
    def summary(self) -> str:
        """What it says has happened, in the vendor's words: its event, its status or both."""
        told = ((name, self._said(name)) for name in ("event", "status"))
        return ", ".join(f"{name} {said}" for name, said in told if said is not None)

    @property
    def verdict(self) -> str:
        """Whether it is genuine, in words."""
        return self.problem or ("genuine" if self.is_genuine else "unsigned, nothing to verify")

    def __repr__(self) -> str:
        return f"<webhook {self.number} at {self.path!r}: {', '.join(filter(None, (self.summary, self.verdict)))}>"

    def _said(self, name: str) -> str | int | None:
        said = self.plain.get(name) if isinstance(self.plain, dict) else None
        return said if isinstance(said, str | int) else None


def reader_for(vendor: str, keys: Mapping[str, str]) -> Reader:
    """Return how a vendor's messages are understood; those of no vendor (``""``) are read as plain JSON.

    Raises:
        ValueError: there is no such vendor, a key is missing or unknown, or nothing can be verified with them.
    """
    if not vendor:
        if keys:
            raise ValueError(f"{', '.join(keys)}: there are no keys without a vendor; the vendors: {_all_vendors()}")
        return Reader()
    webhook = webhook_of(vendor)
    _check_keys(vendor, webhook, keys)
    try:
        webhook.seal(b"{}", keys, Stamp(0, Draws()))
    except SimulatorError as error:
        raise ValueError(str(error)) from error
    return Reader(webhook.open, dict(keys), webhook.ids_at[0])


def webhook_of(vendor: str) -> Webhook:
    """Return how a vendor calls back; all its kinds of jobs are opened alike.

    Raises:
        ValueError: there is no such vendor.
    """
    if vendor not in vendors.NAMES:
        raise ValueError(f"there is no vendor {vendor!r}; there are: {_all_vendors()}")
    return next(kind.webhook for kind in vendors.load(vendor).kinds if kind.webhook)


def keys_always_there(webhook: Webhook) -> tuple[str, ...]:
    """Return the keys that every receiver has; the others exist only where the submit brought them."""
    return tuple(webhook.keys("", {}, {}))


def _check_keys(vendor: str, webhook: Webhook, keys: Mapping[str, str]) -> None:
    unknown = [name for name in keys if name not in webhook.key_names]
    missing = [name for name in keys_always_there(webhook) if not keys.get(name)]
    if unknown or missing:
        wrong = f"there is no key {unknown[0]!r}" if unknown else f"the key {' and '.join(missing)} is missing"
        legal = ", ".join(webhook.key_names) or "none, for nothing is signed"
        raise ValueError(f"{wrong}; the keys of {vendor}'s webhooks: {legal}")


def _all_vendors() -> str:
    return ", ".join(vendors.NAMES)
