"""The simulator's own API below ``/_simulator``, described by ``openapi/simulator.yaml``.

``control`` finds and checks a call and holds its reply against the description; the handlers stand in one module
for each thing they are about; ``shown`` words what they answer, ``guard`` says who may call at all.
"""

from simulator.server.control.control import HANDLERS, OF_SANDBOX, Control

__all__ = ["HANDLERS", "OF_SANDBOX", "Control"]
