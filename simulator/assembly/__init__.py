"""The one place that chooses implementations and puts them together: settings in, a simulator that can serve out."""

from simulator.assembly.background import Background, run_loop
from simulator.assembly.ports import CannotListen
from simulator.assembly.simulator import Simulator

__all__ = ["Background", "CannotListen", "Simulator", "run_loop"]
