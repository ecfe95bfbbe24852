"""All parts of one server, put together."""

import socket
import sys
from typing import TYPE_CHECKING

from aiohttp import web

from simulator import vendors
from simulator.assembly.late_control import LateControl
from simulator.assembly.ports import CannotListen
from simulator.assembly.worlds import check_vendors, sandbox_settings
from simulator.jobs.errors import SimulatorError, UnfitScenario, UnknownScenario
from simulator.jobs.job import Job
from simulator.library import Library
from simulator.media.cache import MadeFiles
from simulator.outgoing.reach import Reach, never
from simulator.sandbox.sandboxes import MAIN, Sandboxes
from simulator.server.addresses import Door
from simulator.server.crowd import Crowd
from simulator.server.descriptors import most_connections
from simulator.server.desks import Desks
from simulator.server.edge import Answer, AnswerElsewhere, OpenDoor, open_door
from simulator.server.observing.observers import Observers
from simulator.server.observing.watch import Watch
from simulator.server.pipeline import Pipeline
from simulator.settings import BadSetting, Settings, Tracing
from simulator.vendors.vendor import Live, Vendor
from simulator.webhooks.dispatcher import Dispatcher
from simulator.webhooks.posting import Poster

if TYPE_CHECKING:
    import ssl

    from simulator.renders.runner import Runner
    from simulator.server.authority import Authority
    from simulator.server.control import Control
    from simulator.server.observing.metrics import Metrics
    from simulator.server.proxy import Proxy


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
            sandbox_settings(settings, self.library, vendor_names), self.library, auto_create=settings.auto_sandboxes
        )
        check_vendors(settings, vendor_names)
        self._make_sandboxes()
        self.desks = Desks(vendor_names, vendors.load, self.library.contract)
        self.dispatcher = Dispatcher(
            Poster(Reach(settings.webhook_allow), verifies_tls=not settings.webhook_insecure),
            lambda vendor: self.desks[vendor].contract,
            self._count_broken,
            self.watch.sight,
        )
        self.sandboxes.on_webhooks = self.dispatcher.wake
        self.runner = self._new_runner() if settings.live else None
        self._late_control = LateControl(self._new_control)
        self.pipeline = Pipeline(
            self.sandboxes,
            self.desks,
            control=self._late_control if settings.has_control else None,
            forerunners=self.dispatcher,
            made_files=MadeFiles(),
            uploads=self.runner.uploads if self.runner else None,
            max_body_bytes=settings.max_body_bytes,
            watch=self.watch,
        )
        self.crowd = Crowd(most_connections(settings.max_connections), settings.client_timeout)
        self.authority = self._new_authority() if settings.tls else None
        self.proxy = self._new_proxy() if settings.tls else None
        self.doors: list[OpenDoor] = []
        self._tls_door: OpenDoor | None = None

    def _new_runner(self) -> "Runner":
        from simulator.renders.starting import missing, new_engine, new_runner  # here, for few servers render

        settings = self.settings
        if lacks := missing(settings.engine):
            raise BadSetting(lacks)
        runner = new_runner(
            self._live_of,
            engine=new_engine(
                settings.slots,
                settings.device,
                name=settings.engine,
                ray_address=settings.ray_address,
                gpu_share=settings.gpu_share,
            ),
            allowed=settings.live_allow,
            is_marked=settings.has_marks,
        )
        self.sandboxes.on_live = runner.wake
        return runner

    def _live_of(self, job: Job) -> Live:
        live = vendors.load(job.vendor).kind(job.kind).live
        assert live is not None
        return live

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
            crowd=self.crowd,
        )

    @property
    def _vendor_hosts(self) -> list[str]:
        """The vendors' own host names; one that says it is at localhost has none."""
        return sorted({host.partition(":")[0] for host in self.desks.hosts} - {"localhost"})

    def _new_control(self) -> "Control":
        from simulator.server.control import Control  # here, for a start that nobody controls need not wait 30 ms

        token, own_hosts = self.settings.token, (self.settings.host, *self.settings.tls_names)
        services = (self.sandboxes, self.library, self.dispatcher, self.vendor_names, vendors.load)
        ca_pem = self.authority.ca_pem if self.authority else b""
        return Control(*services, token=token, own_hosts=own_hosts, ca_pem=ca_pem, metrics=self._new_metrics())

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
            BadSetting: what is to render cannot work here.
        """
        self._observe()
        if self.runner is not None:
            await self._start_rendering(self.runner)
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

    async def _start_rendering(self, runner: "Runner") -> None:
        from simulator.renders.engine import EngineFailure  # here, for few servers render

        try:
            await runner.start()
        except EngineFailure as error:
            await self.close()
            raise BadSetting(f"live mode cannot start: {error}") from error

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
        if self.runner is not None:
            await self.runner.close(self.settings.drain)  # first, for jobs are told how their renders ended
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

    def played_kinds(self) -> dict[str, list[str]]:
        """Return the kinds of jobs, by vendor, that play their scenario even where the server is live."""
        found = {
            vendor.name: [kind.name for kind in vendor.kinds if kind.live is None]
            for vendor in map(vendors.load, self.vendor_names)
        }
        return {vendor: kinds for vendor, kinds in found.items() if kinds}

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
    def control_door(self) -> OpenDoor:
        """The port that the control API is behind, where there is one."""
        return self.doors[0 if self.settings.control_port is None else 1 + len(self.settings.vendor_ports)]

    @property
    def _host(self) -> str:
        host = "localhost" if self.settings.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else self.settings.host  # noqa: S104
        return f"[{host}]" if ":" in host else host


def _own_hosts(host: str) -> tuple[str, ...]:
    """Return what this machine is called, by itself and by containers on it, and the address that is listened on."""
    names = ("localhost", "127.0.0.1", "::1", socket.gethostname(), "host.docker.internal")
    return names if host in ("0.0.0.0", "::") else (*names, host)  # noqa: S104
