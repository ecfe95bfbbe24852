"""The vendors' own host names: in any spelling they are that vendor's, and clients that know nothing else complete a job."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from simulator import vendors
from simulator.assembly import Background
from simulator.cli import main
from simulator.settings import Settings
from tests.production_clients import commands
from tests.test_vendors_on_the_wire import with_key


def own_hosts() -> list[tuple[str, str]]:
    """Return the hosts of each vendor that has some; openshorts is at home wherever its user installs it."""
    return [
        (vendor.name, host)
        for vendor in map(vendors.load, vendors.NAMES)
        for host in (vendor.host, *vendor.other_hosts, *vendor.media_hosts)
        if ":" not in host
    ]


@pytest.fixture(scope="module")
def server() -> Iterator[Background]:
    with Background(Settings(port=0, clock="skip", seed="aliases")) as running:
        yield running


def ask(server: Background, method: str, path: str, host: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    """Make a call with a Host header just as it is given; return status and body."""
    connection = HTTPConnection("127.0.0.1", server.simulator.doors[0].port, timeout=30)
    try:
        said = {"Host": host, "Content-Type": "application/json", **headers}
        connection.request(method, path, json.dumps(body) if body else None, said)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def test_all_vendors_that_live_somewhere_are_here() -> None:
    assert {name for name, _ in own_hosts()} == {*vendors.NAMES} - {"openshorts"}


def test_the_lines_for_a_hosts_file_name_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hosts", "--address", "10.0.0.7"]) == 0

    lines = [line.partition("#")[0].split() for line in capsys.readouterr().out.splitlines()]
    assert {line[0] for line in lines} == {"10.0.0.7"}
    assert sorted(name for line in lines for name in line[1:]) == sorted(host for _, host in own_hosts())


def test_a_hosts_file_takes_addresses_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hosts", "--address", "simulator.internal"]) == 2
    assert "'simulator.internal' is no IP address" in capsys.readouterr().err


@pytest.mark.parametrize("spelling", ["{}", "{}:443", "{}:8080", "{}.", "{}.:443"])
@pytest.mark.parametrize("in_capitals", [False, True], ids=["small", "capital"])
@pytest.mark.parametrize(("vendor", "host"), own_hosts(), ids=[host for _, host in own_hosts()])
def test_every_host_is_its_vendors_in_every_spelling(
    server: Background, vendor: str, host: str, spelling: str, in_capitals: bool
) -> None:
    server.simulator.sandboxes.main.reset()

    ask(server, "GET", "/no/such/path", spelling.format(host.upper() if in_capitals else host))

    assert [call.vendor for call in server.simulator.sandboxes.main.journal] == [vendor]


@pytest.mark.parametrize(
    "host", ["deepswapai.com", "evil-api.deepswapai.com", "api.deepswapai.com.example.com", "example.com"]
)
def test_a_host_that_is_only_like_a_vendors_is_nobodys(server: Background, host: str) -> None:
    server.simulator.sandboxes.main.reset()

    status, _ = ask(server, "GET", "/v1/status/x", host)

    assert status == 404
    assert not [*server.simulator.sandboxes.main.journal]


def test_a_job_goes_from_the_vendors_host_to_its_file_host(server: Background) -> None:
    server.simulator.sandboxes.main.reset()
    host = "API.DeepSwapAI.com:8443"
    headers = {name.replace("_", "-"): said for name, said in with_key("deepswapai").items()}
    swap = {"source_image": "https://example.com/f.jpg", "target_video": "https://example.com/c.mp4?duration=2"}

    job = json.loads(ask(server, "POST", "/v1/video-swap", host, swap, **headers)[1])["job_id"]
    said = next(
        said
        for _ in range(50)
        if (said := json.loads(ask(server, "GET", f"/v1/status/{job}", host, **headers)[1]))["status"] == "completed"
    )
    found = re.fullmatch(r"http://(cdn\.deepswapai\.com:8443)(/.+)", said["output_url"])
    assert found
    status, output = ask(server, "GET", found[2], found[1])

    assert (status, output[4:8]) == (200, b"ftyp")


_NAMESPACES = (
    ["unshare", "--map-root-user", "--mount", "--net"],
    ["unshare", "--mount", "--net"],  # for root where user namespaces are off
)


@pytest.fixture(scope="module")
def ended(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[int, str, str]]:
    """Run all clients in a namespace of their own, whose hosts file leads to a simulator; return how each ended."""
    namespace = _find_namespace()
    script = checkout / "tests/production_clients/behind_an_alias.py"
    environment = {name: said for name, said in os.environ.items() if not name.startswith("SIMULATOR_")}
    done = subprocess.run(
        [*namespace, sys.executable, str(script), str(tmp_path_factory.mktemp("ca"))],
        env={**environment, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {name: tuple(said) for name, said in json.loads(done.stdout).items()}  # type: ignore[misc]


def _find_namespace() -> list[str]:
    if not shutil.which("unshare"):
        pytest.skip("there is no unshare here")
    may = "mount --bind /etc/hosts /etc/hosts"
    for namespace in _NAMESPACES:
        tried = subprocess.run([*namespace, "sh", "-c", may], capture_output=True, text=True, timeout=30, check=False)
        if tried.returncode == 0:
            return namespace
    pytest.skip(f"no namespace may be made here: {tried.stderr.strip()}")


@pytest.mark.parametrize("name", commands.NAMES)
def test_a_client_of_production_completes_a_job_by_https_and_a_hosts_file(
    ended: Mapping[str, tuple[int, str, str]], name: str
) -> None:
    if why := commands.why_not(name):
        pytest.skip(why)

    status, printed, complained = ended[name]

    assert status == 0, complained
    assert re.fullmatch(r"completed https://cdn\.deepswapai\.com/\S+ [1-9]\d{3,}\n", printed)
