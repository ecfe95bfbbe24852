"""Replies that wait: virtual time-outs against held ones, real ones against what hangs, and answers from elsewhere."""

import asyncio
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import aiohttp
import httpx
import pytest
import requests

from tests.warp.conftest import KEY, World, real_s, real_sleep

BODY = {"source_image": "https://example.com/a.jpg", "target_image": "https://example.com/b.jpg"}


def held_url(world: World, lasts: str = "45s") -> str:
    """Return where a call is answered only once its job has ended."""
    world.pin(lasts, "imageSwap")
    return f"{world.url}/image-swap"


def test_requests_gives_up_at_its_virtual_time_out(world: World) -> None:
    with world.warp():
        with pytest.raises(requests.ReadTimeout):
            requests.post(held_url(world), json=BODY, headers=KEY, timeout=5)
        assert world.now_s == 5

        assert requests.post(held_url(world), json=BODY, headers=KEY, timeout=60).ok
        assert world.now_s == 50


def test_httpx_gives_up_at_its_virtual_time_out(world: World) -> None:
    with world.warp():
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(held_url(world), json=BODY, headers=KEY, timeout=5)
        assert world.now_s == 5


async def test_aiohttp_gives_up_at_its_virtual_time_out(world: World) -> None:
    with world.warp():
        async with aiohttp.ClientSession(headers=KEY) as http:
            with pytest.raises(TimeoutError):
                await http.post(held_url(world), json=BODY, timeout=aiohttp.ClientTimeout(total=5))
            assert world.now_s == 5
            async with http.post(held_url(world), json=BODY) as reply:
                assert reply.ok
            assert world.now_s == 50


def test_a_poll_beside_a_held_reply(world: World) -> None:
    with world.warp():
        job, url = world.submit("2s"), held_url(world, "61s")
        held = threading.Thread(target=requests.post, args=(url,), kwargs={"json": BODY, "headers": KEY})
        held.start()
        for _ in range(10):
            time.sleep(7)
            world.is_done(job)
        held.join()

    assert world.polls() == [7 * at for at in range(1, 11)]
    assert [(one.operation, (one.at_ms - world.sandbox.settings.epoch_ms) / 1000) for one in world.sandbox.journal][
        9:11
    ] == [("getStatus", 56), ("imageSwap", 61)]


def test_a_request_that_never_ends_costs_real_time_and_ends(world: World) -> None:
    begun_s, path = real_s[0](), world.url.removeprefix(world.server.url)
    head = f"POST {path}/video-swap HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-1\r\nContent-Type: application/json\r\n"
    with world.warp(), socket.create_connection(("127.0.0.1", world.server.simulator.doors[0].port)) as client:
        client.settimeout(1.2)
        client.sendall(head.encode() + b"Content-Length: 9\r\n\r\nhalf")
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert world.now_s == 1.2

    assert real_s[0]() - begun_s < 5


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hangs: ClassVar[float] = 0.0

    def do_GET(self) -> None:
        real_sleep[0](self.hangs)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        with suppress(OSError):  # whoever asked may have given up
            self.wfile.write(b"o")
            self.wfile.flush()
            real_sleep[0](0.02)
            self.wfile.write(b"k")

    def log_message(self, *about: Any) -> None:
        pass


@contextmanager
def elsewhere(hangs_s: float) -> Iterator[str]:
    """Run a server that is none of ours, slow in real time, in a thread that no warp knows."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Slow", (Handler,), {"hangs": hangs_s}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def test_an_answer_from_elsewhere_is_waited_for(world: World) -> None:
    with elsewhere(0.2) as url, world.warp():
        assert requests.get(url, timeout=5).text == "ok"  # noqa: ASYNC210
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
            async with http.get(url) as reply:
                assert await reply.text() == "ok"
            assert world.now_s == 0
            await asyncio.sleep(3600)
        assert world.now_s == 3600


async def test_a_real_time_out_strikes_against_what_hangs_elsewhere(world: World) -> None:
    with elsewhere(5) as url, world.warp():
        async with aiohttp.ClientSession() as http:
            with pytest.raises(TimeoutError):
                await http.get(url, timeout=aiohttp.ClientTimeout(total=1.2))
        assert world.now_s == pytest.approx(1.2, abs=0.01)


def test_a_server_begun_inside_the_warp_takes_no_part(world: World) -> None:
    with world.warp():
        with elsewhere(0.05) as url:
            time.sleep(3600)
            assert requests.get(url, timeout=5).text == "ok"
            time.sleep(3600)
        assert world.now_s == 7200
