"""The places scenarios come from: those added by the control API, folders of the user, and those we ship."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec

from simulator.jobs.errors import Conflict
from simulator.jobs.fields import Problem
from simulator.jobs.steps import Terms
from simulator.library.entries import LARGEST_BYTES, BadScenarios, Entry, FileProblem, Key, read_data_entry, read_entry
from simulator.library.terms import VendorTerms

SUFFIXES = (".yaml", ".yml")
MOST_ADDED = 1000
Version = tuple[int, int, int]


class Shelf:
    """Entries by key. What is looked up must be ready; what is listed may still have to be read."""

    origin = ""

    def __init__(self, terms: Mapping[str, Terms]) -> None:
        self.terms = terms
        self.entries: dict[Key, Entry] = {}

    def get(self, key: Key) -> Entry | None:
        """Return what stands under a key."""
        return self.entries.get(key)

    def __iter__(self) -> Iterator[Key]:
        return iter(tuple(self.entries))


class Added(Shelf):
    """What the control API or a test has added, as text or as data."""

    origin = "added"

    def read(self, source: str | Mapping[str, Any], file: str) -> tuple[Entry | None, list[FileProblem]]:
        """Return what a source holds, or None and everything that is wrong with it; add nothing."""
        if isinstance(source, str):
            return read_entry(source.encode("utf-8", "replace"), file, "", self.terms)
        return read_data_entry(source, file, self.terms)

    def add(self, source: str | Mapping[str, Any], file: str) -> Entry:
        """Put a scenario here, in the place of one with the same key.

        Raises:
            BadScenarios: it has mistakes.
            Conflict: there are too many already.
        """
        entry, problems = self.read(source, file)
        if entry is None:
            raise BadScenarios(problems)
        if entry.key not in self.entries and len(self.entries) >= MOST_ADDED:
            raise Conflict(f"{MOST_ADDED} scenarios have been added already; a reset takes them away")
        self.entries[entry.key] = entry
        return entry


class _File(msgspec.Struct):
    """What is known of a user's file: which version was read, the last good entry and what is wrong by now."""

    version: Version
    entry: Entry | None = None
    problems: list[FileProblem] = []


class UserFolder(Shelf):
    """A folder of the user, or a single file. Names count within it wherever a file lies.

    ``edition`` counts the changes that were seen.
    """

    origin = "folder"

    def __init__(self, path: Path, terms: Mapping[str, Terms]) -> None:
        super().__init__(terms)
        self.path = path
        self.edition = 0
        self._files: dict[str, _File] = {}
        self._twins: list[tuple[Version, FileProblem]] = []
        self._lock = Lock()

    def refresh(self) -> None:
        """Read what is new or changed, drop what is gone.

        A file that has become wrong stays in force as it was when it was last right.
        """
        with self._lock:
            found = dict(_versions(str(self.path)))
            changed = sorted(path for path, version in found.items() if self._known(path) != version)
            gone = self._files.keys() - found.keys()
            if not changed and not gone:
                return
            for path in gone:
                del self._files[path]
            for path in changed:
                before = self._files.get(path)
                entry, problems = _read(Path(path), self.terms)
                last_good = before.entry if before else None
                self._files[path] = _File(found[path], entry or last_good, problems)
            self._arrange()
            self.edition += 1

    def problems(self) -> list[tuple[Version, FileProblem]]:
        """Return what is wrong at the moment, each with the version of its file."""
        with self._lock:
            found = [(file.version, problem) for _, file in sorted(self._files.items()) for problem in file.problems]
            return found + self._twins

    def _known(self, path: str) -> Version | None:
        file = self._files.get(path)
        return file.version if file else None

    def _arrange(self) -> None:
        """Put every good entry under its key; of two with the same key the first file's counts."""
        entries: dict[Key, Entry] = {}
        self._twins = []
        for _, file in sorted(self._files.items()):
            if file.entry and (first := entries.setdefault(file.entry.key, file.entry)) is not file.entry:
                name = file.entry.scenario.name
                problem = Problem(
                    ("scenario",), f"there is a scenario {name!r} for the same jobs already, in {first.file}"
                )
                self._twins.append((file.version, FileProblem(file.entry.file, *file.entry.position, problem)))
        self.entries = entries


class Shipped(Shelf):
    """The scenarios of this package: found by their path, read when first asked for."""

    origin = "shipped"

    def __init__(self, folder: Path, terms: Mapping[str, Terms]) -> None:
        super().__init__(terms)
        self.folder = folder
        self._paths: dict[Key, Path] | None = None

    def get(self, key: Key) -> Entry | None:
        """Return what stands under a key, reading it if need be.

        Raises:
            BadScenarios: it has mistakes; ours.
        """
        if key not in self.entries and (path := self._all().get(key)):
            entry, problems = _read(path, self.terms, f"scenarios/{path.relative_to(self.folder).as_posix()}")
            if entry is None:
                raise BadScenarios(problems)
            self.entries[key] = entry
        return self.entries.get(key)

    def __iter__(self) -> Iterator[Key]:
        """Yield all keys, from the paths alone: ``[<vendor>/[<kind>/]]<name>.yaml``."""
        return iter(self._all())

    def _all(self) -> dict[Key, Path]:
        if self._paths is None:
            self._paths = {_key_of(path.relative_to(self.folder)): path for path in scenario_files(self.folder)}
        return self._paths


def _key_of(path: Path) -> Key:
    vendor, kind = (*path.parts[:-1], "", "")[:2]
    return vendor, kind, path.stem


def scenario_files(path: Path) -> list[Path]:
    """Return the YAML files in a folder and below, sorted, hidden ones left out; a file is returned as it is."""
    return sorted(Path(name) for name, _ in _versions(str(path)))


def _versions(path: str) -> Iterator[tuple[str, Version]]:
    """Yield scenario files with what tells one version from another. Each submit asks this: a few µs a file."""
    try:
        if Path(path).is_file():
            yield path, _version(os.stat(path))  # noqa: PTH116  a string all the way
            return
        entries = list(os.scandir(path))
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _versions(entry.path)
        elif entry.name.endswith(SUFFIXES):
            with suppress(OSError):  # it went meanwhile, or is a link to nowhere
                yield entry.path, _version(entry.stat())


def _version(state: os.stat_result) -> Version:
    return state.st_mtime_ns, state.st_size, state.st_ino


def check_paths(paths: Iterable[Path], terms: Mapping[str, Terms] | None = None) -> list[FileProblem]:
    """Return everything that is wrong with scenario files and folders; a path without any is wrong too."""
    problems: list[FileProblem] = []
    for path in paths:
        folder = UserFolder(path, VendorTerms() if terms is None else terms)
        folder.refresh()
        problems += (problem for _, problem in folder.problems())
        if not scenario_files(path):
            problems.append(FileProblem(str(path), 1, 1, Problem((), _why_nothing(path))))
    return problems


def _why_nothing(path: Path) -> str:
    return (
        "there is no scenario in this folder: no file ends in .yaml"
        if path.is_dir()
        else "there is no such file or folder"
    )


def _read(path: Path, terms: Mapping[str, Terms], called: str = "") -> tuple[Entry | None, list[FileProblem]]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        return None, [FileProblem(called or str(path), 1, 1, Problem((), f"the file cannot be read: {error.strerror}"))]
    return read_entry(content, called or str(path), path.stem, terms)
