"""OpenAPI files as data, read through a JSON twin, because YAML takes thirty times as long."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import yaml

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
        built = build_twin(content)
        if twin:
            _write(twin, built)
        contract = msgspec.json.decode(built)
        assert isinstance(contract, dict)
        return contract


def build_twin(content: bytes) -> bytes:
    """Return an OpenAPI file in YAML as JSON; dates stay the texts they look like, and so do yes and no."""
    return msgspec.json.encode(yaml.load(content, Loader=_Loader))  # noqa: S506  a safe loader


class _Loader(yaml.CSafeLoader):
    """YAML 1.2's idea of what is no text."""


def _is_text(tag: str, first: str) -> bool:
    return tag.endswith(":timestamp") or (tag.endswith(":bool") and first in tuple("yYnNoO"))


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not _is_text(tag, first)]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


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
