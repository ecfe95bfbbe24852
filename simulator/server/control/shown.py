"""Jobs, accounts, exchanges and all else in the words of the control API's description."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from simulator.jobs.errors import SimulatorError
from simulator.jobs.fields import Problem, dotted
from simulator.jobs.job import Entry, Event
from simulator.jobs.plan import OPEN_END, Plan
from simulator.jobs.snapshot import Snapshot, next_change_ms
from simulator.library import Description, FileProblem
from simulator.sandbox.accounts import Account, LedgerEntry, RateLimit
from simulator.sandbox.choosing import Pin
from simulator.sandbox.clock import Clock, iso
from simulator.sandbox.journal import Exchange, hidden, hide, shown_headers
from simulator.sandbox.sandbox import Sandbox
from simulator.vendors.vendor import Record, Reply, Switch, Vendor

Shown = dict[str, Any]


def show_sandbox(sandbox: Sandbox, switches: dict[str, str]) -> Shown:
    """Word a sandbox; ``switches`` are those that are not at their default."""
    settings = sandbox.settings
    return {
        "id": sandbox.id,
        "generation": sandbox.generation,
        "seed": settings.seed,
        "epoch_ms": settings.epoch_ms,
        "clock": show_clock_settings(sandbox.clock),
        "scenario": sandbox.default_scenario or None,
        "switches": switches,
        "max_jobs": settings.max_jobs,
        "jobs": len(sandbox.life.store),
    }


def show_clock_settings(clock: Clock) -> Shown:
    """Word how a clock runs."""
    return {"mode": clock.mode, "speed": clock.speed, "hold": clock.hold}


def show_clock(clock: Clock) -> Shown:
    """Word how a clock runs, and where it stands."""
    return {**show_clock_settings(clock), **show_instant(clock.now_ms())}


def show_instant(now_ms: int) -> Shown:
    """Word the present."""
    return {"now": iso(now_ms), "now_ms": now_ms}


def show_scenario(about: Description, data_folder: Path) -> Shown:
    """Word a scenario in a list. What we ship is named from ``data_folder`` on; what was added may have no file."""
    file = Path(about.file)
    return {
        "name": about.name,
        "vendor": about.vendor,
        "kind": about.kind,
        "summary": about.summary,
        "origin": about.origin,
        "file": str(file.relative_to(data_folder)) if file.is_relative_to(data_folder) else about.file or None,
    }


def show_problem(found: FileProblem) -> Shown:
    """Word a mistake in a scenario."""
    place = {"file": found.file or None, "line": found.line, "column": found.column}
    return {**show_problem_in_call(found.problem), **place}


def show_problem_in_call(problem: Problem) -> Shown:
    """Word a mistake in what a call says."""
    legal = [str(word) for word in problem.legal]
    return {"file": None, "line": None, "column": None, "message": _message(problem), "legal": legal}


def _message(problem: Problem) -> str:
    place = f"{dotted(problem.path)}: " if problem.path else ""
    hint = f" (did you mean {problem.near!r}?)" if problem.near else ""
    return f"{place}{problem.message}{hint}"


def show_pin(pin: Pin) -> Shown:
    """Word a pin; ``times`` is how many submits it is still for."""
    said = {name: getattr(pin, name) or None for name in ("vendor", "operation", "scenario", "job_id", "seed")}
    return {**said, "times": pin.times}


def show_job_summary(shot: Snapshot) -> Shown:
    """Word a job in a list."""
    job = shot.job
    return {
        "id": job.id,
        "vendor": job.vendor,
        "operation": job.operation,
        "kind": job.kind,
        "account": hidden(job.account),
        "scenario": job.plan.script.scenario.name,
        "created_at_ms": job.created_at_ms,
        "status": shot.word,
        "stands_for": shot.stands_for,
        "is_final": shot.is_final,
    }


def show_job(shot: Snapshot, reply: Any) -> Shown:
    """Word all that is known of a job; ``reply`` is the body of a look-up."""
    return {
        **show_job_summary(shot),
        "plan": _plan(shot.plan, shot.job.vendor),
        "events": [_event(event) for event in shot.job.events],
        "entries": [_entry(entry) for entry in shot.job.entries],
        "snapshot": _snapshot(shot),
        "reply": reply,
    }


def _plan(plan: Plan, vendor_name: str) -> Shown:
    return {
        "states": _planned_states(plan),
        "items": [
            {"index": item.index, "for_ms": item.lasts_ms, "error": (item.error and item.error.message) or None}
            for item in plan.items
        ],
        "outputs": [
            {name: getattr(output, name) for name in _OUTPUT} | {"frames": output.frames} for output in plan.outputs
        ],
        "price": plan.price,
        "switches": {f"{vendor_name}.{name}": choice for name, choice in plan.switches.items()},
    }


_OUTPUT = ("path", "media_type", "width_px", "height_px", "size_bytes", "duration_ms")


def _planned_states(plan: Plan) -> list[Shown]:
    """Return the states on the way that was drawn."""
    states, word = [], plan.first
    while word:
        then, span_ms = plan.then(word), plan.span_ms(word)
        lasts = span_ms != OPEN_END and bool(then)
        states.append({"word": word, "for_ms": span_ms if lasts else None, "then": then or None})
        word = then
    return states


def _event(event: Event) -> Shown:
    said: Shown = {"name": event.name, "at_ms": event.at_ms}
    return {**said, "to": event.to} if event.to else said


def _entry(entry: Entry) -> Shown:
    return {
        "word": entry.word,
        "stands_for": entry.stands_for,
        "at_ms": entry.at_ms,
        "seen_at_ms": entry.seen_at_ms,
        "progress": entry.progress,
    }


def _snapshot(shot: Snapshot) -> Shown:
    return {
        "now_ms": shot.now_ms,
        "word": shot.word,
        "wire": shot.wire,
        "stands_for": shot.stands_for,
        "is_final": shot.is_final,
        "progress": shot.progress,
        "next_change_ms": next_change_ms(shot),
        "finished_items": [item.index for item in shot.finished_items()],
    }


def show_exchange(said: Exchange) -> Shown:
    """Word an entry of the journal: a call with its reply, or a note."""
    about: Shown = {
        "kind": "exchange" if said.method else "note",
        "number": said.number,
        "at_ms": said.at_ms,
        "vendor": said.vendor or None,
        "job_ids": list(said.job_ids),
        "marks": list(said.marks),
    }
    if not said.method:
        return about
    return about | {
        "operation": said.operation or None,
        "account": hidden(said.account) if said.account else None,
        "request": {
            "method": said.method,
            "target": said.target,
            "headers": shown_headers(said),
            "body": show_text(said.sent),
        },
        "reply": {"status": said.status, "body": show_text(said.reply)} if said.status else None,
    }


def show_text(body: bytes) -> str:
    """Word a body as it is; what is no UTF-8 is replaced in it."""
    return body.decode("utf-8", "replace")


def show_account(vendor_name: str, account: Account, *, by_key: bool) -> Shown:
    """Word an account; its key and what else is secret only to those who name the key."""
    purse = account.purse
    return {
        "vendor": vendor_name,
        "key": account.key if by_key else hidden(account.key),
        "state": account.shown_state,
        "credits": purse.ledger.balance,
        "plan": account.plan,
        "rate_limit": _rate_limit(account.rate_limit),
        "slots": {name: {"size": pool.capacity, "taken": len(pool.holders)} for name, pool in purse.pools.items()},
        "details": {name: said if by_key else hidden(said) for name, said in account.details.items()},
        "ledger": [_line(entry) for entry in purse.ledger.entries],
    }


def _rate_limit(limit: RateLimit | None) -> Shown | None:
    return None if limit is None else {"calls": limit.calls, "per": f"{limit.per_ms}ms"}


def _line(entry: LedgerEntry) -> Shown:
    return {"at_ms": entry.at_ms, "kind": entry.what, "amount": entry.amount, "job_id": entry.job_id or None}


def show_record(vendor: Vendor, key: str, record: Record) -> Shown:
    """Word a record, without what is secret in a call of its vendor."""
    secrets = {name for operation in vendor.operations for name in operation.secrets}
    return {
        "vendor": vendor.name,
        "type": record.type,
        "id": record.id,
        "account": hidden(key),
        "created_at_ms": record.created_at_ms,
        "updated_at_ms": record.updated_at_ms,
        "job_id": record.job_id or None,
        "data": hide(msgspec.to_builtins(record.data), secrets),
    }


def show_switch(vendor_name: str, switch: Switch, value: str) -> Shown:
    """Word a switch."""
    return {
        "name": f"{vendor_name}.{switch.name}",
        "value": value,
        "default": switch.default,
        "choices": list(switch.choices),
        "fact": switch.fact,
        "summary": switch.says,
    }


def show_error(error: SimulatorError) -> Reply:
    """Word a refusal; of what it is about, ``code``, ``legal``, ``findings`` and ``allow`` are told."""
    about = error.about
    said: Shown = {"code": about.get("code", error.code), "message": error.message}
    said |= {name: about[name] for name in ("legal", "findings") if name in about}
    headers = (("Allow", str(about["allow"])),) if "allow" in about else ()
    if error.status == 401:
        headers = (("WWW-Authenticate", "Bearer"),)
    return Reply({"error": said}, error.status, headers)


def show_text_problems(messages: Sequence[str]) -> list[Shown]:
    """Word what is wrong with a call that is no scenario."""
    return [{"file": None, "line": None, "column": None, "message": message, "legal": []} for message in messages]
