"""One line for each call, webhook and error: whole, without secrets, unforgeable, and in nobody's way."""

import asyncio
import io
import json
import logging
import os
from select import select
from typing import Any

import pytest

from simulator.assembly import Simulator
from simulator.server.observing.lines import MOST_WAITING, Lines
from simulator.server.observing.log import Log
from simulator.server.observing.watch import shown_target
from tests.server.observing import Kept, running


def logging_to(stream: Kept, form: str) -> Any:
    return lambda simulator: simulator.observers.open_log(form, stream)


def read(stream: Kept) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.lines()]


async def test_a_call_is_one_line_with_its_job_its_scenario_and_virtual_time() -> None:
    stream = Kept()
    async with running(logging_to(stream, "json")) as server:
        job_id = await server.submit()
        await server.call("GET", f"/deepswapai/v1/status/{job_id}?api_key=not-for-everybody")

    _, said = read(stream)
    time, client, took = said.pop("time"), said.pop("client"), said.pop("took_ms")
    assert time.endswith("Z")
    assert client.startswith("127.0.0.1:")
    assert took > 0
    assert said.pop("bytes") > 100
    assert said == {
        "level": "info",
        "kind": "call",
        "method": "GET",
        "path": f"/deepswapai/v1/status/{job_id}?api_key=…body",
        "status": 200,
        "vendor": "deepswapai",
        "operation": "getStatus",
        "sandbox": "main",
        "job_ids": [job_id],
        "scenario": "happy",
        "virtual_time": "2026-01-01T00:00:00.000Z",
    }


async def test_refusals_faults_strangers_commands_and_webhooks_are_told_too() -> None:
    stream = Kept()
    async with running(logging_to(stream, "json")) as server:
        await server.call("GET", "/deepswapai/v1/status/unknown")
        await server.call("GET", "/deepswapai/v1/status/unknown", headers={"X-Simulator-Fault": "error=503"})
        await server.call("GET", "/nobody")
        await server.submit(f"{server.root}/_simulator/receiver/deepswapai/mine?token=a-long-secret")
        await server.advance()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.simulator.doors[0].port)
        writer.write(b"this is no HTTP\r\n\r\n")
        await reader.read()
        writer.close()

    said = read(stream)
    refused, struck, nobody, _, received, webhook, command, bad = said
    assert refused["marks"] == ["refused: UnknownJob"]
    assert struck["status"] == 503
    assert any("fault" in mark or "503" in mark for mark in struck["marks"])
    assert (nobody["kind"], nobody["status"], "vendor" in nobody) == ("nobody", 404, False)
    assert (command["kind"], command["operation"]) == ("control", "advanceClock")
    assert (received["kind"], received["operation"]) == ("control", "receive")
    assert (bad["kind"], bad["status"], "path" in bad) == ("bad_http", 400, False)
    assert {name: webhook[name] for name in ("kind", "status", "outcome", "attempt", "tells")} == {
        "kind": "webhook",
        "status": 200,
        "outcome": "delivered",
        "attempt": 1,
        "tells": "completed",
    }
    assert "a-long-secret" not in stream.getvalue()
    assert "test-key" not in stream.getvalue()


async def test_a_client_that_leaves_is_told_with_no_status() -> None:
    stream = Kept()
    async with running(logging_to(stream, "json"), hold=True) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.simulator.doors[0].port)
        body = b'{"source_image": "https://e.com/f.jpg", "target_image": "https://e.com/g.jpg"}'
        head = "POST /deepswapai/v1/image-swap HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer test-key\r\n"
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        async with asyncio.timeout(5):
            while not server.simulator.sandboxes.main.counters()["held"]:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0)
            writer.close()
            while server.simulator.sandboxes.main.in_flight:  # noqa: ASYNC110 - the same
                await asyncio.sleep(0)
        del reader

    [said] = read(stream)
    assert (said["status"], said["operation"], said["marks"][-1]) == (0, "imageSwap", "the client left")
    assert len(said["job_ids"]) == 1


async def test_text_is_aligned_and_nothing_of_a_client_forges_or_steers() -> None:
    stream = Kept()
    async with running(logging_to(stream, "text")) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.simulator.doors[0].port)
        writer.write(b"GET /deepswapai/\x9b2J\xe2\x80\xa8\xff\x7f HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await reader.read()
        writer.close()
        await server.call("GET", "/deepswapai/v1/status/x")

    lines = stream.lines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    assert lines[0].index(" ms ") == lines[1].index(" ms ")
    assert "deepswapai.getStatus" in lines[1]


@pytest.mark.parametrize("form", ["text", "json"])
def test_our_own_errors_come_in_the_same_lines(form: str) -> None:
    stream = Kept()
    log = Log(form, stream)
    try:
        raise ValueError("bad\n2026-01-01T00:00:00Z 200 GET forged\x1b[2J")
    except ValueError as error:
        logging.getLogger("simulator").error("an error that nobody foresaw", exc_info=error)
    log.close()
    logging.getLogger("simulator").debug("not told")

    text = stream.getvalue()
    assert "\x1b" not in text
    if form == "json":
        [said] = read(stream)
        assert (said["kind"], said["message"]) == ("error", "an error that nobody foresaw")
        assert "ValueError: bad" in said["traceback"]
    else:
        first, *rest = stream.lines()
        assert first.endswith("ERROR simulator: an error that nobody foresaw")
        assert rest
        assert all(line.startswith("    ") for line in rest)


def test_after_a_log_is_closed_nothing_listens() -> None:
    before = list(logging.getLogger("simulator").handlers)

    Log("text", Kept()).close()

    assert logging.getLogger("simulator").handlers == before


def test_a_closed_stream_and_none_at_all_break_nothing() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as stream:
        for lines in (Lines(stream), Lines(None)):
            lines.add("to nobody")
            lines.close()
            lines.add("and again")


def test_a_stream_that_nobody_reads_holds_nobody_up_and_loses_what_does_not_fit() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "w") as stream:
        lines = Lines(stream)
        for _ in range(3 * MOST_WAITING):
            lines.add("x" * 200)  # a pipe holds 64 KiB: the thread is stuck by now
        lines.close(0.01)
        taken = b""
        while not lines.is_written:
            if select([read_end], [], [], 0.1)[0]:
                taken += os.read(read_end, 1 << 16)
            assert len(taken) < 3 * MOST_WAITING * 201
    os.close(read_end)

    assert b"lines were dropped" in taken


def test_half_a_letter_is_written_as_json_says_it() -> None:
    stream = Kept()
    log = Log("json", stream)

    log.write("call", {"path": "/\ud800\x7f\x85"})
    log.close()

    assert read(stream)[0]["path"] == "/\ud800\x7f\x85"
    assert stream.getvalue().isascii()


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/v1/a?limit=3&jobid=7", "/v1/a?limit=3&jobid=7"),
        ("/v1/a?x=1&Access_Token=abcdefghijkl", "/v1/a?x=1&Access_Token=…ijkl"),
        ("/v1/a?X-Amz-Signature=short&%6bey=abcdefghijkl", "/v1/a?X-Amz-Signature=…&%6bey=…ijkl"),
        ("/_simulator/accounts/akool/my-own-key", "/_simulator/accounts/akool/…"),
        ("/_simulator/accounts/akool/my-own-key/?a=1", "/_simulator/accounts/akool/…?a=1"),
        ("/_simulator/accounts//akool/my-own-key", "/_simulator/accounts//akool/…"),
        ("http://me:my-own@api.useapi.net/v1?a=1", "http://me:***@api.useapi.net/v1?a=1"),
        ("me:my-own@api.useapi.net:443", "me:***@api.useapi.net:443"),
        ("/v1/accounts/akool/3", "/v1/accounts/akool/3"),
        ("/v1/files/sbx-a-secret/x", "/v1/files/…cret/x"),
    ],
)
def test_what_may_be_a_secret_is_hidden(target: str, shown: str) -> None:
    assert shown_target(target, "sbx-a-secret") == shown


def test_off_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    async def call() -> None:
        async with running() as server:
            await server.submit()
            assert not server.simulator.watch.on_call

    asyncio.run(call())

    assert capsys.readouterr().err == ""


async def test_an_observer_that_fails_breaks_no_reply(caplog: pytest.LogCaptureFixture) -> None:
    def fail(simulator: Simulator) -> None:
        simulator.watch.listen(on_call=lambda told: 1 / 0)  # type: ignore[arg-type, return-value]

    async with running(fail) as server:
        await server.submit()

    assert "an error that nobody foresaw" in caplog.text


def test_a_stream_without_descriptor_is_written_to() -> None:
    stream = io.StringIO()
    lines = Lines(stream)

    lines.add("one")
    lines.close()

    assert stream.getvalue() == "one\n"


async def test_a_probe_that_found_all_well_is_no_line_and_one_that_did_not_is() -> None:
    stream = Kept()
    async with running(logging_to(stream, "json")) as server:
        await server.call("GET", "/_simulator/ready")
        server.simulator.control.stop()
        await server.call("GET", "/_simulator/ready")

    assert [said["status"] for said in read(stream)] == [503]
