"""OpenAPI files as data, read through a JSON twin, because YAML takes thirty times as long."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from simulator.jobs.errors import NotFound


class Contracts:
    """The OpenAPI files of a folder.

    A twin beside its file, made when the package was built, is taken as it is. Elsewhere twins are kept in the cache
    folder under the hash of their file; one that cannot be written is no error.
    """

    def __init__(self, folder: Path, cache_folder: Path | None, *, are_built: bool) -> None:
        self.folder = folder
        self._cache_folder = cache_folder
        self._are_built = are_built

    def load(self, name: str) -> dict[str, Any]:
        """Return an OpenAPI file as data, with JSON's own types only.

        Raises:
            NotFound: there is none of that name.
        """
        path = self.folder / f"{name}.yaml"
        if not name.isidentifier() or not path.is_file():
            raise NotFound(f"there is no contract {name!r}")
        if self._are_built and (contract := _read_twin(path.with_suffix(".json"))):
            return contract
        content = path.read_bytes()
        twin = self._cache_folder and self._cache_folder / f"{name}-{hashlib.sha256(content).hexdigest()[:32]}.json"
        if twin and (contract := _read_twin(twin)):
            return contract
        from simulator.library.twins import build_twin  # here, for a start that finds a twin needs no YAML

        built = build_twin(content)
        if twin:
            _write(twin, built)
        contract = msgspec.json.decode(built)
        assert isinstance(contract, dict)
        return contract


def _read_twin(path: Path) -> dict[str, Any] | None:
    try:
        contract = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, RecursionError):
        return None
    return contract if isinstance(contract, dict) else None


def _write(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it; leave nothing where that fails."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
