"""DeepSwapAI's routes: what each call asks for."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.jobs.commands import Claim, GetAccount, HasCredits, LookUp, Need, Submit
from simulator.jobs.errors import Finding, NotEnoughCredits, WrongMediaType
from simulator.jobs.files import Input
from simulator.vendors.deepswapai.errors import FaceIndexOutOfRange, bad_call
from simulator.vendors.deepswapai.inputs import MEDIA, claims, given, item_errors
from simulator.vendors.deepswapai.lifecycle import length_ms, video_credits
from simulator.vendors.deepswapai.words import show_credits, show_image, show_status, show_submitted
from simulator.vendors.vendor import Call, Operation

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "imageSwap": {"output_format": "png", "quality": "high", "face_index": 0},
    "videoSwap": {"output_format": "mp4", "quality": "high", "face_enhance": True},
    "batchSwap": {"output_format": "png", "quality": "high"},
}
"""Facts deepswapai.image-swap.default-format, deepswapai.image-swap.default-quality,
deepswapai.image-swap.default-face-index, deepswapai.video-swap.default-format, deepswapai.video-swap.default-quality,
deepswapai.video-swap.face-enhance, deepswapai.batch-swap.options.
"""

_FIELDS = {
    "imageSwap": ("source_image", "target_image", "output_format", "quality", "face_index"),
    "videoSwap": ("source_image", "target_video", "output_format", "quality", "face_enhance", "webhook_url"),
    "batchSwap": ("source_image", "target_images", "output_format", "quality", "webhook_url"),
}
_UNKNOWN_FIELD = ("propertyNames", "additionalProperties", "unevaluatedProperties")


def read_image(call: Call, findings: Sequence[Finding]) -> Submit:
    """Read an image swap; its reply waits for the end (fact deepswapai.image-swap.synchronous)."""
    _judge(call, findings)
    sources, targets = given(call, "source_image"), given(call, "target_image")
    fields = _fields(call)
    [target] = targets
    index = int(fields["face_index"])
    needs = [
        *_claims(sources, "image"),
        *_claims(targets, "image"),
        Claim(index < target.faces, FaceIndexOutOfRange("target image", target.faces)),
    ]
    return _submit(call, "image", fields, sources + targets, needs, price=1, is_blocking=True)


def read_video(call: Call, findings: Sequence[Finding]) -> Submit:
    """Read a video swap."""
    _judge(call, findings)
    sources, targets = given(call, "source_image"), given(call, "target_video")
    [target] = targets
    needs = [*_claims(sources, "image"), *_claims(targets, "video")]
    price = video_credits(length_ms(target.duration_ms))
    return _submit(call, "video", _fields(call), sources + targets, needs, price=price)


def read_batch(call: Call, findings: Sequence[Finding]) -> Submit:
    """Read a batch; a target that cannot be swapped fails alone, a bad source refuses all."""
    _judge(call, findings)
    sources, targets = given(call, "source_image"), given(call, "target_images")
    errors = item_errors(targets)
    price = len(targets) - len(errors)
    command = _submit(call, "batch", _fields(call), sources + targets, _claims(sources, "image"), price=price)
    command.item_count, command.item_errors = len(targets), errors
    return command


def read_status(call: Call, findings: Sequence[Finding]) -> LookUp:
    """Read a look at a job; an image swap is none (fact deepswapai.status.image-job)."""
    return LookUp((call.path["job_id"],), kinds=("video", "batch"))


def read_credits(call: Call, findings: Sequence[Finding]) -> GetAccount:
    """Read a look at the balance."""
    return GetAccount()


def _judge(call: Call, findings: Sequence[Finding]) -> None:
    """Refuse a body that is no JSON or breaks the contract; fields that are not documented are let through.

    So is media text that is neither URL nor Base64: it counts as a file that cannot be read, and is judged as one.
    Facts deepswapai.request.unknown-fields, deepswapai.input.unreadable.
    """
    wrong = []
    for finding in findings:
        if finding.place == "media type":
            raise WrongMediaType(call.media_type, ("application/json",))
        if finding.rule in _UNKNOWN_FIELD:
            call.marks.append(f"a field that is not documented was ignored: {finding.name or finding.message}")
        elif finding.rule != "pattern" or finding.path[0] not in MEDIA:
            wrong.append(finding)
    if wrong:
        raise bad_call(wrong, call.operation)


def _fields(call: Call) -> dict[str, Any]:
    """Return what the job keeps of a body, defaults filled in; files given as text are left out, they are long."""
    kept = {name: call.body[name] for name in _FIELDS[call.operation] if name in call.body}
    for name in MEDIA.keys() & kept.keys():
        texts = kept[name] if isinstance(kept[name], list) else [kept[name]]
        urls = [text for text in texts if text[:8].lower().startswith(("http://", "https://"))]
        kept[name] = urls if isinstance(kept[name], list) else "".join(urls)
    return {**DEFAULTS[call.operation], **kept}


def _claims(held: Sequence[Input], kind: str) -> list[Claim]:
    return [claim for one in held for claim in claims(one, kind)]


def _submit(
    call: Call,
    kind: str,
    fields: Mapping[str, Any],
    inputs: tuple[Input, ...],
    needs: Sequence[Need],
    *,
    price: int,
    is_blocking: bool = False,
) -> Submit:
    """Inputs are judged before credits: fact deepswapai.request.order."""
    paid = (*needs, HasCredits(price, NotEnoughCredits))
    return Submit(call.operation, kind, fields, inputs=inputs, needs=paid, is_blocking=is_blocking)


OPERATIONS = (
    Operation(
        "imageSwap", "POST", "/v1/image-swap", read_image, show_image,
        inputs=(("source_image", "image"), ("target_image", "image")),
    ),
    Operation(
        "videoSwap", "POST", "/v1/video-swap", read_video, show_submitted,
        inputs=(("source_image", "image"), ("target_video", "video")),
    ),
    Operation(
        "batchSwap", "POST", "/v1/batch-swap", read_batch, show_submitted,
        inputs=(("source_image", "image"), ("target_images", "image")),
    ),
    Operation("getStatus", "GET", "/v1/status/{job_id}", read_status, show_status),
    Operation("getCredits", "GET", "/v1/credits", read_credits, show_credits, switch=("credits_endpoint", "on")),
)  # fmt: skip
