"""Facts: each documented one that the simulator serves is named by a test that proves it, and no name is a slip."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator import vendors

CERTAINTIES = {"documented", "observed", "assumed"}
_NAMED_IN_TEXT = re.compile(r"\b[Ff]acts? ((?:[a-z0-9]+\.[a-z0-9.-]+[a-z0-9])(?:, [a-z0-9]+\.[a-z0-9.-]+[a-z0-9])*)")


def facts(checkout: Path, vendor: str) -> list[dict[str, Any]]:
    """Return a vendor's facts."""
    said = yaml.safe_load((checkout / f"openapi/{vendor}.facts.yaml").read_text())
    return list(said["facts"] if isinstance(said, dict) else said)


def proven(checkout: Path) -> set[str]:
    """Return every fact id that a test's marker names."""
    return {fact for path in checkout.glob("tests/**/*.py") for fact in _marked(ast.parse(path.read_text()))}


def _marked(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and "fact" in (getattr(node.func, "attr", ""), getattr(node.func, "id", "")):
            yield from (said.value for said in node.args if isinstance(said, ast.Constant))


@pytest.mark.parametrize("vendor", vendors.NAMES)
def test_every_documented_fact_is_named_by_a_test(checkout: Path, vendor: str) -> None:
    named = proven(checkout)

    missing = [
        f"{fact['id']}: {fact['claim']}"
        for fact in facts(checkout, vendor)
        if fact["certainty"] == "documented" and fact["scope"] == "main" and fact["id"] not in named
    ]

    assert not missing, "no test names these documented facts:\n" + "\n".join(missing)


@pytest.mark.parametrize("vendor", vendors.NAMES)
def test_facts_are_whole_and_have_one_home(checkout: Path, vendor: str) -> None:
    found = facts(checkout, vendor)
    ids = [fact["id"] for fact in found]

    assert len(ids) == len(set(ids))
    for fact in found:
        assert fact["id"].startswith(f"{vendor}."), fact
        assert fact["certainty"] in CERTAINTIES, fact
        assert fact["scope"] in {"main", "later"}, fact
        assert fact["claim"], fact
        assert fact["source"], fact
        assert fact["date"], fact


@pytest.mark.parametrize("vendor", vendors.NAMES)
def test_a_switch_that_a_fact_names_exists_and_the_other_way_round(checkout: Path, vendor: str) -> None:
    found = facts(checkout, vendor)
    ids = {fact["id"] for fact in found}

    named = {fact["switch"] for fact in found if "switch" in fact and fact["scope"] == "main"}
    switches = vendors.load(vendor).switches

    assert named <= {switch.name for switch in switches}
    assert {switch.fact for switch in switches} <= ids


def test_tests_and_code_name_no_fact_that_does_not_exist(checkout: Path) -> None:
    known = {fact["id"] for vendor in vendors.NAMES for fact in facts(checkout, vendor)}
    texts = [path.read_text() for path in checkout.glob("simulator/vendors/*/*.py")]

    in_tests = {fact for fact in proven(checkout) if fact.partition(".")[0] in vendors.NAMES}
    in_code = {
        fact
        for text in texts
        for group in _NAMED_IN_TEXT.findall(text)
        for fact in group.split(", ")
        if fact.partition(".")[0] in vendors.NAMES
    }

    assert not in_tests - known
    assert not {fact for fact in in_code if not any(f"{one}.".startswith(f"{fact}.") for one in known)}
