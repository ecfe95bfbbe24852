"""The contract lets out what the vendor could have said, and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.contract.document import Document, Place
from simulator.jobs.errors import ContractBroken
from simulator.vendors.vendor import Reply
from tests.vendors.a2e.house import PICTURE, PREVIEW_ID, TASK, TASK_ID, House, contract

DONE = "https://dh24as48lv9ce.cloudfront.net/AzureDragon/FS/a_b_1.jpeg"
PREVIEW = {
    "_id": PREVIEW_ID,
    "current_status": "completed",
    "result_url": DONE,
    "faild_message": None,
    "error_code": "0",
}


def breaks(id: str, body: Any, status: int = 200) -> bool:
    try:
        contract().checks(id).check_reply(Reply(body, status))
    except ContractBroken:
        return True
    return False


def test_a_good_preview_may_leave() -> None:
    assert not breaks("getFaceSwapPreviewStatus", {"code": 0, "data": PREVIEW})


@pytest.mark.parametrize(
    "changes",
    [
        {"current_status": "done"},
        {"current_status": "processing"},
        {"current_status": "failed"},
        {"result_url": ""},
        {"result_url": "https://example.com/result.jpeg"},
        {"error_code": 0},
        {"error_code": None},
        {"error_code": "1001"},
        {"faild_message": "Broken"},
        {"faild_message": 0},
        {"_id": PREVIEW_ID.upper()},
        {"user_id": PREVIEW_ID},
        {"createdAt": "2024-06-21T03:20:22.436Z"},
    ],
)
def test_a_preview_that_contradicts_itself_may_not(changes: dict[str, Any]) -> None:
    assert breaks("getFaceSwapPreviewStatus", {"code": 0, "data": {**PREVIEW, **changes}})


@pytest.mark.parametrize("name", PREVIEW)
def test_a_preview_lacks_nothing(name: str) -> None:
    assert breaks(
        "getFaceSwapPreviewStatus", {"code": 0, "data": {key: said for key, said in PREVIEW.items() if key != name}}
    )


@pytest.mark.parametrize(
    "body",
    [
        {"data": PREVIEW},
        {"code": 0},
        {"code": 1, "data": PREVIEW},
        {"code": 0, "data": [PREVIEW]},
        {"code": 0, "data": PREVIEW, "msg": "ok"},
        {"code": 0, "data": PREVIEW, "trace_id": "1"},
        {"code": 0, "data": None},
        {"code": 0, "msg": "x", "data": None},
        {"code": 1001, "message": "x", "data": None},
        {"code": 1002, "msg": "x", "data": None},
        PREVIEW,
    ],
)
def test_an_envelope_is_whole_and_says_no_more(body: Any) -> None:
    assert breaks("getFaceSwapPreviewStatus", body)


def row(word: str) -> dict[str, Any]:
    house = House(task_status="all")
    job_id = house.submit(
        scenario="fails" if word == "failed" else "sent" if word == "sent" else "happy", job_id=TASK_ID
    )
    house.box.advance({"initialized": 0, "sent": 0, "processing": 3_000}.get(word, 6_000))
    task: dict[str, Any] = house.task(job_id)
    assert task["current_status"] == word
    return task


@pytest.mark.parametrize(
    ("word", "changes"),
    [
        ("completed", {"completed_time": None}),
        ("completed", {"failed_time": "2024-06-21T03:20:22.436Z"}),
        ("completed", {"result_url": DONE}),
        ("completed", {"duration": 6.5}),
        ("completed", {"createdAt": "2024-06-21T03:20:22Z"}),
        ("processing", {"processing_time": None}),
        ("processing", {"completed_time": "2024-06-21T03:20:22.436Z"}),
        ("initialized", {"initialized_time": None}),
        ("sent", {"initialized_time": "2024-06-21T03:20:22.436Z"}),
        ("failed", {"failed_time": None}),
        ("failed", {"error_code": "0"}),
        ("failed", {"faild_message": ""}),
    ],
)
def test_a_task_that_contradicts_itself_may_not_leave(word: str, changes: dict[str, Any]) -> None:
    task = row(word)
    assert not breaks("getFaceSwapTask", {"code": 0, "data": task})

    assert breaks("getFaceSwapTask", {"code": 0, "data": {**task, **changes}})


def test_an_added_task_has_no_times_and_a_status_has_a_number() -> None:
    house = House(task_status="all")
    added = house.data("addFaceSwapTask", {**TASK, "video_url": PICTURE})
    house.box.advance(6_000)
    [status] = house.data("getFaceSwapTaskStatus")

    assert breaks("addFaceSwapTask", {"code": 0, "data": {**added, "initialized_time": None}})
    assert breaks("getFaceSwapTaskStatus", {"code": 0, "data": [{**status, "error_code": "0"}]})


@pytest.mark.parametrize(("status", "code"), [(400, 400), (401, 1001), (404, 404), (403, 401)])
def test_a_refusal_has_the_code_of_its_status(status: int, code: int) -> None:
    assert breaks("getFaceSwapTask", {"code": code, "msg": "x", "data": None}, status)


def test_every_example_is_a_good_one(checkout: Path) -> None:
    document = Document("a2e", yaml.safe_load((checkout / "openapi/a2e.yaml").read_text()))

    def examples(place: Place) -> Iterator[tuple[Place, Any]]:
        """Yield every schema that has examples, with each of them."""
        if isinstance(place.value, dict) and "schema" in place.value:
            shown = [document.follow(example).value["value"] for example in place.each_below("examples")]
            for value in (*shown, *([place.value["example"]] if "example" in place.value else [])):
                yield place.below("schema"), value
        if isinstance(place.value, dict | list):
            for key in range(len(place.value)) if isinstance(place.value, list) else place.value:
                yield from examples(place.below(key))

    tried = list(examples(document.root))

    assert len(tried) > 50
    for schema, value in tried:
        assert document.compile(document.reference(schema)).is_valid(value), (schema.at, value)
