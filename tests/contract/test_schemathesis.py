"""Every vendor as Schemathesis finds it from outside: served description, served settings, all phases.

CONTRACT_EXAMPLES and CONTRACT_SEED make the run longer or another one: `make contract`.
"""

import base64
import functools
import json
import os
import re
import subprocess
import sys
import tomllib
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
import yaml

from simulator import vendors
from simulator.assembly import Background
from simulator.settings import Settings

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES") or 10)
SEED = os.environ.get("CONTRACT_SEED") or "1"
OPENAPI = Path(__file__).parents[2] / "openapi"
PHASES = {"examples", "coverage", "fuzzing", "stateful"}
METHODS = ("get", "post", "put", "patch", "delete")
GOOD_CODES = (None, 0, 200, 1000)  # what a reply with HTTP 200 may say in its body and still be no refusal
DEEP = ("akool", "useapi")
"""Who get a second stateful run of well-formed calls alone. AKOOL's refusals have HTTP 200 too, so that Schemathesis follows
links from them into nothing; useapi.net has a dozen links, and a short run tries few of them."""
RARE = {"getHeadSwapTask"}
"""Behind a task behind an analysis that has ended: a short run seldom gets there by links."""
LONG_RUN = 100


class Case(NamedTuple):
    """One call that Schemathesis made; ``link`` is the one that it followed."""

    phase: str
    operation: str
    is_own: bool  # not one that a check adds to a case
    status: int
    headers: dict[str, list[str]]
    text: str
    link: str

    @property
    def code(self) -> Any:
        """What the body says is the code of the reply."""
        try:
            said = json.loads(self.text)
        except ValueError:
            return None
        return said.get("code") if isinstance(said, dict) else None

    @property
    def is_good(self) -> bool:
        """Whether the vendor did what it was asked for."""
        return 200 <= self.status < 300 and self.code in GOOD_CODES

    @property
    def lacks_something(self) -> bool:
        """Whether the call was well formed, but named what is not there."""
        return self.status == 404 or self.code == 1014


@functools.cache
def contract(vendor: str) -> dict[str, Any]:
    """Return a vendor's contract."""
    said: dict[str, Any] = yaml.load((OPENAPI / f"{vendor}.yaml").read_text("utf-8"), yaml.CSafeLoader)
    return said


def operations(vendor: str) -> dict[str, dict[str, Any]]:
    """Return the operations of a vendor's contract by label."""
    paths = contract(vendor)["paths"]
    return {f"{m.upper()} {path}": item[m] for path, item in paths.items() for m in METHODS if m in item}


def settings_of(vendor: str) -> list[dict[str, Any]]:
    """Return what a vendor's Schemathesis settings say of single operations."""
    said = tomllib.loads((OPENAPI / f"{vendor}.schemathesis.toml").read_text("utf-8"))
    found: list[dict[str, Any]] = said.get("operations", [])
    return found


def named(setting: dict[str, Any]) -> set[str]:
    """Return the ids of the operations that a setting is for."""
    ids = setting["include-operation-id"]
    return {ids} if isinstance(ids, str) else set(ids)


def read_report(path: Path) -> tuple[dict[str, str], Iterator[Case]]:
    """Return how each phase ended, and all calls."""
    events = [event for line in path.read_text("utf-8").splitlines() for event in json.loads(line).items()]
    phases = {said["phase"]["name"]: said["status"] for name, said in events if name == "PhaseFinished"}
    return phases, (case for name, said in events if name == "ScenarioFinished" for case in _cases(said))


def _cases(scenario: dict[str, Any]) -> Iterator[Case]:
    recorder = scenario["recorder"]
    for id, case in recorder.get("cases", {}).items():
        reply = recorder.get("interactions", {}).get(id, {}).get("response")
        if not reply:
            continue
        content = (reply.get("content") or {}).get("$base64", "")
        link = case["transition"]["id"] if case["is_transition_applied"] else ""
        yield Case(
            scenario["phase"],
            f"{case['value']['method']} {case['value']['path']}",
            "parent_id" not in case or bool(case.get("transition")),
            reply["status_code"],
            reply["headers"],
            base64.b64decode(content).decode("utf-8", "replace"),
            link,
        )


def prepare(url: str, vendor: str) -> None:
    """Give the sample key's account so much that the longest run does not end in refusals, and AKOOL what its examples
    name: an analysis that has ended of their video, without which it takes no task, and a task."""
    key = vendors.load(vendor).sample_key
    ask(f"{url}/_simulator/accounts/{vendor}/{quote(key, safe='')}", "PUT", {"credits": 1_000_000_000})
    if vendor == "akool":
        calls, headers = f"{url}/akool/api/open/v4/headswap", {"x-api-key": key}
        video = {"video_url": "https://example.com/videos/source.mp4"}
        id = ask(f"{calls}/analyze", "POST", {**video, "type": "head"}, headers)["data"]["_id"]
        while ask(f"{calls}/analyze/detail?_id={id}", "GET", None, headers)["data"]["status"] < 3:
            pass  # the clock skips
        heads = [{"obj_id": 0, "img_url": "https://example.com/faces/reference.jpeg"}]
        task = {**video, "mappings": heads, "model_name": "akool-premium", "resolution": "480p"}
        named = {**headers, "X-Simulator-Job-Id": contract(vendor)["components"]["parameters"]["Id"]["example"]}
        assert ask(f"{calls}/task/create", "POST", task, named)["code"] == 1000


def ask(url: str, method: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
    """Return what a call with a JSON body is answered."""
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    with urllib.request.urlopen(call) as reply:
        return json.load(reply)


def run_schemathesis(url: str, vendor: str, folder: Path, *options: str) -> list[Case]:
    """Do what the README says: fetch the settings beside oneself, then run against the description's URL."""
    described, report = f"{url}/_simulator/openapi/{vendor}", folder / "report.ndjson"
    with urllib.request.urlopen(f"{described}.schemathesis.toml") as reply:
        (folder / "schemathesis.toml").write_bytes(reply.read())
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--no-color",
        "run",
        f"{described}.json",
        "--seed",
        SEED,
        *options,
    ]
    command += ["--generation-database", "none", "--report", "ndjson", "--report-ndjson-path", str(report)]
    settings = {f"{vendor.upper()}_KEY": vendors.load(vendor).sample_key, "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **settings},
        capture_output=True,
        encoding="utf-8",
        timeout=120 + 10 * EXAMPLES,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ends, cases = read_report(report)
    wanted = {"stateful"} if "stateful" in options else PHASES
    assert {phase: ends.get(phase) for phase in wanted} == dict.fromkeys(wanted, "success")
    return list(cases)


@pytest.mark.parametrize("vendor", vendors.NAMES)
def test_schemathesis_finds_nothing_and_has_looked_everywhere(vendor: str, tmp_path: Path) -> None:
    settings = Settings(port=0, strict_keys=True, clock="skip", seed="1", epoch="2026-01-28T12:00:00Z")

    with Background(settings) as server:
        prepare(server.url, vendor)
        cases = run_schemathesis(server.url, vendor, tmp_path, "--max-examples", str(EXAMPLES))
        if vendor in DEEP:
            more = ("--phases", "stateful", "--mode", "positive", "--max-examples", str(max(EXAMPLES, 25)))
            cases += run_schemathesis(server.url, vendor, tmp_path, *more)

    print(f"{vendor}: {len(cases)} cases")  # shown by make contract, and where something below fails
    assert not [case for case in cases if "x-simulator-error" in case.headers]
    check_reach(vendor, cases)


def check_reach(vendor: str, cases: list[Case]) -> None:
    """Each operation was called, and did what it is for; examples are taken; each look-up that a link names was
    reached by one."""
    off = switched_off(vendor)
    served = {label: said for label, said in operations(vendor).items() if said["operationId"] not in off}
    takes_a_body = {label for label, said in served.items() if "requestBody" in said}
    by_label = defaultdict(list)
    for case in cases:
        by_label[case.operation].append(case)

    few = {label: len(by_label[label]) for label in served if len(by_label[label]) < 3}
    assert not few, f"operations that were hardly called: {few}"
    unmet = {
        label: Counter(case.status for case in by_label[label])
        for label, said in served.items()
        if said.get("x-simulator") is None and not any(case.is_good for case in by_label[label])
    }
    assert not unmet, f"operations that never did what they are for: {unmet}"
    samples = [case for case in cases if case.phase == "examples" and case.is_own and case.operation in takes_a_body]
    refused = [case.text for case in samples if not case.is_good and not case.lacks_something]
    assert samples
    assert not refused, f"example calls that are refused: {refused}"
    reached = {case.link.rpartition(" -> ")[2] for case in cases if case.link and case.is_good}
    linked = linked_ids(contract(vendor)) - (RARE if EXAMPLES < LONG_RUN else set())
    wanted = {label for label, said in served.items() if said["operationId"] in linked} - takes_a_body
    assert wanted
    assert wanted <= reached, f"look-ups that no link has led to: {wanted - reached}"


def linked_ids(part: Any) -> set[str]:
    """Return the ids of the operations that the links in a part of a contract lead to."""
    if isinstance(part, list):
        return set().union(*map(linked_ids, part), set())
    if not isinstance(part, dict):
        return set()
    links = [link["operationId"] for link in part.get("links", {}).values() if "operationId" in link]
    return set(links).union(*map(linked_ids, part.values()))


def switched_off(vendor: str) -> set[str]:
    """Return the ids of the operations that a vendor's settings leave out."""
    return set().union(*(named(said) for said in settings_of(vendor) if said.get("enabled") is False), set())


@pytest.mark.parametrize("vendor", vendors.NAMES)
def test_what_is_not_tried_is_what_is_not_served_yet(vendor: str) -> None:
    off = switched_off(vendor)

    later = {said["operationId"] for said in operations(vendor).values() if said.get("x-simulator") == "later"}

    assert off == later


@pytest.mark.parametrize("vendor", vendors.NAMES)
def test_the_settings_name_operations_and_facts_that_exist(vendor: str) -> None:
    settings = (OPENAPI / f"{vendor}.schemathesis.toml").read_text("utf-8")
    facts = {said["id"] for said in yaml.safe_load((OPENAPI / f"{vendor}.facts.yaml").read_text("utf-8"))}
    ids = {said["operationId"] for said in operations(vendor).values()}

    assert set().union(*map(named, settings_of(vendor)), set()) <= ids
    reasons = set(re.findall(rf"\b{vendor}\.[a-z0-9-]+\.[a-z0-9.-]*[a-z0-9]", settings))
    assert reasons
    assert reasons <= facts
