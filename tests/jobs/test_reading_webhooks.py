"""The key `webhook`, and the same faults as the control API names them. Mistakes: tests/library/bad_documents.py."""

from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.jobs.deliveries import FAULTS, NO_FAULTS, USUAL, Faults, Manner
from simulator.jobs.durations import Duration, fixed
from simulator.jobs.reading import read_scenario
from simulator.jobs.reading_webhooks import FAULT_KEYS, KEYS, read_faults
from simulator.jobs.scenario import Scenario
from simulator.jobs.steps import Terms
from tests.acme import LIFECYCLE

ONE_OF_EACH: dict[str, Any] = {
    "lost": True,
    "late": "2m",
    "duplicate": 2,
    "burst": 2,
    "out_of_order": True,
    "before_reply": True,
    "after_poll": True,
    "stale_timestamp": "10m",
    "wrong_signature": True,
    "wrong_id": True,
    "other_sandbox": True,
    "extra_fields": True,
    "truncated": True,
}


def read(webhook: Any, **more: Any) -> tuple[Scenario | None, list[str]]:
    """Return what comes of a small neutral scenario with such a webhook, and what is wrong with it."""
    document = {"scenario": "a", "states": {"running": {"for": "5s", "then": "succeeded"}}, "webhook": webhook, **more}
    scenario, problems = read_scenario(document, "a", {"acme": Terms({"film": LIFECYCLE})})
    return scenario, [str(problem) for problem in problems]


def manner(webhook: Any) -> Manner:
    """Return how webhooks go in a scenario without mistakes."""
    scenario, problems = read(webhook)
    assert scenario, problems
    return scenario.webhook


def test_without_the_key_webhooks_go_as_usual() -> None:
    scenario, _ = read_scenario({"scenario": "a", "states": {"succeeded": None}}, "a", {})

    assert scenario
    assert scenario.webhook == USUAL


def test_every_fault_can_be_named() -> None:
    assert tuple(ONE_OF_EACH) == FAULTS
    assert set(KEYS) == {"retries", "timeout", "accepts", "body", *FAULT_KEYS}
    assert set(FAULT_KEYS) == {name.removesuffix("_ms") for name in get_type_hints(Faults)}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_that_fault_and_no_other(name: str) -> None:
    assert manner({name: ONE_OF_EACH[name]}).faults.names() == (name,)


@pytest.mark.parametrize("name", FAULTS)
def test_a_control_call_names_a_fault_as_a_scenario_does(name: str) -> None:
    document = {"chance": 0.5, "states": ["succeeded"], name: ONE_OF_EACH[name]}

    assert read_faults(document, None) == (manner(document).faults, [])


@pytest.mark.parametrize(
    ("said", "late"),
    [
        ("2m", Duration(120_000, 120_000)),
        ("0s..10m", Duration(0, 600_000)),
        ({"median": "30s", "p95": "5m"}, Duration(0, 0, 30_000, 300_000)),
    ],
)
def test_the_forms_of_late(said: Any, late: Duration) -> None:
    assert manner({"late": said}).faults.late == late


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"retries": []}, Manner(retries_ms=())),
        ({"retries": ["5s", "5s"]}, Manner(retries_ms=(5000, 5000))),
        ({"retries": ["1s"] * 20}, Manner(retries_ms=(1000,) * 20)),
        ({"timeout": "60s"}, Manner(timeout_ms=60_000)),
        ({"timeout": "1ms"}, Manner(timeout_ms=1)),
        ({"chance": 0, "lost": True}, Manner(faults=Faults(chance=0, lost=True))),
        ({"duplicate": 100}, Manner(faults=Faults(duplicate=100))),
        ({"burst": 1000}, Manner(faults=Faults(burst=1000))),
        ({"lost": False, "late": "2m"}, Manner(faults=Faults(late=fixed(120_000)))),
        ({"accepts": [200, 201]}, Manner(accepts=(200, 201))),
        ({"body": {"event": "other", "data": None}}, Manner(body={"event": "other", "data": None})),
    ],
)
def test_what_may_just_be_said(said: dict[str, Any], meant: Manner) -> None:
    assert manner(said) == meant


def test_a_fault_that_is_switched_off_does_not_contradict() -> None:
    said = {"lost": False, "late": "2m", "before_reply": False, "after_poll": False, "truncated": False}

    assert manner(said).faults.names() == ("late",)


def test_chance_without_a_fault_is_not_told_where_the_fault_is_only_misspelt() -> None:
    _, problems = read({"chance": 0.5, "duplicat": 3})

    assert len(problems) == 1
    assert problems[0].endswith("(did you mean 'duplicate'?)")


def test_states_are_words_of_the_kinds_that_the_scenario_is_for() -> None:
    drawing = {"drawing": {"for": "5s", "then": "done"}}
    said = {"states": ["done", "succeeded"], "truncated": True}

    _, problems = read(said, vendor="acme", states=drawing)

    assert problems == [
        "webhook.states[1]: 'succeeded' is no state here; legal: new, drawing, inking, done, error, stopped"
    ]


@pytest.mark.parametrize("lasts", ["forever", {"polls": 3}])
def test_a_job_without_a_known_end_cannot_end_before_its_reply(lasts: Any) -> None:
    then = {} if lasts == "forever" else {"then": "succeeded"}

    _, problems = read({"before_reply": True}, states={"running": {"for": lasts, **then}})

    assert problems == ["webhook.before_reply: the job has to end at once for that, and 'running' has no known end"]


def test_a_control_call_may_name_no_fault_at_all() -> None:
    assert read_faults({}, None) == (NO_FAULTS, [])


@pytest.mark.parametrize("key", ["retries", "timeout"])
def test_a_control_call_does_not_say_how_often_it_is_tried(key: str) -> None:
    faults, problems = read_faults({key: "5s", "truncated": True}, None)

    assert faults == NO_FAULTS
    assert [problem.path for problem in problems] == [(key,)]
    assert set(problems[0].legal) == set(FAULT_KEYS)


def test_a_control_call_may_be_held_to_words() -> None:
    document = {"states": ["complete"], "lost": True}

    assert read_faults(document, None) == (Faults(states=("complete",), lost=True), [])
    faults, problems = read_faults(document, ("completed", "failed"))
    assert faults == NO_FAULTS
    assert [str(problem) for problem in problems] == [
        "states[0]: 'complete' is no state here; legal: completed, failed (did you mean 'completed'?)"
    ]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["5s", "2m..3m"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), values, max_size=6) | values)
def test_nothing_that_stands_there_makes_the_reader_stumble(webhook: Any) -> None:
    scenario, problems = read(webhook)
    faults, told = read_faults(webhook, None)

    assert (scenario is None) is bool(problems)
    assert faults == NO_FAULTS or not told
    if scenario and scenario.webhook.faults != NO_FAULTS:
        fault_part = {key: said for key, said in webhook.items() if key in FAULT_KEYS}
        assert read_faults(fault_part, None) == (scenario.webhook.faults, [])
