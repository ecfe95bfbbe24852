"""What is refused and how it is said; every reply here is judged by the contract."""

from pathlib import Path

import pytest
import yaml

from simulator.jobs import errors
from simulator.jobs.errors import ApiError
from simulator.vendors.a2e import VENDOR
from simulator.vendors.a2e.accept import prefers_json
from simulator.vendors.a2e.errors import ERRORS, EXPECTED, StillProcessing, WrongModel, show_missing_file
from simulator.vendors.vendor import Reply
from tests.vendors.a2e.house import TASK_AT_MS, House, contract

fact = pytest.mark.fact
ANY: list[tuple[ApiError, int, int]] = [
    (errors.BadCall(text="x"), 400, 1001),
    (errors.BadCall(), 400, 1001),
    (errors.MalformedBody("x"), 400, 1001),
    (StillProcessing(), 400, 1001),
    (WrongModel(), 400, 1001),
    (errors.NoKey(), 401, 401),
    (errors.BadKey("x"), 401, 401),
    (errors.ExpiredKey("x"), 401, 401),
    (errors.BlockedAccount("x"), 403, 403),
    (errors.UnknownJob("x"), 404, 1001),
    (errors.ExpiredJob("x"), 404, 1001),
    (errors.UnknownRecord("face"), 404, 1001),
    (errors.BodyTooLarge(64), 413, 413),
    (errors.Busy("rate"), 429, 429),
    (errors.NotEnoughCredits(), 200, 1002),
    (ApiError(), 500, 500),
    (errors.AmbiguousRecord("face"), 500, 500),
]


def shown(error: ApiError, id: str = "", headers: dict[str, str] | None = None, **switches: str) -> Reply:
    """Return how an error is said by the first operation whose contract has it."""
    house = House(**switches)
    call = house.call(id or "addFaceSwapTask", headers=headers or {})
    reply = VENDOR.show_error(error, call)
    if id or reply.status == 404:
        return reply
    contract().checks("addFaceSwapTask").check_reply(reply)
    return reply


@fact(
    "a2e.error.msg-shape",
    "a2e.error.msg-data",
    "a2e.error.http-status",
    "a2e.error.general-code",
    "a2e.error.status-code",
    "a2e.error.unauthorized",
    "a2e.error.blocked",
    "a2e.error.too-large",
    "a2e.error.internal",
    "a2e.error.texts",
)
@pytest.mark.parametrize(("error", "status", "code"), ANY, ids=lambda one: type(one).__name__)
def test_every_error_has_a_status_a_code_and_a_text(error: ApiError, status: int, code: int) -> None:
    reply = shown(error)

    assert (reply.status, reply.body["code"]) == (status, code)
    assert list(reply.body) == ["code", "msg", "data", "trace_id"]
    assert reply.body["msg"]
    assert reply.body["data"] is None


def test_every_error_of_the_table_is_tried() -> None:
    assert set(ERRORS) - {type(error) for error, _, _ in ANY} == {errors.WrongMethod}


@fact("a2e.error.success-shape")
@pytest.mark.parametrize(("error", "status", "code"), ANY, ids=lambda one: type(one).__name__)
def test_the_other_shape_by_switch(error: ApiError, status: int, code: int) -> None:
    reply = shown(error, error_shape="success")

    assert reply.status == status
    assert {**reply.body, "error": ""} == {
        "success": False, "error": "", "code": str(code), "timestamp": "2024-06-21T03:20:22.436Z",
    }  # fmt: skip
    assert reply.body["error"]


@fact("a2e.error.http-200")
@pytest.mark.parametrize("shape", ["msg", "success"])
def test_refusals_with_http_200_by_switch(shape: str) -> None:
    house = House(error_status="200", error_shape=shape)
    job_id = house.submit()
    house.box.advance(2_000)

    replies = [
        house.reply("addFaceSwapTask", {}),
        house.reply("addFaceSwapPreview", {}),
        house.reply("addFaceSwapImage", {}),
        house.reply("getFaceSwapTask", path={"_id": "a" * 24}),
        house.reply("getFaceSwapPreviewStatus"),
        house.reply("listFaceSwapTasks"),
        house.reply("getFaceSwapTaskStatus", query={"_id": "x"}),
        house.reply("deleteFaceSwapImage", path={"_id": "x"}),
        house.delete(job_id),
    ]

    assert {(reply.status, int(reply.body["code"])) for reply in replies} == {(200, 1001)}
    assert VENDOR.show_error(errors.NoKey(), house.call("addFaceSwapTask")).status == 401


@fact("a2e.envelope.trace-id")
def test_refusals_have_no_trace_id_where_replies_have_none() -> None:
    assert "trace_id" not in shown(errors.NoKey(), trace_id="off").body


@fact("a2e.error.rate-limit")
@pytest.mark.parametrize(
    ("opens_at_ms", "seconds"), [(None, "60"), (TASK_AT_MS + 1, "1"), (TASK_AT_MS + 1001, "2"), (0, "1")]
)
def test_a_rate_limit_says_when_to_come_back(opens_at_ms: int | None, seconds: str) -> None:
    assert shown(errors.Busy("rate", opens_at_ms)).headers == (("Retry-After", seconds),)


@fact("a2e.route.unknown")
@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", True),
        ("application/*", True),
        ("application/json, text/plain, */*", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("text/html;q=0.5, application/json", True),
        ("text/html, application/json", False),
        ("application/json;q=0.4, text/plain;q=0.5", False),
        ("application/json;q=0", False),
        ("application/json;q=x", True),
        ("image/png", False),
        (", ,", False),
    ],
)
def test_an_unknown_route_is_a_page_or_json(accept: str, is_json: bool) -> None:
    reply = shown(errors.UnknownPath("/api/v1/nothing"), "addFaceSwapTask", {"accept": accept})

    contract().check_shared_reply("RouteNotFound", reply)
    assert prefers_json(accept) == is_json
    assert reply.status == 404
    assert reply.body == ({"message": "Not Found"} if is_json else "<h1>404 Not Found</h1>")


@fact("a2e.route.method")
@pytest.mark.parametrize(("switches", "status"), [({}, 404), ({"wrong_method": "405"}, 405)])
def test_a_wrong_method_is_an_unknown_route_unless_a_switch_says_405(switches: dict[str, str], status: int) -> None:
    reply = shown(
        errors.WrongMethod("PUT", ("GET", "DELETE")), "getFaceSwapTask", {"accept": "application/json"}, **switches
    )
    allow = ("Allow", "GET, DELETE")
    if allow not in reply.headers:  # the server adds it
        reply.headers += (allow,)

    contract().check_shared_reply("MethodNotAllowed", reply)
    assert reply.status == status


@fact("a2e.file.gone")
@pytest.mark.parametrize(
    ("switches", "status", "code"), [({}, 403, "AccessDenied"), ({"expired_file": "404"}, 404, "NoSuchKey")]
)
@pytest.mark.parametrize("error", [errors.ExpiredJob("x"), errors.UnknownPath("x")])
def test_a_file_that_is_not_there(switches: dict[str, str], status: int, code: str, error: ApiError) -> None:
    reply = show_missing_file(error, switches)

    for checks in contract().media_operations():
        checks.check_reply(reply)
    assert reply.status == status
    assert f"<Code>{code}</Code>" in reply.body


def test_each_field_says_what_it_has_to_be(checkout: Path) -> None:
    schemas = yaml.safe_load((checkout / "openapi/a2e.yaml").read_text())["components"]["schemas"]

    assert set(schemas["TaskRequest"]["properties"]) <= set(EXPECTED)
