"""The statuses of a preview or a task."""

from simulator.jobs.lifecycle import FAILED, RUNNING, SUCCEEDED, WAITING, Lifecycle, Row

LIFECYCLE = Lifecycle(
    Row("sent", stands_for=WAITING, next=("initialized", "failed"), share=0),
    Row("initialized", stands_for=WAITING, next=("processing", "failed")),
    Row("processing", stands_for=RUNNING, next=("completed", "failed")),
    Row("completed", stands_for=SUCCEEDED),
    Row("failed", stands_for=FAILED),
)
"""Facts a2e.status.course, a2e.status.first: only a scenario in A2E's own words has ``sent``."""
