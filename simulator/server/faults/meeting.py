"""Which call meets which fault, and how a vendor words it where the call is refused for that. The caller holds the lock."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from simulator.contract import Checks
from simulator.jobs.commands import Happen, ListJobs, LookUp
from simulator.jobs.errors import (
    ApiError,
    BadKey,
    BlockedAccount,
    Busy,
    ContractBroken,
    ExpiredJob,
    NotEnoughCredits,
    SimulatorError,
    Unavailable,
    UnknownJob,
    UnknownPath,
)
from simulator.jobs.faults import DOWNLOADS, HEADER, POLLS, SUBMITS, TOO_MANY, WireFault
from simulator.jobs.job import Job
from simulator.jobs.reading_faults import read_fault_header
from simulator.sandbox.faults import Struck, Target
from simulator.server.exchange import Exchange
from simulator.server.replies import TEXT, Wire, wire
from simulator.vendors.vendor import Reply

_PLAIN: Mapping[int, type[ApiError]] = {401: BadKey, 402: NotEnoughCredits, 403: BlockedAccount, 503: Unavailable}
_OF_JOBS: Mapping[int, Callable[[str], ApiError]] = {404: UnknownJob, 410: ExpiredJob}


class BadFault(SimulatorError):
    """The header asks for a fault that there is not."""

    code = "invalid_faults"


def meet(exchange: Exchange, command: Any, checks: Checks, *, is_submit: bool) -> Wire | None:
    """Let a call meet what was laid ready for it; return what is said if the vendor is not to hear of it.

    Raises:
        BadFault: the call's own header cannot be read.
    """
    kind = type(command)
    job_ids = command.ids if kind is LookUp else (command.job_id,) if kind is Happen else ()
    sort = SUBMITS if is_submit else POLLS if kind in (LookUp, ListJobs) else ""
    struck = _strike(exchange, sort, job_ids)
    if struck is None or not struck.fault.stops:
        return None
    if struck.fault.refused:
        return exchange.record(Wire(0, ()), job_ids)
    return _refuse(exchange, checks, struck, job_ids)


def meet_submit(exchange: Exchange, job: Job) -> None:
    """Let the reply to an accepted submit meet what the scenario of its job says, and know that job from then on."""
    target = Target(job.vendor, job.operation, SUBMITS, exchange.call.now_ms, (job.id,), (job,))
    exchange.struck = exchange.sandbox.life.faults.strike_submit(job, target, exchange.struck)


def meet_download(exchange: Exchange, path: str) -> Wire | None:
    """Let a download meet what was laid ready for it; return what is said if it is refused.

    Raises:
        ExpiredJob: the file went while it was being sent.
        BadFault: the call's own header cannot be read.
    """
    sandbox, faults = exchange.sandbox, exchange.sandbox.life.faults
    job = sandbox.life.store.by_path(path)
    job_ids = (job.id,) if job else ()
    if path in faults.gone:
        raise ExpiredJob(*job_ids)
    struck = _strike(exchange, DOWNLOADS, job_ids)
    if struck is None:
        return None
    if struck.fault.expires_midway and exchange.call.method == "GET":
        faults.lose(path)
    if struck.fault.refused:
        return exchange.record(Wire(0, ()), job_ids)
    return _refuse_download(exchange, struck, job_ids) if struck.fault.stops else None


def _strike(exchange: Exchange, sort: str, job_ids: tuple[str, ...]) -> Struck | None:
    call, life = exchange.call, exchange.sandbox.life
    vendor = exchange.desk.vendor.name
    asked = _asked(text) if (text := call.headers.get(HEADER)) else None
    found = [job for job_id in job_ids if (job := life.store.get(job_id)) and _is_theirs(job, exchange, sort)]
    target = Target(vendor, call.operation, sort, call.now_ms, tuple(job_ids), tuple(found))
    exchange.struck = life.faults.strike(target, asked)
    return exchange.struck


def _is_theirs(job: Job, exchange: Exchange, sort: str) -> bool:
    """Return whether a job is the caller's own; a download has no key."""
    return job.vendor == exchange.desk.vendor.name and (sort == DOWNLOADS or job.account == exchange.call.account)


@lru_cache(256)
def _asked(text: str) -> WireFault:
    fault, problems = read_fault_header(text)
    if problems:
        raise BadFault(f"{HEADER}: {problems[0]}", problems=[str(problem) for problem in problems])
    return fault


def _refuse(exchange: Exchange, checks: Checks, struck: Struck, job_ids: tuple[str, ...]) -> Wire:
    """Say the error in the vendor's words; where its contract does not foresee that, the journal tells."""
    vendor, status = exchange.desk.vendor, struck.fault.error
    error = _error(status, next(iter(job_ids), ""), struck)
    reply = _with_status(vendor.show_error(error, exchange.call), status)
    try:
        checks.check_reply(reply, exchange.headers)
    except ContractBroken as broken:
        exchange.marks += (f"off contract: {broken.message}",)
    return _recorded(exchange, wire(reply, exchange.headers), struck, job_ids)


def _error(status: int, job_id: str, struck: Struck) -> ApiError:
    """Return what the vendor is to say, by the status that most people know it by."""
    if status == TOO_MANY:
        return Busy(Busy.RATE, struck.opens_at_ms, limit=struck.limit, window_ms=struck.window_ms)
    if status in _OF_JOBS:
        return _OF_JOBS[status](job_id)
    return _PLAIN.get(status, ApiError)()


def _refuse_download(exchange: Exchange, struck: Struck, job_ids: tuple[str, ...]) -> Wire:
    """Say what a file host says: in the vendor's words where it has some, else in those of HTTP."""
    vendor, status = exchange.desk.vendor, struck.fault.error
    if status in (404, 410):
        error = UnknownPath(exchange.address.path) if status == 404 else ExpiredJob(*job_ids)
        return _recorded(
            exchange, wire(vendor.show_missing_file(error, exchange.call.switches), exchange.headers), struck, job_ids
        )
    return _recorded(exchange, Wire(status, TEXT, HTTPStatus(status).phrase.encode()), struck, job_ids)


def _recorded(exchange: Exchange, ready: Wire, struck: Struck, job_ids: tuple[str, ...]) -> Wire:
    """Record a refusal; in the mode skip, where only its end is known to end it, the clock moves there."""
    exchange.record(ready, job_ids)
    if struck.opens_at_ms is not None:
        exchange.sandbox.refused(Busy(Busy.RATE, struck.opens_at_ms))
    return ready


def _with_status(reply: Reply, status: int) -> Reply:
    """Return a failure of the vendor's own under another status, also where its body repeats that.

    A vendor that has no words for the reason fails, too.
    """
    if reply.status < 500 or reply.status == status:
        return reply
    old, new = HTTPStatus(reply.status), HTTPStatus(status)
    others: dict[Any, Any] = {old.value: new.value, old.phrase: new.phrase, str(old.value): str(new.value)}
    body = reply.body
    if isinstance(body, dict):
        body = {
            name: others.get(value, value) if isinstance(value, int | str) else value for name, value in body.items()
        }
    elif isinstance(body, str):
        body = others.get(body, body)
    return Reply(body, status, reply.headers, reply.bare)
