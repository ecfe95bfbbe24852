"""What jobs cost: memory, the pause of a full garbage collection, a sandbox, and a journal that stays bounded.

Each number is taken in a fresh process, ``python -m bench.memory NUMBER``, because memory once used is seldom given back.
"""

import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.inside import open_simulator
from bench.rows import Missing, Row
from bench.servers import ROOT

JOBS = 100_000
POLLS = 200_000
LONG_ENOUGH_MS = 3_600_000


def measure() -> list[Row]:
    """Return the rows of memory."""
    return [
        Row("memory per finished job", _fresh("job_bytes"), " bytes", at_most=1024),
        Row(f"memory that {POLLS:,} further polls add", _fresh("growth_mib"), " MiB", at_most=1),
        Row(f"full garbage collection at {JOBS:,} jobs", _fresh("pause_ms"), " ms", at_most=10),
        Row("new sandbox + drop", _fresh("sandbox_ms"), " ms", at_most=1),
    ]


def _fresh(number: str) -> float:
    """Return a number taken in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "bench.memory", number], cwd=ROOT, stdout=subprocess.PIPE, check=False)
    answer = json.loads(done.stdout or '"it ended without a word"')
    if isinstance(answer, str):
        raise Missing(answer)
    return float(answer)


def rss_bytes() -> int:
    """Return how much memory this process holds now."""
    try:
        status = Path("/proc/self/status").read_text()
    except FileNotFoundError:
        raise Missing("this system does not tell a process's memory by file") from None
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024


def job_bytes() -> float:
    """Return what one finished job takes, beyond what the first thousand have made the program load."""
    simulator = open_simulator(max_jobs=2 * JOBS)
    for _ in range(1000):
        simulator.submit()
    simulator.advance(LONG_ENOUGH_MS)
    gc.collect()
    before = rss_bytes()
    for _ in range(JOBS // 1000):
        for _ in range(1000):
            simulator.submit()
        simulator.advance(LONG_ENOUGH_MS)
    gc.collect()
    return (rss_bytes() - before) / JOBS


def growth_mib() -> float:
    """Return what polls add once the journal has reached its bound."""
    simulator = open_simulator()
    job_id = simulator.submit()
    for _ in range(POLLS):
        simulator.poll(job_id)
    before = rss_bytes()
    for _ in range(POLLS):
        simulator.poll(job_id)
    return (rss_bytes() - before) / 2**20


def pause_ms() -> float:
    """Return how long a full garbage collection stops everything; as in ``simulator serve``, what is there from the
    start is frozen.
    """
    simulator = open_simulator(max_jobs=2 * JOBS)
    gc.collect()
    gc.freeze()
    for _ in range(JOBS):
        simulator.submit()
    gc.collect()
    return statistics.median(_took_ms(gc.collect) for _ in range(7))


def sandbox_ms() -> float:
    """Return how long it takes to make a sandbox and drop it."""
    simulator = open_simulator()
    simulator.new_sandbox_and_drop()
    return statistics.median(_took_ms(simulator.new_sandbox_and_drop) for _ in range(200))


def _took_ms(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1000


NUMBERS = {number.__name__: number for number in (job_bytes, growth_mib, pause_ms, sandbox_ms)}

if __name__ == "__main__":
    try:
        print(json.dumps(NUMBERS[sys.argv[1]]()))
    except Missing as missing:
        print(json.dumps(str(missing)))
