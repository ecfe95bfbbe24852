"""A receiver as tests use it: what came can be waited for, and it answers as it is told."""

import threading
from collections.abc import Iterator
from http.client import HTTPConnection, RemoteDisconnected
from urllib.parse import urlsplit

import pytest
import requests

from simulator.client import NothingReceived, Receiver, listener
from tests.client.senders import in_background, post


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def test_a_message_is_told_as_it_came(receiver: Receiver) -> None:
    answer = requests.post(f"{receiver.url}/any/path?of=mine", json={"a": "é"}, headers={"X-Mine": "1"}, timeout=30)

    message = receiver.wait()
    assert (answer.status_code, answer.content) == (200, b"")
    assert (message.number, message.path, message.plain) == (1, "/any/path?of=mine", {"a": "é"})
    assert message.body == answer.request.body
    assert message.headers["x-mine"] == message.headers["X-MINE"] == message.headers.get("X-Mine") == "1"
    assert "x-MINE" in message.headers
    assert "X-Other" not in message.headers
    assert "X-Mine" in list(message.headers)
    assert (message.is_genuine, message.problem, message.job_id, message.answer) == (None, "", "", 200)
    assert message.received_at_ms > 1_700_000_000_000


def test_a_header_that_came_twice_is_joined(receiver: Receiver) -> None:
    connection = HTTPConnection(urlsplit(receiver.url).netloc, timeout=30)
    connection.putrequest("POST", "/")
    for name, said in (("X-Mine", "1"), ("x-mine", "2"), ("Content-Length", "0")):
        connection.putheader(name, said)
    connection.endheaders()
    connection.getresponse().read()
    connection.close()

    assert receiver.wait().headers["X-Mine"] == "1, 2"


def test_messages_are_waited_for_one_after_the_other_and_stay(receiver: Receiver) -> None:
    for word in (b'"first"', b'"second"', b'"third"'):
        post(receiver.url, word)

    waited_for = [receiver.wait().plain for _ in range(3)]

    assert waited_for == [message.plain for message in receiver.messages] == ["first", "second", "third"]
    with pytest.raises(NothingReceived):
        receiver.wait(timeout=0)


def test_a_message_that_comes_while_it_is_waited_for_is_returned(receiver: Receiver) -> None:
    with in_background() as begin:
        waiting = begin(receiver.wait, 30)
        post(receiver.url, b'"late"')

        assert waiting.result(30).plain == "late"


def test_threads_that_wait_get_a_message_each(receiver: Receiver) -> None:
    with in_background() as begin:
        waiting = [begin(receiver.wait, 30) for _ in range(40)]
        sending = [begin(post, receiver.url, b"%d" % number) for number in range(40)]

        assert {one.result(30)[0] for one in sending} == {200}
        assert sorted(one.result(30).plain for one in waiting) == list(range(40))
    assert [message.number for message in receiver.messages] == list(range(1, 41))


def test_what_came_instead_is_told_when_nothing_comes(receiver: Receiver) -> None:
    post(receiver.url, b'{"event": "task.completed", "status": 3}', path="/mine")
    receiver.wait()
    requests.get(f"{receiver.url}/health", timeout=30)

    with pytest.raises(NothingReceived) as caught:
        receiver.wait(timeout=0)

    text = str(caught.value)
    assert f"no webhook came within 0 s to {receiver.url}" in text
    assert "<webhook 1 at '/mine': event task.completed, status 3, unsigned, nothing to verify>" in text
    assert "turned away: a GET of '/health'" in text


def test_a_failed_assertion_shows_the_message(receiver: Receiver) -> None:
    post(receiver.url, b"no json")

    message = receiver.wait()

    assert (message.is_genuine, message.plain) == (False, None)
    assert repr(message) == "<webhook 1 at '/hook': the body is no JSON>"


def test_answers_follow_one_another_and_the_last_one_stays(receiver: Receiver) -> None:
    receiver.answer_with(503, 404, 204)

    answered = [post(receiver.url)[0] for _ in range(5)]

    assert answered == [message.answer for message in receiver.messages] == [503, 404, 204, 204, 204]


def test_a_later_word_on_answers_replaces_the_one_before(receiver: Receiver) -> None:
    receiver.answer_with(503, 503, 503)
    first = post(receiver.url)[0]
    receiver.answer_with(202)

    assert (first, post(receiver.url)[0]) == (503, 202)


@pytest.mark.parametrize("statuses", [(), (100,), (200, 600)])
def test_a_status_that_ends_no_exchange_is_refused(receiver: Receiver, statuses: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="from 200 to 599"):
        receiver.answer_with(*statuses)


@pytest.mark.parametrize("after", [-1, float("nan"), float("inf")])
def test_a_delay_without_an_end_is_refused(receiver: Receiver, after: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 3600"):
        receiver.answer_with(200, after=after)


def test_a_message_is_there_before_its_late_answer(receiver: Receiver) -> None:
    receiver.answer_with(200, after=3600)
    with in_background() as begin:
        sending = begin(post, receiver.url)

        message = receiver.wait(30)

        assert (message.answer, sending.done()) == (200, False)
        receiver.close()
        with pytest.raises(RemoteDisconnected):
            sending.result(30)


def test_a_late_answer_comes(receiver: Receiver) -> None:
    receiver.answer_with(503, after=0.01)

    assert post(receiver.url)[0] == 503


def test_a_receiver_that_hangs_takes_the_message_and_closes_only_at_its_end(receiver: Receiver) -> None:
    receiver.hang()
    with in_background() as begin:
        sending = [begin(post, receiver.url) for _ in range(20)]

        for _ in sending:
            assert receiver.wait(30).answer is None
        assert not any(one.done() for one in sending)
        receiver.close()
        for one in sending:
            with pytest.raises(RemoteDisconnected):
                one.result(30)


def test_hanging_ends_by_itself(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.client.receiver.LONGEST_HANG_S", 0.01)
    receiver.hang()

    with pytest.raises(RemoteDisconnected):
        post(receiver.url)


def test_a_dropped_message_gets_no_answer_and_is_kept(receiver: Receiver) -> None:
    receiver.drop()

    with pytest.raises(RemoteDisconnected):
        post(receiver.url, b'"dropped"')

    assert (receiver.wait().plain, receiver.messages[0].answer) == ("dropped", None)


def test_clear_forgets_what_came_and_remembers_how_to_answer(receiver: Receiver) -> None:
    receiver.answer_with(503)
    post(receiver.url, b'"forgotten"')
    requests.get(receiver.url, timeout=30)

    receiver.clear()

    assert receiver.messages == []
    with pytest.raises(NothingReceived) as caught:
        receiver.wait(timeout=0)
    assert "forgotten" not in str(caught.value)
    assert "GET" not in str(caught.value)
    assert post(receiver.url, b'"new"')[0] == 503
    assert receiver.wait().plain == "new"


def test_two_receivers_know_nothing_of_each_other() -> None:
    with Receiver() as one, Receiver() as other:
        one.answer_with(503)

        assert (post(one.url, b"1")[0], post(other.url, b"2")[0]) == (503, 200)
        assert ([message.plain for message in one.messages], [message.plain for message in other.messages]) == (
            [1],
            [2],
        )


def test_what_came_can_be_read_after_the_end() -> None:
    with Receiver() as receiver:
        post(receiver.url, b'"kept"')

    assert receiver.wait(timeout=0).plain == "kept"
    with pytest.raises(RuntimeError, match="not listening"):
        _ = receiver.url
    with pytest.raises(NothingReceived, match="none is listening"):
        receiver.wait(timeout=0)


def test_the_end_leaves_no_thread_and_frees_the_port() -> None:
    receiver = Receiver().start()
    url, port = receiver.url, int(urlsplit(receiver.url).port or 0)
    receiver.hang()
    with in_background() as begin:
        sending = begin(post, url)
        receiver.wait(30)
        receiver.close()
        assert isinstance(sending.exception(30), RemoteDisconnected)

    receiver.close()

    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("receiver")]
    with Receiver(port=port) as again:
        assert again.url == url


def test_an_answer_that_is_due_is_sent_although_the_receiver_ends() -> None:
    with in_background() as begin:
        for _ in range(20):
            with Receiver() as receiver:
                sending = begin(post, receiver.url)
                receiver.wait(30)
            assert sending.result(30)[0] == 200


def test_a_taken_port_is_an_error() -> None:
    with Receiver() as receiver, pytest.raises(OSError, match="in use"):
        Receiver(port=int(urlsplit(receiver.url).port or 0)).start()


def test_a_receiver_that_is_open_to_all_names_an_address_that_works() -> None:
    with Receiver(host="0.0.0.0") as receiver:
        assert urlsplit(receiver.url).hostname == "127.0.0.1"
        assert post(receiver.url)[0] == 200


def test_a_receiver_listens_by_ipv6_too() -> None:
    try:
        receiver = Receiver(host="::1").start()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with receiver:
        assert post(receiver.url)[0] == 200


def test_the_number_of_kept_messages_is_bounded_and_the_next_one_is_told(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.client.receiver.MOST_MESSAGES", 3)
    for number in range(5):
        post(receiver.url, b"%d" % number)

    assert [message.plain for message in receiver.messages] == [2, 3, 4]
    assert [receiver.wait(timeout=0).number for _ in range(3)] == [3, 4, 5]


def test_the_bytes_that_are_kept_are_bounded(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.client.receiver.MOST_KEPT_BYTES", 5000)
    for _ in range(5):
        post(receiver.url, b" " * 2000)

    assert [message.number for message in receiver.messages] == [4, 5]


def test_too_many_connections_are_turned_away(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 1)
    receiver.hang()
    with in_background() as begin:
        sending = begin(post, receiver.url)
        receiver.wait(30)

        with pytest.raises((RemoteDisconnected, ConnectionError)):
            post(receiver.url)

        receiver.close()
        assert isinstance(sending.exception(30), RemoteDisconnected)
    with pytest.raises(NothingReceived, match="a connection, for 1 are open"):
        receiver.wait(timeout=0)
