"""The simulator's own API: every call found, let in, checked, done and its reply checked, by its own description."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from inspect import isawaitable

import msgspec
from aiohttp import web

from simulator import vendors
from simulator.contract import Checks, Contract
from simulator.jobs.errors import ApiError, BodyTooLarge, ContractBroken, Finding, MalformedBody, SimulatorError
from simulator.library import Library
from simulator.sandbox.sandboxes import MAIN, Sandboxes
from simulator.server.addresses import Address, disagreement, origin
from simulator.server.bodies import NO_BODY, URLENCODED, Body, read_body, read_json, read_pairs
from simulator.server.control import accounts, clock, jobs, journal, sandboxes, scenarios, switches
from simulator.server.control.calls import Absent, BadRequest, ControlCall, Services
from simulator.server.control.guard import Guard
from simulator.server.control.shown import show_text_problems
from simulator.server.exchange import Bug, as_bug
from simulator.server.paths import Leaf, Paths, clean
from simulator.server.replies import loud, respond, wire
from simulator.vendors.vendor import Call, Reply, Vendor

Handler = Callable[[ControlCall], Reply | Awaitable[Reply]]
HANDLERS: Mapping[str, Handler] = {
    "getHealth": sandboxes.get_health,
    "getReadiness": sandboxes.get_readiness,
    "getDescription": sandboxes.get_description,
    "listSandboxes": sandboxes.list_sandboxes,
    "createSandbox": sandboxes.create_sandbox,
    "getSandbox": sandboxes.get_sandbox,
    "deleteSandbox": sandboxes.delete_sandbox,
    "reset": sandboxes.reset,
    "getCounters": sandboxes.get_counters,
    "getClock": clock.get_clock,
    "setClock": clock.set_clock,
    "advanceClock": clock.advance_clock,
    "skipToNextEvent": clock.skip_to_next_event,
    "listScenarios": scenarios.list_scenarios,
    "getScenario": scenarios.get_scenario,
    "addScenario": scenarios.add_scenario,
    "validateScenario": scenarios.validate_scenario,
    "setDefaultScenario": scenarios.set_default_scenario,
    "listPins": scenarios.list_pins,
    "pinScenario": scenarios.pin_scenario,
    "clearPins": scenarios.clear_pins,
    "listJobs": jobs.list_jobs,
    "getJob": jobs.get_job,
    "addJobEvent": jobs.add_job_event,
    "readJournal": journal.read_journal,
    "countJournal": journal.count_journal,
    "clearJournal": journal.clear_journal,
    "listAccounts": accounts.list_accounts,
    "getAccount": accounts.get_account,
    "setAccount": accounts.set_account,
    "listRecords": accounts.list_records,
    "listSwitches": switches.list_switches,
    "setSwitches": switches.set_switches,
}
"""What each operation does; the same for the sandbox ``main`` and, with ``OfSandbox``, for a named one."""

OF_SANDBOX = "OfSandbox"
MAX_BODY_BYTES = 8 << 20
_JSON = "application/json"
_READ_AS_JSON = (_JSON, URLENCODED, "")  # what curl -d and forgetful clients send; no operation takes a form


class _Route(msgspec.Struct, frozen=True):
    checks: Checks
    handler: Handler
    is_open: bool


class Control:
    """Serves the control API. ``services.is_ready`` is to be lowered when the server begins to stop."""

    def __init__(
        self,
        all_sandboxes: Sandboxes,
        library: Library,
        *,
        token: str = "",
        vendor_names: Sequence[str] = vendors.NAMES,
        load_vendor: Callable[[str], Vendor] = vendors.load,
    ) -> None:
        self.services = Services(all_sandboxes, library, vendor_names, load_vendor)
        self._guard = Guard(token)

    @cached_property
    def _document(self) -> Mapping[str, object]:
        return self.services.library.contract(sandboxes.NAME)

    @cached_property
    def contract(self) -> Contract:
        """The API's own description, read when it is first called."""
        return Contract(sandboxes.NAME, self._document)

    @cached_property
    def _paths(self) -> Paths[_Route]:
        all_checks = [self.contract.checks(id) for id in self.contract.operation_ids]
        return Paths((checks.method, checks.path, self._route(checks)) for checks in all_checks)

    def _route(self, checks: Checks) -> _Route:
        handler = HANDLERS[checks.operation_id.removesuffix(OF_SANDBOX)]
        return _Route(checks, handler, checks.operation_id in _OPEN)

    async def answer(self, request: web.BaseRequest, address: Address) -> web.StreamResponse:
        """Answer a call below ``/_simulator``."""
        try:
            return respond(request, wire(await self._reply(request, address)))
        except ConnectionError:
            raise
        except SimulatorError as error:
            return respond(request, loud(error))
        except Exception as error:
            return respond(request, loud(as_bug(error)))

    async def _reply(self, request: web.BaseRequest, address: Address) -> Reply:
        """Do what a call wants, or say what is wrong with it.

        Raises:
            ContractBroken, Bug: our own fault.
        """
        leaves = self._paths.find(address.parts) or {}
        leaf = leaves.get(request.method) or (leaves.get("GET") if request.method == "HEAD" else None)
        here = origin(request, address.host)
        try:
            self._guard.admit(request.headers, here, is_open=leaf is not None and leaf.target.is_open)
            if leaf is None:
                return self._stray(_nowhere(address, leaves, request.method, self._known_paths))
            reply = await self._do(request, address, leaf, here)
        except SimulatorError as error:
            if isinstance(error, ContractBroken | Bug):
                raise
            reply = show_error(error)
        if leaf is None:
            return self._stray(reply)
        leaf.target.checks.check_reply(reply)
        return reply
