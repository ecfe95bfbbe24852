"""Where live jobs keep their files: a folder each below one that goes away with the server."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from threading import Lock

from simulator.jobs.files import Input


class Keeping:
    """``root`` is made when it is first needed, and removed by ``close``. Every method may be called in a thread."""

    def __init__(self, root: Path | None = None) -> None:
        """Begin; without a root, a temporary folder is made."""
        self._root = root
        self._numbers = count(1)
        self._folders: dict[Path, Callable[[], bool]] = {}
        self._uploads: dict[str, Callable[[str], bool]] = {}
        self._lock = Lock()

    @property
    def root(self) -> Path:
        """The folder that holds all others."""
        with self._lock:
            if self._root is None:
                self._root = Path(tempfile.mkdtemp(prefix="simulator-live-"))
            return self._root

    def new_folder(self, is_needed: Callable[[], bool]) -> Path:
        """Return a new folder; it is removed by the next ``sweep`` that finds it not needed any more."""
        folder = self.root / f"job-{next(self._numbers)}"
        folder.mkdir(mode=0o700)
        self._folders[folder] = is_needed
        return folder

    def keep(self, data: bytes) -> str:
        """Write an upload down and return its path; whoever renders it moves it into a folder."""
        path = self.root / f"upload-{next(self._numbers)}"
        path.write_bytes(data)
        return str(path)

    def settle(self, inputs: Sequence[Input], is_needed: Callable[[str], bool]) -> None:
        """Remove the uploads that nobody needs; those that somebody does go when nobody does any more."""
        for path in filter(None, (given.stored for given in inputs)):
            if is_needed(path):
                self._uploads[path] = is_needed
            else:
                Path(path).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what nobody needs any more."""
        for path, wants in list(self._uploads.items()):
            if not wants(path):
                self._uploads.pop(path, None)  # another thread may have swept at the same time
                Path(path).unlink(missing_ok=True)
        for folder, is_needed in list(self._folders.items()):
            if not is_needed():
                self._folders.pop(folder, None)
                shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove everything."""
        self._folders.clear()
        self._uploads.clear()
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
