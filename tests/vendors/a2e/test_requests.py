"""What calls may say, what is let through, and what is refused."""

from typing import Any

import pytest

from simulator.jobs.commands import Submit
from tests.vendors.a2e.house import CLIP, NOBODY, PICTURE, PREVIEW, TASK, House, contract, operation

fact = pytest.mark.fact
WITHOUT_SPACES = "must be an http or https URL without spaces"


def task(**changes: Any) -> dict[str, Any]:
    """Return a good body with other fields; None leaves one out."""
    return {name: said for name, said in {**TASK, **changes}.items() if said is not None}


@fact("a2e.task.add", "a2e.task.options", "a2e.task.webhook-limits", "a2e.input.url", "a2e.error.http-status")
@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"name": None}, "name is required"),
        ({"face_url": None}, "face_url is required"),
        ({"video_url": None}, "video_url is required"),
        ({"name": ""}, "name must be a text that is not empty"),
        ({"name": 7}, "name must be a text that is not empty"),
        ({"face_url": ""}, f"face_url {WITHOUT_SPACES}"),
        ({"face_url": "face.jpg"}, f"face_url {WITHOUT_SPACES}"),
        ({"face_url": "https://example.com/a b.jpg"}, f"face_url {WITHOUT_SPACES}"),
        ({"face_url": ["https://example.com/a.jpg"]}, f"face_url {WITHOUT_SPACES}"),
        ({"video_url": "ftp://example.com/a.mp4"}, f"video_url {WITHOUT_SPACES}"),
        ({"cover_url": "cover"}, f"cover_url {WITHOUT_SPACES}"),
        ({"model_version": "v3"}, "model_version must be v1 or v2"),
        ({"webhook_url": "ftp://example.com/hook"}, "webhook_url must be an https URL of at most 2048 characters"),
        ({"webhook_url": "https://example.com/a hook"}, "webhook_url must be an https URL of at most 2048 characters"),
        ({"webhook_url": ""}, "webhook_url must be an https URL of at most 2048 characters"),
        ({"webhook_url": 7}, "webhook_url must be an https URL of at most 2048 characters"),
        ({"webhook_url": f"https://example.com/{'x' * 2048}"}, "webhook_url must be an https URL of at most 2048 characters"),
        ({"webhook_token": "x" * 257}, "webhook_token must be a text of at most 256 printable ASCII characters"),
        ({"webhook_token": 7}, "webhook_token must be a text of at most 256 printable ASCII characters"),
        ({"name": 7, "video_url": None}, "video_url is required"),
    ],
)  # fmt: skip
def test_a_bad_task_is_refused(changes: dict[str, Any], text: str) -> None:
    house = House()

    assert house.refused("addFaceSwapTask", task(**changes)) == (400, 1001, text)
    assert house.box.jobs() == []


@fact("a2e.task.options", "a2e.task.options-kept", "a2e.task.webhook-limits")
def test_the_added_fields_are_kept_and_not_repeated() -> None:
    more = {
        "cover_url": "https://example.com/cover.jpg", "model_version": "v1",
        "webhook_url": f"https://example.com/{'x' * 2028}", "webhook_token": "x" * 256,
    }  # fmt: skip
    house = House()

    data = house.data("addFaceSwapTask", task(**more))

    assert not more.keys() & data.keys()
    assert more.items() <= house.job(data["_id"]).fields.items()


@fact("a2e.task.model-v2", "a2e.task.model-v2-refused")
def test_the_second_model_takes_pictures_only() -> None:
    house = House()

    assert house.refused("addFaceSwapTask", task(model_version="v2"))[:2] == (400, 1001)
    assert house.data("addFaceSwapTask", task(model_version="v2", video_url=PICTURE))["duration"] == 0


@fact("a2e.request.unknown-fields", "a2e.preview.no-webhook")
def test_what_is_not_documented_is_ignored_and_noted() -> None:
    house = House()

    job_id = house.submit("preview", {**PREVIEW, "name": "x", "webhook_url": "nonsense"})

    assert set(house.job(job_id).fields) == {"face_url", "video_url"}
    house.data("addFaceSwapTask", task(colour="red"))
    assert any("colour" in said for said in house.leniencies)


@fact("a2e.image.list", "a2e.image.list-reply", "a2e.image.fresh")
def test_the_list_of_faces_takes_no_parameters() -> None:
    house = House()

    assert house.data("listFaceSwapImages", query={"pageNum": "1", "pageSize": "nonsense"}) == []
    assert any("pageNum" in said for said in house.leniencies)


@fact("a2e.base.json", "a2e.error.body")
@pytest.mark.parametrize("id", ["addFaceSwapImage", "addFaceSwapPreview", "addFaceSwapTask"])
def test_a_body_must_be_a_json_object(id: str) -> None:
    house = House()

    for body in ([], "text", 7, None):
        assert house.refused(id, body) == (400, 1001, "The body must be a JSON object")


@fact("a2e.base.json", "a2e.error.body", "a2e.error.content-type")
@pytest.mark.parametrize("id", ["addFaceSwapImage", "addFaceSwapPreview", "addFaceSwapTask"])
@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_good_object_must_be_sent_as_json(id: str, media_type: str) -> None:
    refused = House().refused(id, task(), media_type=media_type)

    assert refused == (400, 1001, "Content-Type must be application/json")


@fact("a2e.id.malformed", "a2e.task.detail-aliases", "a2e.preview.status", "a2e.preview.status-without-id")
@pytest.mark.parametrize(
    "said", ["", "1", "g" * 24, "a" * 23, "a" * 25, "detail", "allRecords", "６" * 24, f"{NOBODY}\n"]
)
def test_a_malformed_id_is_refused(said: str) -> None:
    house, expected = House(), (400, 1001, "_id must be 24 hexadecimal digits")

    assert house.refused("getFaceSwapTask", path={"_id": said}) == expected
    assert house.refused("deleteFaceSwapTask", path={"_id": said}) == expected
    assert house.refused("deleteFaceSwapImage", path={"_id": said}) == expected
    assert house.refused("getFaceSwapPreviewStatus", query={"_id": said}) == expected
    assert house.refused("getFaceSwapTaskStatus", query={"_id": said}) == expected


@fact("a2e.preview.status", "a2e.preview.status-without-id")
def test_the_status_of_a_preview_needs_one_id() -> None:
    house = House()

    assert house.refused("getFaceSwapPreviewStatus") == (400, 1001, "_id is required")
    assert house.refused("getFaceSwapPreviewStatus", query={"_id": [NOBODY, NOBODY]})[:2] == (400, 1001)


@fact("a2e.id.upper-case")
def test_an_id_in_upper_case_is_the_same() -> None:
    house = House()
    job_id = house.submit("preview")

    assert house.preview(job_id.upper())["_id"] == job_id


@fact("a2e.id.unknown", "a2e.error.http-status")
def test_an_id_that_names_nothing_is_404() -> None:
    house, expected = House(), (404, 1001, "Record not found")

    assert house.refused("getFaceSwapTask", path={"_id": NOBODY}) == expected
    assert house.refused("deleteFaceSwapTask", path={"_id": NOBODY}) == expected
    assert house.refused("deleteFaceSwapImage", path={"_id": NOBODY}) == expected
    assert house.refused("getFaceSwapPreviewStatus", query={"_id": NOBODY}) == expected


NUMBER, SIZE = "pageNum must be a whole number from 1", "pageSize must be a whole number from 1 to 100"


@fact("a2e.paging.required", "a2e.paging.style", "a2e.paging.bad")
@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({}, "pageNum is required"),
        ({"pageSize": "10"}, "pageNum is required"),
        ({"pageNum": "1"}, "pageSize is required"),
        ({"pageNum": "", "pageSize": "10"}, "pageNum is required"),
        ({"pageNum": "0", "pageSize": "10"}, NUMBER),
        ({"pageNum": "-1", "pageSize": "10"}, NUMBER),
        ({"pageNum": "one", "pageSize": "10"}, NUMBER),
        ({"pageNum": "1.0", "pageSize": "10"}, NUMBER),
        ({"pageNum": "9" * 40, "pageSize": "10"}, NUMBER),
        ({"pageNum": "１", "pageSize": "10"}, NUMBER),
        ({"pageNum": ["1", "2"], "pageSize": "10"}, NUMBER),
        ({"pageNum": "1", "pageSize": "0"}, SIZE),
        ({"pageNum": "1", "pageSize": "101"}, SIZE),
        ({"pageNum": "1", "pageSize": "000101"}, SIZE),
    ],
)
def test_a_bad_page_is_refused(query: dict[str, Any], text: str) -> None:
    assert House().refused("listFaceSwapTasks", query=query) == (400, 1001, text)


@fact("a2e.paging.digits")
def test_leading_zeros_are_let_pass() -> None:
    house = House()
    house.submit()

    assert len(house.data("listFaceSwapTasks", query={"pageNum": "01", "pageSize": "0010"})["rows"]) == 1
    assert house.leniencies


@fact("a2e.paging.defaults", "a2e.paging.required")
def test_where_paging_may_be_left_out_it_is_the_first_ten() -> None:
    house = House(paging="optional")
    for _ in range(11):
        house.submit()

    data = house.data("listFaceSwapTasks")

    assert (len(data["rows"]), data["count"]) == (10, 11)
    assert house.refused("listFaceSwapTasks", query={"pageSize": "101"})[0] == 400


@fact("a2e.request.order")
def test_parameters_are_looked_at_before_coins() -> None:
    house = House()
    call = house.call("addFaceSwapTask", task(video_url=CLIP, model_version="v2"))

    command = operation("addFaceSwapTask").read(
        call, contract().checks("addFaceSwapTask").check_call(call, has_body=True)
    )

    assert isinstance(command, Submit)
    assert [type(need).__name__ for need in command.needs] == ["Claim", "HasCredits", "OnlyIf"]
    poor = house.refused("addFaceSwapTask", task(video_url=f"{CLIP}?duration=3000", model_version="v2"))
    assert poor[:2] == (400, 1001)


@fact("a2e.image.add")
@pytest.mark.parametrize("body", [{}, {"face_url": ""}, {"face_url": None}, {"face_url": "x"}])
def test_a_face_needs_a_url(body: dict[str, Any]) -> None:
    house = House()

    assert house.refused("addFaceSwapImage", body)[:2] == (400, 1001)
    assert house.data("listFaceSwapImages") == []
