"""Saved faces, coins and deletions: what an account has, gives and gets back."""

import pytest

from simulator.jobs.errors import ExpiredJob, UnknownPath
from tests.vendors.a2e.house import CLIP, FACE, NOBODY, PICTURE, TASK, House

fact = pytest.mark.fact
DAY_MS = 86_400_000
PAGE = {"pageNum": "1", "pageSize": "10"}


@fact("a2e.image.duplicate", "a2e.image.add-whole-list", "a2e.image.list-reply")
def test_the_same_face_saved_twice_is_two_faces_newest_first() -> None:
    house = House()
    [first] = house.data("addFaceSwapImage", {"face_url": FACE})

    faces = house.data("addFaceSwapImage", {"face_url": FACE})

    assert len(faces) == 2
    assert faces[1] == first
    assert faces[0]["_id"] != first["_id"]
    assert house.data("listFaceSwapImages") == faces


@fact("a2e.image.delete", "a2e.delete.reply", "a2e.delete.gone", "a2e.auth.own")
def test_a_face_is_deleted_once_and_only_by_its_owner() -> None:
    house = House()
    [face] = house.data("addFaceSwapImage", {"face_url": FACE})
    at = {"_id": face["_id"].upper()}

    assert house.refused("deleteFaceSwapImage", path=at, key="another")[0] == 404
    assert house.data("deleteFaceSwapImage", path=at) == {"_id": face["_id"]}
    assert house.data("listFaceSwapImages") == []
    assert house.refused("deleteFaceSwapImage", path=at)[0] == 404


def test_the_same_run_gives_the_same_ids() -> None:
    def run() -> list[str]:
        house = House()
        return [house.data("addFaceSwapImage", {"face_url": FACE})[0]["_id"], house.submit(), house.submit("preview")]

    assert run() == run()
    assert len(set(run())) == 3


@fact("a2e.coins.remaining", "a2e.coins.fresh", "a2e.coins.when", "a2e.coins.price")
@pytest.mark.parametrize(("target", "coins"), [(f"{CLIP}?duration=6.1", 7), (PICTURE, 1)])
def test_a_task_is_paid_when_it_is_accepted(target: str, coins: int) -> None:
    house = House()
    assert house.coins() == 1000

    job_id = house.submit(body={**TASK, "video_url": target})

    assert house.coins() == 1000 - coins
    house.box.advance(6_000)
    assert house.task(job_id)["current_status"] == "completed"
    assert house.coins() == 1000 - coins


@fact("a2e.coins.price")
def test_a_preview_is_free() -> None:
    house = House()
    house.submit("preview")

    assert house.coins() == 1000


@fact("a2e.coins.refund")
def test_a_failed_task_is_paid_back() -> None:
    house = House()
    house.submit(scenario="fails")
    assert house.coins() == 994

    house.box.advance(6_000)

    assert house.coins() == 1000


@fact("a2e.coins.none-left")
def test_without_coins_the_reply_is_http_200_with_code_1002() -> None:
    house = House()
    dear = {**TASK, "video_url": f"{CLIP}?duration=600"}
    house.submit(body=dear)

    assert house.refused("addFaceSwapTask", dear) == (200, 1002, "Insufficient credits")
    assert house.coins() == 400
    house.submit("preview")


@fact("a2e.task.delete", "a2e.delete.waiting", "a2e.coins.refund", "a2e.delete.gone", "a2e.delete.reply")
def test_a_task_that_waits_is_deleted_and_paid_back_once() -> None:
    house = House()
    job_id = house.submit()

    reply = house.delete(job_id)

    assert (reply.status, reply.body["code"], reply.body["data"]) == (200, 0, {"_id": job_id})
    assert house.coins() == 1000
    assert house.refused("getFaceSwapTask", path={"_id": job_id})[0] == 404
    assert house.data("listFaceSwapTasks", query=PAGE) == {"rows": [], "count": 0}
    assert house.data("getFaceSwapTaskStatus") == []
    assert house.delete(job_id).status == 404
    house.box.advance(60_000)
    assert house.coins() == 1000


@fact("a2e.delete.processing")
def test_a_task_that_is_processing_is_not_deleted_unless_a_switch_says_so() -> None:
    house = House()
    job_id = house.submit()
    house.box.advance(2_000)

    assert house.refused("deleteFaceSwapTask", path={"_id": job_id})[:2] == (400, 1001)
    assert house.task(job_id)["current_status"] == "processing"

    house.box.set_switches({"a2e.delete_processing": "deleted"})
    assert house.delete(job_id).status == 200
    assert house.coins() == 1000


@fact("a2e.delete.ended", "a2e.delete.file")
def test_a_task_that_has_ended_is_deleted_with_its_file_and_nothing_is_paid_back() -> None:
    house = House()
    job_id = house.submit()
    house.box.advance(6_000)
    [output] = house.job(job_id).plan.outputs
    assert house.box.find_file("a2e", output.path) == output

    assert house.delete(job_id).status == 200

    assert house.coins() == 994
    with pytest.raises(UnknownPath):
        house.box.find_file("a2e", output.path)


@fact("a2e.file.three-days", "a2e.file.record-stays")
def test_a_file_dies_after_three_days_and_its_record_stays() -> None:
    house = House()
    job_id = house.submit()
    house.box.advance(6_000)
    before, [output] = house.task(job_id), house.job(job_id).plan.outputs

    house.box.advance(3 * DAY_MS)
    assert house.box.find_file("a2e", output.path) == output
    house.box.advance(1)

    with pytest.raises(ExpiredJob):
        house.box.find_file("a2e", output.path)
    assert house.task(job_id) == before


def test_a_stranger_has_an_account_of_his_own() -> None:
    house = House()
    house.submit()

    assert house.coins(key="another") == 1000
    assert house.refused("getFaceSwapTask", path={"_id": NOBODY}, key="another")[0] == 404
