"""What the control API and tests may set up in a sandbox: accounts, slots, rates, clock, switches."""

from typing import Any

import msgspec
import pytest

from simulator.jobs.errors import Busy, Conflict, ExpiredKey, UnknownJob
from simulator.sandbox.accounts import AccountChange, RateLimit
from simulator.sandbox.sandbox import SandboxSettings
from simulator.sandbox.sandboxes import IDLE_SECONDS, Sandboxes
from simulator.sandbox.switches import UnknownChoice, UnknownSwitch, check_switches
from simulator.vendors.vendor import AccountStart, RecordStart, Switch
from tests.acme import ACME, EPOCH_MS, Shelf, call, sandbox


def change(**said: Any) -> AccountChange:
    return AccountChange(**said)


def test_a_job_that_waits_gets_a_slot_that_is_added() -> None:
    box = sandbox("manual", scenario="stuck")
    jobs = [call(box, "clip").job.id for _ in range(3)]
    box.advance(60_000)
    before = [box.job(id).word for id in jobs]

    box.set_account(ACME, "key-1", change(slots={"workers": 3}))

    assert before == ["drawing", "drawing", "new"]
    assert box.job(jobs[2]).word == "drawing"


def test_fewer_slots_take_none_away() -> None:
    box = sandbox("manual")
    first, second = call(box, "clip"), call(box, "clip")

    account = box.set_account(ACME, "key-1", change(slots={"workers": 1}))

    assert account.owner("").pool("workers").holders == [first.job.id, second.job.id]


def test_a_rate_counts_the_calls_that_are_let_in() -> None:
    rate = RateLimit(2, 1000)

    assert [rate.count(ms) for ms in (0, 400, 500, 999, 1000, 1399, 1400)] == [None, None, 1000, 1000, None, 1400, None]


def test_in_the_mode_skip_a_rate_opens_by_itself() -> None:
    box = sandbox("skip")
    box.set_account(ACME, "key-1", change(rate_limit=RateLimit(1, 60_000), has_rate_limit=True))
    box.admit(ACME, "key-1")

    with pytest.raises(Busy) as busy:
        box.admit(ACME, "key-1")
    box.refused(busy.value)

    assert box.clock.now_ms() == EPOCH_MS + 60_000
    box.admit(ACME, "key-1")


def test_a_state_that_was_set_beats_the_word_in_the_key() -> None:
    box = sandbox("manual")
    with pytest.raises(ExpiredKey):
        box.admit(ACME, "expired-1")

    box.set_account(ACME, "expired-1", change(state="active"))

    box.admit(ACME, "expired-1")


def test_the_purse_is_the_accounts_own_also_once_it_is_empty() -> None:
    box = sandbox("manual")

    account = box.set_account(ACME, "key-1", change(credits=0))

    assert account.purse is account.owner("")
    assert (account.purse.ledger.balance, account.owner("studio/s1").ledger.balance) == (0, 100)


def test_where_only_a_record_pays_its_purse_is_the_accounts() -> None:
    start = AccountStart(records=(RecordStart("studio", "s1", {}, credits=100),), details={"secret": "x"})
    vendor = msgspec.structs.replace(ACME, new_account=lambda key, draws, switches: start)
    box = sandbox("manual")

    account = box.set_account(vendor, "key-1", change(credits=7, details={"more": "y"}))

    assert account.owner("studio/s1").ledger.balance == account.purse.ledger.balance == 7
    assert account.details == {"secret": "x", "more": "y"}


def test_no_credit_leaves_no_owner_anything() -> None:
    box = sandbox("manual")

    account = box.set_account(ACME, "key-1", change(state="no-credit"))

    assert {owner.ledger.balance for owner in account.owners.values()} == {0}
    assert account.shown_state == "no-credit"


def test_a_state_that_may_not_follow_cannot_be_forced() -> None:
    box = sandbox("manual")
    shot = call(box, "film")
    box.force(shot.job.id, to="drawing")

    with pytest.raises(Conflict, match="cannot follow") as refused:
        box.force(shot.job.id, to="new")

    assert refused.value.about["legal"] == ["inking", "done", "error", "stopped"]
    assert box.job(shot.job.id).word == "drawing"


def test_looking_a_job_up_counts_nothing_and_finds_what_its_account_does() -> None:
    box = sandbox("skip", scenario="polls")
    shot = call(box, "film")

    found = [box.look_up(ACME, "key-1", shot.job.id) for _ in range(9)]

    assert {one.word for one in found} == {"drawing"}
    assert box.clock.now_ms() == EPOCH_MS
    with pytest.raises(UnknownJob):
        box.look_up(ACME, "key-2", shot.job.id)


def test_a_switch_that_is_put_back_has_its_default() -> None:
    box = sandbox("manual", switches={"acme.a": "1"})

    box.set_switches({"acme.a": None, "acme.b": "2"})

    assert box.chosen_switches() == {"acme.b": "2"}


def test_a_sandbox_of_a_port_is_not_ended_because_nobody_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("simulator.sandbox.sandboxes._real_seconds", lambda: now)
    boxes = Sandboxes(SandboxSettings("1", EPOCH_MS), Shelf())
    boxes.create("port", lasts=True)
    boxes.create("idle")
    boxes.get("port")

    now = 2 * IDLE_SECONDS
    boxes.create("new")

    assert [box.id for box in boxes] == ["main", "port", "new"]


def test_switches_are_checked_with_what_would_be_legal() -> None:
    switch = Switch("busy", ("plain", "polite"), "plain", "acme.busy")
    vendor = msgspec.structs.replace(ACME, switches=(switch,))

    check_switches([vendor], {"acme.busy": "polite"})
    check_switches([vendor], {"acme.busy": None})

    with pytest.raises(UnknownSwitch, match=r"there are: acme\.busy"):
        check_switches([vendor], {"acme.bsy": "plain"})
    with pytest.raises(UnknownChoice, match="it can be: plain, polite") as refused:
        check_switches([vendor], {"acme.busy": "rude"})
    assert refused.value.about["legal"] == ["plain", "polite"]
