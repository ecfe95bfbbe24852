"""Every fault as the users of five clients meet it in the wild: the exception's class and message, or what came."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import pytest

from simulator.assembly import Background
from simulator.jobs.faults import FAULTS
from simulator.settings import Settings
from tests.faults_in_clients.clients import CLIENTS, Ask

KEY = {"Authorization": "Bearer test-key"}
VIDEO = {
    "source_image": "https://example.com/face.jpg",
    "target_video": "https://example.com/clip.mp4?width=64&height=36&duration=0.2",
}
GOOD = '200 "video_swap" "completed"'
HALF_JSON = "JSONDecodeError: Unterminated string starting at: line 1 column"
NO_JSON = "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"
CUT_OFF = {
    "requests": "ChunkedEncodingError: ('Connection broken: IncompleteRead(",
    "httpx": "RemoteProtocolError: peer closed connection without sending complete message body",
    "aiohttp": "ClientPayloadError: Response payload is not completed: <ContentLengthError",
    "node fetch": "TypeError: terminated <- UND_ERR_SOCKET: other side closed",
    "curl": "curl: (18) transfer closed with ",
}
TOO_LATE = {
    "requests": "ReadTimeout: HTTPConnectionPool(",
    "httpx": "ReadTimeout: timed out",
    "aiohttp": "TimeoutError:",
    "node fetch": "TimeoutError: The operation was aborted due to timeout",
    "curl": "curl: (28) Operation timed out after ",
}
REFUSED = {
    "requests": "ConnectionError: ('Connection aborted.', RemoteDisconnected('Remote end closed connection without",
    "httpx": "RemoteProtocolError: Server disconnected without sending a response.",
    "aiohttp": "ServerDisconnectedError: Server disconnected",
    "node fetch": "TypeError: fetch failed <- UND_ERR_SOCKET: other side closed",
    "curl": "curl: (52) Empty reply from server",
}
RESET = {
    "requests": "ConnectionError: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
    "httpx": "ReadError: [Errno 104] Connection reset by peer",
    "aiohttp": "ClientOSError: [Errno 104] Connection reset by peer",
    "node fetch": "TypeError: fetch failed <- ECONNRESET: read ECONNRESET",
    "curl": "curl: (56) Recv failure: Connection reset by peer",
}


def everywhere(said: str, **others: str) -> dict[str, str]:
    """Return what most clients say, and what others do."""
    return {**dict.fromkeys(CLIENTS, said), **{name.replace("_", " "): other for name, other in others.items()}}


def refused_with(status: int, kind: str = "application/json") -> dict[str, str]:
    """Return what is said of a reply that is an error."""
    return everywhere(f"{status} {kind}", curl=f"curl: (22) The requested URL returned error: {status}")


OF_JSON: Mapping[str, Mapping[str, str]] = {
    "": everywhere(GOOD),
    "latency=1ms": everywhere(GOOD),
    "latency=10m": TOO_LATE,
    "dribble=1ms": everywhere(GOOD),
    "dribble=10m": {**TOO_LATE, "requests": "ConnectionError: HTTPConnectionPool("},
    "error=401": refused_with(401),
    "error=402": refused_with(402),
    "error=404": refused_with(404),
    "error=429": refused_with(429),
    "error=500": refused_with(500),
    "error=503": refused_with(503),
    "refused": REFUSED,
    "reset": RESET,
    "closed_midway": CUT_OFF,
    "wrong_length=longer": CUT_OFF,
    "wrong_length=shorter": everywhere(
        HALF_JSON,
        aiohttp="ClientResponseError: 400, message='Bad status line:",
        node_fetch="SyntaxError: Unterminated string in JSON",
    ),
    "truncated": everywhere(HALF_JSON, node_fetch="SyntaxError: Unterminated string in JSON"),
    "malformed": everywhere(
        "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2",
        node_fetch="SyntaxError: Expected property name or '}' in JSON at position 1",
    ),
    "duplicate_keys": everywhere("200 null null"),
    "empty": everywhere(NO_JSON, aiohttp="200 None", node_fetch="SyntaxError: Unexpected end of JSON input"),
    "wrong_type": everywhere(
        GOOD, aiohttp="ContentTypeError: 200, message='Attempt to decode JSON with unexpected mimetype: text/html"
    ),
    "html_page=200": everywhere(
        NO_JSON,
        aiohttp="ContentTypeError: 200, message='Attempt to decode JSON with unexpected mimetype: text/html'",
        node_fetch="SyntaxError: Unexpected token '<', \"<html>",
    ),
    "html_page=502": refused_with(502, "text/html"),
    "huge=1000000": everywhere(GOOD),
    "gzip=well": everywhere(GOOD),
    "gzip=broken": {
        "requests": "ContentDecodingError: ('Received response with content-encoding: gzip, but failed to decode it.'",
        "httpx": "DecodingError: Error -3 while decompressing data: invalid block type",
        "aiohttp": "ClientPayloadError: 400, message: Can not decode content-encoding: gzip",
        "node fetch": "TypeError: terminated <- Z_DATA_ERROR: invalid block type",
        "curl": "curl: (61) Error while processing content unencoding: invalid block type",
    },
}
"""What a poll meets. Of the vendor's refusals there are more than these; they differ in status and text alone."""

OF_FILES: Mapping[str, Mapping[str, str]] = {
    "": everywhere("200 video/mp4 <size>"),
    "latency=10m": TOO_LATE,
    "dribble=10m": {**TOO_LATE, "requests": "ConnectionError: HTTPConnectionPool("},
    "error=404": refused_with(404, "text/plain"),
    "error=503": refused_with(503, "text/plain"),
    "refused": REFUSED,
    "reset": RESET,
    "closed_midway": CUT_OFF,
    "wrong_length=longer": CUT_OFF,
    "wrong_length=shorter": everywhere(
        "200 video/mp4 <half>",  # aiohttp complains only if what is too much comes in the same piece as the end
        aiohttp="200 video/mp4 <half> | ClientResponseError: 400, message='Bad status line:",
    ),
    "truncated": everywhere("200 video/mp4 <half>"),
    "empty": everywhere("200 video/mp4 0"),
    "wrong_type": everywhere("200 application/octet-stream <size>"),
    "html_page=200": everywhere("200 text/html 148"),
    "html_page=502": refused_with(502, "text/html"),
    "redirect=once": everywhere("200 video/mp4 <size>"),
    "redirect=loop": {
        "requests": "TooManyRedirects: Exceeded 30 redirects.",
        "httpx": "TooManyRedirects: Exceeded maximum allowed redirects.",
        "aiohttp": "TooManyRedirects: 0, message=''",
        "node fetch": "TypeError: fetch failed <- Error: redirect count exceeded",
        "curl": "curl: (47) Maximum (50) redirects followed",
    },
    "expires_midway": CUT_OFF,
}
"""What a download meets: behind a status stand the type and the number of bytes, behind " | " what else may be said."""


class World(NamedTuple):
    """A simulator with a video that is done, and where it is polled and downloaded."""

    url: str
    poll: str
    file: str
    size: int

    def call(self, method: str, path: str, body: Any = None) -> Any:
        said = None if body is None else json.dumps(body).encode()
        asked = Request(self.url + path, said, {**KEY, "Content-Type": "application/json"}, method=method)
        with urlopen(asked) as reply:
            data = reply.read()
        return json.loads(data) if data else None


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Background(Settings(port=0, clock="manual", seed="faults")) as running:
        begun = World(running.url, "", "", 0)
        job = begun.call("POST", "/deepswapai/v1/video-swap", VIDEO)
        begun.call("POST", "/_simulator/clock/advance", {"by": "1h"})
        path = f"/deepswapai/v1/status/{job['job_id']}"
        done = begun.call("GET", path)
        with urlopen(done["output_url"]) as reply:
            size = len(reply.read())
        yield World(running.url, running.url + path, done["output_url"], size)


def met(world: World, client: str, faults: Sequence[str], *, is_file: bool) -> list[str]:
    """Return what a client says of each fault."""
    url = world.file if is_file else world.poll
    headers = [{**KEY, **({"X-Simulator-Fault": fault} if fault else {})} for fault in faults]
    lines = CLIENTS[client](
        [Ask(url, said, fault.endswith("10m"), is_file) for fault, said in zip(faults, headers, strict=True)]
    )
    world.call("DELETE", "/_simulator/faults")  # a file that went is there again
    return lines


def check(table: Mapping[str, Mapping[str, str]], client: str, lines: Sequence[str], size: int = 0) -> None:
    """Compare what was said with a client's column of a table."""
    wrong = {}
    for (fault, said), line in zip(table.items(), lines, strict=True):
        expected = said[client].replace("<size>", str(size)).replace("<half>", str(size // 2)).split(" | ")
        if not line.startswith(tuple(expected)):
            wrong[fault] = line[:200]
    assert wrong == {}


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_poll_meets(world: World, client: str) -> None:
    check(OF_JSON, client, met(world, client, list(OF_JSON), is_file=False))


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_download_meets(world: World, client: str) -> None:
    check(OF_FILES, client, met(world, client, list(OF_FILES), is_file=True), world.size)


def test_every_fault_is_met_by_every_client() -> None:
    rows = {row.partition("=")[0] for row in (*OF_JSON, *OF_FILES)}

    assert rows == {"", *FAULTS} - {"quota"}  # which is the refusal 429, and never asked for by a header
    assert all(set(said) >= set(CLIENTS) for said in (*OF_JSON.values(), *OF_FILES.values()))


def test_nothing_is_under_way_once_the_clients_have_left(world: World) -> None:
    for client in CLIENTS:
        met(world, client, ["latency=10m"], is_file=False)

    for _ in range(1000):
        if not (counted := world.call("GET", "/_simulator/counters")["in_flight"]):
            break
    assert counted == 0


def test_aiohttp_repeats_a_get_by_itself_once(world: World) -> None:
    world.call("POST", "/_simulator/faults", {"faults": {"reset": True}, "times": 1})
    once = met(world, "aiohttp", [""], is_file=False)
    world.call("POST", "/_simulator/faults", {"faults": {"reset": True}, "times": 2})
    twice = met(world, "aiohttp", [""], is_file=False)

    assert once == [GOOD]
    assert twice == [RESET["aiohttp"]]


def test_the_others_do_not(world: World) -> None:
    for client in CLIENTS.keys() - {"aiohttp"}:
        world.call("POST", "/_simulator/faults", {"faults": {"reset": True}, "times": 1})

        assert met(world, client, ["", ""], is_file=False) == [RESET[client], GOOD]
