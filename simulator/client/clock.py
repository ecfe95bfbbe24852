"""The clock of a sandbox, commanded from outside."""

from datetime import datetime

from simulator.client.lengths import Instant, Length, at, instant_text, length_ms
from simulator.client.results import ClockReading, Deliveries, Delivery, read_as
from simulator.client.verbs import AsyncPart, Part, SyncPart, Talk, reading, verb


class _ClockVerbs(Part):
    @verb
    def read(self) -> Talk[ClockReading]:
        """Return what the clock says, and how it runs."""
        return read_as((yield from self._say("GET", "/clock")), ClockReading)

    @reading
    def now(self) -> Talk[datetime]:
        """The sandbox's present instant, in UTC."""
        return at(read_as((yield from self._say("GET", "/clock")), ClockReading).now_ms)

    @reading
    def now_ms(self) -> Talk[int]:
        """The sandbox's present instant, in milliseconds since 1970."""
        return read_as((yield from self._say("GET", "/clock")), ClockReading).now_ms

    @reading
    def mode(self) -> Talk[str]:
        """``real``, ``manual``, ``skip`` or ``warp``."""
        return read_as((yield from self._say("GET", "/clock")), ClockReading).mode

    @verb
    def advance(self, by: Length, *, wait: bool = True) -> Talk[Deliveries]:
        """Move the clock forward, standing still at each webhook until its receiver has answered; return these.

        Without ``wait`` they are started on the way, and none is returned.

        Raises:
            BadLength: ``by`` is no length of time.
        """
        return (yield from self._move("/clock/advance", {"by": length_ms(by), "wait": wait}))

    @verb
    def advance_to(self, to: Instant, *, wait: bool = True) -> Talk[Deliveries]:
        """Move the clock forward to an instant.

        Raises:
            BadInstant: the clock is past it, or it is none.
        """
        return (yield from self._move("/clock/advance", {"to": instant_text(to), "wait": wait}))

    @verb
    def next(self, *, wait: bool = True) -> Talk[Deliveries]:
        """Move the clock to the next instant at which anything happens; where nothing is due it stays."""
        return (yield from self._move("/clock/next", {"wait": wait}))

    @verb
    def freeze(self) -> Talk[ClockReading]:
        """Let time stand until it is told to move: the mode ``manual``."""
        return (yield from self._set(mode="manual"))

    @verb
    def skip(self) -> Talk[ClockReading]:
        """Let a poll that would only repeat the last answer jump to the next change: the mode ``skip``."""
        return (yield from self._set(mode="skip"))

    @verb
    def run(self, speed: float = 1.0) -> Talk[ClockReading]:
        """Let time pass by itself, so many virtual seconds a real one: the mode ``real``."""
        return (yield from self._set(mode="real", speed=speed))

    @verb
    def hold(self, hold: bool = True) -> Talk[ClockReading]:
        """Say whether blocking calls wait for the clock instead of moving it."""
        return (yield from self._set(hold=hold))

    def _set(self, **change: str | float) -> Talk[ClockReading]:
        return read_as((yield from self._say("PATCH", "/clock", change)), ClockReading)

    def _move(self, path: str, body: dict[str, object]) -> Talk[Deliveries]:
        moved = yield from self._say("POST", path, body, waits=bool(body["wait"]))
        return Deliveries(read_as(moved["webhooks"], list[Delivery]))


class Clock(_ClockVerbs, SyncPart):
    """Virtual time."""


class AsyncClock(_ClockVerbs, AsyncPart):
    """Virtual time, awaited."""
