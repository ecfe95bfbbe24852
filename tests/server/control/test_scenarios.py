"""Scenarios by the control API: added, checked, pinned and chosen, and then played."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server.control.conftest import Server

TEXT = """\
scenario: ill-fated
summary: Ends badly after a minute.
states:
  running: {for: 1m, then: failed}
  failed: {error: The stars were against it}
"""
OBJECT = {
    "scenario": "ill-fated",
    "states": {"running": {"for": "1m", "then": "failed"}, "failed": {"error": "The stars were against it"}},
}


@pytest.mark.parametrize("source", [{"text": TEXT, "file": "ill.yaml"}, {"text": TEXT}, OBJECT])
async def test_one_that_is_added_can_be_played(server: Server, source: dict[str, Any]) -> None:
    status, added = await server.call("POST", "scenarios", source)

    _, job = await server.submit(**{"X-Simulator-Scenario": "ill-fated"})
    await server.call("POST", "clock/advance", {"by": "1m"})

    assert (status, added["origin"], added["file"]) == (201, "added", source.get("file"))
    assert "stars" in str((await server.poll(job["job_id"]))[1])
    _, shown = await server.call("GET", "scenarios/ill-fated")
    assert "stars" in shown["text"]
    assert {**shown, "text": ""} == {**added, "text": ""}


async def test_what_is_wrong_is_told_by_line_and_column(server: Server) -> None:
    unsound = TEXT.replace("then: failed", "then: fialed")

    refused, said = await server.call("POST", "scenarios", {"text": unsound, "file": "ill.yaml"})
    checked, validation = await server.call("POST", "scenarios/validate", {"text": unsound, "file": "ill.yaml"})

    assert (refused, checked, validation["valid"]) == (422, 200, False)
    assert said["error"]["findings"] == validation["findings"]
    [first, *_] = validation["findings"]
    assert (first["file"], first["line"], first["column"]) == ("ill.yaml", 4, 28)
    assert "failed" in first["legal"]
    assert "did you mean 'failed'?" in first["message"]
    assert (await server.call("GET", "scenarios/ill-fated"))[0] == 404


async def test_an_object_has_no_lines(server: Server) -> None:
    _, said = await server.call("POST", "scenarios/validate", {"scenario": "x", "states": {"running": {"fro": 1}}})

    assert {(found["file"], found["line"], found["column"]) for found in said["findings"]} == {(None, None, None)}


async def test_checking_adds_nothing(server: Server) -> None:
    assert (await server.call("POST", "scenarios/validate", {"text": TEXT}))[1] == {"valid": True, "findings": []}
    assert (await server.call("GET", "scenarios/ill-fated"))[0] == 404


async def test_no_text_makes_the_server_read_a_file(server: Server) -> None:
    _, said = await server.call("POST", "scenarios/validate", {"text": "/etc/passwd", "file": "/etc/passwd"})

    assert not said["valid"]
    assert "root:" not in str(said)


async def test_a_pin_decides_the_next_accepted_submit(server: Server) -> None:
    asked = {
        "vendor": "deepswapai",
        "operation": "videoSwap",
        "scenario": "stuck",
        "job_id": "vjob_xyz789abc",
        "seed": "3",
    }

    status, pin = await server.call("POST", "scenarios/pins", asked)
    listed = (await server.call("GET", "scenarios/pins"))[1]
    refused = (await server.submit(key="invalid-key"))[0]
    _, first = await server.submit()
    _, second = await server.submit()

    assert (status, pin) == (201, {**asked, "times": 1})
    assert listed == {"pins": [pin]}
    assert refused == 401
    assert first["job_id"] == "vjob_xyz789abc" != second["job_id"]
    assert (await server.call("GET", "jobs/vjob_xyz789abc"))[1]["scenario"] == "stuck"
    assert (await server.call("GET", "scenarios/pins"))[1] == {"pins": []}


@pytest.mark.parametrize("said", [{"job_id": "vjob_xyz789abc"}, {"seed": "3"}, {"seed": "3", "scenario": None}])
async def test_a_pin_may_leave_the_scenario_to_others(server: Server, said: dict[str, Any]) -> None:
    status, pin = await server.call("POST", "scenarios/pins", {"vendor": "deepswapai", **said})
    _, job = await server.submit()

    assert (status, pin["scenario"]) == (201, None)
    assert said.get("job_id", job["job_id"]) == job["job_id"]
    assert (await server.call("GET", f"jobs/{job['job_id']}"))[1]["scenario"] == "happy"
    assert server.sandbox.pins() == []


async def test_a_pin_tells_how_many_submits_are_left(server: Server) -> None:
    await server.call("POST", "scenarios/pins", {"vendor": "deepswapai", "scenario": "slow", "times": 3, "seed": None})

    await server.submit()

    [pin] = (await server.call("GET", "scenarios/pins"))[1]["pins"]
    assert (pin["times"], pin["seed"], pin["operation"]) == (2, None, None)
    assert (await server.call("DELETE", "scenarios/pins"))[0] == 204
    assert server.sandbox.pins() == []


async def test_a_pin_that_no_job_of_the_vendor_can_play_is_refused(server: Server) -> None:
    status, said = await server.call("POST", "scenarios/pins", {"vendor": "deepswapai", "scenario": "cancelled"})

    assert (status, said["error"]["code"]) == (422, "unfit_scenario")


async def test_the_default_is_played_until_it_is_given_back(server: Server) -> None:
    await server.call("PUT", "scenarios/default", {"scenario": "slow"})
    await server.submit()
    listed = (await server.call("GET", "scenarios"))[1]["default"]
    _, given_back = await server.call("PUT", "scenarios/default", {"scenario": None})
    await server.submit()

    played = [job["scenario"] for job in (await server.call("GET", "jobs"))[1]["jobs"]]
    assert (listed, given_back, played) == ("slow", {"scenario": None}, ["happy", "slow"])


async def test_a_list_for_a_kind_has_what_it_can_play(server: Server) -> None:
    _, everything = await server.call("GET", "scenarios")
    _, videos = await server.call("GET", "scenarios?vendor=deepswapai&kind=video")
    _, batches = await server.call("GET", "scenarios?vendor=deepswapai&kind=batch")

    names = [{one["name"] for one in said["scenarios"]} for said in (everything, videos, batches)]
    assert "cancelled" in names[0] - names[1]
    assert "partial-batch" in names[2] - names[1]
    assert {"happy", "stuck"} <= names[1]


async def test_a_file_that_was_just_saved_is_there_for_every_call(
    start: Callable[..., Awaitable[Server]], tmp_path: Path
) -> None:
    server = await start(folders=(tmp_path,))

    async def saved(name: str, text: str = "") -> str:
        (tmp_path / f"{name}.yaml").write_text(text or TEXT.replace("ill-fated", name))
        return name

    pinned = await server.call("POST", "scenarios/pins", {"vendor": "deepswapai", "scenario": await saved("one")})
    shown = await server.call("GET", f"scenarios/{await saved('two')}")
    chosen = await server.call("PUT", "scenarios/default", {"scenario": await saved("three")})
    made = await server.call("POST", "sandboxes", {"id": "other", "scenario": await saved("four")})
    await saved("five")
    listed = await server.call("GET", "scenarios")
    await saved("six", "scenario: six\nstates: {}\n")
    for sandbox in ("main", "other", "main", "other"):
        await server.call("GET", f"sandboxes/{sandbox}/scenarios")

    assert [said[0] for said in (pinned, shown, chosen, made)] == [201, 200, 200, 201]
    assert "five" in {one["name"] for one in listed[1]["scenarios"]}
    for sandbox in ("main", "other"):
        _, journal = await server.call("GET", f"sandboxes/{sandbox}/journal")
        notes = [entry["marks"] for entry in journal["entries"]]
        assert len(notes) == 1, notes
        assert "scenario not reloaded" in notes[0][0]


async def test_what_we_ship_is_named_by_its_place_in_the_package(server: Server) -> None:
    _, said = await server.call("GET", "scenarios/happy")

    assert (said["origin"], said["file"], said["vendor"]) == ("shipped", "scenarios/happy.yaml", None)


async def test_a_name_means_what_the_vendor_makes_of_it(server: Server) -> None:
    _, general = await server.call("GET", "scenarios/as-documented?vendor=deepswapai&kind=batch")

    assert (general["vendor"], general["kind"]) == ("deepswapai", "batch")
