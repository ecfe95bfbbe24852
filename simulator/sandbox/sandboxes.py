"""All sandboxes of a process: made, found, dropped, and ended when nobody has used them for an hour."""

import re
import threading
import time
from collections.abc import Callable, Iterator

import msgspec

from simulator.jobs.errors import Conflict, NotFound, SimulatorError
from simulator.sandbox.choosing import Scenarios
from simulator.sandbox.sandbox import Sandbox, SandboxSettings

MAIN = "main"
MOST_SANDBOXES = 10_000
IDLE_SECONDS = 3600.0
_ID = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
_real_seconds = time.monotonic


class Sandboxes:
    """The sandbox ``main`` is always there. With ``auto_create``, a name that nobody made is made when first called.

    ``on_webhooks`` is whom sandboxes tell that a webhook can be sent, or that the next one's instant has changed;
    ``on_live`` whom they tell that a live job can be rendered, or need not be any longer.
    """

    def __init__(self, settings: SandboxSettings, scenarios: Scenarios, *, auto_create: bool = False) -> None:
        self.settings, self.auto_create = settings, auto_create
        self._scenarios = scenarios
        self._lock = threading.Lock()
        self._used: dict[str, float] = {}
        self._kept: dict[str, Sandbox] = {MAIN: self._new(MAIN, settings)}
        self._numbers = 0
        self.on_webhooks: Callable[[Sandbox], None] = lambda sandbox: None
        self.on_live: Callable[[Sandbox], None] = lambda sandbox: None

    def __iter__(self) -> Iterator[Sandbox]:
        return iter(list(self._kept.values()))

    @property
    def main(self) -> Sandbox:
        """The sandbox of calls that name none."""
        return self._kept[MAIN]

    def get(self, id: str) -> Sandbox:
        """Return a sandbox.

        Raises:
            NotFound: there is none of that id.
        """
        found = self._kept.get(id)
        if found is None:
            if self.auto_create:
                return self.create(id)
            known = ", ".join(sorted(self._kept)[:10])
            raise NotFound(f"there is no sandbox {id!r}; there are: {known}", sandbox=id)
        if self._used.pop(id, None) is not None:
            self._used[id] = _real_seconds()  # the longest unused stands first
        return found

    def create(self, id: str = "", settings: SandboxSettings | None = None, *, lasts: bool = False) -> Sandbox:
        """Make a sandbox; without an id it gets a number, without a seed one that follows from main's and the id.

        One that ``lasts`` does not end because nobody uses it.

        Raises:
            Conflict: the id is taken.
            SimulatorError: the id is malformed, or there are too many.
        """
        with self._lock:
            self._end_idle()
            if not id:
                self._numbers += 1
                id = f"s{self._numbers}"
            if not _ID.fullmatch(id):
                raise SimulatorError(f"{id!r} is no id for a sandbox: lower-case letters, digits and _, at most 40")
            if id in self._kept:
                raise Conflict(f"there is a sandbox {id!r} already", sandbox=id)
            if len(self._kept) >= MOST_SANDBOXES:
                raise SimulatorError(f"there are {MOST_SANDBOXES} sandboxes already; drop some")
            settings = settings or msgspec.structs.replace(self.settings, seed="")
            if not settings.seed:
                settings = msgspec.structs.replace(settings, seed=f"{self.settings.seed}/{id}")
            sandbox = self._kept[id] = self._new(id, settings)
            if not lasts:
                self._used[id] = _real_seconds()
        return sandbox

    def _new(self, id: str, settings: SandboxSettings) -> Sandbox:
        tells = (lambda sandbox: self.on_webhooks(sandbox), lambda sandbox: self.on_live(sandbox))
        return Sandbox(id, settings, self._scenarios, *tells)

    def drop(self, id: str) -> None:
        """End a sandbox and all that waits in it.

        Raises:
            NotFound: there is none of that id.
            Conflict: it is ``main``, which can only be reset.
        """
        if id == MAIN:
            raise Conflict("the sandbox 'main' cannot be dropped; reset it instead")
        with self._lock:
            sandbox = self._kept.pop(id, None)
            self._used.pop(id, None)
        if sandbox is None:
            raise NotFound(f"there is no sandbox {id!r}", sandbox=id)
        sandbox.close()

    def _end_idle(self) -> None:
        since = _real_seconds() - IDLE_SECONDS
        while self._used and self._used[oldest := next(iter(self._used))] < since:
            del self._used[oldest]
            self._kept.pop(oldest).close()
