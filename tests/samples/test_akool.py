"""The tables of AKOOL's page on a head swap's result, and a loop written from them, since it prints none.

Source, 2026-08-01: https://docs.akool.com/ai-tools-suite/head-swap/get-result.
"""

import sys
from typing import Any
from urllib.request import urlopen

import pytest

from simulator.assembly import Background
from simulator.sandbox.choosing import Pin
from simulator.vendors.akool import VENDOR
from tests.samples.running import HERE, Ended, look, main, run, submit
from tests.samples.tables import check_table

CLIP = "https://example.com/videos/source.mp4?duration=10&width=1916&height=1082&faces=3"
FACE = "https://example.com/face.png"
KEY = {"x_api_key": VENDOR.sample_key}
HEAD_SWAP = "/api/open/v4/headswap"


def loop(server: Background, video_url: str = CLIP) -> Ended:
    """Run the sample: analyse, create, poll."""
    said = {"AKOOL_BASE_URL": f"{server.url}/akool", "AKOOL_API_KEY": VENDOR.sample_key}
    return run(server, [sys.executable, str(HERE / "pages" / "akool.py"), video_url, FACE], **said)


def pin(server: Background, scenario: str, operation: str = "createHeadSwapTask") -> None:
    main(server).pin(Pin("akool", operation, scenario), VENDOR)


@pytest.mark.fact("akool.status.words", "akool.task.detail", "akool.task.create", "akool.envelope.code-decides")
@pytest.mark.parametrize(
    ("scenario", "statuses"),
    [
        ("happy", [1, 2, 3]),
        ("queued", [1, 2, 3]),
        ("unknown-status", [1, 5, 3]),
        ("empty-url", [1, 2, 3]),
        ("late-url", [1, 2, 3]),
    ],
)
def test_the_loop_ends_with_a_video(server: Background, scenario: str, statuses: list[int]) -> None:
    pin(server, scenario)

    ended = loop(server)

    assert ended.code == 0, ended.complained
    polls = [line.split(",")[0] for line in ended.lines[:-1]]
    told = polls[polls.index("Status: 3") + 1 :]  # after those of the analysis
    assert list(dict.fromkeys(told)) == [f"Status: {status}" for status in statuses]
    assert ended.lines[-2] == "Status: 3, Progress: 100%"
    with urlopen(ended.lines[-1].removeprefix("Output URL: ")) as reply:
        assert reply.headers["Content-Type"] == "video/mp4"


@pytest.mark.fact("akool.task.failed", "akool.task.failed-is-200")
@pytest.mark.parametrize(
    ("operation", "scenario"),
    [
        ("createHeadSwapTask", "failed-early"),
        ("createHeadSwapTask", "failed-midway"),
        ("createHeadSwapTask", "moderated"),
        ("analyzeHeadSwap", "failed-midway"),
    ],
)
def test_the_loop_ends_with_the_reason(server: Background, operation: str, scenario: str) -> None:
    pin(server, scenario, operation)

    ended = loop(server)

    assert (ended.code, ended.lines[-1].split(",")[0]) == (1, "Status: 4")
    assert ended.complained.startswith("Failed: 1015 ")


@pytest.mark.fact("akool.envelope.code-decides")
def test_the_loop_ends_at_a_refusal(server: Background) -> None:
    ended = loop(server, "no URL")

    assert (ended.code, ended.printed) == (1, "")
    assert ended.complained.startswith("Refused: 1003 ")


TABLE = {
    "code": "integer",
    "msg": "string",
    "data": "object",
    "data._id": "string",
    "data.uid": "integer",
    "data.team_id": "string",
    "data.source_video_url": "string",
    "data.create_time": "long",
    "data.status": "integer",
    "data.video_duration": "number",
    "data.resolution": "string",
    "data.deduction_duration": "number",
    "data.video_url": "string | null",
    "data.progress": "number",
    "data.priority": "number",
    "data.task_id": "string",
    "data.file_name": "string",
    "data.model_name": "string",
}
WHEN_FAILED = {"data.error_reason": "string", "data.error_code": "number"}


def job(server: Background, scenario: str) -> str:
    """Create a head swap that plays a scenario; return its ``_id``."""
    submit(
        server, "akool", "analyzeHeadSwap", f"{HEAD_SWAP}/analyze", {"video_url": CLIP, "type": "head"}, "happy", **KEY
    )
    main(server).advance(60_000)
    body = {
        "video_url": CLIP,
        "mappings": [{"obj_id": 0, "img_url": FACE}],
        "model_name": "akool-premium",
        "resolution": "720p",
    }
    said = submit(server, "akool", "createHeadSwapTask", f"{HEAD_SWAP}/task/create", body, scenario, **KEY)
    return str(said["data"]["_id"])


@pytest.mark.fact("akool.task.detail", "akool.task.numbers", "akool.task.same-keys", "akool.task.running-url",
                  "akool.status.words", "akool.status.open", "akool.envelope.success", "akool.auth.api-key",
                  "akool.auth.any-text")  # fmt: skip
@pytest.mark.parametrize(
    ("scenario", "course"),
    [
        ("happy", [1, 2, 3]),
        ("empty-url", [1, 2, 3]),
        ("failed-midway", [1, 2, 4]),
        ("unknown-status", [1, 5, 3]),
    ],
)
@pytest.mark.parametrize("key", [KEY, {"Authorization": f"Bearer {VENDOR.sample_key}"}], ids=["x-api-key", "bearer"])
def test_the_table_holds_in_every_state(
    server: Background, key: dict[str, str], scenario: str, course: list[int]
) -> None:
    id = job(server, scenario)

    seen: dict[int, Any] = {}
    for _ in range(60):
        said = look(f"{server.url}/akool{HEAD_SWAP}/task/detail?_id={id}", **key)
        check_table(said, TABLE | (WHEN_FAILED if said["data"]["status"] == 4 else {}))
        assert (said["code"], said["data"]["_id"]) == (1000, id)
        assert 0 <= said["data"]["progress"] <= 100
        seen[said["data"]["status"]] = said["data"]
        main(server).advance(1000)

    assert list(seen) == course
    for status, data in seen.items():
        assert bool(data["video_url"]) == (status == 3)
        assert ("error_reason" in data, "error_code" in data) == (status == 4,) * 2
