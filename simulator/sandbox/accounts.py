"""Accounts and what they own: credits in a ledger, slots in pools, records by type."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from simulator.jobs.chance import Draws
from simulator.jobs.errors import BadKey, BlockedAccount, ExpiredKey
from simulator.vendors.vendor import AccountStart, Record, Vendor

MOST_ENTRIES = 1000  # of one ledger; older ones are carried over as one
MOST_ACCOUNTS = 10_000
NO_CREDIT = "no-credit"
STATES = ("active", "expired", "blocked", NO_CREDIT)


class LedgerEntry(msgspec.Struct, frozen=True, gc=False):
    """``what``: grant, hold, settlement, debit, refund or carried."""

    at_ms: int
    what: str
    amount: float
    job_id: str = ""


class Ledger:
    """Movements of credits; their sum is the balance. ``reserved`` is what unfinished jobs will cost at their end."""

    def __init__(self, granted: float, at_ms: int) -> None:
        self.granted = granted
        self.reserved: float = 0
        self.charged_at_ms: int | None = None
        self.balance: float = granted
        self._unsettled: dict[str, float] = {}
        self._entries: deque[LedgerEntry] = deque([LedgerEntry(at_ms, "grant", granted)])

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """All movements, oldest first."""
        return tuple(self._entries)

    @property
    def available(self) -> float:
        """What a new job may spend."""
        return self.balance - self.reserved

    def enter(self, at_ms: int, what: str, amount: float, job_id: str = "") -> None:
        """Write one movement down."""
        self.balance += amount
        if amount and what != "grant":
            self.charged_at_ms = at_ms
        self._entries.append(LedgerEntry(at_ms, what, amount, job_id))
        if len(self._entries) > MOST_ENTRIES:
            oldest, second = self._entries.popleft(), self._entries.popleft()
            self._entries.appendleft(LedgerEntry(second.at_ms, "carried", oldest.amount + second.amount))

    def hold(self, at_ms: int, price: float, job_id: str) -> None:
        """Take a job's price at once, until it is settled."""
        self.enter(at_ms, "hold", -price, job_id)
        self._unsettled[job_id] = 0

    def reserve(self, price: float, job_id: str) -> None:
        """Keep a job's price back, to be taken at its end."""
        self.reserved += price
        self._unsettled[job_id] = price

    def release(self, job_id: str) -> bool:
        """Free what was held or kept back for a job; return whether anything was, in this very ledger."""
        reserved = self._unsettled.pop(job_id, None)
        self.reserved -= reserved or 0
        return reserved is not None

    def set_balance(self, balance: float, at_ms: int) -> None:
        """Grant or take what is missing to a balance."""
        self.granted += balance - self.balance
        self.enter(at_ms, "grant", balance - self.balance)


class Pool:
    """Slots: who holds them and who waits for one, first come first served."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.holders: list[str] = []
        self.row: deque[str] = deque()

    @property
    def is_free(self) -> bool:
        """Whether a slot can be taken now."""
        return len(self.holders) < self.capacity


class RateLimit:
    """So many calls per length of time, on the sandbox's clock. A refused call does not count."""

    def __init__(self, calls: int, per_ms: int) -> None:
        self.calls, self.per_ms = calls, per_ms
        self._let_in_at_ms: deque[int] = deque()

    def count(self, now_ms: int) -> int | None:
        """Count a call that is let in; return None, or the instant at which the next one will be."""
        while self._let_in_at_ms and self._let_in_at_ms[0] + self.per_ms <= now_ms:
            self._let_in_at_ms.popleft()
        if len(self._let_in_at_ms) >= self.calls:
            return self._let_in_at_ms[0] + self.per_ms
        self._let_in_at_ms.append(now_ms)
        return None


class AccountChange(msgspec.Struct, frozen=True):
    """What is to be set up in an account; what is None, or left out of a mapping, stays. ``has_rate_limit``: set it."""

    state: str | None = None
    credits: float | None = None
    plan: str | None = None
    rate_limit: RateLimit | None = None
    has_rate_limit: bool = False
    slots: Mapping[str, int] = {}
    details: Mapping[str, str] = {}


class Owner:
    """Who pays and whose slots count: an account, or a record that says so."""

    def __init__(self, credits: float, pools: Mapping[str, int], at_ms: int) -> None:
        self.ledger = Ledger(credits, at_ms)
        self.pools = {name: Pool(capacity) for name, capacity in pools.items()}

    def pool(self, name: str) -> Pool:
        """Return a pool; one that nobody has sized has one slot."""
        if name not in self.pools:
            self.pools[name] = Pool(1)
        return self.pools[name]


class Account:
    """One key's account with one vendor."""

    def __init__(self, key: str, start: AccountStart, at_ms: int) -> None:
        self.key = key
        self.plan = start.plan
        self.state = state_in_key(key)
        self.details = dict(start.details)
        self._pays_itself = start.credits > 0
        self.rate_limit: RateLimit | None = None
        self.job_ids: dict[str, None] = {}  # not a list, which a garbage collection would walk through
        self.open_jobs: dict[str, None] = {}
        self.open_when_tidied = 0
        self.owners: dict[str, Owner] = {"": Owner(start.credits, start.pools, at_ms)}
        self._records: dict[str, dict[str, Record]] = {}
        for record in start.records:
            self.put_record(record.type, record.id, record.data, at_ms, record.credits, record.pools)

    def owner(self, name: str) -> Owner:
        """Return an owner by name: the account itself is ``""``."""
        return self.owners.get(name) or self.owners[""]

    @property
    def purse(self) -> Owner:
        """The owner whose credits and slots count as the account's: itself, or its first record where that pays."""
        own, *others = self.owners.values()
        return own if self._pays_itself or not others else others[0]

    @property
    def shown_state(self) -> str:
        """The state; an account without credit that has been given some is active."""
        return "active" if self.state == NO_CREDIT and self.purse.ledger.balance > 0 else self.state

    def put_record(
        self,
        type: str,
        id: str,
        data: Mapping[str, Any],
        at_ms: int,
        credits: float | None = None,
        pools: Mapping[str, int] | None = None,
        job_id: str = "",
    ) -> Record:
        """Create a record, or replace its data; its ledger and its birth stay."""
        kept = self._records.setdefault(type, {})
        old = kept.get(id)
        kept[id] = Record(type, id, data, old.created_at_ms if old else at_ms, at_ms, job_id=job_id)
        if credits is not None and f"{type}/{id}" not in self.owners:
            self.owners[f"{type}/{id}"] = Owner(credits, pools or {}, at_ms)
        return self.shown(kept[id])

    def records(self, type: str) -> list[Record]:
        """Return the records of a type, oldest first."""
        return [self.shown(record) for record in self._records.get(type, {}).values()]

    def record_types(self) -> tuple[str, ...]:
        """Return the types of which there are records."""
        return tuple(type for type, kept in self._records.items() if kept)

    def record(self, type: str, id: str) -> Record | None:
        """Return one record, if it is there."""
        record = self._records.get(type, {}).get(id)
        return self.shown(record) if record else None

    def drop_record(self, type: str, id: str) -> Record | None:
        """Remove a record and what it owned; return it if it was there."""
        self.owners.pop(f"{type}/{id}", None)
        return self._records.get(type, {}).pop(id, None)

    def take_credits(self, at_ms: int) -> None:
        """Leave no owner anything to pay with."""
        for owner in self.owners.values():
            owner.ledger.set_balance(0, at_ms)

    def change(self, said: AccountChange, at_ms: int) -> None:
        """Set the account up anew; the size of slots is the life's to change, because somebody may wait for one."""
        self.state = said.state or self.state
        if said.state == NO_CREDIT:
            self.take_credits(at_ms)
        if said.credits is not None:
            self.purse.ledger.set_balance(said.credits, at_ms)
        self.plan = said.plan or self.plan
        if said.has_rate_limit:
            self.rate_limit = said.rate_limit
        self.details.update(said.details)

    def shown(self, record: Record) -> Record:
        """Return a record with its ledger's present figures filled in."""
        owner = self.owners.get(f"{record.type}/{record.id}")
        if owner is None:
            return record
        ledger = owner.ledger
        return msgspec.structs.replace(
            record, balance=ledger.balance, granted=ledger.granted, charged_at_ms=ledger.charged_at_ms
        )


class Accounts:
    """Every account of a sandbox, made on the first write and bounded: the oldest without open jobs goes first."""

    def __init__(
        self,
        seed: str,
        is_idle: Callable[[Account, int], bool],
        *,
        strict: bool = False,
        most: int = MOST_ACCOUNTS,
    ) -> None:
        self._seed, self._is_idle, self._most, self.strict = seed, is_idle, most, strict
        self._kept: dict[tuple[str, str], Account] = {}

    def __iter__(self) -> Any:
        return iter(self._kept.items())

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, vendor: str, key: str) -> Account | None:
        """Return an account that has been written to."""
        return self._kept.get((vendor, key))

    def look(self, vendor: Vendor, key: str, at_ms: int, switches: Mapping[str, str]) -> Account:
        """Return an account to read from; one that nobody has written to is new every time."""
        return self._kept.get((vendor.name, key)) or self._fresh(vendor, key, at_ms, switches)

    def write(self, vendor: Vendor, key: str, at_ms: int, switches: Mapping[str, str]) -> Account:
        """Return an account to write to, made if need be."""
        account = self._kept.get((vendor.name, key))
        if account is None:
            account = self._kept[vendor.name, key] = self._fresh(vendor, key, at_ms, switches)
            if len(self._kept) > self._most:
                idle = next((name for name, kept in self._kept.items() if self._is_idle(kept, at_ms)), None)
                if idle is not None and idle != (vendor.name, key):
                    del self._kept[idle]
        return account

    def _fresh(self, vendor: Vendor, key: str, at_ms: int, switches: Mapping[str, str]) -> Account:
        start = vendor.new_account(key, Draws(self._seed, vendor.name, "account", key), switches)
        account = Account(key, start, at_ms)
        if NO_CREDIT in key:
            account.take_credits(at_ms)
        return account

    def admit(self, vendor: Vendor, key: str, *, looks_at_subscription: bool = True) -> Account | None:
        """Let a key in or refuse it: reserved words in it play a state, and strict sandboxes know their keys.

        Return its account, if anything has been written to it.

        Raises:
            BadKey, ExpiredKey, BlockedAccount: as the key says, or as the account was set.
        """
        account = self._kept.get((vendor.name, key))
        state = account.state if account else state_in_key(key)
        if "invalid" in key.lower() or (self.strict and account is None and key != vendor.sample_key):
            raise BadKey(key)
        if state == "blocked" or (state == "expired" and looks_at_subscription):
            raise (ExpiredKey if state == "expired" else BlockedAccount)(key)  # without credit is refused where it pays
        return account


def state_in_key(key: str) -> str:
    """Return the state that a key plays because a word in it says so."""
    return next((state for state in STATES[1:] if state in key), "active")
