"""Webhooks under the warp: receivers in older threads, in the test's own loop, and ours."""

import asyncio
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web

from simulator.client import Receiver
from tests.warp.conftest import World, real_sleep


class Hooked:
    """A receiver as a test would write it: it answers first and tells the test afterwards."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.arrived = threading.Event()
        self.url = ""


@contextmanager
def listening() -> Iterator[Hooked]:
    hooked = Hooked()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            self.wfile.flush()
            real_sleep[0](0.01)
            hooked.got.append(json.loads(body))
            hooked.arrived.set()

        def log_message(self, *about: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    hooked.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield hooked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Hooked]:
    with listening() as hooked:
        yield hooked


def test_a_test_blocks_until_the_webhook_arrives(world: World, receiver: Hooked) -> None:
    with world.warp():
        world.submit("45s", webhook_url=receiver.url)
        assert receiver.arrived.wait(timeout=60)
        assert (world.now_s, receiver.got[0]["status"]) == (45, "completed")
        assert not threading.Event().wait(timeout=60)
        assert world.now_s == 105


def test_a_receiver_begun_inside_the_warp(world: World) -> None:
    with world.warp(), listening() as receiver:
        world.submit("45s", webhook_url=receiver.url)
        assert receiver.arrived.wait(timeout=60)
        assert (world.now_s, receiver.got[0]["status"]) == (45, "completed")


def test_a_webhook_that_comes_too_late(world: World, receiver: Hooked) -> None:
    with world.warp():
        world.submit("61s", webhook_url=receiver.url)
        assert not receiver.arrived.wait(timeout=60)
        assert world.now_s == 60


async def test_a_receiver_in_the_tests_own_loop(world: World) -> None:
    arrived: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def hook(request: web.Request) -> web.Response:
        arrived.set_result(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()

    with world.warp():
        await asyncio.to_thread(world.submit, "45s", webhook_url=f"http://127.0.0.1:{runner.addresses[0][1]}/hook")
        assert (await asyncio.wait_for(arrived, 60))["status"] == "completed"
        assert world.now_s == 45
        await asyncio.sleep(60)
        assert world.now_s == 105

    await runner.cleanup()


@pytest.mark.parametrize("is_older", [True, False])
def test_our_own_receiver_begun_before_the_warp_or_in_it(world: World, is_older: bool) -> None:
    receiver = Receiver("deepswapai", webhook_secret="key-1") if is_older else None
    with world.warp():
        receiver = receiver or Receiver("deepswapai", webhook_secret="key-1")
        with receiver:
            world.submit("45s", webhook_url=f"{receiver.url}/hook")
            message = receiver.wait(60)  # virtual seconds
            assert (world.now_s, message.plain["status"]) == (45, "completed")


def test_retries_go_out_at_their_virtual_instants_while_a_client_sleeps(world: World) -> None:
    with world.warp():
        world.submit("45s", webhook_url="http://127.0.0.1:9/nobody")
        time.sleep(30 * 86_400)

    delivery = next(iter(world.sandbox.life.outbox))
    epoch_ms = world.sandbox.settings.epoch_ms
    attempts_s = [(attempt.at_ms - epoch_ms) / 1000 for attempt in delivery.attempts]
    assert attempts_s[0] == 45
    assert len(attempts_s) == 1 + len(delivery.gaps_ms)
    assert [round(b - a, 3) for a, b in pairwise(attempts_s)] == [gap / 1000 for gap in delivery.gaps_ms]
