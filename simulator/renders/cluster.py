"""The engine of many machines: a Ray actor for each slot. Needs the extra ``scale``; what it renders goes by path.

Ray says which machine and which share of a GPU a slot gets, and starts the actor there. Orders and news travel through Ray,
media do not: every machine of the cluster must see the folder of live files (below TMPDIR) at the same path.
"""

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from simulator.media.live.orders import Order
from simulator.renders import manners
from simulator.renders.engine import EngineFailure
from simulator.renders.messages import Failed, FromWorker, packed, unpacked, unpacked_order
from simulator.renders.slots import Patience, Slots
from simulator.renders.worker import Load, Renderer, done, load_live, loaded
from simulator.settings import prepare_ray

_LONGEST_FOLDER = 40  # Ray puts sockets below it, whose paths must stay below a hundred letters
_STORE_BYTES = 80 << 20  # the least that Ray takes: nothing large goes through it
_KNOCK_SECONDS = 5.0


class Share(msgspec.Struct, frozen=True):
    """What a slot takes of its machine. Without a share of a GPU: one, if Ray has any and the device may be one."""

    cpus: float = 1
    gpus: float | None = None


_ONE_CORE = Share()


class Cluster(Slots):
    """Ray actors. Without an address, Ray is started on this machine, on loopback, and ended with the engine."""

    def __init__(
        self,
        slots: int = 1,
        device: str = "auto",
        *,
        address: str = "",
        share: Share = _ONE_CORE,
        load: Load = load_live,
        patience: Patience | None = None,
        machine: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Begin; ``machine`` is what Ray is told of this machine besides, where it is started here."""
        self._machine = machine
        self._address, self._share, self._slots_count = address, share, slots
        self._has_joined, self._folder = False, ""
        self._device, self._load = device, load
        super().__init__([WorkerActor(self.new_actor) for _ in range(slots)], patience or Patience())

    async def start(self) -> None:
        """Start Ray or join it, then as any engine.

        Raises:
            EngineFailure: it says why it cannot.
        """
        await asyncio.to_thread(self._join)  # for seconds
        try:
            await super().start()
        except EngineFailure:
            await self.close()
            raise

    def _join(self) -> None:
        prepare_ray(is_local=not self._address)
        try:
            import ray
        except ImportError as error:
            raise EngineFailure(f"--engine ray: {error}") from error

        quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
        try:
            if self._address:
                _knock(self._address)
                ray.init(self._address, **quiet)
            else:
                self._folder = tempfile.mkdtemp(prefix="ray-")
                cores = max(self._slots_count * self._share.cpus, manners.cores())
                ray.init(
                    num_cpus=int(cores),
                    include_dashboard=False,
                    object_store_memory=_STORE_BYTES,
                    _node_ip_address="127.0.0.1",
                    _temp_dir=self._folder if len(self._folder) <= _LONGEST_FOLDER else None,
                    **self._machine,
                    **quiet,
                )
        except Exception as error:  # of many kinds, none of them documented
            self._leave()
            where = f"the Ray cluster at {self._address}" if self._address else "Ray"
            why = str(error).strip().splitlines() or [type(error).__name__]
            raise EngineFailure(f"{where} cannot be had: {why[0]}") from error
        self._has_joined = True

    def new_actor(self) -> Any:
        """Start an actor wherever there is room for one; Ray does not wait until it is there."""
        import ray

        gpus = self._share.gpus
        if gpus is None:
            gpus = 1 if self._device != "cpu" and ray.cluster_resources().get("GPU") else 0
        actor = ray.remote(_Actor).options(
            num_cpus=self._share.cpus,
            num_gpus=gpus,
            max_concurrency=2,  # one renders, the other hears that it is to stop
            max_restarts=0,  # its slot starts another
        )
        return actor.remote(self._load, self._device, max(1, int(self._share.cpus)))

    async def close(self, drain_seconds: float = 0.0) -> None:
        """As any engine; then leave Ray, or end it where it was started for this engine alone."""
        await super().close(drain_seconds)
        await asyncio.to_thread(self._leave)

    def _leave(self) -> None:
        if self._has_joined:
            import ray

            ray.shutdown()
            self._has_joined = False
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def _knock(address: str) -> None:
    """Find out in seconds whether anybody is there: Ray itself tries for a minute. Raises: OSError."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        socket.create_connection((host, int(port)), _KNOCK_SECONDS).close()


class WorkerActor:
    """An actor that does the work of one slot."""

    def __init__(self, new_actor: Any) -> None:
        self._new_actor = new_actor
        self._actor: Any = None
        self._says: AsyncIterator[Any] | None = None
        self._number = 0

    @property
    def is_there(self) -> bool:
        """Whether it was started, and nobody has found it dead."""
        return self._actor is not None

    async def start(self) -> None:
        """Start an actor."""
        self._actor = await asyncio.to_thread(self._new_actor)
        self._says = aiter(self._actor.begin.options(num_returns="streaming").remote())

    def do(self, order: Order) -> None:
        """Give it an order; its news come as a stream."""
        self._number += 1
        streaming = self._actor.render.options(num_returns="streaming")
        self._says = aiter(streaming.remote(self._number, packed(order)))

    def stop(self) -> None:
        """Ask it to end its order."""
        if self._actor is not None:
            self._actor.stop.remote(self._number)

    async def hear(self) -> FromWorker:
        """Return what it says next; how it ended, if it says nothing any more."""
        from ray.exceptions import RayError

        if self._actor is None or self._says is None:
            return Failed("crashed", "the Ray actor was ended")
        try:
            return unpacked(await (await anext(self._says)))
        except StopAsyncIteration:
            return Failed("crashed", "the Ray actor said no end")
        except RayError as error:
            return Failed("crashed", f"the Ray actor is gone: {str(error).splitlines()[0]}")

    async def kill(self) -> None:
        """End it, whatever it is doing."""
        actor, self._actor, self._says = self._actor, None, None
        if actor is not None:
            import ray

            ray.kill(actor, no_restart=True)


class _Actor:
    """What runs in the cluster. Orders are numbered, because a call to stop one may overtake the order itself."""

    def __init__(self, load: Load, device: str, threads: int) -> None:
        self._load, self._device, self._threads = load, device, threads
        self._renderer: Renderer | None = None
        self._stopped = 0

    def begin(self) -> Iterator[bytes]:
        """Load the models; say whether that went well."""
        manners.give_way()
        first, self._renderer = loaded(self._load, self._device, self._threads)
        yield packed(first)

    def render(self, number: int, order: bytes) -> Iterator[bytes]:
        """Do an order, saying what a worker process would say."""
        wanted = unpacked_order(order)
        if not Path(wanted.into).is_dir():
            yield packed(
                Failed(
                    "crashed",
                    f"{socket.gethostname()} has no folder {wanted.into}: machines of a cluster must share it",
                )
            )
            return
        assert self._renderer is not None
        for message in done(self._renderer, wanted, lambda: self._stopped >= number):
            yield packed(message)

    def stop(self, number: int) -> None:
        """Have an order end between two chunks."""
        self._stopped = number
