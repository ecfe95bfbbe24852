"""The statuses of a job: 1 queue, 2 processing, 3 completed, 4 failed."""

from simulator.jobs.lifecycle import FAILED, RUNNING, SUCCEEDED, WAITING, Lifecycle, Row

LIFECYCLE = Lifecycle(
    Row("queue", stands_for=WAITING, wire=1, next=("processing", "failed")),
    Row("processing", stands_for=RUNNING, wire=2, next=("uploading", "completed", "failed")),
    # The work is done and its file is not there yet; only a scenario that wants to show this goes here.
    Row("uploading", stands_for=RUNNING, wire=2, share=0, next=("completed", "failed")),
    Row("completed", stands_for=SUCCEEDED, wire=3),
    Row("failed", stands_for=FAILED, wire=4),
    open_to=int,
)
"""Of every kind of job: facts akool.status.words, akool.status.course, akool.status.open, akool.result.status."""
