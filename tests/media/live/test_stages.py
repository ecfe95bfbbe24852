"""Reading, work and writing happen at the same time, in order, and end together."""

import threading
from collections.abc import Callable, Iterator

import pytest

from simulator.media.live.stages import Channel, overlapped
from tests.media.live.media import live_threads

PATIENCE_SECONDS = 20


def test_what_goes_in_comes_out_in_order() -> None:
    assert list(overlapped(range(100), lambda item: item + 1, lambda item: item * 10)) == [
        (item + 1) * 10 for item in range(100)
    ]
    assert list(overlapped([], str, str)) == []


def test_all_three_are_at_work_at_once() -> None:
    together = threading.Barrier(3)  # opens when a read, a piece of work and a write meet
    met = []

    def meet(item: int, turn: int) -> int:
        if item == turn:
            together.wait(PATIENCE_SECONDS)
            met.append(item)
        return item

    def read() -> Iterator[int]:
        for item in range(6):
            yield meet(item, 3)  # two ahead of the write

    assert list(overlapped(read(), lambda item: meet(item, 2), lambda item: meet(item, 1))) == [*range(6)]
    assert sorted(met) == [1, 2, 3]


def test_reading_never_runs_far_ahead() -> None:
    read = []

    def source() -> Iterator[int]:
        for item in range(50):
            read.append(item)
            yield item

    ahead = []
    for done in overlapped(source(), lambda item: item, lambda item: item):
        ahead.append(len(read) - done)

    assert max(ahead) <= 6


def _fail(item: int) -> int:
    if item == 3:
        raise ZeroDivisionError
    return item


def _failing_source() -> Iterator[int]:
    yield from map(_fail, range(9))


@pytest.mark.parametrize(
    ("source", "work", "sink"),
    [(_failing_source, int, int), (lambda: range(9), _fail, int), (lambda: range(9), int, _fail)],
    ids=["source", "work", "sink"],
)
def test_what_one_raises_is_raised_to_the_caller(
    source: Callable[[], Iterator[int]], work: Callable[[int], int], sink: Callable[[int], int]
) -> None:
    done = []

    with pytest.raises(ZeroDivisionError):
        done.extend(overlapped(source(), work, sink))

    assert done == sorted(done)
    assert live_threads() == []


def test_closing_stops_both_threads_and_closes_the_source() -> None:
    closed = threading.Event()

    def source() -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            closed.set()

    items = source()  # held here, so that nobody else closes it
    news = overlapped(items, int, int)
    assert next(news) == 0
    news.close()

    assert closed.is_set()
    assert live_threads() == []


def test_nothing_begins_before_it_is_asked() -> None:
    overlapped(iter([1]), int, int).close()

    assert live_threads() == []


def test_a_channel_that_nobody_reads_takes_nothing_more() -> None:
    channel = Channel[int](1)

    assert channel.put(1)
    channel.close()

    assert not channel.put(2)
    assert list(channel) == []
