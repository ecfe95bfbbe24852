"""The sample and the table of A2E's status page. Source, 2026-08-01:
https://api.a2e.ai/get-status-of-face-swap-preview-process-12138824e0."""

import json

import pytest

from simulator.assembly import Background
from tests.samples.running import look, main, sample, shell, submit
from tests.samples.tables import check_table

JOB_ID = "6674f0380f25167e88672b7c"
KEY = {"Authorization": "Bearer sk_0123456789abcdef"}
CDN = "https://dh24as48lv9ce.cloudfront.net"
FACE, PICTURE = "ab2fca41-90e5-41a6-aa66-08a960b035e4", "b197b5a6-2ceb-46ff-b42f-d60e85ce1fea"


def job(server: Background, scenario: str) -> None:
    """Add a preview that plays a scenario and gets the id of the page's sample."""
    body = {
        "face_url": f"{CDN}/adam2eve/beta/face_swap/{FACE}.jpg",
        "video_url": f"{CDN}/marvel/test_case/FS/{PICTURE}.jpeg",
    }
    said = submit(server, "a2e", "addFaceSwapPreview", "/api/v1/userFaceSwapPreview/add", body, scenario, JOB_ID, **KEY)
    assert (said["code"], said["data"]["_id"]) == (0, JOB_ID)


def page(server: Background) -> str:
    return sample("a2e.sh", ("https://video.a2e.ai", f"{server.url}/a2e"))


@pytest.mark.fact("a2e.auth.page-has-no-key", "a2e.error.unauthorized")
def test_the_curl_as_printed_has_no_key(server: Background) -> None:
    job(server, "as-documented")

    body = json.loads(shell(server, page(server)))

    [exchange] = main(server).journal.newest(1)
    assert (body["code"], exchange.status) == (401, 401)


@pytest.mark.fact("a2e.preview.status", "a2e.auth.bearer", "a2e.base.url", "a2e.status.preview-takes")
def test_the_curl_with_the_pages_header_shows_the_pages_body(server: Background) -> None:
    job(server, "as-documented")
    text = f"{page(server).strip()} --header 'Authorization: {KEY['Authorization']}'"

    first = json.loads(shell(server, text))
    main(server).advance(3085)
    last = json.loads(shell(server, text))

    assert first["data"]["current_status"] == "initialized"
    assert last == {
        "code": 0,
        "data": {
            "_id": JOB_ID,
            "current_status": "completed",
            "result_url": f"{server.url}/a2e/AzureDragon/FS/{PICTURE}_{FACE}_1718939707085.jpeg",
            "faild_message": None,
            "error_code": "0",
        },
    }


TABLE = {
    "code": "integer",
    "data": "object",
    "data._id": "string",
    "data.current_status": "string",
    "data.result_url": "string",
    "data.faild_message": "string | null",
    "data.error_code": "string | null",
}
"""The last two are optional on the page; its sample has null in the first of them."""


@pytest.mark.fact("a2e.preview.status-reply", "a2e.preview.error-code", "a2e.envelope.success", "a2e.status.failed",
                  "a2e.status.initialized", "a2e.status.sent", "a2e.status.faild-message",
                  "a2e.status.result-url-empty", "a2e.status.nulls")  # fmt: skip
@pytest.mark.parametrize(
    ("scenario", "course"),
    [
        ("happy", ["initialized", "processing", "completed"]),
        ("sent", ["sent", "initialized", "processing", "completed"]),
        ("failed-midway", ["initialized", "processing", "failed"]),
        ("as-documented", ["initialized", "processing", "completed"]),
    ],
)
def test_the_table_holds_in_every_state(server: Background, scenario: str, course: list[str]) -> None:
    job(server, scenario)

    seen = {}
    for _ in range(180):
        said = look(f"{server.url}/a2e/api/v1/userFaceSwapPreview/status?_id={JOB_ID}", **KEY)
        check_table(said, TABLE)
        assert list(said["data"]) == [path.removeprefix("data.") for path in TABLE if path.startswith("data.")]
        assert (said["code"], said["data"]["_id"]) == (0, JOB_ID)
        seen[said["data"]["current_status"]] = said["data"]
        main(server).advance(500)

    assert list(seen) == course
    end = seen[course[-1]]
    assert (end["result_url"] != "", end["faild_message"] is None) == (course[-1] == "completed",) * 2
    assert all(seen[word]["result_url"] == "" and seen[word]["error_code"] is None for word in course[:-1])
