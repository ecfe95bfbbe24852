"""States that last by the frames of the outputs."""

import pytest

from simulator.jobs.chance import Draws
from simulator.jobs.durations import LONGEST_MS, Duration, fixed
from simulator.jobs.lifecycle import RUNNING, SUCCEEDED, WAITING, Lifecycle, Row
from simulator.jobs.plan import make_plan
from simulator.jobs.scenario import Branch, Scenario, State, fit

ROWS = (
    Row("queued", WAITING, ("drawing",)),
    Row("drawing", RUNNING, ("inking",), share=3),
    Row("inking", RUNNING, ("done",), share=1),
    Row("done", SUCCEEDED),
)


def lasts_ms(frames_last: Duration, frames: int, start_ms: int = 1_000) -> list[int]:
    """Return how long the states are planned to last, of which two share the time."""
    running = State("running", fixed(start_ms), frames_last, then=(Branch("succeeded"),))
    scenario = Scenario("x", (State("waiting", then=(Branch("running"),)), running, State("succeeded")))
    return list(make_plan(fit(scenario, Lifecycle(*ROWS)), Draws("7"), frames=frames).spans_ms[:3])


def test_words_that_share_a_state_share_its_frames_too() -> None:
    assert lasts_ms(fixed(40_000), 100) == [0, 750 + 3_000, 250 + 1_000]


@pytest.mark.parametrize(("frames", "ms"), [(0, 1_000), (1, 1_000), (1_000, 1_250), (2_000_000, 501_000)])
def test_a_frame_may_take_less_than_a_millisecond(frames: int, ms: int) -> None:
    assert sum(lasts_ms(fixed(250), frames)) == ms


def test_all_frames_of_a_job_are_as_slow_as_each_other() -> None:
    few, many = (lasts_ms(Duration(0, 0, 40_000, 80_000), frames, 0)[1] for frames in (100, 10_000))

    assert many == pytest.approx(100 * few, rel=0.001)


def test_no_number_of_frames_takes_more_than_a_hundred_years() -> None:
    assert max(lasts_ms(fixed(LONGEST_MS), 2_000_000)) == LONGEST_MS
