"""A worker process: loads the models once, then renders one order after the other. ``python -m simulator.renders.worker``."""

import os
import queue
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from typing import BinaryIO

from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import News, Order
from simulator.renders import manners
from simulator.renders.messages import Do, Done, Failed, FromWorker, Ready, Stop, Told, framed, next_for_worker

Renderer = Callable[[Order], Iterator[News]]
Load = Callable[[str, int], tuple[str, Renderer]]
"""Given a device and a number of threads, returns the device that was chosen, and what renders on it."""


class NoDevice(Exception):
    """The device that was asked for is not here."""


def main(load: Load, device: str, slots: int = 1) -> None:
    """Serve orders from standard input until it is closed; what libraries print goes to standard error.

    ``slots`` is how many workers share this machine.
    """
    manners.leave_interrupts_to_the_server()
    manners.give_way()  # before threads are made that would not
    says, hears = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)  # from here on a stray print cannot be taken for a message
    first, renderer = loaded(load, device, manners.threads(slots))
    if isinstance(first, Ready):
        manners.bound_memory(slots, first.device)
    _say(says, first)
    if renderer is not None:
        _Worker(renderer, says, hears).serve()


def loaded(load: Load, device: str, threads: int) -> tuple[Ready | Failed, Renderer | None]:
    """Return what a worker says first, and what renders; whatever is wrong with this machine is told, not guessed at."""
    try:
        chosen, renderer = load(device, threads)
    except Exception as error:
        why = str(error) if isinstance(error, NoDevice) else f"{type(error).__name__}: {error}"
        return Failed("crashed", why), None
    return Ready(chosen), renderer


def done(renderer: Renderer, order: Order, is_stopped: Callable[[], bool]) -> Iterator[FromWorker]:
    """Do an order: tell its news and, once all is tidied up, ``Done`` or ``Failed``. Between two of them it may be stopped."""
    news = renderer(order)
    try:
        end = yield from _told(news, is_stopped)
    finally:
        close = getattr(news, "close", None)
        if close is not None:
            close()
    yield end


def _told(news: Iterator[News], is_stopped: Callable[[], bool]) -> Generator[FromWorker, None, FromWorker]:
    """Tell news, and return how they ended."""
    try:
        for one in news:
            if is_stopped():
                return Failed("cancelled")
            yield Told(one)
        return Done()
    except RenderFailure as failure:
        return Failed(failure.reason, failure.detail)
    except MemoryError:
        return Failed("out_of_memory")
    except Exception as error:
        if is_out_of_memory(error):
            return Failed("out_of_memory", str(error)[:500])
        return Failed("crashed", f"{type(error).__name__}: {error}"[:500])


class _Worker:
    def __init__(self, renderer: Renderer, says: BinaryIO, hears: BinaryIO) -> None:
        self._renderer, self._says, self._hears = renderer, says, hears
        self._orders: queue.Queue[Order] = queue.Queue()
        self._is_stopped = threading.Event()

    def serve(self) -> None:
        """Render until the pool is gone; the thread that hears of it ends the process."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            for message in done(self._renderer, self._orders.get(), self._is_stopped.is_set):
                _say(self._says, message)

    def _listen(self) -> None:
        while (message := next_for_worker(self._hears)) is not None:
            if isinstance(message, Do):
                self._is_stopped.clear()
                self._orders.put(message.order)
            elif isinstance(message, Stop):
                self._is_stopped.set()
        os._exit(0)  # nobody is left to work for; what is under way cannot be told to anybody


def is_out_of_memory(error: Exception) -> bool:
    """Return whether an error of the libraries means that memory, of the machine or of the device, is used up."""
    return "out of memory" in str(error).lower() or "can't allocate memory" in str(error)


def _say(pipe: BinaryIO, message: FromWorker) -> None:
    pipe.write(framed(message))
    pipe.flush()


def load_live(device: str, threads: int) -> tuple[str, Renderer]:
    """Load the real pipeline; its imports take a second and happen in workers only. What is told names the encoder too.

    Raises:
        NoDevice: there is no such device here.
    """
    from fractions import Fraction

    import torch

    from simulator.media.live.credentials import can_sign
    from simulator.media.live.reading import Video
    from simulator.media.live.render import render
    from simulator.media.live.workshop import Workshop
    from simulator.media.live.writing import best_encoder

    torch.set_num_threads(threads)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    elif device != "cpu" and not torch.cuda.is_available():
        raise NoDevice(f"there is no {device!r} here, or this build of torch has no CUDA; --device cpu works anywhere")
    workshop = Workshop(device, signs=can_sign())
    _ = workshop.detector  # loaded now, that the first job need not wait for it
    encoder = best_encoder(Video(1280, 720, Fraction(25), Fraction(1, 25), 0, 0))
    return f"{workshop.device} (video by {encoder})", lambda order: render(order, workshop)


if __name__ == "__main__":
    main(load_live, sys.argv[1] if len(sys.argv) > 1 else "auto", int(sys.argv[2]) if len(sys.argv) > 2 else 1)
