"""A worker process: loads the models once, then renders one order after the other. ``python -m simulator.renders.worker``."""

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import News, Order
from simulator.renders.messages import Do, Done, Failed, FromWorker, Ready, Stop, Told, framed, next_for_worker

Renderer = Callable[[Order], Iterator[News]]


def main(load: Callable[[str], tuple[str, Renderer]], device: str) -> None:
    """Serve orders from standard input until it is closed; what libraries print goes to standard error.

    ``load`` returns the device that was chosen, and what renders on it.
    """
    says, hears = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)  # from here on a stray print cannot be taken for a message
    try:
        chosen, renderer = load(device)
    except Exception as error:  # whatever is wrong with this machine is told, not guessed at
        _say(says, Failed("crashed", f"{type(error).__name__}: {error}"))
        return
    _say(says, Ready(chosen))
    _Worker(renderer, says, hears).serve()


class _Worker:
    def __init__(self, renderer: Renderer, says: BinaryIO, hears: BinaryIO) -> None:
        self._renderer, self._says, self._hears = renderer, says, hears
        self._orders: queue.Queue[Order] = queue.Queue()
        self._is_stopped = threading.Event()

    def serve(self) -> None:
        """Render until the pool is gone; the thread that hears of it ends the process."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            order = self._orders.get()
            _say(self._says, self._render(order))

    def _listen(self) -> None:
        while (message := next_for_worker(self._hears)) is not None:
            if isinstance(message, Do):
                self._is_stopped.clear()
                self._orders.put(message.order)
            elif isinstance(message, Stop):
                self._is_stopped.set()
        os._exit(0)  # nobody is left to work for; what is under way cannot be told to anybody

    def _render(self, order: Order) -> FromWorker:
        news = self._renderer(order)
        try:
            for one in news:
                if self._is_stopped.is_set():
                    return Failed("cancelled")
                _say(self._says, Told(one))
            return Done()
        except RenderFailure as failure:
            return Failed(failure.reason, failure.detail)
        except MemoryError:
            return Failed("out_of_memory")
        except Exception as error:
            if is_out_of_memory(error):
                return Failed("out_of_memory", str(error)[:500])
            return Failed("crashed", f"{type(error).__name__}: {error}"[:500])
        finally:
            close = getattr(news, "close", None)
            if close is not None:
                close()


def is_out_of_memory(error: Exception) -> bool:
    """Return whether an error of the libraries means that memory, of the machine or of the device, is used up."""
    return "out of memory" in str(error).lower() or "can't allocate memory" in str(error)


def _say(pipe: BinaryIO, message: FromWorker) -> None:
    pipe.write(framed(message))
    pipe.flush()


def load_live(device: str) -> tuple[str, Renderer]:
    """Load the real pipeline; its imports take a second and happen in workers only."""
    import torch

    from simulator.media.live.render import render
    from simulator.media.live.workshop import Workshop

    name, _, threads = device.partition("/")
    if threads:
        torch.set_num_threads(int(threads))
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    workshop = Workshop(name)
    _ = workshop.detector  # loaded now, that the first job need not wait for it
    return str(workshop.device), lambda order: render(order, workshop)


if __name__ == "__main__":
    main(load_live, sys.argv[1] if len(sys.argv) > 1 else "auto")
