"""A poll among a million jobs beside a poll among ten: nothing may depend on how many there are.

Run as ``python -m bench.crowd JOBS PORT`` it is the crowded server.
"""

import sys

from bench.inside import open_simulator
from bench.poll import Rounds, interleave, tell
from bench.rows import Row, median_row, ratios
from bench.servers import Server
from bench.subject import SIMULATOR, with_a_running_job

FEW, MANY = 10, 1_000_000


def measure(rounds: Rounds) -> list[Row]:
    """Return the row of the crowd: how much longer a poll takes among many jobs."""
    with with_a_running_job(_crowded(FEW), "few jobs") as few, with_a_running_job(_crowded(MANY), "many jobs") as many:
        samples = interleave([few, many], rounds)
    tell(samples)
    slower = ratios([sample.rate for sample in samples["few jobs"]], [sample.rate for sample in samples["many jobs"]])
    return [median_row(f"poll with {MANY:,} jobs ÷ with {FEW}", slower, at_most=1.1)]


def _crowded(jobs: int) -> Server:
    command = (sys.executable, "-m", "bench.crowd", str(jobs))
    return Server(f"{jobs} jobs", lambda port: (*command, str(port)), SIMULATOR.paths)


def main(jobs: int, port: int) -> None:
    simulator = open_simulator(max_jobs=jobs + 10)
    for _ in range(jobs):
        simulator.submit()
    simulator.serve(port)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
