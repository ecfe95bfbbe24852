"""A file that a live render has left on disk, read piece by piece."""

from collections.abc import Iterator
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from simulator.jobs.files import Output
from simulator.media.media_file import MediaFile

_CHUNK_BYTES = 1 << 18


class StoredFile(MediaFile):
    """Holds nothing but its path. The file does not change while it is there; once it is gone, reading raises OSError."""

    def __init__(self, output: Output) -> None:
        super().__init__(output.media_type, ())
        self._path, self.size_bytes = Path(output.stored), output.size_bytes

    @cached_property
    def etag(self) -> str:
        """32 hexadecimal digits that change with the content."""
        digest = blake2b(digest_size=16)
        for piece in self.chunks():
            digest.update(piece)
        return digest.hexdigest()

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes from start to stop, cut to the file's own ends."""
        return b"".join(self.chunks(start, stop))

    def chunks(self, start: int = 0, stop: int | None = None, chunk_bytes: int = _CHUNK_BYTES) -> Iterator[bytes]:
        """Yield the same bytes as ``read``, a chunk at a time."""
        left = (self.size_bytes if stop is None else min(stop, self.size_bytes)) - max(start, 0)
        with self._path.open("rb") as file:
            file.seek(max(start, 0))
            while left > 0 and (piece := file.read(min(left, chunk_bytes))):
                left -= len(piece)
                yield piece
