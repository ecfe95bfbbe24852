"""The simulator in this very process, for rows that need no socket: the one module here that knows its Python API."""

from typing import Protocol

from bench.rows import Missing


class Inside(Protocol):
    """A simulator with a sandbox on a manual clock, commanded without a socket."""

    def submit(self) -> str:
        """Submit the job of ``bench.subject`` and return its id."""

    def poll(self, job_id: str) -> int:
        """Look at the job through the whole pipeline, both checks and journal included, and return the HTTP status."""

    def advance(self, by_ms: int) -> None:
        """Move the sandbox's clock."""

    def new_sandbox_and_drop(self) -> None:
        """Make another sandbox and drop it."""

    def serve(self, port: int) -> None:
        """Serve this sandbox on the port until the process is told to stop."""


def open_simulator(max_jobs: int = 100_000) -> Inside:
    """Return a simulator that has been used by nobody."""
    raise Missing("bench/inside.py does not know the simulator's Python API yet")
