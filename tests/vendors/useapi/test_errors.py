"""Every refusal in the vendor's words, and the token of a call."""

from collections.abc import Iterator

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
    DuplicateRecord,
    ExpiredJob,
    ExpiredKey,
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
from simulator.vendors.useapi import VENDOR
from simulator.vendors.useapi.errors import Missing
from tests.vendors.useapi.jobs import CHANNEL, TOKEN, call, contract, operation, sent

fact = pytest.mark.fact
JOBID = f"job:20230909020449667-user:12345-channel:{CHANNEL}-bot:faceswap"

CASES = [
    ("getJob", BadCall(text="Query param jobid not provided"), 400, "Query param jobid not provided"),
    ("headshot", MalformedBody("broken", 3), 400, "Unable to parse request body"),
    ("headshot", Missing("prompt"), 400, "Required param prompt is missing or empty"),
    ("headshot", AmbiguousRecord("channel"), 400, "Required param channel is missing or empty"),
    ("headshot", BadCall(), 400, "Unable to parse request body"),
    ("putAccount", DuplicateRecord("channel", "discord", CHANNEL), 400, f"Channel {CHANNEL} configuration has same discord value"),
    ("getJob", NoKey(), 401, "Unauthorized"),
    ("getAccount", BadKey("x"), 401, "Unauthorized"),
    ("headshot", BlockedAccount("x"), 401, "Unauthorized"),
    ("cancelJob", ExpiredKey("x"), 402, "Account has no subscription or subscription expired"),
    ("getJob", UnknownJob("what?"), 404, "Unable to locate job what?"),
    ("listJobs", UnknownJob(JOBID), 404, f"Unable to locate job {JOBID}"),
    ("cancelJob", UnknownJob(JOBID), 404, f"Unable to locate job {JOBID}"),
    ("cancelJob", ExpiredJob(JOBID), 404, f"Unable to locate job {JOBID}"),
    ("cancelJobPlain", ExpiredJob(JOBID), 404, f"Unable to locate job {JOBID}"),
    ("picsi", UnknownRecord("channel", CHANNEL), 404, "Configuration not found"),
    ("getJob", ExpiredJob(JOBID), 410, "Job has expired"),
    ("picsi", BodyTooLarge(1), 413, "Request Entity Too Large"),
    ("picsi", WrongMediaType("text/plain", ()), 415, "Unsupported Media Type"),
    ("picsi", NotEnoughCredits(1, 0), 429, "Not enough credits"),
    ("picsi", Busy("channel"), 429, "Channel is busy executing another job"),
    ("getJob", ApiError(), 500, "Internal Server Error"),
    ("getJob", Unavailable(), 500, "Internal Server Error"),
]  # fmt: skip


@pytest.mark.parametrize(("id", "error", "status", "text"), CASES)
@fact(
    "useapi.errors.envelope",
    "useapi.auth.unauthorized",
    "useapi.auth.subscription",
    "useapi.jobs.jobid-missing",
    "useapi.jobs.unknown",
    "useapi.jobs.expired",
    "useapi.jobs.recycled",
    "useapi.cancel.errors",
    "useapi.cancel.expired",
    "useapi.errors.unreadable-body",
    "useapi.errors.body-size",
    "useapi.errors.body-type",
    "useapi.errors.internal",
)
def test_a_refusal_is_worded_to_the_letter(id: str, error: ApiError, status: int, text: str) -> None:
    reply = sent(id, VENDOR.show_error(error, call(id)))

    assert (reply.status, reply.body, reply.headers) == (status, {"error": text, "code": status}, ())


@fact("useapi.account.404-empty", "useapi.account.get-unknown", "useapi.account.delete-replies")
@pytest.mark.parametrize("id", ["getAccount", "deleteAccount"])
def test_an_account_call_finds_nothing_without_a_word(id: str) -> None:
    reply = sent(id, VENDOR.show_error(UnknownRecord("channel", CHANNEL), call(id)))

    assert (reply.status, reply.body) == (404, None)


@fact("useapi.routing.unknown-path")
def test_an_unknown_path_is_no_endpoint() -> None:
    reply = VENDOR.show_error(UnknownPath("/v1/faceswap/nothing"), call("getJob"))

    contract().check_shared_reply("RouteNotFound", reply, VENDOR.headers)
    assert (reply.status, reply.body) == (404, {"error": "Endpoint not found", "code": 404})


@fact("useapi.routing.wrong-method")
def test_a_wrong_method_is_told_which_are_right() -> None:
    reply = VENDOR.show_error(WrongMethod("PUT", ("GET", "POST")), call("getJob"))

    contract().check_shared_reply("MethodNotAllowed", reply, VENDOR.headers)
    assert (reply.status, reply.body) == (405, {"error": "Method Not Allowed", "code": 405})
    assert reply.headers == (("Allow", "GET, POST"),)


def kinds_of_error(of: type[ApiError] = ApiError) -> Iterator[type[ApiError]]:
    for kind in of.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from kinds_of_error(kind)


def test_every_kind_of_error_has_its_own_words() -> None:
    worded = {type(error) for _, error, _, _ in CASES} | {UnknownPath, WrongMethod}

    assert set(kinds_of_error()) <= worded


@fact("useapi.attachments.expiry")
@pytest.mark.parametrize("error", [ExpiredJob(JOBID), UnknownPath("attachments/1/2/a.png")])
def test_a_file_that_is_not_there_is_a_404_in_plain_text(error: ApiError) -> None:
    reply = VENDOR.show_missing_file(error, {})

    assert (reply.status, reply.body) == (404, "This content is no longer available.")


@fact("useapi.cors.any-origin")
def test_any_page_may_read_every_reply() -> None:
    assert VENDOR.allows_any_origin


@fact("useapi.auth.bearer", "useapi.auth.token-shape")
@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", f"bearer  {TOKEN} "])
def test_the_token_is_taken_as_it_is(header: str) -> None:
    assert VENDOR.authenticate(call("getJob", headers={"authorization": header})) == TOKEN


@fact("useapi.auth.bearer")
@pytest.mark.parametrize("header", [TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer  "])
def test_anything_but_a_bearer_token_is_a_bad_key(header: str) -> None:
    with pytest.raises(BadKey):
        VENDOR.authenticate(call("getJob", headers={"authorization": header}))


@fact("useapi.auth.bearer", "useapi.auth.unauthorized")
@pytest.mark.parametrize("headers", [{}, {"authorization": ""}])
def test_a_call_without_a_token_has_no_key(headers: dict[str, str]) -> None:
    with pytest.raises(NoKey):
        VENDOR.authenticate(call("getJob", headers=headers))


@fact("useapi.auth.account-without-402")
def test_account_calls_do_not_look_at_the_subscription() -> None:
    blind = [found.id for found in VENDOR.operations if not found.looks_at_subscription]

    assert blind == ["listAccounts", "getAccount", "putAccount", "deleteAccount", "getUser", "updateUser"]
    assert operation("getJob").looks_at_subscription
