"""What tests of other projects take into their own process: a receiver of webhooks."""

from simulator.client.message import Message
from simulator.client.receiver import NothingReceived, Receiver

__all__ = ["Message", "NothingReceived", "Receiver"]
