"""Every refusal is worded, in both shapes, as the contract says."""

import inspect
from typing import Any

import pytest

from simulator.jobs import errors
from simulator.jobs.errors import (
    AmbiguousRecord,
    ApiError,
    BadCall,
    BadKey,
    BlockedAccount,
    BodyTooLarge,
    Busy,
    ContractBroken,
    DuplicateRecord,
    ExpiredJob,
    ExpiredKey,
    Finding,
    MalformedBody,
    NoKey,
    NotEnoughCredits,
    UnknownJob,
    UnknownPath,
    UnknownRecord,
    WrongMediaType,
    WrongMethod,
)
from simulator.vendors.deepswapai import VENDOR
from simulator.vendors.deepswapai.errors import (
    ERRORS,
    FaceIndexOutOfRange,
    FileTooLarge,
    NoFaceDetected,
    ResolutionTooHigh,
    Unavailable,
    UnsupportedFormat,
    VideoTooLong,
)
from simulator.vendors.vendor import Reply
from tests.vendors.deepswapai.jobs import NOON_MS, call, contract

SUBMITS = ("imageSwap", "videoSwap", "batchSwap")
ALL = (*SUBMITS, "getStatus", "getCredits")
CASES: list[tuple[ApiError, int, str, str, tuple[str, ...]]] = [
    (BadCall(text="quality is odd"), 400, "invalid_request", "quality is odd", SUBMITS),
    (BadCall([Finding("body", ("quality",), "enum", "?")]), 400, "invalid_request",
     "quality must be one of standard, high and 4k", SUBMITS),
    (BadCall(), 400, "invalid_request", "The request is invalid", SUBMITS),
    (MalformedBody("no JSON", 3), 400, "invalid_request", "The request body is not valid JSON", SUBMITS),
    (AmbiguousRecord("face"), 400, "invalid_request", "The request does not say which face is meant", SUBMITS),
    (DuplicateRecord("face", "name", "f1"), 400, "invalid_request", "There is a face with this name already", SUBMITS),
    (NoKey(), 401, "invalid_api_key", "Missing API key: send the header Authorization: Bearer <key>", ALL),
    (BadKey("k"), 401, "invalid_api_key", "Invalid API key", ALL),
    (ExpiredKey("k"), 401, "invalid_api_key", "This API key has expired", ALL),
    (BlockedAccount("k"), 401, "invalid_api_key", "This API key has been blocked", ALL),
    (NotEnoughCredits(48, 3), 402, "insufficient_credits", "Not enough credits", SUBMITS),
    (UnknownJob("vjob_xyz789abc"), 404, "job_not_found", "Job not found", ("getStatus",)),
    (ExpiredJob("vjob_xyz789abc"), 404, "job_not_found", "Job not found", ("getStatus",)),
    (UnknownPath("/v1/swap"), 404, "not_found", "Not found", ("getCredits",)),
    (UnknownRecord("face"), 404, "not_found", "Not found", ()),
    (WrongMethod("PUT", ["GET"]), 405, "method_not_allowed", "Method not allowed", ()),
    (BodyTooLarge(64 << 20), 413, "file_too_large", "The request body is larger than 67108864 bytes", SUBMITS),
    (FileTooLarge("target video"), 413, "file_too_large", "The target video is larger than 500 MB", SUBMITS),
    (WrongMediaType("text/plain", ["application/json"]), 415, "unsupported_media_type",
     "Content-Type must be application/json", SUBMITS),
    (UnsupportedFormat("source image"), 422, "unsupported_format",
     "The source image is neither a URL nor Base64 of a supported format", SUBMITS),
    (ResolutionTooHigh("source image"), 422, "resolution_too_high", "The source image is larger than 4K", SUBMITS),
    (VideoTooLong("target video"), 422, "video_too_long", "The target video is longer than 10 minutes", ("videoSwap",)),
    (NoFaceDetected("source image"), 422, "no_face_detected", "No face was found in the source image", SUBMITS),
    (FaceIndexOutOfRange("target image", 1), 422, "face_index_out_of_range", "The target image has 1 face", ("imageSwap",)),
    (FaceIndexOutOfRange("target image", 2), 422, "face_index_out_of_range", "The target image has 2 faces", ("imageSwap",)),
    (Busy("calls", NOON_MS + 11_500), 429, "rate_limit_exceeded", "Too many requests", ALL),
    (Busy(), 429, "rate_limit_exceeded", "Too many requests", ALL),
    (ApiError(), 500, "internal_error", "Internal error", ALL),
    (Unavailable(), 503, "service_unavailable", "Service unavailable", ALL),
]  # fmt: skip


def show(error: ApiError, id: str = "imageSwap", **switches: str) -> Reply:
    return VENDOR.show_error(error, call(id, switches=switches))


@pytest.mark.fact(
    "deepswapai.error.flat",
    "deepswapai.error.nested",
    "deepswapai.status.unknown-job",
    "deepswapai.error.invalid-request",
    "deepswapai.error.invalid-api-key",
    "deepswapai.error.insufficient-credits",
    "deepswapai.error.not-found",
    "deepswapai.error.method-not-allowed",
    "deepswapai.error.file-too-large",
    "deepswapai.error.unsupported-media-type",
    "deepswapai.error.no-face",
    "deepswapai.error.face-index",
    "deepswapai.error.video-too-long",
    "deepswapai.error.unsupported-format",
    "deepswapai.error.resolution",
    "deepswapai.error.rate-limit",
    "deepswapai.error.internal",
    "deepswapai.error.unavailable",
)
@pytest.mark.parametrize(("error", "status", "code", "text", "ids"), CASES, ids=lambda value: type(value).__name__)
def test_a_refusal_is_worded_in_both_shapes(
    error: ApiError, status: int, code: str, text: str, ids: tuple[str, ...]
) -> None:
    flat, nested = show(error), show(error, error_shape="nested")

    assert flat.status == nested.status == status
    assert flat.body == {"success": False, "error": text, "error_code": code}
    assert nested.body == {"success": False, "error": {"code": code, "message": text}}
    for reply in (flat, nested):
        if status == 405:
            contract().check_shared_reply("MethodNotAllowed", reply)
        for id in ids:
            contract().checks(id).check_reply(reply)


def test_every_refusal_there_is_has_a_case() -> None:
    def are_refusals(module: Any) -> set[type]:
        return {kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, ApiError)}

    tried = {type(case[0]) for case in CASES}

    assert are_refusals(errors) <= tried
    assert set(ERRORS) <= tried


@pytest.mark.fact("deepswapai.error.internal")
def test_a_refusal_nobody_thought_of_is_an_internal_error() -> None:
    class Surprise(ApiError):
        """Something new."""

    assert show(Surprise()).status == 500


@pytest.mark.fact("deepswapai.error.method-not-allowed")
def test_a_wrong_method_is_told_the_right_ones() -> None:
    assert show(WrongMethod("PUT", ["GET", "HEAD"])).headers == (("Allow", "GET, HEAD"),)


@pytest.mark.fact("deepswapai.error.rate-limit")
@pytest.mark.parametrize(
    ("opens_at_ms", "retry_after", "reset"),
    [
        (NOON_MS + 11_001, "12", NOON_MS // 1000 + 12),
        (NOON_MS + 12_000, "12", NOON_MS // 1000 + 12),
        (NOON_MS - 5, "1", NOON_MS // 1000 + 1),
        (None, "60", NOON_MS // 1000 + 60),
    ],
)
def test_too_many_calls_are_told_when_to_come_again(opens_at_ms: int | None, retry_after: str, reset: int) -> None:
    headers = dict(show(Busy("calls", opens_at_ms)).headers)

    assert headers == {
        "Retry-After": retry_after,
        "X-RateLimit-Limit": "60",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(reset),
    }


@pytest.mark.fact("deepswapai.error.rate-limit")
def test_a_limited_account_is_told_its_own_limit() -> None:
    told = [
        dict(show(Busy(Busy.RATE, opens_at_ms, limit=2, window_ms=5000)).headers)
        for opens_at_ms in (NOON_MS + 1500, None)
    ]

    assert [said["X-RateLimit-Limit"] for said in told] == ["2", "2"]
    assert [said["Retry-After"] for said in told] == ["2", "5"]
    assert [said["X-RateLimit-Reset"] for said in told] == [str(NOON_MS // 1000 + 2), str(NOON_MS // 1000 + 5)]


@pytest.mark.fact("deepswapai.error.nested")
def test_a_nested_error_says_that_it_is_no_success() -> None:
    body = {"error": {"code": "job_not_found", "message": "Job not found"}}

    contract().checks("getStatus").check_reply(Reply({"success": False, **body}, 404))
    with pytest.raises(ContractBroken):
        contract().checks("getStatus").check_reply(Reply(body, 404))


@pytest.mark.fact("deepswapai.file.expired", "deepswapai.file.unknown", "deepswapai.file.error-text")
@pytest.mark.parametrize(
    ("error", "switches", "status", "text"),
    [
        (ExpiredJob("vjob_xyz789abc"), {}, 403, "Forbidden"),
        (ExpiredJob("vjob_xyz789abc"), {"expired_file": "404"}, 404, "Not Found"),
        (ExpiredJob("vjob_xyz789abc"), {"expired_file": "410"}, 410, "Gone"),
        (UnknownPath("results/abc.png"), {"expired_file": "410"}, 404, "Not Found"),
    ],
)
def test_a_file_that_is_not_there_is_refused_in_plain_text(
    error: ApiError, switches: dict[str, str], status: int, text: str
) -> None:
    reply = VENDOR.show_missing_file(error, switches)

    assert (reply.status, reply.body) == (status, text)
    for checks in contract().media_operations():
        checks.check_reply(reply)
