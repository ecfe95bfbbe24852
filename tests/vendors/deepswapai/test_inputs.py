"""What is asked of the images and videos that a request brings."""

from base64 import b64encode
from typing import Any

import pytest

from simulator.jobs.errors import ApiError
from simulator.vendors.deepswapai.errors import (
    FaceIndexOutOfRange,
    FileTooLarge,
    NoFaceDetected,
    ResolutionTooHigh,
    UnsupportedFormat,
    VideoTooLong,
)
from tests.vendors.deepswapai.jobs import BATCH, CLIP, FACE, IMAGE, PICTURE, VIDEO, call, changed, read, refusal

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="


@pytest.mark.fact(
    "deepswapai.limit.bytes",
    "deepswapai.limit.bytes-unit",
    "deepswapai.limit.duration",
    "deepswapai.limit.resolution",
    "deepswapai.limit.resolution-pixels",
    "deepswapai.limit.images",
    "deepswapai.input.url",
    "deepswapai.input.base64",
    "deepswapai.input.data-url",
    "deepswapai.input.unreadable",
    "deepswapai.image-swap.face-index-target",
    "deepswapai.image-swap.default-face-index",
    "deepswapai.error.file-too-large",
    "deepswapai.error.no-face",
    "deepswapai.error.face-index",
    "deepswapai.error.video-too-long",
    "deepswapai.error.unsupported-format",
    "deepswapai.error.url-extension",
    "deepswapai.error.resolution",
)
@pytest.mark.parametrize(
    ("id", "changes", "refused"),
    [
        (IMAGE, {}, None),
        (VIDEO, {}, None),
        (BATCH, {}, None),
        (IMAGE, {"source_image": PNG, "target_image": f"data:image/png;base64,{PNG}"}, None),
        (VIDEO, {"target_video": f"{CLIP}?bytes=500000000"}, None),
        (VIDEO, {"target_video": f"{CLIP}?bytes=500000001"}, FileTooLarge),
        (IMAGE, {"target_image": f"{PICTURE}?bytes=500000001"}, FileTooLarge),
        (BATCH, {"source_image": f"{FACE}?bytes=500000001"}, FileTooLarge),
        (VIDEO, {"target_video": f"{CLIP}?duration=600"}, None),
        (VIDEO, {"target_video": f"{CLIP}?duration=600.001"}, VideoTooLong),
        (VIDEO, {"target_video": f"{CLIP}?width=4096&height=2304"}, None),
        (VIDEO, {"target_video": f"{CLIP}?width=2304&height=4096"}, None),
        (VIDEO, {"target_video": f"{CLIP}?width=4097&height=100"}, ResolutionTooHigh),
        (VIDEO, {"target_video": f"{CLIP}?width=2305&height=2305"}, ResolutionTooHigh),
        (IMAGE, {"source_image": f"{FACE}?width=5000&height=100"}, ResolutionTooHigh),
        (IMAGE, {"source_image": f"{FACE}?faces=0"}, NoFaceDetected),
        (IMAGE, {"target_image": f"{PICTURE}?faces=0"}, NoFaceDetected),
        (VIDEO, {"source_image": f"{FACE}?faces=0"}, NoFaceDetected),
        (VIDEO, {"target_video": f"{CLIP}?faces=0"}, NoFaceDetected),
        (BATCH, {"source_image": f"{FACE}?faces=0"}, NoFaceDetected),
        (IMAGE, {"target_image": f"{PICTURE}?faces=2", "face_index": 1}, None),
        (IMAGE, {"target_image": f"{PICTURE}?faces=2", "face_index": 2}, FaceIndexOutOfRange),
        (IMAGE, {"source_image": f"{FACE}?faces=3", "face_index": 1}, FaceIndexOutOfRange),
        (IMAGE, {"target_image": f"{PICTURE}?faces=1"}, None),
        (IMAGE, {"target_image": PNG, "face_index": 1}, FaceIndexOutOfRange),
        (IMAGE, {"target_image": "./photo.png"}, UnsupportedFormat),
        (IMAGE, {"target_image": "ftp://example.com/photo.png"}, UnsupportedFormat),
        (IMAGE, {"target_image": b64encode(b"no picture at all").decode()}, UnsupportedFormat),
        (VIDEO, {"target_video": PNG}, UnsupportedFormat),
        (BATCH, {"source_image": "not base64"}, UnsupportedFormat),
        (IMAGE, {"source_image": CLIP}, UnsupportedFormat),
        (IMAGE, {"target_image": f"{CLIP}?width=64"}, UnsupportedFormat),
        (IMAGE, {"target_image": "https://example.com/still.gif"}, None),
        (IMAGE, {"target_image": "https://example.com/files/mp4"}, None),
        (IMAGE, {"target_image": "https://example.com/photo.heic?as=clip.mp4"}, None),
        (VIDEO, {"source_image": "https://example.com/face.MOV"}, UnsupportedFormat),
        (VIDEO, {"target_video": PICTURE}, UnsupportedFormat),
        (VIDEO, {"target_video": "https://example.com/moving.gif"}, UnsupportedFormat),
        (VIDEO, {"target_video": "https://example.com/clip.webm"}, None),
        (VIDEO, {"target_video": "https://example.com/watch?v=1"}, None),
        (BATCH, {"source_image": CLIP}, UnsupportedFormat),
        (IMAGE, {"source_image": f"{FACE}?faces=0", "target_image": "./photo.png"}, NoFaceDetected),
    ],
)
def test_inputs_are_judged_one_after_the_other(
    id: str, changes: dict[str, Any], refused: type[ApiError] | None
) -> None:
    error = refusal(call(id, changed(id, **changes)))

    assert (None if error is None else type(error)) is refused


def test_a_job_does_not_keep_files_that_were_sent_as_text() -> None:
    command = read(call(BATCH, {"source_image": PNG, "target_images": [PNG, PICTURE, PNG]}))

    assert (command.fields["source_image"], command.fields["target_images"]) == ("", [PICTURE])
    assert [held.media_type for held in command.inputs] == ["image/png"] * 4


@pytest.mark.fact("deepswapai.batch.target-without-face", "deepswapai.batch.index-is-position")
def test_a_target_that_cannot_be_swapped_fails_alone() -> None:
    targets = [
        *(PICTURE, f"{PICTURE}?faces=0", "./local.png", f"{PICTURE}?bytes=600000000"),
        *(f"{PICTURE}?width=8000", PNG, CLIP),
    ]
    asked = call(BATCH, changed(BATCH, target_images=targets))

    command = read(asked)

    assert refusal(asked) is None
    assert command.item_count == 7
    assert {index: failure.code for index, failure in command.item_errors.items()} == {
        1: "no_face_detected",
        2: "unsupported_format",
        3: "file_too_large",
        4: "resolution_too_high",
        6: "unsupported_format",
    }
    assert command.item_errors[1].message == "No face was found in the target image"
