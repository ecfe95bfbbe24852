"""A sandbox: one isolated world with its own clock, jobs, accounts, dice and journal, and the commands that move it."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from simulator.jobs import errors
from simulator.jobs.admission import admit
from simulator.jobs.chance import Draws
from simulator.jobs.commands import (
    Command,
    DeleteRecord,
    GetAccount,
    GetRecord,
    Happen,
    ListJobs,
    LookUp,
    PutRecord,
    Submit,
)
from simulator.jobs.errors import ApiError, Busy, Conflict, ExpiredJob, SimulatorError, UnknownJob, UnknownPath
from simulator.jobs.files import Output
from simulator.jobs.job import FORCED, LOOKED, Event, Job
from simulator.jobs.lifecycle import FINAL
from simulator.jobs.scenario import Expiry
from simulator.jobs.snapshot import Snapshot, gone_at_ms, look
from simulator.jobs.timeline import effect
from simulator.sandbox.accounts import Account, AccountChange
from simulator.sandbox.choosing import Choice, Pin, Scenarios
from simulator.sandbox.clock import Clock, iso
from simulator.sandbox.held import Held
from simulator.sandbox.journal import Journal
from simulator.sandbox.life import Life, kind_key
from simulator.sandbox.skipping import MINUTE_MS, Skipping
from simulator.sandbox.submitting import AccountView, Submission, refuse_polls
from simulator.vendors.vendor import Call, Record, Vendor

Outcome = Snapshot | list[Snapshot] | Record | list[Record] | Held | None
NO_CHOICE = Choice()


class SandboxSettings(msgspec.Struct, frozen=True):
    """What a sandbox is created with and what a reset restores. ``switches`` by full name, ``useapi.busy``."""

    seed: str
    epoch_ms: int
    mode: str = "real"
    speed: float = 1.0
    hold: bool = False
    scenario: str = ""
    switches: Mapping[str, str] = {}
    strict_keys: bool = False
    max_jobs: int = 100_000
    journal_bytes: int = 16 << 20


class Sandbox:
    """Every public method takes the lock, so a test's own thread may command a sandbox at any time.

    The pipeline holds the same lock from look-up to journal; nothing in here ever waits.
    """

    def __init__(self, id: str, settings: SandboxSettings, scenarios: Scenarios) -> None:
        self.id, self.settings = id, settings
        self.lock = threading.RLock()
        self.generation = 1
        self.in_flight = 0
        self.on_less_to_do: list[Callable[[], None]] = []
        self._scenarios = scenarios
        self._switches: dict[str, Mapping[str, str]] = {}
        self._handlers: dict[type[Any], Callable[[Vendor, Call, Any, Choice, int], Outcome]] = {
            LookUp: self._look_up,
            Submit: self._submit,
            ListJobs: self._list_jobs,
            Happen: self._happen,
            PutRecord: self._put_record,
            GetRecord: self._get_record,
            DeleteRecord: self._delete_record,
            GetAccount: self._get_account,
        }
        self._begin()

    def _begin(self) -> None:
        said = self.settings
        self.clock = Clock(said.epoch_ms, said.mode, said.speed, hold=said.hold)
        self.life = Life(said.seed, strict=said.strict_keys, max_jobs=said.max_jobs, journal_bytes=said.journal_bytes)
        self.default_scenario = said.scenario
        self.scenarios = self._scenarios.fork()
        self._chosen_switches = dict(said.switches)
        self._switches.clear()
        self._skipping = Skipping(self.clock, self.life)
        self._walking = 0

    # What the pipeline asks for

    @property
    def journal(self) -> Journal:
        """The journal of this generation."""
        return self.life.journal

    def enter(self) -> None:
        """Count a request that has begun."""
        self.in_flight += 1

    def leave(self) -> None:
        """Count a request whose last byte was written."""
        self.in_flight -= 1
        for callback in self.on_less_to_do:
            callback()

    def admit(self, vendor: Vendor, key: str) -> None:
        """Let a key in.

        Raises:
            BadKey, ExpiredKey, BlockedAccount: it is refused.
            Busy: its account's rate limit is reached.
        """
        account = self.life.accounts.admit(vendor, key)
        if account is not None and account.rate_limit is not None:
            opens_at_ms = account.rate_limit.count(self.clock.now_ms())
            if opens_at_ms is not None:
                raise Busy("rate", opens_at_ms)

    def switches_for(self, vendor: Vendor) -> Mapping[str, str]:
        """Return a vendor's switches by their plain names, as they are set in this sandbox."""
        found = self._switches.get(vendor.name)
        if found is None:
            said = self._chosen_switches
            found = {
                switch.name: said.get(f"{vendor.name}.{switch.name}", switch.default) for switch in vendor.switches
            }
            self._switches[vendor.name] = found
        return found

    def handle(self, vendor: Vendor, call: Call, command: Command, choice: Choice = NO_CHOICE) -> Outcome:
        """Do what a call wants. Due effects are done first; one instant holds for all of it.

        Raises:
            ApiError: the vendor refuses.
            SimulatorError: the call asks the simulator for something that cannot be had.
        """
        with self.lock:
            now_ms = self.clock.now_ms()
            self.life.settle(now_ms)
            return self._handlers[type(command)](vendor, call, command, choice, now_ms)

    def refused(self, error: ApiError) -> None:
        """Hear that a refusal has been worded: in the mode skip, a busy slot moves the clock to its opening."""
        if isinstance(error, Busy) and self._may_skip():
            with self.lock:
                self._move_to(error.opens_at_ms or self.clock.now_ms() + MINUTE_MS)

    def find_file(self, vendor_name: str, path: str) -> Output:
        """Return the output that stands at a path by now.

        Raises:
            UnknownPath: there is no such file, or not yet.
            ExpiredJob: there was one.
        """
        with self.lock:
            now_ms = self.clock.now_ms()
            self.life.settle(now_ms)
            job = self.life.store.by_path(path)
            if job is None or job.vendor != vendor_name or job.deleted_at_ms is not None:
                raise UnknownPath(path)
            shot = look(job, now_ms)
            position = next(at for at, output in enumerate(job.plan.outputs) if output.path == path)
            if not _is_there(shot, position):
                raise UnknownPath(path)
            if _is_gone(job, job.plan.file_expiry, now_ms) or _is_gone(job, job.plan.job_expiry, now_ms):
                raise ExpiredJob(job.id)
            return job.plan.outputs[position]

    # What calls do

    def _look_up(self, vendor: Vendor, call: Call, command: LookUp, choice: Choice, now_ms: int) -> Outcome:
        jobs = self._found(vendor, call.account, command, now_ms)
        for job in jobs:
            if job.plan.script.counts_looks:
                self._count_look(job, now_ms)
        if self.clock.mode == "skip" and (then_ms := self._skip(call, vendor, jobs, now_ms)) != now_ms:
            now_ms = then_ms
            jobs = self._found(vendor, call.account, command, now_ms)  # the way there may have led past an expiry
        shots = [look(job, now_ms) for job in jobs]
        return shots[0] if len(command.ids) == 1 and not command.lenient else shots

    def _found(self, vendor: Vendor, account: str, command: LookUp, now_ms: int) -> list[Job]:
        if len(command.ids) == 1 and not command.lenient:
            return [self._find(vendor, account, command.ids[0], command.kinds, now_ms)]
        jobs = []
        for job_id in dict.fromkeys(command.ids):
            try:
                jobs.append(self._find(vendor, account, job_id, command.kinds, now_ms))
            except (UnknownJob, ExpiredJob):
                if not command.lenient:
                    raise
        return jobs

    def _count_look(self, job: Job, now_ms: int) -> None:
        event = Event(LOOKED, now_ms)
        if effect(job.plan, job.created_at_ms, job.events, event):
            self.life.happen(job, event)
            self.life.settle(now_ms)

    def _submit(self, vendor: Vendor, call: Call, command: Submit, choice: Choice, now_ms: int) -> Outcome:
        for problem in self.scenarios.refresh():
            self.journal.note(now_ms, f"scenario not reloaded: {problem}")
        submission = Submission(
            self.life,
            self.scenarios,
            self.settings.seed,
            self.settings.epoch_ms,
            vendor,
            call,
            command,
            choice,
            now_ms,
        )
        job, chosen = submission.accept(
            self.default_scenario, refuse_polls if command.is_blocking else lambda script: None
        )
        call.leniencies.append(f"scenario {chosen.script.scenario.name} by {chosen.how}")
        if command.is_blocking:
            return self._hold(job, command, chosen.script.scenario.hold)
        if self.life.reaches_out(job):
            self.life.watch(job, now_ms)
            self.life.settle(now_ms)
        else:
            job.settled = True  # a plain job: its end brings nothing about
        shot = look(job, now_ms)
        if self.clock.mode == "skip":
            self._skipping.remember(shot)
        return shot

    def _hold(self, job: Job, command: Submit, stays_held: bool) -> Outcome:
        end = job.entries[-1]
        gives_up_at_ms = None if command.gives_up_after_ms is None else job.created_at_ms + command.gives_up_after_ms
        ends_at_ms = end.seen_at_ms if end.stands_for in FINAL else None
        due_ms = min((ms for ms in (ends_at_ms, gives_up_at_ms) if ms is not None), default=None)
        held = self.life.held[job.id] = Held(job.id, due_ms, gives_up_at_ms)
        self.life.watch(job, job.created_at_ms)
        if gives_up_at_ms is not None:
            self.life.agenda.add(gives_up_at_ms, job.id)
        self.life.settle(self.clock.now_ms())
        moves_itself = self.clock.mode != "real" and not self._walking and not (self.clock.hold or stays_held)
        if moves_itself and due_ms is not None and not held.is_done:
            self.journal.note(due_ms, "a blocking call moved the clock to its end", job.vendor, (job.id,))
            self._move_to(due_ms)
        return held.outcome() if held.is_done else held

    def _list_jobs(self, vendor: Vendor, call: Call, command: ListJobs, choice: Choice, now_ms: int) -> Outcome:
        account = self.life.accounts.get(vendor.name, call.account)
        jobs = self._listed(account, command, now_ms) if account else []
        if self.clock.mode == "skip" and account:
            now_ms = self._skip(call, vendor, jobs, now_ms)
            jobs = self._listed(account, command, now_ms)
        shots = [look(job, now_ms) for job in jobs]
        return shots[command.skip :][: command.limit]

    def _listed(self, account: Account, command: ListJobs, now_ms: int) -> list[Job]:
        ids = account.open_jobs if command.unfinished_only else account.job_ids
        jobs = []
        for job_id in reversed(list(ids)):
            job = self.life.store.get(job_id)
            if job is None or job.deleted_at_ms is not None or (command.kinds and job.kind not in command.kinds):
                continue
            if command.unfinished_only and look(job, now_ms).is_final:
                account.open_jobs.pop(job_id, None)
            elif not _is_gone(job, job.plan.job_expiry, now_ms):
                jobs.append(job)
        return jobs

    def _happen(self, vendor: Vendor, call: Call, command: Happen, choice: Choice, now_ms: int) -> Outcome:
        job = self._find(vendor, call.account, command.job_id, command.kinds, now_ms)
        if command.refusal is not None and look(job, now_ms).word in command.refused_in:
            raise command.refusal
        event = Event(command.event, now_ms)
        if effect(job.plan, job.created_at_ms, job.events, event):
            self.life.happen(job, event)
            self.life.settle(now_ms)
        return look(job, now_ms)

    def _put_record(self, vendor: Vendor, call: Call, command: PutRecord, choice: Choice, now_ms: int) -> Outcome:
        account = self.life.accounts.look(vendor, call.account, now_ms, call.switches)
        admit(command.needs, AccountView(self.life, account, Draws(self.settings.seed), now_ms))
        account = self.life.accounts.write(vendor, call.account, now_ms, call.switches)
        record_id = self._new_record_id(vendor, call, command, account, now_ms) if command.new_id else command.id
        record = account.put_record(command.type, record_id, command.data, now_ms, command.credits)
        return account.records(command.type) if command.tells_all else record

    def _new_record_id(self, vendor: Vendor, call: Call, command: PutRecord, account: Account, now_ms: int) -> str:
        """Draw an id for a new record by the same names as a job's, again while it is taken."""
        operation = f"{vendor.name}/{call.operation}"
        self.life.submits[operation] += 1
        names = (self.settings.seed, vendor.name, call.operation, self.life.submits[operation])
        for attempt in range(100):
            dice = Draws(*names, "again", attempt) if attempt else Draws(*names)
            record_id = command.new_id(dice, now_ms) if command.new_id else command.id
            if account.record(command.type, record_id) is None:
                return record_id
        raise SimulatorError(f"{vendor.name} gave 100 ids of a {command.type} that are all taken")

    def _get_record(self, vendor: Vendor, call: Call, command: GetRecord, choice: Choice, now_ms: int) -> Outcome:
        account = self.life.accounts.look(vendor, call.account, now_ms, call.switches)
        if command.id is None:
            return account.records(command.type)
        record = account.record(command.type, command.id)
        if record is None:
            raise errors.UnknownRecord(command.type, command.id)
        return record

    def _delete_record(self, vendor: Vendor, call: Call, command: DeleteRecord, choice: Choice, now_ms: int) -> Outcome:
        account = self.life.accounts.write(vendor, call.account, now_ms, call.switches)
        record = account.drop_record(command.type, command.id)
        if record is None:
            raise errors.UnknownRecord(command.type, command.id)
        return record

    def _get_account(self, vendor: Vendor, call: Call, command: GetAccount, choice: Choice, now_ms: int) -> Outcome:
        if command.key:
            self.admit(vendor, command.key)
        account = self.life.accounts.look(vendor, command.key or call.account, now_ms, call.switches)
        ledger = account.owner("").ledger
        return Record("account", account.key, {"plan": account.plan}, now_ms, now_ms, ledger.available, ledger.granted)

    # Finding jobs

    def _find(self, vendor: Vendor, account: str, job_id: str, kinds: tuple[str, ...], now_ms: int) -> Job:
        job = self.life.store.get(job_id)
        if job is None:
            if self.life.store.buried(job_id) == account:
                raise ExpiredJob(job_id)
            raise UnknownJob(job_id)
        if job.account != account or job.vendor != vendor.name or (kinds and job.kind not in kinds):
            raise UnknownJob(job_id)
        if job.events and job.deleted_at_ms is not None:
            raise UnknownJob(job_id)
        if job.plan.job_expiry is not None:
            _refuse_gone(job, job.plan.job_expiry, now_ms)
        return job

    # Moving the clock

    def _may_skip(self) -> bool:
        return self.clock.mode == "skip" and not self._walking

    def _skip(self, call: Call, vendor: Vendor, jobs: list[Job], now_ms: int) -> int:
        """Move the clock if this read would only say again what was said; return the instant to answer for."""
        if not self._may_skip():
            return now_ms
        account = self.life.accounts.get(vendor.name, call.account)
        return self._skipping.read(jobs, account, now_ms)

    def _move_to(self, at_ms: int) -> None:
        """Settle everything up to an instant, in order, with the clock standing at each due instant."""
        generation = self.generation
        while (due_ms := self.life.agenda.next_due_ms()) is not None and due_ms <= at_ms:
            self.clock.move_to(due_ms)
            self.life.settle(due_ms)
            if generation != self.generation:
                raise Conflict("the sandbox was reset meanwhile")
        self.clock.move_to(at_ms)

    def settle(self) -> int:
        """Do what came due by itself, as a real clock goes on; return the present instant."""
        with self.lock:
            now_ms = self.clock.now_ms()
            self.life.settle(now_ms)
            return now_ms

    def advance(self, by_ms: int) -> int:
        """Move the clock forward; return the new instant.

        Raises:
            SimulatorError: backwards, or beyond the end of time.
            Conflict: the sandbox was reset on the way.
        """
        if by_ms < 0:
            raise SimulatorError("a clock never runs backwards; reset the sandbox to begin again")
        with self.lock:
            return self.advance_to(self.clock.now_ms() + by_ms)

    def advance_to(self, at_ms: int) -> int:
        """Move the clock to an instant; see ``advance``."""
        with self.lock:
            if at_ms < self.clock.now_ms():
                raise SimulatorError(f"it is {iso(self.clock.now_ms())} already; a clock never runs backwards")
            self._walking += 1
            try:
                self._move_to(at_ms)
            finally:
                self._walking = max(self._walking - 1, 0)
            return self.clock.now_ms()

    def advance_to_next(self) -> int | None:
        """Move to the next instant at which anything is planned to change; return it, or None if there is none."""
        with self.lock:
            now_ms = self.clock.now_ms()
            due_ms = self._skipping.next_change_ms(self.life.store, now_ms)
            return None if due_ms is None else self.advance_to(due_ms)

    # What the control API and tests ask for

    def reset(self) -> None:
        """Restore what the sandbox was created with and begin a new generation; what waited ends with the old one."""
        with self.lock:
            old = self.life
            self.generation += 1
            self._begin()
            old.drop()

    def close(self) -> None:
        """End the sandbox: nothing may wait in it any longer."""
        with self.lock:
            self.generation += 1
            self.life.drop()

    def job(self, job_id: str) -> Snapshot:
        """Return any job as it is now, whoever it belongs to, deleted and expired ones too.

        Raises:
            UnknownJob: there is none of that id.
        """
        with self.lock:
            now_ms = self.settle()
            job = self.life.store.get(job_id)
            if job is None:
                raise errors.NotFound(f"there is no job {job_id!r} in sandbox {self.id!r}")
            return look(job, now_ms)

    def jobs(self) -> list[Snapshot]:
        """Return every job as it is now, newest first."""
        with self.lock:
            now_ms = self.settle()
            newest_first = sorted(self.life.store, key=lambda job: job.turn, reverse=True)
            return [look(job, now_ms) for job in newest_first]

    def force(self, job_id: str, *, event: str = "", to: str = "") -> Snapshot:
        """Let something happen to a job: an event that its scenario or lifecycle knows, or a state by its word.

        Raises:
            Conflict: it would change nothing: the job has ended, or knows no such event or word; or the state is
                none that may follow.
        """
        with self.lock:
            shot = self.job(job_id)
            lifecycle = self.life.kinds[kind_key(shot.job)].lifecycle
            may_follow = lifecycle.reachable_from(shot.word)
            if to in lifecycle and to not in may_follow and not shot.is_final:
                legal = [word for word in lifecycle.words() if word in may_follow]
                raise Conflict(
                    f"{to!r} cannot follow {shot.word!r}; legal: {', '.join(legal) or 'nothing'}", legal=legal
                )
            happening = Event(FORCED if to else event, shot.now_ms, to)
            if not effect(shot.job.plan, shot.job.created_at_ms, shot.job.events, happening):
                words = ", ".join(shot.plan.script.at)
                raise Conflict(f"{to or event!r} changes nothing in a job that is {shot.word!r}; its words: {words}")
            self.life.happen(shot.job, happening)
            self.life.settle(shot.now_ms)
            return self.job(job_id)

    def pin(self, pin: Pin, vendor: Vendor) -> Pin:
        """Lay a choice ready for the next accepted submits; it is checked at once.

        Raises:
            UnknownScenario, UnfitScenario: no kind of job of this vendor can play it.
        """
        with self.lock:
            if pin.scenario:
                self._check_scenario(pin.scenario, vendor)
            return self.life.pins.add(pin)

    def set_default_scenario(self, name: str) -> None:
        """Choose what jobs play that nobody else chose for; ``""`` leaves it to the vendors."""
        with self.lock:
            self.default_scenario = name

    def set_switches(self, switches: Mapping[str, str | None]) -> None:
        """Set switches by full name, None to their default; jobs that exist keep their own."""
        with self.lock:
            chosen = {**self._chosen_switches, **switches}
            self._chosen_switches = {name: choice for name, choice in chosen.items() if choice is not None}
            self._switches.clear()

    def chosen_switches(self) -> dict[str, str]:
        """Return the switches that somebody has set, by full name."""
        with self.lock:
            return dict(self._chosen_switches)

    def set_clock(self, *, mode: str | None = None, speed: float | None = None, hold: bool | None = None) -> None:
        """Change how the clock runs, once all that is due has been done; the present instant stays."""
        with self.lock:
            self.settle()
            self.clock.set(mode=mode, speed=speed, hold=hold)

    def pins(self) -> list[Pin]:
        """Return the pins that are not used up, in the order in which they will be."""
        with self.lock:
            return [msgspec.structs.replace(pin) for pin in self.life.pins.kept]

    def clear_pins(self) -> None:
        """Take every pin away."""
        with self.lock:
            self.life.pins.kept.clear()

    def accounts(self) -> list[tuple[str, Account]]:
        """Return every account that has been written to, with its vendor's name, the oldest first."""
        with self.lock:
            self.settle()
            return [(vendor, account) for (vendor, _), account in self.life.accounts]

    def account(self, vendor: str, key: str) -> Account | None:
        """Return an account that has been written to."""
        with self.lock:
            self.settle()
            return self.life.accounts.get(vendor, key)

    def set_account(self, vendor: Vendor, key: str, change: AccountChange) -> Account:
        """Set up an account, made if need be."""
        with self.lock:
            now_ms = self.settle()
            account = self.life.accounts.write(vendor, key, now_ms, self.switches_for(vendor))
            account.change(change, now_ms)
            for name, size in change.slots.items():
                self.life.resize(account.purse.pool(name), size, now_ms)
            self.life.settle(now_ms)
            return account

    def records(self) -> list[tuple[str, str, Record]]:
        """Return every record with its vendor's name and its account's key."""
        return [
            (vendor, account.key, record)
            for vendor, account in self.accounts()
            for type in account.record_types()
            for record in account.records(type)
        ]

    def look_up(self, vendor: Vendor, account: str, job_id: str, kinds: tuple[str, ...] = ()) -> Snapshot:
        """Return a job as its account finds it now. This is no look: nothing is counted, and no clock moves.

        Raises:
            UnknownJob, ExpiredJob: it does not find it.
        """
        with self.lock:
            now_ms = self.settle()
            return look(self._find(vendor, account, job_id, kinds, now_ms), now_ms)

    def counters(self) -> dict[str, int | None]:
        """Return what is under way: requests, held replies, deliveries, and the next due instant."""
        with self.lock:
            return {
                "in_flight": self.in_flight,
                "held": sum(held.waiting for held in self.life.held.values()),
                "deliveries": 0,
                "next_due_ms": self.life.agenda.next_due_ms(),
            }

    def _check_scenario(self, name: str, vendor: Vendor) -> None:
        failures: list[SimulatorError] = []
        for kind in vendor.kinds:
            try:
                self.scenarios.script(name, vendor, kind)
            except SimulatorError as error:
                failures.append(error)
        if len(failures) == len(vendor.kinds):
            raise failures[0]


def _is_there(shot: Snapshot, position: int) -> bool:
    """Return whether the output at a position has been made by now."""
    items = shot.plan.items
    if items and len(items) == len(shot.plan.outputs):
        return items[position].error is None and any(item.index == position for item in shot.finished_items())
    return shot.succeeded


def _is_gone(job: Job, expiry: Expiry | None, now_ms: int) -> bool:
    last_ms = gone_at_ms(job, expiry)
    return last_ms is not None and now_ms > last_ms


def _refuse_gone(job: Job, expiry: Expiry, now_ms: int) -> None:
    if _is_gone(job, expiry, now_ms):
        if expiry.recycled_ms is not None and now_ms > job.created_at_ms + expiry.recycled_ms:
            raise UnknownJob(job.id)
        raise ExpiredJob(job.id)
