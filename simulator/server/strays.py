"""Calls that are for no operation: downloads, preflights, unknown paths and wrong methods, and those for nobody."""

import re

from aiohttp import web

from simulator.contract import Checks
from simulator.jobs.errors import ApiError, ContractBroken, ExpiredJob, NotFound, UnknownPath, WrongMethod
from simulator.jobs.faults import HEADER
from simulator.jobs.lifecycle import FINAL
from simulator.media.cache import MadeFiles
from simulator.server.addresses import Address, origin
from simulator.server.desks import Desks
from simulator.server.exchange import Exchange
from simulator.server.files import make_file, send_file
from simulator.server.paths import clean
from simulator.server.replies import JSON, Wire, encode, loud, respond, wire
from simulator.vendors.vendor import Headers, Reply

_HEADER_NAMES = re.compile(r"[A-Za-z0-9_, \t-]{0,2000}")


async def answer_stray(exchange: Exchange, made: MadeFiles) -> web.StreamResponse:
    """Answer a call for a path, or with a method, that is no operation's."""
    request, address, vendor = exchange.request, exchange.address, exchange.desk.vendor
    media = exchange.desk.media.find(address.parts)
    exchange.call.now_ms = exchange.sandbox.clock.now_ms()
    methods = exchange.methods or ((*media, "HEAD") if media else ())
    if _is_preflight(request):
        if vendor.show_preflight is not None:
            with exchange.sandbox.lock:
                return respond(request, _shared(exchange, "Preflight", vendor.show_preflight(exchange.call.headers)))
        if methods and vendor.allows_any_origin:
            with exchange.sandbox.lock:
                return respond(request, exchange.record(_preflight(exchange, methods)))
    if not methods and vendor.redirects_slashes and (target := _without_slash(exchange)):
        with exchange.sandbox.lock:
            return respond(request, _shared(exchange, "SlashRedirect", Reply(None, 307, (("Location", target),))))
    if exchange.methods or (media and request.method not in ("GET", "HEAD")):
        with exchange.sandbox.lock:
            return respond(request, exchange.refuse(WrongMethod(request.method, methods), None))
    is_for_files = media is not None or _host_name(address) in vendor.media_hosts
    return await _answer_file(exchange, made, media["GET"].target if media else None, is_for_files)


async def _answer_file(
    exchange: Exchange, made: MadeFiles, checks: Checks | None, is_for_files: bool
) -> web.StreamResponse:
    request, sandbox, vendor = exchange.request, exchange.sandbox, exchange.desk.vendor
    path, exchange.stray = exchange.address.path.removeprefix("/"), "download" if is_for_files else ""
    with sandbox.lock:
        try:
            if request.method not in ("GET", "HEAD"):
                raise UnknownPath(path)
            output = sandbox.find_file(vendor.name, path)
            modified_ms = _modified_ms(exchange, path)
            if sandbox.life.faults.are_laid or HEADER in exchange.call.headers:
                from simulator.server.faults import meet_download, spoil  # here, for few servers ever let one go wrong

                refusal = meet_download(exchange, path)
                if refusal is not None and exchange.struck is not None:
                    return spoil(exchange, refusal, exchange.struck)
        except (UnknownPath, ExpiredJob) as error:
            if not is_for_files and isinstance(error, UnknownPath):
                return respond(request, exchange.refuse(UnknownPath(exchange.address.path), None))
            return respond(request, _refuse_file(exchange, error, checks))
    file = await make_file(made, output)
    response = send_file(request, file, modified_ms, exchange.headers, strict=vendor.strict_ranges)
    try:
        if checks is not None:
            checks.check_file_reply(response.status, response.headers.get("Content-Type", "").partition(";")[0])
    except ContractBroken as broken:
        return respond(request, exchange.fail(broken))
    with sandbox.lock:
        exchange.record(Wire(response.status, ()))
    if exchange.struck is not None:
        from simulator.server.faults import spoil_file  # here, as above

        return spoil_file(exchange, response, exchange.struck)
    return response


def _refuse_file(exchange: Exchange, error: ApiError, checks: Checks | None) -> Wire:
    reply = exchange.desk.vendor.show_missing_file(error, exchange.call.switches)
    try:
        if checks is not None:
            checks.check_reply(reply, exchange.headers)
        return exchange.record(wire(reply, exchange.headers))
    except ContractBroken as broken:
        return exchange.fail(broken)


def _modified_ms(exchange: Exchange, path: str) -> int:
    """Return when a file came to be, as far as a download tells: its job's end, or its creation until then."""
    job = exchange.sandbox.life.store.by_path(path)
    if job is None:
        return exchange.call.now_ms
    end = job.entries[-1]
    has_ended = end.stands_for in FINAL and end.seen_at_ms <= exchange.call.now_ms
    return end.seen_at_ms if has_ended else job.created_at_ms


def _host_name(address: Address) -> str:
    return address.host.partition(":")[0].lower()


def _is_preflight(request: web.BaseRequest) -> bool:
    headers = request.headers
    return request.method == "OPTIONS" and "Origin" in headers and "Access-Control-Request-Method" in headers


def _preflight(exchange: Exchange, methods: tuple[str, ...]) -> Wire:
    """Allow a browser what the path has; what it wants to send along is allowed too."""
    wanted = exchange.request.headers.get("Access-Control-Request-Headers", "")
    headers: Headers = (
        *exchange.headers,
        ("Access-Control-Allow-Methods", ", ".join(methods)),
        ("Access-Control-Allow-Headers", wanted if wanted and _HEADER_NAMES.fullmatch(wanted) else "*"),
        ("Access-Control-Max-Age", "86400"),
        ("Vary", "Access-Control-Request-Headers"),
    )
    return Wire(204, headers)


def _without_slash(exchange: Exchange) -> str:
    """Return where a call should have gone, if its path with one slash less is an operation's; else ""."""
    request, parts = exchange.request, exchange.address.parts
    if len(parts) < 3 or parts[-1] or not exchange.desk.methods(parts[:-1], exchange.call.switches):
        return ""
    path, mark, query = clean(request.raw_path).partition("?")
    return f"{origin(request, exchange.address.host)}{path.rstrip('/')}{mark}{query}"


def _shared(exchange: Exchange, name: str, reply: Reply) -> Wire:
    """Check a reply that is no operation's by the contract's shared response of that name, and record it."""
    try:
        exchange.desk.contract.check_shared_reply(name, reply, exchange.headers)
        return exchange.record(wire(reply, exchange.headers))
    except ContractBroken as broken:
        return exchange.fail(broken)


def answer_nobody(request: web.BaseRequest, address: Address, desks: Desks) -> Wire:
    """Say where the vendors are: as an index at ``/``, as an error elsewhere."""
    here = origin(request, address.host)
    bases = {name: f"{here}/{name}" for name in sorted(desks.names)}
    if request.raw_path.partition("?")[0] == "/" and request.method in ("GET", "HEAD"):
        return Wire(200, JSON, encode({"name": "media-api-simulator", "vendors": bases}))
    first = address.parts[1][:100]
    return loud(
        NotFound(f"there is no vendor {first!r} here, and no vendor has the host {address.host[:253]!r}", vendors=bases)
    )
