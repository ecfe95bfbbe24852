"""Uses the simulator that this Python has installed as its users do: ``cd EMPTY && python try_installed.py CHECKOUT``.

A program of its own, for no checkout may be on its path: of the repository it needs nothing but itself.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

import simulator
from simulator import vendors
from simulator.vendors.vendor import Tour, Vendor

SIMULATOR = [sys.executable, "-m", "simulator"]
MOST_LOOKS = 100
PATIENCE_S = 60
SCENARIO = "scenario: mine\nstates:\n  waiting: {for: 1s, then: running}\n  running: {for: 2s, then: succeeded}\n"
TEST = """
def test_a_job(simulator):
    assert simulator.url.startswith("http://127.0.0.1:")
"""
open_url = build_opener(ProxyHandler({})).open


def main(checkout: Path) -> None:
    """Try everything; an exception says what does not work."""
    home = Path(simulator.__file__).resolve()
    assert not home.is_relative_to(checkout.resolve()), f"this is the checkout: {home}"
    assert said("--version") == f"simulator {simulator.__version__}\n"
    with subprocess.Popen(
        [*SIMULATOR, "serve", "--port", "0", "--clock", "skip", "--cache", "cache"], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            url = listening_at(server)
            health = json.loads(fetch("GET", f"{url}/_simulator/health"))
            assert health == {"status": "ok", "version": simulator.__version__}, health
            for name in vendors.NAMES:
                print(walk(url, vendors.load(name)))
        finally:
            server.terminate()
    assert server.returncode == 0, server.returncode
    assert not list(Path("cache").glob("*.json")), "the wheel lacks twins: contracts were read from YAML"
    Path("mine.yaml").write_text(SCENARIO)
    said("check", "mine.yaml")
    said("demo", "--speed", "0", "--into", "made")
    assert list(Path("made").iterdir())
    said("exec", "--", sys.executable, "-c", "pass")
    used = ["version", "health", f"jobs of {len(vendors.NAMES)} vendors", "check", "demo", "exec"]
    if is_here("pytest"):
        used.append("the pytest plugin")
        Path("test_plugin.py").write_text(TEST)
        result = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_plugin.py")
        assert "1 passed" in result, result
    print(f"{', '.join(used)} work: {home}")


def walk(url: str, vendor: Vendor) -> str:
    """Submit a job, poll it to its good end, download its files; return that in words."""
    assert vendor.tour
    tour, base = vendor.tour, f"{url}/{vendor.name}"
    headers = {name: text.replace("{key}", vendor.sample_key) for name, text in tour.headers}
    method, _, path = tour.submit.partition(" ")
    reply = json.loads(fetch(method, base + path, tour.json, headers))
    [job_id] = at(reply, tour.id_at)
    for _ in range(MOST_LOOKS):
        reply = json.loads(fetch("GET", base + tour.poll.replace("{id}", quote(str(job_id), safe="")), None, headers))
        if is_over(reply, tour):
            break
    assert list(at(reply, tour.word_at)) == [tour.good_word], reply
    files = [fetch("GET", where if "://" in where else base + where) for where in at(reply, tour.files_at)]
    assert files
    assert all(files)
    return f"{vendor.name}: {tour.good_word}, {sum(map(len, files))} bytes"


def is_over(reply: Any, tour: Tour) -> bool:
    """Whether a reply shows a status after which nothing follows."""
    return next(at(reply, tour.word_at), None) not in (None, *tour.running_words)


def at(reply: Any, place: str) -> Iterator[Any]:
    """Yield what stands at a dotted place; ``*`` is every item of a list."""
    first, _, rest = place.partition(".")
    if isinstance(reply, list):
        found = reply if first == "*" else reply[int(first) : int(first) + 1]
    else:
        found = [reply[first]] if isinstance(reply, dict) and first in reply else []
    for item in found:
        yield from at(item, rest) if rest else [item]


def fetch(method: str, url: str, body: Any = None, headers: dict[str, str] | None = None) -> bytes:
    """Return the body of a reply."""
    sent = None if body is None else json.dumps(body).encode()
    request = Request(url, sent, {"Content-Type": "application/json", **(headers or {})}, method=method)
    with open_url(request, timeout=PATIENCE_S) as reply:
        content: bytes = reply.read()
        return content


def listening_at(server: subprocess.Popen[str]) -> str:
    """Return the URL that a server says when it listens."""
    assert server.stdout
    line = server.stdout.readline()
    found = re.search(r" on (http://\S+)", line)
    assert found, line
    return found[1]


def said(*arguments: str) -> str:
    """Return what a command of the simulator prints."""
    return run(*SIMULATOR, *arguments)


def run(*command: str) -> str:
    """Return what a program prints; it must end well."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def is_here(name: str) -> bool:
    """Whether a module can be imported."""
    from importlib.util import find_spec

    return find_spec(name) is not None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
