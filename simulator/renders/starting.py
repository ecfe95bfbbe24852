"""Live mode put together: whether it can be had here, and the runner with all that it needs."""

from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from tempfile import gettempdir

from simulator.jobs.job import Job
from simulator.media.live.orders import Limits
from simulator.outgoing.reach import Reach
from simulator.outgoing.session import new_session
from simulator.renders.engine import Engine
from simulator.renders.fetching import Fetcher
from simulator.renders.keeping import Keeping
from simulator.renders.pool import Pool
from simulator.renders.runner import Runner
from simulator.vendors.vendor import Live

_MODULES = ("torch", "av", "numpy")
_WEIGHTS = "mtcnn"  # never imported: it would bring TensorFlow


def missing(engine: str = "local") -> str:
    """Return what live mode lacks here, and how to get it, in one line; "" if it has all."""
    if engine == "ray" and find_spec("ray") is None:
        return "--engine ray needs ray: pip install 'media-api-simulator[live,scale]'"
    lacks = [name for name in _MODULES if find_spec(name) is None]
    try:
        version(_WEIGHTS)
    except PackageNotFoundError:
        lacks.append(_WEIGHTS)
    if not lacks:
        return _without_room()
    return (
        f"--live needs {', '.join(lacks)}: pip install 'media-api-simulator[live]' "
        "(on Linux without a GPU, first: pip install torch --index-url https://download.pytorch.org/whl/cpu)"
    )


def _without_room() -> str:
    try:
        gettempdir()  # which tries to write there
    except OSError as error:
        return f"--live needs a folder for media, in /tmp or where TMPDIR says: {error.strerror or error}"
    return ""


def new_engine(
    slots: int, device: str, *, name: str = "local", ray_address: str = "", gpu_share: float | None = None
) -> Engine:
    """Return the engine of that name, not started yet."""
    if name == "ray":
        from simulator.renders.cluster import Cluster, Share  # here, for few servers render elsewhere

        return Cluster(slots, device, address=ray_address, share=Share(gpus=gpu_share))
    return Pool(slots, device)


def new_runner(
    live_of: Callable[[Job], Live],
    *,
    engine: Engine,
    allowed: tuple[str, ...] = (),
    is_marked: bool = True,
) -> Runner:
    """Return a runner for an engine; ``allowed`` is what inputs may be fetched from beyond private addresses."""
    reach = Reach(allowed, what="inputs", flag="--live-allow")
    fetcher = Fetcher(partial(new_session, reach))
    return Runner(engine, Keeping(), fetcher.fetch, live_of, Limits(), is_marked=is_marked)
