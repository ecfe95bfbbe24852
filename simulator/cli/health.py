"""``simulator health``: ask a running server whether it is ready, for a container's health check."""

import sys
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simulator.cli import _parser, fail
from simulator.settings import BadSetting, Settings, read_settings

_TIMEOUT_SECONDS = 2.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  where a server that listens everywhere can be called


def health(url: str, first_process: Path = Path("/proc/1/cmdline")) -> int:
    """Return 0 if the server at a URL, or else the one of this machine, is ready; 1 if not, 2 for wrong use.

    Without a URL it is found by the settings: by those of the environment, and in a container by the flags that its
    first process was given too, so that ``docker run … serve --port 9000`` is healthy.
    """
    try:
        where = _ready_at(url) if url else _own_url(read_settings(_flags_of(first_process)))
    except BadSetting as error:
        return fail(str(error))
    problem = _ask(where)
    print(f"{where} is ready" if not problem else f"{where}: {problem}", file=sys.stderr if problem else sys.stdout)
    return 1 if problem else 0


def _ready_at(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and " " not in url
    except ValueError:
        is_one = False
    if not is_one:
        raise BadSetting(f"--url: {url!r} is no URL of a server; write for example http://localhost:8080")
    return f"{url.rstrip('/')}/_simulator/ready"


def _own_url(settings: Settings) -> str:
    host = _EVERYWHERE.get(settings.host, settings.host)
    port = settings.port if settings.control_port is None else settings.control_port
    if port == 0:
        raise BadSetting("the port 0 does not tell which one the system chose; --url says where the server is")
    path = "/_simulator/ready" if settings.has_control else "/"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"


def _flags_of(process: Path) -> dict[str, Any]:
    """Return the flags of the server that a container's first process is, or starts; none where it is none of ours."""
    try:
        words = process.read_bytes().decode("utf-8", "surrogateescape").split("\0")[:-1]
    except OSError:  # no Linux, or another user's
        return {}
    return vars(_parser().parse_args(words[words.index("serve") :])) if _is_ours(words) else {}


def _is_ours(words: Sequence[str]) -> bool:
    before = words[: words.index("serve")] if "serve" in words else []
    return bool(before) and Path(before[-1]).name == "simulator"


def _ask(url: str) -> str:
    """Return what is wrong, or nothing."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path)
        reply = connection.getresponse()
        said = reply.read(300).decode("utf-8", "replace")
        return "" if reply.status == 200 else f"not ready: {reply.status} {' '.join(said.split())}"
    except (OSError, HTTPException, UnicodeError) as error:  # the last is of a name that can be none, as in http://a..b
        return f"no answer: {' '.join(str(error).split()) or type(error).__name__}"
    finally:
        connection.close()
