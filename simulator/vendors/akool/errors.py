"""What AKOOL refuses and how it says so: with HTTP 200, and a code in the body (facts akool.envelope.…, akool.error.…)."""

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
    UnknownJob,
    UnknownPath,
    UnknownRecord,
    WrongMediaType,
    WrongMethod,
)
from simulator.vendors.akool.switches import chosen
from simulator.vendors.vendor import Call, Headers, Reply


class QuotaNotEnough(NotEnoughCredits):
    """The account cannot pay for a face swap."""


class TooManyFaces(ApiError):
    """More faces are to be changed than can be."""


class NoAnalysis(ApiError):
    """The account has analysed no video of this URL."""


class AnalysisNotFinished(ApiError):
    """The analysis of this video has not completed."""


class AnalysisFailed(ApiError):
    """The analysis of this video has failed."""


class UnknownObject(ApiError):
    """The analysis has detected nobody of this number."""

    def __init__(self, obj_id: int) -> None:
        super().__init__(obj_id)
        self.obj_id = obj_id


class Refusal(NamedTuple):
    """How an error is worded; the text is filled in with what the error is about."""

    code: int
    text: str
    status: int = 200


ERRORS: Mapping[type[ApiError], Refusal] = {
    BadCall: Refusal(1003, "{text}"),
    MalformedBody: Refusal(1003, "Parameter error: the body is not valid JSON"),
    WrongMediaType: Refusal(1003, "Parameter error: the body must be sent as application/json"),
    AmbiguousRecord: Refusal(1003, "Parameter error: it is not said which {type} is meant"),
    AnalysisNotFinished: Refusal(1003, "Parameter error: the analysis of this video_url has not completed"),
    AnalysisFailed: Refusal(1003, "Parameter error: the analysis of this video_url has failed"),
    UnknownObject: Refusal(1003, "Parameter error: obj_id {obj_id} is not in the analysis of this video_url"),
    Busy: Refusal(1005, "Operation is too frequent"),
    QuotaNotEnough: Refusal(1006, "Your quota is not enough"),
    TooManyFaces: Refusal(1007, "At most 8 faces can be changed"),
    UnknownJob: Refusal(1014, "Resource not found"),
    ExpiredJob: Refusal(1014, "Resource not found"),
    UnknownRecord: Refusal(1014, "Resource not found"),
    NoAnalysis: Refusal(1014, "Resource not found"),
    BadKey: Refusal(1101, "Invalid authorization or the request token has expired"),
    ExpiredKey: Refusal(1101, "Invalid authorization or the request token has expired"),
    NoKey: Refusal(1102, "Authorization cannot be empty"),
    NotEnoughCredits: Refusal(1104, "Credit balance is not enough"),
    BlockedAccount: Refusal(1200, "The account has been blocked"),
    DuplicateRecord: Refusal(1222, "The resource already exists"),
    UnknownPath: Refusal(404, "Not Found", 404),
    WrongMethod: Refusal(405, "Method Not Allowed", 405),
    BodyTooLarge: Refusal(413, "Request Entity Too Large", 413),
    ApiError: Refusal(2001, "Server error"),
}
"""Whatever is not named answers as ``ApiError`` does. Facts akool.error.codes, akool.error.texts, akool.error.route."""

EXPECTED = {
    "video_url": "an http or https URL",
    "img_url": "an http or https URL",
    "type": "head",
    "mappings": "a list of 1 to 5 objects with obj_id and img_url",
    "obj_id": "a whole number, counted from 0",
    "resolution": "480p or 720p",
    "prompt": "a text",
    "template_id": "a text",
    "keep_original_sound": "true or false",
    "webhookUrl": "a URL",
    "sourceImage": "a list of objects with path and opts",
    "targetImage": "a list of objects with path and opts",
    "path": "an http or https URL or a data URI",
    "opts": "four points such as 262,175:363,175:313,215:272,279",
    "modifyImage": "an http or https URL or a data URI",
    "modifyVideo": "an http or https URL or a data URI",
    "face_enhance": "0 or 1",
    "clientId": "a text that is not empty",
    "clientSecret": "a text that is not empty",
    "_id": "one text that is not empty",
    "_ids": "one text that is not empty",
}
"""What each field of a request has to be."""

UNSUPPORTED = "Your current account does not support this feature."  # fact akool.task.model-unsupported
TOO_MANY = "Up to 5 characters can be replaced at one time."  # fact akool.task.too-many-mappings

_AUTH_CODES = frozenset({1101, 1102, 1200})


def show_error(error: ApiError, call: Call) -> Reply:
    """Word any refusal; the envelope has no ``data`` then (fact akool.envelope.no-data)."""
    refusal = next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
    text = refusal.text.format_map(vars(error)) or "Parameter error"
    if isinstance(error, BadCall) and error.findings and not error.text:
        text = text_of(error.findings)
    status = int(chosen("auth_status", call.switches)) if refusal.code in _AUTH_CODES else refusal.status
    headers: Headers = (("Allow", ", ".join(error.allowed)),) if isinstance(error, WrongMethod) else ()
    return Reply({"code": refusal.code, "msg": text}, status, headers)


def text_of(findings: Sequence[Finding]) -> str:
    """Word the first thing that is wrong with a call: what is missing goes before what is ill."""
    first = min(findings, key=lambda finding: finding.rule != "required")
    if not first.path:
        return "Parameter error: the body must be a JSON object"
    if first.rule == "required":
        return f"Parameter error: {first.name} is required"
    if first.path == ("mappings",) and first.rule == "maxItems":
        return TOO_MANY
    if first.path == ("model_name",) and first.rule == "enum":
        return UNSUPPORTED
    name = next((str(part) for part in reversed(first.path) if isinstance(part, str)), "")
    return f"Parameter error: {first.name} must be {EXPECTED.get(name, 'a value that it can have')}"


def show_missing_file(error: ApiError, switches: Mapping[str, str]) -> Reply:
    """Word a file that has expired, is not there yet or never was, as the file host's storage does.

    Facts akool.file.expired, akool.file.unknown.
    """
    status = int(chosen("missing_file", switches))
    code, text = {
        403: ("AccessDenied", "Access Denied"),
        404: ("NoSuchKey", "The specified key does not exist."),
    }[status]
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{text}</Message></Error>'
    return Reply(body, status, (("Content-Type", "application/xml"),))
