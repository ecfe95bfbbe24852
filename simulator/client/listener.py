"""The HTTP server of a receiver: reads messages within bounds, answers as it is told, and ends at once when asked to."""

import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from selectors import EVENT_READ, DefaultSelector
from socketserver import ThreadingTCPServer
from typing import Any

import msgspec

from simulator.client.message import Headers

MOST_BODY_BYTES = 1 << 20
SILENCE_S = 10.0  # so long may a sender say nothing in the midst of a message
LONGEST_HANG_S = 60.0
MOST_CONNECTIONS = 256
_MOST_THROWN_AWAY_BYTES = 16 * MOST_BODY_BYTES  # read and forgotten, so that the sender gets to see its refusal
_MOST_LINE_BYTES = 1 << 16
_CLOSING_S = 5.0


class Answer(msgspec.Struct, frozen=True):
    """How a message is answered: after some seconds, by a status, or by none and a closed connection."""

    status: int | None = 200
    after_s: float = 0.0


class Listener(ThreadingTCPServer):
    """Hands each message to ``receive``, which says how to answer; what was none is told to ``turn_away``.

    Not ``http.server.HTTPServer``, which asks the name service who it is before it listens.
    """

    allow_reuse_address = sys.platform != "win32"  # there it would share a port that is taken
    request_queue_size = 128
    timeout = 0  # of taking a connection that has just been seen

    def __init__(
        self, host: str, port: int, receive: Callable[[str, Headers, bytes], Answer], turn_away: Callable[[str], None]
    ) -> None:
        """Listen.

        Raises:
            OSError: the port is taken, or the address is none of this machine's.
        """
        self.receive, self.turn_away = receive, turn_away
        self.is_over = threading.Event()
        self._lock = threading.Lock()
        self._connections: dict[Any, threading.Thread] = {}
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)
        self._end, self._sees_end = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="receiver", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more, let what is being answered finish, and close every connection."""
        self._end.close()
        self._thread.join()
        self.is_over.set()
        with self._lock:
            connections = dict(self._connections)
        for connection in connections:
            with suppress(OSError):  # the sender was faster
                connection.shutdown(socket.SHUT_RD)
        for thread in connections.values():
            thread.join(_CLOSING_S)
        self._sees_end.close()
        self.server_close()

    def _serve(self) -> None:
        """Take connections until the end is wished for; ``serve_forever`` would see that a while later."""
        with DefaultSelector() as selector:
            selector.register(self, EVENT_READ)
            selector.register(self._sees_end, EVENT_READ)
            while all(key.fileobj is self for key, _ in selector.select()):
                self.handle_request()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Close a connection at once where too many are open."""
        with self._lock:
            has_room = len(self._connections) < MOST_CONNECTIONS
        if not has_room:
            self.turn_away(f"a connection, for {MOST_CONNECTIONS} are open")
        return has_room

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection in a thread of its own, and know of it until it is closed."""
        about = (request, client_address)
        thread = threading.Thread(
            target=self.process_request_thread, args=about, name="receiver's connection", daemon=True
        )
        with self._lock:
            self._connections[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        with self._lock:
            self._connections.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a sender that has left; what else goes wrong is loud."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _TurnedAway(Exception):
    """What came is no whole message; ``status`` is 0 where there is nobody left to tell."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class _Handler(BaseHTTPRequestHandler):
    """One connection, which is closed after its first message."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "simulator-receiver", ""
    timeout = SILENCE_S
    server: Listener

    def do_POST(self) -> None:
        """Read a message, hand it over, and answer."""
        self.close_connection = True
        try:
            body = self._read_body()
        except _TurnedAway as error:
            self.server.turn_away(f"a POST to {self.path!r}: {error.why}")
            if error.status:
                self.send_error(error.status, error.why)
            return
        answer = self.server.receive(self.path, Headers(self.headers.items()), body)
        if answer.after_s and self.server.is_over.wait(answer.after_s):
            return
        if answer.status is not None:
            self._answer(answer.status)

    def do_GET(self) -> None:
        """Tell somebody who looks, such as a tunnel's health check, what this is."""
        self.close_connection = True
        self.server.turn_away(f"a {self.command} of {self.path!r}")
        self._answer(405, b"Webhooks are received here, by POST to any path.\n")

    do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815  http.server asks for these names

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def _answer(self, status: int, text: bytes = b"") -> None:
        self.send_response(status)
        if status == 405:
            self.send_header("Allow", "POST")
        if text:
            self.send_header("Content-Type", "text/plain")
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(text)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def _read_body(self) -> bytes:
        try:
            if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
                return self._read_chunks()
            length = self.headers.get("Content-Length", "0")
            if not (length.isascii() and length.isdecimal() and len(length) < 16):
                raise _TurnedAway(400, f"its Content-Length is {length[:40]!r}")
            return self._read_exactly(int(length), 0)
        except TimeoutError as error:
            raise _TurnedAway(408, f"nothing came for {self.timeout:g} s in the midst of its body") from error

    def _read_exactly(self, count: int, before: int) -> bytes:
        """Read so many bytes of a body of which there were some before."""
        if before + count > MOST_BODY_BYTES:
            left = min(count, _MOST_THROWN_AWAY_BYTES)
            while left > 0 and (thrown_away := self.rfile.read(min(left, _MOST_LINE_BYTES))):
                left -= len(thrown_away)
            raise _TurnedAway(413, f"its body is larger than {MOST_BODY_BYTES} bytes")
        piece = self.rfile.read(count)
        if len(piece) < count:
            raise _TurnedAway(0, f"its body ended after {before + len(piece)} of {before + count} bytes")
        return piece

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := self._chunk_size():
            body += self._read_exactly(size, len(body))
            self.rfile.readline(3)
        for _ in range(100):  # what may follow the last chunk
            if not self.rfile.readline(_MOST_LINE_BYTES).strip():
                break
        return bytes(body)

    def _chunk_size(self) -> int:
        line = self.rfile.readline(1024)
        if not line:
            raise _TurnedAway(0, "its body ended before the last chunk")
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            size = -1
        if size < 0:
            raise _TurnedAway(400, f"a chunk's size is {line[:40]!r}")
        return size
