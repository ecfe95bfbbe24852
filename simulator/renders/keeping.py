"""Where live jobs keep their files: a folder each below one that goes away with the server."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Lock

from simulator.jobs.files import Input

_PREFIX = "simulator-live-"
_NEW_SECONDS = 60.0  # for so long a folder may be without its lock, because it is being made


class Keeping:
    """``root`` is made when it is first needed, and removed by ``close``. Every method may be called in a thread."""

    def __init__(self, root: Path | None = None) -> None:
        """Begin; without a root, a temporary folder is made."""
        self._root = root
        self._hold: int | None = None
        self._numbers = count(1)
        self._folders: dict[Path, Callable[[], bool]] = {}
        self._uploads: dict[str, Callable[[str], bool]] = {}
        self._lock = Lock()

    @property
    def root(self) -> Path:
        """The folder that holds all others."""
        with self._lock:
            if self._root is None:
                _remove_abandoned(Path(tempfile.gettempdir()))
                self._root = Path(tempfile.mkdtemp(prefix=_PREFIX))
                self._hold = _held(self._root)
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
        try:
            path.write_bytes(data)
        except OSError:  # no room, above all: what there was is not left full
            path.unlink(missing_ok=True)
            raise
        return str(path)

    def hand_over(self, path: str, to: Path) -> Path:
        """Move an upload to where it is rendered; it is its folder's from then on.

        Raises:
            FileNotFoundError: it is not there any more.
        """
        self._uploads.pop(path, None)
        return Path(path).rename(to)

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
        if self._hold is not None:
            os.close(self._hold)
            self._hold = None


def _held(folder: Path) -> int | None:
    """Lock a folder for as long as this process lives, and return the lock; None where others have it, or it has no locks."""
    hold = None
    with suppress(OSError, ImportError):  # Windows has none
        import fcntl

        hold = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return hold
    if hold is not None:
        os.close(hold)
    return None


def _remove_abandoned(where: Path) -> None:
    """Remove what servers have left that were killed, so that nobody else could: folders of ours that no process holds."""
    with suppress(OSError, AttributeError):
        for folder in where.glob(f"{_PREFIX}*"):
            is_ours = (said := folder.lstat()).st_uid == os.getuid() and said.st_mtime < time.time() - _NEW_SECONDS
            if is_ours and folder.is_dir() and (hold := _held(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(hold)
