"""What clients should not send: it is refused in JSON, blames nobody in the log, and the server goes on."""

import logging
import zlib

import msgspec
import pytest

from simulator.jobs.chance import Draws
from tests.server.conftest import Server

BEARER = b"Host: x\r\nAuthorization: Bearer k\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET /tiny HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", 400),
        (b"GET /tiny HTTP/1.1\r\nHost x\r\n\r\n", 400),
        (b"GET /tiny HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET /tiny HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /tiny HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET /tiny HTTP/1.1\nHost: x\n\n", 400),
        (b"GET /tiny HTTP/1.1\r\n\r\n", 400),
        (b"GET /tiny HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET /tiny HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"POST /tiny HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        (b"POST /tiny HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /tiny HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /tiny HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello", 400),
        (b"POST /tiny HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET /tiny HTTP/1.1\r\nX: " + b"a" * 10_000 + b"\r\n\r\n", 431),
        (b"GET /tiny HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"GET /tiny HTTP/1.1\r\nHost: x\r\n" + (b"A: " + b"b" * 4000 + b"\r\n") * 20 + b"\r\n", 431),
        (b"GET /tiny HTTP/1.1\r\nHost: x\r\n" + (b"A: " + b"b" * 4000 + b"\r\n") * 20, 431),
    ],
)
async def test_what_is_no_http_is_answered_in_json(
    server: Server, caplog: pytest.LogCaptureFixture, request_bytes: bytes, status: int
) -> None:
    head, _, body = (await server.raw(request_bytes)).partition(b"\r\n\r\n")

    assert head.startswith((b"HTTP/1.0 %d " % status, b"HTTP/1.1 %d " % status))
    assert b"X-Simulator-Error: " in head
    assert b"Python" not in head
    assert set(msgspec.json.decode(body)["error"]) == {"code", "message"}
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_tls_on_a_plain_port_is_told_where_https_is(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40
    replies = [await server.raw(hello) for _ in range(2)]

    assert all(reply.startswith(b"HTTP/1.0 400 ") and b"--tls-port" in reply for reply in replies)
    [told] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "--tls-port" in told.getMessage()


async def test_after_a_body_that_was_never_asked_for_the_connection_is_closed(server: Server) -> None:
    """Else the next request on it would be taken for the body."""
    said = await server.raw(
        b"POST /tiny/v1/clips HTTP/1.1\r\n"
        + BEARER
        + b"Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 100000000\r\n\r\n"
    )

    assert said.startswith(b"HTTP/1.1 413 ")


async def test_a_compressed_body_that_is_too_large_is_not_read_to_its_end(server: Server) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(b" " * 50_000_000) + packer.flush()

    said = await server.raw(
        b"POST /tiny/v1/clips HTTP/1.1\r\n"
        + BEARER
        + b"Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
        + bomb[:-1]
    )

    assert said.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /tiny/v1/clips/\xff\xfe HTTP/1.1\r\n" + BEARER,
        b"GET /tiny/v1/clips?limit=\xff HTTP/1.1\r\n" + BEARER,
        b"GET /tiny/v1/clips/a#b HTTP/1.1\r\n" + BEARER,
        b"GET /tiny/v1/clips/%00%ff%zz% HTTP/1.1\r\n" + BEARER,
        b"GET /tiny/v1/clips/%ed%a0%80 HTTP/1.1\r\n" + BEARER,
        b"GET /tiny/v1/clips HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n",
        b"GET /tiny/v1/clips/ HTTP/1.1\r\nHost: \xff\r\nAuthorization: Bearer k\r\n",
        b"GET /tiny/v1/clips HTTP/1.1\r\nHost: x\r\nOrigin: \xff\r\nAuthorization: Bearer k\r\n",
        b"OPTIONS /tiny/v1/clips HTTP/1.1\r\nHost: x\r\nOrigin: y\r\nAccess-Control-Request-Method: \xff\r\n"
        b"Access-Control-Request-Headers: \xff;evil\r\n",
        b"OPTIONS * HTTP/1.1\r\n" + BEARER,
        b"TRACE /tiny/v1/clips HTTP/1.1\r\n" + BEARER,
        b"FOO /tiny/v1/clips HTTP/1.1\r\n" + BEARER,
        b"GET // HTTP/1.1\r\n" + BEARER,
        b"GET http://[::1/x HTTP/1.1\r\n" + BEARER,
        b"GET tiny:// HTTP/1.1\r\n" + BEARER,
        b"GET /~%2e%2e/tiny/v1/clips HTTP/1.1\r\n" + BEARER,
        b"GET /~" + b"a" * 5000 + b"/tiny HTTP/1.1\r\n" + BEARER,
        b"GET /tiny/" + b"/" * 5000 + b" HTTP/1.1\r\n" + BEARER,
        b"GET /tiny/v1/clips?" + b"a=1&" * 1900 + b" HTTP/1.1\r\n" + BEARER,
        b"POST /tiny/v1/clips HTTP/1.1\r\nContent-Type: \xff\r\nContent-Length: 1\r\n"
        + BEARER
        + b"Connection: close\r\n\r\n{",
        b"GET /tiny/v1/clips HTTP/1.1\r\nIf-Range: \xff\r\nRange: bytes=\xff\r\nExpect: 100-continue\r\n" + BEARER,
        b"GET /tiny/v1/clips HTTP/1.1\r\nX-Simulator-Seed: \xff\r\nX-Simulator-Job-Id: \xff\r\n" + BEARER,
        b"GET /tiny/v1/clips HTTP/1.1\r\n" + b"A: b\r\n" * 120 + BEARER,
    ],
)
async def test_odd_requests_get_an_answer(
    server: Server, caplog: pytest.LogCaptureFixture, request_bytes: bytes
) -> None:
    said = await server.raw(request_bytes + b"Connection: close\r\n\r\n")

    assert said.startswith((b"HTTP/1.1 ", b"HTTP/1.0 4"))
    assert not said.startswith(b"HTTP/1.1 5")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert (await server.call("GET", "/v1/open"))[0] == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /tiny/v1/clips HTTP/1.1\r\n" + BEARER + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        b"POST /tiny/v1/clips HTTP/1.1\r\n" + BEARER
        + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"POST /tiny/v1/clips HTTP/1.1\r\n" + BEARER
        + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"POST /tiny/v1/uploads HTTP/1.1\r\n" + BEARER
        + b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 999\r\n\r\n--b\r\nContent-",
        b"GET /tiny/v1/open HTTP/1.1\r\n" + BEARER + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\n" + BEARER + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /tiny/v1/open HT",
        b"",
    ],
)  # fmt: skip
async def test_a_client_that_stops_halfway_harms_nobody(
    server: Server, caplog: pytest.LogCaptureFixture, request_bytes: bytes
) -> None:
    await server.raw(request_bytes, ends=True)

    assert (await server.call("GET", "/v1/open"))[0] == 200
    assert server.sandbox.in_flight == 0
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_hundreds_of_damaged_requests_do_no_harm(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    whole = (
        b"POST /tiny/v1/clips?limit=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"
        b"Content-Type: application/json\r\nContent-Length: 14\r\nConnection: close\r\n\r\n" + b'{"prompt":"x"}'
    )
    for number in range(300):
        draws, damaged = Draws("hostile", number), bytearray(whole)
        for hit in range(draws.whole(1, 4, "hits")):
            at = draws.whole(0, len(damaged) - 1, "at", hit)
            damaged[at : at + draws.whole(0, 2, "cut", hit)] = bytes([draws.whole(0, 255, "byte", hit)])
        await server.raw(bytes(damaged), ends=True)

    assert (await server.call("GET", "/v1/open"))[0] == 200
    assert server.pipeline.tally.bugs == 0
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_many_pipelined_requests_are_answered_in_order(server: Server) -> None:
    requests = [b"GET /tiny/v1/clips/job%d HTTP/1.1\r\n" % at + BEARER for at in range(200)]
    said = await server.raw(b"\r\n".join(requests) + b"Connection: close\r\n\r\n")

    order = [int(part.split(b'"')[0]) for part in said.split(b"UnknownJob job")[1:]]
    assert order == list(range(200))
