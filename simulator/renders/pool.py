"""The engine of one machine: a worker process for each slot, replaced when it dies, ended when nobody needs it."""

import asyncio
import logging
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress

from simulator.media.live.orders import Order
from simulator.renders.messages import Do, Failed, FromWorker, Stop, ToWorker, framed, next_from_worker
from simulator.renders.slots import Patience, Slots

WORKER = ("-m", "simulator.renders.worker")
_MOST_LETTERS = 500  # of a line that a worker's libraries print
_LOG = logging.getLogger("simulator")


class Pool(Slots):
    """Worker processes on this machine. ``command`` is what one is started with, Python aside."""

    def __init__(
        self,
        slots: int = 1,
        device: str = "auto",
        *,
        command: Sequence[str] = WORKER,
        patience: Patience | None = None,
    ) -> None:
        whole = (sys.executable, *command, device, str(slots))
        super().__init__([WorkerProcess(whole) for _ in range(slots)], patience or Patience())


class WorkerProcess:
    """A process that reads orders from its standard input, and ends when that is closed."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._last_line = ""

    @property
    def is_there(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process anew."""
        await self.kill()
        self._last_line = ""
        self._process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        assert self._process.stderr is not None
        self._reading = asyncio.create_task(self._pass_on(self._process.stderr, self._process.pid))

    async def _pass_on(self, prints: asyncio.StreamReader, pid: int) -> None:
        """Log what its libraries print, a line each."""
        while True:
            try:
                line = await prints.readline()
            except ValueError:  # longer than the reader's buffer, which has let go of it
                continue
            if not line:
                return
            if said := line.decode(errors="replace").strip()[:_MOST_LETTERS]:
                self._last_line = said
                _LOG.warning("render worker %d: %s", pid, said)

    def do(self, order: Order) -> None:
        """Give it an order."""
        self._say(Do(order))

    def stop(self) -> None:
        """Ask it to end its order."""
        self._say(Stop())

    def _say(self, message: ToWorker) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(ConnectionError):  # whoever listens for the answer learns that it is gone
                self._process.stdin.write(framed(message))

    async def hear(self) -> FromWorker:
        """Return what it says next; how it ended, if it says nothing any more."""
        process = self._process
        if process is None or process.stdout is None:
            return Failed("crashed", "the worker process was ended")
        message = await next_from_worker(process.stdout)
        if message is not None:
            return message
        if process.returncode is None and not process.stdout.at_eof():
            return Failed("crashed", "the worker process said what nobody understands")
        status = await process.wait()
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=1)  # its last words may explain it
        return Failed("crashed", _end_told(status, self._last_line))

    async def kill(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if self._reading is not None:
            self._reading.cancel()


def _end_told(status: int, last_line: str) -> str:
    """Return how a process ended, in words."""
    if status == -signal.SIGKILL:
        return "the worker process was killed, as systems do when memory is used up"
    if status < 0:
        return f"the worker process was ended by signal {-status}" + (f"; it said: {last_line}" if last_line else "")
    return f"the worker process ended with status {status}" + (f"; it said: {last_line}" if last_line else "")
