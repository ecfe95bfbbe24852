"""Every refusal is worded, as the contract says."""

import inspect
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.contract import Contract
from simulator.jobs import errors
from simulator.jobs.errors import ApiError, BadCall, Finding, UnknownPath, WrongMethod
from simulator.vendors.akool import VENDOR
from simulator.vendors.akool.errors import (
    ERRORS,
    AnalysisFailed,
    AnalysisNotFinished,
    NoAnalysis,
    QuotaNotEnough,
    TooManyFaces,
    UnknownObject,
)
from simulator.vendors.vendor import Call

ALL = ("getToken", "analyzeHeadSwap", "getHeadSwapAnalysis", "createHeadSwapTask", "getHeadSwapTask", "specifyImage",
       "specifyVideo", "listByIds", "getQuota")  # fmt: skip
SUBMITS = ("analyzeHeadSwap", "createHeadSwapTask", "specifyImage", "specifyVideo")
LOOKS = ("getHeadSwapAnalysis", "getHeadSwapTask")
KEYED = ALL[1:]
BAD_KEY = "Invalid authorization or the request token has expired"
CASES: list[tuple[ApiError, int, int, str, tuple[str, ...]]] = [
    (BadCall(text="Parameter error: x"), 200, 1003, "Parameter error: x", SUBMITS),
    (BadCall([Finding("body", ("resolution",), "enum", "?")]), 200, 1003,
     "Parameter error: resolution must be 480p or 720p", SUBMITS),
    (BadCall(), 200, 1003, "Parameter error", SUBMITS),
    (errors.MalformedBody("no", 1), 200, 1003, "Parameter error: the body is not valid JSON", SUBMITS),
    (errors.WrongMediaType("text/plain", ()), 200, 1003, "Parameter error: the body must be sent as application/json", SUBMITS),
    (errors.AmbiguousRecord("face"), 200, 1003, "Parameter error: it is not said which face is meant", ()),
    (errors.DuplicateRecord("face", "name", "f1"), 200, 1222, "The resource already exists", ()),
    (AnalysisNotFinished(), 200, 1003, "Parameter error: the analysis of this video_url has not completed", ("createHeadSwapTask",)),
    (AnalysisFailed(), 200, 1003, "Parameter error: the analysis of this video_url has failed", ("createHeadSwapTask",)),
    (UnknownObject(3), 200, 1003, "Parameter error: obj_id 3 is not in the analysis of this video_url", ("createHeadSwapTask",)),
    (errors.Busy("rate", 5), 200, 1005, "Operation is too frequent", ALL),
    (QuotaNotEnough(2, 1), 200, 1006, "Your quota is not enough", ("specifyImage", "specifyVideo")),
    (TooManyFaces(), 200, 1007, "At most 8 faces can be changed", ("specifyImage", "specifyVideo")),
    (errors.UnknownJob("a"), 200, 1014, "Resource not found", LOOKS),
    (errors.ExpiredJob("a"), 200, 1014, "Resource not found", LOOKS),
    (errors.UnknownRecord("a"), 200, 1014, "Resource not found", LOOKS),
    (NoAnalysis(), 200, 1014, "Resource not found", ("createHeadSwapTask",)),
    (errors.BadKey("k"), 200, 1101, BAD_KEY, ALL),
    (errors.ExpiredKey("k"), 200, 1101, BAD_KEY, ALL),
    (errors.NoKey(), 200, 1102, "Authorization cannot be empty", KEYED),
    (errors.NotEnoughCredits(2, 1), 200, 1104, "Credit balance is not enough", ("createHeadSwapTask",)),
    (errors.BlockedAccount("k"), 200, 1200, "The account has been blocked", ALL),
    (UnknownPath("/x"), 404, 404, "Not Found", ()),
    (WrongMethod("PUT", ["GET", "HEAD"]), 405, 405, "Method Not Allowed", ()),
    (errors.BodyTooLarge(5), 413, 413, "Request Entity Too Large", (*SUBMITS, "getToken")),
    (ApiError(), 200, 2001, "Server error", ALL),
    (errors.Unavailable(), 200, 2001, "Server error", ALL),
]  # fmt: skip


@cache
def contract() -> Contract:
    """Return the vendor's contract."""
    file = Path(__file__).parents[3] / "openapi/akool.yaml"
    return Contract("akool", yaml.load(file.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def call(**switches: str) -> Call:
    return Call("getQuota", "GET", {}, {}, {}, lambda path, host: path, switches=switches)


@pytest.mark.fact("akool.error.codes", "akool.error.texts", "akool.error.too-large", "akool.error.route",
                  "akool.error.method", "akool.envelope.no-data", "akool.envelope.http-200")  # fmt: skip
@pytest.mark.parametrize(("error", "status", "code", "text", "ids"), CASES, ids=lambda value: type(value).__name__)
def test_a_refusal_is_worded_as_the_contract_says(
    error: ApiError, status: int, code: int, text: str, ids: tuple[str, ...]
) -> None:
    reply = VENDOR.show_error(error, call())

    assert (reply.status, reply.body) == (status, {"code": code, "msg": text})
    for id in ids:
        contract().checks(id).check_reply(reply)
    if status == 404:
        contract().check_shared_reply("RouteNotFound", reply)
    if status == 405:
        contract().check_shared_reply("MethodNotAllowed", reply)
        assert dict(reply.headers)["Allow"] == "GET, HEAD"


@pytest.mark.fact("akool.error.auth-status")
@pytest.mark.parametrize("error", [errors.NoKey(), errors.BadKey(), errors.ExpiredKey(), errors.BlockedAccount()])
def test_credentials_may_be_told_by_the_status_as_well(error: ApiError) -> None:
    reply = VENDOR.show_error(error, call(auth_status="401"))

    assert reply.status == 401
    for id in ALL:
        contract().checks(id).check_reply(reply)


def test_every_refusal_there_is_has_a_case() -> None:
    def are_refusals(module: Any) -> set[type]:
        return {kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, ApiError)}

    tried = {type(case[0]) for case in CASES}

    assert are_refusals(errors) <= tried
    assert set(ERRORS) <= tried


def test_a_refusal_nobody_thought_of_is_a_server_error() -> None:
    class Surprise(ApiError):
        """Something new."""

    assert VENDOR.show_error(Surprise(), call()).body["code"] == 2001


def test_every_operation_is_described() -> None:
    assert tuple(operation.id for operation in VENDOR.operations) == ALL
    contract().compile_all()
