"""``simulator exec``: the program runs as if by itself, reaches nothing but the simulator, and its calls are summed up."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from simulator.assembly import Background
from simulator.cli import main
from simulator.cli.pointing import Pointed, point
from simulator.cli.summary import sum_up
from simulator.settings import Settings, read_settings
from tests.production_clients import commands

EXEC = [sys.executable, "-m", "simulator", "exec"]
OF_CLIENTS = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "NODE_USE_ENV_PROXY")
CLEAN = {
    name: said
    for name, said in os.environ.items()
    if not name.startswith("SIMULATOR_") and "PROXY" not in name.upper() and name not in OF_CLIENTS
}
PRINT_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"
ENDS_BY_SIGNAL = """\
import signal, sys
def take(number, _):
    print(f"took {number}", flush=True)
    sys.exit(7)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, take)
signal.alarm(30)
print("ready", flush=True)
signal.pause()
"""
COUNTS_SIGNALS = """\
import signal, sys
taken = []
signal.signal(signal.SIGINT, lambda *_: taken.append("one"))
signal.alarm(30)
print("ready", flush=True)
input()
print("taken:", *taken, flush=True)
sys.exit(7)
"""
IN_A_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Done(NamedTuple):
    """How a run ended: its exit status, what it printed, what it complained of."""

    status: int
    printed: str
    complained: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Return what runs ``simulator exec`` in this process, with nothing in the environment that concerns it."""
    for name in {*os.environ} - {*CLEAN}:
        monkeypatch.delenv(name)

    def run(*arguments: str, **environment: str) -> Done:
        for name, said in environment.items():
            monkeypatch.setenv(name, said)
        return Done(main(["exec", *arguments]), *capfd.readouterr())

    return run


@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        (["--", "sh", "-c", "exit 3"], 3, "simulator: 0 calls"),
        (["sh", "-c", "exit 0"], 0, "simulator: 0 calls"),  # without the two dashes
        (["--clock", "skip", "--", "sh", "-c", "exit $1", "--", "6"], 6, "simulator: 0 calls"),
        (["--", "sh", "-c", "kill -KILL $$"], 128 + signal.SIGKILL, "simulator: 0 calls"),
        (["--", "no-such-command", "--", "-x"], 127, "simulator: exec: there is no command 'no-such-command'"),
        (["--", __file__], 126, "Permission denied"),
        (["--"], 2, "there is no command to run"),
        ([], 2, "there is no command to run"),
        (["--clock", "fast", "--", "echo"], 2, "there is no clock mode 'fast'"),
        (["--tls-cert", "/no/such/file", "--", "echo"], 2, "/no/such/file"),
        (["--scenarios", "/no/such/folder", "--", "echo"], 2, "no such file or folder"),
        (["--tls-folder", f"{__file__}/tls", "--", "echo"], 2, "cannot be written"),
    ],
)
def test_the_status_is_the_programs_or_says_why_it_did_not_run(
    run: Run, command: list[str], status: int, words: str
) -> None:
    done = run(*command)

    assert (done.status, done.printed) == (status, "")
    assert words in done.complained
    if status in (126, 127):
        assert len(done.complained.splitlines()) == 1


def test_a_taken_port_is_one_line_and_the_program_does_not_run() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        command = [*EXEC, "--port", str(taken.getsockname()[1]), "--", "echo"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=CLEAN)

    assert (done.returncode, done.stdout) == (2, "")
    assert "--port names another port" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_input_and_output_are_the_programs_own() -> None:
    command = [*EXEC, "--", "sh", "-c", "cat; echo mine >&2"]

    done = subprocess.run(command, input=b"\x00\xff in", capture_output=True, timeout=60, check=False, env=CLEAN)

    assert done.stdout == b"\x00\xff in"
    assert done.stderr.startswith(b"mine\nsimulator: ")


def test_clients_of_production_complete_their_jobs(run: Run) -> None:
    names = [name for name in commands.NAMES if not commands.why_not(name)]

    done = run("--clock", "skip", "--", "sh", "-c", " && ".join(shlex.join(commands.command(name)) for name in names))

    assert done.status == 0, done.complained
    printed = done.printed.splitlines()
    assert len(printed) == len(names)
    for line in printed:
        assert re.fullmatch(r"completed https://cdn\.deepswapai\.com/\S+ [1-9]\d{3,}", line)
    [first, second] = done.complained.splitlines()
    assert re.fullmatch(r"simulator: \d+ calls, nothing unexpected; --seed \w+ plays it again", first)
    assert second == f"  deepswapai: {len(names)} jobs: {len(names)} succeeded"


def test_a_seed_plays_a_run_again(run: Run) -> None:
    again = ["--clock", "skip", "--seed", "again", "--", *commands.command("urllib")]

    first = run(*again)

    assert first.status == 0
    assert run(*again) == first


def test_all_that_is_made_for_a_run_is_gone_after_it(run: Run) -> None:
    code = PRINT_ENVIRONMENT + "; assert os.path.exists(os.environ['SSL_CERT_FILE'])"

    done = run("--", sys.executable, "-c", code)

    assert done.status == 0, done.complained
    assert not Path(json.loads(done.printed)["SSL_CERT_FILE"]).parent.exists()


def test_a_folder_that_was_named_keeps_the_test_ca_and_the_program_may_go_elsewhere(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path.parent)
    done = run("--tls-folder", tmp_path.name, "--", sys.executable, "-c", PRINT_ENVIRONMENT)

    assert json.loads(done.printed)["NODE_EXTRA_CA_CERTS"] == str(tmp_path / "ca.pem")
    assert (tmp_path / "ca.pem").exists()


def test_a_simulator_inside_a_simulator_starts(run: Run) -> None:
    inner = shlex.join([*EXEC, "--", sys.executable, "-c", PRINT_ENVIRONMENT])

    done = run("--", "sh", "-c", f"echo $SIMULATOR_URL; {inner}", SIMULATOR_CLOCK="skip", SIMULATOR_TOKEN="t" * 12)

    assert done.status == 0, done.complained
    outer, inside = done.printed.splitlines()
    assert json.loads(inside)["SIMULATOR_URL"] not in ("", outer)
    assert "SIMULATOR_CLOCK" not in json.loads(inside)


def test_a_program_is_told_where_the_control_api_is(run: Run) -> None:
    ask = "import os, urllib.request; urllib.request.urlopen(os.environ['SIMULATOR_URL'] + '/_simulator/clock')"

    done = run("--control-port", "0", "--vendor-port", "a2e=0", "--", sys.executable, "-c", ask)

    assert done.status == 0, done.complained


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_the_program_and_its_end_is_awaited(number: int) -> None:
    command = [*EXEC, "--", sys.executable, "-c", ENDS_BY_SIGNAL]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}

    with subprocess.Popen(command, env=CLEAN, start_new_session=True, **pipes) as process:  # without a terminal
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        printed, complained = process.communicate(timeout=60)

    assert (process.returncode, printed) == (7, f"took {number:d}\n")
    assert "simulator: 0 calls" in complained


@pytest.mark.parametrize(
    ("begins", "taken"),
    [("", b"taken: one\r\n"), ("import os; os.setsid()\n", b"taken:\r\n")],
    ids=["a program like any other", "one that has left its terminal"],
)
def test_ctrl_c_in_a_terminal_is_the_terminals_own_to_send(begins: str, taken: bytes) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-c", IN_A_TERMINAL, *EXEC, "--", sys.executable, "-c", begins + COUNTS_SIGNALS]
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}

    with subprocess.Popen(command, env=CLEAN, start_new_session=True, **streams) as process:  # type: ignore[call-overload]
        os.close(theirs)
        read_until(ours, b"ready")
        os.write(ours, b"\x03")
        read_until(ours, b"^C")
        os.write(ours, b"go\n")
        printed = read_until(ours, b"0 calls")
    os.close(ours)

    assert taken in printed
    assert process.returncode == 7


def read_until(terminal: int, words: bytes) -> bytes:
    printed = b""
    while words not in printed:
        printed += os.read(terminal, 1024)
    return printed


HOSTS = ("api.deepswapai.com", "openapi.akool.com", "d2qf6ukcym4kn9.cloudfront.net")


@pytest.fixture
def pointed(tmp_path: Path) -> Callable[..., Pointed]:
    """Return what points an environment, given as keywords, at a simulator with a test CA."""
    (tmp_path / "ca.pem").write_text("OURS\n")
    (tmp_path / "bundle.pem").write_text("SYSTEM\nOURS\n")

    def pointed(token: str | None = None, **environment: str) -> Pointed:
        ours = {"ca_file": tmp_path / "ca.pem", "bundle_file": tmp_path / "bundle.pem", "folder": tmp_path}
        return point(environment, url="http://127.0.0.1:8", hosts=HOSTS, token=token, **ours)  # type: ignore[arg-type]

    return pointed


def test_every_client_is_told_of_proxy_and_ca(pointed: Callable[..., Pointed], tmp_path: Path) -> None:
    said = pointed(PATH="/bin")

    assert said.remarks == []
    assert said.variables == {
        "PATH": "/bin",
        **dict.fromkeys(
            ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "SIMULATOR_URL"), "http://127.0.0.1:8"
        ),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1,::1"),
        **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), str(tmp_path / "bundle.pem")),
        "NODE_EXTRA_CA_CERTS": str(tmp_path / "ca.pem"),
        "NODE_USE_ENV_PROXY": "1",
    }


def test_another_proxy_is_replaced_and_said(pointed: Callable[..., Pointed]) -> None:
    said = pointed(https_proxy="http://user:secret@corp:3128", ALL_PROXY="socks5://corp")

    assert said.remarks == ["your HTTPS_PROXY, ALL_PROXY named another proxy; in here the simulator is the only one"]
    assert said.variables["https_proxy"] == said.variables["HTTPS_PROXY"] == "http://127.0.0.1:8"
    assert "ALL_PROXY" not in said.variables


@pytest.mark.parametrize(
    ("theirs", "left", "dropped"),
    [
        ("db.internal, .corp", "db.internal,.corp,localhost,127.0.0.1,::1", ""),
        ("localhost", "localhost,127.0.0.1,::1", ""),
        ("*", "localhost,127.0.0.1,::1", "*"),
        ("akool.com,x", "x,localhost,127.0.0.1,::1", "akool.com"),
        ("*.cloudfront.net", "localhost,127.0.0.1,::1", "*.cloudfront.net"),
        (".API.deepswapai.com:443", "localhost,127.0.0.1,::1", ".API.deepswapai.com:443"),
        ("pi.deepswapai.com", "pi.deepswapai.com,localhost,127.0.0.1,::1", ""),
        ("10.0.0.0/8,::1", "10.0.0.0/8,::1,localhost,127.0.0.1", ""),
    ],
)
def test_what_needs_no_proxy_is_kept_but_for_a_vendors_host(
    pointed: Callable[..., Pointed], theirs: str, left: str, dropped: str
) -> None:
    said = pointed(NO_PROXY=theirs)

    assert said.variables["NO_PROXY"] == said.variables["no_proxy"] == left
    assert ["".join(remark.rpartition(": ")[2] for remark in said.remarks)] == [dropped]


def test_roots_that_were_trusted_before_still_are(pointed: Callable[..., Pointed], tmp_path: Path) -> None:
    (tmp_path / "corp.pem").write_text("CORP")

    said = pointed(
        NODE_EXTRA_CA_CERTS=str(tmp_path / "corp.pem"), REQUESTS_CA_BUNDLE=str(tmp_path), SSL_CERT_FILE="/no"
    )

    assert Path(said.variables["NODE_EXTRA_CA_CERTS"]).read_text() == "CORP\nOURS\n"
    assert said.variables["REQUESTS_CA_BUNDLE"] == said.variables["SSL_CERT_FILE"] == str(tmp_path / "bundle.pem")


def test_no_setting_of_ours_is_handed_on_but_the_token(pointed: Callable[..., Pointed]) -> None:
    said = pointed(token="guard", SIMULATOR_PORT="9000", SIMULATOR_TYPO="x", SIMULATOR_SERVICE_HOST="10.0.0.7")

    ours = {name: text for name, text in said.variables.items() if name.startswith("SIMULATOR_")}
    assert ours == {
        "SIMULATOR_URL": "http://127.0.0.1:8",
        "SIMULATOR_SERVICE_HOST": "10.0.0.7",
        "SIMULATOR_TOKEN": "guard",
    }
    assert read_settings({}, said.variables).port == 8080


@pytest.fixture
def server(tmp_path: Path) -> Any:
    with Background(Settings(port=0, tls=True, tls_port=0, tls_folder=tmp_path, clock="skip", seed="sums")) as running:
        yield running


def call(server: Background, url: str, body: object = None, **headers: str) -> int:
    """Make a plain call through the proxy; return the status."""
    opener = build_opener(ProxyHandler({"http": server.url}))
    said = {"Authorization": "Bearer sk_live_1", "Content-Type": "application/json"} | headers
    try:
        with opener.open(Request(url, json.dumps(body).encode() if body else None, said), timeout=30) as reply:
            return int(reply.status)
    except HTTPError as refusal:
        refusal.close()
        return refusal.code


SWAP = {"source_image": "https://example.com/f.jpg", "target_video": "https://example.com/c.mp4"}
API = "http://api.deepswapai.com/v1"


def test_no_call_at_all_asks_whether_the_client_went_elsewhere(server: Background) -> None:
    assert sum_up(server).splitlines() == [
        "simulator: 0 calls",
        "  If it did call a vendor, its client reads no proxy variables (aiohttp: trust_env=True, Node: 24), or trusts no test CA.",
    ]


def test_outcomes_are_counted_for_each_vendor_in_every_sandbox(server: Background) -> None:
    server.simulator.sandboxes.create("other")
    for scenario in ("happy", "failed-early", "failed-early", "stuck"):
        call(server, f"{API}/video-swap", SWAP, **{"X-Simulator-Scenario": scenario})
    call(server, f"{server.url}/~other/deepswapai/v1/video-swap", SWAP)
    for sandbox in server.simulator.sandboxes:
        sandbox.advance(600_000)

    assert sum_up(server).splitlines() == [
        "simulator: 5 calls, nothing unexpected; --seed sums plays it again",
        "  deepswapai: 5 jobs: 2 succeeded, 2 failed, 1 unfinished",
    ]


def test_what_was_not_meant_is_told_with_what_was(server: Background) -> None:
    for _ in range(2):
        call(server, f"{API}/statu/x")
    call(server, f"{API}/video-swap", {"source_image": SWAP["source_image"]})

    told = sum_up(server)

    assert told.startswith("simulator: 3 calls, 3 unexpected; ")
    assert "  deepswapai  GET /v1/statu/x → 404" in told
    assert "(2 of these)\n      nearest: getStatus, GET /v1/status/{job_id}: 'statu' where it has 'status'" in told
    assert "refused by videoSwap: " in told


def test_a_host_that_was_refused_is_told_with_what_opens_it(server: Background) -> None:
    assert [call(server, "http://example.com/") for _ in range(2)] == [403, 403]

    told = sum_up(server)

    assert told.startswith("simulator: 0 calls, 1 host refused")
    assert "    example.com (2 times): --proxy-passthrough example.com lets it through" in told


def test_a_webhook_that_nobody_took_is_told(server: Background) -> None:
    call(server, f"{API}/video-swap", SWAP | {"webhook_url": "http://203.0.113.1/hook"})
    server.simulator.sandboxes.main.advance(600_000)
    server.simulator.sandboxes.main.advance(90_000_000)

    told = sum_up(server)

    assert "1 webhook not delivered" in told.splitlines()[0]
    assert "    deepswapai  completed to http://203.0.113.1/hook: " in told


def test_a_broken_contract_is_told_as_our_own_mistake(server: Background) -> None:
    journal = server.simulator.sandboxes.main.journal
    journal.append(0, "deepswapai", "getStatus", "GET", "/v1/status/x", (), b"", 500, b"{}", ("broken: no status",))

    told = sum_up(server)

    assert "1 mistake of the simulator's own" in told
    assert "    deepswapai  GET /v1/status/x\n      broken: no status" in told


def test_a_summary_that_fails_leaves_the_status_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> str:
        raise RuntimeError("a bug")

    monkeypatch.setattr("simulator.cli.exec.sum_up", fail)

    done = run("--", "sh", "-c", "exit 5")

    assert done.status == 5
    assert "no summary, for that failed: RuntimeError: a bug" in done.complained
