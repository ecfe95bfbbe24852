"""``simulator serve``: check everything, open the ports, say how to begin, and serve until asked to stop."""

import asyncio
import gc
import os
import shlex
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from simulator import __version__, vendors
from simulator.assembly import CannotListen, Simulator, run_loop
from simulator.cli import fail
from simulator.library import BadScenarios
from simulator.server.descriptors import raise_limit
from simulator.settings import PREFIX, BadSetting, Settings, is_loopback, read_settings, read_tracing


def serve(flags: Mapping[str, Any]) -> int:
    """Serve; return the exit status. Whatever is wrong is said before a port opens."""
    _fill_standard_streams()
    try:
        settings = read_settings(flags)
        raise_limit(settings.max_connections)
        simulator = Simulator(settings, tracing=read_tracing())
    except BadSetting as error:
        return fail(str(error))
    except BadScenarios as error:
        return fail(f"the scenarios have mistakes; nothing was started\n{error}")
    try:
        run_loop(lambda: _serve(simulator))
    except (BadSetting, CannotListen) as error:
        return fail(str(error))
    return 0


def _fill_standard_streams() -> None:
    """Open what was closed before us, on nothing: a socket must not come to be standard error, and libuv will not close one."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it takes the lowest that is free


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
    """Have Ctrl-C and a termination end the serving; the second of them ends the process at once."""
    wishes = (signal.SIGINT, signal.SIGTERM)

    def end() -> None:
        is_over.set()
        for wish in wishes:
            loop.remove_signal_handler(wish)
            signal.signal(wish, signal.SIG_DFL)

    for wish in wishes:
        with suppress(NotImplementedError):  # on Windows, where Ctrl-C interrupts the loop instead
            loop.add_signal_handler(wish, end)


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
    if simulator.runner is not None:
        played = "; ".join(f"{name} ({', '.join(kinds)})" for name, kinds in simulator.played_kinds().items())
        lines += [
            f"  Live: jobs are done for real on {simulator.runner.device}, {settings.slots} at a time; see docs/live.md.",
            *([f"  Not done for real, but played as their scenario says: {played}."] if played else []),
            "",
        ]
    if unfit := simulator.unfit_kinds():
        said = "; ".join(f"{name} ({', '.join(kinds)})" for name, kinds in unfit.items())
        lines += [
            f"  The scenario {settings.scenario} cannot be played by {said}: there each vendor's own default is.",
            "",
        ]
    if simulator.authority is not None:
        lines += [*_ways_by_real_names(simulator), ""]
    if settings.has_control:
        control = f"{url.rpartition(':')[0]}:{simulator.control_door.port}"
        lines.append(f"  Control API {control}/_simulator/openapi/simulator.json")
        if settings.token:
            lines.append(f"  Its token   {settings.token}   (Authorization: Bearer …)")
        elif not is_loopback(settings.host):
            lines.append("  Warning: the control API is open to everybody who can reach this port; --token guards it.")
    return "\n".join([*lines, "  Ctrl-C ends it."])


def _ways_by_real_names(simulator: Simulator) -> list[str]:
    """Return how clients that keep the vendors' own host names get here, ready to paste."""
    from simulator.cli.pointing import point  # here, for few servers speak TLS

    settings, authority = simulator.settings, simulator.authority
    assert authority is not None
    ca_file, bundle_file = authority.ca_file, authority.bundle_file
    lines = [f"  https       {simulator.tls_url}", "  By the vendors' own host names, a client's code unchanged:"]
    if ca_file is None or bundle_file is None:
        ca_file = bundle_file = Path("ca.pem")
        if settings.has_control and settings.control_port is None:
            lines.append(
                f"    curl -sSo ca.pem {simulator.url}/_simulator/tls/ca.pem   # no folder could be written here"
            )
    variables = point(
        {}, url=simulator.url, hosts=(), ca_file=ca_file, bundle_file=bundle_file, folder=Path()
    ).variables
    here = {"ca.pem": '"$PWD/ca.pem"'}
    said = [
        f"{name}={here.get(value) or shlex.quote(value)}"
        for name, value in variables.items()
        if not name.startswith(PREFIX)
    ]
    for about in ("NODE_", "PROXY=", "proxy=", "="):
        if group := [one for one in said if about in one.partition("=")[0] + "="]:
            lines.append(f"    export {' '.join(group)}")
            said = [one for one in said if one not in group]
    lines.append("    aiohttp reads them with ClientSession(trust_env=True), Node's fetch from Node 24 on.")
    if settings.proxy_passthrough and not is_loopback(settings.host):
        opened = ", ".join(settings.proxy_passthrough)
        lines.append(f"    Warning: whoever can reach this port gets through it to {opened}, by any port of theirs.")
    return lines


def _clock(settings: Settings) -> str:
    return f"real × {settings.speed:g}" if settings.clock == "real" and settings.speed != 1 else settings.clock
