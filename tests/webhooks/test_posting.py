"""Posting to real receivers: what goes out, what counts as an answer, and how everything else ends in time and in words."""

import asyncio
import datetime
import errno
import gc
import ipaddress
import socket
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulator.outgoing.reach import Reach
from simulator.webhooks.posting import MOST_KEPT_BYTES, Answer, Poster, shown_url
from tests.webhooks.receivers import (
    OK,
    Behave,
    Receiver,
    receiving,
    resetting,
    saying,
    saying_forever,
    saying_no_more_than,
    silent,
)  # fmt: skip

JSON = (("Content-Type", "application/json"), ("X-Acme-Signature", "a=b, c"))
PATIENT_S, HASTY_S = 20.0, 0.2
HEAD = b"HTTP/1.1 200 OK\r\n"
MIB = 1 << 20


async def take(receiver: Receiver, reader: asyncio.StreamReader) -> None:
    """Take whatever comes until nothing does."""
    while piece := await reader.read(MIB):
        receiver.taken_bytes += len(piece)


async def post(url: str, headers: Any = JSON, body: bytes = b"{}", timeout_s: float = PATIENT_S, **more: Any) -> Answer:
    """Post once, by a poster of its own."""
    poster = Poster(Reach(more.pop("allowed", ())), **more)
    try:
        return await poster.post(url, headers, body, timeout_s)
    finally:
        await poster.close()


class Directory:
    """Stands in for the system's look-up of names. ``asked`` counts how often each was looked up."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}
        self.asked = Counter[str]()

    def look_up(self, host: str, port: int | None, **more: Any) -> list[Any]:
        self.asked[host] += 1
        if host not in self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        found = self.addresses[host]
        kinds = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in found]
        ends = [(address, 0, 0, 0) if ":" in address else (address, 0) for address in found]
        return [(kind, socket.SOCK_STREAM, 6, "", end) for kind, end in zip(kinds, ends, strict=True)]


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> Directory:
    """Return where all names of a test are looked up."""
    directory = Directory()
    monkeypatch.setattr("simulator.outgoing.resolving.getaddrinfo", directory.look_up)
    return directory


# What goes out


async def test_only_what_is_given_goes_out_and_what_http_needs() -> None:
    async with receiving(saying(OK)) as receiver:
        answer = await post(f"{receiver.url}/a%2Fb?q=1+2%2B&x=#part", body=b'{"a": 1}')

    [heard] = receiver.heard
    assert heard.line == "POST /hook/a%2Fb?q=1+2%2B&x= HTTP/1.1"
    assert heard.headers == [
        ("Host", f"127.0.0.1:{receiver.port}"), *JSON, ("Content-Length", "8"), ("Connection", "close"),
    ]  # fmt: skip
    assert heard.body == b'{"a": 1}'
    assert (answer.status, answer.headers, answer.body) == (200, (("Content-Length", "2"),), b"ok")
    assert (answer.error, answer.is_refused) == ("", False)
    assert 0 < answer.took_ms < PATIENT_S * 1000


async def test_a_given_user_agent_goes_out_and_a_header_may_come_twice() -> None:
    async with receiving(saying(OK)) as receiver:
        await post(receiver.url, (("user-agent", "Acme/1"), ("X-Part", "a"), ("X-Part", "b")))

    [heard] = receiver.heard
    assert heard.headers[1:4] == [("user-agent", "Acme/1"), ("X-Part", "a"), ("X-Part", "b")]
    assert not heard.header("content-type")


@pytest.mark.parametrize("size", [0, MIB, 3 * MIB + 1])
async def test_a_body_of_any_size_arrives_whole(size: int) -> None:
    body = bytes(range(251)) * (size // 251 + 1)

    async with receiving(saying(OK)) as receiver:
        answer = await post(receiver.url, body=body[:size])

    assert answer.status == 200, answer
    assert receiver.heard[0].header("Content-Length") == [str(size)]
    assert receiver.heard[0].body == body[:size]


async def test_credentials_in_the_url_become_basic_authorization() -> None:
    async with receiving(saying(OK)) as receiver:
        await post(receiver.url.replace("//", "//us%40er:pä%3Ass@"))
        await post(receiver.url.replace("//", "//token@"))
        await post(receiver.url.replace("//", "//user:secret@"), (("authorization", "Acme 1"),))

    assert [heard.header("Authorization") for heard in receiver.heard] == [
        ["Basic dXNAZXI6cMOkOnNz"], ["Basic dG9rZW46"], ["Acme 1"],
    ]  # fmt: skip
    assert [heard.header("Host") for heard in receiver.heard] == [[f"127.0.0.1:{receiver.port}"]] * 3


async def test_the_environment_sends_nothing_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async with receiving(saying(OK)) as receiver:
        assert (await post(receiver.url)).status == 200


async def test_neither_a_url_nor_a_header_can_smuggle_a_line() -> None:
    async with receiving(saying(OK)) as receiver:
        await post(receiver.url + "\r\nX-Smuggled: 1")
        refused = await post(receiver.url, (("X-Note", "a\r\nX-Smuggled: 1"),))

    assert len(receiver.heard) == 1
    assert not receiver.heard[0].header("X-Smuggled")
    assert refused.error.startswith("nothing was sent: ")


# What comes back


async def test_a_redirect_is_an_answer_and_nobody_follows_it() -> None:
    async with receiving(saying(OK)) as elsewhere:
        said = f"HTTP/1.1 307 Go\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode()
        async with receiving(saying(said)) as receiver:
            answer = await post(receiver.url)

    assert (answer.status, answer.error) == (307, "")
    assert ("Location", elsewhere.url) in answer.headers
    assert elsewhere.callers == 0


async def test_no_cookie_is_kept_and_nothing_is_unpacked() -> None:
    said = HEAD + b"Set-Cookie: a=1\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\nno zip"
    poster = Poster(Reach())

    async with receiving(saying(said)) as receiver:
        answers = [await poster.post(receiver.url, JSON, b"{}", PATIENT_S) for _ in range(2)]
    await poster.close()

    assert [answer.body for answer in answers] == [b"no zip"] * 2
    assert [heard.header("Cookie") for heard in receiver.heard] == [[], []]


@pytest.mark.parametrize(
    ("said", "status", "body"),
    [
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], 204, b""),
        ([b"HTTP/1.0 200 OK\r\n\r\nto the end"], 200, b"to the end"),
        ([HEAD, b"\r\nto ", b"the end"], 200, b"to the end"),
        ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"], 200, b"abc"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\n" + OK], 200, b"ok"),
        ([OK + b"HTTP/1.1 500 Two\r\nContent-Length: 0\r\n\r\n"], 200, b"ok"),
        ([b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nzz"], 101, b""),
        ([b"HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n"], 799, b""),
    ],
)
async def test_every_way_to_answer_is_understood(said: list[bytes], status: int, body: bytes) -> None:
    async with receiving(saying(*said)) as receiver:
        answer = await post(receiver.url)

    assert (answer.status, answer.body, answer.error) == (status, body, "")


@pytest.mark.parametrize("head", [b"\r\n", b"Content-Length: 1000000000\r\n\r\n"])
async def test_of_a_body_without_end_only_the_start_is_read(head: bytes) -> None:
    async with receiving(saying_forever(HEAD + head, b"x" * 65_536)) as receiver:
        answer = await post(receiver.url)
        await receiver.until_alone()

    assert (answer.status, answer.error) == (200, "")
    assert answer.body == b"x" * MOST_KEPT_BYTES
    assert receiver.sent_bytes < 16 * MIB  # what the system's buffers took


async def test_of_many_headers_only_the_first_are_kept() -> None:
    said = HEAD + b"".join(b"X-%d: %s\r\n" % (number, b"y" * 4_000) for number in range(40)) + b"\r\n"

    async with receiving(saying(said)) as receiver:
        answer = await post(receiver.url)

    assert [name for name, _ in answer.headers] == ["X-0", "X-1", "X-2", "X-3"]


async def test_an_answer_before_the_whole_body_has_gone_counts() -> None:
    async def early(receiver: Receiver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await took_up.wait()
        await take(receiver, reader)

    took_up = asyncio.Event()
    async with receiving(early, listens=False) as receiver:
        answer = await post(receiver.url, body=b"x" * 32 * MIB)
        took_up.set()
        await receiver.until_alone()

    assert (answer.status, answer.error) == (413, "")
    assert receiver.taken_bytes < 32 * MIB


# What goes wrong

NO_HTTP = "the answer is no HTTP"
WRONG: dict[str, tuple[Behave, int, str]] = {
    "hangs": (silent, 0, "no answer within 0.2 s"),
    "hangs up": (saying(), 0, "the receiver hung up without an answer"),
    "hangs up in the first line": (saying(b"HTTP/1.1 2"), 0, "the receiver hung up without an answer"),
    "hangs up in a header": (saying(HEAD + b"Conte"), 0, "the receiver hung up without an answer"),
    "hangs up in the body": (saying(HEAD + b"Content-Length: 9\r\n\r\n", b"part"), 200, "the answer broke off"),
    "hangs up in a chunk": (saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"9\r\npart"), 200, "the answer broke off"),
    "resets": (resetting, 0, "connection reset"),
    "says something else": (saying(b"SSH-2.0-OpenSSH_9\r\n\r\n"), 0, NO_HTTP),
    "says bytes": (saying(bytes(range(256)) * 9), 0, NO_HTTP),
    "speaks TLS": (saying(b"\x15\x03\x03\x00\x02\x02\x46"), 0, NO_HTTP),
    "has no status": (saying(b"HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n"), 0, NO_HTTP),
    "has a status of four digits": (saying(b"HTTP/1.1 2000 OK\r\n\r\n"), 0, NO_HTTP),
    "has no length": (saying(HEAD + b"Content-Length: x\r\n\r\n"), 0, NO_HTTP),
    "has two lengths": (saying(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), 0, NO_HTTP),
    "has a huge header": (saying(HEAD + b"X: " + b"y" * MIB), 0, NO_HTTP),
    "has a header without end": (saying_forever(HEAD + b"X: ", b"y" * 65_536), 0, NO_HTTP),
    "has headers without end": (saying_forever(HEAD, b"X: y\r\n" * 100), 0, NO_HTTP),
    "drips headers": (saying_forever(HEAD + b"X: ", b"y", 0.01), 0, "no answer within 0.2 s"),
    "goes on for ever": (saying_forever(b"", b"HTTP/1.1 102 Wait\r\n\r\n" * 100), 0, "no answer within 0.2 s"),
    "drips a body": (saying_forever(HEAD + b"\r\n", b"y", 0.01), 200, "the answer did not end within 0.2 s"),
    "never ends a body": (saying_no_more_than(HEAD + b"Content-Length: 9\r\n\r\n"), 200, "the answer did not end within 0.2 s"),
}  # fmt: skip


def loops() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Return the loops that the simulator may run on."""
    found = {"asyncio": asyncio.new_event_loop}
    try:
        import uvloop
    except ImportError:  # Windows
        return found
    return found | {"uvloop": uvloop.new_event_loop}


@pytest.mark.parametrize("loop", loops())
@pytest.mark.parametrize("how", WRONG)
def test_whatever_a_receiver_does_ends_in_time_and_in_plain_words(how: str, loop: str) -> None:
    behave, status, error = WRONG[how]
    timeout_s = HASTY_S if error.endswith(" s") else PATIENT_S

    async def meet() -> Answer:
        async with receiving(behave) as receiver:
            answer = await post(receiver.url, timeout_s=timeout_s)
            await receiver.until_alone()  # the connection is gone
            return answer

    with asyncio.Runner(loop_factory=loops()[loop]) as runner:
        answer = runner.run(meet())

    assert answer.error[: len(error) if error.startswith(NO_HTTP) else None] == error, answer
    assert len(answer.error) < 200
    assert (answer.status, answer.is_refused) == (status, False)
    if timeout_s == HASTY_S:
        assert HASTY_S * 1000 <= answer.took_ms + 2 < PATIENT_S * 1000  # a loop's own clock may be a little behind
    else:
        assert answer.took_ms < PATIENT_S * 1000


async def test_a_receiver_that_takes_no_body_ends_in_time_and_nothing_stays_open() -> None:
    async def idle(receiver: Receiver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found = [each for each in gc.get_objects() if issubclass(type(each), socket.socket) and each.fileno() >= 0]
        ours.extend(each for each in found if each.getsockname() == writer.get_extra_info("peername"))
        await gave_up.wait()

    ours: list[socket.socket] = []
    gave_up = asyncio.Event()
    async with receiving(idle, listens=False) as receiver:
        answer = await post(receiver.url, body=b"x" * 32 * MIB, timeout_s=HASTY_S)
        for _ in range(10):
            await asyncio.sleep(0)
        still_open = [each.fileno() >= 0 for each in ours]
        gave_up.set()

    assert answer.error == "no answer within 0.2 s"
    assert still_open == [False]


@pytest.mark.parametrize("loop", loops())
@pytest.mark.parametrize("size", [2, MIB, 8 * MIB])
@pytest.mark.parametrize("behave", [saying(), resetting])
def test_who_leaves_before_it_was_told_anything_is_said_to_have_left(behave: Behave, size: int, loop: str) -> None:
    async def meet() -> list[Answer]:
        async with receiving(behave, listens=False) as receiver:
            return [await post(receiver.url, body=b"x" * size) for _ in range(10)]

    with asyncio.Runner(loop_factory=loops()[loop]) as runner:
        answers = runner.run(meet())

    assert {answer.error for answer in answers} <= {"connection reset", "the receiver hung up without an answer"}
    assert {answer.status for answer in answers} == {0}


async def test_nobody_at_home_is_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    answer = await post(f"http://127.0.0.1:{port}/")

    assert (answer.error, answer.status, answer.is_refused) == ("connection refused", 0, False)


async def test_who_gives_up_waiting_closes_the_connection() -> None:
    async with receiving(silent) as receiver:
        poster = Poster(Reach())
        posting = asyncio.create_task(poster.post(receiver.url, JSON, b"{}", PATIENT_S))
        await receiver.until_heard()

        posting.cancel()

        with pytest.raises(asyncio.CancelledError):
            await posting
        await receiver.until_alone()
        await poster.close()


async def test_closing_ends_what_is_under_way_and_what_comes_later_begins_anew() -> None:
    async with receiving(silent) as hanging, receiving(saying(OK)) as receiver:
        poster = Poster(Reach())
        await poster.close()
        posting = asyncio.create_task(poster.post(hanging.url, JSON, b"{}", PATIENT_S))
        await hanging.until_heard()

        await poster.close()

        assert (await posting).error == "the receiver hung up without an answer"
        assert (await poster.post(receiver.url, JSON, b"{}", PATIENT_S)).status == 200
        await poster.close()


# One connection each


async def test_a_receiver_that_restarts_misses_nothing() -> None:
    poster, port, heard = Poster(Reach()), 0, []

    for number in range(3):
        async with receiving(saying(OK), port=port) as receiver:
            port = receiver.port
            answer = await poster.post(receiver.url, JSON, b"%d" % number, PATIENT_S)
        heard += [said.body for said in receiver.heard]
        assert answer.status == 200, answer
    await poster.close()

    assert heard == [b"0", b"1", b"2"]


async def test_a_receiver_that_hangs_up_after_each_answer_gets_everything_once() -> None:
    poster = Poster(Reach())

    async with receiving(saying(OK)) as receiver:
        bodies = [b"%d" % number for number in range(200)]
        answers = await asyncio.gather(*(poster.post(receiver.url, JSON, body, PATIENT_S) for body in bodies))
    await poster.close()

    assert [answer.status for answer in answers] == [200] * 200
    assert Counter(heard.body for heard in receiver.heard) == Counter(bodies)


async def test_a_webhook_that_was_taken_without_an_answer_is_not_sent_again() -> None:
    async def every_other(receiver: Any, reader: Any, writer: Any) -> None:
        await (saying(OK) if receiver.callers % 2 else saying())(receiver, reader, writer)

    poster = Poster(Reach())
    async with receiving(every_other) as receiver:
        answers = [await poster.post(receiver.url, JSON, b"%d" % number, PATIENT_S) for number in range(4)]
    await poster.close()

    assert [answer.status for answer in answers] == [200, 0, 200, 0]
    assert [heard.body for heard in receiver.heard] == [b"0", b"1", b"2", b"3"]


async def test_a_slow_receiver_delays_nobody_else() -> None:
    poster = Poster(Reach())

    async with receiving(silent) as slow, receiving(saying(OK)) as receiver:
        waiting = [asyncio.create_task(poster.post(slow.url, JSON, b"{}", 3 * PATIENT_S)) for _ in range(150)]
        await slow.until_heard(150)
        answer = await poster.post(receiver.url, JSON, b"{}", PATIENT_S)
        await poster.close()
        await asyncio.gather(*waiting)

    assert answer.status == 200


# Where it may go


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "0.0.0.0",
        "[fe80::1%25lo]",
        "[fd00:ec2::254]",
    ],
)
async def test_an_address_that_is_never_reached_is_not_connected_to(host: str) -> None:
    answer = await post(f"http://{host}:1/", allowed=("*",))

    assert answer.is_refused
    assert answer.status == 0
    assert answer.error.startswith("refused: ")
    assert answer.error.endswith("webhooks never go there")


async def test_a_public_address_is_refused_with_what_would_open_it() -> None:
    answer = await post("http://203.0.113.7/")

    assert answer.is_refused
    assert answer.error.endswith("--webhook-allow 203.0.113.7 opens it")


@pytest.mark.parametrize(
    "host",
    ["2852039166", "0xa9fea9fe", "0xa9.0xfe.43518", "0251.0376.0251.0376", "169.254.43518", "[::ffff:a9fe:a9fe]"],
)
async def test_an_odd_spelling_opens_nothing(host: str) -> None:
    answer = await post(f"http://{host}:1/", allowed=("*",))

    assert "webhooks never go there" in answer.error or "in an unusual spelling" in answer.error
    assert answer.status == 0


async def test_an_odd_spelling_of_what_may_be_reached_does_no_harm() -> None:
    async with receiving(saying(OK)) as receiver:
        for host in ("0x7f.1", "2130706433", "127.1", "[::ffff:127.0.0.1]", "①②⑦.0.0.1"):
            answer = await post(receiver.url.replace("127.0.0.1", host))
            assert answer.status == 200 or "in an unusual spelling" in answer.error, (host, answer)


async def test_a_name_is_judged_by_where_it_leads(directory: Directory) -> None:
    directory.addresses |= {"cloud.example": ["169.254.169.254"], "far.example": ["203.0.113.7", "2001:db8::7"]}

    cloud, far = await post("http://cloud.example/", allowed=("*",)), await post("http://far.example/")
    unknown = await post("http://nowhere.example/")

    assert cloud.error.startswith("refused: cloud.example at 169.254.169.254 is link-local")
    assert far.error.startswith("refused: far.example at ")
    assert far.error.endswith("--webhook-allow far.example opens it")
    assert (cloud.is_refused, far.is_refused) == (True, True)
    assert (unknown.error, unknown.is_refused) == ("no such host", False)


async def test_an_allowed_name_is_let_through(directory: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect(sock: socket.socket, address: Any) -> None:
        tried.append(address)
        raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody leaves this machine")

    tried: list[Any] = []
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    directory.addresses["hooks.example.com"] = ["203.0.113.7"]

    answer = await post("http://hooks.example.com/", allowed=("*.example.com",))

    assert (answer.error, answer.is_refused) == ("connection refused", False)
    assert tried == [("203.0.113.7", 80)]


async def test_of_several_addresses_one_that_may_be_reached_is_taken(
    directory: Directory,
) -> None:
    directory.addresses["mixed.example"] = ["203.0.113.7", "2001:db8::7", "169.254.169.254", "127.0.0.1"]

    async with receiving(saying(OK)) as receiver:
        answer = await post(f"http://mixed.example:{receiver.port}/")

    assert answer.status == 200, answer
    assert receiver.heard[0].header("Host") == [f"mixed.example:{receiver.port}"]


async def test_where_one_address_may_be_reached_and_is_not_there_that_is_said(
    directory: Directory,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    directory.addresses["mixed.example"] = ["203.0.113.7", "127.0.0.1"]

    answer = await post(f"http://mixed.example:{port}/")

    assert not answer.is_refused
    assert "connection refused" in answer.error


async def test_many_at_once_look_a_name_up_only_once(directory: Directory) -> None:
    directory.addresses["hooks.example"] = ["127.0.0.1"]
    poster = Poster(Reach())

    async with receiving(saying(OK)) as receiver:
        url = f"http://hooks.example:{receiver.port}/"
        answers = await asyncio.gather(*(poster.post(url, JSON, b"{}", PATIENT_S) for _ in range(50)))
    await poster.close()

    assert {answer.status for answer in answers} == {200}
    assert directory.asked == {"hooks.example": 1}


async def test_what_was_looked_up_is_what_is_connected_to(directory: Directory) -> None:
    directory.addresses["turning.example"] = ["127.0.0.1"]

    async def turn(receiver: Any, reader: Any, writer: Any) -> None:
        directory.addresses["turning.example"] = ["169.254.169.254"]
        await saying(OK)(receiver, reader, writer)

    async with receiving(turn) as receiver:
        url = f"http://turning.example:{receiver.port}/"
        first, looked_up = await post(url), directory.asked["turning.example"]
        second = await post(url)

    assert (first.status, looked_up) == (200, 1)
    assert second.is_refused
    assert receiver.callers == 1


# URLs


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://127.0.0.1/x", "is neither http nor https"),
        ("127.0.0.1:80/x", "is neither http nor https"),
        ("//127.0.0.1/x", "is neither http nor https"),
        ("file:///etc/passwd", "is neither http nor https"),
        ("javascript:alert(1)", "is neither http nor https"),
        ("", "is neither http nor https"),
        ("http:///x", "names no host"),
        ("http://", "names no host"),
        ("http://127.0.0.1:70000/", "cannot be read"),
        ("http://127.0.0.1:x/", "cannot be read"),
        ("http://[::1/", "cannot be read"),
        ("http://[]", "cannot be read"),
        ("http://\ud800/", "cannot be read"),
    ],
)
async def test_a_url_that_leads_nowhere_is_said_plainly(url: str, words: str) -> None:
    answer = await post(url)

    assert answer.error == f"refused: the URL {url} {words}"
    assert (answer.status, answer.is_refused) == (0, True)


@pytest.mark.parametrize("host", ["a..b", ".", "a" * 64, "exa mple"])
async def test_a_name_that_cannot_be_one_is_no_host(host: str, directory: Directory) -> None:
    assert (await post(f"http://{host}/")).error == "no such host"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.example.com/a@b?c=d@e", "https://hooks.example.com/a@b?c=d@e"),
        ("https://user:secret@host/x", "https://user:***@host/x"),
        ("https://user:s@ecret@host/x", "https://user:***@host/x"),
        ("https://:secret@host/x", "https://:***@host/x"),
        ("https://secret@host/x", "https://***@host/x"),
        ("https://user:sec/ret@host/x", "https://user:***@host/x"),
        ("https://user:sec#ret@host", "https://user:***@host"),
        ("https://user:secret@[::1", "https://user:***@[::1"),
        ("user:secret@host", "user:***@host"),
        ("http:///x", "http:///x"),
        ("http://[]@", "http://***@"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert shown_url(url) == shown


async def test_no_error_tells_a_password() -> None:
    for url in (
        "ftp://user:secret@host/",
        "http://user:sec/secret@host/",
        "http://user:secret@2852039166/",
        "http://user:secret@[::1/",
    ):
        answer = await post(url)
        assert answer.error
        assert "secret" not in answer.error


# TLS


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate that nobody vouches for, and its key."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")]),
    )
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2120, 1, 1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "receiver.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_a_certificate_that_nobody_vouches_for_is_refused_unless_any_is_accepted(tls: ssl.SSLContext) -> None:
    async with receiving(saying(OK), certificate=tls) as receiver:
        strict, lax = await post(receiver.url), await post(receiver.url, verifies_tls=False)

    assert strict.error == "TLS: self-signed certificate; --webhook-insecure accepts any certificate"
    assert (strict.status, strict.is_refused) == (0, False)
    assert (lax.status, lax.body, lax.error) == (200, b"ok", "")
    assert len(receiver.heard) == 1


async def test_the_systems_certificates_count(tls: ssl.SSLContext, certificate: Path) -> None:
    program = (
        "import asyncio, sys; from simulator.webhooks.posting import Poster; from simulator.outgoing.reach import Reach\n"
        "async def main():\n"
        "    poster = Poster(Reach()); print((await poster.post(sys.argv[1], (), b'{}', 20)).status); await poster.close()\n"
        "asyncio.run(main())"
    )

    async with receiving(saying(OK), certificate=tls) as receiver:
        done = await asyncio.to_thread(
            lambda: subprocess.run(
                [sys.executable, "-W", "error", "-c", program, receiver.url],
                env={"SSL_CERT_FILE": str(certificate)}, check=True, capture_output=True, text=True, timeout=60,
            )
        )  # fmt: skip

    assert done.stdout.strip() == "200"


async def test_tls_with_who_speaks_none_fails_in_plain_words() -> None:
    async with receiving(saying(b"220 mail.example\r\n"), listens=False) as receiver:
        answer = await post(receiver.url.replace("http:", "https:"))

    assert answer.error in ("TLS: wrong version number", "TLS: record layer failure")


async def test_who_never_shakes_hands_ends_in_time() -> None:
    async with receiving(silent, listens=False) as receiver:
        answer = await post(receiver.url.replace("http:", "https:"), timeout_s=HASTY_S)
        await receiver.until_alone()

    assert answer.error == "no answer within 0.2 s"
