"""What previews and tasks look like on the wire, by state."""

import re
from typing import Any

import pytest

from simulator.jobs.scenario import Failure, Result, Shape, State
from tests.vendors.a2e.house import FACE, NOBODY, PICTURE, TASK, TASK_ID, House, scenario, state

fact = pytest.mark.fact


def bad_end(code: Any) -> Any:
    return scenario("bad", state("initialized", "1s", "failed"), State("failed", error=Failure("Broken", code=code)))


@fact("a2e.task.add", "a2e.task.add-reply", "a2e.status.first", "a2e.status.initialized")
def test_a_task_that_was_just_added_has_eleven_fields() -> None:
    data = House().data("addFaceSwapTask", dict(TASK), job_id=TASK_ID)

    assert list(data) == [
        "name", "video_url", "duration", "face_url", "current_status", "result_url", "error_code", "faild_message",
        "_id", "createdAt", "updatedAt",
    ]  # fmt: skip
    assert (data["current_status"], data["result_url"], data["error_code"], data["faild_message"]) == (
        "initialized", "", None, None,
    )  # fmt: skip


@fact("a2e.task.row-times", "a2e.task.updated", "a2e.status.course")
def test_times_are_null_until_their_state_is_reached() -> None:
    house = House()
    job_id = house.submit()

    seen = []
    for by_ms in (0, 2_000, 4_000):
        house.box.advance(by_ms)
        task = house.task(job_id)
        seen.append([task[f"{word}_time"] is not None for word in ("initialized", "processing", "completed")])
        assert task["updatedAt"] == max(
            task[f"{word}_time"] or "" for word in ("initialized", "processing", "completed")
        )
        assert "failed_time" not in task

    assert seen == [[True, False, False], [True, True, False], [True, True, True]]


@fact(
    "a2e.status.failed",
    "a2e.status.failure",
    "a2e.status.failed-is-200",
    "a2e.status.faild-message",
    "a2e.task.row-times",
    "a2e.task.status-error-code",
)
def test_a_failed_task_tells_why_in_a_string_or_a_number() -> None:
    house = House(task_status="all")
    job_id = house.submit(scenario="fails")
    house.box.advance(6_000)

    task, [status] = house.task(job_id), house.data("getFaceSwapTaskStatus")

    assert (task["current_status"], task["result_url"]) == ("failed", "")
    assert (task["error_code"], task["faild_message"]) == ("30001", "No face was found")
    assert (task["completed_time"], task["failed_time"]) == (None, task["updatedAt"])
    assert (status["error_code"], status["faild_message"]) == (30001, "No face was found")


@fact("a2e.status.failure-code", "a2e.status.failure")
@pytest.mark.parametrize(
    ("said", "text", "number"),
    [(None, "1001", 1001), (0, "1001", 1001), ("0", "1001", 1001), ("no_face", "no_face", 1001)],
)
def test_the_code_of_a_failure_is_never_0(said: Any, text: str, number: int) -> None:
    house = House(bad_end(said), task_status="all")
    job_id = house.submit(scenario="bad")
    house.box.advance(1_000)

    assert house.task(job_id)["error_code"] == text
    assert house.data("getFaceSwapTaskStatus")[0]["error_code"] == number


@fact("a2e.preview.status-reply", "a2e.preview.error-code")
def test_a_failed_preview_tells_why_in_a_string() -> None:
    house = House()
    job_id = house.submit("preview", scenario="fails")
    house.box.advance(6_000)

    assert house.preview(job_id) == {
        "_id": job_id, "current_status": "failed", "result_url": "", "faild_message": "No face was found", "error_code": "30001",
    }  # fmt: skip


@fact("a2e.status.sent")
def test_a_task_may_be_sent_before_it_is_initialized() -> None:
    house = House()
    job_id = house.submit(scenario="sent")

    assert (house.task(job_id)["current_status"], house.task(job_id)["initialized_time"]) == ("sent", None)
    house.box.advance(504)
    assert house.task(job_id)["current_status"] == "initialized"


@fact("a2e.task.duration", "a2e.task.duration-rule", "a2e.task.image-target")
@pytest.mark.parametrize(
    ("target", "seconds"),
    [("clip.mp4?duration=6", 6), ("clip.mp4?duration=6.1", 7), ("clip.mov?duration=0.2", 1), ("portrait.png", 0)],
)
def test_the_duration_counts_seconds_that_were_begun(target: str, seconds: int) -> None:
    data = House().data("addFaceSwapTask", {**TASK, "video_url": f"https://example.com/{target}"})

    assert data["duration"] == seconds


@fact("a2e.task.status-unfinished", "a2e.task.status-by-id")
def test_the_status_holds_what_has_not_ended_newest_first() -> None:
    house = House()
    first = house.submit()
    house.box.advance(5_000)
    second, third = house.submit(), house.submit()

    assert [one["_id"] for one in house.data("getFaceSwapTaskStatus")] == [third, second, first]
    house.box.advance(1_000)
    assert [one["_id"] for one in house.data("getFaceSwapTaskStatus")] == [third, second]
    [asked] = house.data("getFaceSwapTaskStatus", query={"_id": first})
    assert (asked["_id"], asked["current_status"], asked["error_code"]) == (first, "completed", 0)
    assert house.data("getFaceSwapTaskStatus", query={"_id": NOBODY}) == []


@fact("a2e.task.status-unfinished")
def test_the_status_holds_all_tasks_by_switch() -> None:
    house = House(task_status="all")
    job_id = house.submit()
    house.box.advance(6_000)

    assert [one["_id"] for one in house.data("getFaceSwapTaskStatus")] == [job_id]


@fact("a2e.paging.order", "a2e.paging.count", "a2e.paging.beyond", "a2e.paging.style", "a2e.task.records")
def test_pages_cut_all_tasks_newest_first() -> None:
    house = House()
    ids = [house.submit(body={**TASK, "name": str(number)}) for number in range(5)]
    house.submit("preview")

    def page(number: int, size: int) -> list[str]:
        data = house.data("listFaceSwapTasks", query={"pageNum": str(number), "pageSize": str(size)})
        assert data["count"] == 5
        return [row["_id"] for row in data["rows"]]

    assert page(1, 2) + page(2, 2) + page(3, 2) == ids[::-1]
    assert page(1, 100) == ids[::-1]
    assert page(4, 2) == page(10**15, 100) == []


@fact("a2e.auth.own", "a2e.id.unknown", "a2e.preview.not-listed")
def test_nobody_else_sees_a_task_and_a_preview_is_no_task() -> None:
    house = House()
    task, preview = house.submit(), house.submit("preview")

    assert house.refused("getFaceSwapTask", path={"_id": task}, key="another")[:2] == (404, 1001)
    assert house.refused("getFaceSwapTask", path={"_id": preview})[:2] == (404, 1001)
    assert house.refused("deleteFaceSwapTask", path={"_id": preview})[:2] == (404, 1001)
    assert house.refused("getFaceSwapPreviewStatus", query={"_id": task})[:2] == (404, 1001)
    assert house.data("listFaceSwapTasks", query={"pageNum": "1", "pageSize": "9"}, key="another") == {
        "rows": [],
        "count": 0,
    }


@fact("a2e.envelope.trace-id", "a2e.envelope.trace-id-rule", "a2e.envelope.success")
def test_every_reply_ends_with_a_trace_id_of_its_own() -> None:
    house = House()
    job_id = house.submit()

    def said(job_id: str) -> Any:
        body = house.reply("getFaceSwapTask", path={"_id": job_id}).body
        assert list(body)[-1] == "trace_id"
        return body["trace_id"]

    first = said(job_id)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first)
    assert said(job_id) == first
    house.box.advance(1)
    assert len({first, said(job_id), said(NOBODY)}) == 3


@fact("a2e.envelope.trace-id-rule")
def test_another_answer_at_the_same_instant_has_another_trace_id() -> None:
    house, said = House(), []

    for _ in range(3):
        said.append(house.reply("getRemainingCoins").body)
        said.append(house.reply("getFaceSwapTaskStatus").body)
        house.submit()

    assert len({body["trace_id"] for body in said}) == 6
    assert house.reply("getRemainingCoins").body == house.reply("getRemainingCoins").body


@fact("a2e.envelope.trace-id")
def test_a_scenario_may_leave_the_trace_id_out() -> None:
    plain = scenario(
        "plain", state("initialized", "1s", "failed"), State("failed"), switches=(("a2e.trace_id", "off"),)
    )
    house = House(plain)

    assert "trace_id" not in house.reply("addFaceSwapTask", dict(TASK), scenario="plain").body
    assert "trace_id" in house.reply("getFaceSwapTaskStatus").body


@fact("a2e.preview.result", "a2e.task.result", "a2e.file.size", "a2e.task.stem", "a2e.input.not-fetched")
@pytest.mark.parametrize(
    ("target", "preview", "task"),
    [
        ("clip.mp4?duration=2", ("jpeg", "image/jpeg"), ("mp4", "video/mp4")),
        ("clip.mov", ("jpeg", "image/jpeg"), ("mp4", "video/mp4")),
        ("pic.JPG", ("jpg", "image/jpeg"), ("jpg", "image/jpeg")),
        ("pic.png", ("png", "image/png"), ("png", "image/png")),
        ("pic.webp", ("webp", "image/webp"), ("webp", "image/webp")),
        ("dance.gif", ("jpeg", "image/jpeg"), ("gif", "image/gif")),
        ("watch", ("jpeg", "image/jpeg"), ("jpeg", "image/jpeg")),
        ("ein%20Bild%C3%A4.png", ("png", "image/png"), ("png", "image/png")),
        ("", ("jpeg", "image/jpeg"), ("jpeg", "image/jpeg")),
        (f"{'x' * 300}.png", ("png", "image/png"), ("png", "image/png")),
    ],
)
def test_a_result_is_of_its_targets_kind(target: str, preview: tuple[str, str], task: tuple[str, str]) -> None:
    house = House()
    urls = {"face_url": FACE, "video_url": f"https://example.com/{target}"}
    ids = house.submit("preview", urls), house.submit("task", {**urls, "name": "n"})
    house.box.advance(10_000)

    for job_id, (suffix, media_type), shown in zip(
        ids, (preview, task), (house.preview(ids[0]), house.task(ids[1])), strict=True
    ):
        [output] = house.job(job_id).plan.outputs
        given = house.job(job_id).inputs[-1]
        assert output.media_type == media_type
        assert output.path.endswith(f".{suffix}")
        assert shown["result_url"].endswith(output.path)
        assert abs(output.width_px - given.width_px) <= 1
        assert output.duration_ms == (given.duration_ms if media_type in ("video/mp4", "image/gif") else 0)


@fact("a2e.task.stem")
def test_a_name_keeps_what_an_address_can_hold() -> None:
    house = House()
    job_id = house.submit(
        "preview",
        {"face_url": "https://example.com/%F0%9F%98%80.png", "video_url": "https://example.com/ein%20Bild%C3%A4_1.png"},
    )

    assert re.fullmatch(r"AzureDragon/FS/einBild_1_file_\d{13}\.png", house.job(job_id).plan.outputs[0].path)


def test_a_scenario_says_what_a_result_is_like() -> None:
    shape = Shape("image", 64, 48, "png", size_bytes=9000)
    house = House(scenario("small", state("initialized", "1s", "failed"), State("failed"), result=Result(shape)))

    [output] = house.job(house.submit("preview", scenario="small")).plan.outputs

    assert (output.width_px, output.height_px, output.media_type, output.size_bytes) == (64, 48, "image/png", 9000)
    assert output.path.endswith(".png")


@fact("a2e.preview.required", "a2e.preview.optional-fails")
@pytest.mark.parametrize(
    ("body", "missing"), [({}, "face_url"), ({"face_url": FACE}, "video_url"), ({"video_url": PICTURE}, "face_url")]
)
def test_a_preview_that_lacks_a_url_is_refused_or_fails(body: dict[str, str], missing: str) -> None:
    assert House().refused("addFaceSwapPreview", body) == (400, 1001, f"{missing} is required")

    data = House(preview_fields="optional").data("addFaceSwapPreview", body)

    assert (data["current_status"], data["faild_message"]) == ("failed", f"{missing} is missing")
    assert data["face_url"] == body.get("face_url", "")
