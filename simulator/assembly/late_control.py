"""The control API, not made before it is called: a start that nobody controls need not wait for it."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

from simulator.server.addresses import Address

if TYPE_CHECKING:
    from simulator.server.control import Control


class LateControl:
    """The control API, made when it is first called. ``is_ready`` from when all ports are open until they are to close."""

    def __init__(self, make: Callable[[], "Control"]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: Control | None = None
        self._is_ready = False

    async def answer(self, request: web.BaseRequest, address: Address) -> web.StreamResponse:
        """Answer a call below ``/_simulator``."""
        return await self.made().answer(request, address)

    def made(self) -> "Control":
        """Return it, made if need be."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
                self._made.services.is_ready = self._is_ready
            return self._made

    @property
    def is_ready(self) -> bool:
        """Whether the server says that it is ready."""
        return self._is_ready

    @is_ready.setter
    def is_ready(self, is_ready: bool) -> None:
        with self._lock:
            self._is_ready = is_ready
            if self._made is not None:
                self._made.services.is_ready = is_ready

    def stop(self) -> None:
        """Say from now on that the server is not ready."""
        self.is_ready = False
