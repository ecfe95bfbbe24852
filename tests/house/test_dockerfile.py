"""The image, as far as it can be judged without an engine that builds it."""

import json
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

Instruction = tuple[str, str]


@pytest.fixture(scope="session")
def instructions(checkout: Path) -> list[Instruction]:
    """Return each instruction of the Dockerfile as (word, rest), continued lines joined."""
    text = (checkout / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, rest in (line.split(maxsplit=1) for line in lines)]


def sources(instructions: list[Instruction]) -> list[str]:
    """Return what is copied from the checkout."""
    copies = [rest for word, rest in instructions if word == "COPY" and not rest.startswith("--from=")]
    return [source for copy in copies for source in copy.split()[:-1]]


def is_ignored(path: str, checkout: Path) -> bool:
    """Say what .dockerignore says of a top-level path: the last line that matches decides."""
    ignored = False
    for line in (checkout / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        if line and not line.startswith("#") and fnmatch(path, pattern):
            ignored = not line.startswith("!")
    return ignored


def last(word: str, instructions: list[Instruction]) -> str:
    return [rest for name, rest in instructions if name == word][-1]


def test_all_that_is_copied_is_there_and_sent(instructions: list[Instruction], checkout: Path) -> None:
    assert sources(instructions)

    for source in sources(instructions):
        assert (checkout / source).exists(), source
        assert not is_ignored(source, checkout), source


def test_the_build_has_all_that_the_wheel_is_made_of(instructions: list[Instruction], checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    needed = {"pyproject.toml", "constraints.txt", project["project"]["readme"], *project["project"]["license-files"]}
    needed |= set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])

    assert needed <= set(sources(instructions))


def test_only_what_is_copied_is_sent(instructions: list[Instruction], checkout: Path) -> None:
    sent = {path.name for path in checkout.iterdir() if not is_ignored(path.name, checkout)}

    assert sent == set(sources(instructions))


def test_every_install_is_constrained(instructions: list[Instruction]) -> None:
    installs = [rest for word, rest in instructions if word == "RUN" and re.search(r"pip .*\binstall\b", rest)]

    assert installs
    assert all("--constraint constraints.txt" in install for install in installs)


def test_it_does_not_run_as_root(instructions: list[Instruction]) -> None:
    assert int(last("USER", instructions).split(":")[0]) > 0


def test_it_starts_the_installed_command_for_all_to_reach(instructions: list[Instruction], checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    [command] = json.loads(last("ENTRYPOINT", instructions))

    assert command in project["project"]["scripts"]
    assert json.loads(last("CMD", instructions)) == ["serve", "--host", "0.0.0.0"]


def test_its_health_is_asked_at_the_port_it_exposes(instructions: list[Instruction]) -> None:
    check = last("HEALTHCHECK", instructions)
    program, flag, code = json.loads(check[check.index("[") :])

    compile(code, "HEALTHCHECK", "exec")
    assert (program, flag) == ("python", "-c")
    assert f"http://127.0.0.1:{last('EXPOSE', instructions)}/_simulator/health" in code


def test_its_python_is_one_we_name(instructions: list[Instruction], checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    version = re.match(r"python:([\d.]+)-slim", last("FROM", instructions))

    assert version
    assert f"Programming Language :: Python :: {version[1]}" in project["project"]["classifiers"]
