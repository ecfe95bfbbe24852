"""Sandboxes by the control API: made, told apart, reset and ended; and what the process says of itself."""

import pytest

from simulator.server.addresses import Door
from tests.server.control.conftest import EPOCH_MS, Server

MINE = {"scenario": "mine", "states": {"running": {"for": "forever"}}}


async def test_two_sandboxes_never_see_each_other(server: Server) -> None:
    await server.call("POST", "sandboxes", {"id": "other", "seed": "9"})
    await server.call("POST", "scenarios", MINE)
    await server.call("PATCH", "switches", {"deepswapai.submit_status": "200"})
    await server.call("PUT", "scenarios/default", {"scenario": "mine"})
    await server.call("POST", "scenarios/pins", {"vendor": "deepswapai", "scenario": "slow"})
    await server.call("POST", "clock/advance", {"by": "1h"})
    await server.submit()

    assert (await server.call("GET", "sandboxes/other/scenarios/mine"))[0] == 404
    assert (await server.call("GET", "sandboxes/other/scenarios"))[1]["default"] is None
    assert (await server.call("GET", "sandboxes/other/scenarios/pins"))[1] == {"pins": []}
    assert (await server.call("GET", "sandboxes/other/jobs"))[1] == {"total": 0, "jobs": []}
    assert (await server.call("GET", "sandboxes/other/journal"))[1] == {"last": 0, "entries": []}
    assert (await server.call("GET", "sandboxes/other/accounts"))[1] == {"accounts": []}
    assert (await server.call("GET", "sandboxes/other/clock"))[1]["now_ms"] == EPOCH_MS
    assert (await server.call("GET", "sandboxes/other"))[1]["switches"] == {}
    assert (await server.submit("/~other"))[0] == 202


async def test_a_new_sandbox_is_as_it_was_asked_for(server: Server) -> None:
    asked = {
        "id": "checkout_7",
        "seed": "x",
        "epoch": "2030-01-01T00:00:00+01:00",
        "clock": {"mode": "skip", "hold": True},
        "scenario": "slow",
        "switches": {"deepswapai.expired_file": "410", "deepswapai.submit_status": "202"},
        "max_jobs": 9,
    }

    async with server.client.post(f"{server.root}/_simulator/sandboxes", json=asked) as reply:
        said = await reply.json()

    assert (reply.status, reply.headers["Location"]) == (201, "/_simulator/sandboxes/checkout_7")
    assert said == {
        "id": "checkout_7",
        "generation": 1,
        "seed": "x",
        "epoch_ms": 1_893_452_400_000,
        "clock": {"mode": "skip", "speed": 1.0, "hold": True},
        "scenario": "slow",
        "switches": {"deepswapai.expired_file": "410"},
        "max_jobs": 9,
        "jobs": 0,
    }


async def test_without_a_body_it_is_like_main_but_for_id_and_seed(server: Server) -> None:
    status, first = await server.call("POST", "sandboxes")
    _, second = await server.call("POST", "sandboxes", {})

    assert (status, first["clock"]["mode"], first["epoch_ms"]) == (201, "manual", EPOCH_MS)
    assert len({"7", first["seed"], second["seed"]}) == 3
    assert [one["id"] for one in (await server.call("GET", "sandboxes"))[1]["sandboxes"]] == [
        "main",
        first["id"],
        second["id"],
    ]


async def test_a_reset_restores_everything_and_counts_generations(server: Server) -> None:
    before = (await server.call("GET", "sandboxes/main"))[1]
    await server.submit()
    assert (await server.call("POST", "scenarios", MINE))[0] == 201
    await server.call("PUT", "scenarios/default", {"scenario": "mine"})
    await server.call("PATCH", "switches", {"deepswapai.expired_file": "410"})
    await server.call("PATCH", "clock", {"mode": "skip"})
    await server.call("POST", "clock/advance", {"by": "1h"})

    status, said = await server.call("POST", "reset")

    assert (status, said) == (200, {**before, "generation": 2})
    assert (await server.call("GET", "clock"))[1]["now_ms"] == EPOCH_MS
    assert (await server.call("GET", "scenarios/mine"))[0] == 404


async def test_a_sandbox_that_was_ended_is_gone(server: Server) -> None:
    await server.call("POST", "sandboxes", {"id": "other"})

    assert (await server.call("DELETE", "sandboxes/other"))[0] == 204
    assert (await server.call("GET", "sandboxes/other"))[0] == 404
    assert (await server.submit("/~other"))[0] == 404


async def test_counters_tell_what_is_under_way(server: Server) -> None:
    await server.submit()

    assert (await server.call("GET", "counters"))[1] == {
        "in_flight": 0,
        "held": 0,
        "deliveries": 0,
        "next_due_ms": server.sandbox.life.agenda.next_due_ms(),
    }


async def test_a_server_that_stops_is_not_ready(server: Server) -> None:
    server.control.stop()

    status, said = await server.call("GET", "ready")

    assert (status, said["error"]["code"]) == (503, "not_ready")
    assert (await server.call("GET", "health"))[0] == 200


@pytest.mark.parametrize(
    ("route", "url"),
    [
        ("/_simulator/openapi/deepswapai.json", "/deepswapai"),
        ("/~other/_simulator/openapi/deepswapai.json", "/~other/deepswapai"),
        ("/_simulator/openapi/simulator.json", ""),
        ("/~other/_simulator/openapi/simulator.json", "/~other"),
    ],
)
async def test_a_description_says_where_this_client_finds_us(server: Server, route: str, url: str) -> None:
    await server.call("POST", "sandboxes", {"id": "other"})

    _, said = await server.call("GET", server.root + route)

    assert said["servers"] == [{"url": server.root + url}]
    assert not [path for path, item in said["paths"].items() if "servers" in item]


async def test_a_description_follows_the_host_that_was_called(server: Server) -> None:
    headers = {"Host": "simulator:9000", "X-Forwarded-Proto": "https"}

    _, said = await server.call("GET", "openapi/deepswapai.json", headers=headers)

    assert said["servers"] == [{"url": "https://simulator:9000/deepswapai"}]


async def test_a_port_of_one_vendor_and_one_sandbox_needs_neither_in_its_urls(server: Server) -> None:
    await server.call("POST", "sandboxes", {"id": "other"})
    port = await server.open(Door(vendor="deepswapai", sandbox="other"))

    _, said = await server.call("GET", f"{port}/_simulator/openapi/deepswapai.json")
    _, moved = await server.call("POST", f"{port}/_simulator/clock/advance", {"by": 7})

    assert said["servers"] == [{"url": port}]
    assert (moved["now_ms"], server.sandbox.clock.now_ms()) == (EPOCH_MS + 7, EPOCH_MS)
