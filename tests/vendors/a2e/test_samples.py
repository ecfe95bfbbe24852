"""The vendor's own samples, key for key: https://api.a2e.ai/get-status-of-face-swap-preview-process-12138824e0 and its
neighbours, all read 2026-08-01."""

import pytest

from tests.vendors.a2e.house import (
    CDN,
    CLIP,
    FACE,
    PICTURE,
    PREVIEW_AT_MS,
    PREVIEW_ID,
    TASK_AT_MS,
    TASK_ID,
    House,
    scenario,
    state,
)

USER_ID = "637498294abbb165572d5dbe"
PAGE = scenario(
    "page", state("initialized", "500ms", "processing"), state("processing", "2585ms", "completed"), state("completed")
)


@pytest.mark.fact(
    "a2e.preview.status",
    "a2e.preview.status-reply",
    "a2e.preview.error-code",
    "a2e.preview.image-target",
    "a2e.preview.result-url",
    "a2e.preview.result-stamp",
    "a2e.envelope.success",
    "a2e.envelope.trace-id",
    "a2e.status.completed",
    "a2e.status.faild-message",
    "a2e.status.preview-takes",
    "a2e.file.host",
)
def test_the_documented_preview() -> None:
    house = House(PAGE, at_ms=PREVIEW_AT_MS, trace_id="off")
    house.submit("preview", scenario="page", job_id=PREVIEW_ID)
    house.box.advance(3085)

    body = house.reply("getFaceSwapPreviewStatus", query={"_id": PREVIEW_ID}).body

    assert list(body["data"]) == ["_id", "current_status", "result_url", "faild_message", "error_code"]
    assert body == {
        "code": 0,
        "data": {
            "_id": "6674f0380f25167e88672b7c",
            "current_status": "completed",
            "result_url": f"{CDN}/AzureDragon/FS/b197b5a6-2ceb-46ff-b42f-d60e85ce1fea_ab2fca41-90e5-41a6-aa66-08a960b035e4_1718939707085.jpeg",
            "faild_message": None,
            "error_code": "0",
        },
    }


@pytest.mark.fact(
    "a2e.preview.add", "a2e.preview.add-reply", "a2e.preview.user-id", "a2e.status.first", "a2e.preview.result-stamp"
)
def test_a_preview_that_was_just_added() -> None:
    house = House(at_ms=PREVIEW_AT_MS)

    data = house.data("addFaceSwapPreview", {"face_url": FACE, "video_url": PICTURE}, job_id=PREVIEW_ID)

    assert list(data.items()) == [
        ("video_url", PICTURE),
        ("face_url", FACE),
        ("current_status", "initialized"),
        ("result_url", ""),
        ("error_code", None),
        ("faild_message", None),
        ("_id", PREVIEW_ID),
        ("user_id", USER_ID),
    ]


@pytest.mark.fact(
    "a2e.task.records",
    "a2e.task.row",
    "a2e.task.sample-times",
    "a2e.task.updated",
    "a2e.task.duration",
    "a2e.task.result-url",
    "a2e.task.result-stamp",
    "a2e.task.result-stamp-rule",
    "a2e.time.form",
    "a2e.id.object-id",
    "a2e.id.time",
    "a2e.base.field-style",
    "a2e.status.documented-words",
    "a2e.status.sent",
    "a2e.task.detail-reply",
)
def test_the_documented_row() -> None:
    house = House(trace_id="off")
    house.submit("task", {"name": "xxxx", "face_url": FACE, "video_url": CLIP}, scenario="sent", job_id=TASK_ID)
    house.box.advance(38_359)

    page = house.reply("listFaceSwapTasks", query={"pageNum": "1", "pageSize": "10"}).body

    row = [
        ("name", "xxxx"),
        ("video_url", CLIP),
        ("duration", 6),
        ("face_url", FACE),
        ("current_status", "completed"),
        (
            "result_url",
            f"{CDN}/adam2eve/stable/user/{USER_ID}/userFaceSwapTask/6674f1765699df7e9d25311a/1717400057881_ab2fca41-90e5-41a6-aa66-08a960b035e4_1718940028723.mp4",
        ),
        ("error_code", "0"),
        ("faild_message", None),
        ("_id", "6674f1765699df7e9d25311a"),
        ("createdAt", "2024-06-21T03:20:22.436Z"),
        ("updatedAt", "2024-06-21T03:21:00.795Z"),
        ("initialized_time", "2024-06-21T03:20:22.940Z"),
        ("processing_time", "2024-06-21T03:20:23.358Z"),
        ("completed_time", "2024-06-21T03:20:58.625Z"),
    ]
    assert page == {"code": 0, "data": {"rows": [dict(row)], "count": 1}}
    assert list(page["data"]["rows"][0].items()) == row
    assert house.task(TASK_ID) == dict(row)
    assert int(TASK_ID[:8], 16) == TASK_AT_MS // 1000


@pytest.mark.fact(
    "a2e.task.status",
    "a2e.task.status-error-code",
    "a2e.status.result-url-empty",
    "a2e.status.nulls",
    "a2e.task.status-unfinished",
)
def test_the_documented_status_of_tasks() -> None:
    house = House(trace_id="off")
    house.submit(job_id="6674f21f68d5dc7e6efd342a")
    house.box.advance(3_000)

    assert house.reply("getFaceSwapTaskStatus").body == {
        "code": 0,
        "data": [
            {
                "current_status": "processing",
                "result_url": "",
                "error_code": None,
                "faild_message": None,
                "_id": "6674f21f68d5dc7e6efd342a",
            }
        ],
    }


@pytest.mark.fact(
    "a2e.image.add", "a2e.image.add-reply", "a2e.image.record", "a2e.image.add-whole-list", "a2e.image.url-kept"
)
def test_the_documented_saved_faces() -> None:
    older, newer = "2024-06-07T03:14:50.580Z", "2024-06-20T05:32:19.714Z"
    house = House(at_ms=1_717_730_090_580)
    picture = f"{CDN}/adam2eve/stable/faceSwap/2024067/1717730089329.png"
    house.data("addFaceSwapImage", {"face_url": picture})
    house.box.advance_to(1_718_861_539_714)

    faces = house.data("addFaceSwapImage", {"face_url": FACE})

    assert [list(face) for face in faces] == [["face_url", "_id", "createdAt", "updatedAt"]] * 2
    assert [(face["face_url"], face["_id"][:8], face["createdAt"], face["updatedAt"]) for face in faces] == [
        (FACE, "6673bee3", newer, newer),
        (picture, "66627b2a", older, older),
    ]
