"""A submit of OpenShorts: every check in its order, with its own text."""

import uuid
from typing import Any

import pytest

from simulator.jobs.files import plan_output
from simulator.media.cache import MadeFiles
from tests.vendors.openshorts.client import FORM, VIDEO, Client, form, part

MALFORMED = (500, b"Internal Server Error")


@pytest.mark.fact("openshorts.process.reply", "openshorts.queue.idle")
def test_an_accepted_submit_says_queued_and_the_first_poll_processing(client: Client) -> None:
    answer = client.process({"url": VIDEO, "acknowledged": True})

    assert answer.status == 200
    assert list(answer.body) == ["job_id", "status"]
    assert answer.body["status"] == "queued"
    assert uuid.UUID(answer.body["job_id"]).version == 4
    assert client.status(answer.body["job_id"])["status"] == "processing"


@pytest.mark.fact("openshorts.process.key", "openshorts.error.detail")
@pytest.mark.parametrize("key", [None, ""])
def test_a_key_for_gemini_must_be_there(client: Client, key: Any) -> None:
    answer = client.process({"url": VIDEO}, **{"X-Gemini-Key": key})

    assert (answer.status, answer.body) == (400, {"detail": "Missing X-Gemini-Key header"})


@pytest.mark.fact("openshorts.process.key", "openshorts.auth.none")
def test_any_other_key_passes_and_everybody_sees_every_job(client: Client) -> None:
    job_id = client.process({"url": VIDEO}, **{"X-Gemini-Key": "invalid, or so", "Authorization": "Bearer x"}).body[
        "job_id"
    ]

    assert client.call("GET", f"/api/status/{job_id}", Authorization="Bearer other").status == 200


@pytest.mark.fact("openshorts.process.no-source", "openshorts.process.bodies")
@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ({}, "application/json"),
        ({"url": ""}, "application/json"),
        ({"url": None}, "application/json"),
        (b"", ""),
        (b"url=", "application/x-www-form-urlencoded"),
        (b"url=http://x", "text/plain"),
        (form(part("url", "")), FORM["Content-Type"]),
    ],
)
def test_without_a_video_there_is_nothing_to_do(client: Client, body: Any, media_type: str) -> None:
    answer = client.process(body, Content_Type=media_type)

    assert (answer.status, answer.detail) == (400, "Must provide URL or File")


@pytest.mark.fact("openshorts.process.bodies", "openshorts.process.url-first", "openshorts.process.upload-name")
def test_a_video_comes_by_url_or_as_a_file_in_any_body(client: Client) -> None:
    upload = part("file", b"no video at all", "../films/my talk.mov")
    bodies: list[tuple[Any, str]] = [
        ({"url": "whatever"}, "application/json; charset=utf-8"),
        (b"url=a&url=https://example.com/cat.mp4", "application/x-www-form-urlencoded"),
        (form(part("url", "https://example.com/dog.mp4"), upload), FORM["Content-Type"]),
        (form(upload), FORM["Content-Type"]),
    ]

    answers = [client.process(body, Content_Type=media_type) for body, media_type in bodies]

    assert [answer.status for answer in answers] == [200] * 4
    paths = {shot.job.id: shot.outputs[0].path for shot in client.sandbox.jobs()}
    names = [paths[answer.body["job_id"]].rpartition("/")[2] for answer in answers]
    assert names[1:3] == ["cat_clip_1.mp4", "dog_clip_1.mp4"]
    assert names[3] == f"{answers[3].body['job_id']}_my_talk_clip_1.mp4"


@pytest.mark.fact("openshorts.process.not-a-file", "openshorts.error.validation")
def test_a_file_that_is_a_text_is_refused_before_everything_else(client: Client) -> None:
    answer = client.process(form(part("file", "talk.mp4")), **FORM, **{"X-Gemini-Key": ""})

    assert answer.status == 422
    [error] = answer.detail
    assert (error["type"], error["loc"], error["input"]) == ("value_error", ["body", "file"], "talk.mp4")
    assert "url" not in error


@pytest.mark.fact("openshorts.process.malformed", "openshorts.error.crash")
@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"text"', b""])
def test_what_is_no_json_object_makes_the_server_trip(client: Client, body: bytes) -> None:
    answer = client.process(body, Origin="http://page.example")

    assert (answer.status, answer.content) == MALFORMED
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.fact("openshorts.process.malformed")
@pytest.mark.parametrize("body", [b"--other\r\n", b"nothing"])
def test_a_broken_form_is_refused(client: Client, body: bytes) -> None:
    answer = client.process(body, **FORM)

    assert (answer.status, answer.detail) == (400, "Invalid multipart data.")


@pytest.mark.fact("openshorts.process.order")
def test_the_first_thing_that_is_wrong_answers(client: Client) -> None:
    client.switch(profile="head", url_ingest="disabled")
    wrong: dict[str, Any] = {"webhook_url": "ftp://x", "target_clips": 99, "thumbnail_session_id": "x"}

    def detail(body: Any, **headers: Any) -> str:
        return str(client.process(body, **headers).detail)

    assert detail(b"{", X_Gemini_Key=None) == "Missing X-Gemini-Key header"
    assert detail(b"--other\r\n", X_Gemini_Key=None, **FORM) == "Missing X-Gemini-Key header"
    assert detail(wrong) == "Thumbnail session not found or expired"
    wrong |= {"url": "http://x/a.mp4?duration=9"}
    assert detail(wrong) == "Invalid webhook_url: Unsupported URL scheme: 'ftp'"
    wrong |= {"webhook_url": "http://hook.example"}
    assert detail(wrong).startswith("You must confirm")
    wrong |= {"acknowledged": "false"}
    assert detail(wrong).startswith("YouTube URL ingest is disabled")
    client.switch(url_ingest="enabled")
    assert detail(wrong).startswith("This video is only 9s long")
    wrong |= {"url": VIDEO}
    assert detail(wrong) == "target_clips must be between 1 and 15"


@pytest.mark.fact("openshorts.process.options", "openshorts.process.options-text")
@pytest.mark.parametrize(
    ("options", "detail"),
    [
        ({"target_clips": "many"}, "target_clips must be a number"),
        ({"target_clips": []}, "target_clips must be a number"),
        ({"target_clips": 2.5}, "target_clips must be an integer"),
        ({"target_clips": "inf"}, "target_clips must be an integer"),
        ({"target_clips": 0}, "target_clips must be between 1 and 15"),
        ({"clip_min_seconds": 4}, "clip_min_seconds must be between 5 and 175"),
        ({"clip_max_seconds": 181}, "clip_max_seconds must be between 10 and 180"),
        (
            {"clip_min_seconds": 20, "clip_max_seconds": 24},
            "clip_max_seconds must be at least 5s above clip_min_seconds",
        ),
    ],
)
def test_numbers_that_cannot_be_used(client: Client, options: dict[str, Any], detail: str) -> None:
    answer = client.process({"url": VIDEO, **options})

    assert (answer.status, answer.detail) == (400, detail)


@pytest.mark.fact("openshorts.process.options", "openshorts.process.target-clips", "openshorts.clip.length")
@pytest.mark.parametrize("as_text", [False, True])
def test_numbers_are_kept_to(client: Client, as_text: bool) -> None:
    numbers: dict[str, Any] = {"target_clips": 7, "clip_min_seconds": 20, "clip_max_seconds": 25}
    client.submit(**{name: str(number) if as_text else number for name, number in numbers.items()})

    [shot] = client.sandbox.jobs()

    assert len(shot.outputs) == 7
    assert all(20_000 <= output.duration_ms <= 25_000 for output in shot.outputs)


@pytest.mark.fact("openshorts.process.acknowledged", "openshorts.profile.head")
@pytest.mark.parametrize(
    ("said", "in_json", "in_form"),
    [("true", True, True), ("TRUE", True, True), ("1", True, True), ("yes", True, True), ("false", True, False)],
)
def test_the_newest_server_insists_on_acknowledged(client: Client, said: str, in_json: bool, in_form: bool) -> None:
    client.switch(profile="head")

    by_json = client.process({"url": VIDEO, "acknowledged": said})
    by_form = client.process(form(part("url", VIDEO), part("acknowledged", said)), **FORM)
    by_none = client.process({"url": VIDEO})

    assert [answer.status == 200 for answer in (by_json, by_form, by_none)] == [in_json, in_form, False]
    assert by_none.detail == "You must confirm you own the content or have rights to process it."


@pytest.mark.fact("openshorts.process.acknowledged-lenient", "openshorts.profile.page")
def test_the_default_lets_it_pass_and_says_so_in_the_journal(client: Client) -> None:
    client.submit()

    assert "acknowledged was missing" in client.leniencies()


@pytest.mark.fact("openshorts.profile.docs")
def test_the_documented_server_knows_only_url_and_file(client: Client) -> None:
    client.switch(profile="docs")

    client.submit(webhook_url="ftp://x", target_clips="many", acknowledged=False)

    assert "acknowledged" not in client.leniencies()


@pytest.mark.fact("openshorts.process.webhook-url", "openshorts.process.webhook-public")
@pytest.mark.parametrize(
    ("url", "reason", "only_public"),
    [
        ("ftp://x", "Unsupported URL scheme: 'ftp'", False),
        ("hook.example", "Unsupported URL scheme: ''", False),
        ("http://", "URL has no host", False),
        ("http://127.0.0.1:9/x", "URL host is not a public address: 127.0.0.1", True),
        ("http://localhost/x", "URL host is not a public address: 127.0.0.1", True),
        ("http://10.1.2.3/x", "URL host is not a public address: 10.1.2.3", True),
    ],
)
def test_a_webhook_must_be_reachable(client: Client, url: str, reason: str, only_public: bool) -> None:
    usual = client.process({"url": VIDEO, "webhook_url": url})
    client.switch(public_webhooks="on")
    strict = client.process({"url": VIDEO, "webhook_url": url})

    assert usual.status == (200 if only_public else 400)
    assert (strict.status, strict.detail) == (400, f"Invalid webhook_url: {reason}")
    assert client.process({"url": VIDEO, "webhook_url": "https://hook.example/x"}).status == 200


@pytest.mark.fact("openshorts.process.url-disabled", "openshorts.config.shape")
def test_a_server_may_take_uploads_only(client: Client) -> None:
    client.switch(url_ingest="disabled")

    answer = client.process({"url": VIDEO})

    assert (answer.status, answer.detail[:31]) == (403, "YouTube URL ingest is disabled ")
    assert client.process(form(part("file", b"film", "a.mp4")), **FORM).status == 200
    assert client.call("GET", "/api/config").body["youtubeUrlEnabled"] is False


@pytest.mark.fact("openshorts.process.short-source")
def test_a_source_known_to_be_short_is_refused(client: Client) -> None:
    answer = client.process({"url": "https://example.com/a.mp4?duration=44.9"})

    assert (answer.status, answer.detail[:31]) == (400, "This video is only 44s long — c")
    assert client.process({"url": "https://example.com/a.mp4?duration=45"}).status == 200
    assert client.process({"url": "https://example.com/a.mp4"}).status == 200


@pytest.mark.fact("openshorts.process.short-source")
@pytest.mark.parametrize(("seconds", "status"), [(39, 400), (45, 200)])
def test_an_upload_that_is_short_is_refused(client: Client, seconds: int, status: int) -> None:
    film = MadeFiles().get(plan_output("a.mp4", "video/mp4", 64, 64, seed="0", duration_ms=1000 * seconds))
    content = b"".join(film.chunks(0, film.size_bytes, 1 << 18))

    answer = client.process(form(part("file", content, "a.mp4")), **FORM)

    assert answer.status == status
    assert status == 200 or answer.detail.startswith("This video is only 39s long — clip generation needs")


@pytest.mark.fact("openshorts.process.session")
def test_a_thumbnail_session_counts_only_without_a_video(client: Client) -> None:
    answer = client.process({"thumbnail_session_id": "x"})

    assert (answer.status, answer.detail) == (404, "Thumbnail session not found or expired")
    assert client.process({"thumbnail_session_id": "x", "url": VIDEO}).status == 200


def test_what_is_not_known_is_ignored_and_noted(client: Client) -> None:
    client.submit(colour="blue")
    client.process(
        b'{"url": "x", "acknowledged": 100000000000000000000000, "layouts": ["auto", {}], "auto_hook": null}'
    )
    client.advance(10)

    assert all(shot.succeeded for shot in client.sandbox.jobs())
    assert "ignored: colour" in client.leniencies()


@pytest.mark.fact("openshorts.process.too-large")
def test_an_upload_beyond_the_limit_is_refused(client: Client) -> None:
    from simulator.jobs.errors import BodyTooLarge
    from simulator.vendors.openshorts import VENDOR
    from simulator.vendors.vendor import Call

    call = Call("processVideo", "POST", {}, {}, {"X-Gemini-Key": "key"}, lambda path, host: path)

    reply = VENDOR.show_error(BodyTooLarge(1), call)

    assert (reply.status, reply.body) == (413, {"detail": "File too large. Max size 2048MB"})
