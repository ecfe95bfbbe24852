"""What a command is refused for, in which order, and what it needs once it is well formed."""

from typing import Any

import msgspec
import pytest

from simulator.jobs.commands import Submit
from simulator.jobs.errors import (
    WrongMediaType,
)
from simulator.jobs.files import Input
from simulator.vendors.useapi import VENDOR
from tests.vendors.useapi.commands import FULL, LONG, asked, refusal
from tests.vendors.useapi.jobs import (
    CHANNEL,
    FACE,
    GIF,
    PROMPT,
    STILL,
    VIDEO,
    call,
    read,
    sent,
)

fact = pytest.mark.fact


@pytest.mark.parametrize("id", FULL)
@fact("useapi.headshot.fields", "useapi.changebg.fields", "useapi.picsi.fields", "useapi.command.multipart")
def test_a_whole_command_becomes_a_submit(id: str) -> None:
    said = {"channel": CHANNEL, "options": "-f", "replyUrl": "https://example.com", "replyRef": "17"}

    command = read(asked(id, **said))

    assert isinstance(command, Submit)
    assert command.fields == {**FULL[id][0], **said}
    assert command.inputs == FULL[id][1]


@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("headshot", "prompt"),
        ("changebg", "a_background_photo_of"),
        ("changebg", "image"),
        ("picsi", "source_image"),
        ("picsi", "target_image_gif_or_video"),
    ],
)
@fact("useapi.errors.required-param", "useapi.headshot.fields", "useapi.changebg.fields", "useapi.picsi.fields")
def test_a_missing_field_is_named(id: str, name: str) -> None:
    assert refusal(asked(id, without=name)) == {"error": f"Required param {name} is missing or empty", "code": 400}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"prompt": "", "replyUrl": LONG}, "Required param prompt is missing or empty"),
        ({"prompt": 7}, "Required param prompt is missing or empty"),
        ({"prompt": None}, "Required param prompt is missing or empty"),
        ({"channel": 7, "replyRef": LONG}, "Param channel is not a string"),
        ({"options": None}, "Param options is not a string"),
        ({"replyRef": [], "replyUrl": LONG}, "Param replyRef is not a string"),
        ({"replyUrl": LONG, "replyRef": LONG}, "replyUrl is too long"),
        ({"replyRef": LONG, "channel": "nowhere"}, "replyRef is too long"),
    ],
)
@fact(
    "useapi.errors.order",
    "useapi.errors.required-param",
    "useapi.errors.not-a-text",
    "useapi.command.reply-too-long",
    "useapi.command.reply-limits",
    "useapi.headshot.json",
)
def test_fields_are_refused_in_this_order(fields: dict[str, Any], text: str) -> None:
    made = msgspec.structs.replace(asked("headshot", **fields), media_type="application/json")

    assert refusal(made)["error"] == text


@fact("useapi.command.reply-limits")
def test_1024_letters_are_not_too_long() -> None:
    fields = {"replyUrl": "ü" * 1024, "replyRef": "x" * 1024}

    assert read(asked("headshot", **fields)).fields.items() >= fields.items()


@fact("useapi.command.empty-field")
def test_an_empty_text_counts_as_absent() -> None:
    empty = {"channel": "", "options": "", "replyUrl": "", "replyRef": ""}

    assert read(asked("headshot", **empty)).fields == {"prompt": PROMPT}


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_a_body_that_is_no_object_lacks_its_fields(body: Any) -> None:
    assert (
        refusal(call("headshot", body, media_type="application/json"))["error"]
        == "Required param prompt is missing or empty"
    )


@fact("useapi.command.files-are-parts")
@pytest.mark.parametrize(
    "given", [Input("image", url="https://example.com/a.png", size_bytes=9), Input("image", "a.png")]
)
def test_a_text_or_an_empty_file_is_no_file(given: Input) -> None:
    made = asked("changebg", given)

    assert refusal(made)["error"] == "Required param image is missing or empty"


@fact("useapi.command.file-quirks", "useapi.picsi.stills-block", "useapi.picsi.either")
@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (STILL, "picsi-still"),
        (msgspec.structs.replace(STILL, name="film.mp4", declared_type="video/mp4"), "picsi-still"),
        (msgspec.structs.replace(STILL, kind="unknown", media_type="", name=""), "picsi-still"),
        (GIF, "picsi"),
        (msgspec.structs.replace(VIDEO, name="a.png", declared_type="image/png"), "picsi"),
    ],
)
def test_the_target_s_content_decides_whether_a_picsi_waits(target: Input, kind: str) -> None:
    command = read(asked("picsi", FACE, target))

    assert (command.kind, command.is_blocking) == (kind, kind == "picsi-still")


@fact("useapi.errors.body-type", "useapi.errors.order")
def test_a_body_of_another_type_is_refused_first() -> None:
    made = msgspec.structs.replace(call("picsi", {}), media_type="application/json")

    with pytest.raises(WrongMediaType) as caught:
        read(made)

    assert sent("picsi", VENDOR.show_error(caught.value, made)).body == {"error": "Unsupported Media Type", "code": 415}


@fact("useapi.errors.unknown-field")
def test_what_the_vendor_does_not_know_is_passed_over_and_journalled() -> None:
    made = asked("headshot", seed="7")

    assert read(made).fields == {"prompt": PROMPT}
    assert any("seed" in said for said in made.marks)
