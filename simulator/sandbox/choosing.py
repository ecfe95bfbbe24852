"""Which scenario a job plays: pin, header, marker, rule, the sandbox's default, the vendor's default; first match wins."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec

from simulator.jobs.commands import Submit
from simulator.jobs.errors import BadJobId, SimulatorError, UnfitScenario, UnknownScenario
from simulator.jobs.scenario import Script
from simulator.vendors.vendor import Kind, Vendor

_BRACKETS = re.compile(r"\[\[([a-z0-9][a-z0-9-]{0,63})\]\]")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MOST_TEXT = 16_384  # letters of one value that are searched for a marker
MOST_PINS = 1000


class Choice(msgspec.Struct, frozen=True):
    """What one call asks for by the headers X-Simulator-Scenario, -Seed and -Job-Id."""

    scenario: str = ""
    seed: str = ""
    job_id: str = ""


class Pin(msgspec.Struct):
    """A choice laid ready for the next accepted submits of a vendor."""

    vendor: str
    operation: str = ""
    scenario: str = ""
    job_id: str = ""
    seed: str = ""
    times: int = 1
    number: int = 0


class Scenarios(Protocol):
    """What choosing needs of the library."""

    def knows(self, name: str, vendor: Vendor, kind: Kind) -> bool:
        """Return whether a name means anything to a kind of job, fit or not."""

    def script(self, name: str, vendor: Vendor, kind: Kind) -> Script:
        """Return a scenario fitted to a kind of job."""

    def claims(
        self, vendor: Vendor, kind: Kind, operation: str, fields: Mapping[str, Any], headers: Mapping[str, str]
    ) -> str | None:
        """Return the name of the scenario whose rules claim this request."""

    def fork(self) -> "Scenarios":
        """Return what shares all but the scenarios that are added to either from now on."""

    def refresh(self) -> list[Any]:
        """Reload user files that have changed; return what is wrong with them."""


class Chosen(msgspec.Struct):
    """The outcome: the script, how it was found, and what else was asked for; ``marks`` say what was passed over."""

    script: Script
    how: str
    job_id: str = ""
    seed: str = ""
    pin: Pin | None = None
    marks: tuple[str, ...] = ()

    @property
    def may_be_passed_over(self) -> bool:
        """Whether nobody asked for this scenario by name for this very job."""
        return self.how in ("rule", "default")


class Pins:
    """The choices laid ready, oldest first."""

    def __init__(self) -> None:
        self.kept: list[Pin] = []
        self._numbers = 0

    def add(self, pin: Pin) -> Pin:
        """Lay a choice ready.

        Raises:
            SimulatorError: a thousand are waiting already.
        """
        if len(self.kept) >= MOST_PINS:
            raise SimulatorError(f"{MOST_PINS} pins are waiting already; DELETE scenarios/pins clears them")
        self._numbers += 1
        pin.number = self._numbers
        self.kept.append(pin)
        return pin

    def first(self, vendor: str, operation: str) -> Pin | None:
        """Return the pin that the next accepted submit would consume."""
        return next((pin for pin in self.kept if pin.vendor == vendor and pin.operation in ("", operation)), None)

    def consume(self, pin: Pin) -> None:
        """Take one use off a pin."""
        pin.times -= 1
        if pin.times <= 0:
            self.kept.remove(pin)


def choose(
    scenarios: Scenarios,
    pins: Pins,
    vendor: Vendor,
    kind: Kind,
    command: Submit,
    choice: Choice,
    headers: Mapping[str, str],
    default: str,
    unfit: Mapping[str, str],
) -> Chosen:
    """Return the scenario a submit will play, and the id and seed it was promised.

    A rule and the sandbox's default are for many kinds of jobs; where one cannot play what they name, the next choice
    is taken. ``unfit`` are names that turned out to be so only when the job was planned, and why.

    Raises:
        UnknownScenario, UnfitScenario: a pin or a header names one that cannot be played.
        BadJobId: the promised id is none that this kind of job could have.
    """
    pin = pins.first(vendor.name, command.operation)
    job_id = choice.job_id or (pin.job_id if pin else "")
    seed = choice.seed or (pin.seed if pin else "")
    if job_id:
        check_id(job_id, vendor, (kind,))
    if pin and pin.scenario:
        return Chosen(scenarios.script(pin.scenario, vendor, kind), "pin", job_id, seed, pin)
    if choice.scenario:
        return Chosen(scenarios.script(choice.scenario, vendor, kind), "header", job_id, seed, pin)
    if marked := _marked(scenarios, vendor, kind, command):
        return Chosen(marked, "marker", job_id, seed, pin)
    marks: list[str] = []
    claimed = scenarios.claims(vendor, kind, command.operation, command.fields, headers)
    for name, how in ((claimed, "rule"), (default, "default")):
        if not name:
            continue
        try:
            if name in unfit:
                raise UnfitScenario(unfit[name])
            return Chosen(scenarios.script(name, vendor, kind), how, job_id, seed, pin, tuple(marks))
        except (UnknownScenario, UnfitScenario) as error:
            marks.append(f"the scenario by {how} was passed over: {error.message}")
    return Chosen(scenarios.script(kind.scenario, vendor, kind), "default", job_id, seed, pin, tuple(marks))


def check_id(job_id: str, vendor: Vendor, kinds: Iterable[Kind]) -> None:
    """Refuse an id that no job of these kinds could have.

    Raises:
        BadJobId: with the shapes that there are.
    """
    shapes = list(dict.fromkeys(kind.id_pattern for kind in kinds))
    if not any(re.fullmatch(shape, job_id) for shape in shapes):
        raise BadJobId(f"{job_id!r} is no id of {vendor.name}'s: it must match {' or '.join(shapes)}", legal=shapes)


def check_playable(scenarios: Scenarios, name: str, vendors: Iterable[Vendor]) -> None:
    """Refuse a scenario that no kind of job of these vendors can play.

    Raises:
        UnfitScenario: there is one of that name, but it is fit for none of them.
        UnknownScenario: there is none.
    """
    unfit: list[SimulatorError] = []
    unknown: list[SimulatorError] = []
    for vendor in vendors:
        for kind in vendor.kinds:
            try:
                scenarios.script(name, vendor, kind)
                return
            except UnfitScenario as error:
                unfit.append(error)
            except UnknownScenario as error:
                unknown.append(error)
    if unfit or unknown:
        raise (*unfit, *unknown)[0]


def _marked(scenarios: Scenarios, vendor: Vendor, kind: Kind, command: Submit) -> Script | None:
    """Return the scenario that the content itself names; an unknown or unfit name is ordinary content."""
    for name in _markers(command):
        if scenarios.knows(name, vendor, kind):
            with suppress(UnfitScenario):
                return scenarios.script(name, vendor, kind)
    return None


def _markers(command: Submit) -> Iterator[str]:
    for text in _texts(command.fields.values()):
        yield from _BRACKETS.findall(text)
        if "scenario=" in text and "://" in text[:16]:
            yield from _in_url(text)
    for given in command.inputs:
        stem = given.name.rpartition("/")[2].partition(".")[0]
        if _NAME.fullmatch(stem):
            yield stem


def _in_url(text: str) -> list[str]:
    try:
        return parse_qs(urlsplit(text).query, max_num_fields=100).get("scenario", [])
    except ValueError:
        return []


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value[:_MOST_TEXT]
        elif isinstance(value, list):
            yield from _texts(value[:1000])
        elif isinstance(value, dict):
            yield from _texts(list(value.values())[:1000])
