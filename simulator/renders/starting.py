"""Live mode put together: whether it can be had here, and the runner with all that it needs."""

from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from simulator.jobs.job import Job
from simulator.media.live.orders import Limits
from simulator.outgoing.reach import Reach
from simulator.outgoing.session import new_session
from simulator.renders.fetching import Fetcher
from simulator.renders.keeping import Keeping
from simulator.renders.pool import Pool
from simulator.renders.runner import Runner
from simulator.vendors.vendor import Live

_MODULES = ("torch", "av", "numpy")
_WEIGHTS = "mtcnn"  # never imported: it would bring TensorFlow


def missing() -> str:
    """Return what live mode lacks here, and how to get it, in one line; "" if it has all."""
    lacks = [name for name in _MODULES if find_spec(name) is None]
    try:
        version(_WEIGHTS)
    except PackageNotFoundError:
        lacks.append(_WEIGHTS)
    if not lacks:
        return ""
    return (
        f"--live needs {', '.join(lacks)}: pip install 'media-api-simulator[live]' "
        "(on Linux without a GPU, first: pip install torch --index-url https://download.pytorch.org/whl/cpu)"
    )


def new_runner(
    live_of: Callable[[Job], Live],
    *,
    slots: int = 1,
    device: str = "auto",
    allowed: tuple[str, ...] = (),
    is_marked: bool = True,
) -> Runner:
    """Return a runner with workers on this machine; ``allowed`` is what inputs may be fetched from beyond private addresses."""
    reach = Reach(allowed, what="inputs", flag="--live-allow")
    fetcher = Fetcher(partial(new_session, reach))
    return Runner(Pool(slots, device), Keeping(), fetcher.fetch, live_of, Limits(), is_marked=is_marked)
