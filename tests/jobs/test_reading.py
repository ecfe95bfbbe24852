"""From a document to a scenario, and the promise that no document whatever makes the reader stumble."""

import copy
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.jobs.chance import Draws
from simulator.jobs.deliveries import Faults, Manner
from simulator.jobs.durations import Duration
from simulator.jobs.errors import UnfitScenario
from simulator.jobs.plan import make_plan
from simulator.jobs.reading import read_scenario
from simulator.jobs.scenario import (
    Branch,
    Expiry,
    Failure,
    Items,
    Override,
    Refresh,
    Result,
    Rule,
    Scenario,
    Shape,
    State,
    fit,
)
from simulator.jobs.steps import Terms
from simulator.library.yaml_text import read_yaml
from tests.acme import LIFECYCLE, OPERATIONS
from tests.library.made_up import TERMS as MADE_UP

TERMS = {
    "acme": Terms(
        {"film": LIFECYCLE},
        tuple(operation.id for operation in OPERATIONS),
        {"busy": ("plain", "404"), "strict": ("true",)},
    )
}
SHIPPED = [
    read_yaml(path.read_bytes()).data for path in sorted((Path(__file__).parents[2] / "scenarios").rglob("*.yaml"))
]
ALL = {
    "scenario": "all-there-is",
    "vendor": "acme",
    "kind": "film",
    "summary": "Everything the language has.",
    "states": {
        "new": {"ahead": 3, "then": "drawing", "on": {"break": "error"}},
        "drawing": {
            "for": {"median": "30s", "p95": "90s"},
            "then": [{"to": "inking", "weight": 9}, {"to": "error"}],
            "on": {"cancel": "error"},
        },
        "inking": {"items": {"for": "1s..2s", "count": 4, "fail": [1], "fail_rate": 0.5, "error": "torn"}, "then": "done"},
        "done": None,
        "error": {"error": {"message": "no", "details": "no ink", "code": 17}, "shown_as": "broken"},
    },
    "result": {"video": {"width": 64, "height": 48, "format": "mp4", "duration": "2s", "frames": 20, "bytes": 900_000}, "count": 2, "embeds": True},
    "expires": {"job": {"after": "31d", "from": "ended", "sweep": "5m", "recycled": "32d"}, "file": {"after": "24h"}},
    "refresh": {"every": "15s..60s", "covers": "end", "from": "start"},
    "reply": {"getJob": {"status": 503, "headers": {"Retry-After": 5}, "body": {"extra": None}, "state": "inking"}},
    "switches": {"acme.busy": 404, "acme.strict": True},
    "webhook": {
        "retries": ["5s", 0, "2m"], "timeout": "2.5s", "chance": 0.25, "states": ["done", "error"], "late": "2m..10m",
        "duplicate": 3, "out_of_order": True, "stale_timestamp": "10m", "wrong_signature": True, "wrong_id": True,
        "extra_fields": True, "truncated": True,
    },
    "when": [{"operation": "film", "fields": {"title": "*cat*", "style": 7}, "headers": {"x-team": "/^b/"}}],
    "off_contract": "to see",
    "hold": True,
}  # fmt: skip


def test_everything_in_a_document_arrives() -> None:
    scenario, problems = read_scenario(ALL, "all-there-is", TERMS)

    assert not problems
    assert scenario == Scenario(
        name="all-there-is",
        vendor="acme",
        kind="film",
        summary="Everything the language has.",
        states=(
            State("new", ahead=3, then=(Branch("drawing"),), on=(("break", "error"),)),
            State(
                "drawing",
                lasts=Duration(0, 0, 30_000, 90_000),
                then=(Branch("inking", 9), Branch("error")),
                on=(("cancel", "error"),),
            ),
            State("inking", items=Items(Duration(1000, 2000), 4, (1,), 0.5, Failure("torn")), then=(Branch("done"),)),
            State("done"),
            State("error", error=Failure("no", "no ink", 17), shown_as="broken"),
        ),
        result=Result(Shape("video", 64, 48, "mp4", 2000, 20, 900_000), 2, True),
        job_expiry=Expiry(31 * 86_400_000, "ended", 300_000, 32 * 86_400_000),
        file_expiry=Expiry(86_400_000, "ended"),
        refresh=Refresh(Duration(15_000, 60_000), "end", "start"),
        reply=(("getJob", Override(503, (("Retry-After", "5"),), {"extra": None}, "inking")),),
        switches=(("acme.busy", "404"), ("acme.strict", "true")),
        when=(Rule("film", (("title", "*cat*"), ("style", "7")), (("x-team", "/^b/"),)),),
        off_contract="to see",
        hold=True,
        webhook=Manner(
            retries_ms=(5000, 0, 120_000),
            timeout_ms=2500,
            faults=Faults(
                chance=0.25,
                states=("done", "error"),
                late=Duration(120_000, 600_000),
                duplicate=3,
                out_of_order=True,
                stale_timestamp_ms=600_000,
                wrong_signature=True,
                wrong_id=True,
                extra_fields=True,
                truncated=True,
            ),
        ),
    )


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"for": "5s"}, State("running", lasts=Duration(5000, 5000))),
        ({"for": 0}, State("running", lasts=Duration(0, 0))),
        ({"for": {"polls": 3}}, State("running", polls=3)),
        ({"for": {"until": "rendered", "simulated": "1s..2s"}}, State("running", lasts=Duration(1000, 2000), until_rendered=True)),
        ({"for": {"frame": "0.25ms"}}, State("running", lasts=Duration(0, 0), frames_last=Duration(250, 250))),
        (
            {"for": {"frame": {"median": "40ms", "p95": "52.5ms"}, "start": "1s..2s"}},
            State("running", lasts=Duration(1000, 2000), frames_last=Duration(0, 0, 40_000, 52_500)),
        ),
        ({}, State("running")),
    ],
)  # fmt: skip
def test_the_forms_of_a_length(said: dict[str, Any], state: State) -> None:
    scenario, problems = read_scenario({"scenario": "a", "states": {"running": {**said, "then": "succeeded"}}}, "a", {})

    assert not problems
    assert scenario
    assert (scenario.states[0].lasts, scenario.states[0].polls) == (state.lasts, state.polls)
    assert scenario.states[0].until_rendered is state.until_rendered
    assert scenario.states[0].frames_last == state.frames_last


def test_ends_that_have_nothing_to_say_are_added() -> None:
    document = {"scenario": "a", "states": {"running": {"for": "5s", "then": [{"to": "failed"}, {"to": "succeeded"}]}}}

    scenario, _ = read_scenario(document, "a", {})

    assert scenario
    assert [state.word for state in scenario.states] == ["running", "failed", "succeeded"]


def test_a_scenario_may_only_take_steps_that_every_kind_with_its_words_has() -> None:
    shorter = LIFECYCLE.__class__(*(row for row in LIFECYCLE if row.word in ("done", "error", "stopped")))
    terms = {"acme": Terms({"film": LIFECYCLE, "still": shorter})}

    def problems(states: dict[str, Any]) -> list[str]:
        return [
            str(problem)
            for problem in read_scenario({"scenario": "a", "vendor": "acme", "states": states}, "a", terms)[1]
        ]

    assert problems({"inking": {"for": "1s", "then": "done"}}) == []
    assert problems({"done": {}}) == []
    assert problems({"inking": {"for": "1s", "then": "drawing"}, "drawing": {"for": "1s", "then": "done"}}) == [
        "states.inking.then: 'inking' cannot be followed by 'drawing'; legal: done, error, stopped"
    ]


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["running", "5s", "waiting"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(sorted(ALL)) | st.text(max_size=5) | st.integers() | st.none(), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(json_like)
def test_no_document_makes_the_reader_stumble(document: object) -> None:
    scenario, problems = read_scenario(document, "a", TERMS)

    assert (scenario is None) is bool(problems)
    assert all(isinstance(str(problem), str) for problem in problems)


def places(document: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [place, *(found for key, inner in below for found in places(inner, (*place, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Return a good document of which one or two parts have been replaced, renamed or taken away."""
    document = copy.deepcopy(draw(st.sampled_from([ALL, *SHIPPED])))
    for _ in range(draw(st.integers(1, 2))):
        *path, last = draw(st.sampled_from(places(document)[1:] or [("scenario",)]))
        parent = document
        for part in path:
            parent = parent[part]
        what = draw(st.sampled_from(["replace", "remove", "rename"]))
        value = parent.pop(last) if isinstance(parent, dict) and last in parent else None
        if what == "rename" and isinstance(parent, dict):
            parent[draw(st.sampled_from(["running", "failed", "for", "then", "progress", "x"]))] = value
        elif what == "replace":
            parent[last] = draw(json_like)
    return document


@given(mutated())
@settings(max_examples=300)
def test_what_the_reader_lets_pass_can_be_fitted_and_planned(document: Any) -> None:
    terms = {**MADE_UP, **TERMS}
    scenario, problems = read_scenario(document, "", terms)

    assert (scenario is None) is bool(problems)
    if scenario and scenario.vendor:
        words = {state.word for state in scenario.states}
        kinds = terms[scenario.vendor].lifecycles
        for name, lifecycle in kinds.items():
            if scenario.kind == name or (scenario.kind is None and words <= set(lifecycle.words())):
                script = fit(scenario, lifecycle)
                assert make_plan(script, Draws("seed")).first == scenario.states[0].word
    elif scenario:
        with suppress(UnfitScenario):  # for Acme knows no moderation
            make_plan(fit(scenario, LIFECYCLE), Draws("seed"))
