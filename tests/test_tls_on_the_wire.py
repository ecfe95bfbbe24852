"""https and the proxy as clients meet them: each completes a job by the vendor's own URL, its code unchanged."""

import re
import shlex
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener, urlopen

import msgspec
import pytest

from simulator.assembly import Background
from simulator.cli.serve import welcome
from simulator.server.authority import Authority
from simulator.settings import Settings, read_environment
from tests.production_clients import commands

HOST = "api.deepswapai.com"
CREDITS = "/v1/credits"
KEY = {"Authorization": f"Bearer {commands.KEY}"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


def settings(folder: Path) -> Settings:
    credits = ("deepswapai.credits_endpoint", "on")
    return Settings(port=0, tls=True, tls_port=0, tls_folder=folder, clock="skip", seed="tls", switches=(credits,))


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Background]:
    with Background(settings(folder)) as running:
        yield running


@pytest.fixture(autouse=True)
def _begin_again(server: Background) -> None:
    server.simulator.sandboxes.main.reset()


def authority(server: Background) -> Authority:
    assert server.simulator.authority is not None
    return server.simulator.authority


def trusting(server: Background) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority(server).ca_pem.decode())


@contextmanager
def tunnel(server: Background, host: str = HOST) -> Iterator[HTTPSConnection]:
    """Give out a connection to a host that goes through the proxy."""
    with direct(server, door=0) as connection:
        connection.set_tunnel(host, 443)
        yield connection


@contextmanager
def direct(server: Background, context: ssl.SSLContext | None = None, door: int = 1) -> Iterator[HTTPSConnection]:
    """Give out a connection to a port of the server, by default the one for https."""
    port = server.simulator.doors[door].port
    connection = HTTPSConnection("localhost", port, context=context or trusting(server), timeout=30)
    with closing(connection):
        yield connection


def ask(
    connection: HTTPConnection, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, bytes]:
    connection.request(method, path, body, {**KEY, **headers})
    reply = connection.getresponse()
    return reply.status, reply.read()


def pasted(server: Background) -> dict[str, str]:
    """Return an environment after the lines that the start prints have been pasted into it."""
    lines = re.findall(r"^ +export (.+)$", welcome(server.simulator), re.MULTILINE)
    told = dict(word.split("=", 1) for line in lines for word in shlex.split(line))
    return {**{name: said for name, said in read_environment().items() if "PROXY" not in name.upper()}, **told}


@pytest.mark.parametrize("name", commands.NAMES)
def test_an_unchanged_client_completes_a_job_through_the_proxy(server: Background, name: str) -> None:
    if why := commands.why_not(name):
        pytest.skip(why)

    done = subprocess.run(
        commands.command(name), env=pasted(server), capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    status, url, size = done.stdout.split()
    assert (status, url.split("/")[:3]) == ("completed", ["https:", "", "cdn.deepswapai.com"])
    assert int(size) > 1000
    calls = [exchange.operation for exchange in server.simulator.sandboxes.main.journal]
    assert calls[0] == "videoSwap"
    assert "getStatus" in calls


def test_a_tunnel_carries_many_calls(server: Background) -> None:
    with tunnel(server) as connection:
        answers = {ask(connection, "GET", CREDITS)[0] for _ in range(50)}

    assert answers == {200}
    assert len(server.simulator.sandboxes.main.journal) == 50


def test_a_large_body_passes_a_tunnel_whole(server: Background) -> None:
    body = b'{"source_image": "' + b"a" * (24 << 20) + b'"}'

    with tunnel(server) as connection:
        status, _ = ask(connection, "POST", "/v1/image-swap", body, **{"Content-Type": "application/json"})

    [exchange] = server.simulator.sandboxes.main.journal
    assert (status, exchange.status) == (400, 400)
    assert f"{len(body)} bytes in all".encode() in exchange.sent


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_tls_are_spoken(server: Background, version: ssl.TLSVersion) -> None:
    context = trusting(server)
    context.minimum_version = context.maximum_version = version
    context.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python does from 3.13 on

    with direct(server, context) as connection:
        assert ask(connection, "GET", f"/deepswapai{CREDITS}")[0] == 200


def test_output_urls_come_by_the_way_the_call_came(server: Background) -> None:
    body = b'{"source_image": "https://example.com/a.jpg", "target_image": "https://example.com/b.jpg"}'
    headers = {"Content-Type": "application/json"}

    with direct(server) as connection, tunnel(server) as tunnelled:
        _, here = ask(connection, "POST", "/deepswapai/v1/image-swap", body, **headers)
        _, there = ask(tunnelled, "POST", "/v1/image-swap", body, **headers)

    assert f'"https://localhost:{server.simulator.doors[1].port}/deepswapai/'.encode() in here
    assert b'"https://cdn.deepswapai.com/' in there


def test_a_client_does_not_take_us_for_a_host_that_we_may_not_be(server: Background) -> None:
    raw = socket.create_connection(("127.0.0.1", server.simulator.doors[1].port), timeout=30)

    with raw, pytest.raises(ssl.SSLCertVerificationError, match=r"not valid for 'example\.com'"):
        trusting(server).wrap_socket(raw, server_hostname="example.com")


def test_what_is_refused_is_said_where_a_client_shows_it(server: Background) -> None:
    opener = build_opener(ProxyHandler({"https": server.url, "http": server.url}))

    with pytest.raises(
        URLError, match=r"403 example\.com is no vendor's host; --proxy-passthrough example\.com lets it through"
    ):
        opener.open("https://example.com/", timeout=30)

    assert server.simulator.proxy is not None
    assert server.simulator.proxy.refused["example.com"] == 1
    [note] = server.simulator.sandboxes.main.journal
    assert "the proxy refused example.com:443" in note.marks[0]


def test_the_ca_is_served_to_whoever_is_to_trust_it(server: Background, folder: Path) -> None:
    with urlopen(f"{server.url}/_simulator/tls/ca.pem", timeout=30) as reply:
        pem, kind = reply.read(), reply.headers["Content-Type"]

    assert pem == (folder / "ca.pem").read_bytes() == authority(server).ca_pem
    assert b"PRIVATE" not in pem
    assert kind == "application/x-pem-file"


def test_where_no_folder_can_be_written_the_start_says_how_to_fetch_the_ca(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with Background(settings(tmp_path / "file" / "tls")) as here:
        printed = welcome(here.simulator)

        assert f"curl -sSo ca.pem {here.simulator.url}/_simulator/tls/ca.pem" in printed
        assert 'SSL_CERT_FILE="$PWD/ca.pem"' in printed


@pytest.mark.parametrize(("host", "warns"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_a_proxy_that_others_can_use_for_more_than_vendors_is_warned_of(
    tmp_path: Path, host: str, *, warns: bool
) -> None:
    with Background(settings(tmp_path)) as here:
        said = msgspec.structs.replace(here.simulator.settings, host=host, proxy_passthrough=("a.example", "b.example"))
        here.simulator.settings = said  # it listens on loopback still

        printed = welcome(here.simulator)

    assert ("Warning: whoever can reach this port gets through it to a.example, b.example" in printed) == warns


def test_the_control_api_is_behind_https_too_and_its_token_guards_it_there(tmp_path: Path) -> None:
    token = msgspec.structs.replace(settings(tmp_path), token="let-me-in")

    with Background(token) as guarded, direct(guarded) as connection:
        statuses = {
            path: ask(connection, "GET", f"/_simulator/{path}")[0] for path in ("health", "tls/ca.pem", "clock")
        }

    assert statuses == {"health": 200, "tls/ca.pem": 200, "clock": 401}


def test_a_start_with_an_unusable_certificate_says_why_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("nothing")
    command = [sys.executable, "-m", "simulator", "serve", "--port", "0", "--tls-cert", str(tmp_path / "cert.pem")]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "cert.pem holds no certificate" in done.stderr


def test_a_server_that_nobody_made_a_proxy_says_how_to(server: Background) -> None:
    with Background(Settings(port=0, seed="t")) as plain:
        opener = build_opener(ProxyHandler({"https": plain.url}))
        with pytest.raises(URLError, match="501 this simulator is no proxy yet: start the server with --tls"):
            opener.open(f"https://{HOST}/", timeout=30)


def test_all_ends_soon_with_tunnels_open(tmp_path: Path) -> None:
    with ExitStack() as held:
        with Background(settings(tmp_path)) as here:
            for _ in range(20):
                assert ask(held.enter_context(tunnel(here)), "GET", CREDITS)[0] == 200
            silent = held.enter_context(
                socket.create_connection(("127.0.0.1", here.simulator.doors[0].port), timeout=30)
            )
            silent.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            assert silent.recv(100).startswith(b"HTTP/1.1 200")
            began = time.monotonic()

        assert time.monotonic() - began < 2
        assert silent.recv(100) == b""
