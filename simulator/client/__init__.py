"""What tests of other projects take into their own process: the control API in Python, and a receiver of webhooks."""

from simulator.client.accounts import Account, AsyncAccount
from simulator.client.calls import JournalEntry
from simulator.client.container import SimulatorContainer
from simulator.client.errors import (
    BadInstant,
    BadLength,
    BadScenario,
    Conflict,
    NotFound,
    NotInTime,
    PinnedTwice,
    SimulatorRefused,
    UnfitScenario,
    UnknownName,
    UnknownOperation,
    UnknownScenario,
    UnknownVendor,
    Unreachable,
)
from simulator.client.jobs import AsyncJob, Job
from simulator.client.message import Message
from simulator.client.receiver import NothingReceived, Receiver
from simulator.client.results import Call, Calls, Delivery
from simulator.client.simulator import AsyncSimulator, Simulator
from simulator.client.starting import StartedSimulator, start
from simulator.client.vendor import AsyncVendorHandle, VendorHandle
from simulator.client.wire_faults import LaidFault

__all__ = [
    "Account",
    "AsyncAccount",
    "AsyncJob",
    "AsyncSimulator",
    "AsyncVendorHandle",
    "BadInstant",
    "BadLength",
    "BadScenario",
    "Call",
    "Calls",
    "Conflict",
    "Delivery",
    "Job",
    "JournalEntry",
    "LaidFault",
    "Message",
    "NotFound",
    "NotInTime",
    "NothingReceived",
    "PinnedTwice",
    "Receiver",
    "Simulator",
    "SimulatorContainer",
    "SimulatorRefused",
    "StartedSimulator",
    "UnfitScenario",
    "UnknownName",
    "UnknownOperation",
    "UnknownScenario",
    "UnknownVendor",
    "Unreachable",
    "VendorHandle",
    "start",
]
