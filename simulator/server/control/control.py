"""The simulator's own API: every call found, let in, checked, done and its reply checked, by its own description."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec
from aiohttp import web

from simulator import vendors
from simulator.contract import Checks, Contract
from simulator.jobs.errors import ContractBroken, Finding, NotFound, SimulatorError
from simulator.library import Library
from simulator.sandbox.sandbox import Sandbox
from simulator.sandbox.sandboxes import MAIN, Sandboxes
from simulator.server.addresses import Address, disagreement, origin
from simulator.server.bodies import NO_BODY, Body, read_pairs
from simulator.server.control import (
    accounts,
    clock,
    faults,
    jobs,
    journal,
    receiver,
    sandboxes,
    scenarios,
    switches,
    warp,
    webhooks,
    wire_faults,
)
from simulator.server.control.asked import JSON, Asked, read_request
from simulator.server.control.calls import (
    BadRequest,
    ControlCall,
    Deliveries,
    MethodNotAllowed,
    Metrics,
    Services,
    Unprocessable,
)
from simulator.server.control.guard import Guard
from simulator.server.control.shown import show_error, show_text_problems
from simulator.server.exchange import Bug, as_bug
from simulator.server.paths import Leaf, Paths, clean, split
from simulator.server.replies import loud, respond, wire
from simulator.vendors.vendor import Call, Reply, Vendor

Handler = Callable[[ControlCall], Reply | Awaitable[Reply]]
HANDLERS: Mapping[str, Handler] = {
    "getIndex": sandboxes.get_index,
    "getHealth": sandboxes.get_health,
    "getReadiness": sandboxes.get_readiness,
    "getTestCa": sandboxes.get_test_ca,
    "getMetrics": sandboxes.get_metrics,
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
    "beginWarp": warp.begin_warp,
    "endWarp": warp.end_warp,
    "waitUntilQuiet": warp.wait_until_quiet,
    "stepWarp": warp.step_warp,
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
    "listWebhooks": webhooks.list_webhooks,
    "getWebhook": webhooks.get_webhook,
    "resendWebhook": webhooks.resend_webhook,
    "fireWebhook": webhooks.fire_webhook,
    "waitForWebhooks": webhooks.wait_for_webhooks,
    "listWebhookFaults": faults.list_faults,
    "addWebhookFaults": faults.add_faults,
    "clearWebhookFaults": faults.clear_faults,
    "receive": receiver.receive,
    "setReceiver": receiver.set_receiver,
    "listReceived": receiver.list_received,
    "clearReceived": receiver.clear_received,
    "listFaults": wire_faults.list_faults,
    "addFaults": wire_faults.add_faults,
    "clearFaults": wire_faults.clear_faults,
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
_OF_PROCESS = ("getHealth", "getReadiness", "getMetrics", "getTestCa", "listSandboxes", "createSandbox")
_SHARED = {401: "NoToken", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed"}
"""The descriptions of replies that belong to no operation."""
NO_QUERY: Mapping[str, str] = {}


class _Route(msgspec.Struct, frozen=True):
    checks: Checks
    handler: Handler


class Control:
    """Serves the control API, to everybody or to those who know the token."""

    def __init__(
        self,
        all_sandboxes: Sandboxes,
        library: Library,
        deliveries: Deliveries,
        vendor_names: Sequence[str] = vendors.NAMES,
        load_vendor: Callable[[str], Vendor] = vendors.load,
        *,
        token: str | None = None,
        own_hosts: Sequence[str] = (),
        ca_pem: bytes = b"",
        metrics: Metrics | None = None,
    ) -> None:
        services = (all_sandboxes, library, vendor_names, load_vendor, deliveries)
        self.services = Services(*services, ca_pem=ca_pem, metrics=metrics)
        self._said_hosts = own_hosts
        self._guard = Guard(token or "", lambda: self._own_hosts)

    def stop(self) -> None:
        """Say from now on that the server is not ready."""
        self.services.is_ready = False

    @cached_property
    def _own_hosts(self) -> frozenset[str]:
        """The names that are said to be ours, and those of the vendors, whom a network of containers may have pointed at us."""
        vendors = self.services.vendors()
        hosts = {host for one in vendors for host in (one.host, *one.other_hosts, *one.media_hosts)}
        return frozenset({host.partition(":")[0].lower() for host in (*hosts, *self._said_hosts)})

    @cached_property
    def _document(self) -> Mapping[str, Any]:
        return self.services.library.contract(sandboxes.NAME)

    @cached_property
    def contract(self) -> Contract:
        """The API's own description, read when it is first called."""
        return Contract(sandboxes.NAME, self._document)

    @cached_property
    def _paths(self) -> Paths[_Route]:
        all_checks = [self.contract.checks(id) for id in self.contract.operation_ids]
        return Paths((checks.method, checks.path, self._route(checks)) for checks in all_checks)

    @cached_property
    def _open(self) -> frozenset[str]:
        """The operations that are for everybody, because the description asks for no security there."""
        paths: Mapping[str, Mapping[str, Any]] = self._document["paths"]
        operations = [part for item in paths.values() for part in item.values() if isinstance(part, dict)]
        return frozenset(said["operationId"] for said in operations if said.get("security") == [])

    def _route(self, checks: Checks) -> _Route:
        return _Route(checks, HANDLERS[checks.operation_id.removesuffix(OF_SANDBOX)])

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

    def ask(
        self, method: str, path: str, query: Mapping[str, str] = NO_QUERY, body: Any = None, *, here: str = ""
    ) -> Reply | Awaitable[Reply]:
        """Do what somebody in this very process wants, without the network: all checks hold, and nobody is kept out.

        ``here`` is the URL at which its clients reach the server. What waits is to be awaited on the server's loop.

        Raises:
            SimulatorError: our own fault.
        """
        said = NO_BODY if body is None else Body(True, JSON, body)
        return self._answer(Asked(method, split(path), dict(query), said, {}, here))

    async def _reply(self, request: web.BaseRequest, address: Address) -> Reply:
        """Let a call in, read it and do what it wants.

        Raises:
            SimulatorError: our own fault.
        """
        parts = address.parts[:2] if address.parts[2:] == [""] else address.parts  # the index, with a slash behind it
        here = origin(request, address.host)
        query = read_pairs(clean(address.query)) if address.query else {}
        asked = Asked(request.method, parts, query, NO_BODY, request.headers, here, address.door, address.sandbox)
        leaf, _ = self._find(asked)
        address.operation = leaf.target.checks.operation_id if leaf is not None else ""
        try:
            if leaf is None or leaf.target.checks.operation_id not in self._open:
                self._guard.admit(request.headers, here, clean(address.host))
            if leaf is not None:
                asked.body = await read_request(request, leaf.target.checks)
        except SimulatorError as error:
            return self._checked(leaf, show_error(error))
        outcome = self._answer(asked)
        return outcome if isinstance(outcome, Reply) else await outcome

    def _answer(self, asked: Asked) -> Reply | Awaitable[Reply]:
        """Do what a call wants, or say what is wrong with it; either is held against the description.

        Raises:
            SimulatorError: our own fault.
        """
        leaf, methods = self._find(asked)
        try:
            if leaf is None:
                raise self._nowhere(asked, methods)
            outcome = self._do(asked, leaf)
        except SimulatorError as error:
            outcome = _refusal(error)
        return self._checked(leaf, outcome) if isinstance(outcome, Reply) else self._finish(leaf, outcome)

    async def _finish(self, leaf: Leaf[_Route] | None, outcome: Awaitable[Reply]) -> Reply:
        """Return the reply of a call that waits."""
        try:
            reply = await outcome
        except SimulatorError as error:
            reply = _refusal(error)
        return self._checked(leaf, reply)

    def _find(self, asked: Asked) -> tuple[Leaf[_Route] | None, tuple[str, ...]]:
        """Return what a call is for, if there is anything, and the methods that its path has."""
        leaves = _most_literal(self._paths.find(asked.parts) or {})
        leaf = leaves.get(asked.method) or (leaves.get("GET") if asked.method == "HEAD" else None)
        return leaf, tuple(leaves)

    def _checked(self, leaf: Leaf[_Route] | None, reply: Reply) -> Reply:
        if leaf is None:
            self.contract.check_shared_reply(_SHARED[reply.status], reply)
        else:
            leaf.target.checks.check_reply(reply)
        return reply

    def _do(self, asked: Asked, leaf: Leaf[_Route]) -> Reply | Awaitable[Reply]:
        """Check a call and do it, with the sandbox's lock held unless its handler waits.

        Raises:
            SimulatorError: it is refused; 400 where it does not fit the description, 422 where the sandbox says so.
        """
        route, path, body = leaf.target, leaf.values(asked.parts), asked.body
        id = route.checks.operation_id
        call = Call(id, asked.method, path, asked.query, asked.headers, _no_files, body.value, body.media_type)
        if findings := route.checks.check_call(call, body.is_there):
            messages = [_told(finding) for finding in findings]
            raise BadRequest(messages[0], findings=show_text_problems(messages))
        sandbox = self._find_sandbox(id, path, asked.sandbox)
        query, headers = call.query, asked.headers
        with sandbox.lock:
            return route.handler(
                ControlCall(self.services, sandbox, asked.door, asked.here, path, query, body.value, body.raw, headers)
            )

    def _find_sandbox(self, operation_id: str, path: Mapping[str, str], said: str) -> Sandbox:
        named = path.get("sandbox", "")
        if named and said and named != said:
            raise BadRequest(disagreement("path", named, "prefix or port", said).message)
        if operation_id in _OF_PROCESS:
            return self.services.sandboxes.main
        return self.services.sandboxes.get(named or said or MAIN)

    def _nowhere(self, asked: Asked, methods: Sequence[str]) -> SimulatorError:
        """Return what is wrong with a call that is for no operation, with what was probably meant."""
        method, path = asked.method[:20], "/".join(asked.parts)[:200]
        if methods:
            return MethodNotAllowed(f"{method} is not allowed here", legal=list(methods), allow=", ".join(methods))
        described = dict.fromkeys(self.contract.checks(id).path for id in self.contract.operation_ids)
        from difflib import get_close_matches  # here, for few starts end in a wrong path

        near = get_close_matches(path, described, n=3, cutoff=0.5)
        return NotFound(f"there is no path {path!r}", legal=near)


def _most_literal(leaves: Mapping[str, Leaf[_Route]]) -> dict[str, Leaf[_Route]]:
    """Leave out what a hole would catch, where a path has a word of ours: ``scenarios/pins`` is no scenario."""
    fewest = min((len(leaf.holes) for leaf in leaves.values()), default=0)
    return {method: leaf for method, leaf in leaves.items() if len(leaf.holes) == fewest}


def _refusal(error: SimulatorError) -> Reply:
    """Word why a call is refused: 400 where it does not fit the description, 422 where the sandbox says so.

    Raises:
        SimulatorError: our own fault.
    """
    if isinstance(error, ContractBroken | Bug):
        raise error
    if error.status == 400 and not isinstance(error, BadRequest):
        code = Unprocessable.code if error.code == SimulatorError.code else error.code
        return show_error(Unprocessable(error.message, **{**error.about, "code": code}))
    return show_error(error)


def _told(finding: Finding) -> str:
    if finding.place == "query" and finding.rule == "maxProperties":
        return "query: this call takes no parameters there"
    if finding.rule == "anyOf" and not finding.path:  # a pin is the only one that has a choice
        return "body: a pin says at least one of scenario, job_id and seed"
    if finding.rule.startswith("oneOf") and not finding.path:  # and a move of the clock
        return "body: say either by how much or to which instant"
    place = f"{finding.place} {finding.name}" if finding.path else finding.place
    return f"{place}: {finding.message}"


def _no_files(path: str, host: str = "") -> str:
    return path
