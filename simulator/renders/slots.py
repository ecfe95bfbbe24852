"""Orders in one row and slots that take them: what every engine does, wherever its workers are."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import msgspec

from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import Order
from simulator.renders.engine import EngineFailure, Render
from simulator.renders.messages import Done, Failed, FromWorker, Ready, Told

_LOG = logging.getLogger("simulator")


class Patience(msgspec.Struct, frozen=True):
    """How long workers are waited for, in seconds."""

    stop: float = 5.0
    """For the end of a cancelled order; then the worker is killed and replaced."""
    silent: float = 600.0
    """For any news; then it hangs, is killed and replaced."""
    job: float = 7200.0
    """For a whole order; then it is stopped, and fails."""


class Worker(Protocol):
    """What does the work of one slot, started anew when it has died."""

    @property
    def is_there(self) -> bool:
        """Whether it has been started and has not ended since, as far as is known."""

    async def start(self) -> None:
        """Begin; the first that is heard is ``Ready``, or ``Failed`` where nothing can be done."""

    def do(self, order: Order) -> None:
        """Give it an order; it tells news, then ``Done`` or ``Failed``."""

    def stop(self) -> None:
        """Ask it to end its order between two chunks; it tells ``Failed`` then."""

    async def hear(self) -> FromWorker:
        """Return what it says next; ``Failed`` as ``crashed`` once it is gone."""

    async def kill(self) -> None:
        """End it, whatever it is doing."""


class Slots:
    """An engine: orders wait in one row, each slot takes the next."""

    def __init__(self, workers: Sequence[Worker], patience: Patience) -> None:
        self.device = ""
        self.patience = patience
        self._row: asyncio.Queue[Render] = asyncio.Queue()
        self._slots = [_Slot(self, worker) for worker in workers]
        self._tasks: list[asyncio.Task[None]] = []
        self._under_way: set[Render] = set()
        self._is_closed = False

    async def start(self) -> None:
        """Start the workers and wait until the first says that its models are loaded.

        Raises:
            EngineFailure: it says why it cannot.
        """
        try:
            self.device = await self._slots[0].begin()
        except RenderFailure as failure:
            raise EngineFailure(failure.detail or failure.reason) from failure
        self._tasks = [asyncio.create_task(slot.work()) for slot in self._slots]

    def render(self, order: Order) -> Render:
        """Take an order; it begins when a slot is free."""
        render = Render(order)
        if self._is_closed:
            render.end(RenderFailure("cancelled", "the server is stopping"))
        else:
            self._under_way.add(render)
            self._row.put_nowait(render)
        return render

    async def close(self, drain_seconds: float = 0.0) -> None:
        """Take nothing more; what is under way may end within the time given, the rest is cancelled."""
        self._is_closed = True
        if drain_seconds and self._under_way:
            with suppress(TimeoutError):
                async with asyncio.timeout(drain_seconds):
                    await self._row.join()
        for render in list(self._under_way):
            render.cancel()
            self.over(render, RenderFailure("cancelled", "the server is stopping"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for slot in self._slots:
            await slot.worker.kill()

    # For slots

    async def next(self) -> Render:
        """Return the next order that still wants to be rendered."""
        while (render := await self._row.get()).is_over or render.is_cancelled.is_set():
            self.over(render, RenderFailure("cancelled"))
            self._row.task_done()
        return render

    def over(self, render: Render, failure: RenderFailure | None = None) -> None:
        """Say how an order ended."""
        self._under_way.discard(render)
        render.end(failure)

    def done(self) -> None:
        """Hear that a slot is free again."""
        self._row.task_done()


class _Slot:
    """One place where work is done, with the worker that does it."""

    def __init__(self, slots: Slots, worker: Worker) -> None:
        self._slots, self.worker = slots, worker

    async def begin(self) -> str:
        """Have a worker that is ready; return the device it works on, "" if it has been there before.

        Raises:
            RenderFailure: it ended before it was.
        """
        if self.worker.is_there:
            return ""
        await self.worker.start()
        message = await self._hear()
        if isinstance(message, Ready):
            return message.device
        await self.worker.kill()
        raise _failure(message)

    async def work(self) -> None:
        """Render one order after the other, for ever."""
        with suppress(RenderFailure):  # it is tried again for the next order, which is told then
            await self.begin()
        while True:
            render = await self._slots.next()
            try:
                self._slots.over(render, await self._rendered(render))
            finally:
                self._slots.done()

    async def _rendered(self, render: Render) -> RenderFailure | None:
        """Have an order done; return why it failed."""
        watch = _Watch()
        try:
            await self.begin()
            self.worker.do(render.order)
            stopping = asyncio.create_task(self._stop_in_time(render, watch))
            try:
                while isinstance(message := await self._hear(), Told):
                    render.tell(message.news)
            finally:
                stopping.cancel()
            if isinstance(message, Done):
                return None
            raise _failure(message)
        except RenderFailure as failure:
            if failure.reason == "crashed":
                await self.worker.kill()  # whatever state it is in, the next order gets a new one
            if render.is_cancelled.is_set():
                return RenderFailure("cancelled")
            if watch.is_over_time:
                failure = RenderFailure("crashed", f"it was not done within {self._slots.patience.job:g} s")
            if failure.reason == "crashed":
                _LOG.warning("a render failed: %s", failure.detail)
            return failure

    async def _stop_in_time(self, render: Render, watch: "_Watch") -> None:
        """Stop what is cancelled, or takes too long: first by asking, then by force."""
        patience = self._slots.patience
        try:
            async with asyncio.timeout(patience.job):
                await render.is_cancelled.wait()
        except TimeoutError:
            watch.is_over_time = True
        self.worker.stop()
        await asyncio.sleep(patience.stop)
        await self.worker.kill()

    async def _hear(self) -> FromWorker:
        silent = self._slots.patience.silent
        try:
            async with asyncio.timeout(silent):
                return await self.worker.hear()
        except TimeoutError:
            return Failed("crashed", f"nothing was heard of it for {silent:g} s")


class _Watch:
    """Whether an order took longer than any may."""

    is_over_time = False


def _failure(message: FromWorker) -> RenderFailure:
    assert isinstance(message, Failed), message
    return RenderFailure(message.reason, message.detail)
