"""Runs a source, a computation and a sink at the same time: decoding, the work itself, and encoding overlap."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from threading import Condition, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")
Worked = TypeVar("Worked")
Told = TypeVar("Told")


def overlapped(
    source: Iterable[Item], work: Callable[[Item], Worked], sink: Callable[[Worked], Told], ahead: int = 1
) -> Generator[Told, None, None]:
    """Yield what the sink returns for each item, in the items' order.

    The source is read in one thread and the sink called in another; ``work`` runs in the caller's. At most ``ahead``
    items wait between two of them, so no more than ``2 * ahead + 3`` exist at once. What any of them raises is
    raised here, once both threads have ended. Closing the generator ends both threads, each after the item it is at,
    and closes the source if it is a generator.
    """
    read, worked = Channel[Item](ahead), Channel[Worked](ahead)
    told = Channel[Told](None)  # small, and asked for after each item
    threads = [
        Thread(target=_read, args=(source, read), name="live-read", daemon=True),
        Thread(target=_write, args=(worked, sink, told), name="live-write", daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        for item in read:
            if not worked.put(work(item)):
                break  # the sink has failed: what it raised is found below
            yield from told.ready()
        worked.end()
        yield from told
    finally:
        for channel in (read, worked, told):
            channel.close()
        for thread in threads:
            thread.join()


class Channel(Generic[Item]):
    """A queue from one thread to another that either side can end."""

    def __init__(self, most: int | None) -> None:
        """Hold at most so many items; a further ``put`` waits."""
        self._most = most
        self._items: deque[Item] = deque()
        self._changed = Condition()
        self._is_ended = self._is_closed = False
        self._error: BaseException | None = None

    def put(self, item: Item) -> bool:
        """Hand an item over as soon as there is room; False if nobody will ever take it."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._most is None or len(self._items) < self._most)
            if self._is_closed:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def end(self, error: BaseException | None = None) -> None:
        """Say that no more items come; the taker meets the error after those that are here."""
        with self._changed:
            self._is_ended, self._error = True, error
            self._changed.notify_all()

    def close(self) -> None:
        """Say that no more items are taken."""
        with self._changed:
            self._is_closed = True
            self._items.clear()
            self._changed.notify_all()

    def ready(self) -> Iterator[Item]:
        """Yield the items that are here, without waiting."""
        while self._items:  # a deque; only this thread takes from it
            yield self._take()

    def __iter__(self) -> Iterator[Item]:
        """Yield items until the other side has ended; wait for them."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._items) or self._is_ended or self._is_closed)
                if not self._items:
                    break
                item = self._take()
            yield item
        if self._error is not None:
            raise self._error

    def _take(self) -> Item:
        with self._changed:
            item = self._items.popleft()
            self._changed.notify_all()
            return item


def _read(source: Iterable[Item], read: Channel[Item]) -> None:
    items = iter(source)
    try:
        for item in items:
            if not read.put(item):
                break
        _close(items)
    except BaseException as error:  # it belongs to the thread that takes the items
        read.end(error)
    else:
        read.end()


def _write(worked: Channel[Worked], sink: Callable[[Worked], Told], told: Channel[Told]) -> None:
    try:
        for item in worked:
            told.put(sink(item))
    except BaseException as error:  # as above
        worked.close()
        told.end(error)
    else:
        told.end()


def _close(items: Iterator[object]) -> None:
    close = getattr(items, "close", None)
    if close is not None:
        close()
