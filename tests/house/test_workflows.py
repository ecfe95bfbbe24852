"""What runs on GitHub: by its schemas, with few rights, pinned, and with scripts that nobody else writes into."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator import __version__

WORKFLOWS = ("test", "image", "publish")
CHECKED = {
    "action.yml": "vendor.github-actions",
    ".github/dependabot.yml": "vendor.dependabot",
    "examples/workflow.yml": "vendor.github-workflows",
    **{f".github/workflows/{name}.yml": "vendor.github-workflows" for name in WORKFLOWS},
}
PIN = re.compile(r"\./.*|[\w-]+/[\w./-]+@(v\d+(\.\d+)*|release/v\d+|[0-9a-f]{40})")


def read(path: Path) -> Any:
    """Return a YAML file; ``on`` is a word there, as for GitHub."""
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


def steps(description: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the steps of a workflow or an action."""
    for job in description["jobs"].values() if "jobs" in description else [description["runs"]]:
        yield from job.get("steps", [])


def scripts(checkout: Path) -> Iterator[tuple[str, str]]:
    """Yield every shell script of the workflows and the action, with a name for it."""
    for name in CHECKED:
        description = read(checkout / name)
        if "jobs" in description or "runs" in description:
            for number, step in enumerate(steps(description)):
                if "run" in step:
                    yield f"{name} {step.get('name', number)}", step["run"]


@pytest.mark.parametrize("name", CHECKED)
def test_it_is_what_github_understands(name: str, checkout: Path) -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", CHECKED[name], str(checkout / name)]

    done = subprocess.run(check, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_do_little_and_ends(name: str, checkout: Path) -> None:
    workflow = read(checkout / f".github/workflows/{name}.yml")

    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert "uses" in job or int(job["timeout-minutes"]) <= 45
        writes = {scope for scope, said in job.get("permissions", {}).items() if said == "write"}
        assert writes <= {"attestations", "contents", "id-token", "packages"}
        if writes:  # what may write runs nothing that a pull request could bring
            assert "tags" in str(workflow["on"])
            assert "needs" in job
            assert "if" in job or "pull_request" not in workflow["on"]


@pytest.mark.parametrize("name", CHECKED)
def test_what_others_wrote_is_pinned(name: str, checkout: Path) -> None:
    description = read(checkout / name)
    used = [step["uses"] for step in steps(description) if "uses" in step] if name != ".github/dependabot.yml" else []

    assert all(PIN.fullmatch(use) for use in used), used
    for step in steps(description) if used else ():
        if step.get("uses", "").startswith("actions/checkout@") and not name.startswith("examples/"):
            assert step["with"]["persist-credentials"] == "false"


def test_no_script_has_texts_of_others_in_it(checkout: Path) -> None:
    for name, script in scripts(checkout):
        assert "${{" not in script, f"{name}: say it by env:, or whoever chose it writes the script"


def test_every_script_is_sound(checkout: Path) -> None:
    shellcheck = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    assert shellcheck
    found = 0
    for name, script in scripts(checkout):
        found += 1
        done = subprocess.run(
            [shellcheck, "--shell=bash", "-"], input=script, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{name}\n{done.stdout}"
    assert found > 10


def test_every_target_that_a_workflow_makes_is_there(checkout: Path) -> None:
    [there] = re.findall(r"^\.PHONY: (.*)$", (checkout / "Makefile").read_text(), re.MULTILINE)
    made = {
        word
        for _, script in scripts(checkout)
        for line in re.findall(r"^\s*make (.*)$", script, re.MULTILINE)
        for word in line.split()
        if "=" not in word
    }

    assert {"test", "image", "image-test", "release", "wheel-test"} <= made
    assert made <= set(there.split())


def test_the_pythons_that_are_tested_are_those_that_are_promised(checkout: Path) -> None:
    matrix = read(checkout / ".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]
    promised = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (checkout / "pyproject.toml").read_text())

    assert matrix["python"] == promised


# The notes of a release


def release_notes(folder: Path, checkout: Path, tag: str, changelog: str) -> subprocess.CompletedProcess[str]:
    (folder / ".github").mkdir()
    (folder / "simulator").mkdir()
    shutil.copy(checkout / ".github/release_notes.py", folder / ".github")
    shutil.copy(checkout / "simulator/__init__.py", folder / "simulator")
    (folder / "CHANGELOG.md").write_text(changelog)
    command = [sys.executable, str(folder / ".github/release_notes.py"), tag]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_notes_are_the_section_of_the_version(checkout: Path, tmp_path: Path) -> None:
    changelog = f"# Changelog\n\n## [{__version__}] - 2026-01-31\n\n### Added\n\n- This.\n\n## [0.0.1] - 2025-01-31\n\n- That.\n"

    done = release_notes(tmp_path, checkout, f"v{__version__}", changelog)

    assert (done.returncode, done.stdout) == (0, "### Added\n\n- This.\n")


@pytest.mark.parametrize(
    ("tag", "heading", "says"),
    [
        ("v99.0.0", f"## [{__version__}] - 2026-01-31", f"says {__version__}: the tag would be v{__version__}"),
        (f"v{__version__}", f"## [{__version__}] - Unreleased", "has no date"),
        (f"v{__version__}", "## [98.0.0] - 2026-01-31", f"has no section [{__version__}]"),
    ],
)
def test_what_is_not_ready_is_not_released(tag: str, heading: str, says: str, checkout: Path, tmp_path: Path) -> None:
    done = release_notes(tmp_path, checkout, tag, f"{heading}\n\n- This.\n")

    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
