"""What is installed: the wheel's contents, its version, and that an install is repeatable."""

import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import simulator

DATA_FOLDERS = ("openapi", "scenarios")


@pytest.fixture(scope="session")
def project(checkout: Path) -> dict[str, Any]:
    return tomllib.loads((checkout / "pyproject.toml").read_text())


@pytest.fixture(scope="session")
def pins(checkout: Path) -> dict[str, str]:
    """Return the pinned version of each distribution in constraints.txt."""
    lines = (checkout / "constraints.txt").read_text().splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in requirements}


@pytest.fixture(scope="session")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the names in a wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=checkout, check=True, capture_output=True)
    [path] = folder.glob("*.whl")
    return set(ZipFile(path).namelist())


@pytest.mark.parametrize("folder", DATA_FOLDERS)
def test_the_wheel_carries_every_file_of_the_data_folders(folder: str, wheel: set[str], checkout: Path) -> None:
    here = {path.relative_to(checkout).as_posix() for path in (checkout / folder).rglob("*") if path.is_file()}
    here = {name for name in here if "/." not in name}  # what tools leave behind

    assert {f"simulator/data/{name}" for name in here} <= wheel
    assert any(name.endswith(".yaml") for name in here)


def test_the_wheel_carries_a_twin_of_each_contract_and_of_nothing_else(wheel: set[str], checkout: Path) -> None:
    contracts = {path.stem for path in (checkout / "openapi").glob("*.yaml") if not path.stem.endswith(".facts")}

    twins = {name for name in wheel if name.startswith("simulator/data/openapi/") and name.endswith(".json")}

    assert twins == {f"simulator/data/openapi/{name}.json" for name in contracts}


def test_the_wheel_carries_every_module(wheel: set[str], checkout: Path) -> None:
    modules = {path.relative_to(checkout).as_posix() for path in (checkout / "simulator").rglob("*.py")}

    assert modules <= wheel


def test_the_wheel_holds_nothing_but_the_package(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"simulator"}
    assert not {name for name in wheel if "__pycache__" in name or "/test_" in name}


def test_the_changelog_opens_with_the_version(project: dict[str, Any], checkout: Path) -> None:
    headings = [line for line in (checkout / "CHANGELOG.md").read_text().splitlines() if line.startswith("## [")]
    newest = next(heading for heading in headings if heading != "## [Unreleased]")

    assert newest.startswith(f"## [{project['project']['version']}]")
    assert simulator.__version__ == project["project"]["version"]


def test_the_command_is_installed() -> None:
    [command] = metadata.entry_points(group="console_scripts", name="simulator")

    assert callable(command.load())


def test_constraints_pin_all_that_is_declared(project: dict[str, Any], pins: dict[str, str]) -> None:
    declared = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    declared += [line for extra in project["project"]["optional-dependencies"].values() for line in extra]

    for requirement in map(Requirement, declared):
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin is not None, f"constraints.txt does not pin {requirement.name}: make constraints"
        assert requirement.specifier.contains(pin), f"{requirement} does not admit its own pin {pin}"


def test_constraints_pin_all_that_is_installed_with_it(pins: dict[str, str]) -> None:
    seen: set[tuple[str, str]] = set()
    waiting = [("media-api-simulator", ""), ("media-api-simulator", "test")]

    while waiting:
        name, extra = waiting.pop()
        for line in metadata.requires(name) or ():
            requirement = Requirement(line)
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            found = {(canonicalize_name(requirement.name), wanted) for wanted in ("", *requirement.extras)}
            waiting += found - seen
            seen |= found

    unpinned = sorted({name for name, _ in seen} - set(pins))
    assert not unpinned, f"constraints.txt does not pin {unpinned}: make constraints"
