"""Downloads of what jobs made: whole, in part, or not at all if the client has it already."""

import asyncio
import re
from email.utils import formatdate, parsedate_to_datetime

from aiohttp import web
from multidict import CIMultiDict

from simulator.jobs.files import Output
from simulator.media.cache import MadeFiles
from simulator.media.media_file import MediaFile
from simulator.vendors.vendor import Headers

_CHUNK_BYTES = 1 << 18
_COSTLY_PX = 1 << 20  # of all frames that are drawn: from here on a thread makes the file
_RANGE = re.compile(r"bytes=\s*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))\s*", re.IGNORECASE)
_PART = re.compile(r"(?=.*[0-9])([0-9]{0,18})\s*-\s*([0-9]{0,18})")
_Span = tuple[int, int]


class _BadRange(Exception):
    """A ``Range`` that is none; it says why, as a framework does that reads ranges strictly."""


async def make_file(made: MadeFiles, output: Output) -> MediaFile:
    """Return an output's file; a large picture is made in a thread."""
    if output.width_px * output.height_px > _COSTLY_PX:
        return await asyncio.to_thread(made.get, output)
    return made.get(output)


class Download(web.StreamResponse):
    """A reply that sends a stretch of a file, ``span``, in pieces."""

    def __init__(self, status: int, headers: Headers, file: MediaFile, start: int, stop: int) -> None:
        super().__init__(status=status, headers=CIMultiDict(headers))
        self.file, self.span = file, (start, stop)
        self._first, self._last = start, stop
        self.content_length = stop - start

    async def write_eof(self, data: bytes = b"") -> None:
        """Send the stretch, once, unless only its headers were asked for."""
        start, self._first = self._first, self._last
        if self._req is not None and self._req.method != "HEAD":
            for piece in self.file.chunks(start, self._last, _CHUNK_BYTES):
                await self.write(piece)
        await super().write_eof(data)


def send_file(
    request: web.BaseRequest, file: MediaFile, modified_ms: int, headers: Headers = (), *, strict: bool = False
) -> web.StreamResponse:
    """Return the reply to a download: 200, 206, 304 or 416, as the request's own headers ask for.

    ``strict``: a range counts for HEAD as well, and one that is none is refused with 400.
    """
    etag = f'"{file.etag}"'
    modified = formatdate(modified_ms // 1000, usegmt=True)
    common: Headers = (*headers, ("ETag", etag), ("Last-Modified", modified), ("Accept-Ranges", "bytes"))
    if _is_known(request, etag, modified_ms):
        return _empty(304, common)
    whole: Headers = (("Content-Type", file.media_type), *common)
    may_part = _may_part(request, etag, modified, strict)
    try:
        span = (_strict_span if strict else _span)(request, file.size_bytes) if may_part else None
    except _BadRange as bad:
        return web.Response(status=400, text=str(bad), headers=CIMultiDict(headers))
    if span is None:
        return Download(200, whole, file, 0, file.size_bytes)
    start, stop = span
    if start >= stop:
        text: Headers = (*headers, ("Content-Type", "text/plain; charset=utf-8")) if strict else common
        return _empty(416, (*text, ("Content-Range", f"bytes */{file.size_bytes}")))
    return Download(206, (*whole, ("Content-Range", f"bytes {start}-{stop - 1}/{file.size_bytes}")), file, start, stop)


def _empty(status: int, headers: Headers) -> web.StreamResponse:
    return web.Response(status=status, headers=CIMultiDict(headers))


def _is_known(request: web.BaseRequest, etag: str, modified_ms: int) -> bool:
    """Return whether the client's copy is still good; an ETag outweighs a date."""
    said = request.headers.get("If-None-Match")
    if said is not None:
        return said.strip() == "*" or etag in [one.strip().removeprefix("W/") for one in said.split(",")]
    since_ms = _instant_ms(request.headers.get("If-Modified-Since", ""))
    return since_ms is not None and modified_ms // 1000 <= since_ms // 1000


def _may_part(request: web.BaseRequest, etag: str, modified: str, strict: bool) -> bool:
    """Return whether a range may be sent: always, unless ``If-Range`` means another file."""
    return (strict or request.method == "GET") and request.headers.get("If-Range", etag).strip() in (etag, modified)


def _span(request: web.BaseRequest, size_bytes: int) -> _Span | None:
    """Return the one range asked for, empty if it lies outside; None for none, several or a malformed one."""
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix:
        return (max(size_bytes - int(suffix), 0), size_bytes) if int(suffix) else (0, 0)
    start, stop = int(first), int(last) + 1 if last else size_bytes
    if last and stop <= start:
        return None
    return start, min(stop, size_bytes)


def _strict_span(request: web.BaseRequest, size_bytes: int) -> _Span | None:
    """Return what ``_span`` does, by stricter rules.

    Raises:
        _BadRange: what is asked for is no range, or runs backwards.
    """
    said = request.headers.get("Range")
    if said is None:
        return None
    unit, mark, rest = said.partition("=")
    if not mark:
        raise _BadRange("Malformed range header.")
    if unit.strip().lower() != "bytes":
        raise _BadRange("Only support bytes range")
    found = [one for part in rest.split(",") if (one := _PART.fullmatch(part.strip()))]
    if not found:
        raise _BadRange("Range header: range must be requested")
    if any(one[1] and int(one[1]) >= size_bytes for one in found):
        return 0, 0
    if any(one[1] and one[2] and int(one[1]) > int(one[2]) for one in found):
        raise _BadRange("Range header: start must be less than end")
    if len(found) > 1:
        return None
    first, last = found[0].groups()
    start = int(first) if first else max(size_bytes - int(last), 0)
    return start, min(int(last) + 1, size_bytes) if first and last else size_bytes


def _instant_ms(text: str) -> int | None:
    try:
        return int(parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
