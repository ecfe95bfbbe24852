"""One exchange, from top to bottom: find, let in, check the call, do it, word it, check the reply, record, write."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from aiohttp import web
from aiohttp.hdrs import ORIGIN
from multidict import CIMultiDict, istr

from simulator.jobs.commands import Command, Submit
from simulator.jobs.errors import ApiError, SimulatorError, UnknownPath, WrongMethod
from simulator.jobs.faults import HEADER
from simulator.jobs.job import Job
from simulator.jobs.snapshot import Snapshot
from simulator.media.cache import MadeFiles
from simulator.sandbox.choosing import Choice
from simulator.sandbox.held import Held
from simulator.sandbox.sandbox import NO_CHOICE, Sandbox
from simulator.sandbox.sandboxes import MAIN, Sandboxes
from simulator.server.addresses import (
    FRONT_DOOR,
    Address,
    Door,
    disagreement,
    find_address,
    sandbox_in_key,
)
from simulator.server.bodies import read_body, read_pairs
from simulator.server.desks import Desks, Route
from simulator.server.exchange import Exchange, as_bug
from simulator.server.inputs import Uploads, read_inputs
from simulator.server.observing.watch import Watch
from simulator.server.overrides import leave_contract, overridden
from simulator.server.paths import clean
from simulator.server.replies import Dropped, Rendered, Wire, loud, respond, wire
from simulator.server.strays import answer_nobody, answer_stray
from simulator.server.waiting import released
from simulator.vendors.vendor import Call, Headers

MAX_BODY_BYTES = 64 << 20
_ANY_ORIGIN: Headers = (("Access-Control-Allow-Origin", "*"),)
_NO_OPERATION = ""
_FAULT = istr(HEADER)  # found three times as fast as a text


class Control(Protocol):
    """The simulator's own API. Its handlers may wait; their calls are not counted as under way."""

    async def answer(self, request: web.BaseRequest, address: Address) -> web.StreamResponse:
        """Answer a call below ``/_simulator``; the address holds the parts of the whole path."""

    def stop(self) -> None:
        """Say from now on that the server is not ready."""


class Forerunners(Protocol):
    """Webhooks that are to be answered before the reply to their job's submit is."""

    async def send_first(self, sandbox: Sandbox, job_ids: Iterable[str]) -> None:
        """Return once the webhooks of these jobs that are ready have been answered."""


class Pipeline:
    """Answers every request that reaches the server."""

    def __init__(
        self,
        sandboxes: Sandboxes,
        desks: Desks,
        *,
        control: Control | None = None,
        forerunners: Forerunners | None = None,
        made_files: MadeFiles | None = None,
        uploads: Uploads | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
        watch: Watch | None = None,
    ) -> None:
        self.sandboxes, self.desks, self.control = sandboxes, desks, control
        self._forerunners, self._uploads = forerunners, uploads
        self.made_files = made_files or MadeFiles()
        self.max_body_bytes = max_body_bytes
        self.watch = watch or Watch()
        self.tally = self.watch.tally

    async def answer(self, request: web.BaseRequest, door: Door = FRONT_DOOR) -> web.StreamResponse:
        """Find whom a request is for and answer it; the reply has been written when this returns."""
        watch = self.watch
        began_s, address, exchange, written = watch.seconds(), None, None, None
        try:
            try:
                address = find_address(request, door, self.desks)
                if address.is_control and self.control is not None:
                    response = await self.control.answer(request, address)
                elif not address.vendor:
                    response = respond(request, self._answer_nobody(request, address))
                else:
                    exchange = self._begin(request, address)
            except SimulatorError as error:
                response = respond(request, loud(error))
            except ConnectionError:
                raise
            except Exception as error:
                self.tally.bugs += 1
                response = respond(request, loud(as_bug(error)))
            if exchange is not None:
                self.tally.calls += 1
                exchange.sandbox.enter()
                if watch.tracer is not None:
                    watch.tracer.begin(exchange)
                response = await self._answer_vendor(exchange)
            if type(response) is Rendered:
                if response.send(request):  # no coroutine, for nearly every reply goes this way
                    await request.writer.drain()
            else:
                await response.prepare(request)
                await response.write_eof()
            written = response
            return response
        except ConnectionError:  # the client has left
            return Dropped()
        finally:
            if exchange is not None:
                exchange.sandbox.leave(exchange.call.withheld)
            watch.over(request, address, exchange, written, began_s)

    def _answer_nobody(self, request: web.BaseRequest, address: Address) -> Wire:
        """Say that there is no vendor; the sandbox that was named notes it, for its test meant somebody."""
        ready = answer_nobody(request, address, self.desks)
        with suppress(SimulatorError):
            if address.sandbox:
                sandbox = self.sandboxes.get(address.sandbox)
                with sandbox.lock:
                    about = (
                        request.method,
                        clean(request.raw_path),
                        request.raw_headers,
                        b"",
                        ready.status,
                        ready.body,
                    )
                    sandbox.journal.append(sandbox.clock.now_ms(), "", "", *about)
        return ready

    def _begin(self, request: web.BaseRequest, address: Address) -> Exchange:
        """Find sandbox, operation and key."""
        desk = self.desks[address.vendor]
        vendor, headers = desk.vendor, desk.vendor.headers
        if vendor.allows_any_origin and ORIGIN in request.headers:
            headers += _ANY_ORIGIN
        if vendor.origin_headers is not None:
            headers += vendor.origin_headers(_headers(request))
        sandbox = self.sandboxes.get(address.sandbox or MAIN)
        query = read_pairs(clean(address.query)) if address.query else {}
        switches = sandbox.switches_for(vendor)
        call = Call(_NO_OPERATION, request.method, {}, query, _headers(request), address.files_at, switches=switches)
        exchange = Exchange(request, address, desk, sandbox, call, headers, self.watch)
        if leaf := desk.find(call.method, address.parts, switches):
            route = exchange.route = leaf.target
            call.operation, call.path = route.operation.id, leaf.values(address.parts)
            if route.operation.requires_key:
                self._read_key(exchange)
        elif methods := desk.methods(address.parts, switches):
            exchange.methods, exchange.refusal = methods, WrongMethod(call.method, methods)
        else:
            exchange.refusal = UnknownPath(address.path)
        address.answers_in, address.file_host = exchange.sandbox.id, desk.file_host
        return exchange

    def _read_key(self, exchange: Exchange) -> None:
        """Learn the key; it names the sandbox where neither path nor port does.

        Raises:
            SimulatorError: they name another one.
        """
        call, vendor, said = exchange.call, exchange.desk.vendor, exchange.address.sandbox
        try:
            call.account = vendor.authenticate(call)
        except ApiError as error:
            exchange.refusal = error
            return
        if named := sandbox_in_key(call.account):
            if said and named != said:
                raise disagreement("key", named, "path or port", said)
            exchange.sandbox = self.sandboxes.get(named)
            call.switches = exchange.sandbox.switches_for(vendor)

    async def _answer_vendor(self, exchange: Exchange) -> web.StreamResponse:
        """Answer a call to a vendor. From look-up to journal there is no await, and the sandbox's lock is held."""
        request, route, call = exchange.request, exchange.route, exchange.call
        try:
            if route is None:
                return await answer_stray(exchange, self.made_files)
            if exchange.refusal is None and request.can_read_body:
                limit_bytes = route.operation.max_body_bytes or self.max_body_bytes
                texts = route.checks.text_fields
                body = exchange.body = await read_body(request, route.checks.takes, limit_bytes, texts)
                call.body, call.media_type = body.value, body.media_type
                call.marks += (f"a file where a text belongs: {one.field}" for one in body.files if one.field in texts)
                call.inputs = await read_inputs(route.operation, body, self._uploads)
            try:
                with exchange.sandbox.lock:
                    ready = self._decide(exchange, route)
                    if isinstance(ready, Held):
                        exchange.note_held(ready.job_id)
            finally:
                if self._uploads is not None and call.inputs:
                    self._uploads.settle(call.inputs, exchange.sandbox.keeps_upload)
            if call.preceded_by and self._forerunners is not None:
                await self._forerunners.send_first(exchange.sandbox, call.preceded_by)
            if isinstance(ready, Held):
                return await self._hold(exchange, route, ready)
            return _respond(exchange, ready)
        except ConnectionError:
            raise
        except Exception as error:
            return respond(request, exchange.fail(as_bug(error)))

    def _decide(self, exchange: Exchange, route: Route) -> Wire | Held:
        """Let the call in, check it, do it and word what came of it."""
        call, vendor, sandbox = exchange.call, exchange.desk.vendor, exchange.sandbox
        call.now_ms = sandbox.clock.now_ms()
        try:
            command, refusal = self._read(exchange, route)
            is_submit = type(command) is Submit
            if sandbox.life.faults.are_laid or _FAULT in call.headers:
                from simulator.server.faults import meet  # here, for few servers ever let a call go wrong

                if (ready := meet(exchange, command, route.checks, is_submit=is_submit)) is not None:
                    return ready
            if refusal is not None:
                raise refusal
            assert command is not None
            outcome = sandbox.handle(vendor, call, command, _choice(call.headers) if is_submit else NO_CHOICE)
            if is_submit:
                self.tally.accepted[vendor.name] += 1
            if is_submit and (job := _submitted(outcome, sandbox)).plan.script.scenario.faults:
                from simulator.server.faults import meet_submit  # here, as above

                meet_submit(exchange, job)
            return outcome if isinstance(outcome, Held) else self._show(exchange, route, outcome)
        except ApiError as error:
            return exchange.refuse(error, route.checks)
        except SimulatorError as error:
            return exchange.fail(error)

    def _read(self, exchange: Exchange, route: Route) -> tuple[Command | None, ApiError | None]:
        """Let the call in and read what it wants; return that, or why the vendor refuses it before it looks."""
        call, operation = exchange.call, route.operation
        try:
            if exchange.refusal is not None:
                raise exchange.refusal
            if operation.requires_key:
                looks = operation.looks_at_subscription
                exchange.sandbox.admit(exchange.desk.vendor, call.account, looks_at_subscription=looks)
            if exchange.body.error is not None:
                raise exchange.body.error
            return operation.read(call, route.checks.check_call(call, exchange.body.is_there)), None
        except ApiError as error:
            return None, error

    async def _hold(self, exchange: Exchange, route: Route, held: Held) -> web.StreamResponse:
        """Wait for a held reply's moment, without the lock; if the client leaves, the job goes on."""
        sandbox, generation = exchange.sandbox, exchange.sandbox.generation
        try:
            outcome = await released(held, sandbox)
        except SimulatorError:
            return Dropped()
        except asyncio.CancelledError:
            with sandbox.lock:
                if generation == sandbox.generation:
                    exchange.marks += ("the client left",)
                    exchange.record(Wire(0, ()), (held.job_id,))
            raise
        with sandbox.lock:
            if generation != sandbox.generation:
                return Dropped()
            try:
                ready = self._show(exchange, route, outcome)
            except ApiError as error:
                ready = exchange.refuse(error, route.checks)
            except SimulatorError as error:
                ready = exchange.fail(error)
        return _respond(exchange, ready)

    def _show(self, exchange: Exchange, route: Route, outcome: Any) -> Wire:
        """Word an outcome, check the reply and record it; what leaves the contract by intent does so afterwards."""
        call, operation, headers = exchange.call, route.operation, exchange.headers
        if exchange.sandbox.clock.mode != "real":
            call.now_ms = exchange.sandbox.clock.now_ms()  # a skip or a blocking call has moved it
        reply = operation.show(outcome, call)
        job_ids, changes = _look_at(outcome)
        if changes:
            reply = overridden(reply, operation, outcome)
        route.checks.check_reply(reply, headers)
        if changes:
            reply, reason = leave_contract(reply, operation, outcome, call)
            exchange.marks += (f"off contract: {reason}",) if reason else ()
        return exchange.record(wire(reply, headers), job_ids)


def _submitted(outcome: Any, sandbox: Sandbox) -> Job:
    """Return the job that a submit has made."""
    job = sandbox.life.store.get(outcome.job_id) if isinstance(outcome, Held) else outcome.job
    assert job is not None
    return job


def _respond(exchange: Exchange, ready: Wire) -> web.StreamResponse:
    """Return the response that writes a reply, gone wrong where its call has met a fault."""
    if exchange.struck is None:
        return respond(exchange.request, ready)
    from simulator.server.faults import spoil  # here, as above

    return spoil(exchange, ready, exchange.struck)


def _headers(request: web.BaseRequest) -> Mapping[str, str]:
    """Return the headers, without half letters where a client sent bytes that are no UTF-8."""
    for _, said in request.raw_headers:
        if not said.isascii():
            return CIMultiDict((name, clean(text)) for name, text in request.headers.items())
    return request.headers


def _choice(headers: Mapping[str, str]) -> Choice:
    scenario, seed, job_id = (headers.get(f"X-Simulator-{name}", "") for name in ("Scenario", "Seed", "Job-Id"))
    return Choice(scenario, seed, job_id) if scenario or seed or job_id else NO_CHOICE


def _look_at(outcome: Any) -> tuple[tuple[str, ...], bool]:
    """Return the ids of the jobs in an outcome, and whether a scenario may want to change how they are told."""
    if type(outcome) is Snapshot:
        job = outcome.job
        return (job.id,), bool(job.off_contract or job.plan.script.scenario.reply)
    if type(outcome) is list:
        jobs = [shot.job for shot in outcome if type(shot) is Snapshot]
        return tuple(job.id for job in jobs), any(job.off_contract for job in jobs)
    return (), False
