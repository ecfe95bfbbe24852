"""The image, as far as it can be judged without an engine that builds it."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from image import build, debian, engines, environment
from simulator.cli import _parser
from simulator.settings import Settings, read_settings

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


def top(path: str) -> str:
    return path.partition("/")[0]


def variables(instructions: list[Instruction]) -> dict[str, str]:
    """Return the variables that the image sets, those of its build left out."""
    last_stage = max(index for index, (word, _) in enumerate(instructions) if word == "FROM")
    said = [rest for word, rest in instructions[last_stage:] if word == "ENV"]
    return dict(pair.split("=", 1) for rest in said for pair in rest.split())


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
        assert not is_ignored(top(source), checkout), source


def test_the_build_has_all_that_the_wheel_is_made_of(instructions: list[Instruction], checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    needed = {"pyproject.toml", "constraints.txt", project["project"]["readme"], *project["project"]["license-files"]}
    needed |= set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])

    assert needed <= set(sources(instructions))


def test_only_what_is_copied_is_sent(instructions: list[Instruction], checkout: Path) -> None:
    sent = {path.name for path in checkout.iterdir() if not is_ignored(path.name, checkout)}

    assert sent == set(map(top, sources(instructions)))


def test_every_install_is_constrained(instructions: list[Instruction]) -> None:
    installs = [rest for word, rest in instructions if word == "RUN" and re.search(r"pip .*\binstall\b", rest)]

    assert installs
    for install in installs:
        assert "--constraint constraints.txt" in install or "--no-deps" in install.split("&&")[1]


def test_it_does_not_run_as_root(instructions: list[Instruction]) -> None:
    assert int(last("USER", instructions).split(":")[0]) > 0


def test_it_starts_the_installed_command_so_that_more_can_be_said(
    instructions: list[Instruction], checkout: Path
) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    [command] = json.loads(last("ENTRYPOINT", instructions))

    assert command in project["project"]["scripts"]
    assert json.loads(last("CMD", instructions)) == ["serve"]


def test_its_variables_are_settings_that_serve_all_who_can_reach_it(
    instructions: list[Instruction], tmp_path: Path
) -> None:
    said = variables(instructions)
    settings = read_settings({}, said | {"SIMULATOR_FOLDER": str(tmp_path)})

    assert settings.host == "0.0.0.0"
    assert settings.token is None
    assert settings.log == "text"
    assert said["SIMULATOR_FOLDER"] == last("WORKDIR", instructions)


def test_a_token_that_is_said_guards_the_control_api(instructions: list[Instruction]) -> None:
    said = variables(instructions) | {"SIMULATOR_FOLDER": "", "SIMULATOR_TOKEN": "mine"}

    assert read_settings({}, said).token == "mine"


def test_it_exposes_the_ports_that_serve_by_default(instructions: list[Instruction]) -> None:
    assert last("EXPOSE", instructions).split() == [str(Settings().port), str(Settings().tls_port)]


def test_its_health_is_asked_by_its_own_command(instructions: list[Instruction]) -> None:
    check = last("HEALTHCHECK", instructions)
    program, *arguments = json.loads(check[check.index("[") :])

    assert [program] == json.loads(last("ENTRYPOINT", instructions))
    assert _parser().parse_args(arguments).command == "health"


def test_its_python_is_one_we_name(instructions: list[Instruction], checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    version = re.match(r"PYTHON_IMAGE=python:([\d.]+)-slim", instructions[0][1])

    assert version
    assert last("FROM", instructions) == "${PYTHON_IMAGE}"
    assert f"Programming Language :: Python :: {version[1]}" in project["project"]["classifiers"]


def test_its_guide_tells_what_it_sets_and_how_it_is_built(instructions: list[Instruction], checkout: Path) -> None:
    page = (checkout / "docs/container.md").read_text()
    rows = dict(re.findall(r"^\| `(SIMULATOR_\w+)` \| `([^`]+)` \|", page, re.MULTILINE))
    targets = re.findall(r"`make ([a-z-]+)", page)

    assert rows == {name: said for name, said in variables(instructions).items() if name.startswith("SIMULATOR_")}
    assert {"image", "image-test"} <= set(targets)
    assert set(targets) <= set(re.findall(r"^([a-z-]+):", (checkout / "Makefile").read_text(), re.MULTILINE))
    assert all((checkout / "docs" / path).exists() for path in re.findall(r"\]\(([^)#:]+)\)", page))


def test_nothing_is_said_in_it_of_where_packages_come_from(checkout: Path) -> None:
    text = (checkout / "Dockerfile").read_text()

    assert not re.search(r"index-url|trusted-host|https?://(?!localhost)", text)


@pytest.fixture
def in_checkout(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout)


@pytest.mark.usefixtures("in_checkout")
def test_what_serving_requires_is_installed_and_extras_where_they_are_named(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]

    assert list(environment.requirements("")) == project["dependencies"]
    more = [*project["optional-dependencies"]["warp"], *project["optional-dependencies"]["otel"]]
    assert list(environment.requirements("warp, otel")) == [*project["dependencies"], *more]
    with pytest.raises(SystemExit, match="there is no extra 'hotel'"):
        list(environment.requirements("hotel"))


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a folder that looks like an environment with three packages."""
    files = {
        "useful": ["useful/__init__.py", "useful/fast.pyx", "useful/tests/test_it.py", "../../../bin/useful"],
        "pygments": ["pygments/__init__.py", "pygments/lexers/all.py"],
        "brings": ["brings/__init__.py", "brings.libs/lib.so"],
    }
    packages = tmp_path / "lib/python3.13/site-packages"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").touch()
    for name, paths in files.items():
        record = packages / f"{name}-1.0.dist-info/RECORD"
        for path in [*paths, f"{record.parent.name}/RECORD"]:
            (packages / path).parent.mkdir(parents=True, exist_ok=True)
            (packages / path).touch()
        record.write_text("".join(f"{path},,\n" for path in [*paths, f"{record.parent.name}/RECORD"]))
    return tmp_path


def left_in(folder: Path) -> Iterator[str]:
    packages = folder / "lib/python3.13/site-packages"
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(packages if path.is_relative_to(packages) else folder))


def test_what_no_server_needs_is_trimmed(installed: Path) -> None:
    environment.trim(installed)

    assert sorted(left_in(installed)) == [
        "bin/python3",
        "brings-1.0.dist-info/RECORD",
        "brings.libs/lib.so",
        "brings/__init__.py",
        "useful-1.0.dist-info/RECORD",
        "useful/__init__.py",
    ]


def test_what_is_trimmed_is_not_missed_by_any_command() -> None:
    code = "import sys; sys.modules.update(dict.fromkeys(%r)); import simulator.cli.demo, simulator.assembly"
    absent = [name.removesuffix("_py") for name in environment.NEEDLESS_PACKAGES]

    subprocess.run([sys.executable, "-c", code % absent], check=True, timeout=60)


def test_a_client_whose_engine_does_not_run_is_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, status in (("docker", 1), ("podman", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {status}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert engines.find_engine().name == "podman"
    with pytest.raises(engines.NoEngine, match="`docker info` fails"):
        engines.find_engine("docker")
    with pytest.raises(engines.NoEngine, match="buildah is not installed"):
        engines.find_engine("buildah")


@pytest.mark.usefixtures("in_checkout")
def test_the_build_is_told_what_the_dockerfile_asks_for(instructions: list[Instruction]) -> None:
    asked = {rest.partition("=")[0] for word, rest in instructions if word == "ARG"}
    told = {"PYTHON_IMAGE", "BUILD_IMAGE", "EXTRAS", *build._about_the_checkout()}

    assert told <= asked
    assert build._default_base() in instructions[0][1]


@pytest.mark.usefixtures("in_checkout")
@pytest.mark.parametrize("name", ["docker", "podman"])
def test_an_engine_is_told_all_and_how_packages_are_reached_as_secrets_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    authorities, asked = tmp_path / "ca.pem", tmp_path / "asked"
    authorities.touch()
    (tmp_path / name).write_text(f'#!/bin/sh\necho "$@" >> {asked}\ncase "$2" in inspect) echo 194000000;; esac\n')
    (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setenv("PIP_CERT", str(authorities))
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example.com/simple")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setattr(sys, "argv", ["make image", "--engine", name, "--base", "mine:1", "--extras", "otel"])

    status = build.main()

    [told] = [line for line in asked.read_text().splitlines() if line.startswith("build ")]
    assert status == 0
    assert "its size: 194000000" in capsys.readouterr().out
    for words in (
        "--build-arg EXTRAS=otel",
        "--build-arg SOURCE_DATE_EPOCH=1700000000",
        f"id=ca.pem,src={authorities}",
    ):
        assert words in told
    assert "--secret id=pip.conf,src=" in told
    assert "packages.example.com" not in told
    assert ("--timestamp 1700000000" in told) == (name == "podman")


def test_a_base_made_here_is_named_as_what_it_is() -> None:
    assert debian.BASE.startswith(build.TAG)
    assert build._full_name("python:3.13-slim") == "docker.io/library/python:3.13-slim"
    assert build._full_name("localhost/mine") == "localhost/mine"


def test_a_wheel_lies_there_for_the_build_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "WHEELS", tmp_path / "wheels")
    build.WHEELS.mkdir()
    wheel = tmp_path / "any-1-py3-none-any.whl"
    wheel.write_bytes(b"wheel")

    with build._wheels([wheel]):
        assert [path.read_bytes() for path in build.WHEELS.iterdir()] == [b"wheel"]

    assert list(build.WHEELS.iterdir()) == []


def test_wheels_that_are_not_there_end_it_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "WHEELS", tmp_path)

    with pytest.raises(SystemExit, match=r"image: .*missing\.whl"), build._wheels([tmp_path / "missing.whl"]):
        pass
