"""Webhooks a second, beside a bare aiohttp client that posts the same bodies with the same headers to the same receiver."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.inside import open_deliverer
from bench.rows import Missing, Row, ratios, spread
from bench.servers import LOAD_CORE, ROOT, ask, pinned

ALL = 10_000
ONE_BY_ONE = 1_000


def measure(rounds: int) -> list[Row]:
    """Return the rows: all due at once, and one instant after the other as ``advance`` has them."""
    rows = []
    for what, count, at_once in (("all due at once", ALL, True), ("one instant each", ONE_BY_ONE, False)):
        ours: list[float] = []
        theirs: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(rounds):
            with _receiver() as port:
                deliverer = open_deliverer(f"http://127.0.0.1:{port}/hook", count)
                ours.append(count / deliverer.deliver(at_once=at_once))
                _check(port, count)
                for keeps_alive, rates in theirs.items():
                    rates.append(count / deliverer.post_plainly(at_once=at_once, keeps_alive=keeps_alive))
                    _check(port, count)
                deliverer.close()
        for keeps_alive, rates in theirs.items():
            manner = "that keeps its connections" if keeps_alive else "with a connection each, as we have"
            ratio = statistics.median(ratios(ours, rates))
            note = f"{statistics.median(ours):,.0f} a second; {spread(ratios(ours, rates))}; none lost, none twice"
            rows.append(Row(f"webhooks, {what} ÷ bare aiohttp client {manner}", ratio, note=note))
    return rows


@contextmanager
def _receiver() -> Iterator[int]:
    command = pinned(LOAD_CORE, [sys.executable, "-m", "bench.receiver"])
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(10)


def _check(port: int, count: int) -> None:
    came = json.loads(ask(port, "/")[1])
    if came != {"bodies": count, "posts": count}:
        raise Missing(f"of {count} webhooks {came['bodies']} came, in {came['posts']} posts")
