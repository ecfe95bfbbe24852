"""What a submit asks for: every check in the server's own order, and what the job keeps of the request."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from simulator.jobs.commands import Claim, Need, OnlyIf, Submit
from simulator.jobs.errors import Finding, NoKey
from simulator.jobs.files import Input
from simulator.vendors.openshorts.errors import (
    KEY_HEADER,
    MIN_SOURCE_SECONDS,
    BadOption,
    BadWebhook,
    Crashed,
    NoSession,
    NoSource,
    NotAcknowledged,
    NotAFile,
    TooShort,
    UrlsDisabled,
    has_json,
)
from simulator.vendors.openshorts.switches import DOCS, HEAD, chosen, profile
from simulator.vendors.vendor import Call

OPTIONS = {"target_clips": (1, 15), "clip_min_seconds": (5, 175), "clip_max_seconds": (10, 180)}
"""The numbers that may be given, from and to (fact openshorts.process.options)."""

KEPT = (
    *("url", "file", "acknowledged", "output_format", "layouts", "force_low_quality"),
    *("auto_hook", "auto_hook_style", "thumbnail_session_id"),
)
_GAP_SECONDS = 5
_YES = ("1", "true", "yes")
_TOLD = re.compile(r"[?&]duration=[0-9]")


def read_process(call: Call, findings: Sequence[Finding]) -> Submit:
    """Read a submit; the order of its checks is fact openshorts.process.order."""
    upload = _upload(call)
    said = _fields(call)
    if not has_json(call) and upload is None and said.get("file"):
        raise NotAFile(str(said["file"]))
    if not call.headers.get(KEY_HEADER):
        raise NoKey
    if has_json(call) and not isinstance(call.body, dict):
        raise Crashed
    url = said.get("url")
    if not url and upload is None:
        raise NoSession if said.get("thumbnail_session_id") and profile(call.switches) != DOCS else NoSource
    numbers: Mapping[str, int] = {}
    hook: Mapping[str, str] = {}
    if profile(call.switches) != DOCS:
        numbers, hook = _judge(call, said, url, upload), _hook(call, said)
    for finding in findings:
        if finding.rule == "additionalProperties":
            call.marks.append(f"a field that is not known was ignored: {finding.name}")
    never_ends = bool(url) and not isinstance(url, str)  # fact openshorts.process.url-no-text
    if never_ends:
        call.marks.append("a url that is no text was taken; its job will never end")
    kept = {**{name: _plain(said[name]) for name in KEPT if name in said}, **numbers, **hook}
    kept["url" if url else "file"] = None if never_ends else url or (upload.name if upload else "")
    source = call.input("url") if url else upload
    inputs = (source,) if source is not None else ()
    count = numbers.get("target_clips", 0)
    needs = _public_if_asked(hook)
    return Submit(call.operation, "clips", kept, inputs, needs, count, takes="workers", never_ends=never_ends)


def told_ms(source: Input | None) -> int:
    """Return how long a source is, where its header or its URL tells; else 0 (a URL is never fetched)."""
    if source is None or (source.url and not _TOLD.search(source.url)):
        return 0
    return source.duration_ms


def _plain(said: Any) -> Any:
    """Return a value as a job keeps it: lists as texts with commas, as in a form; nothing deeper."""
    if isinstance(said, list):
        return ",".join(one for one in said if isinstance(one, str))
    return said if isinstance(said, str | bool) else type(said).__name__


def _upload(call: Call) -> Input | None:
    """Return the uploaded file; of several the last one counts."""
    if has_json(call):
        return None
    files = [
        held for held in call.inputs if held.field == "file" and not held.url and (held.name or held.declared_type)
    ]
    return files[-1] if files else None


def _fields(call: Call) -> dict[str, Any]:
    """Return the fields of any body; in a form the last of a name counts, and an empty one is none."""
    if not isinstance(call.body, dict):
        return {}
    if has_json(call):
        return call.body
    last = {name: said[-1] if isinstance(said, list) and said else said for name, said in call.body.items()}
    return {name: said for name, said in last.items() if said != ""}


def _judge(call: Call, said: Mapping[str, Any], url: Any, upload: Input | None) -> Mapping[str, int]:
    """Make the checks that the newest server has beyond the documented one; return the numbers."""
    if said.get("webhook_url"):
        _check_webhook(str(said["webhook_url"]))
        if chosen("public_webhooks", call.switches) == "on" and (reason := _not_public(str(said["webhook_url"]))):
            raise BadWebhook(reason)
    if not _is_acknowledged(call, said.get("acknowledged")):
        if profile(call.switches) == HEAD:
            raise NotAcknowledged
        call.marks.append("acknowledged was missing; the newest OpenShorts refuses that, its documentation does not")
    if url and chosen("url_ingest", call.switches) == "disabled":
        raise UrlsDisabled
    if url:
        _check_length(call.input("url"))
    numbers = {name: number for name in OPTIONS if (number := _number(name, said.get(name))) is not None}
    low, high = numbers.get("clip_min_seconds"), numbers.get("clip_max_seconds")
    if low is not None and high is not None and high < low + _GAP_SECONDS:
        raise BadOption(f"clip_max_seconds must be at least {_GAP_SECONDS}s above clip_min_seconds")
    if not url:
        _check_length(upload)
    return numbers


def _is_acknowledged(call: Call, said: Any) -> bool:
    """Fact openshorts.process.acknowledged: in JSON any truthy value counts, even the text "false"."""
    return bool(said) if has_json(call) else str(said).lower() in _YES


def _check_length(source: Input | None) -> None:
    length_ms = told_ms(source)
    if 0 < length_ms < MIN_SOURCE_SECONDS * 1000:
        raise TooShort(length_ms // 1000)


def _number(name: str, said: Any) -> int | None:
    if said is None or said == "":
        return None
    try:
        number = float(said)
    except (TypeError, ValueError, OverflowError):
        raise BadOption(f"{name} must be a number") from None
    if not number.is_integer():
        raise BadOption(f"{name} must be an integer")
    low, high = OPTIONS[name]
    if not low <= number <= high:
        raise BadOption(f"{name} must be between {low} and {high}")
    return int(number)


def _check_webhook(url: str) -> None:
    """Fact openshorts.process.webhook-url."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise BadWebhook(str(error)) from error
    if parts.scheme not in ("http", "https"):
        raise BadWebhook(f"Unsupported URL scheme: {parts.scheme!r}")
    if not host:
        raise BadWebhook("URL has no host")


def _not_public(url: str) -> str:
    """Return what is wrong with a good URL's host by fact openshorts.process.webhook-public; no name is ever looked up."""
    host = urlsplit(url).hostname or ""
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return ""  # a name: it counts as public
    return "" if address.is_global else f"URL host is not a public address: {address}"


def _public_if_asked(hook: Mapping[str, str]) -> tuple[Need, ...]:
    """Refuse a host that is not public where the scenario asks for that; the sandbox's own switch was asked before."""
    reason = _not_public(hook["webhook_url"]) if hook else ""
    return (OnlyIf("public_webhooks", "on", Claim(False, BadWebhook(reason))),) if reason else ()


def _hook(call: Call, said: Mapping[str, Any]) -> Mapping[str, str]:
    """Return where the job's end is to be told and what signs it (fact openshorts.webhook.secret-no-text)."""
    url, secret = said.get("webhook_url"), said.get("webhook_secret")
    if not url:
        return {}
    if secret and not isinstance(secret, str):
        call.marks.append("a webhook_secret that is no text was taken; no webhook will be sent")
        return {}
    return {"webhook_url": str(url), "webhook_secret": secret} if secret else {"webhook_url": str(url)}
