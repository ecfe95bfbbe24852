"""A warp on the clock of a simulator in another process or container: a few control calls for each move."""

import heapq
import socket
import threading
from _thread import get_ident
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import quote, urlsplit

from simulator.client.errors import SimulatorRefused, refusal
from simulator.client.transport import HttpTransport
from simulator.jobs.durations import read_ms
from simulator.warp.engine import Warp
from simulator.warp.members import Member, by_thread
from simulator.warp.real import real_s

_QUIET_IN_A_ROW = 2  # the last is asked once the first has come back: by then, what members sent before has arrived
RENEW_S = 10.0  # real; the server takes the clock back where it hears nothing for three times as long


def warp_elsewhere(
    url: str, token: str | None, sandbox: str, *, real: tuple[str, ...] = (), limit: str | int = "2d"
) -> Warp:
    """Return what warps the thread that enters it, on a clock of the simulator at a URL; see ``simulator.warp.warp``."""
    return Warp(RemoteTarget(url, token, sandbox), real=tuple(real), limit_ms=read_ms(limit))


@contextmanager
def _unwarped() -> Iterator[Member | None]:
    """Let the calling thread wait in reality; yield whose it is."""
    member = by_thread.pop(get_ident(), None)
    try:
        yield member
    finally:
        if member is not None:
            by_thread[get_ident()] = member


@contextmanager
def _aside() -> Iterator[None]:
    """Let a command to the simulator take real time, as one within the process would; it may move the clock."""
    with _unwarped() as member:
        yield
    if member is not None and isinstance(member.warp.target, RemoteTarget):
        member.warp.target.forget()


HttpTransport.aside = staticmethod(_aside)


class RemoteTarget:
    """A sandbox of a server that runs elsewhere. While the clock is lent to us it stands, so we know where it is."""

    must_be_asked = True

    def __init__(self, url: str, token: str | None, sandbox: str) -> None:
        self._transport = HttpTransport(url, token)
        self._transport.aside = nullcontext
        self._below = f"/sandboxes/{quote(sandbox, safe='')}/clock"
        self._now_ms = 0
        self._due_ms: int | None = None
        self._commands = 0  # of others, which may have moved the clock
        self._is_known = self._is_lent = self._is_asking = self._has_started = False
        self._hosts: frozenset[str] = frozenset()
        self._ports: frozenset[int] = frozenset()
        self._helper = _Helper(self._renew)
        self._has_less_to_do: Callable[[], None] = lambda: None

    # The clock

    def now_ms(self) -> int:
        """Return the present instant of the sandbox's clock, as it was last known where the server is gone."""
        with suppress(SimulatorRefused):  # the next wait says so
            if not self._is_lent:
                self._now_ms = self._ask("GET", "")["now_ms"]
            elif not self._is_known:
                self._step(0)
        return self._now_ms

    def next_due_ms(self) -> int | None:
        """Return the next instant at which the sandbox has something to do by itself, as it was when last asked."""
        return self._due_ms

    def forget(self) -> None:
        """Have the clock looked at before it is read again: somebody may have moved it by command."""
        self._commands += 1
        self._is_known = False

    def settle(self) -> bool:
        """Return whether nothing is under way, after a real second at most.

        Raises:
            SimulatorRefused: the server is gone, or has taken the clock back.
        """
        self._is_asking = True
        try:
            is_quiet = all(self._hear("/quiet") for _ in range(_QUIET_IN_A_ROW))
        finally:
            self._is_asking = False
        if is_quiet and self._has_started:
            self._has_started = False
            self._has_less_to_do()
        return is_quiet

    def is_busy(self) -> bool:
        """Return whether the server has been asked, and has not answered yet."""
        return self._is_asking

    def is_writing(self) -> bool:
        """Return whether a part of a reply has not left yet; that is seen where it arrives."""
        return False

    def move_to(self, at_ms: int) -> None:
        """Move the clock forward, from one instant at which something is due to the next.

        Raises:
            SimulatorRefused: the server is gone, or has taken the clock back.
        """
        if not self._is_lent:
            return
        while self.now_ms() < at_ms:
            self._step(at_ms)

    @contextmanager
    def lent_clock(self) -> Iterator[None]:
        """Let nobody but the warp move the clock.

        Raises:
            SimulatorRefused: a warp has it already.
        """
        self._learn_addresses()
        self._begin()
        self._helper.start()
        try:
            yield
        finally:
            self._helper.stop()
            self._end()
            self._transport.close()

    @contextmanager
    def running_clock(self) -> Iterator[None]:
        """Let the clock run as fast as in reality."""
        self._end()
        before = self._ask("GET", "")
        self._ask("PATCH", "", {"mode": "real", "speed": 1})
        try:
            yield
        finally:
            self._ask("PATCH", "", {"mode": before["mode"], "speed": before["speed"]})
            self._begin()

    def _begin(self) -> None:
        self._hear("")
        self._is_lent = True

    def _end(self) -> None:
        self._is_lent = False
        with suppress(SimulatorRefused):  # who is gone has no clock
            self._ask("DELETE", "/warp")

    def _renew(self) -> None:
        if self._is_lent:
            with suppress(SimulatorRefused):  # the next move says so
                self._step(0)

    def _step(self, until_ms: int) -> None:
        self._has_started |= not self._hear("/step", {"until_ms": until_ms})

    def _hear(self, what: str, body: object = None) -> bool:
        """Make a call for the warp and keep what it says; return whether the server is quiet."""
        commands = self._commands
        state = self._ask("POST", f"/warp{what}", body)
        self._now_ms, self._due_ms, self._is_known = state["now_ms"], state["next_due_ms"], commands == self._commands
        return bool(state["quiet"])

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        with _unwarped():
            answer = self._transport.ask(method, f"{self._below}{path}", None, body)
        if answer.status >= 300:
            raise refusal(answer.status, answer.body)
        return answer.body

    # The server

    def _learn_addresses(self) -> None:
        """Find out which connections lead to the server: by its URL, and by those that it has for its vendors."""
        urls = [self._transport.url, *self._vendor_urls()]
        parts = [urlsplit(url) for url in urls]
        self._ports = frozenset(part.port or (443 if part.scheme == "https" else 80) for part in parts)
        hosts = {part.hostname or "" for part in parts}
        self._hosts = frozenset(str(found[4][0]) for host in hosts for found in _resolved(host))

    def _vendor_urls(self) -> list[str]:
        index: Any = self._transport.ask("GET", "").body
        return list(index["vendors"].values()) if isinstance(index, dict) and "vendors" in index else []

    def is_ours(self, address: Any) -> bool:
        """Return whether a connection to this address leads to the server."""
        if not isinstance(address, tuple) or address[1] not in self._ports:
            return False
        host = str(address[0]).removeprefix("::ffff:")
        return host in self._hosts or (_is_loopback(host) and any(map(_is_loopback, self._hosts)))

    @contextmanager
    def telling(self, has_less_to_do: Callable[[], None]) -> Iterator[None]:
        """Have a function called when what a move has started is over."""
        self._has_less_to_do = has_less_to_do
        try:
            yield
        finally:
            self._has_less_to_do = lambda: None

    def call_soon(self, function: Callable[..., object], *arguments: Any) -> None:
        """Have a function called in the thread that speaks to the server; from any thread."""
        self._helper.call_soon(partial(function, *arguments))

    def call_later(self, seconds: float, function: Callable[..., object], *arguments: Any) -> None:
        """Have a function called there in so many real seconds; from that thread only."""
        self._helper.call_later(seconds, partial(function, *arguments))

    def is_own_thread(self, identifier: int) -> bool:
        """Return whether a thread is the one that speaks to the server."""
        return identifier == self._helper.identifier


def _is_loopback(host: str) -> bool:
    return host == "::1" or host.startswith("127.")


def _resolved(host: str) -> list[Any]:
    try:
        return socket.getaddrinfo(host, None)
    except OSError:
        return []


class _Helper:
    """A thread that speaks to the server while everybody waits; ``idle`` is called when it has long had nothing to do."""

    def __init__(self, idle: Callable[[], None]) -> None:
        self._idle = idle
        self._soon: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()
        self._thread: threading.Thread | None = None

    @property
    def identifier(self) -> int | None:
        return None if self._thread is None else self._thread.ident

    def start(self) -> None:
        self._soon = SimpleQueue()
        self._later.clear()
        self._thread = threading.Thread(target=self._run, name="warp elsewhere", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        assert self._thread is not None
        self._soon.put(None)
        self._thread.join()

    def call_soon(self, function: Callable[[], object]) -> None:
        self._soon.put(function)

    def call_later(self, seconds: float, function: Callable[[], object]) -> None:
        heapq.heappush(self._later, (real_s() + seconds, next(self._numbers), function))

    def _run(self) -> None:
        renew_s = real_s() + RENEW_S
        while True:
            next_s = min(renew_s, self._later[0][0]) if self._later else renew_s
            with suppress(Empty):
                function = self._soon.get(timeout=max(0.0, next_s - real_s()))
                if function is None:
                    return
                function()
            if self._later and self._later[0][0] <= real_s():
                heapq.heappop(self._later)[2]()
            if renew_s <= real_s():
                self._idle()
                renew_s = real_s() + RENEW_S
