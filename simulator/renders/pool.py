"""The engine of one machine: a worker process for each slot, replaced when it dies, ended when nobody needs it."""

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import Order
from simulator.renders.engine import EngineFailure, Render
from simulator.renders.messages import Do, Done, Failed, Ready, Stop, Told, framed, next_from_worker

WORKER = ("-m", "simulator.renders.worker")
STOP_SECONDS = 5.0
"""How long a worker may take to end a cancelled order by itself; then it is killed and replaced."""
SILENT_SECONDS = 600.0
"""How long a worker may say nothing; then it hangs, is killed and replaced."""
_LOG = logging.getLogger("simulator")


class Pool:
    """Orders wait in one row; each slot takes the next. ``command`` is what a worker is started with, Python aside."""

    def __init__(
        self,
        slots: int = 1,
        device: str = "auto",
        *,
        command: Sequence[str] = WORKER,
        stop_seconds: float = STOP_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self.device = ""
        self._command = (sys.executable, *command, device)
        self._stop_seconds, self._silent_seconds = stop_seconds, silent_seconds
        self._row: asyncio.Queue[Render] = asyncio.Queue()
        self._slots = [_Slot(self) for _ in range(slots)]
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
            await self._slots[0].kill()
            raise EngineFailure(failure.detail or "the worker process ended as it began") from failure
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
            await slot.kill()

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

    async def new_process(self) -> Process:
        """Start a worker; it reads orders from its standard input and ends when that is closed."""
        return await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE)

    @property
    def stop_seconds(self) -> float:
        """How long a worker may take to stop."""
        return self._stop_seconds

    @property
    def silent_seconds(self) -> float:
        """How long a worker may say nothing."""
        return self._silent_seconds


class _Slot:
    """One place where work is done, with the process that does it at present."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._process: Process | None = None

    async def begin(self) -> str:
        """Have a process that is ready; return the device it works on.

        Raises:
            RenderFailure: it ended before it was.
        """
        if self._process is not None and self._process.returncode is None:
            return ""
        self._process = await self._pool.new_process()
        message = await self._hear()
        if isinstance(message, Ready):
            return message.device
        raise _failure(message)

    async def work(self) -> None:
        """Render one order after the other, for ever."""
        while True:
            render = await self._pool.next()
            try:
                self._pool.over(render, await self._rendered(render))
            finally:
                self._pool.done()

    async def _rendered(self, render: Render) -> RenderFailure | None:
        try:
            await self.begin()
            self._say(framed(Do(render.order)))
            stopping = asyncio.create_task(self._stop_when_cancelled(render))
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
                await self.kill()  # whatever state it is in, the next order gets a new one
                _LOG.warning("a render worker failed and is replaced: %s", failure.detail)
            if render.is_cancelled.is_set():
                return RenderFailure("cancelled")
            return failure

    async def _stop_when_cancelled(self, render: Render) -> None:
        await render.is_cancelled.wait()
        self._say(framed(Stop()))
        await asyncio.sleep(self._pool.stop_seconds)
        await self.kill()

    def _say(self, said: bytes) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with suppress(ConnectionError):  # whoever listens for the answer learns that it is gone
            self._process.stdin.write(said)

    async def _hear(self) -> Ready | Told | Done | Failed | None:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(self._pool.silent_seconds):
                return await next_from_worker(self._process.stdout)
        except TimeoutError:
            return Failed("crashed", f"nothing was heard of it for {self._pool.silent_seconds:g} s")

    async def kill(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _failure(message: object) -> RenderFailure:
    if isinstance(message, Failed):
        return RenderFailure(message.reason, message.detail)
    return RenderFailure("crashed", "the worker process ended")
