"""Jobs by the control API: shown whole, filtered, and made to happen."""

import pytest

from tests.server.control.conftest import EPOCH_MS, KEY, Server

ID = "vjob_xyz789abc"


async def test_all_that_is_known_of_a_job_is_shown(server: Server) -> None:
    await server.submit(**{"X-Simulator-Job-Id": ID})

    _, job = await server.call("GET", f"jobs/{ID}")

    words = [state["word"] for state in job["plan"]["states"]]
    assert words == [entry["word"] for entry in job["entries"]] == ["queued", "processing", "completed"]
    assert [state["then"] for state in job["plan"]["states"]] == [*words[1:], None]
    assert job["plan"]["states"][-1]["for_ms"] is None
    assert job["entries"][1]["at_ms"] == EPOCH_MS + job["plan"]["states"][0]["for_ms"]
    assert job["plan"]["outputs"][0]["duration_ms"] == 45_200
    assert job["plan"]["price"] == 48
    assert job["plan"]["switches"]["deepswapai.submit_status"] == "202"
    assert (job["status"], job["stands_for"], job["snapshot"]["wire"]) == ("queued", "waiting", "queued")


async def test_its_reply_is_what_a_look_up_would_get(server: Server) -> None:
    await server.submit(**{"X-Simulator-Job-Id": ID})
    await server.call("POST", "clock/advance", {"by": "10m"})

    _, job = await server.call("GET", f"jobs/{ID}")

    assert job["reply"] == (await server.poll(ID))[1]
    assert job["reply"]["status"] == "completed"


async def test_showing_a_job_is_no_look(server: Server) -> None:
    source = {"scenario": "looked-at", "states": {"running": {"for": {"polls": 1}, "then": "succeeded"}}}
    added, _ = await server.call("POST", "scenarios", source)
    await server.call("PATCH", "clock", {"mode": "skip"})
    await server.submit(**{"X-Simulator-Job-Id": ID, "X-Simulator-Scenario": "looked-at"})

    shown = [(await server.call("GET", f"jobs/{ID}"))[1] for _ in range(4)]

    assert (added, shown[0]["scenario"]) == (201, "looked-at")
    assert all(job == shown[0] for job in shown)
    assert server.sandbox.clock.now_ms() == EPOCH_MS


async def test_a_job_without_a_look_up_has_no_reply(server: Server) -> None:
    picture = {"source_image": "https://example.com/face.jpg", "target_image": "https://example.com/photo.png"}
    await server.call("POST", f"{server.root}/deepswapai/v1/image-swap", picture, headers=KEY)
    [summary] = (await server.call("GET", "jobs"))[1]["jobs"]

    _, job = await server.call("GET", f"jobs/{summary['id']}")

    assert (job["kind"], job["reply"]) == ("image", None)


async def test_a_forced_state_ends_a_job(server: Server) -> None:
    await server.submit(**{"X-Simulator-Job-Id": ID})

    status, job = await server.call("POST", f"jobs/{ID}/events", {"force": "failed"})

    assert (status, job["status"], job["is_final"]) == (201, "failed", True)
    assert job["events"] == [{"name": "force", "at_ms": EPOCH_MS, "to": "failed"}]
    assert (await server.poll(ID))[1]["status"] == "failed"


async def test_a_deleted_job_is_unknown_to_its_client_only(server: Server) -> None:
    await server.submit(**{"X-Simulator-Job-Id": ID})

    status, job = await server.call("POST", f"jobs/{ID}/events", {"event": "deleted"})

    assert (status, job["reply"]["error_code"]) == (201, "job_not_found")
    assert (await server.poll(ID))[0] == 404
    assert (await server.call("GET", f"jobs/{ID}"))[0] == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"force": "melted"}, 422, "unknown_state"),
        ({"event": "melt"}, 422, "unknown_event"),
        ({"event": "look"}, 422, "unknown_event"),
        ({"event": "granted"}, 422, "unknown_event"),
        ({"event": "cancel"}, 409, "conflict"),
        ({"force": "queued"}, 409, "conflict"),
    ],
)
async def test_what_cannot_happen_is_refused(server: Server, body: dict[str, str], status: int, code: str) -> None:
    await server.submit(**{"X-Simulator-Job-Id": ID})
    await server.call("POST", f"jobs/{ID}/events", {"force": "processing"})

    answered, said = await server.call("POST", f"jobs/{ID}/events", body)

    assert (answered, said["error"]["code"]) == (status, code)


async def test_an_end_stays(server: Server) -> None:
    await server.submit(**{"X-Simulator-Job-Id": ID})
    await server.call("POST", f"jobs/{ID}/events", {"force": "failed"})

    status, _ = await server.call("POST", f"jobs/{ID}/events", {"force": "completed"})

    assert status == 409


async def test_lists_are_the_newest_first_and_count_all_that_fit(server: Server) -> None:
    for number in range(3):
        await server.submit(**{"X-Simulator-Job-Id": f"vjob_{number}00000"}, key=f"key-{number % 2}")
    await server.call("POST", "jobs/vjob_100000/events", {"force": "failed"})

    _, newest = await server.call("GET", "jobs?limit=1")
    _, queued = await server.call("GET", "jobs?status=queued")
    _, of_key_0 = await server.call("GET", "jobs?account=key-0&vendor=deepswapai")
    _, of_useapi = await server.call("GET", "jobs?vendor=useapi")

    assert (newest["total"], [job["id"] for job in newest["jobs"]]) == (3, ["vjob_200000"])
    assert (
        [job["id"] for job in queued["jobs"]]
        == ["vjob_200000", "vjob_000000"]
        == [job["id"] for job in of_key_0["jobs"]]
    )
    assert of_useapi == {"total": 0, "jobs": []}


async def test_another_vendor_does_not_have_it(server: Server) -> None:
    await server.submit(**{"X-Simulator-Job-Id": ID})

    status, said = await server.call("GET", f"jobs/{ID}?vendor=useapi")

    assert (status, said["error"]["legal"]) == (404, ["deepswapai"])
