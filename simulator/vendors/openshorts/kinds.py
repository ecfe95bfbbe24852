"""The one kind of job, put together: its states, its clips, how long it is kept and how its end is told."""

from simulator.vendors.openshorts.lifecycle import HOUR, ID_PATTERN, LIFECYCLE, TICK, expiry, new_id, plan_clips
from simulator.vendors.openshorts.live import CLIPS
from simulator.vendors.openshorts.webhooks import JOB_ENDED
from simulator.vendors.vendor import Kind

KINDS = (
    Kind(
        "clips",
        LIFECYCLE,
        new_id,
        plan_clips,
        id_pattern=ID_PATTERN,
        refresh=TICK,
        job_expiry=HOUR,
        job_expiry_by=expiry,
        takes_items=True,
        item_count=lambda draft: draft.draws.whole(3, 5, "clips"),
        queues=True,
        webhook=JOB_ENDED,
        live=CLIPS,
    ),
)
