"""How a submit becomes a job: needs, scenario, dice, plan, and what the job takes from its owner."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from simulator.jobs.admission import Bindings, admit, admit_by_switch, never_ending, turned_down
from simulator.jobs.chance import Draws
from simulator.jobs.commands import HasCredits, Submit
from simulator.jobs.deliveries import Hook, is_strangers_page
from simulator.jobs.errors import Conflict, NotEnoughCredits, SimulatorError, UnfitScenario
from simulator.jobs.grid import Grid
from simulator.jobs.job import NOTHING, Job
from simulator.jobs.lifecycle import FINAL
from simulator.jobs.plan import Plan, at_once, make_plan
from simulator.jobs.scenario import Refresh, Script
from simulator.jobs.snapshot import look
from simulator.jobs.timeline import unfold
from simulator.sandbox.accounts import Account
from simulator.sandbox.choosing import Choice, Chosen, Scenarios, choose
from simulator.sandbox.life import Life, kind_key
from simulator.vendors.vendor import Call, Draft, Kind, Record, Vendor

LIVE = "live"
"""The scenario that a live server plays where nobody chose another: its jobs run until they are rendered."""

_MOST_TRIES = 100  # for an id that is not taken


class AccountView:
    """An account as admission may see it; it makes no account and changes none."""

    def __init__(self, life: Life, account: Account, draws: Draws, now_ms: int) -> None:
        self._life, self._account, self._draws, self._now_ms = life, account, draws, now_ms

    def records(self, type: str) -> Sequence[Record]:
        """Return the records of a type, oldest first."""
        return self._account.records(type)

    def available(self, owner: str) -> float:
        """Return what an owner may still spend."""
        return self._account.owner(owner).ledger.available

    def opening(self, owner: str, pool: str) -> tuple[bool, int | None]:
        """Return whether a slot is free, else when the first of its holders is seen to end."""
        slots = self._account.owner(owner).pool(pool)
        if slots.is_free:
            return True, None
        ends = [job.entries[-1] for job_id in slots.holders if (job := self._life.store.get(job_id))]
        return False, min((end.seen_at_ms for end in ends if end.stands_for in FINAL), default=None)

    def holders(self, owner: str, pool: str) -> Sequence[str]:
        """Return the jobs that hold a pool's slots."""
        return self._account.owner(owner).pool(pool).holders

    def newest_job(self, kind: str, stands_for: str | None, where: Mapping[str, Any]) -> str | None:
        """Return the newest job of a kind whose fields are these."""
        for job_id in reversed(self._account.job_ids):
            job = self._life.store.get(job_id)
            if job is None or job.kind != kind or job.deleted_at_ms is not None:
                continue
            if stands_for is not None and look(job, self._now_ms).stands_for != stands_for:
                continue
            if all(job.fields.get(name) == value for name, value in where.items()):
                return job_id
        return None

    def output_count(self, job_id: str) -> int:
        """Return how many outputs a job has."""
        job = self._life.store.get(job_id)
        return len(job.plan.outputs) if job else 0

    def ratio(self, name: str) -> float:
        """Return a die of the submit that is being tested."""
        return self._draws.ratio(name)


class Submission:
    """One submit on its way to become a job. ``accept`` does it all or raises and changes nothing."""

    def __init__(
        self,
        life: Life,
        scenarios: Scenarios,
        seed: str,
        epoch_ms: int,
        vendor: Vendor,
        call: Call,
        command: Submit,
        choice: Choice,
        now_ms: int,
        *,
        is_live: bool = False,
    ) -> None:
        """Begin; ``is_live``: the server renders, and the sandbox's clock lets it."""
        self.life, self.scenarios, self.seed, self.epoch_ms = life, scenarios, seed, epoch_ms
        self.vendor, self.call, self.command, self.choice, self.now_ms = vendor, call, command, choice, now_ms
        self.kind = vendor.kind(command.kind)
        self._is_strangers = is_strangers_page(call.headers.get("Origin"))
        self.is_live = is_live and self.kind.live is not None and self.kind.live.fits(command.fields, command.inputs)
        self.is_live = self.is_live and not self._is_strangers

    def accept(self, default_scenario: str, check: Callable[[Script], None]) -> tuple[Job, Chosen]:
        """Test, choose, plan and keep the job.

        Raises:
            ApiError: a need does not hold, or the owner cannot pay what the plan will cost.
            SimulatorError: the chosen scenario or id cannot be had.
        """
        vendor, command, life = self.vendor, self.command, self.life
        operation = f"{vendor.name}/{command.operation}"
        number = life.submits[operation] + 1
        pin_seed = self.choice.seed or (pin.seed if (pin := life.pins.first(vendor.name, command.operation)) else "")
        draws = Draws(pin_seed or self.seed, vendor.name, command.operation, "pinned" if pin_seed else number)
        account = life.accounts.look(vendor, self.call.account, self.now_ms, self.call.switches)
        bindings = admit(command.needs, AccountView(life, account, draws, self.now_ms))
        job = None
        unfit: dict[str, str] = {}
        while job is None:
            chosen = self._chosen(bindings, default_scenario, unfit)
            try:
                check(chosen.script)
                job = self._draw_up(account, bindings, chosen, draws, number)
            except UnfitScenario as error:
                name = chosen.script.scenario.name
                if not chosen.may_be_passed_over or name in unfit:
                    raise
                unfit[name] = error.message
        life.store.make_room(self.now_ms)
        account = life.accounts.write(vendor, self.call.account, self.now_ms, self.call.switches)
        life.submits[operation] = number
        if chosen.pin:
            life.pins.consume(chosen.pin)
        self._keep(job, account)
        return job, chosen

    def _chosen(self, bindings: Bindings, default_scenario: str, unfit: Mapping[str, str]) -> Chosen:
        if bindings.failure:
            return Chosen(turned_down(self.kind.lifecycle, bindings.failure, self.vendor.name), "refusal")
        if self.command.never_ends:
            return Chosen(never_ending(self.kind.lifecycle), "refusal")
        pins, call = self.life.pins, self.call
        asked = (self.vendor, self.kind, self.command, self.choice, call.headers)
        if self.is_live and not default_scenario:
            default_scenario = LIVE
        return choose(self.scenarios, pins, *asked, default_scenario, unfit)

    def _draw_up(self, account: Account, bindings: Bindings, chosen: Chosen, draws: Draws, number: int) -> Job:
        command, kind, scenario = self.command, self.kind, chosen.script.scenario
        switches = dict(self.call.switches)
        switches.update(_own_switches(scenario.switches, self.vendor.name))
        bound = dict(bindings.found)
        draft = Draft(
            command.operation,
            self.call.account,
            draws,
            self.now_ms,
            command.fields,
            command.inputs,
            bound,
            scenario.result,
            command.item_count or scenario.result.count or 0,
            switches,
        )
        if not (draft.item_count or any(state.items and state.items.count for state in chosen.script.states)):
            draft = msgspec.structs.replace(draft, item_count=kind.item_count(draft))
        admit_by_switch(command.needs, AccountView(self.life, account, draws, self.now_ms), bindings, draft.switches)
        asked = (self.vendor.name, command.operation, scenario.webhook, draws)
        hook = self._hook(account, overtakes=self.life.outbox.orders.overtakes_reply(*asked))
        job_id, plan = self._planned(chosen.script, draft, chosen.job_id, hook)
        ledger = account.owner(bindings.owner).ledger
        self._refuse_unpaid(plan.price, ledger.available)
        return Job(
            id=job_id,
            vendor=self.vendor.name,
            operation=command.operation,
            kind=kind.name,
            account=self.call.account,
            created_at_ms=self.now_ms,
            plan=plan,
            dice=draws.prefix,
            fields=command.fields or NOTHING,
            inputs=command.inputs,
            bound=self.life.shared(bound),
            credits_left=ledger.available - plan.price,
            credits_total=ledger.granted,
            owner=bindings.owner,
            parent=command.parent,
            number=number,
            turn=self.life.submits.total() + 1,
            off_contract=scenario.off_contract,
            hook=hook,
        )

    def _hook(self, account: Account, *, overtakes: bool) -> Hook | None:
        """Return where the job's webhooks go; None where nobody wants any."""
        webhook = self.kind.webhook
        url = webhook.url(self.command.fields, account.details) if webhook else ""
        if not url:
            return None
        if self._is_strangers:
            self.call.marks += (f"no webhook will go out: a page of {self.call.headers['Origin'][:200]} asked for it",)
            return None
        hosts = ("", *self.vendor.media_hosts)
        return Hook(url, tuple((host, self.call.files_at("", host)) for host in hosts), overtakes)

    def _planned(self, script: Script, draft: Draft, promised: str, hook: Hook | None) -> tuple[str, Plan]:
        """Return an id and the plan under it; an id counts as taken where a file of another job has one of its paths.

        Raises:
            Conflict: the promised id is taken.
        """
        store, path = self.life.store, ""
        for attempt in range(_MOST_TRIES):
            tried = msgspec.structs.replace(draft, attempt=attempt) if attempt else draft
            job_id = promised or self.kind.new_id(msgspec.structs.replace(tried, draws=tried.fresh))
            if promised and store.has(promised):
                raise Conflict(f"the id {promised!r} is taken by another job of this sandbox", job_id=promised)
            if store.has(job_id):
                continue
            plan = self._plan(script, tried, job_id, hook)
            path = next((output.path for output in plan.outputs if store.has_path(output.path)), "")
            if not path:
                return job_id, plan
        if promised:
            raise Conflict(f"the id {promised!r} needs the path {path!r}, and another job has it", job_id=promised)
        raise SimulatorError(f"{self.vendor.name} gave {_MOST_TRIES} ids that are all taken; a pin may repeat a seed")

    def _refuse_unpaid(self, price: float, available: float) -> None:
        """Refuse a job that will cost more than its needs could know from the call alone: its price is that of its plan."""
        for need in self.command.needs:
            if isinstance(need, HasCredits) and price > available:
                is_told = issubclass(need.error, NotEnoughCredits)
                raise need.error(price, available) if is_told else need.error()

    def _plan(self, script: Script, draft: Draft, job_id: str, hook: Hook | None) -> Plan:
        kind, refresh = self.kind, script.scenario.refresh or self.kind.refresh
        held = self.command.is_blocking
        plan = make_plan(
            script,
            draft.draws,
            item_count=draft.item_count if kind.takes_items else 0,
            frames=_frames(kind, draft, job_id) if script.counts_frames else 0,
            item_errors=self.command.item_errors,
            refresh=self._grid(refresh, draft, job_id) if refresh and not held else None,
            queues=kind.queues and bool(self.command.takes),
            switches=self.call.switches if draft.switches == self.call.switches else draft.switches,
            job_expiry=kind.job_expiry_by(draft.switches) if kind.job_expiry_by else kind.job_expiry,
            epoch_ms=self.epoch_ms,
            file_expiry=kind.file_expiry,
            is_live=self.is_live and script.until_rendered,
        )
        if hook and hook.overtakes:
            plan = at_once(plan)
        end = unfold(plan, self.now_ms)[-1]
        draft = msgspec.structs.replace(
            draft,
            item_count=draft.item_count or len(plan.items),
            ended_at_ms=end.at_ms if end.stands_for in FINAL else None,
        )
        outputs = kind.outputs(draft, job_id)
        good = outputs
        if plan.items and len(outputs) == len(plan.items):
            good = tuple(output for output, item in zip(outputs, plan.items, strict=True) if item.error is None)
        settled = kind.settles(draft, good) if kind.settles else None
        return msgspec.structs.replace(
            plan,
            outputs=outputs,
            price=kind.price(draft, good),
            settled=settled,
        )

    def _grid(self, refresh: Refresh, draft: Draft, job_id: str) -> Grid:
        low_ms, high_ms = max(refresh.every.low_ms, 1), max(refresh.every.high_ms, 1)
        if refresh.since == "start":
            has_slot = self.kind.queues and bool(self.command.takes)
            return Grid(self.now_ms, low_ms, high_ms, f"{draft.draws.prefix}\x1fsweep", refresh.covers, has_slot)
        seed = "\x1f".join((self.seed, self.vendor.name, self.call.account, "sweep"))
        return Grid(self.epoch_ms, low_ms, high_ms, seed, refresh.covers)

    def _keep(self, job: Job, account: Account) -> None:
        life, owner = self.life, account.owner(job.owner)
        life.kinds[kind_key(job)] = self.kind
        job.entries = unfold(job.plan, job.created_at_ms)
        if job.plan.is_live:
            life.live.add(job)
        if self.command.takes:
            life.take_slot(job, self.command.takes, owner, self.now_ms)
        if job.plan.price and self.kind.charges == "submit":
            owner.ledger.hold(self.now_ms, job.plan.price, job.id)
        elif job.plan.price:
            owner.ledger.reserve(job.plan.price, job.id)
        life.store.add(job, self.now_ms)
        account.job_ids[job.id] = None
        account.open_jobs[job.id] = None
        life.tidy(account, self.now_ms)


def _frames(kind: Kind, draft: Draft, job_id: str) -> int:
    """Return how many frames the outputs will have, a picture being one; how long the job takes changes none of that."""
    return sum(output.frames for output in kind.outputs(draft, job_id))


def refuse_polls(script: Script) -> None:
    """A call that blocks is never looked at, so a state counted in looks would never end.

    Raises:
        UnfitScenario: the scenario has such a state.
    """
    if script.counts_looks:
        raise UnfitScenario(f"{script.scenario.name} counts looks (polls), and this call waits for its job instead")


def _own_switches(switches: tuple[tuple[str, str], ...], vendor: str) -> dict[str, str]:
    prefix = f"{vendor}."
    return {name.removeprefix(prefix): choice for name, choice in switches if name.startswith(prefix)}
