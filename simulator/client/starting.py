"""A simulator in a process of its own, started by a test and stopped with it."""

import atexit
import subprocess
import sys
import threading
from typing import IO

from simulator.client.errors import SimulatorRefused
from simulator.client.simulator import Simulator

LONGEST_START_S = 30.0
LONGEST_STOP_S = 5.0
_READY = "Simulator "  # how the line begins that names the URL


class StartedSimulator(Simulator):
    """A simulator that runs as a child process until ``close``, the end of the block, or the end of this process."""

    def __init__(self, process: "subprocess.Popen[str]", url: str, token: str | None) -> None:
        super().__init__(url, token=token)
        self._process = process
        self._readers = [
            threading.Thread(target=_read_to_end, args=(stream,), name="output of the simulator", daemon=True)
            for stream in (process.stdout, process.stderr)
        ]
        for reader in self._readers:  # what nobody reads must not fill the pipe
            reader.start()
        atexit.register(self._stop)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def close(self) -> None:
        """Stop it, and let go of connections."""
        super().close()
        atexit.unregister(self._stop)
        self._stop()
        for reader in self._readers:
            reader.join()

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(LONGEST_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def start(*flags: str, port: int = 0, token: str | None = None, timeout: float = LONGEST_START_S) -> StartedSimulator:
    """Start ``simulator serve`` with further flags, such as ``"--clock", "manual"``; return it once it answers.

    ``port`` 0 lets the system choose; ``timeout`` is real seconds.

    Raises:
        SimulatorRefused: it did not start; the text is what it said.
    """
    command = [sys.executable, "-m", "simulator", "serve", "--port", str(port), *flags]
    if token:
        command += ["--token", token]
    process = subprocess.Popen(  # noqa: S603 - it is this very package
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    too_late = threading.Timer(timeout, process.kill)
    too_late.start()
    try:
        url = _read_url(process)
    finally:
        too_late.cancel()
    if not url:
        _, complaint = process.communicate()
        raise SimulatorRefused(
            f"the simulator did not start: {complaint.strip() or f'it said nothing for {timeout:g} s'}"
        )
    return StartedSimulator(process, url, token)


def _read_url(process: "subprocess.Popen[str]") -> str:
    """Return the URL that it prints when it is ready; ``""`` where it ends before."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(_READY) and " on http" in line:
            return line.partition(" on ")[2].split()[0]
    return ""


def _read_to_end(stream: IO[str]) -> None:
    with stream:
        for _ in stream:
            pass
