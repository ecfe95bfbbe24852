"""A sandbox: one isolated world with its own clock, jobs, accounts, dice and journal, and the commands that move it."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

import msgspec

from simulator.jobs import errors
from simulator.jobs.commands import (
    Command,
)
from simulator.jobs.errors import ApiError, Busy, Conflict, SimulatorError
from simulator.jobs.files import Output
from simulator.jobs.job import FORCED, Event, Job
from simulator.jobs.renders import Told
from simulator.jobs.snapshot import Snapshot, gone_at_ms, look
from simulator.jobs.timeline import effect
from simulator.sandbox.accounts import Account, AccountChange
from simulator.sandbox.calls import Calls, Outcome
from simulator.sandbox.choosing import Choice, Pin, Scenarios, check_id, check_playable
from simulator.sandbox.clock import WARP, Clock, iso
from simulator.sandbox.journal import Journal
from simulator.sandbox.life import Life, kind_key
from simulator.sandbox.moving import Mover
from simulator.sandbox.skipping import MINUTE_MS
from simulator.vendors.vendor import Call, Record, Vendor

NO_CHOICE = Choice()
_LOG = logging.getLogger("simulator")


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
    is_live: bool = False


class Sandbox:
    """Every public method takes the lock, so a test's own thread may command a sandbox at any time.

    The pipeline holds the same lock from look-up to journal; nothing in here ever waits.
    """

    def __init__(
        self,
        id: str,
        settings: SandboxSettings,
        scenarios: Scenarios,
        on_webhooks: Callable[["Sandbox"], None] = lambda sandbox: None,
        on_live: Callable[["Sandbox"], None] = lambda sandbox: None,
    ) -> None:
        """Begin; ``on_webhooks`` is called, with the lock held, when one can be sent or its next instant has changed.

        ``on_live`` is called likewise when a live job can be rendered, or need not be any longer.
        """
        self.id, self.settings = id, settings
        self._on_webhooks, self._on_live = on_webhooks, on_live
        self.lock = threading.RLock()
        self.generation = 1
        self.in_flight = 0
        self.is_closed = False
        self.on_less_to_do: list[Callable[[], None]] = []
        self._scenarios = scenarios
        self._switches: dict[str, Mapping[str, str]] = {}
        self._begin()

    def _begin(self) -> None:
        said = self.settings
        self.clock = Clock(said.epoch_ms, said.mode, said.speed, hold=said.hold)
        self.life = Life(
            said.seed,
            strict=said.strict_keys,
            max_jobs=said.max_jobs,
            journal_bytes=said.journal_bytes,
            on_news=lambda: self._on_webhooks(self),
            on_live=lambda: self._on_live(self),
        )
        self.scenarios = self._scenarios.fork()
        self._chosen_switches = dict(said.switches)
        self._switches.clear()
        self._mover = Mover(self.clock, self.life)
        world = (self.life, self.clock, self._mover, self.scenarios)
        self._calls = Calls(*world, said.seed, said.epoch_ms, said.scenario, is_live=said.is_live)

    # What the pipeline asks for

    @property
    def default_scenario(self) -> str:
        """What jobs play that nobody else chose for; ``""`` leaves it to the vendors."""
        return self._calls.default_scenario

    @property
    def journal(self) -> Journal:
        """The journal of this generation."""
        return self.life.journal

    def enter(self) -> None:
        """Count a request that has begun."""
        self.in_flight += 1

    def leave(self, withheld: tuple[Callable[[], None], ...] = ()) -> None:
        """Count a request whose last byte was written; webhooks that were withheld until then may go now."""
        if withheld:
            with self.lock:
                for release in withheld:
                    release()
        self.in_flight -= 1
        self.tell_less_to_do()

    def tell_less_to_do(self) -> None:
        """Tell everybody who waits for it that a request or a webhook is over, or that a reply is held from now on."""
        for callback in tuple(self.on_less_to_do):
            try:
                callback()
            except Exception as error:
                _LOG.error("an error that nobody foresaw", exc_info=error)

    def admit(self, vendor: Vendor, key: str, *, looks_at_subscription: bool = True) -> None:
        """Let a key in.

        Raises:
            BadKey, ExpiredKey, BlockedAccount: it is refused.
            Busy: its account's rate limit is reached.
        """
        self._calls.admit(vendor, key, looks_at_subscription=looks_at_subscription)

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
            return self._calls.handle(vendor, call, command, choice)

    def refused(self, error: ApiError) -> None:
        """Hear that a refusal has been worded: in the mode skip, a busy slot moves the clock to its opening."""
        if isinstance(error, Busy) and self._mover.may_skip:
            with self.lock:
                self._mover.move_to(error.opens_at_ms or self.clock.now_ms() + MINUTE_MS)

    def find_file(self, vendor_name: str, path: str) -> Output:
        """Return the output that stands at a path by now.

        Raises:
            UnknownPath: there is no such file, or not yet.
            ExpiredJob: there was one.
        """
        with self.lock:
            return self._calls.find_file(vendor_name, path)

    # What a renderer asks for

    def take_renders(self) -> list[Snapshot]:
        """Return the live jobs that can be rendered now, each once."""
        with self.lock:
            now_ms = self.settle()
            return list(self.life.live.take(now_ms))

    def wants_render(self, job_id: str, generation: int) -> bool:
        """Return whether a live job of a generation has not ended yet."""
        with self.lock:
            return generation == self.generation and self.life.live.is_open(job_id, self.settle())

    def hear_render(self, job_id: str, generation: int, told: Told) -> bool:
        """Take in what the render of a live job tells; False: nobody wants it any more, so that it may stop."""
        with self.lock:
            return generation == self.generation and self.life.live.hear(job_id, told, self.settle())

    def keeps_upload(self, path: str) -> bool:
        """Return whether a live job that has not ended was given the upload at a path."""
        with self.lock:
            return not self.is_closed and self.life.live.keeps(path, self.settle())

    def note_render(self, generation: int, job: Job, text: str) -> None:
        """Write down in the journal what a render says of itself."""
        with self.lock:
            if generation == self.generation:
                self.life.journal.note(self.clock.now_ms(), text, job.vendor, (job.id,))

    def keeps_render(self, job_id: str, generation: int) -> bool:
        """Return whether the files of a live job are still needed: it is there, neither deleted nor its files expired."""
        with self.lock:
            job = self.life.store.get(job_id) if generation == self.generation and not self.is_closed else None
            if job is None or job.deleted_at_ms is not None:
                return False
            ends = (gone_at_ms(job, expiry) for expiry in (job.plan.file_expiry, job.plan.job_expiry))
            return all(at_ms is None or self.clock.now_ms() <= at_ms for at_ms in ends)

    # Moving the clock

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
            return self.catch_up_to(self.clock.now_ms() + by_ms)

    def advance_to(self, at_ms: int) -> int:
        """Move the clock to an instant; see ``advance``."""
        with self.lock:
            if at_ms < self.clock.now_ms():
                raise SimulatorError(f"it is {iso(self.clock.now_ms())} already; a clock never runs backwards")
            return self.catch_up_to(at_ms)

    def catch_up_to(self, at_ms: int) -> int:
        """Move the clock to an instant, unless it runs by itself and has passed it; see ``advance``."""
        with self.lock:
            self.life.live.refuse_other_time(self.clock.now_ms())
            with self._mover.walking():
                self._mover.move_to(at_ms)
            return self.clock.now_ms()

    def next_change_ms(self) -> int | None:
        """Return the next instant at which anything is planned to change; None if there is none."""
        with self.lock:
            now_ms = self.settle()
            instants = (self._calls.skipping.next_change_ms(self.life.store, now_ms), self.life.outbox.next_due_ms())
            return min((ms for ms in instants if ms is not None), default=None)

    @property
    def is_walking(self) -> bool:
        """Whether a command is moving the clock step by step."""
        return self._mover.is_walking

    @contextmanager
    def walk(self) -> Iterator[Callable[[int], bool]]:
        """Move the clock step by step while webhooks are sent in between; the clock stands in between, in every mode.

        What is yielded moves on until webhooks are ready, or to the given instant; it returns whether that is reached.

        Raises:
            Conflict: somebody else walks already; later, the sandbox was reset on the way.
        """
        with self.lock:
            mover, clock = self._mover, self.clock
            if mover.is_walking:
                raise Conflict(
                    "the clock is being advanced already, and stands still for its webhooks: "
                    "wait until that is done, or say `wait: false`"
                )
            self.life.live.refuse_other_time(self.clock.now_ms())
            self.settle()
            steps = ExitStack()
            steps.enter_context(mover.walking())
            steps.enter_context(clock.stopped())

        def step(at_ms: int) -> bool:
            with self.lock:
                return mover.step_to(at_ms)

        try:
            yield step
        finally:
            with self.lock:
                steps.close()
            self.tell_less_to_do()

    # What the control API and tests ask for

    def reset(self) -> None:
        """Restore what the sandbox was created with and begin a new generation; what waited ends with the old one.

        Raises:
            Conflict: a warp has the clock.
        """
        with self.lock:
            self._refuse_warp()
            old = self.life
            self.generation += 1
            self._begin()
            old.drop()
            self._on_webhooks(self)
            self._on_live(self)

    def close(self) -> None:
        """End the sandbox: nothing may wait in it any longer."""
        with self.lock:
            self.is_closed = True
            self.generation += 1
            self.life.drop()
            self._on_webhooks(self)
            self._on_live(self)

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
            BadJobId: no job of this vendor can have that id.
        """
        with self.lock:
            self.refresh_scenarios()
            if pin.scenario:
                check_playable(self.scenarios, pin.scenario, [vendor])
            if pin.job_id:
                check_id(pin.job_id, vendor, vendor.kinds)
            return self.life.pins.add(pin)

    def refresh_scenarios(self) -> None:
        """Read those files of the user that have changed, and note what is wrong with them."""
        with self.lock:
            self._calls.refresh_scenarios()

    def set_default_scenario(self, name: str) -> None:
        """Choose what jobs play that nobody else chose for; ``""`` leaves it to the vendors."""
        with self.lock:
            self._calls.default_scenario = name

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
        """Change how the clock runs, once all that is due has been done; the present instant stays.

        Raises:
            Conflict: a warp has the clock.
        """
        with self.lock:
            if mode is not None or speed is not None:
                self._refuse_warp()
            self._set_clock(mode, speed, hold)

    @contextmanager
    def clock_in_mode(self, mode: str) -> Iterator[None]:
        """Let the clock run otherwise while it lasts: in the mode ``warp``, a warp alone moves it."""
        with self.lock:
            before = self.clock.mode, self.clock.speed
            self._set_clock(mode, 1.0)
        try:
            yield
        finally:
            with self.lock:
                self._set_clock(*before)

    def _set_clock(self, mode: str | None, speed: float | None, hold: bool | None = None) -> None:
        if mode not in (None, self.clock.mode) or speed not in (None, self.clock.speed):
            self.life.live.refuse_other_time(self.clock.now_ms())
        self.settle()
        self.clock.set(mode=mode, speed=speed, hold=hold)
        self._on_webhooks(self)

    def _refuse_warp(self) -> None:
        if self.clock.mode == WARP:
            raise Conflict("a warp has the clock of this sandbox: do that before it begins or after it has ended")

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
            return look(self._calls.find(vendor, account, job_id, kinds, now_ms), now_ms)

    def counters(self) -> dict[str, int | None]:
        """Return what is under way: requests, held replies, deliveries, and the next due instant."""
        with self.lock:
            return {
                "in_flight": self.in_flight,
                "held": sum(held.waiting for held in self.life.held.values()),
                "deliveries": self.life.outbox.pending,
                "next_due_ms": self.life.next_due_ms(),
            }
