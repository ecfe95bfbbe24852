"""A simulator as a child process, and what says that a container cannot be had."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from simulator.client import SimulatorContainer, SimulatorRefused, Unreachable, start
from tests.client.control import submit

LEFT_OPEN = """
from simulator.client import start
simulator = start("--clock", "manual")
print(simulator.pid, simulator.url, simulator.clock.mode)
"""


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SIMULATOR_")]:
        monkeypatch.delenv(name)


def test_it_serves_until_the_end_of_the_block() -> None:
    with start("--clock", "manual", "--seed", "7", token="secret") as simulator:
        assert simulator.clock.mode == "manual"
        assert simulator.jobs.get(submit(simulator.useapi)).status == "started"
    with pytest.raises(Unreachable):
        simulator.clock.read()
    simulator.close()


def test_a_wrong_flag_is_told_as_the_command_line_tells_it() -> None:
    with pytest.raises(SimulatorRefused, match=r"the simulator did not start: .*--clok"):
        start("--clok", "manual")


def test_one_that_says_nothing_in_time_is_stopped() -> None:
    with pytest.raises(SimulatorRefused, match=r"it said nothing for 0\.01 s"):
        start(timeout=0.01)


def test_one_that_is_left_open_ends_with_its_process() -> None:
    done = subprocess.run([sys.executable, "-c", LEFT_OPEN], capture_output=True, text=True, timeout=60, check=True)

    pid, _, mode = done.stdout.split()
    assert mode == "manual"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


@pytest.mark.skipif(find_spec("testcontainers") is not None, reason="testcontainers is installed")
def test_without_testcontainers_it_says_what_is_needed() -> None:
    with pytest.raises(ImportError, match=r"needs the package testcontainers.*simulator\.client\.start\(\)"):
        SimulatorContainer()
