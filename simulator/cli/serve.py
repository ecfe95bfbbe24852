"""``simulator serve``: check everything, open the ports, say how to begin, and serve until asked to stop."""

import asyncio
import errno
import gc
import logging
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from simulator import __version__, vendors
from simulator.assembly import Simulator, run_loop
from simulator.cli import fail
from simulator.library import BadScenarios
from simulator.settings import BadSetting, Settings, is_loopback, read_settings

_PORT_ERRORS = (errno.EADDRINUSE, errno.EACCES)


def serve(flags: Mapping[str, Any]) -> int:
    """Serve; return the exit status. Whatever is wrong is said before a port opens."""
    try:
        settings = read_settings(flags)
        simulator = Simulator(settings)
    except BadSetting as error:
        return fail(str(error))
    except BadScenarios as error:
        return fail(f"the scenarios have mistakes; nothing was started\n{error}")
    if settings.log != "off":
        logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        run_loop(lambda: _serve(simulator))
    except OSError as error:
        hint = "--port names another port, 0 any" if error.errno in _PORT_ERRORS else "--host names another address"
        return fail(f"cannot listen on {settings.host}: {error.strerror or error}; {hint}")
    return 0


async def _serve(simulator: Simulator) -> None:
    loop, is_over = asyncio.get_running_loop(), asyncio.Event()
    await simulator.open()
    gc.freeze()  # what is there by now stays: no later collection need visit it
    gc.enable()
    end_on_signals(loop, is_over)
    print(await asyncio.to_thread(welcome, simulator), flush=True)  # calls are answered while the vendors are loaded
    await is_over.wait()
    await simulator.close()


def end_on_signals(loop: asyncio.AbstractEventLoop, is_over: asyncio.Event) -> None:
    """Have Ctrl-C and a termination end the serving."""
    for wish in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # on Windows, where Ctrl-C interrupts the loop instead
            loop.add_signal_handler(wish, is_over.set)


def welcome(simulator: Simulator) -> str:
    """Return what a newcomer needs: where each vendor is, a key that works, and a first call to paste."""
    settings, url = simulator.settings, simulator.url
    lines = [f"Simulator {__version__} on {url}   clock: {_clock(settings)}   seed: {settings.seed}", ""]
    ports = list(zip(settings.vendor_ports, simulator.doors[1:], strict=False))
    for name in simulator.vendor_names:
        vendor = vendors.load(name)
        lines += [f"  {vendor.title}", f"    base URL  {url}/{name}   in place of {vendor.url}"]
        for own, door in ports:
            if own.vendor == name:
                where = f"   in the sandbox {own.sandbox}" if own.sandbox else ""
                lines.append(f"    also at   {url.rpartition(':')[0]}:{door.port}{where}")
        first_call = vendor.first_call.replace("{base}", f"{url}/{name}").replace("{key}", vendor.sample_key)
        lines += [f"    key       {vendor.sample_key}", f"    try       {first_call}", ""]
    if unfit := simulator.unfit_kinds():
        said = "; ".join(f"{name} ({', '.join(kinds)})" for name, kinds in unfit.items())
        lines += [
            f"  The scenario {settings.scenario} cannot be played by {said}: there each vendor's own default is.",
            "",
        ]
    if settings.has_control:
        control = url if settings.control_port is None else f"{url.rpartition(':')[0]}:{simulator.doors[-1].port}"
        lines.append(f"  Control API {control}/_simulator/openapi/simulator.json")
        if settings.token:
            lines.append(f"  Its token   {settings.token}   (Authorization: Bearer …)")
        elif not is_loopback(settings.host):
            lines.append("  Warning: the control API is open to everybody who can reach this port; --token guards it.")
    return "\n".join([*lines, "  Ctrl-C ends it."])


def _clock(settings: Settings) -> str:
    return f"real × {settings.speed:g}" if settings.clock == "real" and settings.speed != 1 else settings.clock
