"""The eleven verbs as a table: their words, and what a job repeats of its command."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from simulator.jobs.files import Input

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")


class Verb(msgspec.Struct, frozen=True):
    """``texts`` and ``files`` are repeated in a job, in this order.

    The bot answers with the ``title`` of a job that it submits, or by saying what is done.
    """

    word: str
    title: str = ""
    says: str = ""
    texts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


VERBS = {
    "headshot": Verb("faceswap-headshot", "Headshot", texts=("prompt", "options")),
    "changebg": Verb("faceswap-changebg", "Changebg", texts=("a_background_photo_of", "options"), files=("image",)),
    "picsi": Verb("faceswap-picsi", "Picsi", texts=("options",), files=("source_image", "target_image_gif_or_video")),
    "swap": Verb(
        "faceswap-swap",
        says="idname {swapid_idname} swapped",
        texts=("saveid_idname", "swapid_idname"),
        files=("saveid_image", "swapid_image"),
    ),
    "inswapper": Verb("faceswap-INSwapper", says="swapped", texts=("targetMessageId",)),
    "saveid": Verb("faceswap-saveid", says="idname {idname} created", texts=("idname",), files=("image",)),
    "swapid": Verb("faceswap-swapid", says="idname {idname} swapped", texts=("idname",), files=("image",)),
    "setid": Verb("faceswap-setid", says="default idname set to {idname}", texts=("idname",)),
    "delid": Verb("faceswap-delid", says="idname {idname} deleted", texts=("idname",)),
    "listid": Verb("faceswap-listid", says="Your saved idnames: {idnames}"),
    "delall": Verb("faceswap-delall", says="all idnames deleted"),
}
"""By operation: facts useapi.job.verbs, useapi.job.request-fields, useapi.job.fields."""


def repeated(verb: Verb, fields: Mapping[str, Any], inputs: Sequence[Input]) -> dict[str, Any]:
    """Return what a job repeats of its command; what was not given is left out."""
    said: dict[str, Any] = {name: fields[name] for name in verb.texts if name in fields}
    files = {given.field: given for given in inputs}
    return said | {name: _told(files[name]) for name in verb.files if name in files}


def _told(given: Input) -> dict[str, Any]:
    """Facts useapi.job.image-echo, useapi.job.image-type-fallback."""
    declared = given.declared_type.partition(";")[0].strip()
    readable = _MEDIA_TYPE.fullmatch(declared)
    return {"size": given.size_bytes, "type": declared if readable else "application/octet-stream"}
