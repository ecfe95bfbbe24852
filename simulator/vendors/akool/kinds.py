"""The four kinds of job: what they cost, how long their files are kept and how they call back."""

from simulator.jobs.scenario import Expiry
from simulator.vendors.akool import live
from simulator.vendors.akool.ids import ID_PATTERN, new_id
from simulator.vendors.akool.lifecycle import LIFECYCLE
from simulator.vendors.akool.outputs import plan_head_swap, plan_image_swap, plan_previews, plan_video_swap
from simulator.vendors.akool.webhooks import FACE_SWAP_WEBHOOK, HEAD_SWAP_WEBHOOK
from simulator.vendors.vendor import Kind

ANALYSIS, HEAD_SWAP, IMAGE_SWAP, VIDEO_SWAP = "analysis", "head-swap", "face-swap-image", "face-swap-video"

FILE_EXPIRY = Expiry(7 * 24 * 3_600_000, since="ended")
"""Facts akool.file.seven-days, akool.file.head-swap-expiry."""

LOCKED_PER_S = 10
SETTLED_PER_10_S = {"480p": 10, "720p": 15}
"""Facts akool.credits.lock, akool.credits.settlement."""


def locked_credits(duration_ms: int) -> int:
    """Return what a head swap holds until its end, in whole credits."""
    return max(1, -(-LOCKED_PER_S * duration_ms // 1000))


def settled_credits(resolution: str, duration_ms: int) -> int:
    """Return what a head swap costs at its good end, in whole credits."""
    return max(1, -(-SETTLED_PER_10_S[resolution] * duration_ms // 10_000))


def video_credits(duration_ms: int) -> int:
    """Return a credit for each ten seconds begun (fact akool.credits.swap-video)."""
    return max(1, -(-duration_ms // 10_000))


KINDS = (
    Kind(
        ANALYSIS, LIFECYCLE, new_id, plan_previews, id_pattern=ID_PATTERN, file_expiry=FILE_EXPIRY, live=live.ANALYSIS
    ),
    Kind(
        HEAD_SWAP,
        LIFECYCLE,
        new_id,
        plan_head_swap,
        price=lambda draft, outputs: locked_credits(outputs[0].duration_ms),
        settles=lambda draft, outputs: settled_credits(draft.fields["resolution"], outputs[0].duration_ms),
        id_pattern=ID_PATTERN,
        charges="submit",
        file_expiry=FILE_EXPIRY,
        webhook=HEAD_SWAP_WEBHOOK,
        live=live.HEAD_SWAP,
    ),
    Kind(
        IMAGE_SWAP,
        LIFECYCLE,
        new_id,
        plan_image_swap,
        price=lambda draft, outputs: 1,
        id_pattern=ID_PATTERN,
        charges="submit",
        file_expiry=FILE_EXPIRY,
        webhook=FACE_SWAP_WEBHOOK,
        live=live.FACE_SWAP,
    ),
    Kind(
        VIDEO_SWAP,
        LIFECYCLE,
        new_id,
        plan_video_swap,
        price=lambda draft, outputs: video_credits(outputs[0].duration_ms),
        id_pattern=ID_PATTERN,
        charges="submit",
        file_expiry=FILE_EXPIRY,
        webhook=FACE_SWAP_WEBHOOK,
        live=live.FACE_SWAP,
    ),
)
"""Credits go at submit, and come back where the job fails: facts akool.credits.swap-at-submit, akool.credits.refund."""
