"""Whole exchanges with the tiny vendor: who says no first, what is checked, and what the journal keeps."""

from typing import Any

import pytest

from simulator.jobs.errors import SimulatorError
from simulator.server.desks import Desk
from simulator.vendors.vendor import Operation
from tests.server.conftest import Server
from tests.server.tiny import DOCUMENT, OPERATIONS, TINY


async def test_a_job_runs_from_submit_to_download(server: Server) -> None:
    job_id = await server.submit()

    assert await server.call("GET", f"/v1/clips/{job_id}") == (200, {"id": job_id, "status": "new"})
    server.sandbox.advance(10_000)
    _, done = await server.call("GET", f"/v1/clips/{job_id}")

    assert done["status"] == "done"
    async with server.client.get(done["url"]) as file:
        assert file.status == 200
        assert (await file.read()).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("method", "path", "said", "status", "error"),
    [
        ("GET", "/v1/nothing", {"headers": {"Authorization": ""}}, 404, "UnknownPath /v1/nothing"),
        ("GET", "", {}, 404, "UnknownPath /"),
        ("PATCH", "/v1/clips", {"headers": {"Authorization": ""}}, 405, "WrongMethod PATCH"),
        ("OPTIONS", "/v1/clips", {}, 405, "WrongMethod OPTIONS"),
        ("POST", "/v1/clips", {"headers": {"Authorization": ""}, "data": b"{"}, 401, "NoKey"),
        ("POST", "/v1/clips", {"headers": {"Authorization": "Bearer invalid"}, "data": b"{"}, 401, "BadKey invalid"),
        (
            "POST",
            "/v1/clips",
            {"data": b"{", "headers": {"Content-Type": "text/plain"}},
            415,
            "WrongMediaType text/plain",
        ),
        ("POST", "/v1/clips", {"json": {}}, 400, "BadCall body prompt"),
        ("POST", "/v1/clips", {}, 400, "BadCall body"),
        ("GET", "/v1/clips?limit=0", {}, 400, "BadCall query limit"),
        ("GET", "/v1/clips?limit=1&limit=2", {}, 400, "BadCall query limit"),
        ("GET", "/v1/clips/none", {}, 404, "UnknownJob none"),
        ("GET", "/v1/beta", {}, 404, "UnknownPath /v1/beta"),
    ],
)
async def test_the_vendor_says_no_in_its_own_words(
    server: Server, method: str, path: str, said: Any, status: int, error: str
) -> None:
    assert await server.call(method, path, **said) == (status, {"error": error})


async def test_a_wrong_method_names_exactly_those_declared(server: Server) -> None:
    async with server.client.options(f"{server.url}/v1/clips/x") as reply:
        assert reply.headers["Allow"] == "GET, DELETE"


async def test_a_trailing_slash_makes_another_path(server: Server) -> None:
    assert "clips" in (await server.call("GET", "/v1/clips"))[1]
    assert "account" in (await server.call("GET", "/v1/clips/"))[1]


async def test_a_word_beats_a_hole_but_hides_no_method(server: Server) -> None:
    assert (await server.call("POST", "/v1/clips/newest"))[0] == 200
    assert (await server.call("GET", "/v1/clips/newest"))[1] == {"error": "UnknownJob newest"}


async def test_path_values_are_decoded(server: Server) -> None:
    _, said = await server.call("GET", f"{server.root}/tiny/v1/clips/a%20b%2Fc%C3%A4%FF")

    assert said == {"error": "UnknownJob a b/cä�"}


async def test_a_query_becomes_the_values_of_the_contract(server: Server) -> None:
    status, said = await server.call("GET", "/v1/clips/?limit=7&tag=1&tag=2&other=7")

    assert status == 200
    assert said["query"] == {"limit": 7, "tag": [1, 2], "other": "7"}


async def test_a_switch_opens_an_operation(server: Server) -> None:
    server.sandbox.set_switches({"tiny.beta": "on"})

    assert (await server.call("GET", "/v1/beta"))[0] == 200


async def test_head_is_a_get_without_a_body(server: Server) -> None:
    async with server.client.head(f"{server.url}/v1/open") as reply:
        assert reply.status == 200
        assert int(reply.headers["Content-Length"]) > 0
        assert await reply.read() == b""


async def test_every_reply_has_the_vendors_headers_and_no_others(server: Server) -> None:
    async with server.client.get(f"{server.url}/v1/open") as reply:
        assert set(reply.headers) == {"Content-Type", "X-Tiny", "Content-Length", "Date"}


async def test_plain_text_is_sent_as_such(server: Server) -> None:
    async with server.client.get(f"{server.url}/v1/text", headers={"Authorization": "Bearer k"}) as reply:
        assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert await reply.text() == "plain words – truly"


async def test_a_broken_contract_never_leaves_dressed_as_the_vendors(server: Server) -> None:
    status, said = await server.call("GET", "/v1/broken")

    assert (status, said["error"]["code"]) == (500, "contract_broken")
    assert said["error"]["operation"] == "broken"
    assert said["error"]["path"] == ["id"]
    assert said["error"]["reply"] == {"id": 7, "status": "new"}
    assert server.pipeline.tally.broken == 1
    [exchange] = server.sandbox.journal
    assert exchange.marks[0].startswith("broken: tiny broken")


async def test_our_own_bug_is_loud_and_leaks_no_traceback(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    async with server.client.get(f"{server.url}/v1/crash", headers={"Authorization": "Bearer k"}) as reply:
        said = await reply.text()

        assert (reply.status, reply.headers["X-Simulator-Error"]) == (500, "internal_error")
        assert "ZeroDivisionError" in said
        assert "Traceback" not in said
    assert "a bug in a vendor" in caplog.text
    assert (await server.call("GET", "/v1/open"))[0] == 200


async def test_an_unknown_scenario_is_a_loud_400(server: Server) -> None:
    status, said = await server.call(
        "POST", "/v1/clips", json={"prompt": "x"}, headers={"X-Simulator-Scenario": "no-such"}
    )

    assert (status, said["error"]["code"]) == (400, "unknown_scenario")


async def test_the_next_id_can_be_chosen(server: Server) -> None:
    _, said = await server.call("POST", "/v1/clips", json={"prompt": "x"}, headers={"X-Simulator-Job-Id": "mine"})

    assert said["id"] == "mine"


async def test_a_scenario_changes_a_reply_within_the_contract(server: Server) -> None:
    job_id = await server.submit(scenario="noted")

    assert (await server.call("GET", f"/v1/clips/{job_id}"))[1] == {"id": job_id, "status": "new"}
    server.sandbox.advance(10_000)
    async with server.client.get(f"{server.url}/v1/clips/{job_id}", headers={"Authorization": "Bearer key-1"}) as reply:
        assert await reply.json() == {"id": job_id, "status": "done", "note": "changed"}
        assert reply.headers["X-More"] == "1"


async def test_a_scenario_cannot_leave_the_contract_unsaid(server: Server) -> None:
    job_id = await server.submit(scenario="bad-note")

    assert (await server.call("GET", f"/v1/clips/{job_id}"))[1]["error"]["code"] == "contract_broken"


async def test_a_scenario_leaves_the_contract_where_it_says_so(server: Server) -> None:
    job_id = await server.submit(scenario="off")

    status, said = await server.call("GET", f"/v1/clips/{job_id}")

    assert (status, said) == (299, {"id": job_id, "status": "strange", "note": 7})
    assert (await server.call("GET", "/v1/clips"))[1] == {"clips": [{"id": job_id, "status": "strange"}]}
    marks = [exchange.marks for exchange in server.sandbox.journal if exchange.method == "GET"]
    assert marks == [("off contract: a word of the future",)] * 2
    assert server.pipeline.tally.broken == 0


async def test_the_journal_keeps_what_was_said(server: Server) -> None:
    job_id = await server.submit()

    [exchange] = server.sandbox.journal

    assert (exchange.vendor, exchange.operation, exchange.method) == ("tiny", "submitClip", "POST")
    assert (exchange.target, exchange.status, exchange.account) == ("/tiny/v1/clips", 202, "key-1")
    assert exchange.sent == b'{"prompt": "a fox"}'
    assert exchange.job_ids == (job_id,)


async def test_under_way_counts_until_the_last_byte(server: Server) -> None:
    counts: list[int] = []
    server.sandbox.on_less_to_do.append(lambda: counts.append(server.sandbox.in_flight))

    await server.call("GET", "/v1/open")
    await server.call("GET", "/v1/nothing")

    assert server.sandbox.in_flight == 0
    assert counts == [0, 0]


async def test_a_browser_from_anywhere_may_call(server: Server) -> None:
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    async with server.client.options(f"{server.url}/v1/clips", headers=headers) as reply:
        assert reply.status == 204
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
        assert reply.headers["Access-Control-Allow-Methods"] == "GET, POST"
    async with server.client.get(f"{server.url}/v1/open", headers={"Origin": "https://app.example"}) as reply:
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
    async with server.client.get(f"{server.url}/v1/open") as reply:
        assert "Access-Control-Allow-Origin" not in reply.headers


def test_an_operation_without_a_contract_is_found_at_load() -> None:
    stray = Operation("stray", "GET", "/v1/stray", OPERATIONS[0].read, OPERATIONS[0].show)
    vendor = type(TINY)(**{name: getattr(TINY, name) for name in TINY.__struct_fields__} | {"operations": (stray,)})

    with pytest.raises(SimulatorError, match="no operation 'stray'"):
        Desk(vendor, DOCUMENT)


def test_an_operation_that_the_contract_puts_elsewhere_is_found_at_load() -> None:
    moved = Operation("getClip", "GET", "/v2/clips/{id}", OPERATIONS[0].read, OPERATIONS[0].show)
    vendor = type(TINY)(**{name: getattr(TINY, name) for name in TINY.__struct_fields__} | {"operations": (moved,)})

    with pytest.raises(SimulatorError, match="in its contract"):
        Desk(vendor, DOCUMENT)
