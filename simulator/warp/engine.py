"""The warp itself: who takes part, who waits for what, and when the clock may jump."""

import math
import threading
from _thread import RLock, get_ident
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any, Self

from simulator.warp import loops, patches, pools
from simulator.warp.foreign import ForeignAnswers
from simulator.warp.members import Io, Member, by_thread
from simulator.warp.real import LEFT_ALONE, REAL, prefixes, real_s
from simulator.warp.target import WarpTarget

_PASSES = 10  # of the server's loop without news: no byte is on its way to it
_STILL_WRITING_S = 0.0005
_DAY_MS = 86_400_000
_MOST_READS = 1000  # of a clock that stands; after that it is taken for a loop that does nothing but look


class WarpStalled(RuntimeError):
    """Everybody waits, and nothing is due."""


class WarpLimit(RuntimeError):
    """More virtual time would pass than a test can mean."""


class Warp:
    """Inside ``with``, waiting moves the target's clock instead of taking time.

    In real seconds: ``grace_s`` is the silence before a wait expires that strangers may end, ``slack_s`` the least that a
    wait may really last, ``stall_s`` how long all may wait for nothing.
    """

    def __init__(
        self,
        target: WarpTarget,
        *,
        real: tuple[str, ...] = (),
        limit_ms: int = 400 * _DAY_MS,
        grace_s: float = 0.05,
        slack_s: float = 1.0,
        stall_s: float = 5.0,
    ) -> None:
        self.target, self.limit_ms = target, limit_ms
        self.grace_s, self.slack_s, self.stall_s = grace_s, slack_s, stall_s
        self.real = prefixes(LEFT_ALONE + real)
        self.is_over, self.is_paused = True, False
        self.lock = RLock()
        self.members: list[Member] = []
        self.jumps = 0
        self.answers = ForeignAnswers(target, piece_s=2 * grace_s)
        self.loops = loops.HookedLoops(self)
        self.pools = pools.Pools()
        self._numbers = count(1)
        self._epoch = self._server_epoch = 0
        self._last_news_s = self._still_since_s = 0.0
        self._expiries = 0  # of gentle waits, one after the other
        self._reads = 0
        self._entered_ms = 0
        self._base_s: dict[str, int] = {}
        self._stack = ExitStack()

    # In and out

    def __enter__(self) -> Self:
        if get_ident() in by_thread and not by_thread[get_ident()].warp.is_over:
            raise RuntimeError("this thread is warped already: one warp at a time")
        loop = loops.running_loop()
        with ExitStack() as stack:
            stack.enter_context(patches.in_place())
            stack.enter_context(self.target.lent_clock())
            stack.enter_context(self.target.telling(self._hear_less_to_do))
            self._entered_ms, self._still_since_s = self.target.now_ms(), real_s()
            # Whole seconds, for aiohttp rounds its time-outs up to whole seconds of the loop's clock.
            self._base_s = {name: math.ceil(REAL[name]()) for name in ("monotonic", "perf_counter")}
            self.is_over = False
            member = by_thread[get_ident()] = self.enrol(threading.current_thread().name)
            stack.callback(self._end, member)
            if loop is not None:
                self.loops.hook(loop, member)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *about: object) -> None:
        self._stack.close()

    def _end(self, entered: Member) -> None:
        """Put every loop back, and let those who are still here go on in real time."""
        self.loops.end(gained_s=self.elapsed_ms() / 1000 - (real_s() - self._base_s["monotonic"]))
        with self.lock:
            self.is_over = True
            left, self.members = self.members, []
            for member in left:
                self._wake(member, "due")
        for thread in [thread for thread, member in by_thread.copy().items() if member.warp is self]:
            by_thread.pop(thread, None)
        entered.close()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Wait in reality for a while, for a browser or a child process; the clock runs as fast meanwhile."""
        self.is_paused = True
        try:
            with self.target.running_clock():
                yield
        finally:
            self.is_paused = False
            with self.lock:
                self._note_news()
                self.evaluate()

    # Members

    def enrol(self, name: str) -> Member:
        """Have somebody take part from now on; it counts as running."""
        with self.lock:
            member = Member(self, name, next(self._numbers))
            if not self.is_over:
                self.members.append(member)
            self._note_news()
            return member

    def leave(self, member: Member) -> None:
        """Have somebody take part no longer."""
        with self.lock:
            if member in self.members:
                self.members.remove(member)
                self.wake_joiners(member.joiners)
                self._note_news()
                self.evaluate()
        member.close()

    def wake_joiners(self, joiners: list[Member]) -> None:
        """Wake everybody who waits for an end that has come; the lock is held."""
        for joiner in joiners:
            self._wake(joiner, "joined")
        joiners.clear()

    def wake_notified(self, member: Member) -> bool:
        """Wake a member, because somebody has done what it waits for; return whether it waited."""
        with self.lock:
            was_waiting = member.is_waiting
            self._wake(member, "notified")
            return was_waiting

    # Waiting

    def park(self, member: Member, seconds: float | None, what: str, *, gently: bool = False) -> str:
        """Block the calling thread until it is woken; return why: ``due``, ``notified`` or ``joined``.

        Raises:
            WarpStalled, WarpLimit: the wait makes no sense.
        """
        self._begin_wait(member, seconds, what, gently=gently)
        patience_s = self.stall_s if seconds is None else min(max(seconds, self.slack_s), threading.TIMEOUT_MAX)
        try:
            while not member.gate.acquire(True, patience_s):
                self._complain_if_stalled(member) if seconds is None else self._took_long_enough(member)
        except BaseException:  # Ctrl-C, above all
            with self.lock:
                member.gate.acquire(False)
                self._end_wait(member)
            raise
        return self._outcome(member)

    def wait_for_io(self, member: Member, seconds: float | None, what: str, io: Io) -> Any:
        """Block until there is I/O or virtual time is up; return what has come, or None.

        Raises:
            WarpStalled, WarpLimit: the wait makes no sense.
        """
        member.io = io
        until_s = None if seconds is None else real_s() + max(seconds, self.slack_s)
        self._begin_wait(member, seconds, what)
        found = None
        try:
            while member.is_waiting:
                found = io.block(self.stall_s if until_s is None else max(0.0, until_s - real_s()))
                if found:
                    self._end_wait(member)
                elif until_s is None:
                    self._complain_if_stalled(member)
                elif real_s() >= until_s:
                    self._took_long_enough(member)
        finally:
            self._end_wait(member)
            member.io = None
        return found if self._outcome(member) == "io" else None

    def _begin_wait(self, member: Member, seconds: float | None, what: str, *, gently: bool = False) -> None:
        with self.lock:
            member.until_ms = None if seconds is None else self.target.now_ms() + _whole_ms(seconds)
            member.is_waiting, member.what, member.is_gentle, member.outcome = True, what, gently, ""
            self._note_news()
            if self.is_over:
                self._wake(member, "due")
            else:
                self.evaluate()

    def _end_wait(self, member: Member) -> None:
        """Let a member go on by its own doing: bytes have come, or something was raised."""
        with self.lock:
            if member.is_waiting:
                member.is_waiting, member.outcome = False, "io"
                self._note_news()

    def _outcome(self, member: Member) -> str:
        if isinstance(member.outcome, Exception):
            raise member.outcome
        return member.outcome

    def _took_long_enough(self, member: Member) -> None:
        """Count an instant as reached, because its wait has lasted as long in reality as it asked for."""
        with self.lock:
            if member.is_waiting and member.until_ms is not None:
                if not self.is_over:
                    self._move_to(member.until_ms)
                self._wake(member, "due")

    def _wake(self, member: Member, outcome: str | Exception) -> None:
        """Count a member as running, before its thread has noticed. The lock is held."""
        if member.is_waiting:
            member.is_waiting, member.outcome = False, outcome
            if outcome != "due":
                self._expiries = 0
            elif member.is_gentle:
                self._expiries += 1
            self._note_news()
            if member.io is not None:
                member.io.nudge()
            else:
                member.gate.release()

    # The jump

    def _note_news(self) -> None:
        self._epoch += 1
        self._last_news_s = real_s()

    def _hear_less_to_do(self) -> None:
        """Hear that a request or a webhook is over; this may come with the sandbox's lock held, so ours is not taken."""
        self._server_epoch += 1
        self._last_news_s = real_s()
        self.target.call_soon(self._look_again)

    def _look_again(self) -> None:
        with self.lock:
            self._expiries = 0
            self.evaluate()

    def _all_wait(self) -> bool:
        return all(member.is_waiting for member in self.members) and not self.pools.any_is_starting()

    def _nothing_moves(self) -> bool:
        return bool(self.members) and not self.is_paused and self._all_wait() and not self.target.is_busy()

    def evaluate(self) -> None:
        """Move the clock on if nothing can happen without that. The lock is held; any thread; never blocks."""
        while self._nothing_moves():
            may_have_news = self.target.must_be_asked or any(member.io for member in self.members)
            if may_have_news or self._next_is_gentle():  # bytes may be on their way
                self.target.call_soon(self._confirm, (self._epoch, self._server_epoch), _PASSES)
                return
            if not self._jump():
                return

    def _confirm(self, epochs: tuple[int, int], passes: int) -> None:
        """Make sure, on the server's loop, that no byte is under way; any news ends the attempt and begins another."""
        if epochs != (self._epoch, self._server_epoch) or self.target.is_busy():
            return
        if passes:
            self.target.call_soon(self._confirm, epochs, passes - 1)
        elif self.target.is_writing():
            self.target.call_later(_STILL_WRITING_S, self._confirm, epochs, 0)
        elif self.target.must_be_asked:
            self._confirm_elsewhere(epochs)
        else:
            self._confirm_here(epochs)

    def _confirm_elsewhere(self, epochs: tuple[int, int]) -> None:
        """Ask the server first. Whoever waits hears of it where it is lost."""
        try:
            if self.target.settle() and epochs == (self._epoch, self._server_epoch):
                self._confirm_here(epochs)
            else:
                with self.lock:
                    self.evaluate()
        except Exception as error:
            with self.lock:
                if epochs != (self._epoch, self._server_epoch):
                    self.evaluate()
                elif not self.is_paused:
                    for member in tuple(self.members):
                        self._wake(member, error)

    def _confirm_here(self, epochs: tuple[int, int]) -> None:
        """Jump, unless members have news."""
        with self.lock:
            if epochs != (self._epoch, self._server_epoch) or not self._nothing_moves():
                return
            waits = [member.io for member in self.members if member.io]
            if any(io.is_ready() for io in waits):
                return
            pause_s = max((io.owed_s() for io in waits), default=0.0)
            if self._next_is_gentle():
                pause_s = max(pause_s, self._last_news_s + self.grace_s * 0.5**self._expiries - real_s())
            if pause_s == math.inf:
                return  # only reality goes on with it: no wait lasts longer than it asked for
            if pause_s > 0:
                self.target.call_later(pause_s, self._confirm, epochs, 3)
            elif self._jump():
                self.evaluate()

    def _next(self) -> Member | None:
        timed = (member for member in self.members if member.until_ms is not None)
        return min(timed, key=lambda member: (member.until_ms or 0, member.number), default=None)

    def _next_is_gentle(self) -> bool:
        """Return whether the next instant ends a wait that strangers might end too."""
        member, due_ms = self._next(), self.target.next_due_ms()
        if member is None or not member.is_gentle or member.until_ms is None or member.until_ms <= self.target.now_ms():
            return False
        return (due_ms is None or member.until_ms < due_ms) and self._has_strangers()

    def _has_strangers(self) -> bool:
        """Return whether there are threads of which nothing is known, such as a receiver of webhooks from a fixture."""
        known = {*by_thread, *self.pools.threads()}
        return any(
            thread.ident is not None
            and thread.ident not in known
            and not self.target.is_own_thread(thread.ident)
            and getattr(thread, "_warp_member", None) not in self.members
            for thread in threading.enumerate()
        )

    def _jump(self) -> bool:
        """Move to the next instant and wake who waits for it; return whether it was the server's, which goes first."""
        member, due_ms = self._next(), self.target.next_due_ms()
        until_ms = member.until_ms if member else None
        at_ms = min((ms for ms in (due_ms, until_ms) if ms is not None), default=None)
        if at_ms is None:
            return False
        self.jumps += 1
        if at_ms - self._entered_ms > self.limit_ms:
            self._refuse_to_go_on(member or self.members[0])
            return False
        self._note_news()
        self._move_to(at_ms)
        if member is None or at_ms == due_ms:
            return True
        self._wake(member, "due")
        return False

    def _move_to(self, at_ms: int) -> None:
        self.target.move_to(at_ms)
        self._reads, self._still_since_s = 0, real_s()

    # Words

    def _refuse_to_go_on(self, member: Member) -> None:
        days = self.limit_ms / _DAY_MS
        limit = WarpLimit(f"more than {days:g} virtual days would pass in this warp:\n{self.describe()}")
        self._wake(member, limit)

    def _complain_if_stalled(self, member: Member) -> None:
        with self.lock:
            if not (member.is_waiting and self._nothing_moves()):
                return
            owed_s = max((one.io.owed_s() for one in self.members if one.io), default=0.0)
            if self._next() is None and self.target.next_due_ms() is None and owed_s <= 0:
                raise WarpStalled(f"everybody waits, and nothing is due:\n{self.describe()}")

    def describe(self) -> str:
        """Return a line on each member: that it runs, or what it waits in."""
        return "\n".join(
            f"  {member.name}: {f'waits in {member.what}' if member.is_waiting else 'runs'}" for member in self.members
        )

    # Clocks as members read them

    def elapsed_ms(self) -> int:
        """Return how much virtual time has passed. Who only looks at the clock sees it pass as in reality."""
        self._reads += 1
        if self._reads > _MOST_READS and not self.is_paused and real_s() > self._still_since_s + self.slack_s:
            still_since_s = self._still_since_s + 0.001
            self.target.move_to(self.target.now_ms() + 1)
            self._still_since_s = still_since_s
        return self.target.now_ms() - self._entered_ms

    def read(self, clock: str) -> float:
        """Return what ``monotonic`` or ``perf_counter`` shows, in seconds."""
        return self._base_s[clock] + self.elapsed_ms() / 1000

    def read_ns(self, clock: str) -> int:
        """Return what ``monotonic_ns`` or ``perf_counter_ns`` shows."""
        return self._base_s[clock] * 1_000_000_000 + self.elapsed_ms() * 1_000_000


def _whole_ms(seconds: float) -> int:
    """Round up to whole virtual milliseconds, with a microsecond of tolerance; a wait that is one lasts at least one."""
    return max(1, math.ceil(seconds * 1000 - 1e-3)) if seconds > 0 else 0
