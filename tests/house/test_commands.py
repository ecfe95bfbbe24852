"""The commands that a newcomer types: make, and what CI runs."""

import os
import re
import subprocess
from pathlib import Path


def targets(checkout: Path) -> set[str]:
    """Return what can be made."""
    [names] = re.findall(r"^\.PHONY: (.*)$", (checkout / "Makefile").read_text(), re.MULTILINE)
    return set(names.split())


def test_plain_make_explains_every_target(checkout: Path) -> None:
    printed = subprocess.run(["make"], cwd=checkout, check=True, capture_output=True, text=True).stdout

    explained = set(re.findall(r"^  ([a-z-]+) +\w", printed, re.MULTILINE))
    assert explained == targets(checkout)


def test_the_documents_name_only_targets_that_exist(checkout: Path) -> None:
    documents = [*checkout.glob("*.md"), *checkout.glob("docs/*.md"), *checkout.glob("simulator/**/*.md")]

    named = {name for path in documents for name in re.findall(r"`make ([a-z-]+)", path.read_text())}

    assert named
    assert named <= targets(checkout)


def test_ci_runs_what_everybody_runs(checkout: Path) -> None:
    script = checkout / ".ci/run"

    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "make test"
