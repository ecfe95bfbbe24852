"""What happens to the jobs of a sandbox: the scenarios there are, the default, and pins."""

from collections.abc import Mapping
from typing import Any

from simulator.client.errors import PinnedTwice
from simulator.client.results import Pin, ScenarioSummary, read_as
from simulator.client.verbs import AsyncPart, Part, SyncPart, Talk, verb


class _ScenariosVerbs(Part):
    @verb
    def all(self, *, vendor: str | None = None, kind: str | None = None) -> Talk[list[ScenarioSummary]]:
        """Return the scenarios that can be played, by anybody or by one vendor."""
        body = yield from self._say("GET", "/scenarios", vendor=self._vendor_or(vendor), kind=kind)
        return read_as(body["scenarios"], list[ScenarioSummary])

    @verb
    def add(self, scenario: str | Mapping[str, Any]) -> Talk[ScenarioSummary]:
        """Add a scenario to the sandbox, as YAML text or as what such a text stands for.

        Raises:
            BadScenario: it has mistakes.
        """
        source = {"text": scenario} if isinstance(scenario, str) else scenario
        return read_as((yield from self._say("POST", "/scenarios", source)), ScenarioSummary)

    @verb
    def set_default(self, name: str | None) -> Talk[str | None]:
        """Choose what jobs play that nothing else decides; None gives the choice back to the vendors.

        Raises:
            UnknownScenario, UnfitScenario: no vendor can play it.
        """
        body = yield from self._say("PUT", "/scenarios/default", {"scenario": name})
        return read_as(body["scenario"], str | None)  # type: ignore[arg-type]

    @verb
    def get_default(self) -> Talk[str | None]:
        """Return what jobs play that nothing else decides; None where each vendor's own default applies."""
        return (yield from self._default())

    @verb
    def pin(
        self,
        vendor: str,
        scenario: str | None = None,
        *,
        operation: str | None = None,
        times: int = 1,
        job_id: str | None = None,
        seed: str | None = None,
        queue: bool = False,
    ) -> Talk[Pin]:
        """Lay a choice ready for the next accepted submits of a vendor; see ``VendorHandle.scenario``."""
        return (yield from lay_pin(self, vendor, scenario, operation, times, job_id, seed, queue))

    @verb
    def pins(self) -> Talk[list[Pin]]:
        """Return the pins that are not used up, in the order in which they will be."""
        return [pin for pin in (yield from _pins(self)) if self._vendor in ("", pin.vendor)]

    @verb
    def clear_pins(self) -> Talk[None]:
        """Take every pin of the sandbox away."""
        yield from self._say("DELETE", "/scenarios/pins")

    def _default(self) -> Talk[str | None]:
        return read_as((yield from self._say("GET", "/scenarios"))["default"], str | None)  # type: ignore[arg-type]


class Scenarios(_ScenariosVerbs, SyncPart):
    """The scenarios of a sandbox. ``default`` can be read and set."""

    @property
    def default(self) -> str | None:
        """What jobs play that nothing else decides; None where each vendor's own default applies."""
        return self._run(self._default())

    @default.setter
    def default(self, name: str | None) -> None:
        self.set_default(name)


class AsyncScenarios(_ScenariosVerbs, AsyncPart):
    """The scenarios of a sandbox, awaited."""


def lay_pin(
    part: Part,
    vendor: str,
    scenario: str | None,
    operation: str | None,
    times: int,
    job_id: str | None,
    seed: str | None,
    queue: bool,
) -> Talk[Pin]:
    """Lay a choice ready for the next accepted submits.

    Raises:
        PinnedTwice: one for the same submits lies ready, and this one was not to queue behind it.
        UnknownScenario, UnfitScenario, UnknownOperation: it cannot be played there.
    """
    if not queue:
        for ready in (yield from _pins(part)):
            if (ready.vendor, ready.operation) == (vendor, operation):
                raise _twice(ready, scenario)
    said = {"scenario": scenario, "operation": operation, "job_id": job_id, "seed": seed}
    asked = {name: value for name, value in said.items() if value is not None}
    return read_as((yield from part._say("POST", "/scenarios/pins", {"vendor": vendor, "times": times, **asked})), Pin)


def _pins(part: Part) -> Talk[list[Pin]]:
    return read_as((yield from part._say("GET", "/scenarios/pins"))["pins"], list[Pin])


def _twice(ready: Pin, scenario: str | None) -> PinnedTwice:
    what = ready.scenario or ready.job_id or f"seed {ready.seed}"
    where = f"{ready.vendor}'s {ready.operation}" if ready.operation else f"the next submit of {ready.vendor}"
    return PinnedTwice(
        f"{what} is pinned to {where} and has not been used; submit first, or say queue=True"
        f" to lay {scenario or 'this one'} behind it. Tests that run at the same time take a sandbox each",
        code="pinned_twice",
    )
