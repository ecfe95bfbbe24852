"""Waiting that takes no time: inside ``with warp(...)`` an unmodified client's sleeps and time-outs move the sandbox's clock.

::

    with Background(Settings(port=0, clock="skip")) as server, warp(server):
        my_client.render(server.url)  # sleeps 30 s a hundred times: done in milliseconds, with the same polls

What holds:

0. A warp is a clock mode of its own: while it is on, ``skip`` rests and blocking calls are held replies; only the warp
   moves the clock (and a command that says so, such as ``advance``).
1. Members only. Warped are the thread that enters, threads that members start meanwhile, work that members submit to thread
   pools (also pools made before), and event loops that members run. Everybody else keeps real time.
2. The clock is frozen, and stands still while a member runs, a request or webhook of this sandbox is under way, or a
   member's loop awaits an answer from elsewhere.
3. When all members wait, the clock jumps to the earliest instant anybody waits for: sleeper, loop timer, time-out, held
   reply, webhook. On a tie the server goes first. One member wakes, by (instant, order of creation), and runs until it
   waits again. So threads are fully deterministic; tasks of one loop poll at the same instants every time, but requests in
   flight at the same instant may arrive in any order: assert instants, not order.
4. No wait lasts longer in reality than it asked for (or 1 s if it asked for less); then its instant counts as reached. So
   a warp can only shorten a test, and time-outs against something that really hangs still strike.
5. Waits that others may end (Event, Condition, Queue, Future, join) expire only after 50 ms of real silence if threads are
   about that are neither members nor the server's; each such expiry in a row halves the patience.

The server may also run in another process or container (``Simulator(url).warp()``): the same holds, for a few control calls
at each move. It takes the clock back from a warp of which it hears nothing for 30 real seconds.

Members read: ``time.time`` and ``datetime`` show the sandbox's clock; ``monotonic`` and ``perf_counter`` start at the real
value rounded up to a whole second and move with it. Sleeps round up to whole milliseconds.

Cannot be warped: other processes and other languages (use the clock modes ``skip`` and ``real`` with a speed); uvloop in the
client; functions bound earlier as default arguments, class attributes or in closures (``def f(sleep=time.sleep)``), which
really sleep; ``Lock.acquire(timeout=)``, ``SimpleQueue.get(timeout=)``, ``select.select(..., 30)``, C extensions such as grpc
and pycurl, gevent, ``multiprocessing.pool.ThreadPool``; threads that were there before. Left alone on purpose are modules
that wait for the real world, subprocess and browsers above all; ``warp(..., real=("mylib",))`` names more.
"""

from simulator.assembly import Background
from simulator.jobs.durations import read_ms
from simulator.warp.engine import Warp, WarpLimit, WarpStalled
from simulator.warp.target import InProcess, WarpTarget

__all__ = ["InProcess", "Warp", "WarpLimit", "WarpStalled", "WarpTarget", "warp"]


def warp(target: Background | WarpTarget, *, real: tuple[str, ...] = (), limit: str | int = "2d") -> Warp:
    """Return what warps the thread that enters it: a server's main sandbox, or ``InProcess(server, sandbox)`` another.

    ``real`` names modules whose waiting is to stay real. Once more than ``limit`` of virtual time would pass, as where a loop
    polls a job that never ends, whoever waits gets a ``WarpLimit``: two days of a poll every five seconds take a minute. Where
    everybody waits for nothing, a ``WarpStalled`` says who waits in what.

    Raises:
        RuntimeError: on entry; this thread is warped already, its loop is none of asyncio's own, or freezegun is at work.
        ValueError: ``limit`` is no length of time.
    """
    return Warp(
        InProcess(target) if isinstance(target, Background) else target, real=tuple(real), limit_ms=read_ms(limit)
    )
