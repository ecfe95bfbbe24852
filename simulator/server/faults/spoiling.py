"""What becomes of an honest answer: other bytes, other headers, another length, an early end. Nothing is written here."""

from collections.abc import Callable, Iterator

import msgspec

from simulator.jobs.faults import WireFault, malformed, padded, page, with_duplicate_keys, zipped
from simulator.server.files import Download
from simulator.server.replies import Wire, encode
from simulator.vendors.vendor import Headers

Pieces = Callable[[int], Iterator[bytes]]
_HTML: Headers = (("Content-Type", "text/html"),)
_OTHER_TYPE = "text/html; charset=utf-8"  # of JSON
_OTHER_FILE_TYPE = "application/octet-stream"
_TOO_LONG_BYTES = 100
_PIECE_BYTES = 1 << 16


class Answer(msgspec.Struct):
    """An answer as it goes out: ``pieces`` yields its body up to a byte, ``told_bytes`` is what it says that has.

    ``closes``: the connection ends behind it. ``left_alone``: it has nothing that could have gone wrong that way.
    """

    status: int
    headers: Headers
    size_bytes: int
    pieces: Pieces
    told_bytes: int = 0
    closes: bool = False
    left_alone: bool = False


def spoilt_wire(ready: Wire, fault: WireFault) -> Answer:
    """Return what a fault makes of a reply."""
    headers, body = ready.headers, ready.body
    is_json = bool(body) and _says_json(headers)
    if fault.html_page:
        return _ended(_of_bytes(fault.html_page, _HTML, page(fault.html_page)), fault)
    spoilt = _other_json(body, fault) if is_json else None
    left_alone = spoilt is None and bool(fault.malformed or fault.duplicate_keys)
    body = body if spoilt is None else spoilt
    if fault.truncated:
        body, left_alone = body[: len(body) // 2], not body
    if fault.empty:
        body = b""
    if fault.huge and is_json:
        body = padded(body, fault.huge)
    if fault.gzip and is_json:
        body = zipped(body, breaks=fault.gzip == "broken")
        headers = (*headers, ("Content-Encoding", "gzip"))
    if fault.wrong_type and body:
        headers = _with_type(headers, _OTHER_TYPE)
    left_alone |= bool(fault.huge or fault.gzip) and not is_json
    return _ended(_of_bytes(ready.status, headers, body, left_alone=left_alone), fault)


def spoilt_file(download: Download, fault: WireFault, target: str) -> Answer:
    """Return what a fault makes of a download of ``target``."""
    file, (start, stop) = download.file, download.span
    headers = tuple(
        (name, value) for name, value in download.headers.items() if name.lower() not in ("content-length", "date")
    )
    if fault.html_page:
        return _ended(_of_bytes(fault.html_page, _HTML, page(fault.html_page)), fault)
    if fault.redirect and (fault.redirect == "loop" or "redirected=1" not in target):
        return _of_bytes(302, (("Location", _redirected(target)),), b"")
    size = 0 if fault.empty else (stop - start) // 2 if fault.truncated else stop - start
    if fault.wrong_type:
        headers = _with_type(headers, _OTHER_FILE_TYPE)
    pieces: Pieces = lambda end: file.chunks(start, start + end, _PIECE_BYTES)  # noqa: E731 - it is given on, not named
    return _ended(Answer(download.status, headers, size, pieces), fault)


def _other_json(body: bytes, fault: WireFault) -> bytes | None:
    if fault.malformed:
        return malformed(body)
    return with_duplicate_keys(msgspec.json.decode(body), encode) if fault.duplicate_keys else None


def _ended(answer: Answer, fault: WireFault) -> Answer:
    """Let an answer end where it should not, or say a length that it does not have."""
    size = answer.told_bytes = answer.size_bytes
    if fault.closed_midway or fault.expires_midway:
        answer.size_bytes, answer.closes = size // 2, True
    elif fault.wrong_length:
        answer.told_bytes = size + _TOO_LONG_BYTES if fault.wrong_length == "longer" else size // 2
        answer.closes = True
    answer.left_alone |= bool(answer.closes and not size)
    return answer


def _of_bytes(status: int, headers: Headers, body: bytes, *, left_alone: bool = False) -> Answer:
    def pieces(end: int) -> Iterator[bytes]:
        return (body[at : min(at + _PIECE_BYTES, end)] for at in range(0, end, _PIECE_BYTES))

    return Answer(status, headers, len(body), pieces, len(body), left_alone=left_alone)


def _says_json(headers: Headers) -> bool:
    return any(name.lower() == "content-type" and "json" in value for name, value in headers)


def _with_type(headers: Headers, media_type: str) -> Headers:
    kept = tuple(header for header in headers if header[0].lower() != "content-type")
    return (("Content-Type", media_type), *kept)


def _redirected(target: str) -> str:
    """Return the same target under another name."""
    if "redirected=1" in target:
        return target
    return f"{target}{'&' if '?' in target else '?'}redirected=1"
