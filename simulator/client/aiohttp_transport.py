"""Calls of the control API for those who await them, over aiohttp."""

from collections.abc import Mapping

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL

from simulator.client.transport import WAITING_TIMEOUT_S, headers_for, read_body, read_url, target_of, unreachable
from simulator.client.verbs import Answer


class AiohttpTransport:
    """Speaks to a simulator by its URL; its session is made by the first call, in that call's loop."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """Make one that has no connection yet.

        Raises:
            ValueError: it is no URL of http or https.
        """
        self._parts = read_url(url)
        self.url = url.rstrip("/")
        self._headers = headers_for(token)
        self._session: ClientSession | None = None

    async def ask(
        self, method: str, path: str, query: Mapping[str, str | int] | None = None, body: object = None
    ) -> Answer:
        """Make a call.

        Raises:
            Unreachable: nobody answers.
        """
        if self._session is None:
            self._session = ClientSession(headers=self._headers, timeout=ClientTimeout(WAITING_TIMEOUT_S))
        url = URL(f"{self._parts.scheme}://{self._parts.netloc}{target_of(self._parts, path, query)}", encoded=True)
        said = None if body is None else msgspec.json.encode(body)
        try:
            async with self._session.request(method, url, data=said) as response:
                return Answer(response.status, read_body(await response.read()))
        except (ClientError, OSError) as error:
            raise unreachable(self.url, error) from error

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
