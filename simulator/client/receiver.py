"""A receiver of webhooks for tests of other projects: real HTTP, in a thread of its own, with the standard library only."""

import threading
import time
from collections import deque

from simulator.client.listener import LONGEST_HANG_S, Answer, Listener
from simulator.client.message import Headers, Message, reader_for

MOST_MESSAGES = 10_000
MOST_KEPT_BYTES = 64 << 20
LONGEST_DELAY_S = 3600.0
_MOST_TOLD = 10

_real_ns = time.time_ns  # bound here, so that it keeps real time where a test freezes time


class NothingReceived(AssertionError):
    """No message came in time; the text says what came instead."""


class Receiver:
    """Receives webhooks, verifies and decrypts them as the vendor's documents tell, and answers as it is told.

    ``with Receiver("akool", clientId="…", clientSecret="…") as receiver`` listens on loopback until the block ends;
    ``start`` and ``close`` do the same without one. Any path below ``url`` is taken. The keys have the vendor's own
    names; a secret that comes with each submit is left out where the submits bring none. Without a vendor messages are
    read as plain JSON. The last 10,000 messages, and 64 MiB of them, are kept. Any thread may call anything.
    """

    def __init__(self, vendor: str = "", *, host: str = "127.0.0.1", port: int = 0, **keys: str) -> None:
        """Make one that does not listen yet; port 0 lets the system choose.

        Raises:
            ValueError: there is no such vendor, or a key is missing, unknown or unfit.
        """
        self._reader = reader_for(vendor, keys)
        self._host, self._port = host, port
        self._listener: Listener | None = None
        self._news = threading.Condition()
        self._kept: deque[Message] = deque()
        self._kept_bytes = self._count = self._waited_for = 0
        self._turned_away: deque[str] = deque(maxlen=_MOST_TOLD)
        self._answers = [Answer()]

    def start(self) -> "Receiver":
        """Listen from now on.

        Raises:
            OSError: the port is taken, or the host is no address of this machine.
        """
        if self._listener is None:
            self._listener = Listener(self._host, self._port, self._receive, self._turn_away)
        return self

    def close(self) -> None:
        """Listen no more; what came can still be read. Whoever was left hanging is told by a closed connection."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def __enter__(self) -> "Receiver":
        return self.start()

    def __exit__(self, *about: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where to send webhooks, without a slash at its end.

        Raises:
            RuntimeError: it is not listening.
        """
        if self._listener is None:
            raise RuntimeError("this receiver is not listening; say `with Receiver(…) as receiver:`, or call start()")
        host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self._listener.server_address[1]}"

    @property
    def messages(self) -> list[Message]:
        """All messages that are kept, in the order in which they came."""
        with self._news:
            return list(self._kept)

    def wait(self, timeout: float = 5.0) -> Message:
        """Return the next message that nobody has waited for yet, once it is there; ``timeout`` is real seconds.

        Raises:
            NothingReceived: there was none in time.
        """
        with self._news:
            if self._news.wait_for(self._has_new, timeout):
                self._waited_for = max(self._waited_for + 1, self._kept[0].number)
                return self._kept[self._waited_for - self._count - 1]
        raise NothingReceived(self._why_not(timeout))

    def answer_with(self, *statuses: int, after: float = 0.0) -> None:
        """Answer the next messages by these statuses, one each, and all further ones by the last, after real seconds.

        Raises:
            ValueError: there is no status, or one that ends no exchange, or a wait of more than an hour.
        """
        if not statuses or not all(200 <= status <= 599 for status in statuses):
            raise ValueError(f"a status is a number from 200 to 599, not {', '.join(map(str, statuses)) or 'none'}")
        if not 0 <= after <= LONGEST_DELAY_S:
            raise ValueError(f"after is a number of seconds from 0 to {LONGEST_DELAY_S:g}, not {after}")
        self._answer_by([Answer(status, after) for status in statuses])

    def hang(self) -> None:
        """Take messages from now on and never answer: connections stay open until this closes, one minute at most."""
        self._answer_by([Answer(None, LONGEST_HANG_S)])

    def drop(self) -> None:
        """Take messages from now on and close each connection without an answer."""
        self._answer_by([Answer(None)])

    def clear(self) -> None:
        """Forget all that came; how to answer is remembered."""
        with self._news:
            self._kept.clear()
            self._turned_away.clear()
            self._kept_bytes, self._waited_for = 0, self._count

    def _answer_by(self, answers: list[Answer]) -> None:
        with self._news:
            self._answers = answers

    def _has_new(self) -> bool:
        return bool(self._kept) and self._waited_for < self._count

    def _receive(self, path: str, headers: Headers, body: bytes) -> Answer:
        with self._news:
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            self._count += 1
            now_ms = _real_ns() // 1_000_000
            self._kept.append(Message(self._count, now_ms, path, headers, body, answer.status, self._reader))
            self._kept_bytes += self._kept[-1].size_bytes
            while len(self._kept) > MOST_MESSAGES or self._kept_bytes > MOST_KEPT_BYTES:
                self._kept_bytes -= self._kept.popleft().size_bytes
            self._news.notify_all()
            return answer

    def _turn_away(self, what: str) -> None:
        with self._news:
            self._turned_away.append(what)

    def _why_not(self, timeout: float) -> str:
        with self._news:
            before, turned_away = list(self._kept)[-_MOST_TOLD:], list(self._turned_away)
        lines = [
            f"no webhook came within {timeout:g} s" + (f" to {self.url}" if self._listener else ", none is listening")
        ]
        lines += [f"  came before and was waited for: {message!r}" for message in before]
        lines += [f"  was turned away: {what}" for what in turned_away]
        return "\n".join(lines)
