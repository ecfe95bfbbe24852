"""What useapi refuses and how it says so (facts useapi.errors.envelope, useapi.errors.…)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

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
    MalformedBody,
    NoKey,
    NotEnoughCredits,
    UnknownJob,
    UnknownPath,
    UnknownRecord,
    WrongMediaType,
    WrongMethod,
)
from simulator.vendors.useapi.switches import chosen
from simulator.vendors.vendor import Call, Headers, Reply

ACCOUNT_CALLS = ("listAccounts", "getAccount", "putAccount", "deleteAccount")
REQUIRED = "Required param {name} is missing or empty"  # facts useapi.account.put-missing, useapi.errors.required-param
TOO_MANY_CALLS = "Too many requests"  # fact useapi.errors.rate-limit
RETRY_AFTER_S = 10  # about as long as a blocking command takes (fact useapi.blocking.duration)


class Missing(BadCall):
    """A required field is not there, or empty, or not of the kind that is due."""

    def __init__(self, name: str) -> None:
        super().__init__(text=REQUIRED.format(name=name))


class Refusal(NamedTuple):
    """How an error is worded; the text is filled in with what the error is about."""

    status: int
    text: str


ERRORS: Mapping[type[ApiError], Refusal] = {
    BadCall: Refusal(400, "{text}"),
    MalformedBody: Refusal(400, "Unable to parse request body"),
    AmbiguousRecord: Refusal(400, REQUIRED.format(name="channel")),
    DuplicateRecord: Refusal(400, "Channel {id} configuration has same {field} value"),
    NoKey: Refusal(401, "Unauthorized"),
    BadKey: Refusal(401, "Unauthorized"),
    BlockedAccount: Refusal(401, "Unauthorized"),
    ExpiredKey: Refusal(402, "Account has no subscription or subscription expired"),
    UnknownJob: Refusal(404, "Unable to locate job {job_id}"),
    UnknownRecord: Refusal(404, "Configuration not found"),
    UnknownPath: Refusal(404, "Endpoint not found"),
    WrongMethod: Refusal(405, "Method Not Allowed"),
    ExpiredJob: Refusal(410, "Job has expired"),
    BodyTooLarge: Refusal(413, "Request Entity Too Large"),
    WrongMediaType: Refusal(415, "Unsupported Media Type"),
    NotEnoughCredits: Refusal(429, "Not enough credits"),
    Busy: Refusal(429, "Channel is busy executing another job"),  # of a rate: TOO_MANY_CALLS
    ApiError: Refusal(500, "Internal Server Error"),
}
"""Whatever is not named answers as ``ApiError`` does."""


def show_error(error: ApiError, call: Call) -> Reply:
    """Word any refusal."""
    if isinstance(error, UnknownRecord) and call.operation in ACCOUNT_CALLS:
        return Reply(None, 404)  # fact useapi.account.404-empty
    status, text = _worded(error, call)
    body: dict[str, Any] = {"error": text, "code": status}
    if isinstance(error, Busy) and error.job_ids and chosen("busy", call.switches) == "executing-jobs":
        body["executingJobs"] = list(error.job_ids)
    return Reply(body, status, _headers(error, call))


def show_missing_file(error: ApiError, switches: Mapping[str, str]) -> Reply:
    """Word a file that has expired or never was, as Discord's file host does (fact useapi.attachments.expiry)."""
    return Reply("This content is no longer available.", 404)


def _worded(error: ApiError, call: Call) -> tuple[int, str]:
    refusal = next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
    status, text = refusal.status, refusal.text.format_map(vars(error))
    if isinstance(error, ExpiredJob) and call.operation in ("cancelJob", "cancelJobPlain"):
        return 404, f"Unable to locate job {error.job_id}"  # fact useapi.cancel.expired
    if isinstance(error, Busy) and error.what == Busy.RATE:
        return status, TOO_MANY_CALLS
    if isinstance(error, NotEnoughCredits):
        return int(chosen("no_credits", call.switches)), text
    if isinstance(error, UnknownRecord) and not error.id:  # fact useapi.channel.no-account
        status = int(chosen("no_account", call.switches))
        return status, text if status == 404 else REQUIRED.format(name="channel")
    return status, text or ERRORS[MalformedBody].text


def _headers(error: ApiError, call: Call) -> Headers:
    if isinstance(error, WrongMethod):
        return (("Allow", ", ".join(error.allowed)),)
    if isinstance(error, Busy) and chosen("retry_after", call.switches) == "sent":
        if error.opens_at_ms is None:
            return (("Retry-After", str(RETRY_AFTER_S)),)
        return (("Retry-After", str(max(-(-(error.opens_at_ms - call.now_ms) // 1000), 1))),)
    return ()
