"""Replies that wait: for a command, for a real clock, for the vendor's patience, or for a client that leaves."""

import asyncio

import aiohttp
import pytest

from tests.server.conftest import KEY, Server, until


@pytest.fixture
def holding(server: Server) -> Server:
    server.sandbox.clock.set(hold=True)
    return server


async def test_a_held_reply_waits_for_its_jobs_end(holding: Server) -> None:
    waiting = asyncio.create_task(holding.call("POST", "/v1/pictures"))
    await until(lambda: holding.sandbox.life.held)

    await until(lambda: holding.sandbox.counters()["held"] == 1)
    assert holding.sandbox.in_flight == 1
    await asyncio.to_thread(holding.sandbox.advance, 10_000)  # from a thread of its own, as a test would

    status, said = await waiting
    assert (status, said["status"]) == (202, "done")
    assert holding.sandbox.in_flight == 0
    assert [(entry.operation, entry.status) for entry in holding.sandbox.journal] == [("", 0), ("picture", 202)]


async def test_other_calls_go_on_meanwhile(holding: Server) -> None:
    waiting = asyncio.create_task(holding.call("POST", "/v1/pictures"))
    await until(lambda: holding.sandbox.life.held)

    assert (await holding.call("GET", "/v1/clips"))[1]["clips"][0]["status"] == "new"

    holding.sandbox.advance(10_000)
    await waiting


async def test_a_vendor_gives_up_after_a_while(holding: Server) -> None:
    waiting = asyncio.create_task(holding.call("POST", "/v1/pictures", headers={"X-Simulator-Scenario": "endless"}))
    await until(lambda: holding.sandbox.life.held)

    holding.sandbox.advance(60_000)

    assert (await waiting)[1]["note"] == "gave up"


async def test_a_real_clock_ends_the_waiting_by_itself(server: Server) -> None:
    server.sandbox.clock.set(mode="real", speed=100_000)

    status, said = await server.call("POST", "/v1/pictures")

    assert (status, said["status"]) == (202, "done")


async def test_a_clock_that_is_set_running_later_ends_it_too(holding: Server) -> None:
    waiting = asyncio.create_task(holding.call("POST", "/v1/pictures"))
    await until(lambda: holding.sandbox.life.held)

    holding.sandbox.clock.set(mode="real", speed=1_000_000)

    assert (await waiting)[0] == 202


async def test_a_reset_closes_the_connection_without_a_word(holding: Server) -> None:
    waiting = asyncio.create_task(
        holding.raw(b"POST /tiny/v1/pictures HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n\r\n")
    )
    await until(lambda: holding.sandbox.life.held)

    holding.sandbox.reset()

    assert await waiting == b""
    await until(lambda: holding.sandbox.in_flight == 0)


async def test_a_client_that_leaves_takes_nothing_along(holding: Server, caplog: pytest.LogCaptureFixture) -> None:
    async with aiohttp.ClientSession() as client:
        leaving = asyncio.create_task(client.post(f"{holding.url}/v1/pictures", headers=KEY))
        await until(lambda: holding.sandbox.life.held)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)

    await until(lambda: holding.sandbox.in_flight == 0)

    assert holding.sandbox.counters()["held"] == 0
    held, left = holding.sandbox.journal
    assert (held.method, held.marks) == ("", ("held: POST /tiny/v1/pictures waits for its job",))
    assert (left.operation, left.status, left.marks[-1]) == ("picture", 0, "the client left")
    assert held.job_ids == left.job_ids == tuple(job.id for job in holding.sandbox.life.store)
    holding.sandbox.advance(10_000)
    assert (await holding.call("GET", "/v1/clips"))[1]["clips"][0]["status"] == "done"
    assert not caplog.records


async def test_a_default_that_counts_looks_is_passed_over_by_a_call_that_waits(server: Server) -> None:
    server.sandbox.set_default_scenario("polls")

    status, said = await server.call("POST", "/v1/pictures")
    asked = await server.call("POST", "/v1/pictures", headers={"X-Simulator-Scenario": "polls"})

    assert (status, said["status"]) == (202, "done")
    assert (asked[0], asked[1]["error"]["code"]) == (400, "unfit_scenario")
    marks = [mark for entry in server.sandbox.journal for mark in entry.marks]
    assert "scenario brief by default" in marks
    assert any(mark.startswith("the scenario by default was passed over: polls counts looks") for mark in marks)
