"""A life of 31 days, polled every 10 s of virtual time until the job is gone: nothing may wait on the way."""

import time

from bench.inside import open_simulator
from bench.rows import Missing, Row

EVERY_MS = 10_000
DAYS = 31
GONE = (404, 410)


def measure() -> list[Row]:
    """Return the row of the long life: the processor was busy all the time, so nobody waited."""
    simulator = open_simulator()
    job_id = simulator.submit_monthly()
    polls = 0
    begun, used = time.perf_counter(), time.process_time()
    while simulator.poll(job_id) not in GONE:
        polls += 1
        simulator.advance(EVERY_MS)
        if polls > 2 * DAYS * 86_400_000 // EVERY_MS:
            raise Missing(f"the job is still there after {polls} polls")
    took_s, used_s = time.perf_counter() - begun, time.process_time() - used
    note = f"{polls:,} polls in {took_s:.1f} s, {took_s / (polls or 1) * 1e6:.0f} µs each with its step of the clock"
    return [
        Row(f"{DAYS} days polled through the end: processor time ÷ time", used_s / took_s, "", at_least=0.95, note=note)
    ]
