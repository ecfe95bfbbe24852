"""The first face swaps: submit, list, and what is told of them."""

import re
from typing import Any

import pytest

from simulator.sandbox.accounts import AccountChange
from simulator.vendors.akool import VENDOR
from tests.vendors.akool.wire import BODIES, FACE, IMAGE, KEY, LIST, OPTS, PICTURE, VIDEO, Client

PATIENCE = "Please be patient! If your results are not generated in three hours, please check your input {}."
ROW = ("_id", "job_id", "uid", "userId", "faceswap_status", "faceswap_type", "faceswap_quality", "deduction_status",
       "image", "url", "video_duration", "deduction_duration", "update_time", "createdAt")  # fmt: skip
FACES = {"face-swap-image": IMAGE, "face-swap-video": VIDEO}
each_kind = pytest.mark.parametrize("kind", FACES)


def faces(count: int, **opts: Any) -> list[dict[str, Any]]:
    return [{"path": f"{FACE}?{number}", **opts} for number in range(count)]


@pytest.mark.fact("akool.swap.image", "akool.swap.video", "akool.swap.reply", "akool.swap.message",
                  "akool.swap.video-message", "akool.id.job-id")  # fmt: skip
@pytest.mark.parametrize(("path", "what"), [(IMAGE, "image"), (VIDEO, "video")])
def test_a_submit_tells_id_url_and_job_id(akool: Client, path: str, what: str) -> None:
    answer = akool.post(path)

    assert list(answer.body) == ["code", "msg", "data"]
    assert answer.body["msg"] == PATIENCE.format(what)
    assert list(answer.data) == ["_id", "url", "job_id"]
    assert re.fullmatch(r"20260515005013962-[0-9]{4}", answer.data["job_id"])


@pytest.mark.fact("akool.swap.url-at-once", "akool.result.url-in-every-state", "akool.file.unknown", "akool.file.name")
@pytest.mark.parametrize(("kind", "name"), [("face-swap-image", "picture"), ("face-swap-video", "source")])
def test_the_url_is_told_before_the_file_is_there(akool: Client, kind: str, name: str) -> None:
    made = akool.submit(kind)

    statuses = []
    for _ in range(12):
        row = akool.look(kind, made["_id"])
        file = akool.fetch("GET", row["url"])
        statuses.append((row["faceswap_status"], file.status))
        assert row["url"] == made["url"]
        akool.sandbox.advance(1_000)

    assert list(dict.fromkeys(statuses)) == [(1, 403), (2, 403), (3, 200)]
    assert re.search(rf"/final_{name}-[0-9a-f-]{{36}}-[0-9]{{4}}\.(jpg|mp4)$", made["url"])


@pytest.mark.fact("akool.result.endpoint", "akool.result.row", "akool.result.old-fields", "akool.result.image",
                  "akool.result.seconds", "akool.result.created-at")  # fmt: skip
@pytest.mark.parametrize(
    ("kind", "image", "seconds", "deducted"), [("face-swap-image", 1, 0, 0), ("face-swap-video", 0, 10, 10)]
)
def test_a_row_holds_the_union_of_what_was_seen(
    akool: Client, kind: str, image: int, seconds: int, deducted: int
) -> None:
    made = akool.submit(kind)
    akool.sandbox.advance(60_000)

    row = akool.look(kind, made["_id"])

    assert tuple(row) == ROW
    assert (row["image"], row["video_duration"], row["deduction_duration"]) == (image, seconds, deducted)
    assert row["createdAt"] == "2026-05-15T00:50:13.962Z"
    assert row["job_id"] == made["job_id"]
    assert (row["faceswap_type"], row["faceswap_quality"], row["deduction_status"], row["update_time"]) == (1, 2, 1, 0)
    assert re.fullmatch(r"[0-9a-f]{24}", row["userId"])


@pytest.mark.fact("akool.result.ids", "akool.result.unknown")
def test_a_list_leaves_out_what_is_unknown(akool: Client) -> None:
    one, two = akool.submit("face-swap-image")["_id"], akool.submit("face-swap-video")["_id"]
    task = akool.submit("head-swap")["_id"]

    def listed(ids: str, key: str = KEY) -> list[str]:
        return [row["_id"] for row in akool.get(f"{LIST}?_ids={ids}", key).data["result"]]

    assert listed(f"{one},{two}") == [one, two]
    assert listed(f"{two},{one},{two}") == [two, one]
    assert listed(f"%20{one}%20,,rubbish,{'0' * 24},vjob_abc,{task},%F0%9F%98%80,{two},") == [one, two]
    assert listed("nobody") == listed(",") == listed(task) == []
    assert listed(f"{one},{two}", "another") == []


@pytest.mark.fact("akool.result.ids")
@pytest.mark.parametrize("query", ["", "?_ids=", "?_id=x", "?_ids=a&_ids=b"])
def test_a_list_of_nothing_is_refused(akool: Client, query: str) -> None:
    assert akool.get(LIST + query).code == 1003


@pytest.mark.fact("akool.swap.opts", "akool.swap.opts-lenient", "akool.swap.fields")
@pytest.mark.parametrize(
    ("opts", "is_strict_too"),
    [(OPTS, True), ("", True), (OPTS + ":1,2:3,4", False), ("none", False), ([[262, 175]], False), (7, False)],
)
def test_landmarks_of_another_shape_are_let_pass_unless_a_switch_says_so(
    akool: Client, opts: Any, is_strict_too: bool
) -> None:
    body = {"sourceImage": faces(1, opts=opts), "targetImage": faces(1, opts=OPTS)}

    lenient = akool.changed(IMAGE, **body)
    akool.sandbox.set_switches({"akool.opts": "strict"})
    strict = akool.changed(IMAGE, **body)

    assert lenient.code == 1000
    assert strict.code == (1000 if is_strict_too else 1003)


@pytest.mark.fact("akool.swap.opts-required")
@pytest.mark.parametrize("path", FACES.values())
def test_landmarks_are_required_where_there_are_several_faces(akool: Client, path: str) -> None:
    marked, bare = faces(2, opts=OPTS), faces(2)

    answers = [
        akool.changed(path, sourceImage=source, targetImage=target)
        for source, target in ((marked, marked), (bare, marked), (marked, bare), (marked, faces(2, opts="")))
    ]

    assert [answer.code for answer in answers] == [1000, 1003, 1003, 1003]
    assert answers[1].body["msg"] == "Parameter error: sourceImage.0.opts is required where there are several faces"


@pytest.mark.fact("akool.swap.pairs")
def test_each_new_face_has_its_old_one(akool: Client) -> None:
    refused = akool.changed(IMAGE, sourceImage=faces(2, opts=OPTS), targetImage=faces(1))

    assert refused.body["code"] == 1003
    assert "same number of faces" in refused.body["msg"]


@pytest.mark.fact("akool.swap.most-faces")
@pytest.mark.parametrize("path", FACES.values())
def test_eight_faces_are_the_most(akool: Client, path: str) -> None:
    answers = [
        akool.changed(path, sourceImage=faces(count, opts=OPTS), targetImage=faces(count, opts=OPTS))
        for count in (8, 9)
    ]

    assert [answer.code for answer in answers] == [1000, 1007]
    assert akool.changed(path, sourceImage=faces(9)).code == 1007


@pytest.mark.fact("akool.swap.face-enhance", "akool.swap.face-enhance-boolean")
@pytest.mark.parametrize(("said", "code"), [(0, 1000), (1, 1000), (True, 1000), (False, 1000), (2, 1003), ("1", 1003)])
def test_face_enhance_is_a_number_or_a_truth_value(akool: Client, said: Any, code: int) -> None:
    assert akool.changed(IMAGE, face_enhance=said).code == code


@pytest.mark.fact("akool.swap.data-uri", "akool.request.http-url")
@pytest.mark.parametrize(
    ("path", "code"),
    [("data:image/png;base64,iVBORw0KGgo=", 1000), ("HTTPS://example.com/a.png", 1000), ("face.png", 1003), ("", 1003)],
)
def test_a_face_is_a_url_or_a_data_uri(akool: Client, path: str, code: int) -> None:
    assert akool.changed(IMAGE, sourceImage=[{"path": path}]).code == code


def test_files_given_as_text_are_not_kept(akool: Client) -> None:
    data = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
    id = akool.changed(IMAGE, sourceImage=[{"path": data}], modifyImage=data).data["_id"]

    fields = akool.sandbox.job(id).job.fields

    assert (fields["modifyImage"], fields["sourceImage"]) == ("", [{"path": ""}])
    assert akool.look("face-swap-image", id)["url"].endswith(".png")


@pytest.mark.fact("akool.swap.result-type")
@pytest.mark.parametrize(
    ("path", "field", "name", "suffix"),
    [
        (IMAGE, "modifyImage", "a.png", "png"),
        (IMAGE, "modifyImage", "a%20b/%E4%BD%A0.jpeg?x=1", "jpg"),
        (IMAGE, "modifyImage", "plain", "jpg"),
        (VIDEO, "modifyVideo", "clip.mov", "mov"),
        (VIDEO, "modifyVideo", "clip.webm", "webm"),
        (VIDEO, "modifyVideo", "x" * 300, "mp4"),
    ],
)
def test_the_result_is_of_the_type_of_what_was_changed(
    akool: Client, path: str, field: str, name: str, suffix: str
) -> None:
    url = akool.changed(path, **{field: f"https://example.com/{name}"}).data["url"]

    assert url.endswith(f".{suffix}")


@pytest.mark.fact("akool.swap.video-guidance")
def test_a_long_video_is_not_refused(akool: Client) -> None:
    assert akool.changed(VIDEO, modifyVideo="https://example.com/film.avi?duration=600").code == 1000


@each_kind
def test_what_shows_no_face_fails(akool: Client, kind: str) -> None:
    field = "modifyImage" if kind == "face-swap-image" else "modifyVideo"
    id = akool.changed(FACES[kind], **{field: f"{PICTURE}?faces=0"}).data["_id"]

    row = akool.look(kind, id)

    assert (row["faceswap_status"], row["deduction_duration"]) == (4, 0)


@pytest.mark.fact("akool.credits.swap-at-submit", "akool.credits.swap-image", "akool.credits.swap-video",
                  "akool.credits.refund")  # fmt: skip
@pytest.mark.parametrize(
    ("kind", "changes", "price"),
    [
        ("face-swap-image", {}, 1),
        ("face-swap-video", {}, 1),
        ("face-swap-video", {"modifyVideo": "https://example.com/a.mp4?duration=10.1"}, 2),
    ],
)
def test_credits_go_at_submit_and_come_back_after_a_failure(
    akool: Client, kind: str, changes: dict[str, Any], price: int
) -> None:
    whole = akool.credit()
    body = {**BODIES[FACES[kind]], **changes}

    akool.post(FACES[kind], body, X_Simulator_Scenario="failed-midway")
    at_once = akool.credit()
    akool.sandbox.advance(60_000)
    after_failure = akool.credit()
    akool.post(FACES[kind], body)
    akool.sandbox.advance(60_000)

    assert (whole - at_once, whole - after_failure, whole - akool.credit()) == (price, 0, price)


@pytest.mark.fact("akool.credits.swap-checked", "akool.swap.order")
@each_kind
def test_too_few_credits_refuse_a_face_swap(akool: Client, kind: str) -> None:
    akool.sandbox.set_account(VENDOR, KEY, AccountChange(credits=1))

    answers = [akool.post(FACES[kind]) for _ in range(2)]
    ill = akool.changed(FACES[kind], sourceImage=faces(9, opts=OPTS))

    assert answers[0].code == 1000
    assert answers[1].body == {"code": 1006, "msg": "Your quota is not enough"}
    assert ill.code == 1007
