"""Lines on their way to standard error, written by a thread of their own: whoever reads slowly holds nobody up."""

import os
import threading
from collections import deque
from contextlib import suppress
from select import select
from typing import TextIO

MOST_WAITING = 10_000
_AT_ONCE = 500
_REST_S = 0.05


class Lines:
    """Takes lines at any moment from any thread. Where they cannot be written any more, they are dropped in silence."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._fd = _fd_of(stream)
        self._waiting: deque[str] = deque()
        self._dropped = 0
        self._has_some, self._is_over = threading.Event(), False
        self._thread = threading.Thread(target=self._work, name="simulator-log", daemon=True)
        if stream is not None:
            self._thread.start()

    @property
    def is_written(self) -> bool:
        """Whether the thread has ended, after ``close``, with all that could be written."""
        return not self._thread.is_alive()

    def add(self, line: str) -> None:
        """Take a line, without its end; where too many wait, it is dropped and counted."""
        if self._stream is None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._dropped += 1
            return
        self._waiting.append(line)
        if not self._has_some.is_set():
            self._has_some.set()

    def close(self, longest_s: float = 1.0) -> None:
        """Write what waits, for no longer than this."""
        self._is_over = True
        self._has_some.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(longest_s)

    def _work(self) -> None:
        while not (self._is_over and not self._waiting):
            self._has_some.wait()
            self._has_some.clear()
            while self._waiting:
                lines = [self._waiting.popleft() for _ in range(min(len(self._waiting), _AT_ONCE))]
                if dropped := self._dropped:
                    self._dropped -= dropped
                    lines.append(f"simulator: {dropped} lines were dropped, for standard error is read too slowly")
                if not self._write("\n".join([*lines, ""])):
                    self._stream = None
                    self._waiting.clear()
                    return
            if not self._is_over:
                self._rest()

    def _rest(self) -> None:
        """Let lines gather: a thread that wakes up for each of them would cost every call its share."""
        pause = threading.Event()
        pause.wait(_REST_S)

    def _write(self, text: str) -> bool:
        """Return whether it could be written."""
        if self._fd is None:
            with suppress(Exception):
                assert self._stream is not None
                self._stream.write(text)
                self._stream.flush()
                return True
            return False
        left = memoryview(text.encode("utf-8", "backslashreplace"))
        while left:
            try:
                left = left[os.write(self._fd, left) :]
            except BlockingIOError:
                select([], [self._fd], [], 1.0)
            except OSError:  # it has been closed
                return False
        return True


def _fd_of(stream: TextIO | None) -> int | None:
    """Return what to write to directly: a buffer's lock, held by a stuck thread, would break the end of the process."""
    try:
        return None if stream is None else stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None
