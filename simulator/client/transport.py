"""Calls of the control API over HTTP, with the standard library: connections stay open between calls, any thread may ask."""

import os
import sys
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from importlib import import_module
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import msgspec

from simulator.client.errors import SimulatorRefused, Unreachable
from simulator.client.verbs import Answer

ROOT = "/_simulator"
TIMEOUT_S = 30.0
WAITING_TIMEOUT_S = 300.0
"""Real seconds; a waiting call may stand still at many webhooks."""
_MOST_IDLE = 8


class HttpTransport:
    """Speaks to a simulator by its URL, with the control token where there is one."""

    aside: Callable[[], AbstractContextManager[None]] = nullcontext
    """What surrounds each call: a warp lets it take real time."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """Make one that has no connection yet.

        Raises:
            ValueError: it is no URL of http or https.
        """
        self._parts = read_url(url)
        self.url = url.rstrip("/")
        self._token, self._headers = token, headers_for(token)
        self._idle: deque[HTTPConnection] = deque()
        self._process = os.getpid()
        weakref.finalize(self, _close_all, self._idle)

    def ask(self, method: str, path: str, query: Mapping[str, str | int] | None = None, body: object = None) -> Answer:
        """Make a call.

        Raises:
            Unreachable: nobody answers.
        """
        return self._ask(method, target_of(self._parts, path, query), _encoded(body), TIMEOUT_S)

    def ask_waiting(
        self, method: str, path: str, query: Mapping[str, str | int] | None = None, body: object = None
    ) -> Answer | Awaitable[Answer]:
        """Make a call that waits; inside a running event loop it is made in a thread, and its answer awaited."""
        target, said = target_of(self._parts, path, query), _encoded(body)
        if is_in_loop():
            import asyncio  # here, for it is loaded where it is needed

            return asyncio.to_thread(self._ask, method, target, said, WAITING_TIMEOUT_S)
        return self._ask(method, target, said, WAITING_TIMEOUT_S)

    def warp(self, sandbox: str, **options: Any) -> AbstractContextManager[Any]:
        """Return what warps the thread that enters it, on the clock of a sandbox."""
        remote = import_module("simulator.warp.remote")  # by its name, for a warp stands above what it commands
        warped: AbstractContextManager[Any] = remote.warp_elsewhere(self.url, self._token, sandbox, **options)
        return warped

    def close(self) -> None:
        """Close every connection that is not in use."""
        _close_all(self._idle)

    def _ask(self, method: str, target: str, body: bytes | None, timeout_s: float) -> Answer:
        for is_last in (False, True):
            connection = self._open_one()
            try:
                with self.aside():
                    return self._exchange(connection, method, target, body, timeout_s)
            except TimeoutError as error:
                connection.close()
                raise Unreachable(f"{method} {target}: no answer within {timeout_s:g} s", code="no_answer") from error
            except (OSError, HTTPException) as error:
                connection.close()
                if is_last or method != "GET" or isinstance(error, ConnectionRefusedError):
                    raise unreachable(self.url, error) from error
        raise AssertionError("the last attempt returns or raises")

    def _exchange(
        self, connection: HTTPConnection, method: str, target: str, body: bytes | None, timeout_s: float
    ) -> Answer:
        connection.timeout = timeout_s
        if connection.sock is not None:
            connection.sock.settimeout(timeout_s)
        connection.request(method, target, body, self._headers)
        with connection.getresponse() as response:
            answer = Answer(response.status, read_body(response.read()))
        self._put_back(connection, response)
        return answer

    def _open_one(self) -> HTTPConnection:
        """Return a connection that the server has not closed meanwhile, or a new one."""
        if self._process != os.getpid():  # after a fork the connections are the parent's
            self._process, self._idle = os.getpid(), deque()
            weakref.finalize(self, _close_all, self._idle)
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            if _is_alive(connection):
                return connection
            connection.close()
        make = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
        return make(self._parts.hostname or "", self._parts.port, timeout=TIMEOUT_S)

    def _put_back(self, connection: HTTPConnection, response: HTTPResponse) -> None:
        if response.will_close or len(self._idle) >= _MOST_IDLE:
            connection.close()
        else:
            self._idle.append(connection)


def read_url(url: str) -> SplitResult:
    """Return the parts of a server's URL.

    Raises:
        ValueError: it is no URL of http or https.
    """
    parts = urlsplit(url.rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no URL of a simulator; write for example http://localhost:8080")
    return parts


def headers_for(token: str | None) -> dict[str, str]:
    """Return the headers that go with each call."""
    return {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})


def target_of(parts: SplitResult, path: str, query: Mapping[str, str | int] | None) -> str:
    """Return path and query of a call of the control API, below whatever path the server's URL has."""
    return f"{parts.path}{ROOT}{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")


def read_body(raw: bytes) -> object:
    """Return what a reply says: JSON, text where it is none, None where it is empty."""
    if not raw:
        return None
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return raw.decode("utf-8", "replace")


def unreachable(url: str, error: BaseException) -> SimulatorRefused:
    """Return the error that says that nobody answers."""
    why = str(error) or type(error).__name__
    return Unreachable(f"no simulator answers at {url}: {why}; `simulator serve` starts one", code="unreachable")


def is_in_loop() -> bool:
    """Return whether the caller runs inside an event loop, which must not be blocked."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


def _encoded(body: object) -> bytes | None:
    return None if body is None else msgspec.json.encode(body)


def _is_alive(connection: HTTPConnection) -> bool:
    """Return whether an idle connection is still open; the server says nothing on it unless it closes."""
    sock = connection.sock
    if sock is None:
        return False
    try:
        sock.setblocking(False)
        return not sock.recv(1) and False
    except (BlockingIOError, InterruptedError):
        return True
    except OSError:  # also: TLS has nothing to read
        return type(sock).__name__ == "SSLSocket"
    finally:
        sock.setblocking(True)


def _close_all(idle: deque[HTTPConnection]) -> None:
    while idle:
        idle.pop().close()
