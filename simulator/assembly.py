"""The one place that chooses implementations and puts them together: settings in, a simulator that can serve out."""

import asyncio
import errno
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import web

from simulator import vendors
from simulator.jobs.errors import SimulatorError, UnfitScenario, UnknownScenario
from simulator.library import Library
from simulator.media.cache import MadeFiles
from simulator.outgoing.reach import Reach, never
from simulator.sandbox.choosing import check_playable
from simulator.sandbox.clock import read_instant
from simulator.sandbox.sandbox import SandboxSettings
from simulator.sandbox.sandboxes import MAIN, Sandboxes
from simulator.sandbox.switches import check_switches
from simulator.server.addresses import Address, Door
from simulator.server.crowd import Crowd
from simulator.server.descriptors import most_connections
from simulator.server.desks import Desks
from simulator.server.edge import Answer, AnswerElsewhere, OpenDoor, open_door
from simulator.server.observing.observers import Observers
from simulator.server.observing.watch import Watch
from simulator.server.pipeline import Pipeline
from simulator.settings import BadSetting, Settings, Tracing
from simulator.vendors.vendor import Vendor
from simulator.webhooks.dispatcher import Dispatcher
from simulator.webhooks.posting import Poster

if TYPE_CHECKING:
    import ssl

    from simulator.server.authority import Authority
    from simulator.server.control import Control
    from simulator.server.observing.metrics import Metrics
    from simulator.server.proxy import Proxy

_real_ms = time.time_ns  # bound here, so that a test which freezes time does not move the epoch
_real_seconds = time.monotonic  # nor stop the timers of the server


class CannotListen(OSError):
    """A port cannot be had: which, why, and the flag that names another."""

    def __init__(self, host: str, port: int, flag: str, error: OSError) -> None:
        why = error.strerror or str(error)
        if error.errno is not None and not isinstance(error, socket.gaierror):
            why = os.strerror(error.errno)
        hint = "--host names another address"
        if error.errno == errno.EADDRINUSE:
            hint = f"{flag} names another port, 0 any"
        elif error.errno == errno.EACCES:
            hint = f"{flag} names another port; those below 1024 are not for everybody"
        super().__init__(error.errno, f"cannot listen on {host}, port {port} ({flag}): {why}; {hint}")

    def __str__(self) -> str:
        return str(self.strerror)


class Simulator:
    """All parts of one server. ``doors`` are the ports that are open, the main one first."""

    def __init__(
        self, settings: Settings, vendor_names: tuple[str, ...] = vendors.NAMES, *, tracing: Tracing | None = None
    ) -> None:
        """Put everything together; nothing listens yet.

        Raises:
            BadSetting: a setting names what does not exist.
            BadScenarios: a folder of the user's has mistakes.
            UnusableCertificate: the user's certificate, or the test CA that is kept, cannot be used.
        """
        self.settings, self.vendor_names, self.tracing = settings, vendor_names, tracing
        self.watch = Watch()
        self.observers = Observers(self.watch)
        self.library = Library(settings.scenario_folders, cache_folder=settings.cache_folder)
        self.sandboxes = Sandboxes(
            _sandbox_settings(settings, self.library, vendor_names), self.library, auto_create=settings.auto_sandboxes
        )
        _check_vendors(settings, vendor_names)
        self._make_sandboxes()
        self.desks = Desks(vendor_names, vendors.load, self.library.contract)
        self.dispatcher = Dispatcher(
            Poster(Reach(settings.webhook_allow), verifies_tls=not settings.webhook_insecure),
            lambda vendor: self.desks[vendor].contract,
            self._count_broken,
            self.watch.sight,
        )
        self.sandboxes.on_webhooks = self.dispatcher.wake
        self._late_control = _LateControl(self._new_control)
        self.pipeline = Pipeline(
            self.sandboxes,
            self.desks,
            control=self._late_control if settings.has_control else None,
            forerunners=self.dispatcher,
            made_files=MadeFiles(),
            max_body_bytes=settings.max_body_bytes,
            watch=self.watch,
        )
        self.authority = self._new_authority() if settings.tls else None
        self.proxy = self._new_proxy() if settings.tls else None
        self.crowd = Crowd(most_connections(settings.max_connections), settings.client_timeout)
        self.doors: list[OpenDoor] = []
        self._tls_door: OpenDoor | None = None

    def _new_authority(self) -> "Authority":
        from simulator.server.authority import Authority  # here, for few servers speak TLS

        settings = self.settings
        folder = settings.tls_folder or (settings.cache_folder / "tls" if settings.cache_folder else None)
        hosts = (*self._vendor_hosts, *_own_hosts(settings.host), *settings.tls_names)
        return Authority(hosts, folder, cert=settings.tls_cert, key=settings.tls_key)

    def _new_proxy(self) -> "Proxy":
        from simulator.outgoing.resolving import Resolver
        from simulator.server.proxy import Proxy  # here, for few servers are one

        return Proxy(
            (*self._vendor_hosts, *self.settings.tls_names),
            lambda: self.sandboxes.get(MAIN),
            passthrough=self.settings.proxy_passthrough,
            new_resolver=Resolver,
            forbids=never,
            watch=self.watch,
            seconds=self.settings.client_timeout,
        )

    @property
    def _vendor_hosts(self) -> list[str]:
        """The vendors' own host names; one that says it is at localhost has none."""
        return sorted({host.partition(":")[0] for host in self.desks.hosts} - {"localhost"})

    def _new_control(self) -> "Control":
        from simulator.server.control import Control  # here, for a start that nobody controls need not wait 30 ms

        token, host = self.settings.token, self.settings.host
        services = (self.sandboxes, self.library, self.dispatcher, self.vendor_names, vendors.load)
        ca_pem = self.authority.ca_pem if self.authority else b""
        return Control(*services, token=token, host=host, ca_pem=ca_pem, metrics=self._new_metrics())

    @property
    def control(self) -> "Control":
        """The control API, for those who are in this very process."""
        return self._late_control.made()

    def _count_broken(self) -> None:
        self.pipeline.tally.broken += 1

    def _make_sandboxes(self) -> None:
        """Make those that ports of their own are for."""
        for id in dict.fromkeys(door.sandbox for door in self.settings.vendor_ports):
            try:
                if id not in ("", MAIN):
                    self.sandboxes.create(id, lasts=True)
            except SimulatorError as error:
                raise BadSetting(error.message) from error

    async def open(self) -> None:
        """Listen on every port that was asked for.

        Raises:
            CannotListen: one of them cannot be had; none stays open then.
        """
        self._observe()
        self.dispatcher.start()
        apart = self.settings.control_port is not None
        try:
            main = await self._listen("--port", self.settings.port, Door(has_control=not apart), proxy=self._go_between)
            for own in self.settings.vendor_ports:
                door = Door(vendor=own.vendor, sandbox=own.sandbox, has_control=False)
                await self._listen("--vendor-port", own.port, door)
            if self.settings.control_port is not None:
                await self._listen("--control-port", self.settings.control_port, Door())
            if self.authority is not None:
                door = Door(has_control=not apart)
                self._tls_door = await self._listen(
                    "--tls-port", self.settings.tls_port, door, tls=self.authority.context, proxy=self._go_between
                )
                assert self.proxy is not None
                self.proxy.plain, self.proxy.tls = main, self._tls_door
        except OSError:
            await self.close()
            raise
        self._late_control.is_ready = True

    def _observe(self) -> None:
        """Begin to tell what happens, as it is wanted."""
        if self.settings.log != "off":
            self.observers.open_log(self.settings.log, sys.stderr)
        if (wanted := self.tracing) is not None:
            asked = (wanted.exporter, wanted.protocol, wanted.because)
            self.observers.open_traces(*asked, tells_receivers=wanted.tells_receivers)

    def _new_metrics(self) -> "Metrics":
        from simulator.server.observing.metrics import Connections, Metrics  # here, for few servers are scraped

        def connections() -> Connections:
            crowd = self.crowd
            ended = {"too_slow": crowd.too_slow, "made_room": crowd.made_room, "turned_away": crowd.turned_away}
            return Connections(len(crowd), ended)

        return Metrics(self.watch.tally, lambda: self.sandboxes, connections)

    async def _go_between(self, request: web.BaseRequest, go_on: Answer) -> web.StreamResponse:
        """Answer what a client says to a proxy."""
        if self.proxy is not None:
            return await self.proxy.answer(request, go_on)
        if request.method != "CONNECT":
            return await go_on(request)
        from simulator.server.proxy import refuse_tunnel  # here, as in _new_proxy

        return refuse_tunnel(request)

    async def _listen(
        self,
        flag: str,
        port: int,
        door: Door,
        *,
        tls: "ssl.SSLContext | None" = None,
        proxy: AnswerElsewhere | None = None,
    ) -> OpenDoor:
        """Open a port that a flag names."""
        host = self.settings.host
        try:
            opened = await open_door(self.pipeline, door, host=host, port=port, tls=tls, crowd=self.crowd, proxy=proxy)
        except UnicodeError as error:  # of a name that cannot be looked up
            raise CannotListen(host, port, flag, OSError(f"{host!r} is no host name")) from error
        except OSError as error:
            raise CannotListen(host, port, flag, error) from error
        self.doors.append(opened)
        return opened

    async def close(self) -> None:
        """Stop to listen, and end whatever waits."""
        if self.pipeline.control is not None:
            self.pipeline.control.stop()
        for sandbox in self.sandboxes:
            sandbox.close()
        await self.dispatcher.close()
        for door in self.doors:
            await door.close()
        if self.proxy is not None:
            await self.proxy.close()
        self.crowd.close()
        self.doors.clear()
        self.observers.close()

    def unfit_kinds(self) -> dict[str, list[str]]:
        """Return the kinds of jobs, by vendor, that cannot play the default scenario and keep to their vendor's."""
        name = self.settings.scenario
        found = {vendor.name: self._unfit(name, vendor) for vendor in map(vendors.load, self.vendor_names) if name}
        return {vendor: kinds for vendor, kinds in found.items() if kinds}

    def _unfit(self, name: str, vendor: Vendor) -> list[str]:
        kinds = []
        for kind in vendor.kinds:
            try:
                self.library.script(name, vendor, kind)
            except (UnfitScenario, UnknownScenario):
                kinds.append(kind.name)
        return kinds

    @property
    def url(self) -> str:
        """Where the main port can be reached from this machine."""
        return f"http://{self._host}:{self.doors[0].port}"

    @property
    def tls_url(self) -> str:
        """The same for https; "" where it is not served."""
        return f"https://{self._host}:{self._tls_door.port}" if self._tls_door else ""

    @property
    def _host(self) -> str:
        host = "localhost" if self.settings.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else self.settings.host  # noqa: S104
        return f"[{host}]" if ":" in host else host


class _LateControl:
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


class Background:
    """A simulator that serves from a thread of its own, for demos and tests.

    The loop keeps real time even where a test freezes the clock of its process.
    """

    def __init__(self, settings: Settings, vendor_names: tuple[str, ...] = vendors.NAMES) -> None:
        self.simulator = Simulator(settings, vendor_names)
        self._is_open = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_over: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._helpers = ThreadPoolExecutor(thread_name_prefix="simulator")

    def __enter__(self) -> "Background":
        self._thread.start()
        self._is_open.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *about: object) -> None:
        if self._loop is not None and self._is_over is not None:
            self._loop.call_soon_threadsafe(self._is_over.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it can be reached."""
        return f"http://127.0.0.1:{self.simulator.doors[0].port}"

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that serves, for what is to be awaited there."""
        assert self._loop is not None
        return self._loop

    @property
    def thread_ids(self) -> tuple[int, ...]:
        """The identifiers of the thread that serves, which comes first, and of those that help it."""
        threads = (self._thread, *self._helpers._threads)
        return tuple(thread.ident for thread in threads if thread.ident is not None)

    def _run(self) -> None:
        run_loop(self._serve)

    async def _serve(self) -> None:
        self._loop, self._is_over = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_default_executor(self._helpers)
        if isinstance(self._loop, asyncio.BaseEventLoop):  # uvloop's reads a clock that no test can freeze
            self._loop.time = _real_seconds  # type: ignore[method-assign]
        try:
            await self.simulator.open()
        except BaseException as error:
            self._failure = error  # raised where the server was to be used
            return
        finally:
            self._is_open.set()
        await self._is_over.wait()
        await self.simulator.close()


def run_loop(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine to its end, on uvloop where there is one."""
    new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with suppress(ImportError):  # there is none for Windows
        from uvloop import new_event_loop
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main())


def _own_hosts(host: str) -> tuple[str, ...]:
    """Return what this machine is called, by itself and by containers on it, and the address that is listened on."""
    names = ("localhost", "127.0.0.1", "::1", socket.gethostname(), "host.docker.internal")
    return names if host in ("0.0.0.0", "::") else (*names, host)  # noqa: S104


def _sandbox_settings(settings: Settings, library: Library, vendor_names: tuple[str, ...]) -> SandboxSettings:
    try:
        epoch_ms = read_instant(settings.epoch) if settings.epoch else _real_ms() // 1_000_000
    except SimulatorError as error:
        raise BadSetting(f"epoch: {error}") from error
    switches = dict(settings.switches)
    try:
        check_switches(map(vendors.load, vendor_names), switches)
        if settings.scenario:
            check_playable(library, settings.scenario, map(vendors.load, vendor_names))
    except SimulatorError as error:
        raise BadSetting(error.message) from error
    return SandboxSettings(
        seed=settings.seed,
        epoch_ms=epoch_ms,
        mode=settings.clock,
        speed=settings.speed,
        hold=settings.hold,
        scenario=settings.scenario,
        switches=switches,
        strict_keys=settings.strict_keys,
        max_jobs=settings.max_jobs,
    )


def _check_vendors(settings: Settings, vendor_names: tuple[str, ...]) -> None:
    for door in settings.vendor_ports:
        if door.vendor not in vendor_names:
            raise BadSetting(f"there is no vendor {door.vendor!r}; there are: {', '.join(vendor_names)}")
