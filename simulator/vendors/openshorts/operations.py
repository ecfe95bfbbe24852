"""OpenShorts' routes as far as they are played: submit, status, and what a client asks at its start."""

from collections.abc import Sequence

from simulator.jobs.commands import GetAccount, LookUp
from simulator.jobs.errors import Finding
from simulator.vendors.openshorts.requests import read_process
from simulator.vendors.openshorts.words import show_config, show_health, show_status, show_submitted
from simulator.vendors.vendor import Call, Operation


def read_status(call: Call, findings: Sequence[Finding]) -> LookUp:
    """Read a look at a job; any text is an id (fact openshorts.status.unknown-job)."""
    return LookUp((call.path["job_id"],))


def read_nothing(call: Call, findings: Sequence[Finding]) -> GetAccount:
    """Read a question about the server itself."""
    return GetAccount()


OPERATIONS = (
    Operation(
        "processVideo", "POST", "/api/process", read_process, show_submitted,
        inputs=(("url", "video"), ("file", "video")), secrets=("webhook_secret",),
    ),
    Operation("getStatus", "GET", "/api/status/{job_id}", read_status, show_status),
    Operation("getConfig", "GET", "/api/config", read_nothing, show_config),
    Operation("getHealth", "GET", "/health", read_nothing, show_health),
)  # fmt: skip
