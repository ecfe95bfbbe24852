"""The examples name settings, hosts and options that there are; no engine and no workflow runs here."""

import re
from pathlib import Path
from typing import Any

import yaml

from simulator import vendors
from simulator.cli import _parser
from simulator.settings import OPTIONS


def read(checkout: Path, name: str) -> Any:
    return yaml.safe_load((checkout / "examples" / name).read_text())


def options(text: str) -> set[str]:
    return set(re.findall(r"--simulator-[a-z]+", text))


def test_the_compose_file_starts_a_simulator_that_answers_for_the_vendors(checkout: Path) -> None:
    simulator = read(checkout, "compose.yaml")["services"]["simulator"]

    assert _parser().parse_args(simulator["command"]).clock == "skip"
    assert set(simulator["environment"]) <= {option.variable for option in OPTIONS}
    hosts = {host for name in vendors.NAMES for host in (vendors.load(name).host, *vendors.load(name).other_hosts)}
    assert set(simulator["networks"]["default"]["aliases"]) <= hosts


def test_the_plugins_options_that_the_examples_name_are_there(checkout: Path) -> None:
    plugin = (checkout / "simulator/pytest_plugin/__init__.py").read_text()
    known = {"--simulator-url", "--simulator-token", *options(plugin)}

    named = options((checkout / "examples/compose.yaml").read_text())
    named |= options(str(read(checkout, "workflow.yml")))

    assert {"--simulator-url"} <= named <= known
