"""A server in small: two workers, each in the middle of an order; prints who they are and waits to be killed."""

import asyncio
import json
import sys

from simulator.media.live.orders import PeopleOrder
from simulator.renders.pool import Pool, WorkerProcess


async def main(command: str, into: str) -> None:
    engine = Pool(2, "cpu", command=(command,))
    await engine.start()
    for render in [engine.render(PeopleOrder("hangs", "in.png", into)) for _ in range(2)]:
        await anext(render)
    workers = [slot.worker for slot in engine._slots]
    pids = [worker._process.pid for worker in workers if isinstance(worker, WorkerProcess) and worker._process]
    print(json.dumps(pids), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
