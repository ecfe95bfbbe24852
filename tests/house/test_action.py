"""The GitHub action: its scripts, taken out of action.yml and run as the runner runs them."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest
import yaml

from simulator import __version__
from simulator.cli import _parser
from simulator.settings import read_settings

VARIABLES_OF_TLS = {
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "NODE_USE_ENV_PROXY",
}


class Runner:
    """Enough of a runner: the files and variables that it gives to steps, and what those write into them."""

    def __init__(self, folder: Path, checkout: Path) -> None:
        self._folder, self._checkout = folder, checkout
        self._action = yaml.load((checkout / "action.yml").read_text(), Loader=yaml.BaseLoader)
        self.temp = folder / "temp"
        for made in ("temp", "home", "path"):
            (folder / made).mkdir()
        # In place of a Python that makes environments and of a pip that fetches: both note what they are asked for.
        stand_in = folder / "path/python3"
        stand_in.write_text(
            f'#!/bin/sh\necho "$@" >> {folder}/asked\nmkdir -p "$3/bin"\n'
            f'printf \'#!/bin/sh\\nif [ "$2" = pip ]; then echo "$@" >> {folder}/asked; else exec {sys.executable} "$@"; fi\\n\''
            f' > "$3/bin/python"\n'
            f'printf \'#!/bin/sh\\nexec {sys.executable} -m simulator "$@"\\n\' > "$3/bin/simulator"\n'
            f'chmod +x "$3/bin/python" "$3/bin/simulator"\n'
        )
        stand_in.chmod(0o755)

    def run(self, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run the steps that the inputs ask for; return the last, which is the first that fails."""
        told = {name: about.get("default", "") for name, about in self._action["inputs"].items()} | inputs
        for step in self._action["runs"]["steps"]:
            is_wanted = (told["do"] == "stop") == (step["if"] == "inputs.do == 'stop'")
            if is_wanted:
                done = self._step(step, told)
                if done.returncode:
                    break
        return done

    def _step(self, step: Mapping[str, Any], told: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        kept = {name: said for name, said in os.environ.items() if not name.startswith("SIMULATOR_")}
        given = {
            "PATH": f"{self._folder / 'path'}:{os.environ['PATH']}",
            "HOME": str(self._folder / "home"),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_ACTION_PATH": str(self._checkout),
            **{f"GITHUB_{name}": str(self._folder / name) for name in ("ENV", "OUTPUT", "PATH")},
        }
        inputs = {
            name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: told[found[1]], said)
            for name, said in step.get("env", {}).items()
        }
        script = self._folder / "script.sh"
        script.write_text(step["run"])
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            env=kept | given | inputs,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def told(self, name: str) -> dict[str, str]:
        """Return what steps wrote into GITHUB_ENV or GITHUB_OUTPUT."""
        path = self._folder / name
        lines = path.read_text().splitlines() if path.exists() else []
        return dict(line.split("=", 1) for line in lines)

    @property
    def asked(self) -> str:
        """What Python and pip were asked for."""
        return (self._folder / "asked").read_text()

    def end(self) -> None:
        """End a server that a failed test left."""
        pid = self.temp / "media-api-simulator/pid"
        if pid.exists():
            with suppress(ProcessLookupError):
                os.kill(int(pid.read_text()), signal.SIGKILL)


@pytest.fixture
def runner(tmp_path: Path, checkout: Path) -> Iterator[Runner]:
    runner = Runner(tmp_path, checkout)
    yield runner
    runner.end()


def get(url: str) -> Any:
    with build_opener(ProxyHandler({})).open(url, timeout=30) as reply:
        return json.load(reply)


def test_the_action_starts_a_simulator_that_later_steps_reach_and_stops_it(runner: Runner) -> None:
    started = runner.run(port="0", clock="manual", scenario="queued", arguments="--seed 'a b; $(touch spoilt)' --hold")

    assert started.returncode == 0, started.stdout + started.stderr
    url = runner.told("ENV")["SIMULATOR_URL"]
    assert runner.told("OUTPUT") == {"url": url}
    assert get(f"{url}/_simulator/health")["version"] == __version__
    assert get(f"{url}/_simulator/clock")["mode"] == "manual"
    assert "seed: a b; $(touch spoilt)" in started.stdout
    assert not list(runner.temp.rglob("spoilt"))
    assert VARIABLES_OF_TLS.isdisjoint(runner.told("ENV"))

    stopped = runner.run(do="stop")

    assert stopped.returncode == 0, stopped.stderr
    assert "/_simulator/clock" in stopped.stdout or "Simulator " in stopped.stdout
    with pytest.raises(URLError):
        get(url)


def test_the_action_installs_its_own_code_or_the_version_asked_for(runner: Runner, checkout: Path) -> None:
    runner.run(port="no port")
    runner.run(port="no port", version="0.1.0; touch x")

    [own, named] = [line for line in runner.asked.splitlines() if " pip " in line]
    assert own.endswith(f"--constraint {checkout}/constraints.txt {checkout}")
    assert named.endswith(" media-api-simulator==0.1.0; touch x")


def test_the_action_says_why_it_did_not_start(runner: Runner) -> None:
    """What the log says is shown to the runner as text, and is no command to it."""
    done = runner.run(port="0", clock="::add-mask::sundial")

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    [said] = [number for number, line in enumerate(lines) if "there is no clock mode '::add-mask::sundial'" in line]
    [begin] = [number for number, line in enumerate(lines) if line.startswith("::stop-commands::")]
    [end] = [number for number, line in enumerate(lines) if line == f"::{lines[begin].rpartition('::')[2]}::"]
    assert begin < said < end
    assert lines[-1].startswith("::error title=Media API simulator::")
    assert runner.told("ENV") == {}


def test_with_tls_later_steps_reach_the_vendors_own_names(runner: Runner) -> None:
    started = runner.run(port="0", tls="true")

    assert started.returncode == 0, started.stdout + started.stderr
    told = runner.told("ENV")
    assert set(told) == VARIABLES_OF_TLS | {"SIMULATOR_URL"}
    assert told["HTTPS_PROXY"] == told["https_proxy"] == told["SIMULATOR_URL"]
    assert "-----BEGIN CERTIFICATE-----" in Path(told["NODE_EXTRA_CA_CERTS"]).read_text()
    code = (
        "import json, urllib.request as u, urllib.error as e\n"
        "try: print(u.urlopen('https://api.deepswapai.com/v1/status/nothing', timeout=30).status)\n"
        "except e.HTTPError as error: print(error.code, json.load(error))\n"
    )
    client = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | told, capture_output=True, text=True, check=False
    )
    assert "error" in client.stdout, client.stderr

    runner.run(do="stop")

    assert runner.told("ENV")["HTTPS_PROXY"] == ""
    assert runner.told("ENV")["https_proxy"] == ""


@pytest.mark.parametrize("name", ["examples/workflow.yml", ".github/workflows/test.yml"])
def test_workflows_say_to_it_what_it_understands(name: str, checkout: Path) -> None:
    action = yaml.safe_load((checkout / "action.yml").read_text())
    jobs = yaml.safe_load((checkout / name).read_text())["jobs"].values()
    uses = [
        step for job in jobs for step in job["steps"] if re.match(r"\./$|.*/media-api-simulator@", step.get("uses", ""))
    ]

    assert len(uses) == 2  # start and stop
    for step in uses:
        assert set(step["with"]) <= set(action["inputs"])
        read_settings(vars(_parser().parse_args(["serve", *shlex.split(step["with"].get("arguments", ""))])), {})


def test_a_stop_without_a_start_is_no_failure(runner: Runner) -> None:
    assert runner.run(do="stop").returncode == 0
