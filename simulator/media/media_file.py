"""A file that is described rather than held: pieces that repeat, of which any range can be read."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

from simulator.jobs.files import Output

_LEAST_PADDING_BYTES = 16  # that it can always be parted into the format's segments


class Piece(NamedTuple):
    """``unit`` again and again until ``size_bytes`` are full; the last time it may be cut off."""

    unit: bytes
    size_bytes: int

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from start to stop, which lie within the piece."""
        first, offset = divmod(start, len(self.unit))
        times = -(-stop // len(self.unit)) - first
        repeated = self.unit if times == 1 else self.unit * times
        return repeated[offset : offset + stop - start]


def once(data: bytes) -> Piece:
    """Return the piece that is just these bytes."""
    return Piece(data, len(data))


def times(unit: bytes, count: int) -> Piece:
    """Return the piece that says the unit ``count`` times."""
    return Piece(unit, len(unit) * count)


def zeros(size_bytes: int) -> Piece:
    """Return a piece of zero bytes."""
    return Piece(b"\0", size_bytes)


def total_bytes(pieces: Iterable[Piece]) -> int:
    """Return how long the pieces are together."""
    return sum(piece.size_bytes for piece in pieces)


def padding_bytes(output: Output, pieces: Iterable[Piece], overhead_bytes: int) -> int:
    """Return how many bytes of padding the output needs besides the pieces and the padding's own head."""
    padding = output.size_bytes - total_bytes(pieces) - overhead_bytes
    if padding < _LEAST_PADDING_BYTES:
        raise AssertionError(f"least_bytes must say {_LEAST_PADDING_BYTES - padding} bytes more for {output}")
    return padding


class MediaFile:
    """A file's bytes, of which only what differs is held. Immutable, so threads may share it."""

    def __init__(self, media_type: str, pieces: Iterable[Piece]) -> None:
        self.media_type = media_type
        self.pieces = tuple(piece for piece in pieces if piece.size_bytes)
        self.size_bytes = total_bytes(self.pieces)

    @classmethod
    def of(cls, media_type: str, data: bytes) -> "MediaFile":
        """Return the file that consists of these very bytes."""
        return cls(media_type, [once(data)])

    @property
    def held_bytes(self) -> int:
        """How much memory the file takes."""
        return sum(len(piece.unit) for piece in self.pieces)

    @cached_property
    def etag(self) -> str:
        """32 hexadecimal digits that change with the content, without the quotes HTTP wants around them."""
        digest = blake2b(digest_size=16)
        for piece in self.pieces:
            digest.update(b"%d,%d;" % (len(piece.unit), piece.size_bytes))
            digest.update(piece.unit)
        return digest.hexdigest()

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes from start to stop, cut to the file's own ends, as a slice of the whole would be."""
        stop = self.size_bytes if stop is None else min(stop, self.size_bytes)
        found, at = [], 0
        for piece in self.pieces:
            first, last = max(start - at, 0), min(stop - at, piece.size_bytes)
            if first < last:
                found.append(piece.read(first, last))
            at += piece.size_bytes
        return b"".join(found)

    def chunks(self, start: int = 0, stop: int | None = None, chunk_bytes: int = 1 << 18) -> Iterator[bytes]:
        """Yield the same bytes as ``read``, a chunk at a time."""
        stop = self.size_bytes if stop is None else min(stop, self.size_bytes)
        for at in range(max(start, 0), stop, chunk_bytes):
            yield self.read(at, min(at + chunk_bytes, stop))


def even_parts(total: int, most: int) -> list[tuple[int, int]]:
    """Part a total into as few parts of at most ``most`` as possible, none more than one longer than another; as (part, count)."""
    count = -(-total // most)
    part, longer = divmod(total, count)
    parts = [(part + 1, longer), (part, count - longer)]
    return [(size, repeated) for size, repeated in parts if repeated]
