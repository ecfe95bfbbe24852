"""Inputs that a client gave as URLs, fetched within limits: of address, size and time, and nowhere else than asked."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import aiohttp

from simulator.jobs.deliveries import shown_url
from simulator.media.live.failures import RenderFailure

MOST_BYTES = 500 << 20
MOST_SECONDS = 120.0
_CHUNK_BYTES = 1 << 18


class Fetcher:
    """``new_session`` returns a session for a host that connects to no address which it should not."""

    def __init__(
        self,
        new_session: Callable[[str], aiohttp.ClientSession],
        most_bytes: int = MOST_BYTES,
        most_seconds: float = MOST_SECONDS,
    ) -> None:
        self._new_session, self._most_bytes, self._most_seconds = new_session, most_bytes, most_seconds

    async def fetch(self, url: str, path: Path) -> None:
        """Write what a URL leads to into a file; redirects are not followed.

        Raises:
            RenderFailure: ``too_many_bytes``, or ``undecodable`` where it cannot be had; the detail says why.
        """
        try:
            async with (
                asyncio.timeout(self._most_seconds),
                self._new_session(urlsplit(url).hostname or "") as session,
                session.get(url, allow_redirects=False) as reply,
            ):
                await self._write(reply, url, path)
        except TimeoutError as error:
            raise _unreachable(url, f"did not end within {self._most_seconds:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _unreachable(url, f"cannot be fetched: {_reason(error)}") from error

    async def _write(self, reply: aiohttp.ClientResponse, url: str, path: Path) -> None:
        if 300 <= reply.status < 400:
            raise _unreachable(url, f"redirects (status {reply.status}), and redirects are not followed")
        if reply.status != 200:
            raise _unreachable(url, f"answers with status {reply.status}")
        if (reply.content_length or 0) > self._most_bytes:
            raise self._too_large(url)
        file: BinaryIO = await asyncio.to_thread(path.open, "wb")
        left = self._most_bytes
        try:
            async for piece in reply.content.iter_chunked(_CHUNK_BYTES):
                left -= len(piece)
                if left < 0:
                    raise self._too_large(url)
                await asyncio.to_thread(file.write, piece)
        finally:
            await asyncio.to_thread(file.close)

    def _too_large(self, url: str) -> RenderFailure:
        return RenderFailure("too_many_bytes", f"{shown_url(url)} is larger than {self._most_bytes} bytes")


def _unreachable(url: str, why: str) -> RenderFailure:
    return RenderFailure("undecodable", f"{shown_url(url)} {why}")


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or str(error.os_error)
    return str(error) or type(error).__name__
