"""One line for each call, each attempt at a webhook and each error of our own, for eyes or for machines."""

import json
import logging
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

import msgspec

from simulator.jobs.deliveries import shown_url
from simulator.sandbox.delivery import Delivery
from simulator.sandbox.sandbox import Sandbox
from simulator.server.observing.lines import Lines
from simulator.server.observing.watch import CONTROL, Told, Watch, shown_target

FORMATS = ("text", "json")
MOST_LETTERS = 500  # of one path, mark or message
MOST_IDS = 20
_encode = msgspec.json.Encoder(enc_hook=str).encode
_PROBES = ("getHealth", "getReadiness")
_OURS = ("simulator", "asyncio", "aiohttp", "opentelemetry")
Fields = dict[str, Any]


class Log:
    """Tells what a watch sees, ``form`` being text or json; the errors of this process that are ours come in between."""

    _real_seconds = staticmethod(time.time)  # in a class, where a test that freezes time does not look

    def __init__(self, form: str, stream: TextIO | None) -> None:
        self._lines = Lines(stream)
        self._word = _as_json if form == "json" else _as_text
        self._handler = _Handler(self)
        for name in _OURS:
            logging.getLogger(name).addHandler(self._handler)

    def listen(self, watch: Watch) -> None:
        """Hear of everything from now on."""
        watch.listen(self.tell_call, self.tell_attempt)

    def close(self) -> None:
        """Write what waits, and tell no more."""
        for name in _OURS:
            logging.getLogger(name).removeHandler(self._handler)
        self._lines.close()

    def write(self, kind: str, fields: Fields, level: str = "info") -> None:
        """Write a line; fields that are empty are left out."""
        said: Fields = {"time": _instant(int(self._real_seconds() * 1000)), "level": level, "kind": kind}
        for name, value in fields.items():
            if value or value == 0:
                said[name] = value
        self._lines.add(self._word(said))

    def tell_call(self, told: Told) -> None:
        """Write the line of a call; that a probe found all well every few seconds is none."""
        if told.operation in _PROBES and told.vendor == CONTROL and told.status == 200:
            return
        exchange, request, is_http = told.exchange, told.request, told.address is not None
        fields: Fields = {
            "method": request.method[:20] if is_http else "",
            "path": _cut(told.target) if is_http else "",
            "status": told.status,
            "took_ms": round(told.took_s * 1000, 3),
            "bytes": told.sent_bytes or None,
            "vendor": told.vendor,
            "operation": told.operation or (exchange.stray if exchange else ""),
        }
        if exchange is not None:
            job, sandbox = exchange.job, exchange.sandbox
            fields |= {
                "sandbox": sandbox.id,
                "job_ids": _some(exchange.job_ids),
                "scenario": job.plan.script.scenario.name if job is not None else "",
                "virtual_time": _instant(exchange.call.now_ms) if exchange.call.now_ms else "",
                "marks": [_cut(mark) for mark in told.marks],
                "trace_id": f"{exchange.span.get_span_context().trace_id:032x}" if exchange.span is not None else "",
            }
        fields["client"] = client_of(request)
        kind = "call" if exchange is not None else "control" if told.vendor == CONTROL else _stranger(told)
        self.write(kind, fields)

    def tell_attempt(self, sandbox: Sandbox, delivery: Delivery) -> None:
        """Write the line of an attempt at a webhook."""
        attempt, job = delivery.attempts[-1], delivery.job
        fields: Fields = {
            "method": "POST",
            "path": _cut(shown_target(shown_url(delivery.url))),
            "status": attempt.status,
            "took_ms": round(attempt.took_ms, 3),
            "bytes": len(attempt.body) or None,
            "vendor": job.vendor,
            "sandbox": sandbox.id,
            "job_ids": [job.id],
            "scenario": job.plan.script.scenario.name,
            "virtual_time": _instant(attempt.at_ms),
            "webhook": delivery.number,
            "attempt": len(delivery.attempts),
            "tells": delivery.word,
            "outcome": delivery.state,
            "error": _cut(attempt.error),
        }
        self.write("webhook", fields)


class _Handler(logging.Handler):
    """Brings what was logged into the same lines."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, a traceback as a field of it."""
        try:
            about: Fields = {"logger": record.name, "message": record.getMessage()}
            if record.exc_info and record.exc_info[0] is not None:
                about["traceback"] = logging.Formatter().formatException(record.exc_info)
            self._log.write("error" if record.levelno >= logging.ERROR else "warning", about, record.levelname.lower())
        except Exception:
            self.handleError(record)


def client_of(request: Any) -> str:
    """Return a client's address and port, ``""`` where it has none any more."""
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    if not isinstance(peer, tuple) or len(peer) < 2:
        return str(request.remote or "")
    return f"[{peer[0]}]:{peer[1]}" if ":" in str(peer[0]) else f"{peer[0]}:{peer[1]}"


def _stranger(told: Told) -> str:
    return "bad_http" if told.address is None else "nobody"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"


def _some(ids: tuple[str, ...]) -> list[str]:
    return list(ids) if len(ids) <= MOST_IDS else [*ids[:MOST_IDS], f"… {len(ids)} in all"]


def _instant(at_ms: int) -> str:
    """Return what ``iso`` does; most lines are of the second of the line before."""
    return f"{_second(at_ms // 1000)}.{at_ms % 1000:03d}Z"


@lru_cache(64)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _as_json(fields: Fields) -> str:
    """Return one object on one line, with nothing in it that steers a terminal."""
    with suppress(UnicodeEncodeError):  # half a letter of a client's
        line = _encode(fields).decode()
        if line.isprintable():
            return line
    return json.dumps(fields, default=str).replace("\x7f", "\\u007f")


def _as_text(fields: Fields) -> str:
    """Return a line whose first columns stand below each other; what follows is named."""
    said = dict(fields)
    start, kind = said.pop("time"), said.pop("kind")
    said.pop("level")
    if "message" in said:
        about = f"{start} {kind.upper()} {said['logger']}: {_plain(said['message'])}"
        return "\n    ".join([about, *map(_plain, said.get("traceback", "").splitlines())])
    status, took = said.pop("status", None), said.pop("took_ms", 0.0)
    size, who = said.pop("bytes", None), (said.pop("vendor", ""), said.pop("operation", ""))
    head = f"{start} {status if status is not None else '-':>3} {said.pop('method', ''):<6} {took:>9.2f} ms "
    head += f"{size if size is not None else '-':>8} B  {said.pop('path', '')}"
    rest = [kind if kind != "call" else "", ".".join(filter(None, who))]
    rest += [f"{name}={','.join(value) if isinstance(value, list) else value}" for name, value in said.items()]
    return _plain("  ".join([head, *filter(None, rest)]))


def _plain(text: str) -> str:
    """Return a text in which nothing can break a line or steer a terminal."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "surrogatepass").decode() for letter in text
    )
