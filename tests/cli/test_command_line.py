"""The command line as a newcomer uses it: every printed line works, every mistake is one clear message and status 2."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from simulator import vendors
from simulator.assembly import Background
from simulator.cli import main
from simulator.cli.serve import end_on_signals, welcome
from simulator.settings import OPTIONS, Settings, VendorPort

SIMULATOR = [sys.executable, "-m", "simulator"]
CLEAN = {name: said for name, said in os.environ.items() if not name.startswith("SIMULATOR_")}
STAND_IN = Path(__file__).parent.parent / "samples" / "stand_in"


@pytest.fixture
def served() -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Return a serving process and all that it printed at its start."""
    command = [*SIMULATOR, "serve", "--port", "0", "--clock", "manual", "--seed", "7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=CLEAN) as process:
        assert process.stdout
        printed = ""
        while "Ctrl-C" not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        yield process, printed
        process.terminate()


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*SIMULATOR, *arguments], capture_output=True, text=True, timeout=60, check=False, env=CLEAN | environment
    )


def test_every_printed_first_call_works_as_printed(served: tuple["subprocess.Popen[str]", str]) -> None:
    _, printed = served
    calls = re.findall(r"^ +try +(curl .*)$", printed, re.MULTILINE)
    path = os.environ["PATH"] if shutil.which("curl") else f"{STAND_IN}{os.pathsep}{os.environ['PATH']}"

    replies = [
        json.loads(subprocess.run(["sh", "-c", call], check=True, capture_output=True, text=True, env={"PATH": path}).stdout)
        for call in calls
    ]  # fmt: skip

    assert len(replies) == len(vendors.NAMES)
    for name, reply in zip(vendors.NAMES, replies, strict=True):
        tour = vendors.load(name).tour
        assert "error" not in reply or not reply["error"], (name, reply)
        assert tour is not None
        assert "_simulator" not in json.dumps(reply)
    with urlopen(re.search(r"http://\S+/_simulator/openapi/simulator.json", printed)[0]) as reply:  # type: ignore[index]
        assert json.load(reply)["openapi"].startswith("3.1")


def test_the_seed_is_printed_and_the_process_ends_when_asked(served: tuple["subprocess.Popen[str]", str]) -> None:
    process, printed = served

    process.send_signal(signal.SIGTERM)

    assert "seed: 7" in printed
    assert process.wait(timeout=30) == 0


def test_a_system_without_signal_handlers_serves_too() -> None:
    class Loop(asyncio.SelectorEventLoop):
        def add_signal_handler(self, *about: object) -> None:
            raise NotImplementedError

    loop = Loop()

    end_on_signals(loop, asyncio.Event())

    loop.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--clock", "fast"], "there are real, manual, skip"),
        (["--speed", "0"], "above 0"),
        (["--scenario", "hapy"], "did you mean 'happy'"),
        (["--switch", "useapi.bsy=plain"], "there is no switch 'useapi.bsy'"),
        (["--switch", "useapi.busy=perhaps"], "it can be: plain"),
        (["--switch", "useapi.busy"], "write NAME=VALUE"),
        (["--vendor-port", "acme=8001"], "there is no vendor 'acme'"),
        (["--vendor-port", "useapi=many"], "is no port"),
        (["--epoch", "yesterday"], "2026-01-31T12:00:00Z"),
        (["--max-body", "big"], "64MiB"),
        (["--port", "99999"], "is no port"),
        (["--scenarios", "/no/such/folder"], "no such file or folder"),
        (["--vendor-port", "T 1/useapi=8001"], "no id for a sandbox"),
        (["--colour"], "unrecognized arguments"),
        (["--port", "abc"], "--port: 'abc' is no whole number"),
        (["--speed", "fast"], "--speed: 'fast' is no number"),
        (["--token", ""], "the token is empty"),
        (["--no-control", "--control-port", "0"], "no control API"),
        (["--host", "203.0.113.1"], "--host names another address"),
    ],
)
def test_a_wrong_flag_is_one_message_and_status_2(arguments: list[str], words: str) -> None:
    done = run("serve", *arguments)

    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1 + done.stderr.count("mistakes; nothing was started")
    assert not done.stdout


def test_a_wrong_variable_is_told_by_its_name() -> None:
    done = run("serve", SIMULATOR_PORT="many")

    assert (done.returncode, done.stdout) == (2, "")
    assert "SIMULATOR_PORT" in done.stderr


def test_a_taken_port_is_told_plainly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        done = run("serve", "--port", str(taken.getsockname()[1]))

    assert done.returncode == 2
    assert "cannot listen" in done.stderr
    assert "--port names another port" in done.stderr
    assert "Traceback" not in done.stderr


def test_bad_scenarios_keep_the_port_shut(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("scenario: bad\nstates:\n  running: {for: 5, then: succeeded}\n")

    done = run("serve", "--port", "0", "--scenarios", str(tmp_path))

    assert (done.returncode, done.stdout) == (2, "")
    assert "bad.yaml:3:18" in done.stderr
    assert "has no unit" in done.stderr


def test_check_tells_file_line_and_what_is_legal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.yaml").write_text(
        "scenario: bad\nvendor: useapi\nstates:\n  started: {for: 2s, then: progress}\n  progress: {for: 2s, then: complet}\n"
    )

    status = main(["check", str(tmp_path)])

    printed = capsys.readouterr().out
    assert status == 2
    assert "bad.yaml:5:" in printed
    assert "did you mean 'completed'" in printed
    assert "1 mistake in 1 file" in printed


def test_check_finds_nothing_wrong_with_what_we_ship(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["check", str(checkout / "scenarios")])

    assert status == 0
    assert re.fullmatch(r"\d{2} scenarios, nothing wrong\n", capsys.readouterr().out)


def test_the_demo_walks_every_vendor_and_names_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["demo", "--into", str(tmp_path / "files"), "--speed", "0"])

    printed = capsys.readouterr().out
    files = list((tmp_path / "files").iterdir())
    assert status == 0
    assert f"{len(vendors.NAMES)} jobs" in printed
    for name in vendors.NAMES:
        assert any(file.name.startswith(f"{name}-") for file in files), name
    assert all(str(file) in printed and f"{file.stat().st_size:,} bytes" in printed for file in files)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--vendor", "acme"], "there is no vendor 'acme'"),
        (["--speed", "-1"], "below 0"),
        (["--speed", "nan"], "below 0"),
        (["--speed", "inf"], "below 0"),
        (["--into", __file__], "cannot make"),
    ],
)
def test_a_demo_that_cannot_start_says_why(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_the_start_names_ports_of_sandboxes_and_who_cannot_play_the_default() -> None:
    own = VendorPort("useapi", 0, "t1")

    with Background(Settings(port=0, vendor_ports=(own,), scenario="cancelled")) as running:
        printed = welcome(running.simulator)
        url = re.search(r"also at +(\S+) +in the sandbox t1", printed)
        assert url
        headers = {"Authorization": "Bearer user:1-abc"}
        with urlopen(Request(f"{url[1]}/v1/faceswap/account", headers=headers)) as reply:
            assert reply.status == 200
        [told] = [exchange.target for exchange in running.simulator.sandboxes.get("t1").journal]

    assert told == "/v1/faceswap/account"
    assert re.search(r"The scenario cancelled cannot be played by .*deepswapai \(image, video, batch\)", printed)
    assert "useapi (picsi-still)" in printed


def test_the_start_of_a_live_server_says_what_renders_and_what_is_only_played() -> None:
    pytest.importorskip("torch")

    with Background(Settings(port=0, live=True, device="cpu")) as running:
        printed = welcome(running.simulator)

    assert "done for real on cpu (video by " in printed
    assert "), 1 at a time" in printed
    assert "Not done for real, but played as their scenario says: useapi (headshot)." in printed


def test_every_setting_is_told_by_help() -> None:
    printed = run("serve", "--help").stdout

    assert [option.flag for option in OPTIONS if not re.search(rf"^  {option.flag}\b", printed, re.MULTILINE)] == []
