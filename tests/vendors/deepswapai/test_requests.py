"""What each request becomes: a job, a look or a refusal."""

from typing import Any

import pytest

from simulator.jobs.commands import GetAccount, HasCredits
from simulator.jobs.errors import BadCall, NotEnoughCredits, WrongMediaType
from simulator.vendors.deepswapai.errors import (
    NoFaceDetected,
    show_error,
)
from tests.vendors.deepswapai.jobs import (
    BATCH,
    BODIES,
    CLIP,
    FACE,
    IMAGE,
    PICTURE,
    VIDEO,
    call,
    changed,
    look_up,
    operation,
    read,
    refusal,
)


@pytest.mark.fact(
    "deepswapai.error.invalid-request",
    "deepswapai.image-swap.source-image",
    "deepswapai.image-swap.target-image",
    "deepswapai.image-swap.formats",
    "deepswapai.image-swap.qualities",
    "deepswapai.image-swap.face-index",
    "deepswapai.video-swap.source-image",
    "deepswapai.video-swap.target-video",
    "deepswapai.video-swap.formats",
    "deepswapai.video-swap.qualities",
    "deepswapai.video-swap.face-enhance",
    "deepswapai.video-swap.webhook-url",
    "deepswapai.batch-swap.source-image",
    "deepswapai.batch-swap.target-images",
    "deepswapai.batch-swap.count",
    "deepswapai.batch-swap.options",
    "deepswapai.batch-swap.webhook-url",
    "deepswapai.submit.webhook-url-form",
)
@pytest.mark.parametrize(
    ("id", "changes", "text"),
    [
        (IMAGE, {"source_image": None}, "source_image is required"),
        (IMAGE, {"target_image": None}, "target_image is required"),
        (IMAGE, {"source_image": None, "quality": "best"}, "source_image is required"),
        (IMAGE, {"source_image": None, "target_image": None}, "source_image is required"),
        (IMAGE, {"source_image": 7, "target_image": None}, "target_image is required"),
        (IMAGE, {"source_image": 7}, "source_image must be an http or https URL or Base64 text"),
        (IMAGE, {"target_image": ""}, "target_image must be an http or https URL or Base64 text"),
        (IMAGE, {"output_format": "gif"}, "output_format must be one of png, jpg and webp"),
        (IMAGE, {"output_format": "mp4"}, "output_format must be one of png, jpg and webp"),
        (IMAGE, {"quality": "8k"}, "quality must be one of standard, high and 4k"),
        (IMAGE, {"quality": "8k", "output_format": "gif"}, "output_format must be one of png, jpg and webp"),
        (IMAGE, {"face_index": -1}, "face_index must be a whole number, counted from 0"),
        (IMAGE, {"face_index": "0"}, "face_index must be a whole number, counted from 0"),
        (VIDEO, {"source_image": None}, "source_image is required"),
        (VIDEO, {"target_video": None}, "target_video is required"),
        (VIDEO, {"target_video": [CLIP]}, "target_video must be an http or https URL or Base64 text"),
        (VIDEO, {"output_format": "avi"}, "output_format must be one of mp4, webm and mov"),
        (VIDEO, {"quality": "low"}, "quality must be one of standard, high and 4k"),
        (VIDEO, {"face_enhance": "yes"}, "face_enhance must be true or false"),
        (VIDEO, {"webhook_url": "ftp://example.com"}, "webhook_url must be an http or https URL"),
        (VIDEO, {"webhook_url": 5}, "webhook_url must be an http or https URL"),
        (BATCH, {"source_image": None}, "source_image is required"),
        (BATCH, {"target_images": None}, "target_images is required"),
        (BATCH, {"target_images": []}, "target_images must be a list of 1 to 50 http or https URLs or Base64 texts"),
        (BATCH, {"target_images": [FACE] * 51}, "target_images must be a list of 1 to 50 http or https URLs or Base64 texts"),
        (BATCH, {"target_images": [FACE, 3]}, "target_images.1 must be an http or https URL or Base64 text"),
        (BATCH, {"quality": "low"}, "quality must be one of standard, high and 4k"),
        (BATCH, {"output_format": "tiff"}, "output_format must be one of png, jpg and webp"),
        (BATCH, {"webhook_url": "no"}, "webhook_url must be an http or https URL"),
    ],
)  # fmt: skip
def test_a_body_that_breaks_the_contract_is_refused_for_its_first_fault(
    id: str, changes: dict[str, Any], text: str
) -> None:
    asked = call(id, changed(id, **changes))

    error = refusal(asked)

    assert isinstance(error, BadCall)
    assert show_error(error, asked).body == {"success": False, "error": text, "error_code": "invalid_request"}


@pytest.mark.fact("deepswapai.error.invalid-request")
@pytest.mark.parametrize("body", [None, [], "text", 3])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    asked = call(IMAGE, body)

    error = refusal(asked)

    assert isinstance(error, BadCall)
    assert show_error(error, asked).body["error"] == "The request body must be a JSON object"


@pytest.mark.fact("deepswapai.error.unsupported-media-type", "deepswapai.base.json")
@pytest.mark.parametrize("media_type", ["multipart/form-data", "text/plain", ""])
@pytest.mark.parametrize("id", BODIES)
def test_a_body_that_is_not_json_is_refused_whatever_it_holds(id: str, media_type: str) -> None:
    assert isinstance(refusal(call(id, {}, media_type=media_type)), WrongMediaType)


@pytest.mark.fact("deepswapai.request.order")
def test_what_is_wrong_is_told_in_order() -> None:
    everything_wrong = {"target_image": f"{PICTURE}?faces=0", "quality": "8k"}
    body = changed(IMAGE, **everything_wrong)

    errors = [
        refusal(call(IMAGE, body, media_type="text/plain"), credits=0),
        refusal(call(IMAGE, body), credits=0),
        refusal(call(IMAGE, {**body, "quality": "4k"}), credits=0),
        refusal(call(IMAGE, {**body, "quality": "4k", "target_image": PICTURE}), credits=0),
        refusal(call(IMAGE, {**body, "quality": "4k", "target_image": PICTURE}), credits=1),
    ]

    assert [type(error) for error in errors] == [
        WrongMediaType, BadCall, NoFaceDetected, NotEnoughCredits, type(None),
    ]  # fmt: skip


@pytest.mark.fact("deepswapai.error.insufficient-credits", "deepswapai.credits.image", "deepswapai.credits.video")
@pytest.mark.parametrize(
    ("id", "changes", "price"),
    [
        (IMAGE, {"quality": "4k"}, 1),
        (VIDEO, {}, 48),
        (VIDEO, {"target_video": f"{CLIP}?duration=4"}, 4),
        (VIDEO, {"target_video": f"{CLIP}?duration=4.001"}, 4),  # told as 4.0 s
        (VIDEO, {"target_video": f"{CLIP}?duration=4.1"}, 8),
        (BATCH, {}, 50),
        (BATCH, {"target_images": [PICTURE, f"{PICTURE}?faces=0"]}, 1),
    ],
)
def test_a_job_needs_the_credits_it_will_cost(id: str, changes: dict[str, Any], price: int) -> None:
    asked = call(id, changed(id, **changes))

    assert refusal(asked, credits=price) is None
    assert isinstance(refusal(asked, credits=price - 1), NotEnoughCredits)


@pytest.mark.fact(
    "deepswapai.image-swap.default-format",
    "deepswapai.image-swap.default-quality",
    "deepswapai.image-swap.default-face-index",
    "deepswapai.video-swap.default-format",
    "deepswapai.video-swap.default-quality",
    "deepswapai.video-swap.face-enhance",
    "deepswapai.batch-swap.options",
)
@pytest.mark.parametrize(
    ("id", "defaults"),
    [
        (IMAGE, {"output_format": "png", "quality": "high", "face_index": 0}),
        (VIDEO, {"output_format": "mp4", "quality": "high", "face_enhance": True}),
        (BATCH, {"output_format": "png", "quality": "high"}),
    ],
)
def test_what_is_left_out_has_its_default(id: str, defaults: dict[str, Any]) -> None:
    assert read(call(id, changed(id))).fields == {**BODIES[id], **defaults}


@pytest.mark.fact(
    "deepswapai.video-swap.webhook-url", "deepswapai.batch-swap.webhook-url", "deepswapai.base.snake-case"
)
@pytest.mark.parametrize(
    ("id", "said"),
    [
        (IMAGE, {"output_format": "webp", "quality": "4k", "face_index": 0}),
        (
            VIDEO,
            {"output_format": "mov", "quality": "standard", "face_enhance": False, "webhook_url": "https://e.com/h"},
        ),
        (BATCH, {"output_format": "jpg", "quality": "4k", "webhook_url": "http://e.com/h"}),
    ],
)
def test_every_option_reaches_the_job(id: str, said: dict[str, Any]) -> None:
    assert read(call(id, changed(id, **said))).fields == {**BODIES[id], **said}


@pytest.mark.fact("deepswapai.image-swap.synchronous")
def test_only_an_image_swap_blocks_and_it_takes_no_webhook() -> None:
    commands = {id: read(call(id, changed(id, webhook_url="https://example.com/hook"))) for id in BODIES}

    assert [id for id, command in commands.items() if command.is_blocking] == [IMAGE]
    assert [id for id, command in commands.items() if "webhook_url" not in command.fields] == [IMAGE]


@pytest.mark.fact("deepswapai.request.unknown-fields")
def test_an_unknown_field_is_ignored_and_noted() -> None:
    asked = call(IMAGE, changed(IMAGE, colour="red", target_video=5))

    command = read(asked)

    assert not {"colour", "target_video"} & set(command.fields)
    assert len(asked.marks) == 2


@pytest.mark.fact(
    "deepswapai.status.for-asynchronous-jobs", "deepswapai.status.image-job", "deepswapai.endpoint.status"
)
def test_a_look_finds_videos_and_batches_only() -> None:
    command = look_up("vjob_xyz789abc")

    assert (command.ids, command.kinds) == (("vjob_xyz789abc",), ("video", "batch"))


@pytest.mark.fact("deepswapai.credits.endpoint")
def test_the_balance_can_be_asked_for_by_switch_only() -> None:
    assert operation("getCredits").switch == ("credits_endpoint", "on")
    assert isinstance(read(call("getCredits")), GetAccount)


@pytest.mark.parametrize("id", BODIES)
def test_nothing_limits_how_many_jobs_run_at_once(id: str) -> None:
    command = read(call(id, changed(id)))

    assert command.takes == ""
    assert {type(need).__name__ for need in command.needs} == {"Claim", HasCredits.__name__}
