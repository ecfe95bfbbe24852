"""Calls of the control API without a network: done in the calling thread, by a server that runs in this process."""

import asyncio
from collections.abc import Awaitable, Generator, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from simulator.assembly import Background
from simulator.client.transport import is_in_loop
from simulator.client.verbs import Answer
from simulator.vendors.vendor import Reply

_encode, _decode = msgspec.json.encode, msgspec.json.decode


class _Local:
    """All checks hold, the description's too. Only what waits for something real goes to the server's loop."""

    def __init__(self, server: Background) -> None:
        self._server, self._control = server, server.simulator.control

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._server.url

    def warp(self, sandbox: str, **options: Any) -> AbstractContextManager[Any]:
        """Return what warps the thread that enters it, on the clock of a sandbox."""
        from simulator.warp import InProcess, warp  # here, for few tests need its patches

        return warp(InProcess(self._server, self._server.simulator.sandboxes.get(sandbox)), **options)

    def _begin(
        self, method: str, path: str, query: Mapping[str, str | int] | None, body: Any
    ) -> Reply | Awaitable[Reply]:
        texts = {name: str(said) for name, said in query.items()} if query else {}
        copied = None if body is None else _decode(_encode(body))  # what the server keeps is its own
        return self._control.ask(method, f"/_simulator{path}", texts, copied, here=self.url)

    def _soon(self, reply: Awaitable[Reply]) -> "Future[Reply]":
        async def answered() -> Reply:
            return await reply

        return asyncio.run_coroutine_threadsafe(answered(), self._server.loop)


class LocalTransport(_Local):
    """For those who want answers at once.

    ``forgotten`` are the verbs that were called inside a running event loop, and whose answer nobody awaited.
    """

    def __init__(self, server: Background) -> None:
        super().__init__(server)
        self.forgotten: list[str] = []

    def ask(self, method: str, path: str, query: Mapping[str, str | int] | None = None, body: Any = None) -> Answer:
        """Make a call and return its answer."""
        reply = self._begin(method, path, query, body)
        return _answer(reply if isinstance(reply, Reply) else self._soon(reply).result())

    def ask_waiting(
        self, method: str, path: str, query: Mapping[str, str | int] | None = None, body: Any = None
    ) -> Answer | Awaitable[Answer]:
        """Make a call that waits for something real; inside a running event loop, return what is to be awaited."""
        reply = self._begin(method, path, query, body)
        if isinstance(reply, Reply):
            return _answer(reply)
        if is_in_loop():
            return _Late(self._soon(reply), self.forgotten, path)
        return _answer(self._soon(reply).result())

    def close(self) -> None:
        """Nothing is held."""


class AsyncLocalTransport(_Local):
    """For those who await every answer."""

    async def ask(
        self, method: str, path: str, query: Mapping[str, str | int] | None = None, body: Any = None
    ) -> Answer:
        """Make a call."""
        reply = self._begin(method, path, query, body)
        return _answer(reply if isinstance(reply, Reply) else await asyncio.wrap_future(self._soon(reply)))

    async def close(self) -> None:
        """Nothing is held."""


class _Late(Awaitable[Answer]):
    """An answer that is on its way, also where nobody awaits it."""

    def __init__(self, coming: "Future[Reply]", forgotten: list[str], path: str) -> None:
        self._coming, self._forgotten, self._path = coming, forgotten, path.rpartition("/")[2]
        forgotten.append(self._path)

    def __await__(self) -> Generator[Any, Any, Answer]:
        if self._path in self._forgotten:
            self._forgotten.remove(self._path)
        return _answer((yield from asyncio.wrap_future(self._coming).__await__()))


def _answer(reply: Reply) -> Answer:
    return Answer(reply.status, reply.body if isinstance(reply.body, str) else _decode(_encode(reply.body)))
