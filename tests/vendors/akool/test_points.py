"""Where a live server is told that faces lie: fact akool.swap.opts."""

import time

import pytest

from simulator.vendors.akool.live import MOST_POINTS, points


def test_four_points_are_read() -> None:
    assert points("262,175:363,175:313.5,215:-2,279") == ((262, 175), (363, 175), (313.5, 215), (-2, 279))


@pytest.mark.parametrize("opts", [None, [1, 2], "", "somewhere", "1:2", "1.,2", "9" * 400 + ",1"])
def test_what_is_no_point_is_none(opts: object) -> None:
    assert points(opts) == ()


@pytest.mark.parametrize("part", ["1", "1.", "-", "1,", "123456789.123456789"])
def test_a_long_text_takes_time_as_long_as_it_is(part: str) -> None:
    before = time.process_time()
    found = points(part * (200_000 // len(part)))

    assert time.process_time() - before < 5  # of a minute and more, where each digit was looked at from each other
    assert len(found) <= MOST_POINTS
