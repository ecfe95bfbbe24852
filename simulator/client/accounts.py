"""What one key has with one vendor: credits, limits, details, records."""

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast
from urllib.parse import quote

import msgspec

from simulator.client.errors import NotFound
from simulator.client.lengths import Length, length_ms
from simulator.client.results import LedgerLine, Record, read_as
from simulator.client.verbs import AsyncPart, Part, SyncPart, Talk, verb


class Slots(msgspec.Struct, frozen=True):
    """A named pool and how full it is."""

    size: int
    taken: int


class RateLimit(msgspec.Struct, frozen=True):
    """So many calls in a length of time, such as ``1m``."""

    calls: int
    per: str


class AccountState(msgspec.Struct, dict=True):
    """An account as it was when it was asked for. ``state`` is ``active``, ``expired``, ``no-credit`` or ``blocked``.

    ``credits`` is the sum of ``ledger``; in a list of accounts ``key`` and ``details`` show only their ends.
    """

    vendor: str
    key: str
    state: str
    credits: float
    plan: str
    rate_limit: RateLimit | None
    slots: Mapping[str, Slots]
    details: Mapping[str, str]
    ledger: list[LedgerLine]


A = TypeVar("A", bound="_AccountVerbs[Any]")


class _AccountVerbs(AccountState, Part, Generic[A]):
    @property
    def _shape(self) -> type[A]:
        return cast(type[A], type(self))

    @verb
    def read(self) -> Talk[A]:
        """Return the account as it is now."""
        return (yield from _account(self, self._shape, self.vendor, self.key))

    @verb
    def set(
        self,
        *,
        state: str | None = None,
        credits: float | None = None,
        plan: str | None = None,
        rate_limit: tuple[int, Length] | None = None,
        slots: Mapping[str, int] | None = None,
        details: Mapping[str, str] | None = None,
    ) -> Talk[A]:
        """Change what is named, and return the account after it. ``rate_limit=(60, "1m")`` is 60 calls a minute.

        Raises:
            SimulatorRefused: the vendor has no such slot or detail, or a value cannot be.
        """
        limit = None if rate_limit is None else {"calls": rate_limit[0], "per": f"{length_ms(rate_limit[1])}ms"}
        values = {
            "state": state,
            "credits": credits,
            "plan": plan,
            "rate_limit": limit,
            "slots": slots,
            "details": details,
        }
        change = {name: value for name, value in values.items() if value is not None}
        return (yield from _account(self, self._shape, self.vendor, self.key, change))

    @verb
    def lift_rate_limit(self) -> Talk[A]:
        """Let any number of calls in; return the account after it."""
        return (yield from _account(self, self._shape, self.vendor, self.key, {"rate_limit": None}))


class Account(_AccountVerbs["Account"], SyncPart):
    """An account as it was when it was asked for; ``read`` asks again, ``set`` changes it."""


class AsyncAccount(_AccountVerbs["AsyncAccount"], AsyncPart):
    """An account as it was when it was asked for; its verbs are awaited."""


class _AccountsVerbs(Part, Generic[A]):
    _account_type: ClassVar[Any]

    @verb
    def all(self, *, vendor: str | None = None) -> Talk[list[AccountState]]:
        """Return the accounts that exist; keys and details show only their ends."""
        body = yield from self._say("GET", "/accounts", vendor=self._vendor_or(vendor))
        return read_as(body["accounts"], list[AccountState])

    @verb
    def get(self, vendor: str, key: str) -> Talk[A]:
        """Return an account; one that does not exist yet is made, as the key's first call would."""
        shape: type[A] = self._account_type
        return (yield from account_of(self, shape, vendor, key))

    @verb
    def records(
        self, *, vendor: str | None = None, type: str | None = None, key: str | None = None, limit: int = 1000
    ) -> Talk[list[Record]]:
        """Return what accounts keep, such as channels or saved faces."""
        query: dict[str, Any] = {"vendor": self._vendor_or(vendor), "type": type, "account": key, "limit": limit}
        return read_as((yield from self._say("GET", "/records", **query))["records"], list[Record])


class Accounts(_AccountsVerbs[Account], SyncPart):
    """The accounts of a sandbox."""

    _account_type = Account


class AsyncAccounts(_AccountsVerbs[AsyncAccount], AsyncPart):
    """The accounts of a sandbox, awaited."""

    _account_type = AsyncAccount


def account_of(part: Part, shape: type[A], vendor: str, key: str) -> Talk[A]:
    """Return an account, made where it does not exist yet."""
    try:
        return (yield from _account(part, shape, vendor, key))
    except NotFound:
        return (yield from _account(part, shape, vendor, key, {"details": {}}))


def _account(part: Part, shape: type[A], vendor: str, key: str, change: Mapping[str, Any] | None = None) -> Talk[A]:
    path, method = f"/accounts/{vendor}/{quote(key, safe='')}", "GET" if change is None else "PUT"
    return read_as((yield from part._say(method, path, change)), shape)._of(part)
