"""The bench's own parts: what it reads, what it asks and how it judges."""

import asyncio
import json
import re
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bench.load import Load, read_wrk
from bench.rows import Row, ratios

WRK = """
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.53ms    1.20ms  26.11ms   96.55%
  Latency Distribution
     50%    1.41ms
     99%    3.50ms
  39871 requests in 2.00s, 12.05MB read
  Non-2xx or 3xx responses: 7
Requests/sec:  19920.15
Transfer/sec:      6.02MB
"""


def test_a_report_of_wrk_is_read() -> None:
    assert read_wrk(WRK) == Load(requests=39871, rate=19920.15, p99_ms=3.5, refused=7)


async def test_our_own_load_counts_replies_and_refusals() -> None:
    served = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal served
        served += 1
        return web.json_response({"n": served}, status=200 if served % 2 else 404)

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app) as server:
        command = [sys.executable, "-m", "bench.load", str(server.port), "/", "0", "2"]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        printed, _ = await process.communicate()

    load = Load(**json.loads(printed))
    assert asdict(load).items() >= {"requests": 2, "refused": 1}.items()
    assert served == 2


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row("rate", 0.9, at_least=0.9), "holds"),
        (Row("rate", 0.89, at_least=0.9), "MISSED"),
        (Row("pause", 11, at_most=10), "MISSED"),
        (Row("pause", None, at_most=10), "not measured"),
        (Row("pause", 11), ""),
    ],
)
def test_a_row_is_judged_by_its_aim(row: Row, verdict: str) -> None:
    assert row.verdict == verdict


def test_ratios_pair_samples_of_the_same_round() -> None:
    assert ratios([2, 9], [1, 3]) == [2, 3]


def test_the_peers_are_pinned(checkout: Path) -> None:
    peers = json.loads((checkout / "bench/package.json").read_text())["dependencies"]

    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in peers.values())
