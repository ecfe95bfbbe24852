"""What counts as an answer that came through, and which downloads together are a file."""

import pytest

from simulator.client.evidence import is_spoilt, is_whole
from simulator.client.results import Call


def got(status: int | None = 200, *marks: str, asked: str = "", accepts: str = "identity") -> Call:
    headers = {"accept-encoding": accepts} | ({"range": asked} if asked else {})
    path = "/results/a.mp4"
    return Call(1, 0, "acme", None, None, "GET", path, path, {}, headers, "", status, "", [], list(marks))


@pytest.mark.parametrize(
    "calls",
    [
        [got()],
        [got(asked="bytes=0-1,5-6")],
        [got(206, asked="bytes=0-")],
        [got(206, asked="Bytes = 0 - 99")],
        [got(206, asked="bytes=40-"), got(206, asked="bytes=0-39")],
        [got(206, asked="bytes=0-60"), got(206, asked="bytes=10-20"), got(206, asked="bytes=-50")],
        [got(200, "fault: truncated"), got(206, asked="bytes=50-")],
        [got(200, "fault: latency 20ms", "fault: dribble 1 bytes every 100ms")],
    ],
)
def test_a_file_is_whole_once_every_byte_of_it_came(calls: list[Call]) -> None:
    assert is_whole(calls, 100)


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [got(None)],
        [got(200, "the client left")],
        [got(304)],
        [got(404)],
        [got(416, asked="bytes=0-")],
        [got(206, asked="bytes=1-")],
        [got(206, asked="bytes=0-98")],
        [got(206, asked="nonsense")],
        [got(206, asked="bytes=0-39"), got(206, asked="bytes=41-")],
        [got(200, "fault: truncated")],
        [got(200, "fault: truncated"), got(206, asked="bytes=51-")],
        [got(200, "fault: html_page 200")],
        [got(200, "fault: empty"), got(206, asked="bytes=1-")],
    ],
)
def test_a_file_is_not_whole_while_a_byte_of_it_is_missing(calls: list[Call]) -> None:
    assert not is_whole(calls, 100)


@pytest.mark.parametrize(("accepts", "is_lost"), [("gzip, deflate", False), ("identity", True)])
def test_a_packed_answer_is_lost_on_those_who_did_not_ask_for_one(accepts: str, is_lost: bool) -> None:
    assert is_spoilt(got(200, "fault: gzip well", accepts=accepts)) is is_lost
    assert is_spoilt(got(200, "fault: gzip broken", accepts=accepts))
