"""A simulator in a thread of its own, and the loop that any simulator runs on."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from simulator import vendors
from simulator.assembly.simulator import Simulator
from simulator.settings import Settings

_real_seconds = time.monotonic  # bound here, so that a test which freezes time does not stop the timers of the server


class Background:
    """A simulator that serves from a thread of its own, for demos and tests.

    The loop keeps real time even where a test freezes the clock of its process.
    """

    def __init__(self, settings: Settings, vendor_names: tuple[str, ...] = vendors.NAMES) -> None:
        self.simulator = Simulator(settings, vendor_names)
        self._is_open = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_over: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._helpers = ThreadPoolExecutor(thread_name_prefix="simulator")

    def __enter__(self) -> "Background":
        self._thread.start()
        self._is_open.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *about: object) -> None:
        if self._loop is not None and self._is_over is not None:
            self._loop.call_soon_threadsafe(self._is_over.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it can be reached."""
        return f"http://127.0.0.1:{self.simulator.doors[0].port}"

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that serves, for what is to be awaited there."""
        assert self._loop is not None
        return self._loop

    @property
    def thread_ids(self) -> tuple[int, ...]:
        """The identifiers of the thread that serves, which comes first, and of those that help it."""
        threads = (self._thread, *self._helpers._threads)
        return tuple(thread.ident for thread in threads if thread.ident is not None)

    def _run(self) -> None:
        run_loop(self._serve)

    async def _serve(self) -> None:
        self._loop, self._is_over = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_default_executor(self._helpers)
        if isinstance(self._loop, asyncio.BaseEventLoop):  # uvloop's reads a clock that no test can freeze
            self._loop.time = _real_seconds  # type: ignore[method-assign]
        try:
            await self.simulator.open()
        except BaseException as error:
            self._failure = error  # raised where the server was to be used
            return
        finally:
            self._is_open.set()
        await self._is_over.wait()
        await self.simulator.close()


def run_loop(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine to its end, on uvloop where there is one."""
    new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with suppress(ImportError):  # there is none for Windows
        from uvloop import new_event_loop
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main())
