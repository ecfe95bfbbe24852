"""The server that is soaked: as ``simulator serve`` runs it, but it tells what it holds for each line that it is sent."""

import asyncio
import gc
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from simulator.assembly import Simulator, run_loop
from simulator.server.descriptors import raise_limit
from simulator.settings import Settings


def main() -> None:
    """Serve until the input ends; ``sys.argv[1]`` is the folder of the test CA, "" for no https."""
    folder = sys.argv[1]
    settings = Settings(
        port=0,
        tls=bool(folder),
        tls_port=0,
        tls_folder=Path(folder) if folder else None,
        clock="manual",
        seed="soak",
        epoch="2026-01-28T12:00:00Z",
        max_jobs=500,
        client_timeout=5,
    )
    raise_limit(settings.max_connections)
    simulator = Simulator(settings)
    simulator.pipeline.made_files.most_bytes = 4 << 20  # so that it is full soon: what is bounded by bytes is no leak
    run_loop(lambda: _serve(simulator))


async def _serve(simulator: Simulator) -> None:
    loop, is_over = asyncio.get_running_loop(), asyncio.Event()
    await simulator.open()
    gc.freeze()
    print(json.dumps({"port": simulator.doors[0].port, "tls_url": simulator.tls_url}), flush=True)

    def listen() -> None:
        for _ in sys.stdin:
            loop.call_soon_threadsafe(lambda: print(json.dumps(_held(simulator)), flush=True))
        loop.call_soon_threadsafe(is_over.set)

    threading.Thread(target=listen, daemon=True).start()
    await is_over.wait()
    await simulator.close()


def _held(simulator: Simulator) -> dict[str, Any]:
    """Return what the process holds just now, after a collection; sizes in bytes."""
    gc.collect()
    main = simulator.sandboxes.main
    return {
        "rss_bytes": _rss_bytes(),
        "descriptors": _count("/proc/self/fd"),
        "threads": threading.active_count(),
        "tasks": len(asyncio.all_tasks()),
        "connections": len(simulator.crowd),
        "sandboxes": len(list(simulator.sandboxes)),
        "under way": sum(main.counters()[name] for name in ("in_flight", "held", "deliveries")),
        "calls": simulator.pipeline.tally.calls,
        "broken": simulator.pipeline.tally.broken,
        "bugs": simulator.pipeline.tally.bugs,
    }


def _rss_bytes() -> int:
    """Return the memory in use, 0 where the system does not tell it by a file."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return 0


def _count(folder: str) -> int:
    """Return how many entries a folder has, 0 where there is none."""
    return len(list(Path(folder).iterdir())) if Path(folder).is_dir() else 0


if __name__ == "__main__":
    main()
