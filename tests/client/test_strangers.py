"""A receiver behind a tunnel meets anybody: whatever comes is bounded, told, and leaves it able to receive."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import vendors
from simulator.client import NothingReceived, Receiver, listener
from simulator.client.message import Headers, Message, reader_for
from tests.client.senders import KEYS, genuine, post, webhooks


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def say(receiver: Receiver, *pieces: bytes, leaves: bool = True) -> bytes:
    """Say something raw and return all that is answered; one that does not leave keeps its end of the line open."""
    address = urlsplit(receiver.url)
    with socket.create_connection((address.hostname, address.port), 30) as connection:
        with suppress(OSError):  # the receiver may have answered and left while we still speak
            for piece in pieces:
                connection.sendall(piece)
            if leaves:
                connection.shutdown(socket.SHUT_WR)
        answer = b""
        with suppress(ConnectionResetError):
            while piece := connection.recv(65536):
                answer += piece
        return answer


def turned_away(receiver: Receiver) -> str:
    """Return what the receiver tells when nothing came."""
    with pytest.raises(NothingReceived) as caught:
        receiver.wait(timeout=0)
    return str(caught.value)


@pytest.mark.parametrize("path", ["/", "*", "http://elsewhere/x", "/%00?a=b", "/é".encode("latin-1").decode("latin-1")])
def test_any_path_is_taken_and_told_as_it_came(receiver: Receiver, path: str) -> None:
    say(receiver, f"POST {path} HTTP/1.1\r\nContent-Length: 1\r\n\r\n7".encode("latin-1"))

    assert (receiver.wait().path, receiver.messages[0].plain) == (path, 7)


@pytest.mark.parametrize(
    "pieces",
    [
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n", b"2;x=y\r\n2]\r\n0\r\n\r\n"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\n[1,2]\r\n0\r\nX-Trailer: 1\r\n\r\n",),
        (b"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n[1,2]",),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n[1,2]",),
    ],
)
def test_every_way_to_send_a_body_is_understood(receiver: Receiver, pieces: tuple[bytes, ...]) -> None:
    answer = say(receiver, *pieces)

    assert receiver.wait(30).plain == [1, 2]
    assert b" 200 OK\r\n" in answer
    assert b"Connection: close" in answer


def test_a_body_of_one_mebibyte_is_taken(receiver: Receiver) -> None:
    body = b" " * (listener.MOST_BODY_BYTES - 1) + b"7"

    assert post(receiver.url, body)[0] == 200
    assert (receiver.wait().plain, len(receiver.messages[0].body)) == (7, 1 << 20)


def test_a_larger_body_is_refused_and_its_sender_learns_why(receiver: Receiver) -> None:
    status, text = post(receiver.url, b" " * (listener.MOST_BODY_BYTES + 1))

    assert (status, b"larger than 1048576 bytes" in text) == (413, True)
    assert "a POST to '/hook': its body is larger than 1048576 bytes" in turned_away(receiver)


def test_chunks_that_never_end_are_refused(receiver: Receiver) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    answer = say(receiver, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", *[chunk] * 17, b"0\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert "larger than 1048576 bytes" in turned_away(receiver)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"Content-Length: 10\r\n\r\n[1,", "its body ended after 3 of 10 bytes"),
        (b"Content-Length: -1\r\n\r\n", "its Content-Length is '-1'"),
        (b"Content-Length: 9999999999999999999\r\n\r\n", "its Content-Length is '9999999999999999999'"),
        (b"Content-Length: ten\r\n\r\n", "its Content-Length is 'ten'"),
        (b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "a chunk's size is"),
        (b"Transfer-Encoding: chunked\r\n\r\n-5\r\n", "a chunk's size is"),
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\n[1,2]\r\n", "its body ended before the last chunk"),
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\n[1", "its body ended after 2 of 5 bytes"),
    ],
)
def test_a_message_that_is_not_whole_is_turned_away_and_told(receiver: Receiver, said: bytes, words: str) -> None:
    answer = say(receiver, b"POST /x HTTP/1.1\r\n" + said)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert f"a POST to '/x': {words}" in turned_away(receiver)
    assert post(receiver.url)[0] == 200


@pytest.mark.parametrize(
    "said",
    [b"", b"\r\n", b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"POST / HTTP/1.1 and more\r\n\r\n"],
)
def test_what_is_no_http_at_all_leaves_no_trace(
    receiver: Receiver, said: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    say(receiver, said)

    assert receiver.messages == []
    assert post(receiver.url)[0] == 200
    assert capfd.readouterr() == ("", "")


def test_a_sender_that_falls_silent_is_let_go(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.client.listener._Handler.timeout", 0.01)

    answer = say(receiver, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n[1", leaves=False)
    unspoken = say(receiver, b"POST / HT", leaves=False)

    assert (answer[:13], unspoken) == (b"HTTP/1.1 408 ", b"")
    assert "nothing came for 0.01 s in the midst of its body" in turned_away(receiver)


def test_a_sender_that_leaves_before_its_answer_disturbs_nobody(
    receiver: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    address = urlsplit(receiver.url)
    receiver.answer_with(200, after=0.01)
    for _ in range(20):
        with socket.create_connection((address.hostname, address.port), 30) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # leave with a bang
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n7")
            receiver.wait(30)

    assert post(receiver.url)[0] == 200
    receiver.close()
    assert capfd.readouterr() == ("", "")


def test_somebody_who_looks_is_told_what_this_is(receiver: Receiver) -> None:
    answer = say(receiver, b"GET / HTTP/1.1\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"Allow: POST\r\n" in answer
    assert b"by POST to any path" in answer
    assert receiver.messages == []


DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000


@pytest.mark.parametrize("vendor", vendors.NAMES)
@settings(max_examples=100)
@given(st.data())
def test_no_body_and_no_header_surprises_a_vendors_way_to_open(vendor: str, data: st.DataObject) -> None:
    reader, sealed = reader_for(vendor, KEYS[vendor]), genuine(vendor)
    words = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=70)
    at = data.draw(st.integers(0, len(sealed.body)))
    bitten = sealed.body[:at] + data.draw(st.binary(max_size=9)) + sealed.body[at + data.draw(st.integers(0, 9)) :]
    body = data.draw(st.sampled_from([sealed.body, bitten, DEEP, b"[]", b"null", b'{"signature":"\\ud800"}']))
    signed_at = webhooks(vendor)[0].signature_at
    headers = Headers([*sealed.headers, *([(signed_at, data.draw(words))] if data.draw(st.booleans()) else [])])

    message = Message(1, 0, "/", headers, body, 200, reader)

    assert message.is_genuine in (True, False, None)
    assert message.verdict in repr(message)
    assert isinstance(message.job_id, str)
    if message.is_genuine:
        assert message.body == sealed.body or vendor == "a2e"


@pytest.mark.parametrize("vendor", ["akool", "deepswapai"])
def test_a_genuine_message_that_is_no_object_names_no_job(vendor: str) -> None:
    sealed = genuine(vendor, b"[1]")

    message = Message(1, 0, "/", Headers(sealed.headers), sealed.body, 200, reader_for(vendor, KEYS[vendor]))

    assert (message.is_genuine, message.plain, message.job_id) == (True, [1], "")
