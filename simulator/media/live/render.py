"""The way in: does an order on a device, and tells the news as it goes."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Final

import msgspec

from simulator.media.live.clips import cut_clips
from simulator.media.live.credentials import sign
from simulator.media.live.failures import RenderFailure
from simulator.media.live.orders import ClipsOrder, Made, News, Order, PeopleOrder, PortraitOrder, SwapOrder
from simulator.media.live.people import find_people
from simulator.media.live.portraits import portray
from simulator.media.live.swap import swap
from simulator.media.live.workshop import Workshop

_NAMES: Final[Mapping[type[Order], str]] = {
    SwapOrder: "swap",
    PeopleOrder: "search for people",
    PortraitOrder: "portrait",
    ClipsOrder: "clip",
}
"""What a signature says was done."""


def render(order: Order, workshop: Workshop) -> Iterator[News]:
    """Do the order; each file is told as soon as it is finished. Closing the generator stops the work at the next chunk.

    Raises: RenderFailure, whatever the input is; any other exception is our bug.
    """
    try:
        with closing(_begun(order, workshop)) as work:
            for news in work:
                yield _signed(news, order) if workshop.signs else news
    except MemoryError as error:
        raise RenderFailure("out_of_memory", "no memory for this input") from error
    except RuntimeError as error:
        if _is_memory(error):
            raise RenderFailure("out_of_memory", "no memory for this input") from error
        raise


def _signed(news: News, order: Order) -> News:
    if not isinstance(news, Made):
        return news
    return msgspec.structs.replace(news, file=sign(news.file, order.job, _NAMES[type(order)]))


def _begun(order: Order, workshop: Workshop) -> Generator[News, None, None]:
    yield from _work(order, workshop)


def _work(order: Order, workshop: Workshop) -> Iterator[News]:
    match order:
        case SwapOrder():
            return swap(order, workshop)
        case PeopleOrder():
            return find_people(order, workshop)
        case PortraitOrder():
            return portray(order, workshop)
        case ClipsOrder():
            return cut_clips(order, workshop.detector)


def _is_memory(error: RuntimeError) -> bool:
    """PyTorch has a class for a full GPU, and only words for a full host."""
    words = str(error)
    return (
        type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in words or "not enough memory" in words
    )
