"""The examples name settings, hosts and options that there are; no engine and no workflow runs here."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from simulator import vendors
from simulator.settings import read_settings


def read(checkout: Path, name: str) -> Any:
    return yaml.safe_load((checkout / "examples" / name).read_text())


def options(text: str) -> set[str]:
    return set(re.findall(r"--simulator-[a-z]+", text))


IN_THE_IMAGE = {"SIMULATOR_HOST": "0.0.0.0", "SIMULATOR_OPEN_CONTROL": "true"}


def test_the_compose_file_is_one(checkout: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]

    done = subprocess.run(
        [*command, str(checkout / "examples/compose.yaml")], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


def test_the_compose_files_simulator_answers_by_https_for_every_host_of_the_vendors(checkout: Path) -> None:
    services = read(checkout, "compose.yaml")["services"]
    simulator, tests = services["simulator"], services["tests"]

    settings = read_settings({}, IN_THE_IMAGE | simulator["environment"])

    assert (settings.port, settings.tls, settings.tls_port, settings.clock) == (80, True, 443, "skip")
    assert f"--simulator-token {settings.token}" in tests["command"]
    aliases = simulator["networks"]["default"]["aliases"]
    assert len(aliases) == len({*aliases})
    assert {*aliases} == {
        host
        for vendor in map(vendors.load, vendors.NAMES)
        for host in (vendor.host, *vendor.other_hosts, *vendor.media_hosts)
        if ":" not in host
    }


def test_the_compose_files_tests_read_the_ca_where_the_simulator_keeps_it(checkout: Path) -> None:
    services = read(checkout, "compose.yaml")["services"]
    image = (checkout / "Dockerfile").read_text()
    [volume, folder] = services["simulator"]["volumes"][0].split(":")

    assert f"SIMULATOR_FOLDER={folder}" in image
    assert f"{volume}:{folder}:ro" in services["tests"]["volumes"]
    files = set(services["tests"]["environment"].values())
    assert files == {f"{folder}/tls/bundle.pem", f"{folder}/tls/ca.pem"}
    assert services["simulator"]["healthcheck"]["test"] == ["CMD", "simulator", "health"]
    assert services["tests"]["depends_on"] == {"simulator": {"condition": "service_healthy"}}


def test_the_plugins_options_that_the_examples_name_are_there(checkout: Path) -> None:
    plugin = (checkout / "simulator/pytest_plugin/__init__.py").read_text()
    known = {"--simulator-url", "--simulator-token", *options(plugin)}

    named = options((checkout / "examples/compose.yaml").read_text())
    named |= options(str(read(checkout, "workflow.yml")))

    assert {"--simulator-url"} <= named <= known
