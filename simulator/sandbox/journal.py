"""What was said: every exchange and every note, bounded by bytes, read back only when somebody searches."""

from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Any

import msgspec

_pack = msgspec.msgpack.Encoder().encode
_SECRET_HEADERS = frozenset(
    {"authorization", "x-api-key", "cookie", "proxy-authorization", "x-gemini-key", "x-simulator-token"}
)
_MOST_BODY_BYTES = 16_384  # of one body; the rest is cut and its length told
_NO_HEADERS: tuple[tuple[bytes, bytes], ...] = ()


class Exchange(msgspec.Struct, array_like=True, frozen=True):
    """One call and its reply, or a note of the simulator's own (then ``method`` is empty).

    ``marks`` say what was special: a leniency, a scenario that left the contract, a broken contract. A call whose client
    left before its reply has the status 0.
    """

    number: int
    at_ms: int
    vendor: str
    operation: str
    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]
    sent: bytes
    status: int
    reply: bytes
    marks: tuple[str, ...] = ()
    account: str = ""
    job_ids: tuple[str, ...] = ()


class Journal:
    """One packed piece of bytes per exchange: ten objects each would cost four times as much."""

    def __init__(self, most_bytes: int = 16 << 20) -> None:
        self.count = 0
        self._kept: deque[bytes] = deque()
        self._most_bytes = most_bytes
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size_bytes(self) -> int:
        """How many bytes are kept."""
        return self._bytes

    def append(
        self,
        at_ms: int,
        vendor: str,
        operation: str,
        method: str,
        target: str,
        headers: tuple[tuple[bytes, bytes], ...],
        sent: bytes,
        status: int,
        reply: bytes,
        marks: tuple[str, ...] = (),
        account: str = "",
        job_ids: tuple[str, ...] = (),
    ) -> None:
        """Record one exchange; the oldest make room."""
        self.count += 1
        if len(sent) > _MOST_BODY_BYTES:
            sent = sent[:_MOST_BODY_BYTES] + b" ... %d bytes in all" % len(sent)
        if len(reply) > _MOST_BODY_BYTES:
            reply = reply[:_MOST_BODY_BYTES] + b" ... %d bytes in all" % len(reply)
        packed = _pack(
            (
                self.count,
                at_ms,
                vendor,
                operation,
                method,
                target,
                headers,
                sent,
                status,
                reply,
                marks,
                account,
                job_ids,
            )
        )
        self._kept.append(packed)
        self._bytes += len(packed)
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            self._bytes -= len(self._kept.popleft())

    def note(self, at_ms: int, text: str, vendor: str = "", job_ids: tuple[str, ...] = ()) -> None:
        """Record something that the simulator did or noticed by itself."""
        self.append(at_ms, vendor, "", "", "", _NO_HEADERS, b"", 0, b"", (text,), "", job_ids)

    def __iter__(self) -> Iterator[Exchange]:
        """Yield what is kept, oldest first."""
        return map(msgspec.msgpack.Decoder(Exchange).decode, tuple(self._kept))

    def newest(
        self, limit: int | None, fits: Callable[[Exchange], bool] = lambda exchange: True, since: int = 0
    ) -> list[Exchange]:
        """Return the newest exchanges that fit and have a number above ``since``, newest first."""
        decode = msgspec.msgpack.Decoder(Exchange).decode
        found: list[Exchange] = []
        for packed in reversed(tuple(self._kept)):
            exchange = decode(packed)
            if exchange.number <= since:
                break
            if fits(exchange):
                found.append(exchange)
                if len(found) == limit:
                    break
        return found

    def clear(self) -> None:
        """Forget everything but the count."""
        self._kept.clear()
        self._bytes = 0


def shown_headers(exchange: Exchange) -> dict[str, str]:
    """Return the request's headers with every secret hidden but its last four characters."""
    return hide_headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in exchange.headers)


def hide_headers(headers: Iterable[tuple[str, str]], more: Iterable[str] = ()) -> dict[str, str]:
    """Return headers by name, the values of those that are always secret hidden, and of ``more``."""
    secret = _SECRET_HEADERS.union(map(str.lower, more))
    return {name: hidden(said) if name.lower() in secret else said for name, said in headers}


def hide_fields(raw: bytes, body: Any, names: Container[str]) -> bytes:
    """Return a body whose fields of these names are hidden, wherever they stand; one that cannot be read is all hidden."""
    if not raw:
        return raw
    return msgspec.json.encode(hide(body, names)) if isinstance(body, dict | list) else "…".encode()


def hide(body: Any, names: Container[str]) -> Any:
    """Return JSON in which the fields of these names are hidden."""
    if isinstance(body, list):
        return [hide(element, names) for element in body]
    if not isinstance(body, Mapping):
        return body
    return {
        name: hidden(said if isinstance(said, str) else "") if name in names and said else hide(said, names)
        for name, said in body.items()
    }


def read_plainly(raw: bytes) -> Any:
    """Return what JSON holds; None where it is none."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def hidden(secret: str) -> str:
    """Return a secret with all but its last four characters hidden."""
    return f"…{secret[-4:]}" if len(secret) > 8 else "…"
