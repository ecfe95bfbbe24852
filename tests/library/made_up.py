"""Two vendors in outline, so that what the reader says does not depend on what real vendors grow."""

from simulator.jobs.lifecycle import CANCELLED, FAILED, MODERATED, RUNNING, SUCCEEDED, WAITING, Lifecycle, Row
from simulator.jobs.steps import Terms


def _lifecycle(*ends: Row) -> Lifecycle:
    words = tuple(row.word for row in ends)
    return Lifecycle(
        Row("created", WAITING, next=("started", "progress", *words)),
        Row("started", RUNNING, next=("progress", *words)),
        Row("progress", RUNNING, next=words),
        *ends,
    )


_ENDS = (Row("completed", SUCCEEDED), Row("failed", FAILED), Row("moderated", MODERATED))
_CANCELLABLE = _lifecycle(*_ENDS, Row("cancelled", CANCELLED))

TERMS = {
    "deepswapai": Terms(
        {
            "video": Lifecycle(
                Row("queued", WAITING, next=("processing", "failed")),
                Row("processing", RUNNING, next=("completed", "failed")),
                Row("completed", SUCCEEDED),
                Row("failed", FAILED),
            )
        },
        ("videoSwap", "getStatus"),
        {"error_shape": ("flat", "nested"), "expired_file": ("403", "404", "410")},
    ),
    "useapi": Terms(
        {"headshot": _CANCELLABLE, "changebg": _CANCELLABLE, "picsi-still": _lifecycle(*_ENDS)},
        ("headshot", "getJob", "listJobs"),
        {"accounts": ("one", "none"), "busy": ("plain", "executing-jobs")},
    ),
}
