"""One webhook over HTTP: posted once, with every way in which a receiver can misbehave told in plain words."""

import asyncio
import errno
import io
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from contextvars import ContextVar
from time import perf_counter

import aiohttp
import msgspec
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from simulator.jobs.deliveries import shown_url
from simulator.outgoing.reach import Reach
from simulator.outgoing.resolving import Resolver
from simulator.vendors.vendor import Headers

MOST_KEPT_BYTES = 16_384  # of an answer's headers, and again of its body
_LARGE_BYTES = 1 << 20  # aiohttp warns of a larger body unless it can be read piece by piece
_UNSAID = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")  # what aiohttp would add by itself
_MOST_WORDS = 120  # letters, of what aiohttp found wrong with an answer
_NO_SUCH_HOST = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
_SCHEMES = ("http", "https")


class Answer(msgspec.Struct, gc=False):
    """What came of a webhook. ``status`` is 0 and ``headers`` are empty where no answer began.

    ``error`` says what went wrong, whatever the status; ``""`` where nothing did. ``headers`` and ``body`` are cut at
    16 KiB. ``is_refused``: nothing was sent, because webhooks may not go there.
    """

    status: int = 0
    headers: Headers = ()
    body: bytes = b""
    error: str = ""
    took_ms: float = 0.0
    is_refused: bool = False


class _Way(msgspec.Struct):
    """The way to a host: why some of its addresses were refused, and a socket for each that was not."""

    host: str
    refusals: list[str] = []
    sockets: list[socket.socket] = []

    @property
    def is_barred(self) -> bool:
        """Nothing could be sent."""
        return bool(self.refusals) and not self.sockets

    def leave(self) -> None:
        """Have done with the receiver at once, also with what it has not taken yet."""
        for each in self.sockets:
            with suppress(OSError):  # it is closed already
                each.shutdown(socket.SHUT_RDWR)


_WAY: ContextVar[_Way] = ContextVar("the way of the webhook that is under way")


class Poster:
    """Posts webhooks. Each has a connection of its own, so that what one receiver did to it is never met by the next.

    Connections that are kept would post two to three times as many in a second. But a receiver may close one at any
    moment without a word, and nobody can tell whether it had read what was just sent: it is then lost, or sent twice.
    """

    def __init__(self, reach: Reach, *, verifies_tls: bool = True) -> None:
        self._reach, self._verifies_tls = reach, verifies_tls
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, headers: Headers, body: bytes, timeout_s: float) -> Answer:
        """Send a webhook and return what its receiver says, or why it says nothing; it takes no longer than the time-out.

        Raises nothing but what cancels it. Only ``Host``, ``Content-Length`` and ``Connection`` go with ``headers``, and
        ``Authorization`` where the URL holds a user. A redirect is an answer like any other.
        """
        began, answer = perf_counter(), Answer()
        try:
            target, authorization = _read_url(url)
        except ValueError as error:
            return Answer(error=f"refused: the URL {shown_url(url)} {error}", is_refused=True)
        if authorization and not any(name.lower() == "authorization" for name, _ in headers):
            headers = (*headers, ("Authorization", authorization))
        way = _Way(target.raw_host or "")
        token = _WAY.set(way)
        try:
            async with asyncio.timeout(timeout_s):
                await self._exchange(target, headers, body, answer)
        except TimeoutError:
            answer.error = f"{'the answer did not end' if answer.status else 'no answer'} within {timeout_s:g} s"
        except Exception as error:
            answer.is_refused = way.is_barred
            answer.error = f"refused: {way.refusals[0]}" if answer.is_refused else _in_words(error, url)
        finally:
            _WAY.reset(token)
            way.leave()
        answer.took_ms = (perf_counter() - began) * 1000
        return answer

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session:
            await session.close()

    async def _exchange(self, target: URL, headers: Headers, body: bytes, answer: Answer) -> None:
        data = body if len(body) <= _LARGE_BYTES else io.BytesIO(body)
        if self._session is None:
            self._session = self._new_session()
        response = await self._session.post(target, headers=headers, data=data, allow_redirects=False)
        try:
            if response.status < 100:
                raise HttpProcessingError(message=f"Invalid response status: {response.status}")
            answer.status, answer.headers = response.status, _start_of(response.raw_headers)
            while chunk := await response.content.read(MOST_KEPT_BYTES - len(answer.body)):
                answer.body += chunk
        finally:
            response.close()

    def _new_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0,
            force_close=True,
            resolver=Resolver(),
            ttl_dns_cache=1,
            ssl=self._verifies_tls,
            socket_factory=self._new_socket,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),
            skip_auto_headers=_UNSAID,
            auto_decompress=False,
            trust_env=False,
        )

    def _new_socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """Return a socket for the very address that is connected to next; whatever named it counts no more.

        Raises:
            PermissionError: webhooks may not go there; aiohttp tries the host's next address.
        """
        family, kind, protocol, _, address = info
        way = _WAY.get()
        if refusal := self._reach.refusal(way.host, str(address[0])):
            way.refusals.append(refusal)
            raise PermissionError(errno.EACCES, refusal)
        way.sockets.append(socket.socket(family, kind, protocol))
        return way.sockets[-1]


def _parsed(url: str) -> URL | None:
    try:
        return URL(url)
    except (ValueError, IndexError):  # the latter of yarl's, for http://[]@
        return None


def _read_url(url: str) -> tuple[URL, str]:
    """Return where a URL leads, and what its user has to say in ``Authorization``.

    Raises:
        ValueError: it leads nowhere; the message says why.
    """
    target = _parsed(url)
    if target is None:
        raise ValueError("cannot be read")
    if target.scheme not in _SCHEMES:
        raise ValueError("is neither http nor https")
    if not target.raw_host:
        raise ValueError("names no host")
    if target.raw_user is None and target.raw_password is None:
        return target, ""
    pair = f"{target.user or ''}:{target.password or ''}".encode(errors="surrogateescape")
    return target.with_user(None), f"Basic {b64encode(pair).decode()}"


def _start_of(raw_headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    kept, room = [], MOST_KEPT_BYTES
    for name, value in raw_headers:
        room -= len(name) + len(value)
        if room < 0:
            break
        kept.append((name.decode("utf-8", "replace"), value.decode("utf-8", "replace")))
    return tuple(kept)


def _in_words(error: Exception, url: str) -> str:
    match error:
        case aiohttp.InvalidURL():
            return f"the URL {shown_url(url)} names its host by an address in an unusual spelling"
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as cause):
            return f"TLS: {cause.verify_message.rstrip('.')}; --webhook-insecure accepts any certificate"
        case aiohttp.ClientConnectorError(os_error=cause):
            return _os_error(cause)
        case aiohttp.ClientPayloadError():
            return "the answer broke off"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError(errno=None):  # the latter while it was sent to
            return "the receiver hung up without an answer"
        case aiohttp.ClientResponseError() | HttpProcessingError():
            lines = [line.strip(" ^") for line in error.message.splitlines()]
            return f"the answer is no HTTP: {' '.join(filter(None, lines))[:_MOST_WORDS]}".rstrip(": ")
        case UnicodeError():
            return "no such host"  # its name is none that could be looked up
        case OSError():
            return _os_error(error)
        case ValueError():
            return f"nothing was sent: {error}"
    return f"{type(error).__name__}: {error}"


def _os_error(error: OSError) -> str:
    match error:
        case socket.gaierror(errno=number) if number in _NO_SUCH_HOST:
            return "no such host"
        case socket.gaierror():
            return f"the host's name cannot be looked up: {error.strerror}"
        case ssl.SSLError():
            return f"TLS: {(error.reason or str(error)).lower().replace('_', ' ')}"
        case OSError(errno=errno.ECONNREFUSED):
            return "connection refused"
        case OSError(errno=errno.ECONNRESET | errno.EPIPE):
            return "connection reset"
    return (error.strerror or str(error)).lower()
