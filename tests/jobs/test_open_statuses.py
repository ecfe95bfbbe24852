"""Statuses of the future: a vendor that announces others may show them within its contract."""

import pytest

from simulator.jobs.chance import Draws
from simulator.jobs.job import Job
from simulator.jobs.lifecycle import RUNNING, SUCCEEDED, Lifecycle, Row
from simulator.jobs.plan import make_plan
from simulator.jobs.reading import read_scenario
from simulator.jobs.scenario import fit
from simulator.jobs.snapshot import look
from simulator.jobs.steps import Terms
from simulator.jobs.timeline import unfold

ROWS = (Row("running", RUNNING, next=("done",), wire=2), Row("done", SUCCEEDED, wire=3))
OPEN, CLOSED = Lifecycle(*ROWS, open_to=int), Lifecycle(*ROWS)
REFUSED = "a word that the vendor does not have leaves the contract: say why in `off_contract:`"


def document(shown_as: object, **other: object) -> dict[str, object]:
    running = {"for": "5s", "then": "done", "shown_as": shown_as}
    return {"scenario": "odd", "vendor": "acme", "states": {"running": running}, **other}


@pytest.mark.parametrize(
    ("lifecycles", "shown_as", "is_fine"),
    [
        ({"a": OPEN}, 5, True),
        ({"a": OPEN}, "paused", False),  # of another type than those that may come
        ({"a": OPEN}, 3, False),  # it is known already, and means something else
        ({"a": CLOSED}, 5, False),
        ({"a": OPEN, "b": CLOSED}, 5, False),
    ],
)
def test_only_what_may_come_keeps_to_the_contract(
    lifecycles: dict[str, Lifecycle], shown_as: object, is_fine: bool
) -> None:
    _, problems = read_scenario(document(shown_as), "odd", {"acme": Terms(lifecycles)})

    assert [problem.message for problem in problems] == ([] if is_fine else [REFUSED])


def test_a_kind_answers_for_itself() -> None:
    lifecycles = {"a": OPEN, "b": CLOSED}

    _, problems = read_scenario(document(5, kind="a"), "odd", {"acme": Terms(lifecycles)})

    assert not problems


def test_what_keeps_to_the_contract_is_shown_without_a_disguise() -> None:
    scenario, _ = read_scenario(document(5), "odd", {"acme": Terms({"a": OPEN})})
    assert scenario
    plan = make_plan(fit(scenario, OPEN), Draws("1"))
    job = Job("id", "acme", "o", "a", "k", 0, plan, "", {}, entries=tuple(unfold(plan, 0)))

    assert [look(job, ms).wire for ms in (0, 4_999, 5_000)] == [5, 5, 3]
