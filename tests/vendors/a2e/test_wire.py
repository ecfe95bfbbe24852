"""A2E over HTTP: the vendor's pages as a client meets them, by its own host names."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from simulator.assembly import Background
from simulator.settings import Settings
from simulator.vendors.a2e import VENDOR
from tests.vendors.a2e.house import CDN, CLIP, FACE, PICTURE, PREVIEW_ID, TASK_AT_MS, TASK_ID

fact = pytest.mark.fact
STATUS = f"/api/v1/userFaceSwapPreview/status?_id={PREVIEW_ID}"
KEY = {"Authorization": f"Bearer {VENDOR.sample_key}"}
JSON = {"Content-Type": "application/json"}
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def server() -> Iterator[Background]:
    settings = Settings(port=0, clock="manual", seed="a2e", epoch="2024-06-21T03:15:04.000Z")
    with Background(settings, vendor_names=("a2e",)) as running:
        yield running


@pytest.fixture
def box(server: Background) -> Any:
    main = server.simulator.sandboxes.main
    main.reset()
    return main


def ask(server: Background, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """Make one call by the vendor's own host, as if by TLS; refusals are returned too."""
    said = {
        "Host": "video.a2e.ai",
        "X-Forwarded-Proto": "https",
        **{name.replace("_", "-"): text for name, text in headers.items()},
    }
    data = None if body is None else json.dumps(body).encode()
    try:
        reply = urlopen(Request(server.url + path, data, said, method=method), timeout=30)
    except HTTPError as refusal:
        reply = refusal
    with reply:
        assert "X-Simulator-Error" not in reply.headers
        return reply.status, dict(reply.headers), reply.read()


def submit(server: Background, path: str, body: Any, job_id: str) -> Any:
    played = {"X_Simulator_Scenario": "as-documented", "X_Simulator_Job_Id": job_id}
    status, _, said = ask(server, "POST", f"/api/v1/{path}", body, **KEY, **JSON, **played)
    assert status == 200
    return json.loads(said)


@fact("a2e.preview.status", "a2e.preview.result-url", "a2e.base.url", "a2e.status.preview-takes", "a2e.base.json")
def test_the_status_page_is_reproduced_value_for_value(server: Background, box: Any) -> None:
    submit(server, "userFaceSwapPreview/add", {"face_url": FACE, "video_url": PICTURE}, PREVIEW_ID)
    box.advance(3085)

    status, headers, body = ask(server, "GET", STATUS, **KEY)

    url = f"{CDN}/AzureDragon/FS/b197b5a6-2ceb-46ff-b42f-d60e85ce1fea_ab2fca41-90e5-41a6-aa66-08a960b035e4_1718939707085.jpeg"
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body) == {
        "code": 0,
        "data": {
            "_id": PREVIEW_ID,
            "current_status": "completed",
            "result_url": url,
            "faild_message": None,
            "error_code": "0",
        },
    }
    picture = ask(server, "GET", url.removeprefix(CDN), Host=CDN.removeprefix("https://"))
    assert (picture[0], picture[1]["Content-Type"], picture[2][:3]) == (200, "image/jpeg", b"\xff\xd8\xff")


@fact("a2e.auth.page-has-no-key", "a2e.error.unauthorized")
def test_the_call_as_the_page_prints_it_has_no_token(server: Background, box: Any) -> None:
    status, _, body = ask(server, "GET", STATUS)

    assert (status, json.loads(body)["code"]) == (401, 401)


@fact("a2e.task.records", "a2e.task.row", "a2e.task.result-url", "a2e.task.updated", "a2e.task.sample-times")
def test_the_records_page_is_reproduced_value_for_value(server: Background, box: Any) -> None:
    box.advance_to(TASK_AT_MS)
    submit(server, "userFaceSwapTask/add", {"name": "xxxx", "face_url": FACE, "video_url": CLIP}, TASK_ID)
    box.advance(38_359)

    _, _, body = ask(server, "GET", "/api/v1/userFaceSwapTask/records?pageNum=1&pageSize=10", **KEY)

    stem = "1717400057881_ab2fca41-90e5-41a6-aa66-08a960b035e4_1718940028723"
    folder = f"{CDN}/adam2eve/stable/user/637498294abbb165572d5dbe/userFaceSwapTask"
    assert json.loads(body)["data"] == {
        "rows": [
            {
                "name": "xxxx",
                "video_url": CLIP,
                "duration": 6,
                "face_url": FACE,
                "current_status": "completed",
                "result_url": f"{folder}/6674f1765699df7e9d25311a/{stem}.mp4",
                "error_code": "0",
                "faild_message": None,
                "_id": "6674f1765699df7e9d25311a",
                "createdAt": "2024-06-21T03:20:22.436Z",
                "updatedAt": "2024-06-21T03:21:00.795Z",
                "initialized_time": "2024-06-21T03:20:22.940Z",
                "processing_time": "2024-06-21T03:20:23.358Z",
                "completed_time": "2024-06-21T03:20:58.625Z",
            }
        ],
        "count": 1,
    }


@fact("a2e.base.makefun", "a2e.base.china")
@pytest.mark.parametrize("host", ["video.a2e.ai", "makefun.ai", "video.a2e.com.cn"])
def test_every_host_of_the_vendor_serves_its_api(server: Background, box: Any, host: str) -> None:
    status, _, body = ask(server, "GET", "/api/v1/user/remainingCoins", **KEY, Host=host)

    assert (status, json.loads(body)["data"]) == (200, {"coins": 1000})


@fact("a2e.route.unknown", "a2e.route.method", "a2e.task.detail-aliases")
@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/api/v1/face_swap/start", None),
        ("GET", "/userFaceSwapTask/status", None),
        ("GET", "/api/v1/userFaceSwapTask/status/", None),
        ("GET", "/api/v1/userFaceSwapImage/allRecords", "DELETE"),
        ("GET", "/api/v1/userFaceSwapPreview/add", "POST"),
        ("PUT", "/api/v1/userFaceSwapTask/6674f1765699df7e9d25311a", "GET, DELETE"),
    ],
)
def test_what_clients_got_wrong_is_404(server: Background, box: Any, method: str, path: str, allow: str | None) -> None:
    page, message = ask(server, method, path, **KEY), ask(server, method, path, **KEY, Accept="application/json")

    assert (page[0], page[1]["Content-Type"], page[2]) == (404, "text/html; charset=utf-8", b"<h1>404 Not Found</h1>")
    assert (message[0], json.loads(message[2])) == (404, {"message": "Not Found"})
    assert page[1].get("Allow") == allow
    assert ask(server, "GET", "/api/v1/userFaceSwapTask/allRecords", **KEY)[0] == 400


@fact("a2e.file.gone", "a2e.file.no-key", "a2e.file.host")
def test_a_file_that_is_not_there_is_forbidden(server: Background, box: Any) -> None:
    status, headers, body = ask(server, "GET", "/AzureDragon/FS/a_b_1.jpeg", Host=CDN.removeprefix("https://"))

    assert (status, headers["Content-Type"]) == (403, "application/xml")
    assert b"<Code>AccessDenied</Code>" in body


@fact("a2e.error.body", "a2e.error.content-type")
@pytest.mark.parametrize(
    ("sent", "said", "text"),
    [
        ("no object", {"Content_Type": "application/json"}, "The body must be a JSON object"),
        ({"name": "x"}, {"Content_Type": "text/plain"}, "Content-Type must be application/json"),
        ({"name": "x"}, {}, "Content-Type must be application/json"),
        ("no object", {}, "Content-Type must be application/json"),
    ],
)
def test_a_body_that_is_no_json_or_is_sent_as_something_else(
    server: Background, box: Any, sent: Any, said: dict[str, str], text: str
) -> None:
    status, _, body = ask(server, "POST", "/api/v1/userFaceSwapTask/add", sent, **KEY, **said)

    assert (status, json.loads(body)["msg"]) == (400, text)
