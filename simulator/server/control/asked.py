"""What a call of the control API says, however it came, and how a request's body is read."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web

from simulator.contract import Checks
from simulator.jobs.errors import BodyTooLarge, MalformedBody
from simulator.server.addresses import FRONT_DOOR, Door
from simulator.server.bodies import NO_BODY, URLENCODED, Body, read_body, read_json, read_raw
from simulator.server.control.calls import BadRequest

MAX_BODY_BYTES = 8 << 20
MAX_RECEIVED_BYTES = 1 << 20
JSON = "application/json"
_ANYTHING, _BYTES = "*/*", "application/octet-stream"
_READ_AS_JSON = (JSON, URLENCODED, "")  # what curl -d and forgetful clients send; no operation takes a form


class Asked(msgspec.Struct):
    """What a call says, however it came. ``sandbox`` is the one that a prefix or the port names."""

    method: str
    parts: Sequence[str]
    query: dict[str, Any]
    body: Body
    headers: Mapping[str, str]
    here: str
    door: Door = FRONT_DOOR
    sandbox: str = ""


async def read_request(request: web.BaseRequest, checks: Checks) -> Body:
    """Read what a request holds, as bytes where anything is taken, else as JSON.

    Raises:
        BadRequest: it is too large, or none that can be read.
    """
    return await _read_any_body(request) if _ANYTHING in checks.accepts else await _read_json_body(request, checks)


async def _read_any_body(request: web.BaseRequest) -> Body:
    """Read a body as it is.

    Raises:
        BadRequest: it is too large, or broken.
    """
    try:
        raw = await read_raw(request, MAX_RECEIVED_BYTES)
    except BodyTooLarge as error:
        raise BadRequest(f"the body is larger than {error.limit_bytes} bytes") from error
    except MalformedBody as error:
        raise BadRequest(f"the body cannot be read: {error.reason}") from error
    return Body(bool(raw), _BYTES, raw=raw)


async def _read_json_body(request: web.BaseRequest, checks: Checks) -> Body:
    """Read a body as JSON, also where it does not say that it is.

    Raises:
        BadRequest: it is none, or too large.
    """
    if not checks.accepts or not request.can_read_body:
        return NO_BODY
    body = await read_body(request, lambda media_type: media_type in _READ_AS_JSON, MAX_BODY_BYTES)
    try:
        if body.error is not None:
            raise body.error
        if body.is_there and body.media_type in _READ_AS_JSON:
            return msgspec.structs.replace(body, value=read_json(body.raw), media_type=JSON)
    except BodyTooLarge as error:
        raise BadRequest(f"the body is larger than {error.limit_bytes} bytes") from error
    except MalformedBody as error:
        raise BadRequest(f"the body is no JSON: {error.reason}") from error
    return body
