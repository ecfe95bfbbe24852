"""Inputs by URL: fetched whole, or refused with a reason; never followed elsewhere, never more than the limit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from simulator.media.live.failures import RenderFailure
from simulator.outgoing.reach import Reach
from simulator.outgoing.session import new_session
from simulator.renders.fetching import Fetcher

Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    runners: list[web.AppRunner] = []

    async def start(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> str:
        app = web.Application()
        app.router.add_route("*", "/{any:.*}", answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/in.png"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher(partial(new_session, Reach()), most_bytes=1 << 20, most_seconds=10)


async def test_a_file_is_fetched_whole(serve: Serve, fetcher: Fetcher, tmp_path: Path) -> None:
    data = bytes(range(256)) * 4096

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=data)

    await fetcher.fetch(await serve(answer), tmp_path / "in")

    assert (tmp_path / "in").read_bytes() == data


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_is_too_many_bytes_is_given_up(
    serve: Serve, fetcher: Fetcher, tmp_path: Path, *, is_told: bool
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = (2 << 20) if is_told else None
        await response.prepare(request)
        for _ in range(32):
            await response.write(b"x" * 65536)
        return response

    with pytest.raises(RenderFailure, match=r"too_many_bytes: .*larger than 1048576 bytes"):
        await fetcher.fetch(await serve(answer), tmp_path / "in")


async def test_a_redirect_is_not_followed(serve: Serve, fetcher: Fetcher, tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    with pytest.raises(RenderFailure, match="redirects \\(status 302\\), and redirects are not followed"):
        await fetcher.fetch(await serve(answer), tmp_path / "in")

    assert asked == ["/in.png"]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:9/in.png", "http://127.0.0.1:9/in.png cannot be fetched: "),
        ("file:///etc/passwd", "cannot be fetched"),
        ("http://", "cannot be fetched"),
        ("ftp://127.0.0.1/x", "cannot be fetched"),
    ],
)
async def test_what_cannot_be_had_says_why(fetcher: Fetcher, tmp_path: Path, url: str, says: str) -> None:
    with pytest.raises(RenderFailure, match=f"undecodable: .*{says}"):
        await fetcher.fetch(url, tmp_path / "in")


@pytest.mark.parametrize("host", ["169.254.169.254", "203.0.113.7", "[::ffff:169.254.169.254]", "0.0.0.0"])
async def test_no_address_is_reached_that_should_not(fetcher: Fetcher, tmp_path: Path, host: str) -> None:
    with pytest.raises(RenderFailure, match=r"never go there|neither this machine's nor a private network's|unusual"):
        await fetcher.fetch(f"http://{host}/latest/meta-data", tmp_path / "in")


async def test_a_status_that_is_not_200_is_told(serve: Serve, fetcher: Fetcher, tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=404)

    with pytest.raises(RenderFailure, match="answers with status 404"):
        await fetcher.fetch(await serve(answer), tmp_path / "in")


async def test_one_that_never_ends_is_given_up(serve: Serve, tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x")
        await asyncio.Event().wait()
        return response

    fetcher = Fetcher(partial(new_session, Reach()), most_seconds=0.2)
    with pytest.raises(RenderFailure, match=r"did not end within 0\.2 s"):
        await fetcher.fetch(await serve(answer), tmp_path / "in")
