"""What OpenShorts refuses and how it says so (facts openshorts.error.detail, openshorts.error.validation)."""

from collections.abc import Mapping
from typing import NamedTuple

from simulator.jobs.errors import (
    ApiError,
    BodyTooLarge,
    Busy,
    ExpiredJob,
    MalformedBody,
    NoKey,
    UnknownJob,
    UnknownPath,
    WrongMethod,
)
from simulator.vendors.vendor import Call, Reply

KEY_HEADER = "X-Gemini-Key"
MIN_SOURCE_SECONDS = 45


class NotAFile(ApiError):
    """The form's ``file`` is a text, not an uploaded file."""

    def __init__(self, given: str) -> None:
        super().__init__(given)
        self.given = given


class Crashed(ApiError):
    """The server trips over a request that nobody foresaw."""


class NoSession(ApiError):
    """There is no thumbnail session of that name."""


class NoSource(ApiError):
    """The request brings no video."""


class BadWebhook(ApiError):
    """The webhook's URL cannot be used."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAcknowledged(ApiError):
    """The client has not confirmed that it may use the video."""


class UrlsDisabled(ApiError):
    """This server takes uploads only."""


class TooShort(ApiError):
    """There is not enough material to cut clips from."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds, self.least = seconds, MIN_SOURCE_SECONDS


class BadOption(ApiError):
    """A number among the options cannot be used; ``text`` says why."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Refusal(NamedTuple):
    """How an error is worded; the text is filled in with what the error is about."""

    status: int
    text: str


ERRORS: Mapping[type[ApiError], Refusal] = {
    NoKey: Refusal(400, f"Missing {KEY_HEADER} header"),
    NoSource: Refusal(400, "Must provide URL or File"),
    MalformedBody: Refusal(400, "Invalid multipart data."),
    BadWebhook: Refusal(400, "Invalid webhook_url: {reason}"),
    NotAcknowledged: Refusal(400, "You must confirm you own the content or have rights to process it."),
    TooShort: Refusal(
        400,
        "This video is only {seconds}s long — clip generation needs at least {least}s of material to cut from. "
        "It already is short-form content.",
    ),
    BadOption: Refusal(400, "{text}"),
    UrlsDisabled: Refusal(
        403, "YouTube URL ingest is disabled on this deployment. Please upload a file you own."
    ),
    NoSession: Refusal(404, "Thumbnail session not found or expired"),
    UnknownJob: Refusal(404, "Job not found"),
    ExpiredJob: Refusal(404, "Job not found"),
    UnknownPath: Refusal(404, "Not Found"),
    WrongMethod: Refusal(405, "Method Not Allowed"),
    BodyTooLarge: Refusal(413, "File too large. Max size 2048MB"),
    Busy: Refusal(429, "Too Many Requests"),
}  # fmt: skip
"""Facts openshorts.process.order, openshorts.error.not-found, openshorts.error.method, openshorts.status.unknown-job,
openshorts.error.rate-limit."""


def show_error(error: ApiError, call: Call) -> Reply:
    """Word any refusal; what is not named above is a crash."""
    error = _as_told(error, call)
    if isinstance(error, NotAFile):
        return Reply({"detail": [_not_a_file(error.given)]}, 422)
    refusal = next((ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS), None)
    if refusal is None:
        return Reply("Internal Server Error", 500, bare=True)  # fact openshorts.error.crash
    return Reply({"detail": refusal.text.format_map(vars(error))}, refusal.status)


def show_missing_file(error: ApiError, switches: Mapping[str, str]) -> Reply:
    """Word a file that has gone or never was (fact openshorts.files.missing)."""
    return Reply({"detail": "Not Found"}, 404)


def has_json(call: Call) -> bool:
    """Return whether the body counts as JSON (fact openshorts.process.bodies)."""
    return "application/json" in call.headers.get("Content-Type", "").lower()


def _as_told(error: ApiError, call: Call) -> ApiError:
    """A body that cannot be read is found only after the key (fact openshorts.process.order)."""
    if not isinstance(error, MalformedBody | BodyTooLarge):
        return error
    if not call.headers.get(KEY_HEADER):
        return NoKey()
    if isinstance(error, MalformedBody) and "multipart/" not in call.headers.get("Content-Type", "").lower():
        return Crashed() if has_json(call) else NoSource()
    return error


def _not_a_file(given: str) -> dict[str, object]:
    """Fact openshorts.process.not-a-file."""
    return {
        "type": "value_error",
        "loc": ["body", "file"],
        "msg": "Value error, Expected UploadFile, received: <class 'str'>",
        "input": given,
        "ctx": {"error": {}},
    }
