"""Whole commands of each verb served, and what they are told."""

from typing import Any

import msgspec
import pytest

from simulator.jobs.errors import ApiError
from simulator.jobs.files import Input
from simulator.vendors.useapi import VENDOR
from tests.vendors.useapi.jobs import (
    FACE,
    PROMPT,
    STILL,
    Keeps,
    admitted,
    call,
    read,
    sent,
)

OTHER = "1218247389001809923"
IMAGE = msgspec.structs.replace(STILL, field="image")
LONG = "x" * 1025
FULL: dict[str, tuple[dict[str, Any], tuple[Input, ...]]] = {
    "headshot": ({"prompt": PROMPT}, ()),
    "changebg": ({"a_background_photo_of": "a beach"}, (IMAGE,)),
    "picsi": ({}, (FACE, STILL)),
}


def asked(id: str, *files: Input, without: str = "", **fields: Any) -> Any:
    """Return a whole command of this verb, but for one field, with other fields added."""
    body, usual = FULL[id]
    kept = (given for given in files or usual if given.field != without)
    return call(id, {name: text for name, text in {**body, **fields}.items() if name != without}, *kept)


def refusal(made: Any) -> Any:
    """Return what a refused call is told, once the contract has judged it."""
    with pytest.raises(ApiError) as caught:
        read(made)
    return sent(made.operation, VENDOR.show_error(caught.value, made)).body


def told(made: Any, keeps: Keeps) -> Any:
    """Return what a call is told that is well formed and whose needs do not hold."""
    with pytest.raises(ApiError) as caught:
        admitted(read(made), keeps)
    return sent(made.operation, VENDOR.show_error(caught.value, made))
