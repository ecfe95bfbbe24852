"""What A2E refuses and how it says so; the texts are ours (fact a2e.error.texts)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from simulator.jobs.errors import (
    ApiError,
    BadCall,
    BadKey,
    BlockedAccount,
    BodyTooLarge,
    Busy,
    ExpiredJob,
    ExpiredKey,
    Finding,
    MalformedBody,
    NoKey,
    NotEnoughCredits,
    UnknownJob,
    UnknownPath,
    UnknownRecord,
    WrongMethod,
)
from simulator.vendors.a2e.accept import prefers_json
from simulator.vendors.a2e.envelope import instant, traced
from simulator.vendors.a2e.switches import chosen
from simulator.vendors.vendor import Call, Headers, Reply

GENERAL = 1001  # fact a2e.error.general-code
NO_COINS = 1002  # fact a2e.coins.none-left
NO_OBJECT = "The body must be a JSON object"
NOT_JSON = "Content-Type must be application/json"  # fact a2e.error.content-type

_HTML: Headers = (("Content-Type", "text/html; charset=utf-8"),)
_XML: Headers = (("Content-Type", "application/xml"),)
_MISSING_FILES = {403: ("AccessDenied", "Access Denied"), 404: ("NoSuchKey", "The specified key does not exist.")}
_WINDOW_MS = 60_000


class StillProcessing(ApiError):
    """The task is being worked on and cannot be deleted."""


class WrongModel(ApiError):
    """The model takes pictures only."""


class Refusal(NamedTuple):
    """How an error is worded; the text is filled in with what the error is about."""

    status: int
    code: int
    text: str


ERRORS: Mapping[type[ApiError], Refusal] = {
    BadCall: Refusal(400, GENERAL, "{text}"),
    MalformedBody: Refusal(400, GENERAL, NO_OBJECT),
    StillProcessing: Refusal(400, GENERAL, "The task is processing and cannot be deleted"),
    WrongModel: Refusal(400, GENERAL, "model_version v2 takes images only"),
    NoKey: Refusal(401, 401, "Missing token: send the header Authorization: Bearer <token>"),
    BadKey: Refusal(401, 401, "Invalid token"),
    ExpiredKey: Refusal(401, 401, "This token has expired"),
    BlockedAccount: Refusal(403, 403, "This account is banned"),
    UnknownJob: Refusal(404, GENERAL, "Record not found"),
    ExpiredJob: Refusal(404, GENERAL, "Record not found"),
    UnknownRecord: Refusal(404, GENERAL, "Record not found"),
    WrongMethod: Refusal(405, 405, "Method not allowed"),
    BodyTooLarge: Refusal(413, 413, "The body is larger than {limit_bytes} bytes"),
    Busy: Refusal(429, 429, "Too many requests"),
    NotEnoughCredits: Refusal(200, NO_COINS, "Insufficient credits"),
    ApiError: Refusal(500, 500, "Internal error"),
}
"""Whatever is not named answers as ``ApiError`` does. Facts a2e.error.http-status, a2e.error.status-code."""

EXPECTED = {
    "_id": "24 hexadecimal digits",
    "name": "a text that is not empty",
    "face_url": "an http or https URL without spaces",
    "video_url": "an http or https URL without spaces",
    "cover_url": "an http or https URL without spaces",
    "model_version": "v1 or v2",
    "webhook_url": "an https URL of at most 2048 characters",
    "webhook_token": "a text of at most 256 printable ASCII characters",
    "pageNum": "a whole number from 1",
    "pageSize": "a whole number from 1 to 100",
}
"""What each field and parameter has to be."""


def show_error(error: ApiError, call: Call) -> Reply:
    """Word any refusal: facts a2e.error.msg-shape, a2e.error.success-shape, a2e.error.http-200, a2e.route.method."""
    is_stray = isinstance(error, UnknownPath) or (
        isinstance(error, WrongMethod) and chosen("wrong_method", call.switches) == "404"
    )
    if is_stray:
        return _show_stray(call)
    refusal = next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
    status, text = refusal.status, refusal.text.format_map(vars(error)) or NO_OBJECT
    if status in (400, 404) and chosen("error_status", call.switches) == "200":
        status = 200
    return Reply(_body(refusal.code, text, call), status, _headers(error, call.now_ms))


def show_missing_file(error: ApiError, switches: Mapping[str, str]) -> Reply:
    """Word a file that has gone or never was, as the store behind CloudFront does (fact a2e.file.gone)."""
    status = int(chosen("expired_file", switches))
    code, message = _MISSING_FILES[status]
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Reply(text, status, _XML)


def bad_call(findings: Sequence[Finding]) -> BadCall:
    """Return the refusal of the first thing that is wrong: what is missing goes before what is ill."""
    first = min(findings, key=lambda finding: finding.rule != "required")
    if not first.path:
        return BadCall(findings, NOT_JSON if first.place == "media type" else NO_OBJECT)
    if first.rule == "required":
        return BadCall(findings, f"{first.name} is required")
    return BadCall(findings, must_be(str(first.path[0])))


def must_be(name: str) -> str:
    """Return the text that says what a field has to be."""
    return f"{name} must be {EXPECTED.get(name, 'a value that it can have')}"


def _body(code: int, text: str, call: Call) -> dict[str, Any]:
    if chosen("error_shape", call.switches) == "success":
        return {"success": False, "error": text, "code": str(code), "timestamp": instant(call.now_ms)}
    return traced({"code": code, "msg": text, "data": None}, call)


def _show_stray(call: Call) -> Reply:
    """Fact a2e.route.unknown."""
    if prefers_json(call.headers.get("accept", "")):
        return Reply({"message": "Not Found"}, 404)
    return Reply("<h1>404 Not Found</h1>", 404, _HTML)


def _headers(error: ApiError, now_ms: int) -> Headers:
    if isinstance(error, WrongMethod):
        return (("Allow", ", ".join(error.allowed)),)
    if isinstance(error, Busy):  # fact a2e.error.rate-limit
        opens_at_ms = now_ms + _WINDOW_MS if error.opens_at_ms is None else error.opens_at_ms
        return (("Retry-After", str(max(-(-(opens_at_ms - now_ms) // 1000), 1))),)
    return ()
