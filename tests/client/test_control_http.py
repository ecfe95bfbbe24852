"""How calls of the control API travel: connections that are kept, that have gone stale, and servers that are not there."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection

import pytest

from simulator.assembly import Background
from simulator.client import Simulator, SimulatorRefused, Unreachable
from simulator.client.transport import HttpTransport, read_url
from simulator.settings import Settings

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Scripted:
    """Listens on loopback and treats each connection as one script says; ``requests`` are the first lines that came."""

    def __init__(self, *scripts: Callable[["Scripted", socket.socket], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._scripts, self.requests = scripts, list[str]()
        self.closed = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def end(self) -> None:
        self._thread.join()
        self._listener.close()

    def read(self, connection: socket.socket) -> None:
        said = b""
        while b"\r\n\r\n" not in said:
            piece = connection.recv(4096)
            if not piece:
                return
            said += piece
        self.requests.append(said.decode().partition(" HTTP")[0])

    def _serve(self) -> None:
        for script in self._scripts:
            connection, _ = self._listener.accept()
            with connection:
                script(self, connection)
            self.closed.release()


def answer(server: Scripted, connection: socket.socket) -> None:
    server.read(connection)
    connection.sendall(OK)


def hang_up(server: Scripted, connection: socket.socket) -> None:
    server.read(connection)


def answer_by_html(server: Scripted, connection: socket.socket) -> None:
    server.read(connection)
    connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 13\r\n\r\n<html></html>")


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    made: list[Scripted] = []

    def make(*scripts: Callable[[Scripted, socket.socket], None]) -> Scripted:
        made.append(Scripted(*scripts))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_the_server_has_closed_meanwhile_is_not_used_again(
    method: str, scripted: Callable[..., Scripted]
) -> None:
    server = scripted(answer, answer)
    transport = HttpTransport(server.url)

    transport.ask(method, "/clock")
    server.closed.acquire(timeout=30)
    transport.ask(method, "/clock")
    transport.close()

    assert server.requests == [f"{method} /_simulator/clock"] * 2


def test_a_read_is_asked_once_more_where_the_connection_breaks(scripted: Callable[..., Scripted]) -> None:
    server = scripted(hang_up, answer)
    transport = HttpTransport(server.url)

    assert transport.ask("GET", "/clock").status == 200
    transport.close()


def test_a_change_is_never_made_twice(scripted: Callable[..., Scripted]) -> None:
    server = scripted(hang_up)

    with Simulator(server.url) as simulator, pytest.raises(Unreachable, match="no simulator answers"):
        simulator.clock.advance("1m")
    assert server.requests == ["POST /_simulator/sandboxes/main/clock/advance"]


def test_what_is_no_simulator_is_told(scripted: Callable[..., Scripted]) -> None:
    server = scripted(answer_by_html)

    with (
        Simulator(server.url) as simulator,
        pytest.raises(SimulatorRefused, match="no reply of a simulator: 502 '<html>"),
    ):
        simulator.state()


def test_a_port_where_nobody_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    with (
        Simulator(url) as simulator,
        pytest.raises(Unreachable, match=f"no simulator answers at {url}.*simulator serve"),
    ):
        simulator.state()


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://localhost", "http://", ""])
def test_what_is_no_url_is_told_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="is no URL of a simulator; write for example http://localhost:8080"):
        Simulator(url)


def test_a_path_in_the_url_stays_in_front(scripted: Callable[..., Scripted]) -> None:
    server = scripted(answer)
    transport = HttpTransport(f"{server.url}/behind/")
    transport.ask("GET", "/jobs", {"status": "a b", "limit": 3})
    transport.close()

    assert server.requests == ["GET /behind/_simulator/jobs?status=a%20b&limit=3"]
    assert read_url("http://a/b/").path == "/b"


def test_connections_are_kept_and_each_thread_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[HTTPConnection] = []
    connect = HTTPConnection.connect
    monkeypatch.setattr(HTTPConnection, "connect", lambda self: (made.append(self), connect(self)))

    with Background(Settings(port=0, clock="manual")) as server, Simulator(server.url) as simulator:
        for _ in range(5):
            simulator.clock.read()
        assert len(made) == 1
        together = threading.Barrier(3)

        def ask() -> None:
            together.wait(30)
            with pytest.raises(SimulatorRefused):
                simulator.webhooks.wait(timeout=0.1)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_opens_connections_of_its_own() -> None:
    with Background(Settings(port=0, clock="manual")) as server, Simulator(server.url) as simulator:
        simulator.clock.read()
        transport = simulator._transport
        assert isinstance(transport, HttpTransport)
        parents = list(transport._idle)

        transport._process = -1  # as after a fork, without one: threads run here
        simulator.clock.read()

        assert not set(parents) & set(transport._idle)
        for connection in parents:
            connection.close()
