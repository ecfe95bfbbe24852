"""A status poll, everything on, beside other servers: rate and processor time per request.

The server has one core, the load the other. Rounds are interleaved, back and forth, and a sample during which anything
else used the machine is thrown away and taken again, because the same server may measure half or double of itself.
"""

import os
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import peers
from bench.load import burst
from bench.rows import Missing, Row, median_row, ratios
from bench.servers import TICKS_A_SECOND, Running, Server, ask, running
from bench.subject import with_a_running_job

FOREIGN_RATIO = 0.1  # processor time of others that a sample may hold, of its length
TRIES = 5


@dataclass(frozen=True)
class Sample:
    """One burst against one server."""

    rate: float
    cpu_us: float | None
    p99_ms: float


Samples = dict[str, list[Sample]]
Others = dict[str, Running | Missing]


@dataclass(frozen=True)
class Rounds:
    """How long and how often to measure."""

    count: int = 7
    seconds: int = 2
    connections: int = 32


def measure(rounds: Rounds) -> list[Row]:
    """Return the rows of the status poll."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        ours = stack.enter_context(with_a_running_job())
        body = folder / "reply.json"
        body.write_bytes(ask(ours.port, ours.path)[1])
        offers: dict[str, Callable[[], Server]] = {
            "bare aiohttp": lambda: peers.bare_aiohttp(ours.path, body),
            "Prism 5": peers.prism,
            "WireMock 3": lambda: peers.wiremock(ours.path, body, folder),
            "Mockoon 9": peers.mockoon,
        }
        others: Others = {}
        for name, offer in offers.items():
            try:
                others[name] = stack.enter_context(running(offer()))
            except Missing as missing:
                others[name] = missing
        there = [other for other in others.values() if isinstance(other, Running)]
        samples = interleave([ours, *there], rounds)
        tell(samples)
        return [
            _rate_row(samples, others, "bare aiohttp", at_least=0.9),
            _rate_row(samples, others, "Prism 5", at_least=10),
            _cpu_row(samples, others, "WireMock 3", at_least=3),
            _rate_row(samples, others, "Mockoon 9", at_least=25),
        ]


def interleave(servers: list[Running], rounds: Rounds) -> Samples:
    """Return the samples of each server, one a round."""
    for server in servers:
        burst(server.port, server.path, server.warm_up_s, rounds.connections)
    samples: Samples = {server.name: [] for server in servers}
    for number in range(rounds.count):
        for server in servers if number % 2 else servers[::-1]:
            samples[server.name].append(take(server, rounds))
    return samples


def take(server: Running, rounds: Rounds) -> Sample:
    """Return one sample, the first that had the machine for itself, else the last tried."""
    for _ in range(TRIES):
        busy_before, own_before, load_before = _busy_s(), server.cpu_s(), sum(os.times()[2:4])
        load = burst(server.port, server.path, rounds.seconds, rounds.connections)
        own_s = None if own_before is None else (server.cpu_s() or 0.0) - own_before
        if load.refused or not load.requests:
            raise Missing(f"{server.name} refused {load.refused} of {load.requests} requests for {server.path}")
        sample = Sample(load.rate, own_s and own_s / load.requests * 1e6, load.p99_ms)
        foreign_s = _busy_s() - busy_before - (own_s or 0.0) - (sum(os.times()[2:4]) - load_before)
        if own_s is None or foreign_s <= FOREIGN_RATIO * rounds.seconds:
            return sample
        time.sleep(0.5)
    print(f"  {server.name}: {TRIES} samples in a row were disturbed by other processes; the last one counts")
    return sample


def tell(samples: Samples) -> None:
    """Print the absolute figures, which hold for this machine and this hour only."""
    for name, taken in samples.items():
        costs = [sample.cpu_us for sample in taken if sample.cpu_us is not None]
        cpu = f"{statistics.median(costs):8.1f} µs of processor each" if costs else ""
        rate, p99_ms = (statistics.median(getattr(sample, key) for sample in taken) for key in ("rate", "p99_ms"))
        print(f"  {name:32} {rate:8.0f} requests/s  p99 {p99_ms:7.2f} ms {cpu}")


def _rate_row(samples: Samples, others: Others, name: str, at_least: float) -> Row:
    what = f"status poll ÷ {name}"
    other = others[name]
    if isinstance(other, Missing):
        return Row(what, None, at_least=at_least, note=str(other))
    rates = ratios([sample.rate for sample in samples["simulator"]], [sample.rate for sample in samples[name]])
    return median_row(what, rates, at_least=at_least)


def _cpu_row(samples: Samples, others: Others, name: str, at_least: float) -> Row:
    what = f"status poll ÷ {name}, per processor second"
    other = others[name]
    if isinstance(other, Missing):
        return Row(what, None, at_least=at_least, note=str(other))
    pairs = [(ours.cpu_us, theirs.cpu_us) for ours, theirs in zip(samples["simulator"], samples[name], strict=True)]
    costs = [theirs / ours for ours, theirs in pairs if ours and theirs]
    if not costs:
        return Row(what, None, at_least=at_least, note="this system does not tell a process's processor time")
    return median_row(what, costs, at_least=at_least)


def _busy_s() -> float:
    """Return the processor time used by everybody so far, 0 where the system does not tell it by file."""
    try:
        with Path("/proc/stat").open() as stat:
            fields = [int(field) for field in stat.readline().split()[1:]]
    except FileNotFoundError:
        return 0.0
    return (sum(fields[:3]) + sum(fields[5:8])) / TICKS_A_SECOND
