"""What AKOOL's calls ask for: fields, in the vendor's order of refusal, and what must hold before a job is made."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.jobs.commands import Claim, ElseFails, GetAccount, HasCredits, HasJob, HasOutput, LookUp, Need, Submit
from simulator.jobs.errors import BadCall, BadKey, Finding, NotEnoughCredits, WrongMediaType
from simulator.jobs.files import Input
from simulator.jobs.lifecycle import SUCCEEDED
from simulator.vendors.akool.auth import refuse_old_token
from simulator.vendors.akool.errors import (
    AnalysisFailed,
    AnalysisNotFinished,
    NoAnalysis,
    QuotaNotEnough,
    TooManyFaces,
    UnknownObject,
    text_of,
)
from simulator.vendors.akool.kinds import (
    ANALYSIS,
    HEAD_SWAP,
    IMAGE_SWAP,
    VIDEO_SWAP,
    locked_credits,
    video_credits,
)
from simulator.vendors.akool.live import NO_FACE, UNREADABLE
from simulator.vendors.akool.outputs import duration_ms
from simulator.vendors.akool.switches import chosen
from simulator.vendors.akool.webhooks import refuse_unfit_secret, webhook_url
from simulator.vendors.vendor import Call

MOST_FACES = 8  # fact akool.swap.most-faces
MODIFIED = {"specifyImage": ("modifyImage", "image"), "specifyVideo": ("modifyVideo", "video")}
"""The field that holds what is to be changed, and what it has to be."""

_FIELDS = {
    "analyzeHeadSwap": ("video_url", "type"),
    "createHeadSwapTask": (
        *("video_url", "mappings", "prompt", "model_name"),
        *("resolution", "template_id", "keep_original_sound", "webhookUrl"),
    ),
    "specifyImage": ("sourceImage", "targetImage", "modifyImage", "face_enhance", "webhookUrl"),
    "specifyVideo": ("sourceImage", "targetImage", "modifyVideo", "face_enhance", "webhookUrl"),
}
_UNKNOWN_FIELD = ("propertyNames", "additionalProperties", "unevaluatedProperties")


def read_token(call: Call, findings: Sequence[Finding]) -> GetAccount:
    """Read a request for a token; the secret is the API key (facts akool.token.get, akool.token.secret-is-key)."""
    _judge(call, findings)
    if "invalid" in call.body["clientId"].lower():
        raise BadKey(call.body["clientId"])
    call.account = call.body["clientSecret"].strip()
    return GetAccount(key=call.account)


def read_quota(call: Call, findings: Sequence[Finding]) -> GetAccount:
    """Read a look at the balance."""
    refuse_old_token(call)
    return GetAccount()


def read_analyze(call: Call, findings: Sequence[Finding]) -> Submit:
    """Read an analysis; a video without anybody in it is accepted, and fails (fact akool.analysis.nobody)."""
    _judge(call, findings)
    [video] = call.inputs
    shows_somebody = ElseFails(Claim(video.faces > 0, BadCall(text=NO_FACE.message)), NO_FACE)
    return Submit(call.operation, ANALYSIS, _fields(call), inputs=call.inputs, needs=(shows_somebody,))


def read_create(call: Call, findings: Sequence[Finding]) -> Submit:
    """Read a head swap, which needs a finished analysis of the very same URL that has detected whom it maps.

    Facts akool.task.same-url, akool.task.known-objects, akool.task.no-analysis, akool.task.bad-object,
    akool.task.analysis-unfinished, akool.task.analysis-failed, akool.task.order.
    """
    _judge(call, findings)
    [video] = call.inputs
    fields = _fields(call)
    _expect_usable_key(call, fields)
    where = {"video_url": fields["video_url"]}
    needs: list[Need] = [
        HasJob(ANALYSIS, NoAnalysis(), where=where),
        HasJob(ANALYSIS, AnalysisNotFinished(), SUCCEEDED, where, bind=ANALYSIS, failed=AnalysisFailed()),
    ]
    for mapping in fields["mappings"]:
        number = int(mapping["obj_id"])
        needs.append(HasOutput(ANALYSIS, number, UnknownObject(number)))
    needs.append(HasCredits(locked_credits(duration_ms(video)), NotEnoughCredits))
    return Submit(call.operation, HEAD_SWAP, fields, inputs=call.inputs, needs=tuple(needs))


def read_swap(call: Call, findings: Sequence[Finding]) -> Submit:
    """Read a face swap in an image or a video (facts akool.swap.image, akool.swap.video, akool.swap.order)."""
    _judge(call, findings)
    field, kind = MODIFIED[call.operation]
    sources, targets = call.body["sourceImage"], call.body["targetImage"]
    _judge_faces(sources, targets)
    [given] = call.inputs
    needs = (
        ElseFails(Claim(given.kind in (kind, "animation"), BadCall(text=UNREADABLE.message)), UNREADABLE),
        ElseFails(Claim(_shows_face(given), BadCall(text=NO_FACE.message)), NO_FACE),
        HasCredits(1 if kind == "image" else video_credits(duration_ms(given)), QuotaNotEnough),
    )
    fields = _fields(call)
    _expect_usable_key(call, fields)
    fields[field] = _without_content(fields[field])
    for name in ("sourceImage", "targetImage"):
        fields[name] = [{**face, "path": _without_content(face["path"])} for face in fields[name]]
    swap = IMAGE_SWAP if kind == "image" else VIDEO_SWAP
    return Submit(call.operation, swap, fields, inputs=call.inputs, needs=needs)


def read_analysis(call: Call, findings: Sequence[Finding]) -> LookUp:
    """Read a look at an analysis."""
    _judge(call, findings)
    return LookUp((call.query["_id"],), kinds=(ANALYSIS,))


def read_task(call: Call, findings: Sequence[Finding]) -> LookUp:
    """Read a look at a head swap; the id of an analysis is unknown here (fact akool.task.not-the-analysis)."""
    _judge(call, findings)
    return LookUp((call.query["_id"],), kinds=(HEAD_SWAP,))


def read_list(call: Call, findings: Sequence[Finding]) -> LookUp:
    """Read a look at several face swaps; what is unknown is left out (facts akool.result.ids, akool.result.unknown)."""
    _judge(call, findings)
    ids = (part.strip() for part in call.query["_ids"].split(","))
    return LookUp(tuple(filter(None, ids)), kinds=(IMAGE_SWAP, VIDEO_SWAP), lenient=True)


def _judge(call: Call, findings: Sequence[Finding]) -> None:
    """Refuse what breaks the contract; what the vendor does not mind is a leniency.

    Facts akool.request.unknown-fields, akool.request.webhook-url, akool.swap.opts-lenient, akool.error.media-type.

    Raises:
        ExpiredKey, WrongMediaType, BadCall: in this order.
    """
    if call.account:  # whoever asks for a token has no account yet, and what Authorization says does not matter
        refuse_old_token(call)
    wrong = []
    for finding in findings:
        if finding.place == "media type":
            raise WrongMediaType(call.media_type, ("application/json",))
        if finding.rule in _UNKNOWN_FIELD or _is_let_pass(finding, call.switches):
            call.marks.append(f"passed over: {finding.name or finding.place}: {finding.message}")
        else:
            wrong.append(finding)
    if wrong:
        raise BadCall(wrong, text_of(wrong))


def _is_let_pass(finding: Finding, switches: Mapping[str, str]) -> bool:
    """What an ``opts`` or a webhook's URL looks like is not minded, unless a switch says so."""
    last = finding.path[-1] if finding.path else ""
    if last == "opts" and finding.rule in ("type", "pattern"):
        return chosen("opts", switches) == "lenient"
    return last == "webhookUrl" and finding.rule == "pattern"


def _judge_faces(sources: Sequence[Mapping[str, Any]], targets: Sequence[Mapping[str, Any]]) -> None:
    """Refuse lists of faces that do not belong together (facts akool.swap.pairs, akool.swap.opts-required).

    Raises:
        TooManyFaces, BadCall: in this order.
    """
    if max(len(sources), len(targets)) > MOST_FACES:
        raise TooManyFaces
    if len(sources) != len(targets):
        raise BadCall(text="Parameter error: sourceImage and targetImage must have the same number of faces")
    for name, faces in (("sourceImage", sources), ("targetImage", targets)):
        for number, face in enumerate(faces):
            if len(faces) > 1 and face.get("opts") in (None, "", []):
                raise BadCall(text=f"Parameter error: {name}.{number}.opts is required where there are several faces")


def _fields(call: Call) -> dict[str, Any]:
    """Return what the job keeps of a body; null is nothing (fact akool.request.null)."""
    return {name: said for name in _FIELDS[call.operation] if (said := call.body.get(name)) is not None}


def _expect_usable_key(call: Call, fields: Mapping[str, Any]) -> None:
    """A key of any length is good for calls, but not for webhooks.

    Raises:
        SimulatorError: a webhook is wanted that cannot be encrypted.
    """
    if webhook_url(fields):
        refuse_unfit_secret(call.account)


def _shows_face(given: Input) -> bool:
    return given.faces > 0 or given.kind == "unknown"


def _without_content(text: str) -> str:
    """Return a URL as it is; a file given as text is not kept, it is long."""
    return text if text[:8].lower().startswith(("http://", "https://")) else ""
