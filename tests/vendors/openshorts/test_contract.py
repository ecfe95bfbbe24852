"""That the vendor and its contract agree, and that the contract can tell."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.contract import Contract
from simulator.jobs import errors
from simulator.jobs.errors import ApiError, SimulatorError
from simulator.vendors.openshorts import VENDOR
from simulator.vendors.openshorts import errors as openshorts_errors
from simulator.vendors.openshorts.errors import (
    BadOption,
    BadWebhook,
    Crashed,
    NoSession,
    NoSource,
    NotAcknowledged,
    NotAFile,
    TooShort,
    UrlsDisabled,
)
from simulator.vendors.vendor import Call, Reply


def contract(checkout: Path) -> Contract:
    text = (checkout / "openapi/openshorts.yaml").read_text()
    return Contract("openshorts", yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def test_every_operation_of_the_contract_is_served_and_the_other_way_round(checkout: Path) -> None:
    found = contract(checkout)
    found.compile_all()

    served = {operation.id for operation in VENDOR.operations}

    assert set(found.operation_ids) == served | {checks.operation_id for checks in found.media_operations()}
    for operation in VENDOR.operations:
        checks = found.checks(operation.id)
        assert (checks.method, checks.path) == (operation.method, operation.path)


def test_every_example_of_the_contract_is_a_good_one(checkout: Path) -> None:
    found, checked = contract(checkout), 0
    document = yaml.safe_load((checkout / "openapi/openshorts.yaml").read_text())
    for item in document["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get("application/json", {})
                examples = [one["value"] for one in content.get("examples", {}).values()]
                for example in [*examples, *([content["example"]] if "example" in content else [])]:
                    reply = reply_of(example, int(status))
                    found.checks(operation["operationId"]).check_reply(reply)
                    checked += 1

    assert checked >= 16


def reply_of(body: Any, status: int = 200) -> Any:
    return Reply(body, status)


CLIP: dict[str, Any] = {
    "video_url": "/videos/x/y_clip_1.mp4", "video_description_for_tiktok": "Wait #a #b", "start": 1, "end": 2,
    "video_description_for_instagram": "Wait #c", "video_title_for_youtube_short": "Wait", "viral_hook_text": "Wait",
    "source_window_id": "window_001", "predicted_score": 9,
}  # fmt: skip


@pytest.mark.fact("openshorts.clip.captions", "openshorts.clip.head-fields")
@pytest.mark.parametrize(
    "change",
    [
        {"video_description_for_tiktok": "Wait for the end"},
        {"video_description_for_tiktok": "#tagged first"},
        {"video_description_for_instagram": "Wait #"},
        {"source_window_id": "window_000"},
        {"source_window_id": "window_1"},
        {"source_window_id": "window_1000"},
    ],
)
def test_the_contract_knows_captions_and_windows(checkout: Path, change: dict[str, Any]) -> None:
    def reply(clip: dict[str, Any]) -> Any:
        cost = {"total_cost": 0.1, "model": "m", "input_tokens": 1, "output_tokens": 1}
        result = {"clips": [clip], "cost_analysis": cost}
        return reply_of({"status": "processing", "logs": ["Job x queued.", "Started."], "result": result})

    checks = contract(checkout).checks("getStatus")
    checks.check_reply(reply(CLIP))

    with pytest.raises(SimulatorError):
        checks.check_reply(reply({**CLIP, **change}))


@pytest.mark.parametrize(
    "change",
    [
        {"progress": 5},
        {"status": "done"},
        {
            "result": {
                "clips": [],
                "cost_analysis": {"total_cost": 0.1, "model": "m", "input_tokens": 1, "output_tokens": 1},
            }
        },
        {"logs": []},
        {"logs": ["Job x queued.", " padded "]},
        {"status": "failed"},
        {"status": "completed"},
        {"status": "queued"},
    ],
)
def test_the_contract_can_fail(checkout: Path, change: dict[str, Any]) -> None:
    good = {"status": "processing", "logs": ["Job x queued.", "Job started by worker."], "result": None}
    checks = contract(checkout).checks("getStatus")
    checks.check_reply(reply_of(good))

    with pytest.raises(SimulatorError):
        checks.check_reply(reply_of({**good, **change}))


ERRORS_SAID: list[tuple[ApiError, int, str, str]] = [
    (errors.NoKey(), 400, "Missing X-Gemini-Key header", "processVideo"),
    (NoSource(), 400, "Must provide URL or File", "processVideo"),
    (errors.MalformedBody("no"), 400, "Invalid multipart data.", "processVideo"),
    (BadWebhook("URL has no host"), 400, "Invalid webhook_url: URL has no host", "processVideo"),
    (NotAcknowledged(), 400, "You must confirm you own the content or have rights to process it.", "processVideo"),
    (TooShort(30), 400, "This video is only 30s long — clip generation needs at least 45s of material to cut from. "
     "It already is short-form content.", "processVideo"),
    (BadOption("target_clips must be a number"), 400, "target_clips must be a number", "processVideo"),
    (UrlsDisabled(), 403, "YouTube URL ingest is disabled on this deployment. Please upload a file you own.",
     "processVideo"),
    (NoSession(), 404, "Thumbnail session not found or expired", "processVideo"),
    (errors.UnknownJob("x"), 404, "Job not found", "getStatus"),
    (errors.ExpiredJob("x"), 404, "Job not found", "getStatus"),
    (errors.UnknownPath("/x"), 404, "Not Found", ""),
    (errors.BodyTooLarge(1), 413, "File too large. Max size 2048MB", "processVideo"),
    (errors.Busy("rate"), 429, "Too Many Requests", "getStatus"),
    (errors.Busy("rate"), 429, "Too Many Requests", "processVideo"),
]  # fmt: skip
CRASHES: list[ApiError] = [
    ApiError(), Crashed(), errors.BadKey("x"), errors.ExpiredKey("x"), errors.BlockedAccount("x"), errors.BadCall(),
    errors.WrongMediaType("text/plain", ()), errors.UnknownRecord("x"), errors.DuplicateRecord("x", "y", "z"),
    errors.AmbiguousRecord("x"), errors.NotEnoughCredits(2, 1), errors.Unavailable(),
]  # fmt: skip


def worded(error: ApiError) -> Any:
    headers = {"X-Gemini-Key": "key", "Content-Type": "multipart/form-data; boundary=x"}
    return VENDOR.show_error(error, Call("processVideo", "POST", {}, {}, headers, lambda path, host: path))


@pytest.mark.fact("openshorts.error.detail")
@pytest.mark.parametrize(("error", "status", "text", "id"), ERRORS_SAID, ids=lambda one: type(one).__name__)
def test_an_error_is_worded_within_the_contract(
    checkout: Path, error: ApiError, status: int, text: str, id: str
) -> None:
    reply = worded(error)

    assert (reply.status, reply.body, reply.bare) == (status, {"detail": text}, False)
    if id:
        contract(checkout).checks(id).check_reply(reply)
    else:
        contract(checkout).check_shared_reply("RouteNotFound", reply)


@pytest.mark.fact("openshorts.error.crash")
@pytest.mark.parametrize("error", CRASHES, ids=lambda one: type(one).__name__)
def test_what_is_not_foreseen_is_a_crash(checkout: Path, error: ApiError) -> None:
    reply = worded(error)

    assert (reply.status, reply.body, reply.bare) == (500, "Internal Server Error", True)
    contract(checkout).checks("processVideo").check_reply(reply)


@pytest.mark.fact("openshorts.error.validation", "openshorts.error.method")
def test_the_frameworks_own_errors_are_worded_within_the_contract(checkout: Path) -> None:
    not_a_file, wrong_method = worded(NotAFile("talk.mp4")), worded(errors.WrongMethod("PUT", ["GET"]))
    allowing = Reply(wrong_method.body, wrong_method.status, (("Allow", "GET"),))  # as the server adds it

    assert (not_a_file.status, wrong_method.status) == (422, 405)
    contract(checkout).checks("processVideo").check_reply(not_a_file)
    contract(checkout).check_shared_reply("MethodNotAllowed", allowing)


def test_every_error_there_is_has_been_tried() -> None:
    def those_of(module: Any) -> set[type]:
        return {kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, ApiError)}

    tried = {type(one[0]) for one in ERRORS_SAID} | {type(one) for one in CRASHES} | {NotAFile, errors.WrongMethod}

    assert those_of(errors) | those_of(openshorts_errors) == tried
