"""The fast road and aiohttp's own: the same bytes, whatever is asked."""

import re

import pytest

from simulator.jobs.errors import ContractBroken, SimulatorError
from simulator.server import replies
from simulator.server.replies import Wire, loud, wire
from simulator.vendors.vendor import Reply
from tests.server.conftest import Server

KEY = "Authorization: Bearer key-1\r\n"


def get(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{method} /tiny{path} HTTP/{version}", "Host: x", *headers]
    return ("\r\n".join(lines) + "\r\n" + KEY + "\r\n").encode()


CONVERSATIONS = {
    "one": [get("/v1/open", "Connection: close")],
    "pipelined": [get("/v1/open"), get("/v1/clips"), get("/v1/nothing"), get("/v1/text"), get("/v1/open", "Connection: close")],
    "with a body": [
        b"POST /tiny/v1/clips HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 14\r\n"
        + KEY.encode() + b'\r\n{"prompt":"x"}',
        get("/v1/clips", "Connection: close"),
    ],
    "head": [get("/v1/open", method="HEAD"), get("/v1/open", "Connection: close")],
    "old": [get("/v1/open", version="1.0")],
    "old, kept alive": [get("/v1/open", "Connection: keep-alive", version="1.0"), get("/v1/open", version="1.0")],
    "no content": [get("/v1/clips/mine", method="DELETE"), get("/v1/open", "Connection: close")],
    "loud": [get("/v1/broken"), get("/v1/open", "Connection: close")],
    "browser": [get("/v1/open", "Origin: https://a.example"), get("/v1/open", "Connection: close")],
    "refused before its body was read": [
        b"POST /tiny/v1/clips HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n" + b'{"prompt":"x"}',
        get("/v1/open", "Connection: close"),
    ],
    "compression offered": [get("/v1/open", "Accept-Encoding: gzip, br"), get("/v1/open", "Connection: close")],
}  # fmt: skip


@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_both_roads_write_the_same_bytes(server: Server, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    said = {}
    for renders in (True, False):
        server.sandbox.reset()
        server.sandbox.clock.set(mode="manual")
        await server.call("POST", "/v1/clips", json={"prompt": "x"}, headers={"X-Simulator-Job-Id": "mine"})
        monkeypatch.setattr(replies, "_renders", renders)

        said[renders] = re.sub(rb"Date: [^\r]+", b"Date: D", await server.raw(b"".join(CONVERSATIONS[name])))

    assert said[True] == said[False]
    assert said[True].count(b"HTTP/1.") == len(CONVERSATIONS[name])


def test_the_tested_versions_are_those_that_are_installed() -> None:
    assert replies._renders


def test_a_header_with_a_line_break_never_leaves() -> None:
    with pytest.raises(ValueError, match="line break"):
        replies._head(200, (("X-Name", "a\r\nSet-Cookie: b"),))


def test_a_vendors_own_content_type_stands() -> None:
    ready = wire(Reply("<Error/>", 404, (("content-type", "application/xml"),)), (("X-All", "1"),))

    assert ready == Wire(404, (("X-All", "1"), ("content-type", "application/xml")), b"<Error/>")


@pytest.mark.parametrize("body", [{"a": "\ud800"}, "\ud800", {"a": object()}])
def test_what_cannot_be_said_in_json_breaks_the_contract(body: object) -> None:
    with pytest.raises(ContractBroken, match="cannot be encoded"):
        wire(Reply(body))


def test_a_loud_error_tells_even_what_no_json_can_hold() -> None:
    ready = loud(SimulatorError("half a letter: \ud800", reply={1, 2}, at=float("nan")))

    assert ready.status == 400
    assert b"half a letter" in ready.body
