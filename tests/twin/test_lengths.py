"""Lengths found again from numbers that were drawn by known ones."""

from collections.abc import Sequence

import pytest

from simulator.jobs.chance import Draws
from simulator.jobs.durations import Duration, fixed, read_duration
from simulator.twin.lengths import Lengths, Timed, find_length, find_lengths


def drawn(said: object, count: int, name: str = "", times: int = 1) -> list[int]:
    draws = Draws("lengths", name)
    return [read_duration(said, times).drawn(draws, at) for at in range(count)]


def timed(start: object, frame: object, counts: Sequence[int]) -> list[Timed]:
    starts, frames = drawn(start, len(counts), "start"), drawn(frame, len(counts), "frame", 1000)
    return [
        (count, round(one + count * thousand / 1000))
        for count, one, thousand in zip(counts, starts, frames, strict=True)
    ]


def is_near(found: Duration | None, median_ms: float, p95_ms: float, by: float = 0.1) -> bool:
    assert found is not None
    return found.median_ms == pytest.approx(median_ms, rel=by) and found.p95_ms == pytest.approx(p95_ms, rel=by)


@pytest.mark.parametrize(("median", "p95"), [(30, 45), (2_000, 3_000), (90_000, 400_000)])
def test_a_distribution_is_found_again(median: int, p95: int) -> None:
    found = find_length(drawn({"median": median, "p95": p95}, 400))

    assert is_near(found, median, p95)


def test_a_range_is_found_again() -> None:
    found = find_length(drawn("2s..6s", 400))

    assert (found.low_ms, found.high_ms) == (pytest.approx(2_000, abs=50), pytest.approx(6_000, abs=50))


@pytest.mark.parametrize(
    ("values", "told"), [([700.0], 700), ([700.0, 900.0], 800), ([12.0, 12.0, 12.0, 13.0], 12), ([0.0] * 5, 0)]
)
def test_what_hardly_varies_or_was_hardly_measured_is_fixed(values: list[float], told: int) -> None:
    assert find_length(values) == fixed(told)


def test_waits_that_are_sometimes_none_are_a_range() -> None:
    assert find_length([0, 0, 40, 900]) == Duration(0, 900)


@pytest.mark.parametrize("frame", [("40ms", 40, 52), ("0.25ms", 0.25, 0.4), ("1.5s", 1500, 2000)])
def test_a_start_and_a_frame_are_told_apart(frame: tuple[str, float, float]) -> None:
    _, median, p95 = frame
    start = (20 * median, 32 * median)
    measured = timed(
        {"median": round(start[0]), "p95": round(start[1])},
        {"median": f"{median}ms", "p95": f"{p95}ms"},
        [10, 50, 250] * 80,
    )

    found = find_lengths(measured)

    assert is_near(found.frames, 1000 * median, 1000 * p95, by=0.12)
    assert is_near(found.start, start[0], start[1], by=0.35)


def test_jobs_without_any_luck_are_found_exactly() -> None:
    found = find_lengths(timed("500ms", "20ms", [10, 30, 90, 270] * 5))

    assert found.frames is not None
    assert found.frames.drawn(Draws("x")) == pytest.approx(20_000, rel=0.01)
    assert found.start.drawn(Draws("x")) == pytest.approx(500, rel=0.05)


def test_without_a_start_there_is_none() -> None:
    found = find_lengths(timed("0ms", {"median": "20ms", "p95": "25ms"}, [10, 30, 90, 270] * 20))

    assert found.frames is not None
    assert is_near(found.frames, 20_000, 25_000)
    assert max(found.start.high_ms, found.start.median_ms) < 30


def test_what_does_not_depend_on_frames_is_not_made_to() -> None:
    lasts = drawn({"median": 800, "p95": 1600}, 200)

    found = find_lengths([((10, 50, 250)[at % 3], float(ms)) for at, ms in enumerate(lasts)])

    assert found == Lengths(find_length([float(ms) for ms in lasts]))


def test_frames_that_are_always_as_many_tell_nothing_of_a_frame() -> None:
    found = find_lengths(timed("1s..2s", "40ms", [100] * 50))

    assert found.frames is None
    assert (found.start.low_ms, found.start.high_ms) == (pytest.approx(5_000, abs=100), pytest.approx(6_000, abs=100))
