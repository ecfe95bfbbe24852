"""The engine's hard cases, on a real sandbox: what happens between a true end and its showing, and who pays for it."""

import threading

import pytest

from simulator.jobs.durations import read_duration
from simulator.jobs.errors import (
    Busy,
    Conflict,
    ExpiredJob,
    NotEnoughCredits,
    SimulatorError,
    UnfitScenario,
    UnknownJob,
)
from simulator.jobs.scenario import Branch, Expiry, Items, Refresh, State
from simulator.sandbox.choosing import Pin
from simulator.sandbox.sandbox import Sandbox
from tests.acme import (
    ACME,
    AT_ONCE,
    BATCH,
    DAY_MS,
    EPOCH_MS,
    FAILS,
    HAPPY,
    STUCK,
    call,
    sandbox,
    scenario,
    state,
)

MINUTE_MS = 60_000


def ledger(box: Sandbox, owner: str = "", key: str = "key-1") -> list[tuple[str, float]]:
    account = box.life.accounts.get("acme", key)
    assert account
    return [(entry.what, entry.amount) for entry in account.owner(owner).ledger.entries]


def test_a_cancel_between_the_true_end_and_the_sweep_counts_and_refunds() -> None:
    box = sandbox("manual", scenario("quick", state("drawing", "1s", "done"), State("done")), scenario="quick")
    shot = call(box, "film")
    box.advance(1_500)
    assert shot.job.entries[-1].seen_at_ms > box.clock.now_ms()

    cancelled = call(box, "cancel", id=shot.job.id)
    box.advance(2 * MINUTE_MS)

    assert cancelled.word == "stopped"
    assert call(box, "getJob", id=shot.job.id).word == "stopped"
    assert ledger(box) == [("grant", 800), ("hold", -4), ("refund", 4)]


def test_a_job_queued_behind_a_stuck_one_moves_a_minute_a_look_in_skip() -> None:
    box = sandbox("skip", scenario="stuck")
    for _ in range(2):
        call(box, "clip")
    waiting = call(box, "clip", scenario="happy")

    before_ms = box.clock.now_ms()
    words = [call(box, "getJob", id=waiting.job.id).word for _ in range(5)]

    assert words == ["new"] * 5
    assert box.clock.now_ms() - before_ms == 5 * MINUTE_MS


def test_a_slot_is_granted_at_its_own_instant_though_nobody_called_for_a_minute() -> None:
    box = sandbox(
        "manual", scenario("brief", state("new", then="drawing"), state("drawing", "13s", "done"), State("done"))
    )
    box.set_default_scenario("brief")
    first, second, third = (call(box, "clip") for _ in range(3))

    box.clock.move_to(EPOCH_MS + MINUTE_MS)  # the clock went on by itself, no exchange came
    shown = call(box, "getJob", id=third.job.id)

    freed_at_ms = first.job.entries[-1].seen_at_ms
    assert freed_at_ms == EPOCH_MS + 14_000  # the end is seen on a tick of two seconds
    assert [(entry.word, entry.at_ms) for entry in third.job.entries][1] == ("drawing", freed_at_ms)
    assert shown.word == "done"
    assert second.job.settled


def test_a_busy_desk_refuses_and_is_free_again_at_the_end() -> None:
    box = sandbox("manual", hold=True)
    held = call(box, "picture")

    with pytest.raises(Busy) as refusal:
        call(box, "picture")
    box.advance_to(refusal.value.opens_at_ms or 0)

    assert refusal.value.opens_at_ms == held.due_ms
    assert held.is_done
    assert call(box, "picture").due_ms > box.clock.now_ms()


def test_skip_moves_to_the_opening_once_the_refusal_is_worded() -> None:
    box = sandbox("skip", hold=True)
    call(box, "picture")
    with pytest.raises(Busy) as refusal:
        call(box, "picture")
    assert box.clock.now_ms() == EPOCH_MS

    box.refused(refusal.value)

    assert box.clock.now_ms() == refusal.value.opens_at_ms
    call(box, "picture")


def test_a_blocking_call_moves_a_standing_clock_to_its_own_end() -> None:
    for mode in ("manual", "skip"):
        box = sandbox(mode)

        shot = call(box, "picture")

        assert shot.word == "done"
        assert box.clock.now_ms() == shot.job.entries[-1].at_ms > EPOCH_MS
        assert any("moved the clock" in mark for entry in box.journal for mark in entry.marks)


def test_a_blocking_call_that_gives_up_fails_its_job_and_frees_the_desk() -> None:
    box = sandbox("manual", scenario="stuck")

    shot = call(box, "picture")

    assert (shot.word, shot.gave_up) == ("error", True)
    assert box.clock.now_ms() == EPOCH_MS + MINUTE_MS
    assert call(box, "getJob", id=shot.job.id).gave_up
    assert ledger(box, "studio/s1") == [("grant", 100), ("hold", -4), ("refund", 4)]
    call(box, "picture")


def test_a_blocking_call_refuses_a_scenario_that_counts_looks() -> None:
    box = sandbox("manual")

    with pytest.raises(UnfitScenario, match="counts looks"):
        call(box, "picture", scenario="polls")

    assert call(box, "picture").job.number == 1


def test_a_refused_submit_consumes_no_pin_and_no_number() -> None:
    box = sandbox("manual", hold=True)
    call(box, "picture")
    box.pin(Pin("acme", "picture", "fails"), ACME)

    with pytest.raises(Busy):
        call(box, "picture")
    box.advance(MINUTE_MS)
    pinned = call(box, "picture")

    assert box.life.store.get(pinned.job_id).plan.script.scenario is FAILS  # type: ignore[union-attr]
    assert box.life.store.get(pinned.job_id).number == 2  # type: ignore[union-attr]
    assert not box.life.pins.kept


def test_a_job_that_is_refused_by_its_scenario_was_accepted_and_consumes_its_pin() -> None:
    box = sandbox("manual")
    box.pin(Pin("acme", "film", "refused"), ACME)

    first, second = call(box, "film"), call(box, "film")

    assert first.job.plan.script.scenario is AT_ONCE
    assert (first.word, first.failure.message) == ("error", "no such style")
    assert second.job.plan.script.scenario is HAPPY
    assert second.job.number == 2


def test_a_deletion_before_the_end_refunds_once() -> None:
    box = sandbox("manual")
    shot = call(box, "film")

    call(box, "delete", id=shot.job.id)
    with pytest.raises(UnknownJob):
        call(box, "delete", id=shot.job.id)
    box.advance(DAY_MS)

    assert ledger(box) == [("grant", 800), ("hold", -4), ("refund", 4)]
    assert not box.life.account_of(shot.job).open_jobs  # type: ignore[union-attr]


def test_a_reset_with_a_held_reply_open_ends_the_wait_with_its_generation() -> None:
    box = sandbox("manual", hold=True)
    held, told = call(box, "picture"), []
    held.subscribe(lambda: told.append(True))

    box.reset()

    assert told == [True]
    with pytest.raises(Conflict, match="reset"):
        held.outcome()
    assert len(box.life.store) == 0
    assert box.counters() == {"in_flight": 0, "held": 0, "deliveries": 0, "next_due_ms": None}
    assert not call(box, "picture").is_done  # hold is what the sandbox was created with


def test_two_jobs_of_one_account_are_seen_to_change_on_the_same_sweep() -> None:
    box = sandbox("manual", scenario("quick", state("drawing", "1s", "done"), State("done")), scenario="quick")
    first = call(box, "film")
    box.advance(100)
    second = call(box, "film")

    assert first.job.entries[-1].at_ms != second.job.entries[-1].at_ms
    assert first.job.entries[-1].seen_at_ms == second.job.entries[-1].seen_at_ms


def test_in_skip_a_client_sees_every_word_once_and_in_order() -> None:
    box = sandbox("skip")
    shot = call(box, "plain")

    words = [shot.word] + [call(box, "getJob", id=shot.job.id).word for _ in range(4)]

    assert words == ["new", "drawing", "done", "done", "done"]


def test_in_skip_each_finished_item_is_a_change() -> None:
    box = sandbox("skip", scenario="some")
    shot = call(box, "batch")

    counts = [len(shot.finished_items())]
    while not (shot := call(box, "getJob", id=shot.job.id)).is_final:
        counts.append(len(shot.finished_items()))

    assert counts[:2] == [0, 0]
    assert counts == sorted(counts)
    assert len(shot.finished_items()) == 5
    assert set(range(1, 5)) <= {*counts, 5}


def test_a_stuck_job_comes_to_its_expiry_after_many_looks_and_never_on_the_first() -> None:
    box = sandbox("skip", scenario("brief", state("drawing", then="done", forever=True), State("done"),
                                   job_expiry=Expiry(10 * MINUTE_MS)), scenario="brief")  # fmt: skip
    shot = call(box, "plain")

    words = [call(box, "getJob", id=shot.job.id).word for _ in range(10)]

    assert words == ["drawing"] * 10  # the last one answers at exactly ten minutes
    with pytest.raises(ExpiredJob):
        call(box, "getJob", id=shot.job.id)


def test_a_listing_that_shows_nothing_new_moves_the_clock_too() -> None:
    box = sandbox("skip")
    call(box, "plain")

    shown = [[shot.word for shot in call(box, "listJobs")] for _ in range(3)]

    assert shown == [["drawing"], [], []]


def test_debits_at_the_end_cannot_overdraw_an_account() -> None:
    box = sandbox("manual")
    account = box.life.accounts.write(ACME, "key-1", EPOCH_MS, {})
    account.owner("").ledger.set_balance(4, EPOCH_MS)

    call(box, "film")

    with pytest.raises(NotEnoughCredits):
        call(box, "film")


def test_only_successful_items_are_paid_for() -> None:
    box = sandbox("manual", scenario="some")
    shot = call(box, "batch")
    box.advance(MINUTE_MS)

    assert shot.job.plan.script.scenario is BATCH
    assert ledger(box) == [("grant", 800), ("debit", -16)]


def test_a_held_reply_of_a_deleted_job_is_released() -> None:
    box = sandbox("manual", hold=True, scenario="stuck")
    held = call(box, "picture")

    call(box, "delete", id=held.job_id)

    assert held.outcome().word == "drawing"


def test_files_are_there_from_the_end_until_they_expire() -> None:
    from simulator.jobs.errors import UnknownPath

    box = sandbox("manual", scenario="some")
    shot = call(box, "batch")
    paths = [output.path for output in shot.outputs]

    with pytest.raises(UnknownPath):
        box.find_file("acme", paths[0])
    box.advance(30_000)
    found = box.find_file("acme", paths[0])
    with pytest.raises(UnknownPath):
        box.find_file("acme", paths[1])  # this item failed
    box.advance_to(shot.job.entries[-1].seen_at_ms + DAY_MS)
    box.find_file("acme", paths[0])
    box.advance(1)

    assert found.path == paths[0]
    with pytest.raises(ExpiredJob):
        box.find_file("acme", paths[0])


def test_two_threads_never_see_an_impossible_reply() -> None:
    box = sandbox("manual")
    shots = [call(box, "clip") for _ in range(8)]
    legal = ["new", "drawing", "done"]
    seen: dict[str, list[int]] = {shot.job.id: [] for shot in shots}
    failures: list[BaseException] = []

    def poll() -> None:
        try:
            for _ in range(400):
                for job_id, positions in seen.items():
                    positions.append(legal.index(call(box, "getJob", id=job_id).word))
        except BaseException as error:
            failures.append(error)

    pollers = [threading.Thread(target=poll) for _ in range(2)]
    for poller in pollers:
        poller.start()
    for _ in range(300):
        box.advance(400)
    for poller in pollers:
        poller.join()

    assert not failures
    assert [call(box, "getJob", id=job_id).word for job_id in seen] == ["done"] * 8


def test_the_same_run_replays() -> None:
    def run() -> list[object]:
        box = sandbox("skip", seed="abc")
        said: list[object] = []
        for operation in ("film", "clip", "batch", "film", "plain"):
            shot = call(box, operation)
            said += [shot.job.id, shot.job.entries, shot.outputs]
            said += [(shot.word, shot.progress) for shot in [call(box, "getJob", id=shot.job.id) for _ in range(4)]]
        return said

    assert run() == run()


def test_a_job_is_where_its_own_draws_put_it_whatever_other_operations_do() -> None:
    one, other = sandbox("manual"), sandbox("manual")
    call(other, "clip")
    call(other, "batch")

    assert call(one, "film").job.entries == call(other, "film").job.entries


def test_a_seed_in_the_header_fixes_a_job_and_a_repeat_only_changes_its_id() -> None:
    one, other = sandbox("manual", seed="1"), sandbox("manual", seed="2")

    first, repeat = call(one, "film", seed="x"), call(one, "film", seed="x")
    elsewhere = call(other, "film", seed="x")

    assert first.job.plan.spans_ms == repeat.job.plan.spans_ms == elsewhere.job.plan.spans_ms
    assert first.job.id == elsewhere.job.id != repeat.job.id


def test_a_pinned_id_is_given_out_once() -> None:
    box = sandbox("manual")

    shot = call(box, "film", job_id="film-printed")

    assert shot.job.id == "film-printed"
    with pytest.raises(Conflict, match="taken"):
        call(box, "film", job_id="film-printed")


def test_another_accounts_and_another_vendors_jobs_are_unknown() -> None:
    box = sandbox("manual")
    shot = call(box, "film")

    with pytest.raises(UnknownJob):
        call(box, "getJob", key="key-2", id=shot.job.id)


def test_the_oldest_finished_job_makes_room_and_answers_as_expired() -> None:
    box = sandbox("manual", max_jobs=3)
    oldest = call(box, "plain", scenario="stuck")
    finished = call(box, "plain")
    box.advance(MINUTE_MS)

    for _ in range(2):
        call(box, "plain")

    assert call(box, "getJob", id=oldest.job.id).word == "drawing"
    with pytest.raises(ExpiredJob):
        call(box, "getJob", id=finished.job.id)
    with pytest.raises(UnknownJob):
        call(box, "getJob", key="key-2", id=finished.job.id)


@pytest.mark.parametrize(
    ("body", "headers", "claimed", "expected"),
    [
        ({}, {}, None, "happy"),
        ({"prompt": "a king [[fails]]"}, {}, None, "fails"),
        ({"prompt": "a king [[unknown-one]]"}, {}, None, "happy"),
        ({"image": "https://example.org/a.png?scenario=stuck"}, {}, None, "stuck"),
        ({"images": [{"url": "https://example.org/a.png?scenario=stuck"}]}, {}, "fails", "stuck"),
        ({}, {}, "fails", "fails"),
        ({"prompt": "[[fails]]"}, {"scenario": "stuck"}, None, "stuck"),
    ],
)
def test_the_first_way_of_choosing_that_matches_wins(
    body: dict[str, object], headers: dict[str, str], claimed: str | None, expected: str
) -> None:
    box = sandbox("manual")
    box._scenarios.claimed = claimed  # type: ignore[attr-defined]

    shot = call(box, "film", body=body, **headers)

    assert shot.job.plan.script.scenario.name == expected


def test_a_pin_wins_over_a_header_and_serves_as_often_as_it_says() -> None:
    box = sandbox("manual")
    box.pin(Pin("acme", scenario="fails", times=2), ACME)

    names = [call(box, "film", scenario="stuck").job.plan.script.scenario.name for _ in range(3)]

    assert names == ["fails", "fails", "stuck"]


def test_a_forced_state_ends_a_job_at_once() -> None:
    box = sandbox("manual")
    shot = call(box, "film")

    forced = box.force(shot.job.id, to="error")

    assert forced.word == "error"
    assert ledger(box)[-1] == ("refund", 4)
    with pytest.raises(Conflict, match="changes nothing"):
        box.force(shot.job.id, to="done")


def test_an_event_of_the_scenarios_own_leads_where_it_says() -> None:
    worker = State("drawing", forever=True, then=(Branch("done"),), on=(("worker-died", "error"),))
    box = sandbox("manual", scenario("fragile", worker, State("done"), State("error")), scenario="fragile")
    shot = call(box, "film")

    assert box.force(shot.job.id, event="worker-died").word == "error"


def test_stuck_is_stuck() -> None:
    box = sandbox("manual", STUCK, scenario="stuck")
    shot = call(box, "film")

    box.advance(30 * DAY_MS)

    assert call(box, "getJob", id=shot.job.id).word == "drawing"
    assert call(box, "getJob", id=shot.job.id).progress < 1


def test_in_skip_a_stuck_batch_moves_a_minute_a_look_and_shows_no_item() -> None:
    box = sandbox("skip", scenario="stuck")
    shot = call(box, "batch")
    call(box, "getJob", id=shot.job.id)
    before_ms = box.clock.now_ms()

    shot = call(box, "getJob", id=shot.job.id)

    assert box.clock.now_ms() == before_ms + MINUTE_MS
    assert shot.finished_items() == []
    assert box.next_change_ms() is None


def test_in_skip_a_stuck_job_runs_through_nobody_elses_instants() -> None:
    long = scenario("long", state("drawing", "2h", "done"), State("done"))
    box = sandbox("skip", long, scenario="stuck")
    shot = call(box, "plain")
    call(box, "film", key="key-2", scenario="long")
    call(box, "getJob", id=shot.job.id)
    before_ms = box.clock.now_ms()

    call(box, "getJob", id=shot.job.id)

    assert box.clock.now_ms() == before_ms + MINUTE_MS


def test_in_skip_a_job_queued_behind_one_with_a_known_end_moves_to_that_end() -> None:
    long = scenario("long", state("new", then="drawing"), state("drawing", "2h", "done"), State("done"))
    box = sandbox("skip", long, scenario="long")
    first, _ = call(box, "clip"), call(box, "clip")
    waiting = call(box, "clip")

    shot = call(box, "getJob", id=waiting.job.id)

    assert shot.word == "drawing"
    assert box.clock.now_ms() == first.job.entries[-1].seen_at_ms


def test_after_a_cancel_no_further_item_is_finished() -> None:
    items = Items(read_duration("1s..60s"), count=8)
    busy = scenario("busy", State("drawing", items=items, then=(Branch("done"),)), State("done"),
                    refresh=Refresh(read_duration("30s")))  # fmt: skip
    for seed in range(12):
        box = sandbox("manual", busy, scenario="busy", seed=str(seed))
        shot = call(box, "batch")
        box.advance(44_000)

        at_once = len(call(box, "cancel", id=shot.job.id).finished_items())
        box.advance(DAY_MS)

        assert len(call(box, "getJob", id=shot.job.id).finished_items()) == at_once


def test_a_cancel_shows_the_numbers_of_the_last_tick_and_never_the_whole() -> None:
    quick = scenario("quick", state("drawing", "40s", "done"), State("done"), refresh=Refresh(read_duration("30s")))
    for after_ms in (31_000, 44_000, 59_999):
        box = sandbox("manual", quick, scenario="quick")
        shot = call(box, "plain")
        box.advance(after_ms)
        before = call(box, "getJob", id=shot.job.id).progress

        assert call(box, "cancel", id=shot.job.id).progress == before < 1


def test_an_edit_renews_what_is_there_and_brings_nothing_back() -> None:
    box = sandbox("manual")
    shot = call(box, "batch")
    with pytest.raises(Conflict):
        box.force(shot.job.id, event="edited")  # it has not ended yet
    box.advance(MINUTE_MS)
    box.advance(DAY_MS - MINUTE_MS)
    box.force(shot.job.id, event="edited")
    box.advance(DAY_MS)
    box.find_file("acme", shot.outputs[0].path)
    box.advance(MINUTE_MS)

    box.force(shot.job.id, event="edited")

    with pytest.raises(ExpiredJob):
        box.find_file("acme", shot.outputs[0].path)


def test_a_refund_goes_to_the_ledger_that_paid_and_to_no_other_of_its_name() -> None:
    box = sandbox("manual", hold=True, scenario="stuck")
    held = call(box, "picture")
    account = box.life.accounts.get("acme", "key-1")
    assert account
    account.drop_record("studio", "s1")
    account.put_record("studio", "s1", {"name": "again"}, EPOCH_MS, 100, {"desk": 1})

    box.force(held.job_id, to="error")

    assert ledger(box, "studio/s1") == [("grant", 100)]


def test_a_sandbox_full_of_running_jobs_says_so_and_keeps_its_bound() -> None:
    box = sandbox("manual", max_jobs=5, scenario="stuck")
    for _ in range(5):
        call(box, "plain")

    with pytest.raises(SimulatorError, match="none has ended"):
        call(box, "plain")

    assert len(box.life.store) == 5


def test_accounts_are_bounded_though_nobody_lists_their_jobs() -> None:
    box = sandbox("manual")
    box.life.accounts._most = 10
    for number in range(40):
        call(box, "plain", key=f"key-{number}")
        box.advance(MINUTE_MS)

    assert len(box.life.accounts) <= 11


def test_a_deleted_job_that_made_room_stays_unknown() -> None:
    box = sandbox("manual", max_jobs=2)
    deleted = call(box, "plain").job
    call(box, "delete", id=deleted.id)
    for _ in range(2):
        call(box, "plain")

    with pytest.raises(UnknownJob):
        call(box, "getJob", id=deleted.id)


def test_looks_count_for_the_state_they_were_made_in() -> None:
    twice = scenario(
        "twice",
        State("drawing", polls=2, then=(Branch("inking"),)),
        State("inking", polls=2, then=(Branch("done"),)),
        State("done"),
    )
    box = sandbox("manual", twice, scenario="twice")
    shot = call(box, "plain")

    seen = []
    for _ in range(5):
        shot = call(box, "getJob", id=shot.job.id)
        seen.append((shot.word, shot.progress))

    assert [word for word, _ in seen] == ["drawing", "drawing", "inking", "inking", "done"]
    assert [share for _, share in seen] == sorted({share for _, share in seen})


def test_a_sweep_counts_from_the_epoch_and_takes_what_is_too_old_by_then() -> None:
    brief = scenario(
        "brief", state("drawing", "1s", "done"), State("done"), job_expiry=Expiry(100_000, "ended", 300_000)
    )
    box = sandbox("manual", brief, scenario="brief")
    shot = call(box, "plain")

    box.advance(299_999)
    assert call(box, "getJob", id=shot.job.id).word == "done"
    box.advance(1)

    with pytest.raises(ExpiredJob):
        call(box, "getJob", id=shot.job.id)


def test_what_is_due_next_is_never_a_thing_that_has_been_done() -> None:
    box = sandbox("manual")
    shot = call(box, "film")
    assert box.counters()["next_due_ms"] is not None

    call(box, "cancel", id=shot.job.id)

    assert box.counters()["next_due_ms"] is None
