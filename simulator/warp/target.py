"""What a warp asks of the simulator whose clock it moves, and the answer of one that serves in this process."""

from _thread import get_ident
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Protocol

from simulator.assembly import Background
from simulator.sandbox.sandbox import Sandbox


class WarpTarget(Protocol):
    """One sandbox of one server."""

    must_be_asked: bool
    """Whether only ``settle`` finds out what the server is doing."""

    def settle(self) -> bool:
        """Ask the server whether nothing is under way, and what is due; on the server's loop only; may take real time."""

    def now_ms(self) -> int:
        """Return the present instant of the sandbox's clock."""

    def next_due_ms(self) -> int | None:
        """Return the next instant at which the sandbox has something to do by itself."""

    def is_busy(self) -> bool:
        """Return whether a request or a webhook is under way that will end without any move of the clock."""

    def is_writing(self) -> bool:
        """Return whether a part of a reply has not left yet; asked on the server's loop."""

    def move_to(self, at_ms: int) -> None:
        """Move the clock forward and start what is due by then; what that brings about counts as busy at once."""

    def lent_clock(self) -> AbstractContextManager[None]:
        """Return what lets nobody but the warp move the clock, while it lasts."""

    def running_clock(self) -> AbstractContextManager[None]:
        """Return what lets the clock run as fast as in reality, while it lasts."""

    def telling(self, has_less_to_do: Callable[[], None]) -> AbstractContextManager[None]:
        """Return what has a function called, while it lasts, whenever a request or a webhook is over."""

    def call_soon(self, function: Callable[..., object], *arguments: Any) -> None:
        """Have a function called on the server's loop, at its next pass; from any thread."""

    def call_later(self, seconds: float, function: Callable[..., object], *arguments: Any) -> None:
        """Have a function called in so many real seconds; on the server's loop only."""

    def is_ours(self, address: Any) -> bool:
        """Return whether a connection to this address leads to the server."""

    def is_own_thread(self, identifier: int) -> bool:
        """Return whether a thread belongs to the server."""


class InProcess:
    """A sandbox of a server that runs in a thread of this process; without one it is the main sandbox."""

    must_be_asked = False

    def __init__(self, background: Background, sandbox: Sandbox | None = None) -> None:
        self._background = background
        self._sandbox = sandbox or background.simulator.sandboxes.main
        self._loop, self._thread = background.loop, background.thread_ids[0]
        self._ports = frozenset(door.port for door in background.simulator.doors)

    def settle(self) -> bool:
        """Return whether nothing is under way; nothing has to be asked for that."""
        return not self.is_busy()

    def now_ms(self) -> int:
        """Return the present instant of the sandbox's clock."""
        return self._sandbox.clock.now_ms()

    def next_due_ms(self) -> int | None:
        """Return the next instant at which the sandbox has something to do by itself."""
        return self._sandbox.counters()["next_due_ms"]

    def is_busy(self) -> bool:
        """Return whether a request or a webhook is under way, or somebody else is moving the clock step by step."""
        counters = self._sandbox.counters()
        under_way = (counters["in_flight"] or 0) - (counters["held"] or 0) + (counters["deliveries"] or 0)
        return under_way > 0 or self._sandbox.is_walking

    def is_writing(self) -> bool:
        """Return whether a part of a reply has not left yet."""
        return any(door.is_writing for door in self._background.simulator.doors)

    def move_to(self, at_ms: int) -> None:
        """Move the clock forward and start what is due by then."""
        self._sandbox.catch_up_to(at_ms)

    def lent_clock(self) -> AbstractContextManager[None]:
        """Return what lets nobody but the warp move the clock."""
        return self._sandbox.clock_in_mode("warp")

    def running_clock(self) -> AbstractContextManager[None]:
        """Return what lets the clock run as fast as in reality."""
        return self._sandbox.clock_in_mode("real")

    @contextmanager
    def telling(self, has_less_to_do: Callable[[], None]) -> Iterator[None]:
        """Have a function called whenever a request or a webhook is over."""
        self._sandbox.on_less_to_do.append(has_less_to_do)
        try:
            yield
        finally:
            self._sandbox.on_less_to_do.remove(has_less_to_do)

    def call_soon(self, function: Callable[..., object], *arguments: Any) -> None:
        """Have a function called on the server's loop, at its next pass."""
        if get_ident() == self._thread:
            self._loop.call_soon(function, *arguments)
            return
        with suppress(RuntimeError):  # the server has been closed
            self._loop.call_soon_threadsafe(function, *arguments)

    def call_later(self, seconds: float, function: Callable[..., object], *arguments: Any) -> None:
        """Have a function called in so many real seconds."""
        self._loop.call_later(seconds, function, *arguments)

    def is_ours(self, address: Any) -> bool:
        """Return whether a connection to this address leads to the server."""
        return (
            isinstance(address, tuple)
            and address[1] in self._ports
            and (address[0].removeprefix("::ffff:").startswith("127.") or address[0] == "::1")
        )

    def is_own_thread(self, identifier: int) -> bool:
        """Return whether a thread belongs to the server."""
        return identifier in self._background.thread_ids
