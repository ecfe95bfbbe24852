"""The statuses of a job: created, started, progress, then one of four ends (facts useapi.status.words, useapi.status.transitions)."""

from simulator.jobs.lifecycle import CANCELLED, FAILED, MODERATED, RUNNING, SUCCEEDED, WAITING, Lifecycle, Row

_ENDS = (
    Row("completed", stands_for=SUCCEEDED),
    Row("failed", stands_for=FAILED),
    Row("moderated", stands_for=MODERATED),
)


def _lifecycle(*ends: Row) -> Lifecycle:
    words = tuple(row.word for row in ends)
    return Lifecycle(
        Row("created", stands_for=WAITING, next=("started", "progress", *words)),
        Row("started", stands_for=RUNNING, next=("progress", *words)),
        Row("progress", stands_for=RUNNING, next=words),
        *ends,
    )


ASYNCHRONOUS = _lifecycle(*_ENDS, Row("cancelled", stands_for=CANCELLED))
BLOCKING = _lifecycle(*_ENDS)
"""A blocking command's job cannot be cancelled: facts useapi.cancel.which, useapi.cancel.finished."""

ANSWERED = frozenset({"started", "progress", "completed"})
"""The statuses that the bot's message brings about (fact useapi.job.message)."""
