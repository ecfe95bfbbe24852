"""One lane for each receiver of a sandbox, so that a slow one never delays another; a common bound for all of them."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable

MOST_IN_ALL = 256  # each is a connection; a usual process may have 1024 files open
MOST_IN_A_LANE = 64

Errand = Callable[[], Awaitable[None]]
_LOG = logging.getLogger("simulator")


class Lanes:
    """Runs errands in lanes, those of one lane in the order in which they were added. A lane without work is gone.

    The more lanes there are, the fewer errands each may run at a time, so that a new one finds room.
    """

    def __init__(self, most_in_a_lane: int = MOST_IN_A_LANE, most_in_all: int = MOST_IN_ALL) -> None:
        self._most_in_a_lane, self._most_in_all = most_in_a_lane, most_in_all
        self._waiting: dict[Hashable, deque[Errand]] = {}  # every lane that has work, waiting or under way
        self._running: dict[Hashable, int] = {}
        self._starved: deque[Hashable] = deque()  # lanes that may run more, but for the common bound
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, lane: Hashable, errand: Errand) -> None:
        """Run an errand as soon as its lane has room; on the running loop."""
        self._waiting.setdefault(lane, deque()).append(errand)
        self._start(lane)

    def _start(self, lane: Hashable) -> None:
        """Run the next errand of a lane in a task of its own, if there is one and there is room."""
        running = self._running.get(lane, 0)
        if not self._waiting.get(lane) or running >= self._share:
            return
        if len(self._tasks) >= self._most_in_all:
            self._starved.append(lane)
            return
        self._running[lane] = running + 1
        task = asyncio.get_running_loop().create_task(self._work(lane))
        self._tasks.add(task)

    @property
    def _share(self) -> int:
        return max(1, min(self._most_in_a_lane, self._most_in_all // max(len(self._waiting), 1)))

    async def _work(self, lane: Hashable) -> None:
        """Run errands of a lane one after the other, as long as no other lane is in greater need of the room."""
        waiting = self._waiting[lane]
        try:
            while waiting:
                try:
                    await waiting.popleft()()
                except Exception as error:
                    _LOG.error("an error that nobody foresaw", exc_info=error)
                if self._starved or self._running[lane] > self._share:
                    break
        finally:
            self._leave(lane)

    def _leave(self, lane: Hashable) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.discard(task)
        self._running[lane] -= 1
        if not self._running[lane]:
            del self._running[lane]
            if not self._waiting[lane]:
                del self._waiting[lane]
        for other in [self._starved.popleft() for _ in range(len(self._starved))]:
            self._start(other)
        self._start(lane)

    async def close(self) -> None:
        """Cancel what is running and forget the rest."""
        for waiting in self._waiting.values():
            waiting.clear()
        self._starved.clear()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
