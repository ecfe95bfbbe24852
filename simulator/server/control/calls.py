"""One call to the control API as its handlers see it, and what they may refuse."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from simulator.jobs.errors import NotFound, SimulatorError
from simulator.library import Library
from simulator.sandbox.delivery import Delivery
from simulator.sandbox.sandbox import Sandbox
from simulator.sandbox.sandboxes import MAIN, Sandboxes
from simulator.server.addresses import Door
from simulator.vendors.vendor import Vendor

if TYPE_CHECKING:
    from simulator.server.control.warp import Lease


class BadRequest(SimulatorError):
    """The call does not fit the control API's description."""


class Unprocessable(SimulatorError):
    """The call is well-formed and names something that is not there, or cannot be."""

    status = 422
    code = "unprocessable"


class MethodNotAllowed(SimulatorError):
    """The path exists, the method does not."""

    status = 405
    code = "method_not_allowed"


class NotReady(SimulatorError):
    """The server is starting, or stopping."""

    status = 503
    code = "not_ready"


class Deliveries(Protocol):
    """What the control API needs of whoever sends webhooks."""

    async def advance(self, sandbox: Sandbox, to_ms: int) -> list[Delivery]:
        """Move a clock to an instant, standing at each webhook until it has been answered; return these webhooks."""

    async def wait(
        self, sandbox: Sandbox, fits: Callable[[Delivery], bool], count: int = 1, timeout_s: float = 5.0
    ) -> list[Delivery]:
        """Return the first ``count`` webhooks that fit, once they do."""

    async def finish(self, sandbox: Sandbox, delivery: Delivery) -> None:
        """Return once an attempt at a webhook that is ready has been made."""


class Metrics(Protocol):
    """Whoever knows what is counted."""

    async def told(self, accept: str) -> tuple[str, str]:
        """Return it as Prometheus reads it, and the content type; ``accept`` is the header of that name."""


class Services(msgspec.Struct):
    """What all calls share.

    ``is_ready`` falls when the server begins to stop, ``ca_pem`` is empty where no https is spoken, ``leases`` are of lent
    clocks.
    """

    sandboxes: Sandboxes
    library: Library
    vendor_names: Sequence[str]
    load_vendor: Callable[[str], Vendor]
    deliveries: Deliveries
    is_ready: bool = True
    ca_pem: bytes = b""
    metrics: Metrics | None = None
    leases: "dict[Sandbox, Lease]" = msgspec.field(default_factory=dict)

    def vendors(self) -> list[Vendor]:
        """Return every vendor."""
        return [self.load_vendor(name) for name in self.vendor_names]

    def vendor(self, name: str, refusal: type[SimulatorError] = Unprocessable) -> Vendor:
        """Return a vendor.

        Raises:
            SimulatorError: ``refusal``, because there is none of that name.
        """
        if name not in self.vendor_names:
            raise refusal(f"there is no vendor {name!r}", code="unknown_vendor", legal=sorted(self.vendor_names))
        return self.load_vendor(name)


class ControlCall(msgspec.Struct):
    """A call that has been found and checked. ``origin`` is the scheme and host by which the client reaches us.

    ``raw`` is the body of a call that may have any, ``headers`` come as they were sent.
    """

    services: Services
    sandbox: Sandbox
    door: Door
    origin: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None
    raw: bytes = b""
    headers: Mapping[str, str] = {}

    @property
    def library(self) -> Library:
        """The scenarios of the sandbox."""
        assert isinstance(self.sandbox.scenarios, Library)
        return self.sandbox.scenarios

    @property
    def base(self) -> str:
        """The URL below which this client reaches the sandbox."""
        id = self.sandbox.id
        return self.origin if id in (MAIN, self.door.sandbox) else f"{self.origin}/~{id}"

    def base_of(self, vendor_name: str) -> str:
        """Return the URL at which this client reaches a vendor in the sandbox."""
        return self.base if self.door.vendor == vendor_name else f"{self.base}/{vendor_name}"

    def asked_vendor(self) -> Vendor | None:
        """Return the vendor that the query or the path names, if one does.

        Raises:
            NotFound: there is none of that name.
        """
        name = self.query.get("vendor") or self.path.get("vendor")
        return None if name is None else self.services.vendor(name, NotFound)
