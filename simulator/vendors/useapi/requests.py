"""What the commands ask for: fields, in the vendor's order of refusal, and what must hold before a job is made."""

from collections.abc import Mapping, Sequence

from simulator.jobs.commands import Claim, ElseFails, HasCredits, HasRecord, Need, Opens, Submit
from simulator.jobs.errors import (
    AmbiguousRecord,
    BadCall,
    Busy,
    Finding,
    NotEnoughCredits,
    UnknownRecord,
    WrongMediaType,
)
from simulator.jobs.files import Input
from simulator.jobs.scenario import Failure
from simulator.vendors.useapi.accounts import CHANNEL, IDNAME
from simulator.vendors.useapi.content import split_prompt
from simulator.vendors.useapi.errors import Missing
from simulator.vendors.useapi.kinds import MOVING, PRICES, STILL
from simulator.vendors.useapi.live import NO_FACE
from simulator.vendors.useapi.switches import chosen
from simulator.vendors.vendor import Call

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "headshot": ("prompt",),
    "changebg": ("a_background_photo_of", "image"),
    "picsi": ("source_image", "target_image_gif_or_video"),
}
"""Facts useapi.headshot.fields, useapi.changebg.fields, useapi.picsi.fields."""

OPTIONAL = ("channel", "options", "replyUrl", "replyRef")
FILES = frozenset({"image", "source_image", "target_image_gif_or_video"})
MOST_LETTERS = {"replyUrl": 1024, "replyRef": 1024}  # fact useapi.command.reply-limits

SLOT = "channel"
"""The pool of one slot that a channel has (fact useapi.blocking.holds-channel)."""

GIVES_UP_AFTER_MS = 120_000  # no figure is published; long enough for whatever ends at all


def read_headshot(call: Call, findings: Sequence[Finding]) -> Submit:
    """Read a headshot: fact useapi.headshot.async."""
    fields = _fields(call, findings)
    return _submit(
        call, "headshot", fields, (*_channel(call, fields, strict=True), *_saved_faces(call, fields["prompt"]))
    )


def read_changebg(call: Call, findings: Sequence[Finding]) -> Submit:
    """Read a changebg: fact useapi.changebg.async."""
    fields = _fields(call, findings)
    return _submit(call, "changebg", fields, _channel(call, fields, strict=False))


def read_picsi(call: Call, findings: Sequence[Finding]) -> Submit:
    """Read a picsi, whose target decides by its content, not by what it is called, whether the reply waits.

    Facts useapi.picsi.either, useapi.picsi.stills-block, useapi.picsi.no-face, useapi.command.file-quirks.
    """
    fields = _fields(call, findings)
    source, target = _file(call, "source_image"), _file(call, "target_image_gif_or_video")
    shows_a_face = Claim(source.faces > 0, BadCall(text=NO_FACE.message))
    needs = (*_channel(call, fields, strict=False), ElseFails(shows_a_face, NO_FACE))
    kind = MOVING if target.kind in ("animation", "video") else STILL
    return _submit(call, kind, fields, needs, is_blocking=kind == STILL)


def _fields(call: Call, findings: Sequence[Finding]) -> dict[str, str]:
    """Return the texts that were given, after every check of a field: facts useapi.errors.order, useapi.command.….

    What the contract finds wrong and the vendor does not mind is a leniency: fact useapi.errors.unknown-field.
    """
    refuse_media_type(call, findings)
    said = call.body if isinstance(call.body, dict) else {}
    for name in REQUIRED[call.operation]:
        if name in FILES:
            _file(call, name)
        elif not isinstance(said.get(name), str) or not said[name]:
            raise Missing(name)
    for name in OPTIONAL:
        if name in said and not isinstance(said[name], str):
            raise BadCall(findings, f"Param {name} is not a string")
    texts = (*(name for name in REQUIRED[call.operation] if name not in FILES), *OPTIONAL)
    fields = {name: said[name] for name in texts if said.get(name)}
    for name, most in MOST_LETTERS.items():
        if len(fields.get(name, "")) > most:
            raise BadCall(findings, f"{name} is too long")
    let_pass(call, findings)
    return fields


def refuse_media_type(call: Call, findings: Sequence[Finding]) -> None:
    """Refuse a body of another type than the operation takes (fact useapi.errors.body-type).

    Raises:
        WrongMediaType: the contract has found it so.
    """
    if any(finding.place == "media type" for finding in findings):
        raise WrongMediaType(call.media_type, ())


def let_pass(call: Call, findings: Sequence[Finding]) -> None:
    """Have the journal tell what the vendor did not mind."""
    call.marks.extend(f"passed over: {finding.place} {finding.message}" for finding in findings)


def _file(call: Call, name: str) -> Input:
    """Return a file part that is not empty (fact useapi.command.files-are-parts).

    Raises:
        Missing: there is none.
    """
    given = call.input(name)
    if given is None or given.url or not given.size_bytes:
        raise Missing(name)
    return given


def _channel(call: Call, fields: Mapping[str, str], *, strict: bool) -> tuple[Need, ...]:
    """Return the needs of a channel, its credits and its slot, in this order.

    Facts useapi.channel.strict, useapi.channel.strict-missing, useapi.channel.balanced, useapi.channel.balanced-free,
    useapi.channel.unknown, useapi.channel.no-account.
    """
    price, name = PRICES[call.operation], fields.get("channel")
    has_channel = HasRecord(
        CHANNEL,
        UnknownRecord(CHANNEL, name or ""),
        name,
        "only" if strict else "drawn",
        several=AmbiguousRecord(CHANNEL),
        unpaid=NotEnoughCredits(price),
        credits=price,
        open_pool=SLOT,
        owner=True,
    )
    return has_channel, HasCredits(price, NotEnoughCredits), Opens(SLOT, Busy)


def _saved_faces(call: Call, prompt: str) -> tuple[Need, ...]:
    """Return the needs of the faces that a prompt names, or of the newest where it names none."""
    idnames = split_prompt(prompt).idnames
    if chosen("unknown_idname", call.switches) == "accepted":
        return ()
    if not idnames:
        newest = HasRecord(IDNAME, UnknownRecord(IDNAME), choose="newest")
        return (ElseFails(newest, Failure("No idname is saved.")),)
    return tuple(
        ElseFails(
            HasRecord(IDNAME, UnknownRecord(IDNAME, idname), idname), Failure(f"The idname {idname} is not saved.")
        )
        for idname in idnames
    )


def _submit(
    call: Call, kind: str, fields: Mapping[str, str], needs: tuple[Need, ...], *, is_blocking: bool = False
) -> Submit:
    alone = is_blocking or chosen("async_limit", call.switches) == "one"
    return Submit(
        call.operation,
        kind,
        fields,
        inputs=tuple(given for given in call.inputs if given.field in REQUIRED[call.operation]),
        needs=needs,
        takes=SLOT if alone else "",
        is_blocking=is_blocking,
        gives_up_after_ms=GIVES_UP_AFTER_MS if is_blocking else None,
    )
