"""One vendor in one sandbox: where a client under test finds it, and what happens to its jobs."""

from typing import Any, ClassVar, Generic, TypeVar

from simulator import vendors
from simulator.client.accounts import A, Account, AsyncAccount, account_of
from simulator.client.calls import read_calls
from simulator.client.errors import UnknownVendor, unknown
from simulator.client.jobs import AsyncJobs, Jobs
from simulator.client.results import Calls, Pin
from simulator.client.scenarios import lay_pin
from simulator.client.verbs import AsyncPart, Part, SyncPart, Talk, verb
from simulator.client.webhooks import AsyncWebhooks, Webhooks
from simulator.client.wire_faults import AsyncFaults, Faults

MAIN = "main"
V = TypeVar("V", bound="_VendorVerbs[Any]")


class _VendorVerbs(Part, Generic[A]):
    _account_type: ClassVar[Any]

    @property
    def name(self) -> str:
        """The vendor's name."""
        return self._vendor

    @property
    def url(self) -> str:
        """The base URL for the client under test; it names the sandbox, so that any key will do."""
        return f"{base_url(self)}/{self._vendor}"

    @property
    def key(self) -> str:
        """A key that works and is shaped like the vendor's."""
        return vendors.load(self._vendor).sample_key

    @verb
    def scenario(
        self,
        name: str | None = None,
        *,
        operation: str | None = None,
        times: int = 1,
        job_id: str | None = None,
        seed: str | None = None,
        queue: bool = False,
    ) -> Talk[Pin]:
        """Let the next ``times`` accepted submits play a scenario, get an id, or throw the dice of a seed.

        ``operation`` is the operationId of the submit, else any will do. With ``queue`` it is laid behind what lies
        ready for the same submits.

        Raises:
            UnknownScenario, UnfitScenario, UnknownOperation: it cannot be played there.
            PinnedTwice: what was pinned to the same submits has not been used.
        """
        return (yield from lay_pin(self, self._vendor, name, operation, times, job_id, seed, queue))

    @verb
    def account(self, key: str | None = None) -> Talk[A]:
        """Return the account of a key, ``self.key`` if none is given; made where it does not exist yet."""
        shape: type[A] = self._account_type
        return (yield from account_of(self, shape, self._vendor, key or self.key))

    @verb
    def calls(
        self,
        operation: str | None = None,
        *,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
    ) -> Talk[Calls]:
        """Return the calls to this vendor that fit; ``*`` in a path stands for any text.

        Raises:
            UnknownOperation: the vendor has no such operation.
        """
        wanted = {"operation": operation, "method": method, "path": path, "status": status}
        return (yield from read_calls(self, vendor=self._vendor, **wanted))

    def __repr__(self) -> str:
        return f"<{self._vendor} at {self.url}>"


class VendorHandle(_VendorVerbs[Account], SyncPart):
    """A vendor in a sandbox."""

    _account_type = Account

    @property
    def jobs(self) -> Jobs:
        """Its jobs."""
        return Jobs()._of(self)

    @property
    def webhooks(self) -> Webhooks:
        """Its webhooks."""
        return Webhooks()._of(self)

    @property
    def faults(self) -> Faults:
        """What goes wrong on the wire with calls to it."""
        return Faults()._of(self)


class AsyncVendorHandle(_VendorVerbs[AsyncAccount], AsyncPart):
    """A vendor in a sandbox, its verbs awaited."""

    _account_type = AsyncAccount

    @property
    def jobs(self) -> AsyncJobs:
        """Its jobs."""
        return AsyncJobs()._of(self)

    @property
    def webhooks(self) -> AsyncWebhooks:
        """Its webhooks."""
        return AsyncWebhooks()._of(self)

    @property
    def faults(self) -> AsyncFaults:
        """What goes wrong on the wire with calls to it."""
        return AsyncFaults()._of(self)


class HasVendors(Part, Generic[V]):
    """A sandbox's vendors, each an attribute."""

    _vendor_type: ClassVar[Any]

    def vendor(self, name: str) -> V:
        """Return a vendor by name.

        Raises:
            UnknownVendor: there is none; it has the nearest right name.
        """
        if name not in vendors.NAMES:
            raise unknown(UnknownVendor, "vendor", name, vendors.NAMES)
        handle: V = self._vendor_type()._of(self, name)
        return handle

    @property
    def a2e(self) -> V:
        """A2E."""
        return self.vendor("a2e")

    @property
    def akool(self) -> V:
        """AKOOL."""
        return self.vendor("akool")

    @property
    def deepswapai(self) -> V:
        """DeepSwapAI."""
        return self.vendor("deepswapai")

    @property
    def openshorts(self) -> V:
        """OpenShorts."""
        return self.vendor("openshorts")

    @property
    def useapi(self) -> V:
        """useapi.net InsightFaceSwap."""
        return self.vendor("useapi")


def base_url(part: Part) -> str:
    """Return the URL below which clients under test reach the vendors of a sandbox."""
    url: str = part._transport.url
    return url if part._sandbox == MAIN else f"{url}/~{part._sandbox}"
