"""A worker that plays what a job's name says, and does swaps for real."""

from collections.abc import Iterator

from simulator.media.live.orders import News, Order, SwapOrder
from simulator.renders.worker import Renderer, load_live
from tests.renders import fake_worker


def load(device: str, threads: int) -> tuple[str, Renderer]:
    """The real pipeline is loaded when it is first needed."""

    def render(order: Order) -> Iterator[News]:
        if isinstance(order, SwapOrder):
            _, really = load_live(device, threads)
            return really(order)
        return fake_worker.render(order)

    return "cpu", render
