"""The proxy: vendors are answered, what is opened is let through, and nothing else ever reaches anything."""

import gzip
import re
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from simulator.assembly import Background
from simulator.outgoing import resolving
from simulator.sandbox.journal import shown_headers
from simulator.server import proxy
from simulator.settings import Settings

HOST = "api.deepswapai.com"
ASK = f"GET /v1/status/x HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
HELLO_OF_A_STRANGER = b"\x16\x03\x01\x00\x05hello"
Serve = Callable[..., Background]


@pytest.fixture(params=["uvloop", "asyncio"])
def serve(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Start servers that are proxies, on either kind of loop."""
    if request.param == "asyncio":
        monkeypatch.setitem(sys.modules, "uvloop", None)
    running: list[Background] = []

    def start(**said: Any) -> Background:
        settings = Settings(port=0, tls=True, tls_port=0, tls_folder=tmp_path, clock="skip", seed="proxy")
        running.append(Background(msgspec.structs.replace(settings, **said)).__enter__())
        return running[-1]

    yield start
    for one in running:
        if one.simulator.doors:
            one.__exit__()


@pytest.fixture
def target() -> Iterator["Target"]:
    with Target() as listening:
        yield listening


class Target:
    """A server somewhere else: keeps what it hears until an empty line and what follows, and answers as it is told."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.answer = b"HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 2\r\n\r\nhi"
        self.echoes = False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> "Target":
        self._thread.start()
        return self

    def __exit__(self, *about: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listening.close()
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                self.heard.append(b"")
                if self.echoes:
                    self._echo(connection)
                else:
                    self._reply(connection)

    def _reply(self, connection: socket.socket) -> None:
        while not self._is_whole(self.heard[-1]):
            if not (data := connection.recv(1 << 16)):
                return
            self.heard[-1] += data
        connection.sendall(self.answer)

    @staticmethod
    def _is_whole(heard: bytes) -> bool:
        head, end, body = heard.partition(b"\r\n\r\n")
        if b"chunked" in head:
            return body.endswith(b"0\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        return bool(end) and len(body) >= (int(length[1]) if length else 0)

    def _echo(self, connection: socket.socket) -> None:
        while data := connection.recv(1 << 16):
            self.heard[-1] += data
            connection.sendall(data)


def connect(server: Background) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.simulator.doors[0].port), timeout=10)


def say(server: Background, data: bytes) -> bytes:
    """Send something on a connection of its own and return all that comes back."""
    with connect(server) as client:
        client.sendall(data)
        return rest(client)


def rest(client: socket.socket) -> bytes:
    said = b""
    try:
        while data := client.recv(1 << 16):
            said += data
    except ConnectionError:
        pass
    return said


def asked(where: str, more: str = "") -> bytes:
    return f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{more}\r\n".encode()


def tunnel(server: Background, where: str) -> socket.socket:
    """Return a connection through the proxy to a host."""
    client = connect(server)
    client.sendall(asked(where))
    assert client.recv(39) == b"HTTP/1.1 200 Connection established\r\n\r\n"
    return client


def trusting(server: Background) -> ssl.SSLContext:
    assert server.simulator.authority is not None
    return ssl.create_default_context(cadata=server.simulator.authority.ca_pem.decode())


def names_looked_up(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return the list of names that the server is going to look up, none of which leads anywhere."""
    names: list[object] = []

    def look_up(name: object, *about: object, **more: object) -> list[object]:
        names.append(name)
        return []

    monkeypatch.setattr(resolving, "getaddrinfo", look_up)
    return names


def refused(server: Background) -> dict[str, int]:
    assert server.simulator.proxy is not None
    return server.simulator.proxy.refused


def test_a_vendor_is_answered_in_a_tunnel_with_tls(serve: Serve) -> None:
    server = serve()

    with trusting(server).wrap_socket(tunnel(server, f"{HOST}:443"), server_hostname=HOST) as client:
        client.sendall(ASK)
        said = rest(client)

    assert said.startswith(b"HTTP/1.1 401 ")
    assert b"Missing API key" in said


def test_the_way_to_the_proxy_may_itself_be_by_tls(serve: Serve) -> None:
    server = serve()
    raw = socket.create_connection(("127.0.0.1", server.simulator.doors[1].port), timeout=10)

    with trusting(server).wrap_socket(raw, server_hostname="localhost") as client:
        client.sendall(asked(f"{HOST}:80") + ASK)
        said = rest(client)

    assert said.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 401 ")


@pytest.mark.parametrize("where", [f"{HOST}:80", f"{HOST.upper()}:8080", f"{HOST}.:443"])
def test_plain_http_in_a_tunnel_is_answered_too(serve: Serve, where: str) -> None:
    said = say(serve(), asked(where) + ASK)  # in one piece: it does not wait to be told that the tunnel is open

    assert said.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 401 ")


def test_a_hello_that_comes_with_the_connect_is_not_lost(serve: Serve) -> None:
    server = serve()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    spoken = trusting(server).wrap_bio(incoming, outgoing, server_hostname=HOST)
    with pytest.raises(ssl.SSLWantReadError):
        spoken.do_handshake()

    with connect(server) as client:
        client.sendall(asked(f"{HOST}:443") + outgoing.read())
        said = client.recv(39)
        answered = client.recv(1)

    assert said.endswith(b"\r\n\r\n")
    assert answered == b"\x16"


def test_a_tunnel_with_rubbish_ends(serve: Serve) -> None:
    server = serve()

    said = say(server, asked(f"{HOST}:443") + HELLO_OF_A_STRANGER)
    also_said = say(server, asked(f"{HOST}:443") + b"\x00\x01rubbish\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 200 ")
    assert b" 400 Bad Request" in also_said


def test_a_tunnel_in_which_nothing_is_said_ends(serve: Serve) -> None:
    assert say(serve(client_timeout=0.02), asked(f"{HOST}:443")) == b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.mark.parametrize("where", [f"{HOST}:443", "localhost:{port}"], ids=["here", "elsewhere"])
def test_a_tunnel_takes_the_room_of_the_two_connections_that_it_is(serve: Serve, target: Target, where: str) -> None:
    server, where = serve(proxy_passthrough=("localhost",), max_connections=3), where.format(port=target.port)

    with tunnel(server, where):
        said = say(server, asked(where))

    assert said.startswith(b"HTTP/1.1 503 3 connections are open and none is idle")
    assert server.simulator.crowd.turned_away == 1


NOBODY = (
    *(
        "example.com:443",
        "api.deepswapai.com.example.com:443",
        "xapi.deepswapai.com:443",
        "host.docker.internal:{port}",
    ),
    *("127.0.0.1:{port}", "localhost:{port}", "localhost.:{port}", "a.localhost:{port}", "[::1]:{port}"),
    *("[::ffff:127.0.0.1]:{port}", "127.1:{port}", "2130706433:{port}", "0.0.0.0:{port}", "0:{port}"),
    "169.254.169.254:80",
)


@pytest.mark.parametrize("is_tunnel", [True, False], ids=["tunnel", "plain"])
def test_nobody_else_is_ever_reached(serve: Serve, monkeypatch: pytest.MonkeyPatch, *, is_tunnel: bool) -> None:
    looked_up = names_looked_up(monkeypatch)
    server = serve()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        places = [where.format(port=listening.getsockname()[1]) for where in NOBODY]

        answers = [
            say(server, asked(where) if is_tunnel else f"GET http://{where}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            for where in places
        ]

        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert [answer for answer in answers if not answer.startswith(b"HTTP/1.1 403 ")] == []
    assert [answer for answer in answers if b'"code":"not_let_through"' not in answer] == []
    assert looked_up == []
    hosts = [where.rpartition(":")[0].strip("[]").rstrip(".") for where in places]
    assert refused(server) == {host: hosts.count(host) for host in hosts}
    assert sum(server.simulator.watch.tally.rows["", "", 403].within) == len(places)
    notes = [note.marks[0] for note in server.simulator.sandboxes.main.journal]
    assert [host for host, note in zip(hosts, notes, strict=True) if f"the proxy refused {host}" not in note] == []


def test_our_own_port_is_ours_by_whatever_way(serve: Serve) -> None:
    server = serve()
    port = server.simulator.doors[0].port

    said = say(server, f"GET http://localhost:{port}/_simulator/health HTTP/1.0\r\n\r\n".encode())

    assert b" 200 OK" in said
    assert refused(server) == {}


@pytest.mark.parametrize(
    "where", [":443", f"{HOST}:0", f"{HOST}:65536", f"user@{HOST}:443", "a_\u00e9:443", "[::g]:443"]
)
def test_what_names_no_host_is_told_so(serve: Serve, where: str) -> None:
    assert say(serve(), asked(where))[8:].startswith(b" 400 ")


def test_a_vendors_url_may_hold_a_user(serve: Serve) -> None:
    said = say(serve(), f"GET http://us:er@{HOST}/v1/status/x HTTP/1.0\r\n\r\n".encode())

    assert b" 401 " in said.partition(b"\r\n")[0]


def test_https_is_not_asked_for_without_a_tunnel(serve: Serve, target: Target) -> None:
    server = serve(proxy_passthrough=("localhost",))

    said = say(server, f"GET https://localhost:{target.port}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"CONNECT" in said
    assert target.heard == []


def test_what_is_opened_is_let_through_both_ways(serve: Serve, target: Target) -> None:
    target.echoes, much = True, bytes(range(256)) * 4096
    server = serve(proxy_passthrough=("localhost",))

    with tunnel(server, f"localhost:{target.port}") as client:
        sending = threading.Thread(target=client.sendall, args=(much,))
        sending.start()
        said = b""
        while len(said) < len(much):
            said += client.recv(1 << 16)
        sending.join()

    assert said == much
    assert refused(server) == {}


def test_what_is_sent_with_the_connect_is_let_through(serve: Serve, target: Target) -> None:
    server = serve(proxy_passthrough=("localhost",))

    said = say(server, asked(f"localhost:{target.port}") + b"GET / HTTP/1.1\r\n\r\n")

    assert said == b"HTTP/1.1 200 Connection established\r\n\r\n" + target.answer
    assert target.heard == [b"GET / HTTP/1.1\r\n\r\n"]


def test_a_plain_request_is_sent_on_as_the_host_is_to_see_it_and_no_redirect_followed(
    serve: Serve, target: Target
) -> None:
    server = serve(proxy_passthrough=("localhost",))
    head = (
        f"POST http://us:er@localhost:{target.port}/a%20b?c=d HTTP/1.1\r\nHost: elsewhere\r\nX-One: 1\r\nX-Two: 2\r\n"
        "Connection: X-Two\r\nProxy-Authorization: Basic secret\r\nKeep-Alive: 9\r\nContent-Length: 4\r\n\r\n"
    )

    said = say(server, head.encode() + b"body")

    assert said == target.answer
    assert target.heard == [
        f"POST /a%20b?c=d HTTP/1.1\r\nHost: localhost:{target.port}\r\nX-One: 1\r\nContent-Length: 4\r\n"
        "Connection: close\r\n\r\nbody".encode()
    ]


@pytest.mark.parametrize("header", ["Transfer-Encoding: chunked", "Content-Encoding: gzip"])
def test_a_packed_body_is_sent_on_unpacked(serve: Serve, target: Target, header: str) -> None:
    server = serve(proxy_passthrough=("localhost",))
    body = gzip.compress(b"body") if "gzip" in header else b"4\r\nbody\r\n0\r\n\r\n"
    length = f"Content-Length: {len(body)}\r\n" if "gzip" in header else ""

    say(server, f"POST http://localhost:{target.port}/ HTTP/1.1\r\nHost: x\r\n{header}\r\n{length}\r\n".encode() + body)

    [heard] = target.heard
    assert heard.endswith(b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nbody\r\n0\r\n\r\n")
    assert b"gzip" not in heard


def test_who_does_not_answer_is_told_of(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    said = say(serve(proxy_passthrough=("127.0.0.1",)), asked(f"127.0.0.1:{port}"))

    assert said.startswith(f"HTTP/1.1 502 127.0.0.1:{port} cannot be reached: ".encode())


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "100.100.100.200"])
def test_a_cloud_keeps_its_secrets_whatever_is_opened(
    serve: Serve, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(resolving, "getaddrinfo", lambda *about, **more: [(kind, 0, 0, "", (address, 0))])
    server = serve(proxy_passthrough=("*.example.com", address))

    by_name = say(server, asked("metadata.example.com:80"))
    by_address = say(server, asked(f"[{address}]:80" if ":" in address else f"{address}:80"))

    assert b"nothing ever goes there" in by_name.partition(b"\r\n")[0]
    assert by_name.startswith(b"HTTP/1.1 403 ")
    assert by_address.startswith(b"HTTP/1.1 403 ")


def test_a_vendor_is_ours_even_where_it_was_to_be_let_through(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = names_looked_up(monkeypatch)
    server = serve(proxy_passthrough=(HOST, "*.deepswapai.com"))

    said = say(server, asked(f"{HOST}:80") + ASK)

    assert b"HTTP/1.1 401 " in said
    assert looked_up == []


def test_what_a_client_says_to_the_proxy_alone_is_not_shown(serve: Serve) -> None:
    server = serve()
    more = "Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==\r\n"

    say(server, f"GET http://{HOST}/v1/x HTTP/1.0\r\n{more}\r\n".encode())
    say(server, asked(f"{HOST}:80", more) + ASK)

    for exchange in server.simulator.sandboxes.main.journal:
        assert "dXNlcjpwYXNzd29yZA" not in str(shown_headers(exchange))


def test_only_so_many_refused_hosts_are_kept(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "MOST_REFUSED", 2)
    server = serve()

    for host in ("one.example", "two.example", "three.example", "four.example", "one.example"):
        say(server, asked(f"{host}:443"))

    assert refused(server) == {"one.example": 2, "two.example": 1, "others": 2}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="nothing here tells how many descriptors are open")
def test_nothing_stays_open(serve: Serve, target: Target) -> None:
    target.echoes = True
    server = serve(proxy_passthrough=("localhost",))
    say(server, asked(f"{HOST}:443") + HELLO_OF_A_STRANGER)
    before = len([*Path("/proc/self/fd").iterdir()])

    for _ in range(20):
        say(server, asked(f"{HOST}:443") + HELLO_OF_A_STRANGER)
        say(server, asked("example.com:443"))
        say(server, asked(f"{HOST}:80") + ASK)
        tunnel(server, f"localhost:{target.port}").close()
        with closing(tunnel(server, f"{HOST}:443")) as left:
            left.sendall(HELLO_OF_A_STRANGER[:1])
    server.__exit__()

    assert len([*Path("/proc/self/fd").iterdir()]) <= before
