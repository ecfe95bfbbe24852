"""Thread pools. Idle workers hang in a queue that nobody sees into, so the work is counted instead of the threads."""

import threading
from _thread import get_ident
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.thread import _WorkItem
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from simulator.warp.members import Member, by_thread, caller, current
from simulator.warp.threads import hidden

_real_submit: Any = ThreadPoolExecutor.submit
_real_run: Any = _WorkItem.run
_real_shutdown: Any = ThreadPoolExecutor.shutdown


class _Work:
    """What members have given to a pool: pieces that wait for a worker, and pieces at work."""

    def __init__(self) -> None:
        self.pending = self.active = 0
        self.waiters: list[Member] = []  # for the pool to have nothing left


_work: WeakKeyDictionary[ThreadPoolExecutor, _Work] = WeakKeyDictionary()
_working_for: dict[int, tuple[Member, _Work]] = {}
"""By thread: who its present piece of work is, and whose."""


class Pools:
    """The pools that got work within one warp."""

    def __init__(self) -> None:
        self._pools: WeakSet[ThreadPoolExecutor] = WeakSet()

    def add(self, pool: ThreadPoolExecutor) -> None:
        """Know of a pool."""
        self._pools.add(pool)

    def any_is_starting(self) -> bool:
        """Return whether a free worker will take up a piece of work in a moment."""
        return any(_work[pool].pending > 0 and _work[pool].active < pool._max_workers for pool in list(self._pools))

    def threads(self) -> Iterator[int]:
        """Yield the identifiers of all workers."""
        for pool in list(self._pools):
            yield from (thread.ident for thread in list(pool._threads) if thread.ident is not None)


def _submit(self: ThreadPoolExecutor, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
    parent = caller()
    if parent is None:
        future: Future[Any] = _real_submit(self, function, *arguments, **named)
        return future
    warp, work, has_begun = parent.warp, _work.setdefault(self, _Work()), threading.Event()

    def do() -> Any:
        with warp.lock:
            has_begun.set()
            work.pending -= 1
            work.active += 1
            member = warp.enrol(f"{threading.current_thread().name} ({getattr(function, '__name__', function)})")
            _working_for[get_ident()] = member, work
            if not warp.is_over:
                by_thread[get_ident()] = member
        warp.park(member, 0, "its turn to start")
        return function(*arguments, **named)

    def forget(future: Future[Any]) -> None:
        """Count a piece no longer that nobody will take up: it was cancelled, or the pool is broken."""
        if not has_begun.is_set():
            with warp.lock:
                work.pending -= 1
                _tell_if_done(work)
                warp.evaluate()

    with warp.lock:
        warp.pools.add(self)
        work.pending += 1
    hidden.starts = True
    try:
        future = _real_submit(self, do)
    except BaseException:
        with warp.lock:
            work.pending -= 1
        raise
    finally:
        hidden.starts = False
    future.add_done_callback(forget)
    return future


def _run(self: Any, *arguments: Any) -> None:
    """Run a piece of work, set its result and call everybody who waits for it; only then does it count no longer."""
    try:
        _real_run(self, *arguments)
    finally:
        at_work = _working_for.pop(get_ident(), None)
        if at_work is not None:
            member, work = at_work
            by_thread.pop(get_ident(), None)
            with member.warp.lock:
                work.active -= 1
                _tell_if_done(work)
                member.warp.leave(member)


def _tell_if_done(work: _Work) -> None:
    if work.pending + work.active == 0:
        for waiter in work.waiters:
            waiter.warp.wake_joiners([waiter])
        work.waiters.clear()


def _shutdown(self: ThreadPoolExecutor, wait: bool = True, *, cancel_futures: bool = False) -> None:
    member, work = current(), _work.get(self)
    if member is not None and work is not None and wait:
        _real_shutdown(self, wait=False, cancel_futures=cancel_futures)
        with member.warp.lock:
            is_at_work = work.pending + work.active > 0
            if is_at_work:
                work.waiters.append(member)
        if is_at_work:
            member.warp.park(member, None, "the end of a thread pool")
    _real_shutdown(self, wait=wait, cancel_futures=cancel_futures)


METHODS: tuple[tuple[Any, str, Any], ...] = (
    (ThreadPoolExecutor, "submit", _submit),
    (ThreadPoolExecutor, "shutdown", _shutdown),
    (_WorkItem, "run", _run),
)
"""Owner, name and new function."""
