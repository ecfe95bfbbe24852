"""A twin of synthetic jobs: what is used, the file, and how far simulated jobs are from those it was made of."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import vendors
from simulator.jobs.scenario import Scenario, Script
from simulator.library.entries import read_entry
from simulator.library.fitting import fitted
from simulator.library.terms import VendorTerms
from simulator.twin.comparing import WHOLE, apart, compare, distance, simulate
from simulator.twin.drawing import draw_up, text_of
from simulator.twin.runs import Run, Stay, kinds_of, read_jobs, sort_out
from tests.twin.made import film, jobs_of, played

TRUE = """\
scenario: the-truth
vendor: deepswapai
kind: video
states:
  queued: {for: 20ms..90ms, then: processing}
  processing: {for: {frame: {median: 40ms, p95: 55ms}, start: {median: 800ms, p95: 1200ms}}, then: completed}
"""


def read(text: str) -> Scenario:
    name = text.split()[1]
    entry, problems = read_entry(text.encode(), f"{name}.yaml", name, VendorTerms())
    assert entry, problems
    return entry.scenario


def script(text: str) -> Script:
    said = read(text)
    return fitted(said, vendors.load(said.vendor or "").kind(said.kind or ""))


def test_a_twin_is_like_what_it_was_made_of_in_all_states_and_at_all_frame_counts() -> None:
    live = played(script(TRUE), [24, 120, 600] * 40)

    text = draw_up(live, "studio")
    found = compare(live, simulate(script(text), live))

    assert [(one.word, one.least) for one in found] == [
        (WHOLE, 24), ("queued", 24), ("processing", 24), (WHOLE, 24), (WHOLE, 120), (WHOLE, 600),
    ]  # fmt: skip
    assert not any(one.is_beyond_chance for one in found), found
    assert all(one.simulated.median_ms == pytest.approx(one.live.median_ms, rel=0.12) for one in found)
    assert all(one.simulated.p95_ms == pytest.approx(one.live.p95_ms, rel=0.15) for one in found)


@pytest.mark.parametrize(
    ("right", "wrong", "where"),
    [
        ("median: 40ms", "median: 30ms", WHOLE),
        ("p95: 55ms", "p95: 140ms", WHOLE),
        ("20ms..90ms", "90ms..200ms", "queued"),
    ],
)
def test_a_scenario_that_is_timed_otherwise_is_beyond_chance(right: str, wrong: str, where: str) -> None:
    live = played(script(TRUE), [24, 120, 600] * 40)

    found = compare(live, simulate(script(TRUE.replace(right, wrong)), live))

    assert any(one.is_beyond_chance for one in found if one.word == where)


def test_the_file_says_in_the_vendors_words_what_was_measured() -> None:
    live = played(script(TRUE), [24, 120, 600] * 40)

    text = draw_up(live, "studio")

    scenario = read(text)
    assert text.startswith(
        "scenario: studio\nvendor: deepswapai\nkind: video\nsummary: Timed as 120 live jobs of 24 to 600"
    )
    assert [(state.word, state.then[0].to) for state in scenario.states if state.then] == [
        ("queued", "processing"),
        ("processing", "completed"),
    ]
    assert scenario.states[1].frames_last


def test_ways_that_differ_become_branches_and_a_state_without_time_passes_at_once() -> None:
    short, long = film(10, 0, 500), film(10, 0, 900)
    detour = msgspec.structs.replace(
        long, vendor="useapi", kind="picsi", end="completed",
        stays=(Stay("created", "waiting", 0), Stay("started", "running", 10), Stay("progress", "running", 900)),
    )  # fmt: skip
    straight = msgspec.structs.replace(detour, stays=(Stay("created", "waiting", 0), Stay("progress", "running", 500)))

    text = draw_up([detour, straight, straight], "ways")

    assert "  created: {then: [{to: progress, weight: 2}, {to: started, weight: 1}]}\n" in text
    assert [state.word for state in read(text).states if state.then] == ["created", "started", "progress"]
    later = msgspec.structs.replace(detour, stays=detour.stays[1:])
    late = draw_up([detour, later, later], "late")
    assert ([state.word for state in read(late).states if state.then], "2 live jobs" in late) == (
        ["started", "progress"],
        True,
    )
    assert "  queued: {then: processing}\n" in draw_up([short], "one")


@pytest.mark.parametrize(
    ("ms", "text"), [(0, "0ms"), (0.25, "0.25ms"), (3.417, "3.417ms"), (9_999, "9999ms"), (10_000, "10s"), (12_345, "12.345s")]
)  # fmt: skip
def test_lengths_are_written_without_loss(ms: float, text: str) -> None:
    assert text_of(ms) == text


_LASTED = st.integers(0, 10**7)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 10**5), _LASTED, _LASTED), min_size=1, max_size=12))
def test_every_file_is_one_that_can_be_read_and_played(lasted: list[tuple[int, int, int]]) -> None:
    live = [film(*one) for one in lasted]

    made = script(draw_up(live, "any"))

    assert len(compare(live, simulate(made, live, about=12))) >= 3


@pytest.mark.parametrize(
    ("ones", "others", "far"),
    [
        ([1, 2, 3], [1, 2, 3], 0),
        ([1, 2], [3, 4], 1),
        ([1, 2, 3, 4], [3, 4, 5, 6], 0.5),
        ([], [1], 1),
        ([1, 1, 1], [1], 0),
    ],
)
def test_the_distance_is_the_largest_between_two_shares(ones: list[int], others: list[int], far: float) -> None:
    assert distance(ones, others) == distance(others, ones) == pytest.approx(far)


@pytest.mark.parametrize(
    ("ones", "others", "far"),
    [([100, 200, 300], [100, 200, 300], 0), ([100], [110], 0.1), ([10], [], 1), ([0], [0], 0)],
)
def test_what_lies_apart_is_told_as_a_share(ones: list[int], others: list[int], far: float) -> None:
    assert apart(ones, others) == pytest.approx(far)


def test_a_difference_of_next_to_nothing_is_none_though_it_is_certain() -> None:
    live, near, far = [[film(24, 0, ms)] * 50 for ms in (1000, 1005, 1050)]

    assert [compare(live, other)[0].distance for other in (near, far)] == [1, 1]
    assert [compare(live, other)[0].is_beyond_chance for other in (near, far)] == [False, True]


def test_many_frame_counts_are_put_together_in_four_groups_that_leave_out_none() -> None:
    live = [film(frames, 1, 10 * frames) for frames in range(1, 42)]

    groups = [(one.least, one.most, one.live.count) for one in compare(live, live)[3:]]

    assert groups == [(1, 11, 11), (12, 21, 10), (22, 31, 10), (32, 41, 10)]


def shown(**changes: Any) -> dict[str, Any]:
    return {**jobs_of([film(24, 100, 900)])[0], **changes}


FORCED = [{"name": "render-begun", "at_ms": 0}, {"name": "force", "at_ms": 5, "to": "completed"}]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"events": []}, "not rendered"),
        ({"entries": shown()["entries"][:2]}, "not ended"),
        ({"entries": []}, "not ended"),
        ({"events": FORCED}, "forced"),
        ({"entries": [{"word": "failed", "stands_for": "failed", "at_ms": 5}]}, "failed"),
        ({"entries": [{"word": "cancelled", "stands_for": "cancelled", "at_ms": 5}]}, "cancelled"),
    ],
)
def test_jobs_that_tell_nothing_are_left_out_with_the_reason(changes: dict[str, Any], why: str) -> None:
    jobs = read_jobs(msgspec.json.encode([shown(), shown(**changes)]))

    found = sort_out(jobs)

    assert found.runs == (film(24, 100, 900),)
    assert found.left_out == {why: 1}


def test_the_wait_for_a_slot_is_not_the_renders() -> None:
    events = [{"name": "granted", "at_ms": 1_000_060}, *shown()["events"]]

    [run] = sort_out(read_jobs(msgspec.json.encode(shown(events=events)))).runs

    assert [stay.lasted_ms for stay in run.stays] == [40, 900]


def test_jobs_are_read_in_three_forms() -> None:
    one = shown()

    forms = [read_jobs(msgspec.json.encode(said)) for said in (one, [one], {"jobs": [one]})]

    assert forms[0] == forms[1] == forms[2]
    assert kinds_of(sort_out(forms[0]).runs) == {("deepswapai", "video"): 1}


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"nonsense", b'{"jobs": 3}', b'{"jobs": [{}]}', b"\xff\xfe"])
def test_what_is_no_job_is_refused_in_a_line(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"[a-z]") as said:
        read_jobs(content)

    assert "\n" not in str(said.value)


def test_a_run_knows_how_long_it_was_where() -> None:
    run: Run = film(24, 100, 900)

    assert (run.lasted_ms, run.lasted_in_ms("queued"), run.lasted_in_ms("failed")) == (1000, 100, None)
