"""A2E's face swap routes: what each call asks for."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.jobs.commands import (
    Claim,
    DeleteRecord,
    ElseFails,
    GetAccount,
    GetRecord,
    Happen,
    HasCredits,
    ListJobs,
    LookUp,
    OnlyIf,
    PutRecord,
    Submit,
)
from simulator.jobs.errors import BadCall, Finding, NotEnoughCredits
from simulator.jobs.job import DELETED
from simulator.jobs.scenario import Failure
from simulator.vendors.a2e.errors import StillProcessing, WrongModel, bad_call, must_be
from simulator.vendors.a2e.ids import object_id
from simulator.vendors.a2e.kinds import PREVIEW, TASK, task_coins
from simulator.vendors.a2e.switches import chosen
from simulator.vendors.a2e.words import (
    show_coins,
    show_deleted,
    show_images,
    show_preview,
    show_preview_added,
    show_task,
    show_task_added,
    show_task_status,
    show_tasks,
)
from simulator.vendors.vendor import Call, Operation

ROOT = "/api/v1"  # fact a2e.base.url
FACE = "face"
"""The type of record that a saved face is."""

MOST_PAGE = 2**53 - 1
MOST_ROWS = 100  # fact a2e.paging.style

_FIELDS = ("name", "face_url", "video_url", "cover_url", "model_version", "webhook_url", "webhook_token")
_UNKNOWN = ("propertyNames", "additionalProperties", "unevaluatedProperties")
_HTTP = "not"
"""The rule by which the contract finds that a webhook's URL is http."""


def read_add_image(call: Call, findings: Sequence[Finding]) -> PutRecord:
    """Read a face to be saved: facts a2e.image.duplicate, a2e.image.url-kept."""
    _judge(call, findings)
    data = {"face_url": call.body["face_url"]}
    return PutRecord(FACE, "", data, new_id=lambda draws, now_ms: object_id(now_ms, draws), tells_all=True)


def read_images(call: Call, findings: Sequence[Finding]) -> GetRecord:
    """Read a look at all saved faces."""
    _judge(call, findings)
    return GetRecord(FACE)


def read_delete_image(call: Call, findings: Sequence[Finding]) -> DeleteRecord:
    """Read the removal of a saved face."""
    _judge(call, findings)
    return DeleteRecord(FACE, call.path["_id"].lower())


def read_add_preview(call: Call, findings: Sequence[Finding]) -> Submit:
    """Read a preview; facts a2e.preview.required, a2e.preview.optional-fails, a2e.preview.no-webhook."""
    urls = ("face_url", "video_url")
    if chosen("preview_fields", call.switches) == "optional":
        findings = [one for one in findings if one.rule != "required" or one.name not in urls]
    _judge(call, findings)
    fields = {name: call.body[name] for name in urls if name in call.body}
    needs = tuple(ElseFails(Claim(url in fields, BadCall()), Failure(f"{url} is missing")) for url in urls)
    return Submit(call.operation, PREVIEW, fields, inputs=call.inputs, needs=needs)


def read_add_task(call: Call, findings: Sequence[Finding]) -> Submit:
    """Read a task: facts a2e.task.add, a2e.task.options-kept, a2e.task.model-v2-refused, a2e.request.order.

    A scenario that turns the switch on may be chosen after this (fact a2e.webhook.https).
    """
    _judge(call, findings)
    fields: Mapping[str, Any] = {name: call.body[name] for name in _FIELDS if name in call.body}
    target = call.input("video_url")
    is_picture = target is None or target.kind == "image"
    coins = task_coins(target.duration_ms if target else 0)
    is_https = fields.get("webhook_url", "https://").startswith("https://")
    needs = (
        Claim(is_picture or fields.get("model_version") != "v2", WrongModel()),
        HasCredits(coins, NotEnoughCredits),
        OnlyIf("webhook_https", "on", Claim(is_https, BadCall(text=must_be("webhook_url")))),
    )
    return Submit(call.operation, TASK, fields, inputs=call.inputs, needs=needs)


def read_preview(call: Call, findings: Sequence[Finding]) -> LookUp:
    """Read a look at a preview (facts a2e.preview.status, a2e.preview.status-without-id)."""
    _judge(call, findings)
    return LookUp((call.query["_id"].lower(),), kinds=(PREVIEW,))


def read_task(call: Call, findings: Sequence[Finding]) -> LookUp:
    """Read a look at a task (facts a2e.task.detail, a2e.task.detail-aliases)."""
    _judge(call, findings)
    return LookUp((call.path["_id"].lower(),), kinds=(TASK,))


def read_task_status(call: Call, findings: Sequence[Finding]) -> ListJobs | LookUp:
    """Read a look at the tasks under way, or at one: facts a2e.task.status-unfinished, a2e.task.status-by-id."""
    _judge(call, findings)
    if "_id" in call.query:
        return LookUp((call.query["_id"].lower(),), kinds=(TASK,), lenient=True)
    return ListJobs(kinds=(TASK,), unfinished_only=chosen("task_status", call.switches) == "unfinished")


def read_tasks(call: Call, findings: Sequence[Finding]) -> ListJobs:
    """Read a look at one page of all tasks, which ``show_tasks`` cuts out because the count is of all."""
    call.query["pageNum"] = _whole(call, "pageNum", 1, MOST_PAGE)
    call.query["pageSize"] = _whole(call, "pageSize", 10, MOST_ROWS)
    return ListJobs(kinds=(TASK,))


def read_delete_task(call: Call, findings: Sequence[Finding]) -> Happen:
    """Read the removal of a task: facts a2e.delete.waiting, a2e.delete.processing, a2e.delete.ended."""
    _judge(call, findings)
    refused_in = ("processing",) if chosen("delete_processing", call.switches) == "refused" else ()
    return Happen(call.path["_id"].lower(), DELETED, (TASK,), refused_in, StillProcessing())


def read_coins(call: Call, findings: Sequence[Finding]) -> GetAccount:
    """Read a look at the balance."""
    return GetAccount()


def _judge(call: Call, findings: Sequence[Finding]) -> None:
    """Refuse what breaks the contract; what is not documented is let through, and so is a webhook by http.

    Facts a2e.request.unknown-fields, a2e.webhook.https.
    """
    wrong = []
    for finding in findings:
        if finding.rule in _UNKNOWN:
            call.marks.append(f"ignored what is not documented: {finding.place} {finding.name or finding.message}")
        elif finding.rule == _HTTP and chosen("webhook_https", call.switches) == "off":
            call.marks.append(f"let http pass: by the documentation {must_be(finding.name)}")
        else:
            wrong.append(finding)
    if wrong:
        raise bad_call(wrong)


def _whole(call: Call, name: str, usual: int, most: int) -> int:
    """Return a number of the query: facts a2e.paging.required, a2e.paging.defaults, a2e.paging.bad, a2e.paging.digits."""
    said = call.query.get(name, "")
    if said == "":
        if chosen("paging", call.switches) == "required":
            raise BadCall(text=f"{name} is required")
        return usual
    if isinstance(said, str) and len(said) <= 32 and said.isascii() and said.isdecimal():
        call.marks.append(f"read {name} as a number")
        said = int(said)
    if not isinstance(said, int) or not 1 <= said <= most:
        raise BadCall(text=must_be(name))
    return said


_SWAP = (("face_url", "image"), ("video_url", ""))

OPERATIONS = (
    Operation("addFaceSwapImage", "POST", f"{ROOT}/userFaceSwapImage/add", read_add_image, show_images),
    Operation("listFaceSwapImages", "GET", f"{ROOT}/userFaceSwapImage/records", read_images, show_images),
    Operation("deleteFaceSwapImage", "DELETE", f"{ROOT}/userFaceSwapImage/{{_id}}", read_delete_image, show_deleted),
    Operation(
        "addFaceSwapPreview",
        "POST",
        f"{ROOT}/userFaceSwapPreview/add",
        read_add_preview,
        show_preview_added,
        inputs=_SWAP,
    ),
    Operation("getFaceSwapPreviewStatus", "GET", f"{ROOT}/userFaceSwapPreview/status", read_preview, show_preview),
    Operation(
        "addFaceSwapTask",
        "POST",
        f"{ROOT}/userFaceSwapTask/add",
        read_add_task,
        show_task_added,
        inputs=_SWAP,
        secrets=("webhook_token",),
    ),
    Operation("getFaceSwapTaskStatus", "GET", f"{ROOT}/userFaceSwapTask/status", read_task_status, show_task_status),
    Operation("listFaceSwapTasks", "GET", f"{ROOT}/userFaceSwapTask/records", read_tasks, show_tasks),
    Operation("getFaceSwapTask", "GET", f"{ROOT}/userFaceSwapTask/{{_id}}", read_task, show_task),
    Operation("deleteFaceSwapTask", "DELETE", f"{ROOT}/userFaceSwapTask/{{_id}}", read_delete_task, show_deleted),
    Operation("getRemainingCoins", "GET", f"{ROOT}/user/remainingCoins", read_coins, show_coins),
)
