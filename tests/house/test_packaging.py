"""What is installed: what wheel and sdist hold, that they can be built again byte for byte, and what comes with them."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from sysconfig import get_path
from typing import Any
from venv import EnvBuilder
from zipfile import ZipFile

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import simulator

DATA_FOLDERS = ("openapi", "scenarios")
PERMISSIVE = re.compile(
    r"0BSD|Apache|BSD|CC0|HPND|ISC|MIT(-CMU)?|MPL|Mozilla|PSF|Python Software Foundation|Python-2\.0|Unlicense|Zlib"
)
COPYLEFT = re.compile(r"(?<!L)A?GPL|(?<!Lesser )General Public License")


@pytest.fixture(scope="session")
def project(checkout: Path) -> dict[str, Any]:
    return tomllib.loads((checkout / "pyproject.toml").read_text())


@pytest.fixture(scope="session")
def pins(checkout: Path) -> dict[str, str]:
    """Return the pinned version of each distribution in constraints.txt."""
    lines = (checkout / "constraints.txt").read_text().splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in requirements}


def build(source: Path, into: Path, *, umask: int = 0o022) -> tuple[Path, Path]:
    """Build a folder's wheel and sdist with what is installed here; return where they are."""
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(into)]
    environment = {name: said for name, said in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    done = subprocess.run(
        command, cwd=source, env=environment, capture_output=True, text=True, umask=umask, check=False
    )
    assert done.returncode == 0, done.stderr
    [wheel], [sdist] = into.glob("*.whl"), into.glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture(scope="session")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the wheel and the sdist of this checkout."""
    return build(checkout, tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="session")
def wheel(built: tuple[Path, Path]) -> set[str]:
    """Return the names in the wheel."""
    return set(ZipFile(built[0]).namelist())


@pytest.fixture(scope="session")
def unpacked(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the unpacked sdist."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(built[1]) as archive:
        archive.extractall(folder, filter="data")
    [top] = folder.iterdir()
    return top


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


def test_the_sdist_holds_all_that_the_checkout_tracks(unpacked: Path, checkout: Path) -> None:
    if not (checkout / ".git").exists() or not shutil.which("git"):
        pytest.skip("no git checkout: what belongs to it cannot be told")
    told = subprocess.run(["git", "ls-files", "-z"], cwd=checkout, check=True, capture_output=True, text=True).stdout
    tracked = {name for name in told.split("\0") if (checkout / name).is_file()}

    missing = {name for name in tracked if not (unpacked / name).is_file()}

    assert tracked
    assert not missing


def test_the_sdist_builds_the_same_bytes_elsewhere_and_later(
    built: tuple[Path, Path], unpacked: Path, tmp_path: Path
) -> None:
    source = shutil.copytree(unpacked, tmp_path / "another name", copy_function=shutil.copyfile)  # of now
    for path in source.rglob("*"):
        if path.is_file() and os.access(unpacked / path.relative_to(source), os.X_OK):
            path.chmod(0o700)

    again = build(source, tmp_path / "dist", umask=0o077)

    for first, second in zip(built, again, strict=True):
        assert first.name == second.name
        assert first.read_bytes() == second.read_bytes(), first.name


def test_the_tests_of_the_sdist_are_found_in_it(unpacked: Path) -> None:
    collect = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/house",
        "tests/bench",
    ]

    done = subprocess.run(collect, cwd=unpacked, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-2000:]
    assert "test_packaging.py::test_the_tests_of_the_sdist_are_found_in_it" in done.stdout


def test_the_wheel_works_where_there_is_no_checkout(built: tuple[Path, Path], checkout: Path, tmp_path: Path) -> None:
    """As ``make wheel-test``, but what it depends on is what is installed here, and nothing is fetched."""
    EnvBuilder(with_pip=False).create(tmp_path / "env")
    [packages] = (tmp_path / "env").glob("lib/python*/site-packages")
    ZipFile(built[0]).extractall(packages)
    # A .pth file that another one leads to is not read: the editable install is not found by it.
    (packages / "dependencies.pth").write_text(get_path("purelib") + "\n")
    empty = tmp_path / "empty"
    empty.mkdir()
    program = shutil.copy(checkout / "tests/house/try_installed.py", tmp_path)
    environment = {name: said for name, said in os.environ.items() if not name.startswith(("PYTHON", "SIMULATOR_"))}
    environment |= {"HOME": str(empty), "PYTHONSAFEPATH": "1"}

    done = subprocess.run(
        [tmp_path / "env/bin/python", program, checkout],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith(f"exec, the pytest plugin work: {packages / 'simulator/__init__.py'}")


def versions_told(checkout: Path) -> Iterator[tuple[str, str]]:
    """Yield every place outside the package that says the version, and what it says."""
    headings = re.findall(r"^## \[(.+?)\]", (checkout / "CHANGELOG.md").read_text(), re.MULTILINE)
    yield "CHANGELOG.md", next(heading for heading in headings if heading != "Unreleased")
    yield "package.json", json.loads((checkout / "clients/typescript/package.json").read_text())["version"]
    description = yaml.safe_load((checkout / "openapi/simulator.yaml").read_text())
    for path in ("/_simulator", "/_simulator/health"):
        told = description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["example"]
        yield f"simulator.yaml {path}", told["version"]
    for name in ("action.yml", "docs/releasing.md", "examples/workflow.yml", "examples/kubernetes.yaml"):
        for told in re.findall(r"media-api-simulator(?:==|@v|:)(\d[\w.]*)", (checkout / name).read_text()):
            yield name, told


def test_one_place_says_the_version_and_all_others_the_same(project: dict[str, Any], checkout: Path) -> None:
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "simulator/__init__.py"

    told = dict(versions_told(checkout))

    assert told == dict.fromkeys(told, simulator.__version__)
    assert {"CHANGELOG.md", "package.json", "examples/workflow.yml", "examples/kubernetes.yaml"} <= set(told)


def test_the_wheel_is_of_the_version_that_the_package_says(built: tuple[Path, Path]) -> None:
    assert [path.name for path in built] == [
        f"media_api_simulator-{simulator.__version__}-py3-none-any.whl",
        f"media_api_simulator-{simulator.__version__}.tar.gz",
    ]


_FOR_FEW = """
cryptography difflib importlib.metadata opentelemetry PIL prometheus_client rich trustme
simulator.server.faults simulator.server.observing.log simulator.server.observing.metrics simulator.server.proxy
"""


def test_a_start_imports_nothing_that_only_few_servers_need() -> None:
    code = f"import sys, simulator.cli.serve; print(*sorted(set(sys.modules) & set({_FOR_FEW.split()})))"

    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert printed == "\n"


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


def required(*extras: str) -> set[str]:
    """Return the name of every distribution that an install with some extras brings, as far as it is installed here."""
    seen: set[tuple[str, str]] = set()
    waiting = [("media-api-simulator", extra) for extra in ("", *extras)]
    while waiting:
        name, extra = waiting.pop()
        for line in metadata.requires(name) or ():
            requirement = Requirement(line)
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            found = {(canonicalize_name(requirement.name), wanted) for wanted in ("", *requirement.extras)}
            waiting += found - seen
            seen |= found
    return {name for name, _ in seen}


def test_constraints_pin_all_that_is_installed_with_it(pins: dict[str, str]) -> None:
    unpinned = sorted(required("test") - set(pins))

    assert not unpinned, f"constraints.txt does not pin {unpinned}: make constraints"


def licence(name: str) -> str:
    """Return all that a distribution says of its licence, in one line."""
    about = metadata.metadata(name)
    told = [line for line in about.get_all("Classifier", []) if line.startswith("License ::")]
    return " ".join([about.get("License-Expression") or "", *told, (about.get("License") or "").partition("\n")[0]])


@pytest.mark.parametrize("name", sorted(required("warp", "otel")))
def test_what_serving_needs_may_be_used_by_everybody(name: str) -> None:
    assert PERMISSIVE.search(licence(name)), f"{name}: {licence(name)!r}"
    assert not COPYLEFT.search(licence(name)), f"{name}: {licence(name)!r}"
