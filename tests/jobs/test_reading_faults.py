"""The key `faults`, the same as a control call and the header name it, and what the three descriptions say of it."""

import json
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from simulator.jobs.durations import Duration
from simulator.jobs.faults import ERRORS, FAULTS, NO_FAULT, PAGES, SORTS, STOPPERS, Dribble, WireFault, said
from simulator.jobs.reading import read_scenario
from simulator.jobs.reading_faults import (
    FAULT_KEYS,
    MOST_DROP_BYTES,
    MOST_FAULTS,
    MOST_HUGE_BYTES,
    MOST_TIMES,
    SCENARIO_KEYS,
    read_fault_header,
    read_wire_fault,
)
from simulator.jobs.scenario import Scenario

ONE_OF_EACH: dict[str, Any] = {
    "latency": "2s",
    "dribble": "50ms",
    "error": 503,
    "quota": 3,
    "refused": True,
    "reset": True,
    "closed_midway": True,
    "wrong_length": "longer",
    "truncated": True,
    "malformed": True,
    "duplicate_keys": True,
    "empty": True,
    "wrong_type": True,
    "html_page": 502,
    "huge": 1000,
    "gzip": "well",
    "redirect": "once",
    "expires_midway": True,
}
JSON_OR_FILE = [("malformed", "redirect"), ("gzip", "expires_midway"), ("huge", "expires_midway")]


def read(faults: Any) -> tuple[Scenario | None, list[str]]:
    """Return what comes of a small scenario with such faults, and what is wrong with it."""
    document = {"scenario": "a", "states": {"running": {"for": "5s", "then": "succeeded"}}, "faults": faults}
    scenario, problems = read_scenario(document, "a", {})
    return scenario, [str(problem) for problem in problems]


def laid(document: Any) -> tuple[WireFault, list[str]]:
    """Return what comes of a control call's faults, and what is wrong with them."""
    fault, problems = read_wire_fault(document)
    return fault, [str(problem) for problem in problems]


def whole(name: str) -> dict[str, Any]:
    """Return the smallest document with a fault."""
    return {name: ONE_OF_EACH[name], **({"for": "1h"} if name == "quota" else {})}


def test_without_the_key_nothing_goes_wrong() -> None:
    scenario, _ = read_scenario({"scenario": "a", "states": {"succeeded": None}}, "a", {})

    assert scenario
    assert scenario.faults == ()


def test_every_fault_can_be_named() -> None:
    assert tuple(ONE_OF_EACH) == FAULTS
    assert set(SCENARIO_KEYS) == {name.removesuffix("_ms") for name in get_type_hints(WireFault)}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_that_fault_and_no_other(name: str) -> None:
    fault, problems = laid(whole(name))

    assert not problems
    assert fault.names() == (name,)
    assert fault.stops == (name in STOPPERS)
    assert len(said(fault)) == 1
    assert said(fault)[0].startswith(f"fault: {name}")


@pytest.mark.parametrize("name", FAULTS)
def test_a_scenario_names_it_as_a_control_call_does(name: str) -> None:
    document = {"chance": 0.5, "on": ["polls", "downloads"], "after": 2, "from": "1s", "for": "1m", **whole(name)}
    if name == "quota":
        del document["after"]

    scenario, problems = read([{**document, "times": 3}])
    fault, _ = laid(document)

    assert scenario, problems
    assert [one.times for one in scenario.faults] == [3]
    assert scenario.faults[0].names() == fault.names()
    assert (fault.chance, fault.from_ms) == (0.5, 1000)


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "quota"])
def test_the_header_names_it_the_same(name: str) -> None:
    value = ONE_OF_EACH[name]

    fault, problems = read_fault_header(name if value is True else f"{name}={value}")

    assert not problems
    assert fault == laid({name: value})[0]


def test_the_header_names_several() -> None:
    fault, problems = read_fault_header(" latency=1s..3s , truncated ,wrong_type=true")

    assert not problems
    assert fault == WireFault(latency=Duration(1000, 3000), truncated=True, wrong_type=True)


def test_a_scenarios_fault_is_for_polls_and_downloads_unless_it_says_so() -> None:
    scenario, _ = read([{"reset": True}, {"reset": True, "on": ["submits"]}])

    assert scenario
    assert [fault.on for fault in scenario.faults] == [("polls", "downloads"), ("submits",)]
    assert laid({"reset": True})[0].on == ()


@pytest.mark.parametrize(
    ("dribbles", "expected"),
    [("50ms", Dribble(1, 50)), ({"bytes": 16, "every": "1s"}, Dribble(16, 1000)), ({"every": "1s"}, Dribble(1, 1000))],
)
def test_drops_have_a_size_and_a_gap(dribbles: Any, expected: Dribble) -> None:
    assert laid({"dribble": dribbles}) == (WireFault(dribble=expected), [])


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({}, "it names no fault; legal: latency, dribble, error"),
        ({"reset": False}, "it names no fault; legal: latency"),
        ({"chance": 0.5}, "chance: it says when something goes wrong, but nothing does: say what; legal: latency"),
        ("reset", "'reset' stands here instead of a mapping; legal: chance"),
        ({"latencey": "2s"}, "latencey: there is no key 'latencey' here; legal: chance"),
        ({"latencey": "2s"}, "(did you mean 'latency'?)"),
        ({"latency": "2 sec"}, "latency: '2 sec' is no length of time"),
        ({"latency": "0s"}, "latency: '0s' is no wait: write for example 2s or 1s..5s"),
        ({"latency": "11m"}, "latency: '11m' is too long: 10m at most, for it is real time"),
        ({"latency": {"median": "1s", "p95": "11m"}}, "latency: a mapping is too long"),
        ({"dribble": {"bytes": 4}}, "dribble: the key 'every' is missing: the gap between two drops"),
        ({"dribble": {"every": "0s"}}, "dribble.every: '0s' is too short: at least 1 ms"),
        ({"dribble": "1h"}, "dribble: '1h' is too long: 10m at most"),
        ({"error": 418}, "error: 418 is none of the choices; legal: 401, 402, 403, 404, 410, 429, 500, 502, 503, 504"),
        ({"error": True}, "error: true is none of the choices"),
        ({"error": {}}, "error: a mapping is none of the choices"),
        ({"html_page": 501}, "html_page: 501 is none of the choices; legal: 200, 403, 404, 500, 502, 503, 504"),
        ({"gzip": "brocken"}, "gzip: 'brocken' is none of the choices; legal: well, broken (did you mean 'broken'?)"),
        ({"gzip": True}, "gzip: true is none of the choices; legal: well, broken"),
        ({"huge": 10**9}, "huge: 1000000000 is no whole number from 1 to 67108864"),
        ({"reset": "yes"}, "reset: 'yes' is neither true nor false"),
        ({"on": ["pols"], "reset": True}, "on[0]: 'pols' is no sort of call; legal: submits, polls, downloads (did"),
        ({"on": [], "reset": True}, "on: it names no sort of call; leave it out where all are meant"),
        ({"on": [{}], "reset": True}, "on[0]: a mapping is no sort of call"),
        ({"quota": 3}, "quota: so many calls in which time? Say it with `for`, as in {quota: 100, for: 1h}"),
        ({"quota": 3, "for": "1h", "after": 2}, "after: `quota` says already how many calls are let in; keep one"),
        ({"refused": True, "truncated": True}, "refused: it leaves nothing for `truncated`; keep one or the other"),
        ({"empty": True, "closed_midway": True}, "empty: it leaves nothing for `closed_midway`"),
        ({"reset": True, "error": 500, "gzip": "well"}, "reset: it leaves nothing for `error` and `gzip`"),
        (
            {"closed_midway": True, "wrong_length": "longer"},
            "wrong_length: `closed_midway` and `wrong_length` both say",
        ),
        ({"error": 500, "html_page": 502}, "html_page: `error` and `html_page` both say what is answered; keep one"),
        ({"expires_midway": True, "on": ["polls"]}, "on: `expires_midway` is for downloads only; legal: downloads"),
        ({"malformed": True, "on": ["downloads"]}, "on: `malformed` is for answers in JSON, and a download is none"),
        ({"reset": True, "times": 3}, "times: how often is said beside `faults`, not in it"),
        ({"reset": True, "for": "1s..2s"}, "for: '1s..2s' is drawn, but this is a fixed length"),
    ],
)
def test_a_mistake_is_told(document: Any, problem: str) -> None:
    fault, problems = laid(document)

    assert any(problem in one for one in problems), problems
    assert fault == NO_FAULT


@pytest.mark.parametrize(("of_json", "of_files"), JSON_OR_FILE)
def test_no_answer_is_json_and_a_file(of_json: str, of_files: str) -> None:
    _, problems = laid({of_json: ONE_OF_EACH[of_json], of_files: ONE_OF_EACH[of_files]})

    assert problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "there is no key '' here"),
        ("rest", "there is no key 'rest' here"),
        ("rest", "did you mean 'reset'?"),
        ("reset, reset", "reset: it stands here twice"),
        ("latency", "latency: True has no unit"),
        ("error=teapot", "error: 'teapot' is none of the choices"),
        ("chance=0.5, reset", "there is no key 'chance' here"),
        ("quota=3", "quota: so many calls in which time?"),
        ("reset, truncated", "reset: it leaves nothing for `truncated`"),
    ],
)
def test_a_mistake_in_the_header_is_told(text: str, problem: str) -> None:
    fault, problems = read_fault_header(text)

    assert any(problem in str(one) for one in problems), problems
    assert fault == NO_FAULT


@pytest.mark.parametrize(
    ("faults", "problem"),
    [
        ([], "faults: it names no fault; leave it out where nothing goes wrong"),
        ({}, "faults: a mapping is no list of up to 20 elements"),
        ([{"reset": True}] * 21, "faults: a list is no list of up to 20 elements"),
        ([{"times": 3}], "faults[0].times: it says when something goes wrong, but nothing does"),
        ([{"reset": True, "times": 0}], "faults[0].times: 0 is no whole number from 1 to 1000000"),
        ([{"error": 503, "on": ["submits"]}], "faults[0].on: with `error` a submit makes no job, and only an accepted"),
        ([{"reset": True}, {"rest": True}], "faults[1].rest: there is no key 'rest' here"),
    ],
)
def test_a_mistake_in_a_scenario_is_told_with_its_place(faults: Any, problem: str) -> None:
    scenario, problems = read(faults)

    assert any(problem in one for one in problems), problems
    assert scenario is None


@given(st.dictionaries(st.sampled_from([*SCENARIO_KEYS, "x"]), st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text(max_size=3), max_size=3), st.dictionaries(st.sampled_from(["bytes", "every", "median"]), st.text(max_size=3)))))  # fmt: skip
def test_whatever_stands_there_is_read_or_told(document: Any) -> None:
    fault, problems = read_wire_fault(document)

    assert (fault == NO_FAULT) == bool(problems)


@given(st.text(max_size=60))
def test_whatever_a_header_says_is_read_or_told(text: str) -> None:
    fault, problems = read_fault_header(text)

    assert (fault == NO_FAULT) == bool(problems)


def test_the_schema_for_editors_knows_what_the_reader_knows(checkout: Path) -> None:
    schema = json.loads((checkout / "scenarios/scenario.schema.json").read_text())
    fault = schema["$defs"]["fault"]["properties"]

    assert set(fault) == set(SCENARIO_KEYS)
    assert schema["properties"]["faults"]["maxItems"] == MOST_FAULTS
    assert fault["error"]["enum"] == list(ERRORS)
    assert fault["html_page"]["enum"] == list(PAGES)
    assert fault["on"]["items"]["enum"] == list(SORTS)
    assert (fault["times"]["maximum"], fault["huge"]["maximum"]) == (MOST_TIMES, MOST_HUGE_BYTES)
    assert fault["dribble"]["anyOf"][1]["properties"]["bytes"]["maximum"] == MOST_DROP_BYTES


def test_the_description_of_the_control_api_knows_every_key(checkout: Path) -> None:
    document = yaml.safe_load((checkout / "openapi/simulator.yaml").read_text("utf-8"))

    assert set(document["components"]["schemas"]["WireFaults"]["properties"]) == set(FAULT_KEYS)


def test_the_readme_tells_every_key(checkout: Path) -> None:
    text = (checkout / "scenarios/README.md").read_text()

    assert [key for key in SCENARIO_KEYS if f"`{key}`" not in text] == []
    assert [name for name in (checkout / "scenarios").glob("fault-*.yaml") if f"`{name.stem}`" not in text and f"`-{name.stem.removeprefix('fault-download-')}`" not in text] == []  # fmt: skip
