"""One call on its way through the pipeline, and what is said and recorded of it."""

import logging
from typing import Any

import msgspec
from aiohttp import web

from simulator.contract import Checks
from simulator.jobs.deliveries import without_passwords
from simulator.jobs.errors import ApiError, ContractBroken, SimulatorError, UnknownPath, WrongMethod
from simulator.jobs.job import Job
from simulator.sandbox.faults import Struck
from simulator.sandbox.journal import hide_fields, read_plainly
from simulator.sandbox.sandbox import Sandbox
from simulator.server.addresses import Address
from simulator.server.bodies import NO_BODY, Body
from simulator.server.desks import Desk, Route
from simulator.server.observing.watch import Watch
from simulator.server.paths import clean
from simulator.server.replies import Wire, loud, wire
from simulator.vendors.vendor import Call, Headers, Reply

_LOG = logging.getLogger("simulator")


class Bug(SimulatorError):
    """The simulator itself failed."""

    status = 500
    code = "internal_error"


def as_bug(error: Exception) -> Bug:
    """Log an error that nobody foresaw and return how it is told."""
    _LOG.error("an error that nobody foresaw", exc_info=error)
    return Bug(f"the simulator failed: {type(error).__name__}: {error}")


class Exchange(msgspec.Struct, gc=False):
    """One call. ``refusal`` is what the vendor says before it looks at the body; ``headers`` go with every reply.

    ``methods`` are those that its path has, where it has not the one that was called. ``struck`` is how its answer is to
    go wrong on the wire. ``stray`` says what a call is for that is for no operation. ``job``, the first of those that its
    answer tells of, and ``span`` are there only where somebody listens.
    """

    request: web.BaseRequest
    address: Address
    desk: Desk
    sandbox: Sandbox
    call: Call
    headers: Headers
    watch: Watch
    route: Route | None = None
    methods: tuple[str, ...] = ()
    refusal: ApiError | None = None
    body: Body = NO_BODY
    marks: tuple[str, ...] = ()
    struck: Struck | None = None
    stray: str = ""
    job_ids: tuple[str, ...] = ()
    job: Job | None = None
    span: Any = None

    def record(self, ready: Wire, job_ids: tuple[str, ...] = ()) -> Wire:
        """Write the exchange down in the journal, its secrets hidden."""
        request, call = self.request, self.call
        sent, said = self.body.raw, ready.body
        marks = self.marks if self.struck is None else (*self.marks, *self.struck.marks)
        if self.route is not None and (secrets := self.route.operation.secrets):
            sent = hide_fields(sent, self.body.value, secrets)
            said = hide_fields(said, read_plainly(said), secrets)
        if sent:
            sent = without_passwords(sent)
        if b"@" in said:
            said = without_passwords(said)
        self.sandbox.journal.append(
            self.sandbox.clock.now_ms(),
            self.desk.vendor.name,
            call.operation,
            call.method,
            clean(request.raw_path),
            request.raw_headers,
            sent,
            ready.status,
            said,
            (*call.marks, *marks) if call.marks or marks else (),
            call.account,
            job_ids,
        )
        if self.watch.is_listened_to:
            self._show_to_listeners(job_ids)
        return ready

    def _show_to_listeners(self, job_ids: tuple[str, ...]) -> None:
        self.job_ids = job_ids
        self.job = self.sandbox.life.store.get(job_ids[0]) if job_ids else None
        if self.watch.tracer is not None:
            self.watch.tracer.shown(self)

    def note_held(self, job_id: str) -> None:
        """Write down that the call waits for its job; the exchange itself is recorded when the waiting ends."""
        call, sandbox = self.call, self.sandbox
        text = f"held: {call.method} {clean(self.request.raw_path)} waits for its job"
        sandbox.journal.note(sandbox.clock.now_ms(), text, self.desk.vendor.name, (job_id,))
        if self.watch.is_listened_to:
            self._show_to_listeners((job_id,))

    def refuse(self, error: ApiError, checks: Checks | None) -> Wire:
        """Word a refusal, hold it against the contract like any reply, and record it."""
        reply = self.desk.vendor.show_error(error, self.call)
        if isinstance(error, WrongMethod) and not any(name.lower() == "allow" for name, _ in reply.headers):
            reply = Reply(reply.body, reply.status, (*reply.headers, ("Allow", ", ".join(error.allowed))))
        try:
            if checks is None:
                name = "RouteNotFound" if isinstance(error, UnknownPath) else "MethodNotAllowed"
                self.desk.contract.check_shared_reply(name, reply, self.headers)
            else:
                checks.check_reply(reply, self.headers)
            ready = wire(reply, self.headers)
            reason = type(error).__name__
            self.watch.tally.refused[self.desk.vendor.name, reason] += 1
            self.marks += (f"refused: {reason}",)  # where a vendor refuses with 200, nothing else tells
            self.record(ready)
        except ContractBroken as broken:
            return self.fail(broken)
        self.sandbox.refused(error)
        return ready

    def fail(self, error: SimulatorError) -> Wire:
        """Say in our own words what went wrong, whatever else was to go wrong, and record it."""
        what, self.struck = "simulator", None
        if isinstance(error, ContractBroken):
            what = "broken"
            self.watch.tally.broken += 1
        elif isinstance(error, Bug):
            self.watch.tally.bugs += 1
        self.marks += (f"{what}: {error.message}",)
        with self.sandbox.lock:
            return self.record(loud(error))
