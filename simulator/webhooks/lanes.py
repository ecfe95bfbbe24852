"""One lane for each receiver, so that a slow one never delays another; in each, so many are under way at a time."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

Errand = Callable[[], Awaitable[None]]


class Lanes:
    """Runs errands by receiver, in the order in which they were added; a lane without work is gone.

    An errand raises nothing but what cancels it.
    """

    def __init__(self, most_at_a_time: int) -> None:
        self._most = most_at_a_time
        self._waiting: dict[str, deque[Errand]] = {}
        self._running: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, url: str, errand: Errand) -> None:
        """Run an errand for the receiver at a URL as soon as its lane has room; on the running loop."""
        lane = _lane(url)
        self._waiting.setdefault(lane, deque()).append(errand)
        if self._running.get(lane, 0) < self._most:
            self._running[lane] = self._running.get(lane, 0) + 1
            task = asyncio.get_running_loop().create_task(self._work(lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, lane: str) -> None:
        waiting = self._waiting[lane]
        try:
            while waiting:
                await waiting.popleft()()
        finally:
            self._running[lane] -= 1
            if not self._running[lane]:
                del self._running[lane]
                del self._waiting[lane]

    async def close(self) -> None:
        """Cancel what is running and forget the rest."""
        self._waiting = {lane: deque() for lane in self._waiting}
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _lane(url: str) -> str:
    """Return who is at a URL: host and port."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""
