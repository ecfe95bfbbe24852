"""All connections of a server, over all its ports: how many there may be, and which clients are too slow to be kept."""

import asyncio
import logging
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from simulator.jobs.errors import SimulatorError
from simulator.server.replies import last_words, loud

_LOG = logging.getLogger("simulator")
MOST_CONNECTIONS, CLIENT_SECONDS = 20_000, 30.0
_LOOKS = 8  # at everybody, in the time that a client is given
_MOST_TURNED_AWAY = 64  # at a time, that are waited for to read why
_TURNED_AWAY_SECONDS = 1.0
_real_seconds = time.perf_counter  # bound here, so that a test which freezes time does not stop it
_REST = 10  # times as long as a search for somebody idle took that found nobody, until the next one


class TooManyConnections(SimulatorError):
    """No connection can be taken, and none makes room."""

    status = 503
    code = "too_many_connections"


class Connection(Protocol):
    """One client. ``owed`` is what it was found to owe us at ``owed_since``, by the loop's clock in seconds."""

    owed: Hashable
    owed_since: float

    def owes(self, transport: asyncio.Transport) -> Hashable:
        """Return what we wait for, None for nothing; another value says that the client gets on."""

    def idle_since(self, transport: asyncio.Transport) -> float | None:
        """Return since when it has nothing under way, None if it has; only comparable."""

    def give_up(self, transport: asyncio.Transport) -> None:
        """End it, for what it owes has not come in time; say so where that can be said."""

    def make_room(self) -> None:
        """Close it, for it is idle."""


class Crowd:
    """Keeps the number of connections within ``most``, and ends those that let us wait for ``client_seconds``.

    Nothing is noted when a request comes: everybody is looked at now and then, so that a slow client is ended after
    ``client_seconds`` and at most a quarter more. A client that waits for its reply is not slow, nor an idle one.
    """

    def __init__(self, most: int = MOST_CONNECTIONS, client_seconds: float = CLIENT_SECONDS) -> None:
        self.most, self.client_seconds = most, client_seconds
        self.too_slow = self.made_room = self.turned_away = 0
        self._members: dict[Connection, asyncio.Transport] = {}
        self._onward = 0
        self._longest_idle: list[tuple[float, int, Connection]] = []  # the longest idle last
        self._no_search_until = 0.0
        self._leaving: set[_TurnedAway] = set()
        self._told: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._members)

    def admit(self, connection: Connection, transport: asyncio.Transport) -> bool:
        """Take a connection, and let the longest idle one go where there are too many; False if none is idle."""
        if self._is_full and not self._make_room():
            self.turned_away += 1
            self._turn_away(transport)
            return False
        self._members[connection] = transport
        if self._timer is None:
            self._look_later()
        return True

    def leave(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._members.pop(connection, None)
        if not self._members and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Count the connection on which the proxy carries a client's bytes on: it takes a descriptor as any other.

        Raises:
            TooManyConnections: there is no room for it.
        """
        if self._is_full and not self._make_room():
            self.turned_away += 1
            raise self._too_many()
        self._onward += 1
        try:
            yield
        finally:
            self._onward -= 1

    def look(self, now: float) -> None:
        """Look at everybody at an instant of the loop's clock, and end whoever has owed us the same for too long."""
        for connection, transport in list(self._members.items()):
            owed = connection.owes(transport)
            if owed is None:
                connection.owed = None
            elif owed != connection.owed:
                connection.owed, connection.owed_since = owed, now
            elif now - connection.owed_since >= self.client_seconds:
                self.too_slow += 1
                connection.owed_since = now
                connection.give_up(transport)

    def tell_once(self, hint: str) -> None:
        """Log what the user may want to know, but not for each client that does it."""
        if hint not in self._told:
            self._told.add(hint)
            _LOG.warning(hint)

    def close(self) -> None:
        """Let go of those who were turned away and are still there."""
        for one in list(self._leaving):
            one.transport.abort()

    @property
    def _is_full(self) -> bool:
        return len(self._members) + self._onward >= self.most

    def _too_many(self) -> TooManyConnections:
        return TooManyConnections(
            f"{self.most} connections are open and none is idle; --max-connections says how many are kept"
        )

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.client_seconds / _LOOKS, self._look_now, loop)

    def _look_now(self, loop: asyncio.AbstractEventLoop) -> None:
        self._look_later()  # first, so that a mistake in what follows is not the last look
        self.look(loop.time())

    def _make_room(self) -> bool:
        """Close the longest idle connection. Who becomes idle after a search comes after all whom it found."""
        if self._close_longest_idle():
            return True
        if (begun := _real_seconds()) < self._no_search_until:
            return False
        found = (
            (since, number, one)
            for number, (one, transport) in enumerate(self._members.items())
            if (since := one.idle_since(transport)) is not None
        )
        self._longest_idle = sorted(found, key=lambda each: each[:2], reverse=True)
        if self._close_longest_idle():
            return True
        self._no_search_until = (ended := _real_seconds()) + _REST * (ended - begun)
        return False

    def _close_longest_idle(self) -> bool:
        while self._longest_idle:
            since, _, connection = self._longest_idle.pop()
            transport = self._members.get(connection)
            if transport is not None and connection.idle_since(transport) == since:
                del self._members[connection]
                self.made_room += 1
                connection.make_room()
                return True
        return False

    def _turn_away(self, transport: asyncio.Transport) -> None:
        """Say why; wait a moment for the request, for what closes with something unread takes back what it said."""
        transport.write(last_words(loud(self._too_many())))
        if len(self._leaving) >= _MOST_TURNED_AWAY:
            transport.close()
        else:
            transport.set_protocol(_TurnedAway(transport, self._leaving))


class _TurnedAway(asyncio.Protocol):
    """A connection that has been told to come again; it closes once the client has said anything."""

    def __init__(self, transport: asyncio.Transport, leaving: set[Any]) -> None:
        self.transport, self._leaving = transport, leaving
        leaving.add(self)
        self._timer = asyncio.get_running_loop().call_later(_TURNED_AWAY_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()
        self._leaving.discard(self)
