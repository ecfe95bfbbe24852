"""How a worker behaves toward what else runs on its machine: above all, the server that answers calls goes first."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

NICE = 15
"""Below the server by so much: at 10 and less a poll may wait 2 to 4 ms for the end of a worker's slice, at 15 hardly ever does."""
_OUT_OF_MEMORY_SCORE = "500"  # of 1000: who is ended first where memory runs out
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def leave_interrupts_to_the_server() -> None:
    """Ignore Ctrl-C, which a terminal sends to all: the server decides what becomes of the renders."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def give_way() -> None:
    """Let the server go first, in processor time and when memory runs out; with all threads that are there, and those to come."""
    with suppress(OSError, AttributeError):  # Windows has none of this
        for thread in _threads():
            now = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, min(now + NICE, 19))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OUT_OF_MEMORY_SCORE)


def _threads() -> list[int]:
    """Return the threads of this process where each has a priority of its own, else what stands for all of them."""
    tasks = Path("/proc/self/task")
    return [int(task.name) for task in tasks.iterdir()] if tasks.is_dir() else [0]


def threads(slots: int) -> int:
    """Return how many threads a worker computes with: half of its cores, for decoding and encoding have threads of their own.

    More would wait for each other: on two busy cores a second thread makes a swap take four times the processor time.
    """
    return max(1, cores() // (2 * slots))


def bound_memory(slots: int, device: str) -> None:
    """Have allocations fail beyond a worker's part of this machine's memory: the job fails then, and the machine goes on.

    What is bounded is what a process may write to (RLIMIT_DATA). A GPU's driver sets aside far more of that than it uses,
    so there it is left alone.
    """
    most_bytes = memory_bytes() // slots if device.startswith("cpu") else 0
    if sys.platform == "linux" and most_bytes > 0:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most_bytes = most_bytes if hard == resource.RLIM_INFINITY else min(most_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, hard))


def memory_bytes() -> int:
    """Return the memory of this machine, or of the container that holds this process; 0 where nobody can tell."""
    found = []
    with suppress(OSError, ValueError, AttributeError):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with suppress(OSError, ValueError):  # "max" is no number, and no limit
        found.append(int(_CGROUP_LIMIT.read_text()))
    return min(found, default=0)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
