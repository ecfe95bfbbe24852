"""Threads and conditions: who starts, joins and notifies whom. Events, queues, semaphores and timers stand on these."""

import socketserver
import threading
from _thread import get_ident
from contextlib import suppress
from typing import Any

from simulator.warp.members import Member, by_thread, caller, current

_real_wait: Any = threading.Condition.wait
_real_start: Any = threading.Thread.start
_real_join: Any = threading.Thread.join
_real_serve: Any = socketserver.BaseServer.serve_forever


class _Hidden(threading.local):
    """``starts``: threads that this one starts are no members, because a pool counts its work by itself."""

    starts = False


hidden = _Hidden()


class _Waiter:
    """Stands for the lock of who waits, among a condition's waiters; ``notify`` releases it."""

    def __init__(self, member: Member) -> None:
        self._member, self.is_live = member, True

    def release(self) -> None:
        """Mark the member as running within ``notify``, so that no instant looks idle.

        Raises:
            RuntimeError: this wait is over; ``notify`` then takes the next waiter.
        """
        if not (self.is_live and self._member.warp.wake_notified(self._member)):
            raise RuntimeError("this wait is over")
        self.is_live = False


def _wait(self: Any, timeout: float | None = None) -> bool:
    member = caller()
    if member is None or (
        timeout is not None and timeout <= 0
    ):  # an empty wait must not yield: a pool's submit has one
        was_notified: bool = _real_wait(self, timeout)
        return was_notified
    if not self._is_owned():
        raise RuntimeError("cannot wait on un-acquired lock")
    self._waiters.append(waiter := _Waiter(member))
    saved, is_notified = self._release_save(), False
    try:
        is_notified = member.warp.park(member, timeout, "a Condition", gently=True) == "notified"
        return is_notified
    finally:
        waiter.is_live = False
        self._acquire_restore(saved)
        if not is_notified:
            with suppress(ValueError):
                self._waiters.remove(waiter)


def _start(self: Any) -> None:
    parent = None if hidden.starts else caller()
    if parent is None:
        _real_start(self)
        return
    self._warp_member = member = parent.warp.enrol(self.name)
    run = self.run

    def warped_run() -> None:
        by_thread[get_ident()] = member
        try:
            member.warp.park(member, 0, "its turn to start")
            run()
        finally:
            del self.run
            by_thread.pop(get_ident(), None)
            member.warp.leave(member)

    self.run = warped_run
    try:
        _real_start(self)
    except BaseException:
        del self.run
        member.warp.leave(member)
        raise


def _join(self: Any, timeout: float | None = None) -> None:
    member, child = current(), getattr(self, "_warp_member", None)
    if member is None or child is None or child.warp is not member.warp or not self.is_alive():
        _real_join(self, timeout)
        return
    with member.warp.lock:
        is_at_work = child in member.warp.members
        if is_at_work:
            child.joiners.append(member)
    if not is_at_work or member.warp.park(member, timeout, f"join of {self.name}", gently=True) == "joined":
        _real_join(self)
    else:
        with member.warp.lock, suppress(ValueError):
            child.joiners.remove(member)


def _serve_forever(self: Any, poll_interval: float = 0.5) -> None:
    """Take no part while serving: nobody knows when the next request comes."""
    member = by_thread.pop(get_ident(), None)
    if member is not None:
        member.warp.leave(member)
    _real_serve(self, poll_interval)


METHODS: tuple[tuple[Any, str, Any], ...] = (
    (threading.Condition, "wait", _wait),
    (threading.Thread, "start", _start),
    (threading.Thread, "join", _join),
    (socketserver.BaseServer, "serve_forever", _serve_forever),
)
"""Owner, name and new function."""
