"""Where live jobs keep their files: a folder each below one that goes away with the server."""

import shutil
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path


class Keeping:
    """``root`` is made when it is first needed, and removed by ``close``. Every method may be called in a thread."""

    def __init__(self, root: Path | None = None) -> None:
        """Begin; without a root, a temporary folder is made."""
        self._root = root
        self._numbers = count(1)
        self._folders: dict[Path, Callable[[], bool]] = {}

    @property
    def root(self) -> Path:
        """The folder that holds all others."""
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="simulator-live-"))
        return self._root

    def new_folder(self, is_needed: Callable[[], bool]) -> Path:
        """Return a new folder; it is removed by the next ``sweep`` that finds it not needed any more."""
        folder = self.root / f"job-{next(self._numbers)}"
        folder.mkdir(mode=0o700)
        self._folders[folder] = is_needed
        return folder

    def new_upload(self) -> Path:
        """Return a path for an upload; who takes it moves it into a folder, or removes it."""
        return self.root / f"upload-{next(self._numbers)}"

    def sweep(self) -> None:
        """Remove the folders that nobody needs any more."""
        for folder, is_needed in list(self._folders.items()):
            if not is_needed():
                del self._folders[folder]
                shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove everything."""
        self._folders.clear()
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
