"""Request bodies: JSON, forms and uploads, read in pieces and held in memory up to a limit."""

import re
from collections.abc import Callable, Container
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import aiohttp
import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from simulator.jobs.errors import ApiError, BodyTooLarge, MalformedBody
from simulator.server.paths import clean

MULTIPART, URLENCODED = "multipart/form-data", "application/x-www-form-urlencoded"
_PIECE_BYTES = 1 << 16
_MOST_TEXT_BYTES = 1 << 20  # of one text field
_MOST_PARTS = 1000
# aiohttp's, for broken parts; where warnings are errors, it stumbles over a semicolon in the first part's name too.
_BROKEN = (ValueError, LookupError, AssertionError, RuntimeError, EOFError, RuntimeWarning)
_BYTE = re.compile(r"\(byte (\d+)\)")
_NAME = re.compile(r'[;\s]name=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)
_FILE_NAME = re.compile(r'[;\s]filename=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)
_LATER_FILE_NAME = re.compile(r"[;\s]filename\*=utf-8'[^']*'([^;\s]+)", re.IGNORECASE)


class FilePart(NamedTuple):
    """One uploaded file."""

    field: str
    name: str
    declared_type: str
    data: bytes


class Body(msgspec.Struct, frozen=True, gc=False):
    """What a request's body says. ``error`` is what the vendor is to refuse, once it gets as far as the body."""

    is_there: bool = False
    media_type: str = ""
    value: Any = None
    raw: bytes = b""
    files: tuple[FilePart, ...] = ()
    error: ApiError | None = None


NO_BODY = Body()


def media_type_of(request: web.BaseRequest) -> str:
    """Return the content type that a request says, without parameters; "" if it says none."""
    return clean(request.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


async def read_body(
    request: web.BaseRequest, takes: Callable[[str], bool], limit_bytes: int, text_fields: Container[str] = ()
) -> Body:
    """Read and decode a body whose content type is taken; another one is left alone.

    A form's value is its text fields by name, a repeated one as a list; a file stands there as its file name,
    but not in one of ``text_fields``.
    """
    if not request.can_read_body:
        return NO_BODY
    media_type = media_type_of(request)
    if not takes(media_type):
        return Body(True, media_type)
    if request.content_length is not None and request.content_length > limit_bytes:
        _read_no_further(request)
        return Body(True, media_type, error=BodyTooLarge(limit_bytes))
    _ask_to_go_on(request)
    raw = b""
    try:
        if media_type == MULTIPART:
            value, files = await _read_parts(request, limit_bytes, text_fields)
            return Body(True, media_type, value, msgspec.json.encode(value), files)
        raw = await _read_all(request, limit_bytes)
        if not raw:
            return NO_BODY
        return Body(True, media_type, _decode(media_type, raw), raw)
    except ApiError as error:
        _read_no_further(request)
        return Body(True, media_type, raw=raw, error=error)
    except (web.RequestPayloadError, HttpProcessingError) as error:  # broken chunks, or a broken compression
        return Body(True, media_type, raw=raw, error=MalformedBody(str(error)))


async def read_raw(request: web.BaseRequest, limit_bytes: int) -> bytes:
    """Read a body of any content type as it comes.

    Raises:
        BodyTooLarge: it is.
        MalformedBody: its chunks or its compression are broken.
    """
    if request.content_length is not None and request.content_length > limit_bytes:
        _read_no_further(request)
        raise BodyTooLarge(limit_bytes)
    _ask_to_go_on(request)
    try:
        return await _read_all(request, limit_bytes)
    except BodyTooLarge:
        _read_no_further(request)
        raise
    except (web.RequestPayloadError, HttpProcessingError) as error:
        raise MalformedBody(str(error)) from error


def _ask_to_go_on(request: web.BaseRequest) -> None:
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _read_all(request: web.BaseRequest, limit_bytes: int) -> bytes:
    stream = request.content
    piece = await stream.readany()
    if stream.at_eof() and len(piece) <= limit_bytes:
        return piece
    pieces, size = [piece], len(piece)
    while size <= limit_bytes and (piece := await stream.readany()):
        pieces.append(piece)
        size += len(piece)
    if size > limit_bytes:
        raise BodyTooLarge(limit_bytes)
    return b"".join(pieces)


def _read_no_further(request: web.BaseRequest) -> None:
    """Have the connection closed after a refusal where the rest of the body may be a thousand times what it takes to
    send, or never come because the client waits to be asked for it; elsewhere aiohttp reads on for a while.
    """
    if "Content-Encoding" in request.headers or "Expect" in request.headers:
        request.content.set_exception(web.RequestPayloadError("nobody wants the rest"))


def _decode(media_type: str, raw: bytes) -> Any:
    if media_type == URLENCODED:
        return read_pairs(_text(raw))
    if media_type == "application/json" or media_type.endswith("+json"):
        return read_json(raw)
    return _text(raw)


def read_json(raw: bytes) -> Any:
    """Decode JSON.

    Raises:
        MalformedBody: it is none, or is nested too deeply.
    """
    try:
        return msgspec.json.decode(raw)
    except RecursionError as error:
        raise MalformedBody("the JSON is nested too deeply") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else _BYTE.search(str(error))
        raise MalformedBody(str(error), int(at[1]) if isinstance(at, re.Match) else at or 0) from error


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody(str(error), error.start) from error


def read_pairs(text: str) -> dict[str, Any]:
    """Read ``a=1&b=2``: a text for each name, a list of texts for one that is repeated."""
    found: dict[str, Any] = {}
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            if "%" in pair or "+" in pair:
                name, value = unquote_plus(name), unquote_plus(value)
            _add(found, name, value)
    return found


def _add(found: dict[str, Any], name: str, value: str) -> None:
    if name not in found:
        found[name] = value
    elif isinstance(found[name], list):
        found[name].append(value)
    else:
        found[name] = [found[name], value]


async def _read_parts(
    request: web.BaseRequest, limit_bytes: int, text_fields: Container[str]
) -> tuple[dict[str, Any], tuple[FilePart, ...]]:
    fields: dict[str, Any] = {}
    files: list[FilePart] = []
    left_bytes = limit_bytes
    try:
        reader = aiohttp.MultipartReader(request.headers, request.content)
        for _ in range(_MOST_PARTS):
            part = await reader.next()
            if part is None:
                return fields, tuple(files)
            if not isinstance(part, aiohttp.BodyPartReader):
                raise MalformedBody("a part of the form is itself in parts")
            name, file_name = _names(part.headers.get("Content-Disposition", ""))
            data = await _read_part(part, min(left_bytes, limit_bytes if file_name is not None else _MOST_TEXT_BYTES))
            left_bytes -= len(data)
            if file_name is None:
                _add(fields, name, _text(data))
                continue
            files.append(FilePart(name, file_name, clean(part.headers.get("Content-Type", "")), data))
            if name not in text_fields:
                _add(fields, name, file_name)
    except _BROKEN as error:
        raise MalformedBody(str(error) or type(error).__name__) from error
    raise MalformedBody(f"the form has more than {_MOST_PARTS} parts")


async def _read_part(part: aiohttp.BodyPartReader, limit_bytes: int) -> bytes:
    pieces, size = [], 0
    while piece := await part.read_chunk(_PIECE_BYTES):
        size += len(piece)
        if size > limit_bytes:
            raise BodyTooLarge(limit_bytes)
        pieces.append(piece)
    return b"".join(pieces)


def _names(disposition: str) -> tuple[str, str | None]:
    """Return a part's field name and, if it is a file, its file name."""
    disposition = clean(disposition)
    name = _NAME.search(disposition)
    if name is None or not disposition.lower().startswith("form-data"):
        raise MalformedBody("a part of the form has no name")
    later, plain = _LATER_FILE_NAME.search(disposition), _FILE_NAME.search(disposition)
    if later:
        return _unquoted(name), unquote_plus(later[1].replace("+", "%2B"))
    return _unquoted(name), _unquoted(plain) if plain else None


def _unquoted(found: re.Match[str]) -> str:
    quoted, plain = found[1], found[2]
    return re.sub(r"\\(.)", r"\1", quoted).replace("%22", '"') if quoted is not None else plain
