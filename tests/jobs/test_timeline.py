"""The laws of the timeline, as properties over every kind of plan and any series of events."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from simulator.jobs.chance import Draws
from simulator.jobs.durations import Duration, read_duration
from simulator.jobs.grid import Grid
from simulator.jobs.job import Event, Job
from simulator.jobs.lifecycle import FINAL, SUCCEEDED
from simulator.jobs.plan import Plan, make_plan
from simulator.jobs.renders import TOLD_BY_RENDER
from simulator.jobs.scenario import Branch, Items, Scenario, State, fit
from simulator.jobs.snapshot import look, next_change_ms
from simulator.jobs.timeline import effect, unfold
from tests.acme import LIFECYCLE, state

CREATED_MS = 1_000_000
durations = st.builds(lambda low, more: Duration(low, low + more), st.integers(0, 90_000), st.integers(0, 90_000))
endings = st.sampled_from(["done", "error", "stopped"])


@st.composite
def running(draw: st.DrawFn, word: str, then: Sequence[str]) -> State:
    branches = tuple(Branch(to, draw(st.integers(1, 9))) for to in then)
    form = draw(st.sampled_from(["for", "for", "for", "polls", "forever", "items"]))
    if form == "items":
        fails = draw(st.sampled_from([0.0, 0.3, 1.0]))
        return State(word, items=Items(draw(durations), draw(st.integers(1, 6)), fail_rate=fails), then=branches)
    return State(
        word,
        lasts=draw(durations) if form == "for" else None,
        polls=draw(st.integers(0, 3)) if form == "polls" else None,
        forever=form == "forever",
        then=branches,
        on=(("break", "error"),),
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    states = [
        State("new", draw(durations), then=(Branch("drawing"),)),
        draw(running("drawing", ["inking", draw(endings)])),
        draw(running("inking", [draw(endings)])),
        *(State(word) for word in ("done", "error", "stopped")),
    ]
    grid = draw(st.sampled_from([None, Grid(0, 15_000, 60_000, "s"), Grid(0, 2_000, 2_000, "s", "end")]))
    script = fit(Scenario("any", tuple(states[draw(st.integers(0, 1)) :]), vendor="acme"), LIFECYCLE)
    return make_plan(
        script, Draws(draw(st.integers(0, 999))), refresh=grid, is_live=draw(st.sampled_from([False, False, True]))
    )


events = st.lists(
    st.builds(
        Event,
        st.sampled_from(
            ["cancel", "look", "break", "force", "edited", "deleted", "granted", "nonsense", *sorted(TOLD_BY_RENDER)]
        ),
        st.integers(0, 300_000).map(lambda ms: CREATED_MS + ms),
        st.sampled_from(["drawing", "inking", "done", "error", "", "nowhere"]),
    ),
    max_size=6,
).map(lambda unsorted: tuple(sorted(unsorted, key=lambda event: event.at_ms)))


def job(plan: Plan, events: tuple[Event, ...] = ()) -> Job:
    entries = unfold(plan, CREATED_MS, events)
    return Job("j", "acme", "film", "film", "key", CREATED_MS, plan, "dice", {}, events=events, entries=entries)


@given(plans(), events)
def test_entries_never_run_backwards(plan: Plan, events: tuple[Event, ...]) -> None:
    entries = unfold(plan, CREATED_MS, events)

    assert [entry.at_ms for entry in entries] == sorted(entry.at_ms for entry in entries)
    assert [entry.seen_at_ms for entry in entries] == sorted(entry.seen_at_ms for entry in entries)
    assert all(entry.seen_at_ms >= entry.at_ms for entry in entries)
    assert not any(entry.stands_for in FINAL for entry in entries[:-1])


@given(plans(), events, st.integers(0, 400_000))
def test_later_events_leave_what_was_shown_alone(plan: Plan, events: tuple[Event, ...], cut: int) -> None:
    cut_ms = CREATED_MS + cut
    before = tuple(event for event in events if event.at_ms <= cut_ms)

    shown_then = [entry for entry in unfold(plan, CREATED_MS, before) if entry.seen_at_ms <= cut_ms]
    shown_now = [entry for entry in unfold(plan, CREATED_MS, events) if entry.seen_at_ms <= cut_ms]

    assert shown_now == shown_then


@given(plans(), events, st.lists(st.integers(0, 400_000), max_size=8))
def test_a_shown_end_stays(plan: Plan, events: tuple[Event, ...], instants: list[int]) -> None:
    played = job(plan, events)
    words = [look(played, CREATED_MS + ms) for ms in sorted(instants)]

    ends = [shot.word for shot in words if shot.is_final]

    assert len(set(ends)) <= 1
    assert not any(first.is_final and not second.is_final for first, second in pairwise(words))


@given(plans(), events, st.lists(st.integers(0, 400_000), min_size=2, max_size=12))
def test_progress_never_falls_and_only_success_completes_it(
    plan: Plan, events: tuple[Event, ...], instants: list[int]
) -> None:
    played = job(plan, events)
    shots = [look(played, CREATED_MS + ms) for ms in sorted(instants)]

    progress = [shot.progress for shot in shots]

    assert all(0 <= share <= 1 for share in progress)
    assert progress == sorted(progress)
    if not plan.items:
        assert all(shot.progress == 1 for shot in shots if shot.succeeded)


@given(plans(), events)
def test_the_next_change_is_the_first_instant_that_shows_something_new(plan: Plan, events: tuple[Event, ...]) -> None:
    played = job(plan, events)
    shot, steps = look(played, CREATED_MS), 0

    while (at_ms := next_change_ms(shot)) is not None:
        before, shot, steps = look(played, at_ms - 1), look(played, at_ms), steps + 1
        changed = before.position != shot.position or len(before.finished_items()) != len(shot.finished_items())
        assert changed or any(entry.seen_at_ms == at_ms for entry in played.entries)

    assert steps <= len(played.entries) + len(plan.items)
    assert shot.position == len(played.entries) - 1


@given(plans(), events, st.sampled_from(["cancel", "look", "break", "nonsense"]), st.integers(0, 400_000))
def test_an_event_without_effect_changes_nothing(plan: Plan, events: tuple[Event, ...], name: str, at: int) -> None:
    last_ms = events[-1].at_ms if events else CREATED_MS
    event = Event(name, last_ms + at)

    counts = effect(plan, CREATED_MS, events, event)

    if not counts:
        with_it, without = unfold(plan, CREATED_MS, (*events, event)), unfold(plan, CREATED_MS, events)
        assert [structs.replace(entry, events_before=0) for entry in with_it] == [
            structs.replace(entry, events_before=0) for entry in without
        ]


def plan_of(*states: State, grid: Grid | None = None, seed: int = 1, **other: object) -> Plan:
    return make_plan(fit(Scenario("one", states, vendor="acme"), LIFECYCLE), Draws(seed), refresh=grid, **other)  # type: ignore[arg-type]


def test_a_cancel_between_the_true_end_and_the_sweep_replaces_the_end() -> None:
    grid = Grid(CREATED_MS, 30_000, 30_000, "s")
    plan = plan_of(state("drawing", "10s", "done"), State("done"), grid=grid)

    entries = unfold(plan, CREATED_MS, [Event("cancel", CREATED_MS + 20_000)])

    assert [(entry.word, entry.seen_at_ms - CREATED_MS) for entry in entries] == [("drawing", 0), ("stopped", 20_000)]


def test_a_late_cancel_changes_nothing() -> None:
    grid = Grid(CREATED_MS, 30_000, 30_000, "s")
    plan = plan_of(state("drawing", "10s", "done"), State("done"), grid=grid)

    entries = unfold(plan, CREATED_MS, [Event("cancel", CREATED_MS + 30_000)])

    assert [entry.word for entry in entries] == ["drawing", "done"]


def test_a_timer_goes_before_an_event_of_the_same_instant() -> None:
    plan = plan_of(state("drawing", "10s", "done"), State("done"))

    entries = unfold(plan, CREATED_MS, [Event("cancel", CREATED_MS + 10_000)])

    assert entries[-1].word == "done"


def test_polls_are_shown_as_often_as_said_and_gone_before_the_next_look() -> None:
    plan = plan_of(State("drawing", polls=3, then=(Branch("done"),)), State("done"))
    played, words = job(plan), []

    for number in range(1, 6):
        played.events += (Event("look", CREATED_MS + number),)
        played.entries = unfold(plan, CREATED_MS, played.events)
        words.append(look(played, CREATED_MS + number).word)

    assert words == ["drawing", "drawing", "drawing", "done", "done"]


def test_a_batch_of_failures_only_takes_the_failed_word() -> None:
    items = Items(read_duration("1s..9s"), count=4, fail_rate=1.0)
    plan = plan_of(State("drawing", items=items, then=(Branch("done"),)), State("done"))

    assert unfold(plan, CREATED_MS)[-1].word == "error"


def test_a_queued_job_waits_for_its_grant_however_late() -> None:
    plan = plan_of(state("new", "2s", "drawing"), state("drawing", "5s", "done"), State("done"), queues=True)

    alone, granted = unfold(plan, CREATED_MS), unfold(plan, CREATED_MS, [Event("granted", CREATED_MS + 60_000)])

    assert [entry.word for entry in alone] == ["new"]
    assert [(entry.word, entry.at_ms - CREATED_MS) for entry in granted][1:] == [("drawing", 60_000), ("done", 65_000)]


def test_places_in_the_queue_take_the_next_states_time_each() -> None:
    plan = plan_of(State("new", ahead=3, then=(Branch("drawing"),)), state("drawing", "5s", "done"), State("done"))

    assert unfold(plan, CREATED_MS)[1].at_ms == CREATED_MS + 15_000


def test_one_more_draw_shifts_no_other() -> None:
    two = (state("new", "1s..9s", "drawing"), state("drawing", "5s..50s", "done"), State("done"))
    plain, longer = plan_of(*two), plan_of(state("new", "2s..4s", "drawing"), *two[1:])

    assert plain.span_ms("drawing") == longer.span_ms("drawing")


def test_the_gaps_of_a_sweep_stay_within_its_bounds() -> None:
    grid = Grid(0, 15_000, 60_000, "any seed")
    ticks = [grid.tick(k) for k in range(5_000)]

    gaps = [later - earlier for earlier, later in pairwise(ticks)]

    assert min(gaps) >= 15_000
    assert max(gaps) <= 60_000
    assert max(gaps) - min(gaps) > 30_000


@given(st.integers(0, 10**13), st.integers(1, 50_000), st.integers(0, 50_000))
def test_a_tick_is_found_from_any_instant(at_ms: int, low_ms: int, more_ms: int) -> None:
    grid = Grid(0, low_ms, low_ms + more_ms, "s")

    after_ms, before_ms = grid.at_or_after(at_ms), grid.at_or_before(at_ms)

    assert before_ms <= at_ms <= after_ms
    assert after_ms - before_ms <= low_ms + more_ms
    assert grid.at_or_after(after_ms) == after_ms == grid.at_or_before(after_ms)


def test_a_neutral_state_is_shared_out_among_the_words_that_stand_for_it() -> None:
    neutral = Scenario(
        "calm",
        (state("waiting", "1s", "running"), state("running", "8s", "succeeded"), State("succeeded")),
    )

    plan = make_plan(fit(neutral, LIFECYCLE), Draws(1))

    assert [(entry.word, entry.at_ms) for entry in unfold(plan, 0)] == [
        ("new", 0), ("drawing", 1_000), ("inking", 7_000), ("done", 9_000),
    ]  # fmt: skip
    assert plan.stands_for("done") == SUCCEEDED
