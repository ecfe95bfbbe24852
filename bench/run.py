"""`make bench`: measure all, or the parts that are named, and print one table.

Ratios hold within a run; absolute figures differ by a half from day to day. ``make bench ARGS="poll start --rounds 9"``.
"""

import argparse
import os
import sys
from collections.abc import Callable

from bench import crowd, life, load, memory, poll, start, webhooks
from bench.rows import Missing, Row, print_table


def main() -> int:
    """Return 1 if an aim is missed, so that a script may ask."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the numbers to hold.")
    parser.add_argument(
        "parts", nargs="*", metavar="part", help="poll, start, crowd, memory, life, webhooks; all if none is named"
    )
    parser.add_argument("--rounds", type=int, default=7, help="how often each is measured (7)")
    parser.add_argument("--seconds", type=int, default=2, help="length of one burst (2)")
    parser.add_argument("--connections", type=int, default=32, help="connections of the load (32)")
    options = parser.parse_args()
    rounds = poll.Rounds(options.rounds, options.seconds, options.connections)
    parts: dict[str, Callable[[], list[Row]]] = {
        "poll": lambda: poll.measure(rounds),
        "start": lambda: start.measure(options.rounds),
        "crowd": lambda: crowd.measure(rounds),
        "memory": memory.measure,
        "life": life.measure,
        "webhooks": lambda: webhooks.measure(options.rounds),
    }
    if unknown := set(options.parts) - set(parts):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")

    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load by {load.generator()}")
    rows: list[Row] = []
    for name in options.parts or parts:
        print(f"{name} …", flush=True)
        try:
            rows += parts[name]()
        except Missing as missing:
            rows.append(Row(name, None, note=str(missing)))
    print()
    print_table(rows)
    return any(row.verdict == "MISSED" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
