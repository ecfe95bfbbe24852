"""Probes, logs and metrics as an operator meets them: every port, while starting, serving and stopping."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import aiohttp
import pytest

from simulator.assembly import Simulator
from simulator.server.edge import OpenDoor
from simulator.settings import Settings
from tests.server.observing import Running, running

CLEAN = {name: said for name, said in os.environ.items() if not name.startswith(("SIMULATOR_", "OTEL_"))}


async def probed(server: Running) -> list[int]:
    """Ask every port of a server that has the control API apart, plainly and by TLS, without a token."""
    _, control, *tls = server.simulator.doors
    urls = [f"http://127.0.0.1:{control.port}", *(f"https://127.0.0.1:{door.port}" for door in tls)]
    return [
        (await server.call(method, f"{url}/_simulator/{path}", ssl=False))[0]
        for url in urls
        for path in ("ready", "health")
        for method in ("GET", "HEAD")
    ]


async def test_probes_are_open_on_the_control_port_and_ready_is_503_while_it_stops() -> None:
    async with running(control_port=0, token="let-me-in") as server:
        serving = await probed(server)
        server.simulator.pipeline.control.stop()  # type: ignore[union-attr]  # as `close` does first
        stopping = await probed(server)

    assert serving == [200] * 4
    assert stopping == [503, 503, 200, 200]


async def test_probes_are_open_over_https(tmp_path: Path) -> None:
    pytest.importorskip("trustme", reason="trustme is not installed")
    async with running(tls=True, tls_port=0, tls_folder=tmp_path, token="let-me-in") as server:
        url = f"https://127.0.0.1:{server.simulator.doors[-1].port}/_simulator"
        said = [
            (await server.call(way, f"{url}/{path}", ssl=False))[0]
            for way in ("GET", "HEAD")
            for path in ("ready", "health")
        ]
        server.simulator.pipeline.control.stop()  # type: ignore[union-attr]
        stopping = (await server.call("GET", f"{url}/ready", ssl=False))[0]

    assert said == [200] * 4
    assert stopping == 503


async def test_ready_is_503_until_every_port_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    simulator, said = Simulator(Settings(port=0, control_port=0, clock="manual"), ("useapi",)), list[int]()
    listen = simulator._listen

    async def ask_first(*about: Any, **options: Any) -> OpenDoor:
        opened = await listen(*about, **options)
        if len(simulator.doors) == 2:  # the last one, and `open` has not returned yet
            async with aiohttp.ClientSession() as client:
                said.append((await client.get(f"http://127.0.0.1:{opened.port}/_simulator/ready")).status)
        return opened

    monkeypatch.setattr(simulator, "_listen", ask_first)
    await simulator.open()
    async with aiohttp.ClientSession() as client:
        said.append((await client.get(f"http://127.0.0.1:{simulator.doors[1].port}/_simulator/ready")).status)
    await simulator.close()

    assert said == [503, 200]


async def test_a_server_that_was_never_asked_before_is_not_ready_once_it_stops() -> None:
    async with running() as server:
        server.simulator.pipeline.control.stop()  # type: ignore[union-attr]
        status, _, _ = await server.call("GET", "/_simulator/ready")

    assert status == 503


@pytest.mark.parametrize("form", ["json", "text"])
def test_serve_writes_its_log_to_standard_error_and_nothing_else_there(form: str) -> None:
    command = [sys.executable, "-m", "simulator", "serve", "--port", "0", "--clock", "manual", "--log", form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=CLEAN) as process:
        assert process.stdout
        assert process.stderr
        first = process.stdout.readline()
        root = first.split(" on ")[1].split()[0]
        for path in ("ready", "health", "clock"):  # the probes are no lines
            with urlopen(f"{root}/_simulator/{path}", timeout=10) as reply:
                assert reply.status == 200
        line = process.stderr.readline()  # while it serves: nothing waits for its end
        process.terminate()
        _, rest = process.communicate(timeout=30)

    assert rest == ""
    if form == "json":
        said = json.loads(line)
        assert (said["kind"], said["operation"], said["status"]) == ("control", "getClock", 200)
    else:
        assert " 200 GET " in line
        assert "/_simulator/clock" in line


def test_serve_answers_when_standard_error_is_closed() -> None:
    program = (
        "import os, sys; os.close(2); os.execv(sys.executable, [sys.executable, '-m', 'simulator', *sys.argv[1:]])"
    )
    command = [sys.executable, "-c", program, "serve", "--port", "0", "--log", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=CLEAN) as process:
        assert process.stdout
        root = process.stdout.readline().split(" on ")[1].split()[0]
        for _ in range(3):
            with urlopen(f"{root}/_simulator/clock", timeout=10) as reply:
                assert reply.status == 200
        process.terminate()
        assert process.wait(timeout=30) == 0


async def test_a_stop_is_quick_though_somebody_is_connected() -> None:
    async with running(log="json") as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.simulator.doors[0].port)
        async with asyncio.timeout(2):
            await server.simulator.close()
        writer.close()
