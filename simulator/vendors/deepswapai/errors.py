"""What DeepSwapAI refuses and how it says so.

The vendor documents no errors: every status, code and text here is assumed; the area ``error`` of its facts says what.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from simulator.jobs.errors import (
    AmbiguousRecord,
    ApiError,
    BadCall,
    BadKey,
    BlockedAccount,
    BodyTooLarge,
    Busy,
    DuplicateRecord,
    ExpiredJob,
    ExpiredKey,
    Finding,
    MalformedBody,
    NoKey,
    NotEnoughCredits,
    Unavailable,
    UnknownJob,
    UnknownPath,
    UnknownRecord,
    WrongMediaType,
    WrongMethod,
)
from simulator.jobs.scenario import Failure
from simulator.vendors.deepswapai.switches import chosen
from simulator.vendors.vendor import Call, Headers, Reply


class Unfit(ApiError):
    """An input cannot be swapped; ``what`` names it, such as "target image"."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class FileTooLarge(Unfit):
    """It has too many bytes."""


class UnsupportedFormat(Unfit):
    """It cannot be read, or is not of the kind that is due."""


class ResolutionTooHigh(Unfit):
    """It has too many pixels."""


class VideoTooLong(Unfit):
    """It lasts too long."""


class NoFaceDetected(Unfit):
    """It shows no face."""


class FaceIndexOutOfRange(Unfit):
    """It has fewer faces than the index asks for."""

    def __init__(self, what: str, faces: int) -> None:
        super().__init__(what)
        self.count = "1 face" if faces == 1 else f"{faces} faces"


class Refusal(NamedTuple):
    """How an error is worded; the text is filled in with what the error is about."""

    status: int
    code: str
    text: str


ERRORS: Mapping[type[ApiError], Refusal] = {
    BadCall: Refusal(400, "invalid_request", "{text}"),
    MalformedBody: Refusal(400, "invalid_request", "The request body is not valid JSON"),
    AmbiguousRecord: Refusal(400, "invalid_request", "The request does not say which {type} is meant"),
    DuplicateRecord: Refusal(400, "invalid_request", "There is a {type} with this {field} already"),
    NoKey: Refusal(401, "invalid_api_key", "Missing API key: send the header Authorization: Bearer <key>"),
    BadKey: Refusal(401, "invalid_api_key", "Invalid API key"),
    ExpiredKey: Refusal(401, "invalid_api_key", "This API key has expired"),
    BlockedAccount: Refusal(401, "invalid_api_key", "This API key has been blocked"),
    NotEnoughCredits: Refusal(402, "insufficient_credits", "Not enough credits"),
    UnknownJob: Refusal(404, "job_not_found", "Job not found"),
    ExpiredJob: Refusal(404, "job_not_found", "Job not found"),
    UnknownPath: Refusal(404, "not_found", "Not found"),
    UnknownRecord: Refusal(404, "not_found", "Not found"),
    WrongMethod: Refusal(405, "method_not_allowed", "Method not allowed"),
    BodyTooLarge: Refusal(413, "file_too_large", "The request body is larger than {limit_bytes} bytes"),
    FileTooLarge: Refusal(413, "file_too_large", "The {what} is larger than 500 MB"),
    WrongMediaType: Refusal(415, "unsupported_media_type", "Content-Type must be application/json"),
    UnsupportedFormat: Refusal(
        422, "unsupported_format", "The {what} is neither a URL nor Base64 of a supported format"
    ),
    ResolutionTooHigh: Refusal(422, "resolution_too_high", "The {what} is larger than 4K"),
    VideoTooLong: Refusal(422, "video_too_long", "The {what} is longer than 10 minutes"),
    NoFaceDetected: Refusal(422, "no_face_detected", "No face was found in the {what}"),
    FaceIndexOutOfRange: Refusal(422, "face_index_out_of_range", "The {what} has {count}"),
    Busy: Refusal(429, "rate_limit_exceeded", "Too many requests"),
    Unavailable: Refusal(503, "service_unavailable", "Service unavailable"),
    ApiError: Refusal(500, "internal_error", "Internal error"),
}
"""Whatever is not named answers as ``ApiError`` does."""

EXPECTED = {
    "source_image": "an http or https URL or Base64 text",
    "target_image": "an http or https URL or Base64 text",
    "target_video": "an http or https URL or Base64 text",
    "target_images": "a list of 1 to 50 http or https URLs or Base64 texts",
    "quality": "one of standard, high and 4k",
    "output_format": "one of png, jpg and webp",
    "videoSwap.output_format": "one of mp4, webm and mov",
    "face_index": "a whole number, counted from 0",
    "face_enhance": "true or false",
    "webhook_url": "an http or https URL",
}
"""What each field of a request has to be; where operations differ, with the operation before it."""

_CALLS_PER_WINDOW, _WINDOW_MS = 60, 60_000
"""What a refusal says that no account's own limit has brought about, such as a scenario's."""


def show_error(error: ApiError, call: Call) -> Reply:
    """Word any refusal."""
    if isinstance(error, BadCall) and error.findings and not error.text:
        error = bad_call(error.findings, call.operation)
    refusal, text = _worded(error)
    return error_reply(refusal.status, refusal.code, text, call.switches, _headers(error, call.now_ms))


def error_reply(status: int, code: str, text: str, switches: Mapping[str, str], headers: Headers = ()) -> Reply:
    """Return an error in the shape that is chosen: facts deepswapai.error.flat, deepswapai.error.nested."""
    if chosen("error_shape", switches) == "nested":
        return Reply({"success": False, "error": {"code": code, "message": text}}, status, headers)
    return Reply({"success": False, "error": text, "error_code": code}, status, headers)


def as_failure(error: ApiError) -> Failure:
    """Return a refusal as the reason why one image of a batch failed."""
    refusal, text = _worded(error)
    return Failure(text, code=refusal.code)


def bad_call(findings: Sequence[Finding], operation: str) -> BadCall:
    """Return the refusal of the first thing that is wrong: what is missing goes before what is ill."""
    first = min(findings, key=lambda finding: finding.rule != "required")
    return BadCall(findings, _text_of(first, operation))


def show_missing_file(error: ApiError, switches: Mapping[str, str]) -> Reply:
    """Word a file that has expired or never was, in plain text as file hosts do.

    Facts deepswapai.file.expired, deepswapai.file.unknown, deepswapai.file.error-text.
    """
    status = int(chosen("expired_file", switches)) if isinstance(error, ExpiredJob) else 404
    return Reply({403: "Forbidden", 404: "Not Found", 410: "Gone"}[status], status)


def _worded(error: ApiError) -> tuple[Refusal, str]:
    refusal = next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
    return refusal, refusal.text.format_map(vars(error)) or "The request is invalid"


def _headers(error: ApiError, now_ms: int) -> Headers:
    if isinstance(error, WrongMethod):
        return (("Allow", ", ".join(error.allowed)),)
    if isinstance(error, Busy):
        window_ms = error.window_ms or _WINDOW_MS
        opens_at_ms = max(now_ms + window_ms if error.opens_at_ms is None else error.opens_at_ms, now_ms + 1)
        return (
            ("Retry-After", str(-(-(opens_at_ms - now_ms) // 1000))),
            ("X-RateLimit-Limit", str(error.limit or _CALLS_PER_WINDOW)),
            ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Reset", str(-(-opens_at_ms // 1000))),
        )
    return ()


def _text_of(finding: Finding, operation: str) -> str:
    if not finding.path:
        return "The request body must be a JSON object"
    if finding.rule == "required":
        return f"{finding.name} is required"
    field = str(finding.path[0])
    expected = EXPECTED.get(f"{operation}.{field}") or EXPECTED.get(field, "a value that it can have")
    if len(finding.path) > 1:
        expected = EXPECTED["target_image"]
    return f"{finding.name} must be {expected}"
