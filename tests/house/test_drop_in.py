"""The guide to the ways in: its commands do what it says, as they are printed, but for the port."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from simulator import vendors
from simulator.assembly import Background
from simulator.cli import _parser
from simulator.settings import read_settings

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs/drop-in.md").read_text(encoding="utf-8")
CONSOLES = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SERVE = "simulator serve "
_OF_CLIENTS = re.compile("PROXY|CERT|CA_BUNDLE|SIMULATOR_")


def commands(text: str) -> list[str]:
    """Return the commands of a block."""
    return [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the page's files, and the commands that it names."""
    for name, code in re.findall(r"^```python\n# (\S+\.py)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(code)
    found = tmp_path / "bin"
    found.mkdir()
    for name, command in (("python", [sys.executable]), ("simulator", [sys.executable, "-m", "simulator"])):
        (found / name).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        (found / name).chmod(0o755)
    return tmp_path


@pytest.fixture
def served(folder: Path) -> Iterator[list[Background]]:
    """Return where a server is to be put that a test has started; it ends with the test."""
    running: list[Background] = []
    yield running
    for server in running:
        server.__exit__()


def serve(command: str, folder: Path) -> Background:
    """Start what a ``simulator serve`` of the page says, on free ports."""
    flags = vars(_parser().parse_args(shlex.split(command)[1:]))
    del flags["command"]
    settings = read_settings(
        {**flags, "port": 0, "tls_port": 0, "tls_folder": folder / (flags["tls_folder"] or "none")}, {}
    )
    return Background(settings).__enter__()


@pytest.mark.parametrize("text", CONSOLES, ids=[commands(text)[0] for text in CONSOLES])
def test_a_block_runs_as_it_is_printed(text: str, folder: Path, served: list[Background]) -> None:
    lines, url = [], "http://localhost:8080"
    for command in commands(text):
        if command.startswith(SERVE):
            served.append(serve(command, folder))
            url = f"http://localhost:{urlsplit(served[-1].url).port}"
        else:
            lines.append(command)
    if any(line.startswith("curl") for line in lines) and not shutil.which("curl"):
        pytest.skip("there is no curl here")
    plain = {name: said for name, said in os.environ.items() if not _OF_CLIENTS.search(name.upper())}
    script = "\n".join(["set -e", *lines])

    done = subprocess.run(
        ["sh", "-c", script.replace("http://localhost:8080", url)],
        cwd=folder,
        env={
            **plain,
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(CHECKOUT),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    *_, last = lines
    if any("client.py" in line for line in lines):
        assert re.search(r"^https://cdn\.deepswapai\.com/\S+ \d+ bytes$", done.stdout, re.MULTILINE)
    if last.startswith("curl"):
        assert '"error"' not in done.stdout
        assert "{" in done.stdout


def test_every_simulator_command_on_the_page_can_be_said() -> None:
    said = re.findall(r"^(?:\$ )?(?:sudo )?(simulator [^|\n]+)", PAGE, re.MULTILINE)

    assert len(said) >= 5
    for command in said:
        _parser().parse_args(shlex.split(command)[1:])


def test_the_page_names_the_variables_that_exec_sets() -> None:
    from simulator.cli.pointing import point

    nowhere = Path("/")
    said = point({}, url="u", hosts=[], ca_file=nowhere, bundle_file=nowhere, folder=nowhere, token="t").variables

    assert [name for name in said if name.isupper() and f"`{name}`" not in PAGE] == []


def test_the_vendor_without_a_host_is_told_of() -> None:
    homeless = [vendor.title for vendor in map(vendors.load, vendors.NAMES) if ":" in vendor.host]

    assert len(homeless) == 1
    assert f"{homeless[0]} has no host of its own" in PAGE
