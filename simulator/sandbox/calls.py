"""What each command of a call does to one generation of a sandbox. Nothing here waits, and the caller holds the lock."""

from collections.abc import Callable
from typing import Any

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
    SetDetails,
    Submit,
)
from simulator.jobs.deliveries import is_strangers_page
from simulator.jobs.errors import Busy, ExpiredJob, SimulatorError, UnknownJob, UnknownPath
from simulator.jobs.files import Output
from simulator.jobs.job import LOOKED, Event, Job
from simulator.jobs.lifecycle import FINAL
from simulator.jobs.scenario import Expiry
from simulator.jobs.snapshot import Snapshot, gone_at_ms, look
from simulator.jobs.timeline import effect
from simulator.sandbox.accounts import Account, AccountChange
from simulator.sandbox.choosing import Choice, Scenarios
from simulator.sandbox.clock import WARP, Clock
from simulator.sandbox.held import Held
from simulator.sandbox.life import Life
from simulator.sandbox.moving import Mover
from simulator.sandbox.skipping import Skipping
from simulator.sandbox.submitting import AccountView, Submission, refuse_polls
from simulator.vendors.vendor import Call, Record, Vendor

Outcome = Snapshot | list[Snapshot] | Record | list[Record] | Held | None
_MOST_TRIES = 100  # for a record's id that is not taken


class Calls:
    """The commands of one generation. ``default_scenario`` is what jobs play that nobody else chose for."""

    def __init__(
        self,
        life: Life,
        clock: Clock,
        mover: Mover,
        scenarios: Scenarios,
        seed: str,
        epoch_ms: int,
        default: str,
        *,
        is_live: bool = False,
    ) -> None:
        self.life, self.clock, self.scenarios, self.default_scenario = life, clock, scenarios, default
        self.skipping = Skipping(clock, life)
        self._mover, self._seed, self._epoch_ms, self._is_live = mover, seed, epoch_ms, is_live
        self._handlers: dict[type[Any], Callable[[Vendor, Call, Any, Choice, int], Outcome]] = {
            LookUp: self._look_up,
            Submit: self._submit,
            ListJobs: self._list_jobs,
            Happen: self._happen,
            PutRecord: self._put_record,
            GetRecord: self._get_record,
            DeleteRecord: self._delete_record,
            SetDetails: self._set_details,
            GetAccount: self._get_account,
        }

    def handle(self, vendor: Vendor, call: Call, command: Command, choice: Choice) -> Outcome:
        """Do what is due and then what a call wants; one instant holds for all of it."""
        now_ms = self.clock.now_ms()
        self.life.settle(now_ms)
        return self._handlers[type(command)](vendor, call, command, choice, now_ms)

    def admit(self, vendor: Vendor, key: str, *, looks_at_subscription: bool = True) -> None:
        """Let a key in, within its account's rate limit."""
        account = self.life.accounts.admit(vendor, key, looks_at_subscription=looks_at_subscription)
        limit = account.rate_limit if account is not None else None
        if limit is not None and (opens_at_ms := limit.count(self.clock.now_ms())) is not None:
            raise Busy(Busy.RATE, opens_at_ms, limit=limit.calls, window_ms=limit.per_ms)

    def refresh_scenarios(self) -> None:
        """Read those files of the user that have changed; the journal tells what is wrong with them."""
        for problem in self.scenarios.refresh():
            self.life.journal.note(self.clock.now_ms(), f"scenario not reloaded: {problem}")

    def find_file(self, vendor_name: str, path: str) -> Output:
        """Return the output that stands at a path by now."""
        now_ms = self.clock.now_ms()
        self.life.settle(now_ms)
        job = self.life.store.by_path(path)
        if job is None or job.vendor != vendor_name or job.deleted_at_ms is not None:
            raise UnknownPath(path)
        shot = look(job, now_ms)
        position = next((at for at, output in enumerate(job.plan.outputs) if output.path == path), None)
        if position is None or not _is_there(shot, position):
            raise UnknownPath(path)
        if _is_gone(job, job.plan.file_expiry, now_ms) or _is_gone(job, job.plan.job_expiry, now_ms):
            raise ExpiredJob(job.id)
        return job.plan.outputs[position]

    def _look_up(self, vendor: Vendor, call: Call, command: LookUp, choice: Choice, now_ms: int) -> Outcome:
        jobs = self._found(vendor, call.account, command, now_ms)
        for job in jobs:
            if job.plan.script.counts_looks:
                self._count_look(job, now_ms)
        if self.clock.mode == "skip" and (then_ms := self._skip(call, vendor, jobs, now_ms)) != now_ms:
            now_ms = then_ms
            jobs = self._found(vendor, call.account, command, now_ms)  # the way there may have led past an expiry
        shots = [look(job, now_ms) for job in jobs]
        if self.life.outbox.has_awaiting:
            call.withheld += self.life.outbox.looked(shots)
        return shots[0] if len(command.ids) == 1 and not command.lenient else shots

    def _found(self, vendor: Vendor, account: str, command: LookUp, now_ms: int) -> list[Job]:
        if len(command.ids) == 1 and not command.lenient:
            return [self.find(vendor, account, command.ids[0], command.kinds, now_ms)]
        jobs = []
        for job_id in dict.fromkeys(command.ids):
            try:
                jobs.append(self.find(vendor, account, job_id, command.kinds, now_ms))
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
        self.refresh_scenarios()
        submission = Submission(
            self.life,
            self.scenarios,
            self._seed,
            self._epoch_ms,
            vendor,
            call,
            command,
            choice,
            now_ms,
            is_live=self._is_live and self.clock.is_plain,
        )
        job, chosen = submission.accept(
            self.default_scenario, refuse_polls if command.is_blocking else lambda script: None
        )
        call.marks += (f"scenario {chosen.script.scenario.name} by {chosen.how}", *chosen.marks)
        if self._is_live and not job.plan.is_live:
            call.marks += (f"live: not rendered, for {self._why_not_live(vendor, call, job)}",)
        overtakes = self._withhold(call, job)
        if command.is_blocking:
            return self._hold(job, command, chosen.script.scenario.hold)
        if self.life.reaches_out(job):
            self.life.watch(job, now_ms)
            self.life.settle(now_ms)
        else:
            job.settled = True  # a plain job: its end brings nothing about
        shot = Snapshot(job, now_ms, 0) if overtakes else look(job, now_ms)
        if self.clock.mode == "skip":
            self.skipping.remember(shot)
        return shot

    def _why_not_live(self, vendor: Vendor, call: Call, job: Job) -> str:
        live = vendor.kind(job.kind).live
        if live is None or not live.fits(job.fields, job.inputs):
            return "this operation has no live behaviour" if live is None else "this request has no live behaviour"
        if is_strangers_page(call.headers.get("Origin")):
            return "a page of another origin asked for it"
        if not self.clock.is_plain:
            return "the clock of this sandbox is not the real one at speed 1"
        return "its scenario has no state that lasts `until: rendered`"

    def _withhold(self, call: Call, job: Job) -> bool:
        """Have a job's webhooks wait for the reply to its submit, or that for them; return whether they overtake it."""
        if job.hook is None:
            return False
        if job.hook.overtakes:
            call.preceded_by += (job.id,)
        call.withheld += (self.life.outbox.withhold(job.id),)
        return job.hook.overtakes

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
        stays_held = stays_held or self.clock.hold or self.clock.mode in ("real", WARP)
        moves_itself = not self._mover.is_walking and not stays_held
        if moves_itself and due_ms is not None and not held.is_done:
            self.life.journal.note(due_ms, "a blocking call moved the clock to its end", job.vendor, (job.id,))
            self._mover.move_to(due_ms)
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
        job = self.find(vendor, call.account, command.job_id, command.kinds, now_ms)
        if command.refusal is not None and look(job, now_ms).word in command.refused_in:
            raise command.refusal
        event = Event(command.event, now_ms)
        if effect(job.plan, job.created_at_ms, job.events, event):
            self.life.happen(job, event)
            self.life.settle(now_ms)
        return look(job, now_ms)

    def _put_record(self, vendor: Vendor, call: Call, command: PutRecord, choice: Choice, now_ms: int) -> Outcome:
        account = self.life.accounts.look(vendor, call.account, now_ms, call.switches)
        admit(command.needs, AccountView(self.life, account, Draws(self._seed), now_ms))
        account = self.life.accounts.write(vendor, call.account, now_ms, call.switches)
        record_id = self._new_record_id(vendor, call, command, account, now_ms) if command.new_id else command.id
        record = account.put_record(command.type, record_id, command.data, now_ms, command.credits)
        return account.records(command.type) if command.tells_all else record

    def _new_record_id(self, vendor: Vendor, call: Call, command: PutRecord, account: Account, now_ms: int) -> str:
        """Draw an id for a new record by the same names as a job's, again while it is taken."""
        operation = f"{vendor.name}/{call.operation}"
        self.life.submits[operation] += 1
        names = (self._seed, vendor.name, call.operation, self.life.submits[operation])
        for attempt in range(_MOST_TRIES):
            dice = Draws(*names, "again", attempt) if attempt else Draws(*names)
            record_id = command.new_id(dice, now_ms) if command.new_id else command.id
            if account.record(command.type, record_id) is None:
                return record_id
        raise SimulatorError(f"{vendor.name} gave {_MOST_TRIES} ids of a {command.type} that are all taken")

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

    def _set_details(self, vendor: Vendor, call: Call, command: SetDetails, choice: Choice, now_ms: int) -> Outcome:
        account = self.life.accounts.write(vendor, call.account, now_ms, call.switches)
        account.change(AccountChange(details=command.details), now_ms)
        return None

    def _get_account(self, vendor: Vendor, call: Call, command: GetAccount, choice: Choice, now_ms: int) -> Outcome:
        if command.key:
            self.admit(vendor, command.key)
        account = self.life.accounts.look(vendor, command.key or call.account, now_ms, call.switches)
        ledger = account.owner("").ledger
        counts = {type: len(account.records(type)) for type in account.record_types()}
        data = {"plan": account.plan, "state": account.state, "details": dict(account.details), "records": counts}
        return Record("account", account.key, data, now_ms, now_ms, ledger.available, ledger.granted)

    def find(self, vendor: Vendor, account: str, job_id: str, kinds: tuple[str, ...], now_ms: int) -> Job:
        """Return an account's job, as a look-up finds it.

        Raises:
            UnknownJob, ExpiredJob: it is not there, or no longer.
        """
        job = self.life.store.get(job_id)
        if job is None:
            if self.life.store.was_buried(job_id, vendor.name, account):
                raise ExpiredJob(job_id)
            raise UnknownJob(job_id)
        if job.account != account or job.vendor != vendor.name or (kinds and job.kind not in kinds):
            raise UnknownJob(job_id)
        if job.events and job.deleted_at_ms is not None:
            raise UnknownJob(job_id)
        if job.plan.job_expiry is not None:
            _refuse_gone(job, job.plan.job_expiry, now_ms)
        return job

    def _skip(self, call: Call, vendor: Vendor, jobs: list[Job], now_ms: int) -> int:
        """Move the clock if this read would only say again what was said; return the instant to answer for."""
        if not self._mover.may_skip:
            return now_ms
        return self.skipping.read(jobs, self.life.accounts.get(vendor.name, call.account), now_ms)


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
