"""``simulator receive``: a receiver of webhooks that prints what it gets, verified and decrypted."""

import errno
import json
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec

from simulator.cli import fail
from simulator.client.message import Message, keys_always_there, reader_for, webhook_of
from simulator.client.receiver import NothingReceived, Receiver
from simulator.settings.readers import read_pair

_LOOKS_EVERY_S = 1.0  # a wait without an end cannot be interrupted on Windows
_MOST_RAW_BYTES = 2000
_PORT_ERRORS = (errno.EADDRINUSE, errno.EACCES)


def receive(
    *, vendor: str, pairs: Sequence[str], host: str, port: int, statuses: Sequence[int], for_scripts: bool
) -> int:
    """Print messages until Ctrl-C or a termination; return the exit status."""
    if not 0 <= port <= 65535:
        return fail(f"{port} is no port; a port is a number from 0 to 65535")
    try:
        keys = dict(read_pair(pair, "key") for pair in pairs)
        reader_for(vendor, keys)  # before a key that is none is taken for another argument
        receiver = Receiver(vendor, host=host, port=port, **keys)
        receiver.answer_with(*statuses)
        receiver.start()
    except ValueError as error:
        return fail(str(error))
    except OSError as error:
        hint = "--port names another port, 0 any" if error.errno in _PORT_ERRORS else "--host names another address"
        return fail(f"cannot listen on {host}:{port}: {error.strerror or error}; {hint}")
    for wish in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, signal.default_int_handler)  # where a shell starts it in the background, SIGINT is ignored
    with receiver, suppress(KeyboardInterrupt):
        print(
            _welcome(receiver.url, vendor, tuple(keys), statuses), file=sys.stderr if for_scripts else None, flush=True
        )
        while True:
            with suppress(NothingReceived):
                message = receiver.wait(_LOOKS_EVERY_S)
                print(_line(message) if for_scripts else _block(message), flush=True)
    return 0


def _welcome(url: str, vendor: str, keys: Sequence[str], statuses: Sequence[int]) -> str:
    *first, last = statuses
    answers = f"{', '.join(map(str, first))}, then {last} to all others" if first else f"{last} to each"
    return "\n".join(
        [
            f"Receiving webhooks on {url} and any path below it",
            f"  {_how_verified(vendor, keys)}",
            f"  Answers {answers}.",
            "  Ctrl-C ends it.",
            "",
        ]
    )


def _how_verified(vendor: str, keys: Sequence[str]) -> str:
    if not vendor:
        return "Nothing is verified; --vendor says whose they are."
    webhook = webhook_of(vendor)
    if not webhook.key_names:
        return f"{vendor} signs nothing: they are read, and nobody can verify them."
    if keys:
        return f"Verified as {vendor} signs, by {' and '.join(keys)}."
    absent = [name for name in webhook.key_names if name not in keys_always_there(webhook)]
    return f"To be unsigned, as {vendor} sends them where a submit has no {absent[0]}; --key {absent[0]}=SECRET if yours has."


def _block(message: Message) -> str:
    """Return a message for people; what a terminal would take for a command is escaped."""
    time_of_day = time.strftime("%H:%M:%S", time.localtime(message.received_at_ms // 1000))
    head = [f"{message.number}", f"{time_of_day}.{message.received_at_ms % 1000:03}", message.path, message.summary]
    verdict = f"WRONG: {message.problem}" if message.problem else message.verdict
    verdict += f"; answered {message.answer}" if message.answer else "; not answered"
    shown = _pretty(message.plain) if message.plain is not None else _raw(message)
    return _harmless("\n".join(["  ".join(filter(None, head)), verdict, shown, ""]))


def _line(message: Message) -> str:
    """Return a message as one line of JSON, in ASCII."""
    told = {
        "number": message.number,
        "received_at_ms": message.received_at_ms,
        "path": message.path,
        "job_id": message.job_id,
        "is_genuine": message.is_genuine,
        "problem": message.problem,
        "answer": message.answer,
        "plain": message.plain,
        "headers": dict(message.headers),
        "body": message.body.decode(errors="replace"),
    }
    return json.dumps(told)


def _pretty(plain: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(plain), indent=2).decode()


def _raw(message: Message) -> str:
    text = message.body[:_MOST_RAW_BYTES].decode(errors="backslashreplace")
    return text + (f" … ({len(message.body)} bytes)" if len(message.body) > _MOST_RAW_BYTES else "")


def _harmless(text: str) -> str:
    """Escape what cannot be printed, or not by this terminal."""
    text = "".join(letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text)
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
