"""What a worker process and its pool say to each other: msgpack, each message behind its length in four bytes."""

import asyncio
from typing import BinaryIO

import msgspec

from simulator.media.live.orders import News, Order

_LENGTH_BYTES = 4


class Do(msgspec.Struct, frozen=True, tag="do"):
    """To the worker: render this."""

    order: Order


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """To the worker: end what is under way, between two chunks."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """From the worker: the models are loaded, on this device."""

    device: str


class Told(msgspec.Struct, frozen=True, tag="told"):
    """From the worker: news of what is under way."""

    news: News


class Done(msgspec.Struct, frozen=True, tag="done"):
    """From the worker: it is finished."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """From the worker: it cannot be done. Before ``Ready``: nothing can be done here at all."""

    reason: str
    detail: str = ""


ToWorker = Do | Stop
FromWorker = Ready | Told | Done | Failed
_encode = msgspec.msgpack.Encoder().encode
_to_worker: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
_from_worker: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)
_order: msgspec.msgpack.Decoder[Order] = msgspec.msgpack.Decoder(Order)


def packed(message: FromWorker | Order) -> bytes:
    """Return a message, or an order, as bytes of their own."""
    return _encode(message)


def unpacked_order(said: bytes) -> Order:
    """Return an order from its bytes."""
    return _order.decode(said)


def unpacked(said: bytes) -> FromWorker:
    """Return a worker's message from its bytes."""
    return _from_worker.decode(said)


def framed(message: ToWorker | FromWorker) -> bytes:
    """Return a message as it goes through a pipe."""
    said = _encode(message)
    return len(said).to_bytes(_LENGTH_BYTES, "big") + said


def next_for_worker(pipe: BinaryIO) -> ToWorker | None:
    """Return the next message from a blocking pipe; None once the other side is gone."""
    head = pipe.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(head, "big")
    said = pipe.read(length)
    return _to_worker.decode(said) if len(said) == length else None


async def next_from_worker(pipe: asyncio.StreamReader) -> FromWorker | None:
    """Return the next message of a worker; None once it is gone, or where what it says is no message."""
    try:
        head = await pipe.readexactly(_LENGTH_BYTES)
        return _from_worker.decode(await pipe.readexactly(int.from_bytes(head, "big")))
    except (asyncio.IncompleteReadError, msgspec.DecodeError):
        return None
