"""Faults on the wire that are laid ready, shown and taken away by the control API."""

from typing import Any

import aiohttp
import pytest

from simulator.jobs.faults import FAULTS, WireFault
from simulator.sandbox.faults import LaidFault
from tests.jobs.test_reading_faults import whole
from tests.server.control.conftest import Server

JOB = "vjob_xyz789abc"


async def lay(server: Server, faults: Any, **more: Any) -> Any:
    """Lay a fault ready; return how it is shown."""
    status, said = await server.call("POST", "faults", {"faults": faults, **more})
    assert status == 201, said
    return said


async def laid(server: Server) -> Any:
    return (await server.call("GET", "faults"))[1]["faults"]


async def submitted(server: Server) -> str:
    _, said = await server.submit(**{"X-Simulator-Job-Id": JOB})
    return str(said["job_id"])


async def test_it_is_for_the_next_call_only(server: Server) -> None:
    job_id = await submitted(server)
    shown = await lay(server, {"error": 503})

    answers = [await server.poll(job_id) for _ in range(2)]

    assert (shown["number"], shown["times"], shown["met"], shown["struck"], shown["until_ms"]) == (1, 1, 0, 0, None)
    assert [status for status, _ in answers] == [503, 200]
    assert answers[0][1]["error_code"] == "service_unavailable"
    assert await laid(server) == []


async def test_what_is_left_of_it_is_shown(server: Server) -> None:
    job_id = await submitted(server)
    shown = await lay(server, {"error": 429}, times=3, operation="getStatus", vendor="deepswapai")

    await server.poll(job_id)

    assert await laid(server) == [{**shown, "times": 2, "met": 1, "struck": 1}]


async def test_a_window_has_no_count_and_ends_with_its_time(server: Server) -> None:
    job_id = await submitted(server)
    shown = await lay(server, {"error": 500, "from": "1s", "for": "10s"})

    statuses = []
    for _ in range(5):
        statuses.append((await server.poll(job_id))[0])
        await server.call("POST", "clock/advance", {"by": "3s"})

    assert shown["times"] is None
    assert shown["until_ms"] == server.sandbox.settings.epoch_ms + 11_000
    assert statuses == [200, 500, 500, 500, 200]
    assert await laid(server) == []


async def test_a_window_may_be_counted_too(server: Server) -> None:
    assert (await lay(server, {"error": 500, "for": "10s"}, times=2))["times"] == 2


@pytest.mark.parametrize("name", FAULTS)
async def test_it_is_shown_as_it_was_said(server: Server, name: str) -> None:
    said = {"chance": 0.25, "from": "1s", "for": "90s", **whole(name)}

    shown = (await lay(server, said, times=None))["faults"]

    assert set(shown) == set(said)
    assert (shown["chance"], shown["from"]) == (0.25, "1000ms")
    assert (await lay(server, shown))["faults"] == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"latency": "1m..2m"}, {"latency": "60000ms..120000ms"}),
        ({"latency": {"median": "1s", "p95": "5s"}}, {"latency": {"median": "1000ms", "p95": "5000ms"}}),
        ({"dribble": "1s"}, {"dribble": {"bytes": 1, "every": "1000ms"}}),
        ({"reset": True, "on": ["polls"], "after": 2}, {"reset": True, "on": ["polls"], "after": 2}),
    ],
)
async def test_lengths_are_shown_as_a_scenario_says_them(server: Server, said: Any, shown: Any) -> None:
    assert (await lay(server, said))["faults"] == shown


async def test_it_is_only_for_what_it_names(server: Server) -> None:
    job_id = await submitted(server)
    await lay(server, {"error": 503}, vendor="useapi")
    await lay(server, {"error": 503}, operation="videoSwap")
    await lay(server, {"error": 503}, job_id="vjob_abc789xyz")
    await lay(server, {"error": 503, "on": ["submits"]})

    assert (await server.poll(job_id))[0] == 200
    assert (await server.submit())[0] == 503


async def test_one_job_may_be_meant_before_it_is_there(server: Server) -> None:
    await lay(server, {"error": 503}, job_id=JOB)

    await submitted(server)

    assert (await server.poll(JOB))[0] == 503


async def test_a_connection_breaks(server: Server) -> None:
    await lay(server, {"reset": True}, vendor="deepswapai")

    with pytest.raises(aiohttp.ClientOSError):
        await server.submit()

    [shot] = server.sandbox.jobs()
    told = (await server.call("GET", "journal?operation=videoSwap"))[1]["entries"]
    assert [exchange["marks"][-1] for exchange in told] == ["fault: reset"]
    assert told[0]["job_ids"] == [shot.job.id]


async def test_a_call_that_was_never_heard_is_in_the_journal(server: Server) -> None:
    await lay(server, {"refused": True})

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await server.submit()

    [told] = (await server.call("GET", "journal?operation=videoSwap"))[1]["entries"]
    assert (told["marks"], told["job_ids"], told["request"]["method"]) == (["fault: refused"], [], "POST")


async def test_all_are_taken_away(server: Server) -> None:
    job_id = await submitted(server)
    await lay(server, {"error": 503}, times=None)

    status, _ = await server.call("DELETE", "faults")

    assert (status, await laid(server)) == (204, [])
    assert (await server.poll(job_id))[0] == 200


async def test_they_belong_to_one_sandbox(server: Server) -> None:
    await server.call("POST", "sandboxes", {"id": "other"})

    await server.call("POST", "sandboxes/other/faults", {"faults": {"error": 503}})

    assert await laid(server) == []
    assert (await server.submit())[0] == 202
    assert (await server.submit("/~other"))[0] == 503


async def test_the_control_api_itself_never_goes_wrong(server: Server) -> None:
    await lay(server, {"reset": True}, times=None)

    status, _ = await server.call("GET", "clock", headers={"X-Simulator-Fault": "reset"})

    assert status == 200


@pytest.mark.parametrize(
    ("said", "code", "message"),
    [
        ({"faults": {"rest": True}}, "invalid_faults", "rest: there is no key 'rest' here"),
        ({"faults": {"error": 418}}, "invalid_faults", "error: 418 is none of the choices"),
        ({"faults": {"reset": True, "truncated": True}}, "invalid_faults", "reset: it leaves nothing for `truncated`"),
        ({"faults": {"reset": True, "times": 2}}, "invalid_faults", "times: how often is said beside `faults`"),
        ({"faults": {"reset": True}, "vendor": "deepswap"}, "unknown_vendor", "(did you mean 'deepswapai'?)"),
        ({"faults": {"reset": True}, "operation": "getStatu"}, "unknown_operation", "(did you mean 'getStatus'?)"),
        (
            {"faults": {"reset": True}, "vendor": "useapi", "operation": "videoSwap"},
            "unknown_operation",
            "there is no operation 'videoSwap'",
        ),
        (
            {"faults": {"reset": True}, "vendor": "useapi", "job_id": JOB},
            "unknown_job",
            f"the job '{JOB}' is one of deepswapai",
        ),
        (
            {"faults": {"redirect": "once"}, "operation": "getStatus"},
            "impossible_fault",
            "a download is no operation's: name its vendor or job instead",
        ),
        (
            {"faults": {"reset": True, "on": ["submits"]}, "job_id": JOB},
            "impossible_fault",
            "a submit's job has no id yet: name its vendor and operation instead",
        ),
    ],
)
async def test_what_cannot_be_is_refused(server: Server, said: Any, code: str, message: str) -> None:
    await submitted(server)

    status, answer = await server.call("POST", "faults", said)

    assert (status, answer["error"]["code"]) == (422, code)
    assert message in answer["error"]["message"]
    assert await laid(server) == []


@pytest.mark.parametrize(
    "said", [{}, {"faults": {}}, {"faults": {"reset": True}, "times": 0}, {"faults": {"reset": True}, "job": "x"}]
)
async def test_what_does_not_fit_the_description_is_refused(server: Server, said: Any) -> None:
    assert (await server.call("POST", "faults", said))[0] == 400


async def test_a_thousand_are_enough(server: Server) -> None:
    for _ in range(1000):
        server.sandbox.life.faults.lay(LaidFault(WireFault(reset=True)))

    status, answer = await server.call("POST", "faults", {"faults": {"reset": True}})

    assert (status, answer["error"]["code"]) == (422, "unprocessable")
    assert "1000 faults are laid ready already" in answer["error"]["message"]
