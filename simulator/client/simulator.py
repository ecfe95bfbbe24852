"""A sandbox of a simulator as tests command it: ``Simulator`` at once, ``AsyncSimulator`` awaited."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

from simulator import vendors
from simulator.client.accounts import Accounts, AsyncAccounts
from simulator.client.calls import MOST, JournalEntry, read_calls, read_journal
from simulator.client.clock import AsyncClock, Clock
from simulator.client.errors import UnknownVendor, unknown
from simulator.client.jobs import AsyncJobs, Jobs
from simulator.client.lengths import Instant, instant_text
from simulator.client.report import tell
from simulator.client.results import Calls, Counters, SandboxState, read_as
from simulator.client.scenarios import AsyncScenarios, Scenarios
from simulator.client.switches import AsyncSwitches, Switches
from simulator.client.transport import HttpTransport
from simulator.client.vendor import MAIN, AsyncVendorHandle, HasVendors, V, VendorHandle, base_url
from simulator.client.verbs import AsyncPart, AsyncTransport, SyncPart, Talk, Transport, verb
from simulator.client.verification import AsyncVerification, Verification
from simulator.client.webhooks import AsyncWebhooks, Webhooks
from simulator.client.wire_faults import AsyncFaults, Faults

S = TypeVar("S", bound="_SimulatorVerbs[Any, Any]")


class _SimulatorVerbs(HasVendors[V], Generic[V, S]):
    _is_mine = False  # whether the sandbox ends with this object
    _is_open = True

    @property
    def url(self) -> str:
        """The URL below which clients under test reach the vendors of this sandbox."""
        return base_url(self)

    @property
    def id(self) -> str:
        """The sandbox."""
        return self._sandbox

    @verb
    def state(self) -> Talk[SandboxState]:
        """Return the sandbox's settings."""
        return read_as((yield from self._say("GET", "")), SandboxState)

    @verb
    def reset(self) -> Talk[SandboxState]:
        """Put the sandbox back to how it was created: no jobs, webhooks, journal, pins or added scenarios."""
        return read_as((yield from self._say("POST", "/reset")), SandboxState)

    @verb
    def drop(self) -> Talk[None]:
        """End the sandbox with all that is in it. ``main`` stays.

        Raises:
            Conflict: it is ``main``.
        """
        yield from self._drop()

    @verb
    def counters(self) -> Talk[Counters]:
        """Count what is under way."""
        return read_as((yield from self._say("GET", "/counters")), Counters)

    @verb
    def journal(
        self,
        *,
        vendor: str | None = None,
        operation: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        since: int | None = None,
        limit: int = MOST,
    ) -> Talk[list[JournalEntry]]:
        """Return what was said and noted, the newest entries that fit, the oldest of them first.

        Raises:
            UnknownVendor, UnknownOperation: there is none of that name.
        """
        wanted: dict[str, Any] = {
            "operation": operation,
            "method": method,
            "path": path,
            "status": status,
            "since": since,
        }
        return (yield from read_journal(self, vendor=vendor, limit=limit, **wanted))

    @verb
    def calls(
        self,
        operation: str | None = None,
        *,
        vendor: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
    ) -> Talk[Calls]:
        """Return the calls of clients that fit; ``*`` in a path stands for any text.

        Raises:
            UnknownVendor, UnknownOperation: there is none of that name.
        """
        wanted = {"operation": operation, "method": method, "path": path, "status": status}
        return (yield from read_calls(self, vendor=vendor, **wanted))

    @verb
    def report(self) -> Talk[str]:
        """Return what has happened, job by job, and which calls were for nothing or refused; ``""`` for nothing at all."""
        return (yield from tell(self))

    @verb
    def sandboxes(self) -> Talk[list[SandboxState]]:
        """Return every sandbox of the server."""
        return read_as((yield from self._say("GET", "//sandboxes"))["sandboxes"], list[SandboxState])

    def warp(self, **options: Any) -> AbstractContextManager[Any]:
        """Return what turns the waiting of the code inside it into moves of this sandbox's clock; see ``simulator.warp``.

        It is entered by a plain ``with``, in tests that await too.

        Raises:
            RuntimeError: this facade speaks to a server elsewhere on an event loop, which a warp would stop.
        """
        offer = getattr(self._transport, "warp", None)
        if offer is None:
            raise RuntimeError(
                f"{type(self).__name__} has no warp where the server runs elsewhere; say `with simulator.warp():` of the "
                f"fixture beside it, or `with Simulator({self._transport.url!r}, sandbox={self._sandbox!r}).warp():`, in "
                "code that awaits too"
            )
        warped: AbstractContextManager[Any] = offer(self._sandbox, **options)
        return warped

    def sandbox(self, id: str) -> S:
        """Return another sandbox of the same server, which must be there by the time it is used."""
        return self._beside(id)

    @verb
    def new_sandbox(
        self,
        id: str = "",
        *,
        seed: str | None = None,
        epoch: Instant | None = None,
        clock: str | None = None,
        speed: float | None = None,
        hold: bool | None = None,
        scenario: str | None = None,
        switches: Mapping[str, str] | None = None,
        max_jobs: int | None = None,
    ) -> Talk[S]:
        """Create a sandbox on the same server; as a context manager it is dropped at the end of the block.

        What is left out is as the server was started with; a missing id and seed are drawn. ``clock`` is ``manual``,
        ``skip`` or ``real``.

        Raises:
            Conflict: there is one of that id.
            SimulatorRefused: a setting names what is not there.
        """
        running = {"mode": clock, "speed": speed, "hold": hold}
        values: dict[str, Any] = {
            "id": id or None,
            "seed": seed,
            "epoch": None if epoch is None else instant_text(epoch),
            "clock": {name: value for name, value in running.items() if value is not None} or None,
            "scenario": scenario,
            "switches": switches,
            "max_jobs": max_jobs,
        }
        said = {name: value for name, value in values.items() if value is not None}
        made: S = self._beside(read_as((yield from self._say("POST", "//sandboxes", said)), SandboxState).id)
        made._is_mine = True
        return made

    def _beside(self, id: str) -> S:
        raise NotImplementedError

    def _drop(self) -> Talk[None]:
        yield from self._say("DELETE", "")
        self._is_open = False

    if not TYPE_CHECKING:  # a type checker is to find a misspelt name by itself

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("_"):
                raise AttributeError(name)
            raise unknown(UnknownVendor, "vendor or part", name, (*vendors.NAMES, *_PARTS))

    def __repr__(self) -> str:
        return f"<sandbox {self._sandbox} at {self.url}>"


class Simulator(_SimulatorVerbs[VendorHandle, "Simulator"], SyncPart):
    """A sandbox of a simulator, commanded at once; any thread may use it.

    ``Simulator("http://localhost:8080")`` speaks to a server over HTTP. Used as a context manager it lets go of its
    connections at the end, and drops its sandbox if ``new_sandbox`` made it.
    """

    _vendor_type = VendorHandle

    def __init__(
        self,
        url: str = "http://localhost:8080",
        *,
        token: str | None = None,
        sandbox: str = MAIN,
        transport: Transport | None = None,
    ) -> None:
        self._transport, self._sandbox, self._vendor = transport or HttpTransport(url, token), sandbox, ""
        self._owns_transport = True

    @property
    def clock(self) -> Clock:
        """Its clock."""
        return Clock()._of(self)

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
        """What goes wrong on the wire."""
        return Faults()._of(self)

    @property
    def scenarios(self) -> Scenarios:
        """Its scenarios and pins."""
        return Scenarios()._of(self)

    @property
    def verify(self) -> Verification:
        """What a test claims of its calls and jobs."""
        return Verification()._of(self)

    @property
    def switches(self) -> Switches:
        """What its vendors leave open."""
        return Switches()._of(self)

    @property
    def accounts(self) -> Accounts:
        """What keys have with its vendors."""
        return Accounts()._of(self)

    def close(self) -> None:
        """Drop the sandbox if ``new_sandbox`` made it, and let go of connections that are this object's own."""
        if self._is_mine and self._is_open:
            self.drop()
        if self._owns_transport:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *about: object) -> None:
        self.close()

    def _beside(self, id: str) -> "Simulator":
        beside = Simulator(sandbox=id, transport=self._transport)
        beside._owns_transport = False
        return beside


class AsyncSimulator(_SimulatorVerbs[AsyncVendorHandle, "AsyncSimulator"], AsyncPart):
    """A sandbox of a simulator, every verb awaited; attributes that ask the server are awaited too.

    ``async with AsyncSimulator("http://localhost:8080") as simulator`` lets go of its connections at the end, and
    drops its sandbox if ``new_sandbox`` made it. It needs aiohttp.
    """

    _vendor_type = AsyncVendorHandle

    def __init__(
        self,
        url: str = "http://localhost:8080",
        *,
        token: str | None = None,
        sandbox: str = MAIN,
        transport: AsyncTransport | None = None,
    ) -> None:
        if transport is None:
            from simulator.client.aiohttp_transport import AiohttpTransport  # here, for most clients are synchronous

            transport = AiohttpTransport(url, token)
        self._transport, self._sandbox, self._vendor = transport, sandbox, ""
        self._owns_transport = True

    @property
    def clock(self) -> AsyncClock:
        """Its clock."""
        return AsyncClock()._of(self)

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
        """What goes wrong on the wire."""
        return AsyncFaults()._of(self)

    @property
    def scenarios(self) -> AsyncScenarios:
        """Its scenarios and pins."""
        return AsyncScenarios()._of(self)

    @property
    def verify(self) -> AsyncVerification:
        """What a test claims of its calls and jobs."""
        return AsyncVerification()._of(self)

    @property
    def switches(self) -> AsyncSwitches:
        """What its vendors leave open."""
        return AsyncSwitches()._of(self)

    @property
    def accounts(self) -> AsyncAccounts:
        """What keys have with its vendors."""
        return AsyncAccounts()._of(self)

    async def close(self) -> None:
        """Drop the sandbox if ``new_sandbox`` made it, and let go of connections that are this object's own."""
        if self._is_mine and self._is_open:
            await self.drop()
        if self._owns_transport:
            await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _beside(self, id: str) -> "AsyncSimulator":
        beside = AsyncSimulator(sandbox=id, transport=self._transport)
        beside._owns_transport = False
        return beside


_PARTS = [name for name in dir(Simulator) if not name.startswith("_") and name not in vendors.NAMES]
