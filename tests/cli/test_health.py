"""The health check of a container: the server is found by its settings, and what is wrong is said in one line."""

import gc
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.assembly import Background
from simulator.cli import main
from simulator.cli.health import health
from simulator.settings import Settings

NONE_OF_OURS = Path("/nowhere/cmdline")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Return the port of a server that is ready."""
    with Background(Settings(port=0, clock="manual"), ("useapi",)) as server:
        yield server.simulator.doors[0].port


@pytest.fixture(autouse=True)
def _no_settings_of_mine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SIMULATOR_HOST", "SIMULATOR_PORT", "SIMULATOR_CONTROL", "SIMULATOR_CONTROL_PORT", "SIMULATOR_FOLDER"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def answering(words: bytes) -> Iterator[int]:
    """Serve one call, whatever it asks, with these bytes; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(words)

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=10)


def first_process(folder: Path, *words: str) -> Path:
    """Return a file such as the one in which Linux says what its first process was started with."""
    path = folder / "cmdline"
    path.write_bytes(b"".join(word.encode() + b"\0" for word in words))
    return path


def test_a_server_is_found_by_the_settings_of_the_environment(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULATOR_PORT", str(port))
    monkeypatch.setenv("SIMULATOR_HOST", "0.0.0.0")

    assert health("", NONE_OF_OURS) == 0


def test_a_server_is_found_by_the_flags_of_a_containers_first_process(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMULATOR_PORT", "1")
    started = (
        "/opt/simulator/bin/python",
        "/opt/simulator/bin/simulator",
        "serve",
        "--clock",
        "skip",
        "--port",
        str(port),
    )

    assert health("", first_process(tmp_path, *started)) == 0
    assert health("", first_process(tmp_path, "/sbin/docker-init", "--", *started)) == 0


def test_another_first_process_says_nothing_about_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULATOR_PORT", "1")

    for words in ((), ("/sbin/init",), ("serve", "--port", "2"), ("/usr/bin/other", "serve", "--prt", "2")):
        assert health("", first_process(tmp_path, *words)) == 1, words


def test_the_control_port_is_asked_where_there_is_one(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULATOR_PORT", "1")
    monkeypatch.setenv("SIMULATOR_CONTROL_PORT", str(port))

    assert health("", NONE_OF_OURS) == 0


def test_a_server_without_a_control_api_is_ready_once_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with Background(Settings(port=0, has_control=False), ("useapi",)) as server:
        monkeypatch.setenv("SIMULATOR_PORT", str(server.simulator.doors[0].port))
        monkeypatch.setenv("SIMULATOR_CONTROL", "off")

        assert health("", NONE_OF_OURS) == 0


def test_it_is_a_command_that_takes_a_url(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["health", "--url", f"http://127.0.0.1:{port}/"])

    assert (status, capsys.readouterr().out) == (0, f"http://127.0.0.1:{port}/_simulator/ready is ready\n")


def test_where_nobody_listens_is_status_1_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        status = health(f"http://127.0.0.1:{closed.getsockname()[1]}")

    assert status == 1
    assert "no answer: " in capsys.readouterr().err


def test_a_name_that_can_be_none_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    status = health("http://a..b")

    assert (status, "no answer: " in capsys.readouterr().err) == (1, True)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 8\r\n\r\nstopping", "not ready: 503 stopping"),
        (b"SSH-2.0-OpenSSH\r\n", "no answer: SSH-2.0-OpenSSH"),
        (b"", "no answer: Remote end closed connection without response"),
    ],
    ids=["stopping", "another", "closed"],
)
def test_what_is_not_ready_is_told(answer: bytes, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(answer) as port:
        status = health(f"http://127.0.0.1:{port}")

    assert (status, capsys.readouterr().err) == (1, f"http://127.0.0.1:{port}/_simulator/ready: {told}\n")


@pytest.mark.parametrize(
    "url", ["localhost:8080", "ftp://localhost", "http://localhost:port", "http://[::", "https:///", "http://a b/"]
)
def test_what_is_no_url_is_wrong_use(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert health(url) == 2
    assert (
        capsys.readouterr().err
        == f"simulator: --url: {url!r} is no URL of a server; write for example http://localhost:8080\n"
    )


def test_a_port_that_the_system_chose_has_to_be_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIMULATOR_PORT", "0")

    assert health("", NONE_OF_OURS) == 2
    assert "--url says where the server is" in capsys.readouterr().err


def test_a_setting_that_does_not_exist_is_wrong_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIMULATOR_PROT", "8080")

    assert health("", NONE_OF_OURS) == 2
    assert "SIMULATOR_PROT is no setting; did you mean SIMULATOR_PORT?" in capsys.readouterr().err


def test_a_containers_first_process_ends_when_asked_even_before_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getpid", lambda: 1)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert main(["serve", "--speed", "0"]) == 2
        handler = signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
        gc.enable()

    assert callable(handler)
    with pytest.raises(SystemExit) as left:
        handler(signal.SIGTERM, None)
    assert left.value.code == 0


def test_a_health_check_loads_no_server() -> None:
    code = "import sys; from simulator.cli import main; main(['health', '--url', 'http://127.0.0.1:1']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert not {"aiohttp", "asyncio", "yaml", "jsonschema_rs"} & set(done.stdout.split())
