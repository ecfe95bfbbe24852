"""Bad input, operation by operation, and what is let pass."""

from typing import Any

import pytest

from tests.vendors.akool.wire import ANALYSIS, ANALYZE, BODIES, CREATE, IMAGE, LIST, TASK, TOKEN, VIDEO, Client

URL = "an http or https URL"
MEDIA = "an http or https URL or a data URI"
CASES: list[tuple[str, dict[str, Any], str]] = [
    (ANALYZE, {"video_url": None}, f"video_url must be {URL}"),
    (ANALYZE, {"video_url": "ftp://example.com/a.mp4"}, f"video_url must be {URL}"),
    (ANALYZE, {"video_url": "https://"}, f"video_url must be {URL}"),
    (ANALYZE, {"video_url": ["https://example.com/a.mp4"]}, f"video_url must be {URL}"),
    (ANALYZE, {"type": "face"}, "type must be head"),
    (CREATE, {"video_url": ""}, f"video_url must be {URL}"),
    (CREATE, {"mappings": []}, "mappings must be a list of 1 to 5 objects with obj_id and img_url"),
    (CREATE, {"mappings": {}}, "mappings must be a list of 1 to 5 objects with obj_id and img_url"),
    (CREATE, {"mappings": [{}]}, "mappings.0.img_url is required|mappings.0.obj_id is required"),
    (CREATE, {"mappings": [3]}, "mappings.0 must be a list of 1 to 5 objects with obj_id and img_url"),
    (CREATE, {"mappings": [{"obj_id": -1, "img_url": "https://a.b/c"}]}, "mappings.0.obj_id must be a whole number, counted from 0"),
    (CREATE, {"mappings": [{"obj_id": "0", "img_url": "https://a.b/c"}]}, "mappings.0.obj_id must be a whole number, counted from 0"),
    (CREATE, {"mappings": [{"obj_id": 0.5, "img_url": "https://a.b/c"}]}, "mappings.0.obj_id must be a whole number, counted from 0"),
    (CREATE, {"mappings": [{"obj_id": 0, "img_url": "c.png"}]}, f"mappings.0.img_url must be {URL}"),
    (CREATE, {"resolution": "1080p"}, "resolution must be 480p or 720p"),
    (CREATE, {"keep_original_sound": "yes"}, "keep_original_sound must be true or false"),
    (CREATE, {"template_id": 3}, "template_id must be a text"),
    (CREATE, {"prompt": []}, "prompt must be a text"),
    (CREATE, {"webhookUrl": 3}, "webhookUrl must be a URL"),
    (IMAGE, {"sourceImage": []}, "sourceImage must be a list of objects with path and opts"),
    (IMAGE, {"targetImage": "https://a.b/c"}, "targetImage must be a list of objects with path and opts"),
    (IMAGE, {"sourceImage": [{}]}, "sourceImage.0.path is required"),
    (IMAGE, {"sourceImage": ["https://a.b/c"]}, "sourceImage.0 must be a list of objects with path and opts"),
    (IMAGE, {"modifyImage": "a.png"}, f"modifyImage must be {MEDIA}"),
    (IMAGE, {"face_enhance": "no"}, "face_enhance must be 0 or 1"),
    (VIDEO, {"modifyVideo": 7}, f"modifyVideo must be {MEDIA}"),
]  # fmt: skip


@pytest.mark.fact("akool.error.codes", "akool.error.texts", "akool.request.http-url", "akool.analysis.fields",
                  "akool.task.fields", "akool.swap.fields", "akool.task.resolution")  # fmt: skip
@pytest.mark.parametrize(("path", "changes", "text"), CASES)
def test_a_field_that_is_ill_is_named(akool: Client, path: str, changes: dict[str, Any], text: str) -> None:
    answer = akool.changed(path, **changes)

    assert (answer.status, answer.code) == (200, 1003)
    assert answer.body["msg"] in [f"Parameter error: {one}" for one in text.split("|")]


@pytest.mark.fact("akool.analysis.fields", "akool.task.fields", "akool.swap.fields", "akool.token.get")
@pytest.mark.parametrize(("path", "field"), [
    (path, field) for path, body in BODIES.items() for field in body
])  # fmt: skip
def test_a_field_that_is_missing_is_named(akool: Client, path: str, field: str) -> None:
    answer = akool.changed(path, field)

    assert answer.body == {"code": 1003, "msg": f"Parameter error: {field} is required"}


@pytest.mark.fact("akool.error.media-type")
@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"{}", "text/plain"), (b"a=b", "application/x-www-form-urlencoded"), (b"x", "multipart/form-data"),
        (b"{", "application/json"), (b"\xff", "application/json"), (b"[" * 5000, "application/json"),
        (b"[]", "application/json"), (b"null", "application/json"), (b"3", "application/json"), (b"", "application/json"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_a_bad_parameter(
    akool: Client, path: str, content: bytes, media_type: str
) -> None:
    answer = akool.post(path, content, Content_Type=media_type)

    assert (answer.status, answer.code) == (200, 1003)


@pytest.mark.fact("akool.task.id-query", "akool.error.codes")
@pytest.mark.parametrize("path", [ANALYSIS, TASK])
@pytest.mark.parametrize("query", ["", "?_id=", "?id=abc", "?_id=a&_id=b", "?_ids=a"])
def test_a_look_needs_one_id(akool: Client, path: str, query: str) -> None:
    assert akool.get(path + query).code == 1003


@pytest.mark.fact("akool.request.unknown-fields", "akool.request.webhook-url", "akool.request.null")
def test_what_the_vendor_does_not_mind_is_let_pass(akool: Client) -> None:
    akool.analyzed()

    answers = [
        akool.changed(ANALYZE, userId=3, media_type="video"),
        akool.changed(CREATE, webhookUrl="", template_id=None, prompt=None, keep_original_sound=None, seed=1),
        akool.changed(CREATE, webhookUrl="no URL at all", mappings=[{"obj_id": 0, "img_url": "http://a.b/c", "x": 1}]),
        akool.changed(IMAGE, webhookUrl=None, face_enhance=None, userId="x"),
        akool.changed(VIDEO, webhookUrl="", sourceImage=[{"path": "https://a.b/c", "opts": None, "name": "x"}]),
        akool.changed(TOKEN, grant="all"),
    ]

    assert [answer.code for answer in answers] == [1000] * len(answers)


def test_what_was_let_pass_is_in_the_journal(akool: Client) -> None:
    akool.changed(ANALYZE, userId=3)

    [entry] = list(akool.sandbox.journal)[-1:]

    assert any("userId" in mark for mark in entry.marks)


@pytest.mark.fact("akool.endpoint.nothing-else", "akool.error.route", "akool.error.method")
def test_paths_that_do_not_exist_and_wrong_methods(akool: Client) -> None:
    guessed = ("/api/open/v3/faceswap/result?_id=a", "/api/open/v3/faceswap/highquality/infobymodelid",
               "/api/open/v4/headswap/task/cancel", "/api/open/v4/headswap/task/list", TASK + "/")  # fmt: skip

    answers = [akool.get(path) for path in guessed]
    wrong = akool.fetch("DELETE", akool.base + TASK)

    assert [(answer.status, answer.body) for answer in answers] == [(404, {"code": 404, "msg": "Not Found"})] * 5
    assert (wrong.status, wrong.body) == (405, {"code": 405, "msg": "Method Not Allowed"})
    assert wrong.headers["Allow"] == "GET"
    assert akool.fetch("GET", akool.base + LIST, None, x_api_key="k", Content_Type="application/json").code == 1003
