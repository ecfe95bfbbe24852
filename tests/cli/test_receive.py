"""``simulator receive`` as people and scripts use it: a child process that is posted to, read and interrupted."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import IO
from urllib.parse import urlsplit

import pytest

from simulator import vendors
from simulator.cli import main
from tests.client.senders import KEYS, PLAIN, SIGNED, genuine, post, send, spoilt, webhooks

SIMULATOR = [sys.executable, "-m", "simulator", "receive"]
CLEAN = {name: said for name, said in os.environ.items() if not name.startswith(("SIMULATOR_", "PYTHONIO"))}


class Child:
    """A running ``simulator receive``."""

    def __init__(self, process: "subprocess.Popen[str]", welcome_on: IO[str]) -> None:
        assert process.stdout
        self._process, self.out = process, process.stdout
        self.welcome = block(welcome_on)
        [self.url] = re.findall(r"http://\S+", self.welcome)

    def end(self, by: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Interrupt it; return its exit status and all that it had not printed yet, complaints too."""
        self._process.send_signal(by)
        printed = self.out.read()
        status, complaints = self.ended()
        return status, printed + complaints

    def ended(self) -> tuple[int, str]:
        """Wait for its end; return its exit status and what it complained of."""
        assert self._process.stderr
        return self._process.wait(30), self._process.stderr.read()


def block(stream: IO[str]) -> str:
    """Return what is printed up to the next empty line, which belongs to it."""
    printed = ""
    while not printed.endswith("\n\n"):
        line = stream.readline()
        assert line, f"it ended after {printed!r}"
        printed += line
    return printed


@contextmanager
def receiving(*arguments: str, **environment: str) -> Iterator[Child]:
    """Yield a receiver on a free port, which lives for a minute at most."""
    command, pipe = [*SIMULATOR, "--port", "0", *arguments], subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, encoding="utf-8", env=CLEAN | environment) as process:
        end = Timer(60, process.kill)
        end.start()
        try:
            assert process.stdout
            assert process.stderr
            yield Child(process, process.stderr if "--json" in arguments else process.stdout)
        finally:
            end.cancel()
            process.kill()


def keys_of(vendor: str) -> list[str]:
    """Return the arguments that name a vendor and all its keys."""
    return ["--vendor", vendor, *(part for name, said in KEYS[vendor].items() for part in ("--key", f"{name}={said}"))]


@pytest.mark.parametrize("vendor", SIGNED)
def test_each_message_is_a_block_with_time_path_event_verdict_and_plain_json(vendor: str) -> None:
    with receiving(*keys_of(vendor)) as child:
        send(child.url, genuine(vendor), "/first?of=mine")
        send(child.url, spoilt(vendor))

        first, second = block(child.out), block(child.out)

    head, verdict, *shown = first.splitlines()
    assert re.fullmatch(r"1  \d\d:\d\d:\d\d\.\d{3}  /first\?of=mine  (event|status) .*", head)
    assert all(f"{name} {PLAIN[vendor][name]}" in head for name in ("event", "status") if name in PLAIN[vendor])
    assert verdict == "genuine; answered 200"
    assert json.loads("\n".join(shown)) == PLAIN[vendor]
    assert shown[1].startswith("  ")
    assert second.splitlines()[1].startswith("WRONG: ")
    assert json.loads("\n".join(second.splitlines()[2:])) == PLAIN[vendor]


def test_the_start_tells_where_to_how_it_verifies_and_no_secret() -> None:
    with receiving(*keys_of("deepswapai"), "--answer", "503,503,200") as child:
        answered = [post(child.url)[0] for _ in range(4)]

    assert "Verified as deepswapai signs, by webhook_secret." in child.welcome
    assert "Answers 503, 503, then 200 to all others." in child.welcome
    assert KEYS["deepswapai"]["webhook_secret"] not in child.welcome
    assert answered == [503, 503, 200, 200]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Nothing is verified; --vendor says whose they are."),
        (("--vendor", "useapi"), "useapi signs nothing"),
        (("--vendor", "a2e"), "--key webhook_token=SECRET if yours has."),
        (("--vendor", "openshorts"), "--key webhook_secret=SECRET if yours has."),
    ],
)
def test_the_start_tells_what_cannot_be_verified(arguments: tuple[str, ...], words: str) -> None:
    with receiving(*arguments) as child:
        assert words in child.welcome


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_termination_end_it_well(by: signal.Signals) -> None:
    with receiving() as child:
        post(child.url)
        block(child.out)

        assert child.end(by) == (0, "")


def test_scripts_get_one_object_a_line_and_nothing_else() -> None:
    with receiving(*keys_of("akool"), "--json") as child:
        send(child.url, genuine("akool"))
        post(child.url, b"\xff no json", {"X-Mine": "1"}, "/x")

        lines = [child.out.readline() for _ in range(2)]
        status, rest = child.end()

    first, second = map(json.loads, lines)
    assert (first["plain"], first["is_genuine"], first["problem"]) == (PLAIN["akool"], True, "")
    assert (first["number"], first["path"], first["job_id"], first["answer"]) == (1, "/hook", "64f1", 200)
    assert first["body"] == genuine("akool").body.decode()
    assert (second["number"], second["is_genuine"], second["plain"], second["body"]) == (2, False, None, "� no json")
    assert second["headers"]["X-Mine"] == "1"
    assert isinstance(second["received_at_ms"], int)
    assert (status, rest) == (0, "")


def test_what_a_terminal_would_obey_is_escaped() -> None:
    with receiving() as child:
        address = urlsplit(child.url)
        with socket.create_connection((address.hostname, address.port), 30) as sender:
            sender.sendall(b"POST /\x9b HTTP/1.1\r\nContent-Length: 15\r\n\r\nnot \x1b[2J json \xff")
            assert sender.recv(1000)
        post(child.url, '{"event": "\x9b2J", "name": "é"}'.encode())

        broken, strange = block(child.out), block(child.out)

    assert broken.splitlines()[0].endswith("/\\x9b")
    assert broken.endswith("\nnot \\x1b[2J json \\xff\n\n")
    assert "event \\x9b2J" in strange
    assert '"name": "é"' in strange


def test_a_terminal_that_cannot_print_a_letter_gets_it_escaped() -> None:
    with receiving(PYTHONIOENCODING="ascii") as child:
        post(child.url, '{"name": "é☃"}'.encode())

        assert '"name": "\\xe9\\u2603"' in block(child.out)


def test_a_body_that_is_no_json_is_shown_as_it_came_up_to_a_length() -> None:
    with receiving() as child:
        post(child.url, b"x" * 5000)

        head, verdict, shown, _ = block(child.out).split("\n", 3)

    assert head.endswith("/hook")
    assert verdict == "WRONG: the body is no JSON; answered 200"
    assert shown == "x" * 2000 + " … (5000 bytes)"


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_json_that_is_nested_without_end_is_survived(arguments: tuple[str, ...]) -> None:
    with receiving(*arguments) as child:
        for depth in (100, 400, 900, 950, 980, 1100, 100_000):
            post(child.url, b"[" * depth + b"]" * depth)
        post(child.url, b'"the last"')

        while "the last" not in (line := child.out.readline()):
            assert line

        assert child.end()[0] == 0


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    with receiving() as child:
        child.out.close()
        post(child.url)

        assert child.ended() == (0, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--vendor", "acme"], "there is no vendor 'acme'; there are: a2e"),
        (["--vendor", "akool"], "the key clientId and clientSecret is missing"),
        (["--vendor", "akool", "--key", "clientId"], "'clientId' is no key; write NAME=VALUE"),
        (["--vendor", "akool", "--key", "clientid=x"], "there is no key 'clientid'"),
        (["--vendor", "deepswapai", "--key", "host=x"], "there is no key 'host'"),
        (["--key", "clientId=x"], "there are no keys without a vendor"),
        (["--answer", "200,99"], "a status is a number from 200 to 599"),
        (["--answer", "200,,"], "'' is no whole number"),
        (["--port", "70000"], "is no port"),
        (["--port", "-1"], "is no port"),
        (["--host", "203.0.113.1"], "--host names another address"),
        (["--host", "a..b"], "--host names another address"),
    ],
)
def test_a_wrong_flag_is_one_line_and_status_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(["receive", *arguments])
    except SystemExit as exit:
        status = exit.code  # type: ignore[assignment]

    printed = capsys.readouterr()
    assert status in (2, None)
    assert words in printed.err
    assert (printed.err.count("\n"), printed.out) == (1, "")


def test_a_taken_port_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        status = main(["receive", "--port", port])

    complaint = capsys.readouterr().err
    assert (status, complaint.count("\n")) == (2, 1)
    assert complaint.startswith(f"simulator: cannot listen on 127.0.0.1:{port}: ")
    assert "--port names another port, 0 any" in complaint


def test_help_names_every_key_and_the_way_from_the_real_vendor(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["receive", "--help"])

    printed = " ".join(capsys.readouterr().out.split())
    for vendor in vendors.NAMES:
        for name in webhooks(vendor)[0].key_names:
            assert re.search(rf"{vendor}\b[^,]*\b{name}\b", printed)
    assert "tunnel" in printed
    assert "real vendor" in printed
