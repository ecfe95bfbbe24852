"""What all kinds of clients do at the same time: some well, some badly, some leave in the middle of it."""

import asyncio
import json
import re
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from simulator import vendors
from simulator.jobs.chance import Draws
from simulator.jobs.faults import HEADER
from tests.test_vendors_on_the_wire import BEFORE, STATUS, SUBMITS, with_key
from tests.test_webhooks_on_the_wire import IDS, URL_FIELDS

FAULTS = (
    *("error=503", "refused", "reset", "closed_midway", "wrong_length=longer", "truncated", "malformed"),
    *("empty", "html_page=502", "gzip=broken", "duplicate_keys", "quota=1"),
)
NONSENSE = (
    b"nonsense\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET /a2e HT",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40,
    b"GET /" + b"a" * 10_000,
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 500 + b"\r\n",
    b"POST /a2e/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /deepswapai/v1/video-swap HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    b"CONNECT video.a2e.ai:443 HTTP/1.1\r\nHost: video.a2e.ai\r\n\r\n",
    b"CONNECT video.a2e.ai:443 HTTP/1.1\r\nHost: video.a2e.ai\r\n\r\n\x16\x03\x01",
    b"CONNECT video.a2e.ai:80 HTTP/1.1\r\nHost: video.a2e.ai\r\n\r\nGET / HT",
    b"",
)
LOOKS = (
    *("journal?limit=20", "journal/count?vendor=a2e", "counters", "clock", "scenarios", "jobs?limit=20"),
    *("webhooks?limit=20", "accounts", "records", "switches", "faults", "scenarios/pins", "received"),
)
_WAYS = ("plain", "plain", "https", "by proxy")
_NO_ANSWER = (aiohttp.ClientError, ConnectionError, TimeoutError, asyncio.IncompleteReadError, ValueError)


class World:
    """What all workers share: where the server is, where webhooks go, what has been counted."""

    def __init__(self, url: str, tls_url: str, ca: ssl.SSLContext | None, hook: str) -> None:
        self.url, self.tls_url, self.ca, self.hook = url, tls_url, ca, hook
        self.done: Counter[str] = Counter()
        self.virtual_ms = 0


class Worker:
    """One client with a sandbox of its own, on a clock that it moves; ``number`` and ``round`` choose all it does."""

    def __init__(self, world: World, session: aiohttp.ClientSession, number: int) -> None:
        self.world, self.session, self.number = world, session, number
        self.url, self.sandbox = world.url, ""
        self.proxy: str | None = None
        self.draws = Draws("soak", number)

    async def play(self, phase: int, until_calls: int) -> None:
        """Make a sandbox, use it round by round until so many calls were made by all, and drop it."""
        round = 0
        while self.world.done["calls"] < until_calls:
            if round % 5 == 0:
                await self._change_sandbox(f"soak_{self.number}_{phase}_{round}")
            self.draws = Draws("soak", self.number, phase, round)
            way = self.draws.one_of(_WAYS, "way") if self.world.tls_url else "plain"
            self.url = self.world.url if way == "plain" else self.world.tls_url
            self.proxy = self.world.url if way == "by proxy" else None
            self.world.done[f"rounds {way}"] += 1
            await self._job()
            act = self.draws.one_of(_ACTS, "act")
            with suppress(*_NO_ANSWER):
                await act(self)
            round += 1
        await self._change_sandbox("")

    async def _change_sandbox(self, id: str) -> None:
        if self.sandbox:
            await self._call("DELETE", f"/_simulator/sandboxes/{self.sandbox}")
        self.sandbox = id
        if id:
            await self._call("POST", "/_simulator/sandboxes", {"id": id, "seed": "7", "clock": {"mode": "manual"}})
            self.world.done["sandboxes"] += 1

    async def _call(self, method: str, path: str, body: Any = None, **about: Any) -> tuple[int, bytes]:
        """Make one call; return status and body, 0 for no answer."""
        self.world.done["calls"] += 1
        url = path if path.startswith("http") else self.url + path
        try:
            about |= {"ssl": self.world.ca or True, "proxy": self.proxy}
            async with self.session.request(method, url, json=body, **about) as reply:
                return reply.status, await reply.read()
        except _NO_ANSWER:
            self.world.done["unanswered"] += 1
            return 0, b""

    async def _control(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        status, said = await self._call(method, f"/_simulator/sandboxes/{self.sandbox}/{path}", body)
        if status >= 300:
            self.world.done[f"{status} for {method} {path.partition('?')[0]}"] += 1
        return status, said

    async def _advance(self, seconds: int) -> None:
        self.world.virtual_ms += seconds * 1000
        await self._control("POST", "clock/advance", {"by": seconds * 1000})

    async def _job(self) -> None:
        """Submit a job, look at it while time passes, and fetch what it made."""
        vendor, kind = self.draws.one_of(tuple(SUBMITS), "kind")
        if (vendor, kind) in BEFORE:
            await self._submit(vendor, BEFORE[vendor, kind])
            await self._advance(60)
        status, said = await self._submit(vendor, kind)
        job_id = _job_id(vendor, said)
        if status not in (200, 202) or not job_id:
            self.world.done[f"refused submits of {vendor}"] += 1
            return
        self.world.done["jobs"] += 1
        where = self._vendor(vendor, (STATUS.get((vendor, kind)) or STATUS[vendor]).format(id=job_id))
        for look in range(self.draws.whole(8, 24, "looks")):
            if look % 4 == 3:
                await self._advance(self.draws.whole(1, 40, "advance", look))
            _, said = await self._call("GET", where, headers=_headers(vendor))
        await self._advance(600)
        _, said = await self._call("GET", where, headers=_headers(vendor))
        for url in re.findall(rb'"(https?://[^"]+/~[^"]+)"', said)[:2]:
            await self._download(url.decode())

    async def _submit(self, vendor: str, kind: str) -> tuple[int, bytes]:
        path, fields, files = SUBMITS[vendor, kind]
        if self.draws.whole(0, 1, "hook", kind):
            fields = {**fields, URL_FIELDS[vendor]: f"{self.world.hook}/{self.number}"}
        headers = _headers(vendor)
        if self.draws.whole(0, 9, "fault", kind) == 0:
            headers[HEADER] = self.draws.one_of(FAULTS, "which fault", kind)
        if not files:
            return await self._call("POST", self._vendor(vendor, path), fields, headers=headers)
        form = aiohttp.FormData()
        for name, text in fields.items():
            form.add_field(name, text)
        for name, content in files.items():
            form.add_field(name, content, filename="blob")
        return await self._call("POST", self._vendor(vendor, path), headers=headers, data=form)

    def _vendor(self, vendor: str, path: str) -> str:
        return f"/~{self.sandbox}/{vendor}{path}"

    async def _download(self, url: str) -> None:
        """Fetch a file: whole, in part, or leave in the middle of it."""
        self.world.done["downloads"] += 1
        how = self.draws.whole(0, 2, "download", url)
        if how == 0:
            await self._call("GET", url)
        elif how == 1:
            await self._call("GET", url, headers={"Range": "bytes=10-99"})
        else:
            self.world.done["calls"] += 1
            with suppress(*_NO_ANSWER):
                async with self.session.get(url, ssl=self.world.ca or True, proxy=self.proxy) as reply:
                    await reply.content.read(100)
                    reply.close()

    async def refused(self) -> None:
        for vendor in vendors.NAMES:
            await self._call("GET", self._vendor(vendor, "/v1/no/such/path"))
            await self._call("POST", self._vendor(vendor, "/v1/video-swap"), headers=_headers(vendor), data=b"{")
            await self._call("DELETE", self._vendor(vendor, "/v1/account"), headers=_headers(vendor))
        await self._call("GET", "/nobody/at/all")

    async def searched(self) -> None:
        for look in LOOKS:
            await self._control("GET", look)
        await self._call("GET", "/_simulator/metrics")
        await self._call("GET", "/_simulator/health")

    async def reset(self) -> None:
        await self._control("POST", "reset")

    async def held(self) -> None:
        """Begin blocking calls: one is answered once the clock is moved, one is left by its client."""
        await self._control("PATCH", "clock", {"hold": True})
        path, fields, _ = SUBMITS["deepswapai", "image"]
        where, headers = self._vendor("deepswapai", path), _headers("deepswapai")
        patient = asyncio.create_task(self._call("POST", where, fields, headers=headers))
        hasty = asyncio.create_task(self._call("POST", where, fields, headers=headers))
        for _ in range(50):
            _, said = await self._control("GET", "counters")
            if json.loads(said or b"{}").get("held") == 2:
                break
        hasty.cancel()
        await self._advance(600)
        await asyncio.wait({patient, hasty}, timeout=20)
        await self._control("PATCH", "clock", {"hold": False})
        self.world.done["held"] += 1

    async def nonsense(self) -> None:
        """Send what is no HTTP and leave, after the answer or before it."""
        at = urlsplit(self.world.url)
        for number, data in enumerate(NONSENSE):
            self.world.done["calls"] += 1
            reader, writer = await asyncio.open_connection(at.hostname, at.port)
            try:
                writer.write(data)
                writer.write_eof()
                if (number + self.number) % 2:
                    async with asyncio.timeout(5):
                        await reader.read()
            finally:
                writer.close()
        self.world.done["nonsense"] += len(NONSENSE)

    async def faults(self) -> None:
        """Lay faults for all calls to come, meet them, and take them away."""
        for fault in ({"reset": True}, {"error": 503}, {"closed_midway": True}, {"truncated": True}):
            await self._control("POST", "faults", {"vendor": "a2e", "times": 1, "faults": fault})
        for _ in range(5):
            await self._submit("a2e", "preview")
        await self._control("DELETE", "faults")

    async def left_upload(self) -> None:
        """Begin an upload and leave."""
        at = urlsplit(self.world.url)
        self.world.done["calls"] += 1
        _, writer = await asyncio.open_connection(at.hostname, at.port)
        try:
            head = f"POST {self._vendor('useapi', '/v1/faceswap/changebg')} HTTP/1.1\r\nHost: x\r\n"
            head += "Authorization: Bearer k\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000\r\n\r\n"
            writer.write(
                head.encode()
                + b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
                + b"x" * 300_000
            )
            await writer.drain()
        finally:
            writer.close()


_ACTS: tuple[Callable[[Worker], Awaitable[None]], ...] = (
    Worker.refused,
    Worker.searched,
    Worker.reset,
    Worker.held,
    Worker.nonsense,
    Worker.faults,
    Worker.left_upload,
)


def _headers(vendor: str) -> dict[str, str]:
    return {name.replace("_", "-"): said for name, said in with_key(vendor).items()}


def _job_id(vendor: str, said: bytes) -> str:
    """Return the id of the job that a reply to a submit tells, "" if it tells none."""
    try:
        found: Any = json.loads(said)
        for part in IDS[vendor].split("."):
            found = found[part]
    except (ValueError, KeyError, TypeError):
        return ""
    return str(found)
