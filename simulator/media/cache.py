"""Keeps made files that were asked for lately."""

from collections import OrderedDict
from threading import Lock

import msgspec

from simulator.jobs.files import Output
from simulator.media.media_file import MediaFile
from simulator.media.stored import StoredFile
from simulator.media.synthetic import make


class MadeFiles:
    """The files made lately, as many as fit into ``most_bytes`` of memory; threads may share it."""

    def __init__(self, most_bytes: int = 64 << 20) -> None:
        self.most_bytes = most_bytes
        self.held_bytes = 0
        self._files: OrderedDict[Output, MediaFile] = OrderedDict()
        self._lock = Lock()

    def get(self, output: Output) -> MediaFile:
        """Return the output's file, made now unless it is still here or lies on disk. Two threads may both make it."""
        if output.stored:
            return StoredFile(output)
        key = msgspec.structs.replace(output, path="")  # the same content may lie at many paths
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
                return self._files[key]
        made = make(output)
        with self._lock:
            self._keep(key, made)
        return made

    def __len__(self) -> int:
        """Return how many files are kept."""
        return len(self._files)

    def _keep(self, key: Output, made: MediaFile) -> None:
        if key in self._files or made.held_bytes > self.most_bytes:
            return
        self._files[key] = made
        self.held_bytes += made.held_bytes
        while self.held_bytes > self.most_bytes:
            self.held_bytes -= self._files.popitem(last=False)[1].held_bytes
