"""What renders: an engine takes orders and tells news; where it does the work is its own affair."""

import asyncio
from collections import deque
from typing import Protocol

from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import News, Order, Progress


class Render:
    """One order under way: iterate over its news until it ends.

    Raises, while iterated over:
        RenderFailure: it cannot be done, the worker died, or it was cancelled.
    """

    def __init__(self, order: Order) -> None:
        self.order = order
        self.is_cancelled = asyncio.Event()
        self.is_over = False
        self._news: deque[News | RenderFailure | None] = deque()
        self._is_told = asyncio.Event()

    def __aiter__(self) -> "Render":
        return self

    async def __anext__(self) -> News:
        while not self._news:
            self._is_told.clear()
            await self._is_told.wait()
        news = self._news.popleft()
        if news is None:
            raise StopAsyncIteration
        if isinstance(news, RenderFailure):
            raise news
        return news

    def cancel(self) -> None:
        """Ask for an early end; it comes between two chunks of the work, or by force soon after."""
        self.is_cancelled.set()

    def tell(self, news: News) -> None:
        """Pass on what the worker tells; for engines. Progress that nobody has read yet gives way to newer."""
        if isinstance(news, Progress) and self._news and isinstance(self._news[-1], Progress):
            self._news.pop()
        self._news.append(news)
        self._is_told.set()

    def end(self, failure: RenderFailure | None = None) -> None:
        """Say that nothing more comes, and why if it did not end well; for engines. The first end counts."""
        if not self.is_over:
            self.is_over = True
            self._news.append(failure)
            self._is_told.set()


class Engine(Protocol):
    """Every method is called on the loop that serves. ``device`` is what renders, "" before the start."""

    device: str

    async def start(self) -> None:
        """Have workers ready, models loaded.

        Raises:
            EngineFailure: no worker can work here; the message says why.
        """

    def render(self, order: Order) -> Render:
        """Take an order; it begins when a slot is free."""

    async def close(self, drain_seconds: float = 0.0) -> None:
        """Take nothing more, let what is under way end within the time given, cancel the rest, and end all workers."""


class EngineFailure(Exception):
    """No worker can work here."""
