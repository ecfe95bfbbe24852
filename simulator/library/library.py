"""The library: which scenario a name means to a kind of job, and what the vendors' contracts say."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

import simulator
from simulator.jobs.errors import UnfitScenario, UnknownScenario
from simulator.jobs.fields import Problem, nearest, shown
from simulator.jobs.scenario import Scenario, Script
from simulator.jobs.steps import Terms
from simulator.library.contracts import Contracts
from simulator.library.entries import BadScenarios, Entry, FileProblem, Key
from simulator.library.fitting import fitted, grafted
from simulator.library.rules import meets
from simulator.library.shelves import Added, Shelf, Shipped, UserFolder, Version
from simulator.library.terms import VendorTerms
from simulator.vendors.vendor import Kind, Vendor

_PACKAGE = Path(simulator.__file__).parent
_IS_INSTALLED = (_PACKAGE / "data").is_dir()
DATA = _PACKAGE / "data" if _IS_INSTALLED else _PACKAGE.parent
"""Where ``openapi`` and ``scenarios`` are: in the package once it is installed, above it in a checkout."""


class Description(msgspec.Struct, frozen=True):
    """A scenario in a list. ``unfit`` says why this kind of job cannot play it, ``""`` where it can."""

    name: str
    vendor: str | None
    kind: str | None
    summary: str
    origin: str  # added, folder or shipped
    file: str
    off_contract: str | None = None
    unfit: str = ""


class Library:
    """All scenarios. What was added beats the user's folders, in the order given, and those beat what we ship;
    in each of them ``<vendor>/<kind>`` beats ``<vendor>`` beats the neutral scenario of the same name.

    Raises:
        BadScenarios: the user's folders have mistakes.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (),
        *,
        cache_folder: Path | None = None,
        data_folder: Path = DATA,
        terms: Mapping[str, Terms] | None = None,
    ) -> None:
        terms = VendorTerms() if terms is None else terms
        self._added = Added(terms)
        self._folders = [UserFolder(path, terms) for path in folders]
        self._shipped = Shipped(data_folder / "scenarios", terms)
        self._contracts = Contracts(data_folder / "openapi", cache_folder, are_built=_IS_INSTALLED)
        self._seen: list[int] = []
        self._told: frozenset[tuple[Version, FileProblem]] = frozenset()
        self.refresh()
        missing = Problem((), "there is no such file or folder")
        problems = [FileProblem(str(path), 1, 1, missing) for path in folders if not path.exists()]
        if problems := problems + self.problems:
            raise BadScenarios(problems)

    def fork(self) -> "Library":
        """Return a library that shares everything but what is added to either from now on; it has nothing added yet.

        What is wrong with the user's files has not been told to it.
        """
        other = object.__new__(Library)
        other.__dict__.update(self.__dict__, _added=Added(self._added.terms), _seen=[], _told=frozenset())
        return other

    def script(self, name: str, vendor: Vendor, kind: Kind) -> Script:
        """Return a scenario fitted to a kind of job; the same object until its file changes.

        Raises:
            UnknownScenario: there is none of that name.
            UnfitScenario: this kind of job lacks something that it needs.
        """
        _, entry = self._get(name, vendor, kind)
        base = self._base(entry.scenario, vendor, kind)
        script = entry.scripts.get((vendor.name, kind.name, base))
        if script is None:
            scenario = grafted(entry.scenario, base.scenario) if base else entry.scenario
            script = entry.scripts[vendor.name, kind.name, base] = fitted(scenario, kind)
        return script

    def _base(self, scenario: Scenario, vendor: Vendor, kind: Kind) -> Entry | None:
        """Return the scenario whose course another one takes, as a kind of job has it; None where it has its own."""
        if not scenario.like:
            return None
        found = self._find(scenario.like, vendor, kind)
        if found is None:
            raise UnfitScenario(
                f"{scenario.name} is like {scenario.like!r}, and there is no scenario of that name here"
            )
        return found[1]

    def knows(self, name: str, vendor: Vendor, kind: Kind) -> bool:
        """Return whether a name means anything to a kind of job, fit or not."""
        return self._find(name, vendor, kind) is not None

    def names(self, vendor: Vendor, kind: Kind) -> list[str]:
        """Return the names of all scenarios that a kind of job can play, sorted."""
        return [about.name for about in self.describe(vendor, kind) if not about.unfit]

    def describe(self, vendor: Vendor, kind: Kind) -> list[Description]:
        """Return what every name means to a kind of job, sorted by name, the unfit ones too."""
        return [self.show(name, vendor, kind)[0] for name in sorted(self._names(vendor, kind))]

    def show(self, name: str, vendor: Vendor, kind: Kind) -> tuple[Description, str]:
        """Return what a name means to a kind of job, and the text behind it.

        Raises:
            UnknownScenario: there is none of that name.
        """
        shelf, entry = self._get(name, vendor, kind)
        unfit = ""
        try:
            self.script(name, vendor, kind)
        except UnfitScenario as error:
            unfit = error.message
        return _described(shelf, entry, unfit), entry.text

    def describe_all(self) -> list[tuple[Description, str]]:
        """Return every scenario that nothing hides, with its text, sorted by vendor, kind and name, neutral ones first."""
        first: dict[Key, tuple[Shelf, Entry]] = {}
        for shelf in self._shelves:
            for key in shelf:
                if key not in first and (entry := shelf.get(key)):
                    first[key] = shelf, entry
        return [
            (_described(shelf, entry), entry.text)
            for _, (shelf, entry) in sorted(first.items(), key=lambda pair: pair[0])
        ]

    def claims(
        self, vendor: Vendor, kind: Kind, operation: str, fields: Mapping[str, Any], headers: Mapping[str, str]
    ) -> str | None:
        """Return the scenario whose ``when:`` rules a request meets. Those we ship have none."""
        for shelf in (self._added, *self._folders):
            with_rules = [key for key in shelf if (entry := shelf.get(key)) and entry.scenario.when]
            for name in _own_names(with_rules, vendor, kind):
                _, entry = self._get(name, vendor, kind)
                if any(meets(rule, operation, fields, headers) for rule in entry.scenario.when):
                    return name
        return None

    def add(self, source: str | Mapping[str, Any], file: str = "added") -> Description:
        """Take in a scenario, as YAML or as data, in the place of one with the same name for the same jobs.

        Raises:
            BadScenarios: it has mistakes.
        """
        return _described(self._added, self._added.add(source, file))

    def check(self, source: str | Mapping[str, Any], file: str = "added") -> list[FileProblem]:
        """Return everything that is wrong with a scenario and add nothing."""
        return self._added.read(source, file)[1]

    def refresh(self) -> list[FileProblem]:
        """Read those files of the user that are new or changed, forget those that are gone; return what became wrong.

        A file that became wrong counts as it was when it was last right. To each fork its mistakes are told once.
        """
        for folder in self._folders:
            folder.refresh()
        editions = [folder.edition for folder in self._folders]
        if editions == self._seen:
            return []
        self._seen = editions
        problems = [told for folder in self._folders for told in folder.problems()]
        new = [problem for version, problem in problems if (version, problem) not in self._told]
        self._told = frozenset(problems)
        return new

    @property
    def problems(self) -> list[FileProblem]:
        """What is wrong with the user's files at the moment."""
        return [problem for folder in self._folders for _, problem in folder.problems()]

    def contract(self, name: str) -> dict[str, Any]:
        """Return an OpenAPI file as data.

        Raises:
            NotFound: there is none of that name.
        """
        return self._contracts.load(name)

    @property
    def openapi_folder(self) -> Path:
        """Where the contracts are, and what else we ship beside them."""
        return self._contracts.folder

    @property
    def _shelves(self) -> tuple[Shelf, ...]:
        return (self._added, *self._folders, self._shipped)

    def _find(self, name: str, vendor: Vendor, kind: Kind) -> tuple[Shelf, Entry] | None:
        keys = ((vendor.name, kind.name, name), (vendor.name, "", name), ("", "", name))
        for shelf in self._shelves:
            for key in keys:
                if entry := shelf.get(key):
                    return shelf, entry
        return None

    def _get(self, name: str, vendor: Vendor, kind: Kind) -> tuple[Shelf, Entry]:
        if found := self._find(name, vendor, kind):
            return found
        names = self.names(vendor, kind)
        near = nearest(name, names)
        hint = f" (did you mean {near!r}?)" if near else ""
        known = ", ".join(names)
        raise UnknownScenario(
            f"{vendor.name} {kind.name}: there is no scenario {shown(name)}; there are: {known}{hint}", legal=names
        )

    def _names(self, vendor: Vendor, kind: Kind) -> set[str]:
        return {name for shelf in self._shelves for name in _own_names(shelf, vendor, kind)}


def _own_names(keys: Iterable[Key], vendor: Vendor, kind: Kind) -> list[str]:
    """Return the names among keys that are for a kind of job, in the order in which their rules count."""
    keys = [key for key in keys if key[0] in ("", vendor.name) and key[1] in ("", kind.name)]
    return [name for _, _, name in sorted(keys, key=lambda key: (not key[0], not key[1], key[2]))]


def _described(shelf: Shelf, entry: Entry, unfit: str = "") -> Description:
    said = entry.scenario
    return Description(
        said.name, said.vendor, said.kind, said.summary, shelf.origin, entry.file, said.off_contract, unfit
    )
