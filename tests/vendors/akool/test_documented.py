"""The bodies of the vendor's pages, key for key and value for value."""

from typing import Any

import pytest

from simulator.vendors.akool import VENDOR
from tests.vendors.akool.wire import ANALYSIS, ANALYZE, CREATE, EPOCH_MS, KEY, TASK, Client

SOURCE = "https://example.com/videos/source.mp4"
TASK_ID, ANALYSIS_ID = "6a066dc58570ecbf64f761a5", "6a066d03625746c797390f55"
DOCUMENTED_TASK = {
    "_id": TASK_ID,
    "uid": 101400,
    "team_id": "6805fb69e92d9edc7ca0b409",
    "source_video_url": SOURCE,
    "create_time": EPOCH_MS,
    "status": 3,
    "video_duration": 10,
    "resolution": "720p",
    "deduction_duration": 15,
    "video_url": "https://example.com/output/result.mp4",
    "progress": 100,
    "priority": 9,
    "task_id": "6a066dc52872921bde86b745",
    "file_name": "Headswap_1778806213962.mp4",
    "model_name": "akool-premium",
}
"""https://docs.akool.com/ai-tools-suite/head-swap/get-result, read 2026-08-01."""
DOCUMENTED_CREATE = {
    "_id": TASK_ID,
    "create_time": EPOCH_MS,
    "uid": 101400,
    "team_id": "6805fb69e92d9edc7ca0b409",
    "video_duration": 10,
    "task_id": "6a066dc52872921bde86b745",
    "resolution": "720p",
    "status": 1,
    "deduction_lock_duration": 100,
    "model_name": "akool-premium",
    "file_name": "Headswap_1778806213962.mp4",
    "video_url": None,
}
"""https://docs.akool.com/ai-tools-suite/head-swap/create, read 2026-08-01."""
DOCUMENTED_ANALYSIS = {
    "_id": ANALYSIS_ID,
    "create_time": 1778806019014,
    "uid": 101400,
    "team_id": "6805fb69e92d9edc7ca0b409",
    "video_url": SOURCE,
    "type": "head",
    "status": 3,
    "task_id": "6a066d022872921bde86b72f",
    "analysis_result": {
        "detected_objects": 3,
        "media": [{"media_type": "images", "obj_id": 0, "img_url": "https://example.com/previews/subject_0.png"}],
        "video_info": {"width": 1916, "height": 1082, "fps": 30, "frame_count": 450},
    },
    "progress": 100,
    "error_reason": "success",
    "error_code": 0,
}
"""https://docs.akool.com/ai-tools-suite/head-swap/get-analysis-detail, read 2026-08-01; it shows one of three people."""


def same(said: Any, documented: Any, *drawn: str) -> None:
    """Hold a body against a documented one, key for key, in the same order, and value for value."""
    assert list(said) == list(documented)
    for name, value in documented.items():
        if name in drawn:
            assert type(said[name]) is type(value)
        else:
            assert (said[name], type(said[name])) == (value, type(value)), name


@pytest.mark.fact("akool.task.detail", "akool.task.reply", "akool.task.create", "akool.task.file-name",
                  "akool.task.create-time", "akool.task.numbers", "akool.task.priority", "akool.id.form",
                  "akool.id.second", "akool.id.task-id", "akool.id.user", "akool.credits.lock-sample",
                  "akool.credits.settlement-sample", "akool.envelope.ok", "akool.envelope.success",
                  "akool.base.url")  # fmt: skip
def test_the_documented_head_swap_comes_out_as_printed(akool: Client) -> None:
    analysis = akool.post(ANALYZE, {"video_url": SOURCE, "type": "head"}).data
    akool.sandbox.force(analysis["_id"], to="completed")  # the clock stands: the head swap is to have its own instant
    body = {
        "video_url": SOURCE,
        "mappings": [{"obj_id": 0, "img_url": "https://example.com/faces/reference.jpeg"}],
        "prompt": "Replace the person in the video with the given face",
        "model_name": "akool-premium",
        "resolution": "720p",
        "keep_original_sound": True,
        "webhookUrl": "https://example.com/your-webhook",
    }

    created = akool.post(CREATE, body, X_Simulator_Scenario="as-documented", X_Simulator_Job_Id=TASK_ID)
    akool.sandbox.advance(65_000)
    detail = akool.get(f"{TASK}?_id={TASK_ID}")

    assert (list(created.body), created.body["msg"]) == (["code", "msg", "data"], "OK")
    assert (list(detail.body), detail.body["msg"]) == (["code", "msg", "data"], "OK")
    same(created.data, DOCUMENTED_CREATE, "team_id", "task_id")
    same(detail.data, DOCUMENTED_TASK, "team_id", "task_id", "video_url")
    for said in (created.data, detail.data):
        assert said["task_id"][:8] == said["_id"][:8] == "6a066dc5"
        assert said["task_id"] != said["_id"]
    assert VENDOR.url == "https://openapi.akool.com"
    assert VENDOR.sample_key == KEY


@pytest.mark.fact("akool.analysis.endpoint", "akool.analysis.message", "akool.analysis.reply", "akool.analysis.detail",
                  "akool.analysis.success-reason", "akool.analysis.zero-based", "akool.analysis.media",
                  "akool.analysis.objects", "akool.analysis.video-info")  # fmt: skip
def test_the_documented_analysis_comes_out_as_printed(akool: Client) -> None:
    made = akool.post(
        ANALYZE, {"video_url": SOURCE, "type": "head"},
        X_Simulator_Scenario="as-documented", X_Simulator_Job_Id=ANALYSIS_ID,
    )  # fmt: skip
    akool.sandbox.advance(10_000)
    detail = akool.get(f"{ANALYSIS}?_id={ANALYSIS_ID}").data

    assert made.body["msg"] == "Analyze success"
    submitted = [name for name in DOCUMENTED_ANALYSIS if name not in ("analysis_result", "error_reason", "error_code")]
    assert list(made.data) == submitted
    assert (made.data["status"], made.data["progress"]) == (1, 0)
    assert set(detail) == set(DOCUMENTED_ANALYSIS)
    documented = {name: DOCUMENTED_ANALYSIS[name] for name in detail}
    same(detail, documented, "team_id", "task_id", "create_time", "analysis_result")
    result, printed = detail["analysis_result"], DOCUMENTED_ANALYSIS["analysis_result"]
    assert isinstance(printed, dict)
    assert (result["detected_objects"], result["video_info"]) == (printed["detected_objects"], printed["video_info"])
    assert [person["obj_id"] for person in result["media"]] == [0, 1, 2]
    same(result["media"][0], printed["media"][0], "img_url")
