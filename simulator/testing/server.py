"""The one server that a process starts for its tests, and the sandboxes they get from it or from another one."""

import atexit
import os
import re
import threading
import time
from collections.abc import Sequence
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.client.errors import Conflict
from simulator.client.simulator import AsyncSimulator, Simulator
from simulator.client.transport import HttpTransport

if TYPE_CHECKING:
    from simulator.assembly import Background

EPOCH = "2026-01-28T12:00:00Z"
"""When every test begins, so that it gets the same bytes in every run."""

_lock = threading.Lock()
_running: "tuple[int, Background] | None" = None
_run = f"{os.getpid()} {time.time_ns()}"  # two runs against one server are strangers


def server(scenario_folders: Sequence[Path] = ()) -> "Background":
    """Return the server of this process, started at first use; a forked child starts its own."""
    global _running
    with _lock:
        if _running is None or _running[0] != os.getpid():
            _running = os.getpid(), _start(scenario_folders)
            atexit.register(stop)
        return _running[1]


def stop() -> None:
    """Stop the server of this process if one runs; the next use starts another."""
    global _running
    with _lock:
        running, _running = _running, None
        atexit.unregister(stop)
    if running is not None and running[0] == os.getpid():
        running[1].__exit__()


def _start(scenario_folders: Sequence[Path]) -> "Background":
    import msgspec  # here, for a test run that needs no simulator need not wait for aiohttp and all else

    from simulator.assembly import Background
    from simulator.settings import read_settings

    settings = msgspec.structs.replace(
        read_settings({"scenario_folders": tuple(scenario_folders), "seed": "tests"}),
        host="127.0.0.1",
        port=0,
        vendor_ports=(),
        control_port=None,
        has_control=True,
        token=None,
        clock="skip",
        epoch=EPOCH,
        scenario="",
        switches=(),
        auto_sandboxes=False,
    )
    return Background(settings).__enter__()


def open_sandbox(
    name: str, *, url: str = "", token: str | None = None, scenario: str | None = None, folders: Sequence[Path] = ()
) -> Simulator:
    """Return a new sandbox for a test; ``close`` drops it.

    It is one of the server at ``url``, or of this process's own where that is empty. The clock skips from a fixed
    instant, and the dice follow from ``name``, so that every run of the test is the same. A second one of the same name
    beside the first is another sandbox with the same dice.

    Raises:
        UnknownScenario: ``scenario``, the default of its jobs, does not exist.
        Unreachable: nobody answers at ``url``.
    """
    if url:
        main = Simulator(url, token=token)
    else:
        from simulator.testing.local import LocalTransport  # here, like the rest of the server

        main = Simulator(transport=LocalTransport(server(folders)))
    try:
        sandbox = _new(main, name, scenario)
    except BaseException:
        main.close()
        raise
    sandbox._owns_transport = True
    return sandbox


def _new(main: Simulator, name: str, scenario: str | None) -> Simulator:
    for number in count(1):
        id = _id_for(name) if number == 1 else f"{_id_for(name)}_{number}"
        try:
            return main.new_sandbox(id, seed=name, epoch=EPOCH, clock="skip", scenario=scenario)
        except Conflict:
            if all(other.id != id for other in main.sandboxes()):
                raise
    raise AssertionError("numbers do not end")


def _id_for(name: str) -> str:
    """Return an id in which people find the test, and which no other run and no other test has."""
    words = re.sub(r"[^a-z0-9]+", "_", name.rpartition("::")[2].lower()).strip("_")
    return f"{words[:30].strip('_') or 'test'}_{sha256(f'{_run} {name}'.encode()).hexdigest()[:8]}"


def awaited(sandbox: Simulator, token: str | None = None) -> AsyncSimulator:
    """Return the same sandbox with verbs to be awaited; to close it does not drop the sandbox."""
    transport = sandbox._transport
    if isinstance(transport, HttpTransport):
        return AsyncSimulator(transport.url, token=token, sandbox=sandbox.id)
    from simulator.testing.local import AsyncLocalTransport

    return AsyncSimulator(sandbox=sandbox.id, transport=AsyncLocalTransport(server()))
