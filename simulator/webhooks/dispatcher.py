"""Sends webhooks for all sandboxes: by itself as clocks reach their instants, or while a command moves a clock."""

import asyncio
import logging
import math
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Protocol

from simulator.contract import Contract
from simulator.jobs.deliveries import calls_the_simulator, shown_url
from simulator.jobs.errors import Conflict, SimulatorError
from simulator.sandbox.delivery import (
    BROKEN,
    BY_HAND,
    DELIVERED,
    GIVEN_UP,
    LOST,
    READY,
    REFUSED,
    UNDER_WAY,
    WAITING,
    Attempt,
    Delivery,
)
from simulator.sandbox.life import Life
from simulator.sandbox.sandbox import Sandbox
from simulator.vendors.vendor import Headers
from simulator.webhooks.lanes import Lanes
from simulator.webhooks.posting import Answer, Poster

LONGEST_STANDING_S = 1.0  # a receiver's time-out, in real time, where the clock does not run by itself
_LONGEST_TIMER_S = 3600.0  # then the clock is looked at again
_MOST_TOLD = 5  # webhooks in a message
_NO_COMMAND = "no webhook commands a simulator; of the control API only /_simulator/receiver/… takes any"
_IN_WORDS = {
    WAITING: "waits",
    READY: "is ready",
    UNDER_WAY: "is under way",
    DELIVERED: "was delivered",
    GIVEN_UP: "was given up",
    LOST: "was lost on purpose",
    REFUSED: "was not sent",
    BROKEN: "was not sent",
}
_LOG = logging.getLogger("simulator")


class NotInTime(SimulatorError):
    """What was waited for did not come."""

    status = 409
    code = "not_in_time"


class Sighting(Protocol):
    """Whoever watches one attempt; ``headers`` are what he wants to go with it."""

    headers: Headers

    def over(self) -> None:
        """Hear that the attempt is over; the delivery knows what came of it."""


class _Unwatched:
    headers: Headers = ()

    def over(self) -> None:
        """Nobody wants to know."""


class Dispatcher:
    """One for all sandboxes of a process; it works on the loop on which it was started.

    ``contract`` returns a vendor's contract, ``on_broken`` hears of a webhook that the vendor could not have sent.
    ``sight`` is told of every attempt that begins.
    """

    def __init__(
        self,
        poster: Poster,
        contract: Callable[[str], Contract],
        on_broken: Callable[[], None] = lambda: None,
        sight: Callable[[Sandbox, Delivery], Sighting] = lambda sandbox, delivery: _Unwatched(),
    ) -> None:
        self._poster, self._contract, self._on_broken, self._sight = poster, contract, on_broken, sight
        self._lanes = Lanes()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._timers: dict[Sandbox, asyncio.TimerHandle] = {}
        self._woken: set[Sandbox] = set()
        self._pulse: asyncio.Future[None] | None = None

    def start(self) -> None:
        """Work on the running loop from now on."""
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        self._woken.clear()

    async def close(self) -> None:
        """Drop what is under way, and send no more."""
        self._loop = None
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        await self._lanes.close()
        await self._poster.close()

    # By itself

    def wake(self, sandbox: Sandbox) -> None:
        """Hear, from any thread and with the sandbox's lock held, that there is something to send or to wait for."""
        if self._loop is None or sandbox in self._woken:
            return
        self._woken.add(sandbox)
        if threading.get_ident() == self._thread:
            self._loop.call_soon(self._look, sandbox)
        else:
            with suppress(RuntimeError):  # the loop has been closed
                self._loop.call_soon_threadsafe(self._look, sandbox)

    def _look(self, sandbox: Sandbox) -> None:
        """Send what can be sent now, and come back when the next is due on a clock that runs by itself."""
        if timer := self._timers.pop(sandbox, None):
            timer.cancel()
        self._tell_news()
        with sandbox.lock:
            self._woken.discard(sandbox)
            if self._loop is None or sandbox.is_closed:
                return
            sandbox.settle()
            if not sandbox.is_walking:  # else whoever walks sends what is ready, and knows of it
                self._send(sandbox)
                self._arm(sandbox)
            self._woken.discard(sandbox)  # what settling brought about has been seen

    def _arm(self, sandbox: Sandbox) -> None:
        due_ms = sandbox.life.next_due_ms()
        seconds = None if due_ms is None else sandbox.clock.real_seconds_until(due_ms)
        if seconds is not None and self._loop is not None:
            seconds = min(seconds + 0.001, _LONGEST_TIMER_S)  # whole milliseconds: not a moment too early
            self._timers[sandbox] = self._loop.call_later(seconds, self._look, sandbox)

    def _send(self, sandbox: Sandbox, job_ids: Iterable[str] = ()) -> list[Delivery]:
        """Start what can be sent now; the caller holds the lock."""
        life = sandbox.life
        taken = life.outbox.take(job_ids)
        for delivery in taken:
            self._lanes.add((sandbox, delivery.url), partial(self._attempt, sandbox, life, delivery))
        return taken

    async def _attempt(self, sandbox: Sandbox, life: Life, delivery: Delivery) -> None:
        """Write a letter, have it checked, post it, and record what came of it; a reset meanwhile voids all that."""
        sighting = self._sight(sandbox, delivery)
        try:
            with sandbox.lock:
                if life.is_over:
                    return
                letter = life.outbox.letter(delivery)
            self._contract(delivery.job.vendor).webhook(letter.name).check(letter.plain, letter.honest)
            runs_by_itself = sandbox.clock.mode == "real"
            timeout_s = delivery.timeout_ms / 1000
            timeout_s = timeout_s if runs_by_itself else min(timeout_s, LONGEST_STANDING_S)
            sent, headers = letter.sent, (*letter.sent.headers, *sighting.headers)
            if calls_the_simulator(delivery.url):
                answer = Answer(error=f"refused: {_NO_COMMAND}", is_refused=True)
            else:
                answer = await self._poster.post(delivery.url, headers, sent.body, timeout_s)
            if answer.is_refused:
                _LOG.warning("webhook %d to %s was %s", delivery.number, shown_url(delivery.url), answer.error)
            attempt = Attempt(
                *(letter.at_ms, headers, sent.body, answer.status, answer.body, answer.headers, answer.error),
                *(answer.took_ms, answer.is_refused),
            )
            with sandbox.lock:
                if not life.is_over:
                    life.outbox.record(delivery, attempt, sandbox.clock.now_ms() if runs_by_itself else None)
            sighting.over()
        except SimulatorError as error:
            self._spoil(sandbox, life, delivery, error, sighting)
        except Exception as error:
            _LOG.error("an error that nobody foresaw", exc_info=error)
            failure = SimulatorError(f"the simulator failed: {type(error).__name__}: {error}")
            self._spoil(sandbox, life, delivery, failure, sighting)
        finally:
            sandbox.tell_less_to_do()
            self._tell_news()

    def _spoil(
        self, sandbox: Sandbox, life: Life, delivery: Delivery, error: SimulatorError, sighting: Sighting
    ) -> None:
        if delivery.why != BY_HAND:  # whoever fires one may try what the vendor never tells
            self._on_broken()
        with sandbox.lock:
            if not life.is_over:
                life.outbox.spoil(delivery, error)
        sighting.over()

    # By command

    async def advance(self, sandbox: Sandbox, to_ms: int) -> list[Delivery]:
        """Move a clock to an instant. At each due instant it stands until the receivers have answered or timed out.

        Return the webhooks of which an attempt was made, in order. A clock that has passed the instant stays.

        Raises:
            Conflict: somebody else advances it already, or the sandbox was reset on the way.
        """
        made: dict[int, Delivery] = {}
        await self._let_another_walk(sandbox)
        try:
            with sandbox.walk() as step:
                to_ms = max(to_ms, sandbox.clock.now_ms())
                while not await self._stride(sandbox, step, to_ms, made):
                    pass
        finally:
            self._wake_up(sandbox)
        return list(made.values())

    async def _let_another_walk(self, sandbox: Sandbox) -> None:
        """Give whoever walks a moment to end; a receiver that is being told cannot wait any longer for that."""
        ends_at = asyncio.get_running_loop().time() + LONGEST_STANDING_S / 2
        while sandbox.is_walking and (left_s := ends_at - asyncio.get_running_loop().time()) > 0:
            await self._news(left_s)

    async def _stride(
        self,
        sandbox: Sandbox,
        step: Callable[[int], bool],
        to_ms: int,
        made: dict[int, Delivery],
        longest_s: float = math.inf,
    ) -> bool:
        """Take one step and send what became ready; return whether the instant is reached and nothing is left to do.

        Raises:
            Conflict: the sandbox was reset meanwhile.
        """
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + longest_s
        with sandbox.lock:
            life = sandbox.life
            is_there = step(to_ms)
            made |= {delivery.number: delivery for delivery in self._send(sandbox)}
        while life.outbox.under_way and not life.is_over and loop.time() < ends_at:
            await self._news(min(LONGEST_STANDING_S, ends_at - loop.time()))
        with sandbox.lock:
            if life.is_over:
                raise Conflict("the sandbox was reset meanwhile")
            next_ms = life.next_due_ms()
            return is_there and not life.outbox.has_ready and (next_ms is None or next_ms > to_ms)

    async def wait(
        self, sandbox: Sandbox, fits: Callable[[Delivery], bool], count: int = 1, timeout_s: float = 5.0
    ) -> list[Delivery]:
        """Return the first ``count`` webhooks that fit, once they do.

        A clock that does not run by itself is moved on to whatever is due next. ``timeout_s`` is real time.

        Raises:
            NotInTime: they did not come in time.
            Conflict: the sandbox was reset meanwhile.
        """
        loop = asyncio.get_running_loop()
        life, ends_at = sandbox.life, loop.time() + timeout_s
        while len(found := _found(sandbox, fits)) < count:
            if life.is_over:
                raise Conflict("the sandbox was reset meanwhile")
            if loop.time() >= ends_at:
                raise _not_in_time(sandbox, len(found), count, timeout_s)
            with sandbox.lock:
                due_ms = life.next_due_ms()
                has_to_wait = sandbox.clock.mode == "real" or sandbox.is_walking or life.outbox.under_way > 0
            if has_to_wait or (due_ms is None and not life.outbox.has_ready):
                await self._news(ends_at - loop.time())
            else:
                try:
                    with sandbox.walk() as step:
                        to_ms = sandbox.clock.now_ms() if due_ms is None else due_ms
                        await self._stride(sandbox, step, to_ms, {}, ends_at - loop.time())
                finally:
                    self._wake_up(sandbox)
        return found[:count]

    async def send_first(self, sandbox: Sandbox, job_ids: Iterable[str]) -> None:
        """Send the webhooks of jobs whose submit has not been answered yet, and return once they have been."""
        life, ids = sandbox.life, tuple(job_ids)
        while not life.is_over:
            with sandbox.lock:
                taken = self._send(sandbox, ids)
            if not taken:
                return
            while any(delivery.state == UNDER_WAY for delivery in taken) and not life.is_over:
                await self._news(LONGEST_STANDING_S)

    async def finish(self, sandbox: Sandbox, delivery: Delivery) -> None:
        """Send what is ready and return once an attempt at this webhook has been made."""
        life = sandbox.life
        while delivery.state in (READY, UNDER_WAY) and not life.is_over:
            with sandbox.lock:
                self._send(sandbox, [delivery.job.id])  # although the reply to its job's submit may not be written yet
            await self._news(LONGEST_STANDING_S)

    def _wake_up(self, sandbox: Sandbox) -> None:
        with sandbox.lock:
            self.wake(sandbox)

    async def _news(self, longest_s: float) -> None:
        """Wait until something has happened here, but no longer than this."""
        if self._pulse is None:
            self._pulse = asyncio.get_running_loop().create_future()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(longest_s, 0)):
                await asyncio.shield(self._pulse)

    def _tell_news(self) -> None:
        pulse, self._pulse = self._pulse, None
        if pulse is not None and not pulse.done():
            pulse.set_result(None)


def _reason(delivery: Delivery) -> str:
    """Return how far a webhook is, in words, with what held it up."""
    last = delivery.attempts[-1] if delivery.attempts else None
    about = f"webhook {delivery.number} ({delivery.word}) {_IN_WORDS[delivery.state]}"
    if delivery.state == WAITING and delivery.due_ms is None:
        return f"{about} until a look has shown the end of job {delivery.job.id}"
    if last and (last.error or not delivery.accepts(last.status)):
        return f"{about}: {last.error or f'answered {last.status}'}"
    return about


def _found(sandbox: Sandbox, fits: Callable[[Delivery], bool]) -> list[Delivery]:
    with sandbox.lock:
        return [delivery for delivery in sandbox.life.outbox if fits(delivery)]


def _not_in_time(sandbox: Sandbox, found: int, wanted: int, timeout_s: float) -> NotInTime:
    with sandbox.lock:
        kept, due_ms = list(sandbox.life.outbox), sandbox.life.next_due_ms()
        reasons = [_reason(delivery) for delivery in kept[-_MOST_TOLD:]]
    outlook = "something is due later" if due_ms is not None else "nothing is due"
    there = "; ".join(reasons) or "there are no webhooks at all"
    earlier = f"{len(kept) - _MOST_TOLD} earlier ones; " if len(kept) > _MOST_TOLD else ""
    message = f"{found} of {wanted} webhooks that fit came within {timeout_s:g} s, and {outlook}. {earlier}{there}"
    return NotInTime(message, found=found)
