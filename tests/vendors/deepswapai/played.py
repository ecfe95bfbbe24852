"""DeepSwapAI in a sandbox, below the wire."""

from typing import Any

from simulator.library import Library
from simulator.sandbox.choosing import Choice
from simulator.sandbox.sandbox import Sandbox, SandboxSettings
from simulator.vendors.deepswapai import VENDOR
from simulator.vendors.vendor import Vendor
from tests.vendors.deepswapai.jobs import BODIES, NOON_MS, call, read

KEY = "key"


def sandbox(*scenarios: str) -> Sandbox:
    """Return a sandbox whose clock stands at noon and that knows further scenarios, as YAML."""
    box = Sandbox("main", SandboxSettings("seed", NOON_MS, "manual"), Library())
    for text in scenarios:
        box.scenarios.add(text)  # type: ignore[attr-defined]
    return box


def submit(box: Sandbox, id: str, body: dict[str, Any] | None = None, vendor: Vendor = VENDOR, **choice: str) -> Any:
    """Make a call that submits a job; return the outcome."""
    asked = call(id, body or dict(BODIES[id]), account=KEY, now_ms=box.clock.now_ms())
    return box.handle(vendor, asked, read(asked), Choice(**choice))


def balance(box: Sandbox) -> float:
    """Return what the account has, less what its unfinished jobs will cost."""
    return box.life.accounts.look(VENDOR, KEY, box.clock.now_ms(), {}).owner("").ledger.available
