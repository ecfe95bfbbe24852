"""Answers that go wrong on the wire: what is sent, what was done all the same, and what the journal tells."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from simulator.jobs.durations import Duration
from simulator.jobs.faults import Dribble, WireFault
from simulator.sandbox.faults import LaidFault
from simulator.sandbox.journal import Exchange
from simulator.sandbox.sandbox import SandboxSettings
from simulator.sandbox.sandboxes import Sandboxes
from simulator.server.desks import Desks
from simulator.server.edge import open_door
from simulator.server.pipeline import Pipeline
from tests.acme import EPOCH_MS, Shelf
from tests.server.conftest import BRIEF, KEY, SCENARIOS, Server, until
from tests.server.tiny import DOCUMENT, TINY

FAULTY = {
    "lossy": (WireFault(on=("polls", "downloads"), times=1, reset=True),),
    "lost-submit": (WireFault(on=("submits",), reset=True),),
    "outage": (WireFault(on=("polls", "downloads"), from_ms=2000, for_ms=3000, error=503),),
}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = [msgspec.structs.replace(BRIEF, name=name, faults=faults) for name, faults in FAULTY.items()]
    sandboxes = Sandboxes(SandboxSettings("seed", EPOCH_MS, "manual"), Shelf(*SCENARIOS, *made))
    pipeline = Pipeline(sandboxes, Desks(("tiny",), lambda name: TINY, lambda name: DOCUMENT))
    async with aiohttp.ClientSession() as client:
        running = Server(pipeline, await open_door(pipeline), client)
        yield running
        await running.close()


def lay(server: Server, **said: Any) -> LaidFault:
    """Lay a fault ready; ``times`` and the scope by their names."""
    about = {name: said.pop(name) for name in ("times", "vendor", "operation", "job_id") if name in said}
    return server.sandbox.life.faults.lay(LaidFault(WireFault(**said), laid_at_ms=EPOCH_MS, **about))


def told(server: Server) -> list[Exchange]:
    """Return what the journal tells, oldest first."""
    return list(server.sandbox.journal)


def marks(server: Server) -> list[str]:
    """Return what the journal tells of faults."""
    return [mark for exchange in told(server) for mark in exchange.marks if mark.startswith(("fault:", "off "))]


def request(path: str, method: str = "GET", version: str = "1.1", **headers: str) -> bytes:
    said = {**KEY, "Host": "localhost", **headers}
    lines = [f"{method} /tiny{path} HTTP/{version}", *(f"{name}: {value}" for name, value in said.items())]
    return "\r\n".join([*lines, "", ""]).encode()


async def made(server: Server, scenario: str = "") -> tuple[str, str]:
    """Submit a clip and let it end; return its id and the path of its file."""
    id = await server.submit(scenario=scenario)
    server.sandbox.advance(20_000)
    return id, server.sandbox.job(id).outputs[0].path


async def lost(server: Server, method: str, path: str, **said: Any) -> str:
    """Make a call whose answer does not come whole; return the name of the error."""
    with pytest.raises(aiohttp.ClientError) as caught:
        await server.call(method, path, **said)
    await until(lambda: not server.sandbox.in_flight)
    return type(caught.value).__name__


async def test_nothing_goes_wrong_unless_it_is_to(server: Server) -> None:
    id = await server.submit()

    status, _ = await server.call("GET", f"/v1/clips/{id}")

    assert status == 200
    assert marks(server) == []


async def test_a_reset_loses_the_reply_and_not_the_job(server: Server) -> None:
    lay(server, reset=True)

    error = await lost(server, "POST", "/v1/clips", json={"prompt": "a fox"})

    assert error == "ClientOSError"
    assert len(server.sandbox.jobs()) == 1
    [exchange] = told(server)
    assert (exchange.status, exchange.operation, exchange.job_ids) == (
        202,
        "submitClip",
        (server.sandbox.jobs()[0].job.id,),
    )
    assert marks(server) == ["fault: reset"]


async def test_a_refused_connection_brings_no_job_about(server: Server) -> None:
    lay(server, refused=True)

    error = await lost(server, "POST", "/v1/clips", json={"prompt": "a fox"})

    assert error == "ServerDisconnectedError"
    assert server.sandbox.jobs() == []
    assert [(exchange.status, exchange.marks) for exchange in told(server)] == [(0, ("fault: refused",))]


@pytest.mark.parametrize("fault", ["refused", "reset"])
async def test_a_connection_ends_before_any_byte(server: Server, fault: str) -> None:
    asking = server.raw(request("/v1/clips", **{"X-Simulator-Fault": fault}))

    if fault == "refused":
        assert await asking == b""
    else:
        with pytest.raises(ConnectionResetError):
            await asking


async def test_an_error_is_the_vendors_and_the_call_is_not_done(server: Server) -> None:
    id = await server.submit()
    lay(server, error=429, times=2, operation="getClip")

    answers = [await server.call("GET", f"/v1/clips/{id}") for _ in range(3)]

    assert [status for status, _ in answers] == [429, 429, 200]
    assert answers[0][1] == {"error": "Busy rate"}
    assert marks(server) == ["fault: error 429", "fault: error 429"]


async def test_an_error_that_the_contract_does_not_foresee_is_told_in_the_journal(server: Server) -> None:
    id = await server.submit()
    lay(server, error=503)

    status, said = await server.call("GET", f"/v1/clips/{id}")

    assert (status, said) == (503, {"error": "Unavailable"})
    assert [mark.partition(":")[0] for mark in marks(server)] == ["off contract", "fault"]


async def test_a_quota_is_told_as_a_rate_limit_until_it_opens(server: Server) -> None:
    lay(server, quota=2, for_ms=60_000, times=None)

    statuses = [(await server.call("GET", "/v1/clips"))[0] for _ in range(4)]
    server.sandbox.advance(60_000)

    assert statuses == [200, 200, 429, 429]
    assert (await server.call("GET", "/v1/clips"))[0] == 200


async def test_in_the_mode_skip_an_outage_ends(server: Server) -> None:
    id = await server.submit()
    lay(server, error=500, for_ms=60_000, times=None)
    server.sandbox.set_clock(mode="skip")

    statuses = [(await server.call("GET", f"/v1/clips/{id}"))[0] for _ in range(2)]

    assert statuses == [500, 200]
    assert server.sandbox.clock.now_ms() >= EPOCH_MS + 60_000


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("truncated", lambda body: body[: len(body) // 2]),
        ("malformed", lambda body: body.replace(b'"', b"'")),
        ("huge=5000", lambda body: body[:1] + b" " * 5000 + body[1:]),
        ("empty", lambda body: b""),
        ("dribble=1ms", lambda body: body),
        ("latency=1ms", lambda body: body),
        ("gzip=well", lambda body: body),
    ],
)
async def test_an_answer_is_spoilt(server: Server, fault: str, expected: Any) -> None:
    id = await server.submit()
    url = f"{server.url}/v1/clips/{id}"
    async with server.client.get(url, headers=KEY) as honest:
        body = await honest.read()

    async with server.client.get(url, headers={**KEY, "X-Simulator-Fault": fault}) as reply:
        said = await reply.read()
        length = int(reply.headers["Content-Length"])

    assert reply.status == 200
    assert said == expected(body)
    assert length == len(said) or fault == "gzip=well"
    assert reply.headers["X-Tiny"] == "yes"
    assert reply.headers.get("Connection") is None


async def test_the_connection_goes_on_behind_a_spoilt_answer(server: Server) -> None:
    first, second = request("/v1/clips", **{"X-Simulator-Fault": "truncated"}), request("/v1/clips", Connection="close")

    data = await server.raw(first + second)

    assert data.count(b"HTTP/1.1 200 OK") == 2


async def test_every_key_stands_twice(server: Server) -> None:
    id = await server.submit()

    async with server.client.get(
        f"{server.url}/v1/clips/{id}", headers={**KEY, "X-Simulator-Fault": "duplicate_keys"}
    ) as reply:
        said = await reply.read()

    assert said == b'{"id":"%b","status":"new","id":null,"status":null}' % id.encode()


async def test_other_faults_are_read_off_the_head(server: Server) -> None:
    id = await server.submit()

    async def head(fault: str) -> tuple[int, str, str]:
        data = await server.raw(request(f"/v1/clips/{id}", Connection="close", **{"X-Simulator-Fault": fault}))
        lines = data.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        return int(lines[0].split()[1]), headers["Content-Type"], headers.get("Content-Encoding", "")

    assert await head("wrong_type") == (200, "text/html; charset=utf-8", "")
    assert await head("html_page=502") == (502, "text/html", "")
    assert await head("gzip=broken") == (200, "application/json", "gzip")


@pytest.mark.parametrize(
    ("fault", "told_bytes", "sent_bytes"),
    [("closed_midway", 1, 0.5), ("wrong_length=shorter", 0.5, 1), ("wrong_length=longer", None, 1)],
)
async def test_an_answer_ends_where_it_should_not(
    server: Server, fault: str, told_bytes: float | None, sent_bytes: float
) -> None:
    id = await server.submit()
    honest = len((await server.raw(request(f"/v1/clips/{id}", Connection="close"))).partition(b"\r\n\r\n")[2])

    data = await server.raw(request(f"/v1/clips/{id}", **{"X-Simulator-Fault": fault}))

    head, _, body = data.partition(b"\r\n\r\n")
    length = honest + 100 if told_bytes is None else int(honest * told_bytes)
    assert f"Content-Length: {length}\r\n".encode() in head
    assert len(body) == int(honest * sent_bytes)


async def test_an_answer_that_cannot_show_it_is_left_alone_and_the_journal_says_so(server: Server) -> None:
    async with server.client.get(f"{server.url}/v1/text", headers={**KEY, "X-Simulator-Fault": "malformed"}) as reply:
        text = await reply.text()

    assert text == "plain words – truly"
    assert marks(server) == [
        "fault: malformed",
        "fault: malformed: nothing of that can be seen in this answer to GET text",
    ]


async def test_an_old_client_is_told_that_the_connection_ends(server: Server) -> None:
    data = await server.raw(request("/v1/clips", version="1.0", **{"X-Simulator-Fault": "truncated"}))

    assert b"Connection: close" in data
    assert data.endswith(b"\r\n\r\n" + b'{"clips":[]}'[:6])


async def test_a_head_has_no_body_to_spoil(server: Server) -> None:
    _, path = await made(server)

    data = await server.raw(request(f"/{path}", "HEAD", Connection="close", **{"X-Simulator-Fault": "truncated"}))

    assert data.startswith(b"HTTP/1.1 200")
    assert data.endswith(b"\r\n\r\n")


async def test_a_late_answer_holds_nobody_else_up_and_ends_with_its_client(server: Server) -> None:
    id = await server.submit()
    lay(server, latency=Duration(600_000, 600_000))

    waiting = asyncio.create_task(server.raw(request(f"/v1/clips/{id}")))
    await until(lambda: marks(server))
    others = [await server.call("GET", f"/v1/clips/{id}") for _ in range(3)]
    in_flight = server.sandbox.in_flight
    waiting.cancel()
    await until(lambda: not server.sandbox.in_flight)

    assert [status for status, _ in others] == [200, 200, 200]
    assert in_flight == 1
    assert marks(server) == ["fault: latency 600000ms"]


async def test_drops_end_with_their_client(server: Server) -> None:
    id = await server.submit()
    lay(server, dribble=Dribble(1, 600_000))

    waiting = asyncio.create_task(server.raw(request(f"/v1/clips/{id}")))
    await until(lambda: marks(server))
    waiting.cancel()
    await until(lambda: not server.sandbox.in_flight)

    assert (await server.call("GET", f"/v1/clips/{id}"))[0] == 200


async def test_a_header_that_cannot_be_read_is_a_loud_error(server: Server) -> None:
    async with server.client.get(f"{server.url}/v1/clips", headers={**KEY, "X-Simulator-Fault": "rest"}) as reply:
        said = await reply.json()

    assert (reply.status, reply.headers["X-Simulator-Error"]) == (400, "invalid_faults")
    assert "did you mean 'reset'?" in said["error"]["message"]


async def test_a_loud_error_is_never_spoilt(server: Server) -> None:
    lay(server, reset=True)

    status, said = await server.call(
        "POST", "/v1/clips", json={"prompt": "a fox"}, headers={"X-Simulator-Scenario": "nowhere"}
    )

    assert (status, said["error"]["code"]) == (400, "unknown_scenario")


async def test_a_refusal_of_the_vendors_own_goes_wrong_too(server: Server) -> None:
    lay(server, truncated=True)

    async with server.client.get(f"{server.url}/v1/clips/nobody", headers=KEY) as reply:
        said = await reply.text()

    assert reply.status == 404
    assert said == '{"error":"Unkn'


@pytest.mark.parametrize("said", [{"json": {}}, {"data": b"{"}, {"headers": {"Authorization": "no key"}}])
async def test_what_is_refused_for_its_key_or_form_meets_what_names_no_sort_of_call(server: Server, said: Any) -> None:
    lay(server, error=503, on=("submits",))
    lay(server, error=500)

    statuses = [(await server.call("POST", "/v1/clips", **said))[0] for _ in range(2)]

    assert statuses[0] == 500
    assert statuses[1] in (400, 401, 415)
    assert [laid.struck for laid in server.sandbox.life.faults.kept(EPOCH_MS)] == [0]


async def test_a_held_reply_goes_wrong_when_it_is_released(server: Server) -> None:
    server.sandbox.set_clock(hold=True)
    lay(server, truncated=True)

    waiting = asyncio.create_task(server.raw(request("/v1/pictures", "POST", Connection="close")))
    await until(lambda: server.sandbox.life.held)
    server.sandbox.advance(20_000)
    body = (await waiting).partition(b"\r\n\r\n")[2]

    assert body.startswith(b'{"id":')
    assert not body.endswith(b"}")
    assert marks(server) == ["fault: truncated"]


async def test_a_scenario_loses_the_first_poll_of_its_job(server: Server) -> None:
    id, other = await server.submit(scenario="lossy"), await server.submit()

    with pytest.raises(ConnectionResetError):
        await server.raw(request(f"/v1/clips/{id}"))
    rest = [await server.call("GET", f"/v1/clips/{one}") for one in (id, other)]

    assert [status for status, _ in rest] == [200, 200]


async def test_a_scenario_loses_the_reply_to_its_submit(server: Server) -> None:
    headers = {"X-Simulator-Scenario": "lost-submit"}

    error = await lost(server, "POST", "/v1/clips", json={"prompt": "a fox"}, headers=headers)

    assert error == "ClientOSError"
    assert [shot.job.plan.script.scenario.name for shot in server.sandbox.jobs()] == ["lost-submit"]
    assert marks(server) == ["fault: reset"]


async def test_a_scenarios_outage_lasts_its_time(server: Server) -> None:
    id = await server.submit(scenario="outage")

    statuses = []
    for _ in range(6):
        statuses.append((await server.call("GET", f"/v1/clips/{id}"))[0])
        server.sandbox.advance(1000)

    assert statuses == [200, 200, 503, 503, 503, 200]


async def test_a_scenarios_faults_are_for_the_jobs_own_account(server: Server) -> None:
    id = await server.submit(scenario="lossy")

    status, _ = await server.call("GET", f"/v1/clips/{id}", headers={"Authorization": "Bearer key-2"})

    assert status == 404
    with pytest.raises(ConnectionResetError):
        await server.raw(request(f"/v1/clips/{id}"))


async def test_a_reset_of_the_sandbox_takes_all_away(server: Server) -> None:
    lay(server, reset=True)

    server.sandbox.reset()

    assert (await server.call("GET", "/v1/clips"))[0] == 200


# Downloads


async def download(server: Server, path: str, fault: str, **headers: str) -> tuple[int, str, bytes]:
    said = {**headers, **({"X-Simulator-Fault": fault} if fault else {})}
    async with server.client.get(f"{server.url}/{path}", headers=said) as reply:
        return reply.status, reply.headers.get("Content-Type", ""), await reply.read()


@pytest.mark.parametrize(
    ("fault", "status", "media_type", "part"),
    [
        ("", 200, "image/png", 1),
        ("truncated", 200, "image/png", 0.5),
        ("empty", 200, "image/png", 0),
        ("wrong_type", 200, "application/octet-stream", 1),
        ("redirect=once", 200, "image/png", 1),
        ("latency=1ms", 200, "image/png", 1),
        ("html_page=200", 200, "text/html", None),
        ("html_page=502", 502, "text/html", None),
        ("error=404", 404, "text/plain; charset=utf-8", None),
        ("error=410", 410, "text/plain; charset=utf-8", None),
        ("error=500", 500, "text/plain; charset=utf-8", None),
    ],
)
async def test_a_download_goes_wrong(
    server: Server, fault: str, status: int, media_type: str, part: float | None
) -> None:
    _, path = await made(server)
    _, _, whole = await download(server, path, "")

    came = await download(server, path, fault)

    assert came[:2] == (status, media_type)
    assert part is None or came[2] == whole[: int(len(whole) * part)]
    assert bool(marks(server)) is bool(fault)


@pytest.mark.parametrize("fault", ["closed_midway", "wrong_length=longer", "expires_midway", "reset", "refused"])
async def test_a_download_breaks_off(server: Server, fault: str) -> None:
    _, path = await made(server)

    with pytest.raises(aiohttp.ClientError):
        await download(server, path, fault)


async def test_a_redirect_may_lead_in_a_loop(server: Server) -> None:
    _, path = await made(server)

    with pytest.raises(aiohttp.TooManyRedirects):
        await download(server, path, "redirect=loop")


async def test_a_file_that_expires_on_the_way_is_gone_from_then_on(server: Server) -> None:
    _, path = await made(server)
    lay(server, expires_midway=True)

    with pytest.raises(aiohttp.ClientPayloadError):
        await download(server, path, "")
    again = await download(server, path, "", Range="bytes=100-")

    assert again[0] == 410
    server.sandbox.life.faults.clear()
    assert (await download(server, path, ""))[0] == 200


async def test_a_part_of_a_file_goes_wrong_too(server: Server) -> None:
    _, path = await made(server)
    _, _, whole = await download(server, path, "")

    status, _, part = await download(server, path, "truncated", Range="bytes=10-29")

    assert (status, part) == (206, whole[10:20])


async def test_what_has_not_changed_cannot_be_spoilt(server: Server) -> None:
    _, path = await made(server)

    status, _, body = await download(server, path, "truncated", **{"If-None-Match": "*"})

    assert (status, body) == (304, b"")
    assert marks(server)[-1] == "fault: truncated: nothing of that can be seen in this answer to GET"


async def test_a_scenarios_fault_strikes_the_download_of_its_job(server: Server) -> None:
    _, path = await made(server, "lossy")

    with pytest.raises(ConnectionResetError):
        await server.raw(request(f"/{path}"))
    assert (await download(server, path, ""))[0] == 200


async def test_a_fault_of_an_operation_is_for_no_download(server: Server) -> None:
    _, path = await made(server)
    lay(server, reset=True, operation="getClip")

    assert (await download(server, path, ""))[0] == 200
