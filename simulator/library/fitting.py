"""Whether a kind of job has what a scenario needs, and the scenario in that kind's own words."""

import msgspec

from simulator.jobs.deliveries import USUAL
from simulator.jobs.errors import UnfitScenario
from simulator.jobs.lifecycle import FINAL
from simulator.jobs.scenario import Scenario, Script, fit
from simulator.vendors.vendor import Kind


def fitted(scenario: Scenario, kind: Kind) -> Script:
    """Return a scenario fitted to a kind of job.

    Raises:
        UnfitScenario: this kind of job lacks something that it needs.
    """
    if any(state.items for state in scenario.states) and not kind.takes_items:
        raise UnfitScenario(f"{scenario.name}: it plays a batch, and a job of kind {kind.name!r} has no items")
    if scenario.job_expiry and not kind.job_expiry:
        raise UnfitScenario(f"{scenario.name}: it lets the job expire, and a job of kind {kind.name!r} never does")
    check_webhook(scenario, kind)
    script = fit(scenario, kind.lifecycle, queues=kind.queues)
    before_the_end = [
        state for state, row in zip(script.states, script.rows, strict=True) if row.stands_for not in FINAL
    ]
    if kind.blocks and any(state.shown_as is not None for state in before_the_end):
        raise UnfitScenario(
            f"{scenario.name}: a job of kind {kind.name!r} is shown at its end only, so `shown_as` is not seen"
        )
    return script


def grafted(scenario: Scenario, base: Scenario) -> Scenario:
    """Return a scenario with the course of another one; what it says itself goes first.

    Raises:
        UnfitScenario: the other one takes the course of yet another.
    """
    if base.like:
        raise UnfitScenario(f"{scenario.name} is like {base.name!r}, which is like {base.like!r}; name that one")
    usual = Scenario(scenario.name, ())
    own = {
        name: getattr(scenario, name)
        for name in Scenario.__struct_fields__
        if name not in ("states", "like") and getattr(scenario, name) != getattr(usual, name)
    }
    return msgspec.structs.replace(base, **{"name": scenario.name, "when": (), "summary": "", **own})


def check_webhook(scenario: Scenario, kind: Kind) -> None:
    """Check that a kind of job calls back at all, and that what is to go wrong can be seen in what it sends.

    Raises:
        UnfitScenario: it does not, or it cannot.
    """
    said, webhook = scenario.webhook, kind.webhook
    if said == USUAL:
        return
    if webhook is None:
        raise UnfitScenario(f"{scenario.name}: it is about webhooks, and a job of kind {kind.name!r} sends none")
    if said.faults.wrong_signature and not webhook.signature_at:
        raise UnfitScenario(f"{scenario.name}: it signs wrongly, and a webhook of kind {kind.name!r} is not signed")
    if said.faults.stale_timestamp_ms and not webhook.has_timestamp:
        raise UnfitScenario(f"{scenario.name}: it dates back, and a webhook of kind {kind.name!r} has no timestamp")
