"""A worker that plays what the job's name says, with the real loop around it."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import Made, MadeFile, News, Order, Progress
from simulator.renders.worker import main


def render(order: Order) -> Iterator[News]:
    name = order.job
    print("a library prints", name, flush=True)
    yield Progress(0, 3)
    if name == "prints":
        print("y" * 100_000, "x" * 600, "", "end", sep="\n", flush=True)
    if name == "crash":
        os._exit(3)
    if name == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "memory":
        raise MemoryError
    if name == "device-memory":
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
    if name == "bug":
        raise ZeroDivisionError("division by zero")
    if name == "no-face":
        raise RenderFailure("no_face_in_source", "a landscape")
    if name == "hangs":
        threading.Event().wait()
    if name == "endless":
        try:
            for done in range(10**9):
                yield Progress(done, 10**9)
        finally:
            (Path(order.into) / "closed").touch()
    yield Progress(3, 3)
    yield Made(0, MadeFile(f"{order.into}/out.png", "image/png", 4, 4, 99), {"by": os.getpid()})


def load(device: str, threads: int) -> tuple[str, object]:
    if device == "broken":
        raise ImportError("No module named 'torch'")
    if device == "dies":
        os._exit(1)
    return "cpu", render


if __name__ == "__main__":
    main(load, sys.argv[1], int(sys.argv[2]))  # type: ignore[arg-type]
