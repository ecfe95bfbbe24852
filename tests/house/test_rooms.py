"""The import rules of pyproject.toml, tried on a made-up house: `make lint` judges the real one."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOMS = ("cli", "assembly", "server", "webhooks", "library", "sandbox", "vendors", "media", "twin", "jobs")


@pytest.fixture
def house(checkout: Path, tmp_path: Path) -> Path:
    """Return a folder with our rules and empty rooms."""
    shutil.copy(checkout / "pyproject.toml", tmp_path)
    for room in ("", *ROOMS, "vendors/akool", "vendors/useapi"):
        folder = tmp_path / "simulator" / room
        folder.mkdir()
        (folder / "__init__.py").touch()
    return tmp_path


def complaints(house: Path) -> str:
    """Return what import-linter has to say about a house, nothing if it is in order."""
    program = "from importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", program, "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=house, check=False, capture_output=True, text=True)
    return re.sub(r"\s+", " ", done.stdout + done.stderr) if done.returncode else ""


def test_imports_from_left_to_right_are_welcome(house: Path) -> None:
    (house / "simulator/cli/__init__.py").write_text("import simulator.assembly, simulator.jobs, aiohttp, time\n")
    (house / "simulator/vendors/akool/__init__.py").write_text("import simulator.jobs, msgspec\n")

    assert not complaints(house)


@pytest.mark.parametrize(
    ("room", "imported"),
    [
        ("jobs", "simulator.vendors"),  # right to left
        ("sandbox", "simulator.server"),
        ("sandbox", "simulator.library"),  # strangers
        ("server", "simulator.webhooks"),
        ("vendors.akool", "simulator.vendors.useapi"),
        ("vendors", "simulator.media"),
        ("jobs", "aiohttp"),  # pure rooms
        ("vendors", "asyncio"),
        ("jobs", "time"),
        ("jobs", "random"),
        ("vendors", "os"),
    ],
)
def test_a_wrong_import_is_refused(house: Path, room: str, imported: str) -> None:
    (house / "simulator" / room.replace(".", "/") / "__init__.py").write_text(f"import {imported}\n")

    assert f"simulator.{room} -> {imported}" in complaints(house)


@pytest.mark.parametrize("newcomer", ["utils", "vendors.newvendor"])
def test_a_room_without_a_place_is_refused(house: Path, newcomer: str) -> None:
    (house / "simulator" / f"{newcomer.replace('.', '/')}.py").touch()

    assert f"not listed as layers: - simulator.{newcomer}" in complaints(house)


def test_the_documents_show_the_rule_that_is_enforced(checkout: Path) -> None:
    [rooms] = [
        contract["layers"]
        for contract in tomllib.loads((checkout / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        if contract["id"] == "rooms"
    ]
    rule = " ▶ ".join(layer.replace("(", "").replace(")", "").replace(" :", ",") for layer in rooms)

    documents = [checkout / "CONTRIBUTING.md", *checkout.glob("simulator/README.md")]
    shown = [re.findall(r"^`(.*▶.*)`$", document.read_text(), re.MULTILINE) for document in documents]

    assert shown == [[rule]] * len(documents)
