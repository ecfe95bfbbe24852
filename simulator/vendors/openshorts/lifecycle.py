"""The one kind of job: its states, its ids, its clips as files and how long they are kept."""

from collections.abc import Mapping
from uuid import UUID

from simulator.jobs.durations import fixed
from simulator.jobs.errors import UnfitScenario
from simulator.jobs.files import ImpossibleOutput, Output, least_bytes, plan_output
from simulator.jobs.lifecycle import FAILED, RUNNING, SUCCEEDED, WAITING, Lifecycle, Row
from simulator.jobs.scenario import Expiry, Refresh, Shape
from simulator.vendors.openshorts.cuts import cuts, stem
from simulator.vendors.openshorts.switches import HEAD, profile
from simulator.vendors.vendor import Draft

LIFECYCLE = Lifecycle(
    Row("queued", stands_for=WAITING, next=("processing", "failed")),
    Row("processing", stands_for=RUNNING, next=("completed", "failed")),
    Row("completed", stands_for=SUCCEEDED),
    Row("failed", stands_for=FAILED),
)
"""Facts openshorts.status.words, openshorts.status.course. From ``queued`` straight to ``failed`` goes a job whose
worker cannot be started: it has its slot for no time at all.
"""

TICK = Refresh(fixed(2000), covers="end", since="start")
"""Facts openshorts.tick.two-seconds, openshorts.tick.what."""

_SWEEP_MS = 300_000
HOUR = Expiry(3_600_000, since="ended", sweep_ms=_SWEEP_MS)
DAY = Expiry(86_400_000, since="ended", sweep_ms=_SWEEP_MS)
"""Facts openshorts.retention.hour, openshorts.retention.head, openshorts.retention.sweep."""

WORKERS = 5  # fact openshorts.queue.workers
FRAMES_PX = {"horizontal": (1920, 1080), "square": (1080, 1080)}
UPRIGHT_PX = (1080, 1920)
"""Fact openshorts.clip.size."""

ID_PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"  # fact openshorts.process.reply

_BYTES_PER_MS = 150


def expiry(switches: Mapping[str, str]) -> Expiry:
    """Return how long a server keeps its jobs."""
    return DAY if profile(switches) == HEAD else HOUR


def new_id(draft: Draft) -> str:
    """Return a random UUID of version 4 (fact openshorts.process.reply)."""
    return str(UUID(draft.draws.hexadecimal(32, "id"), version=4))


def plan_clips(draft: Draft, job_id: str) -> tuple[Output, ...]:
    """Plan one file a clip, as long as the stretch that it shows: facts openshorts.clip.file-name, openshorts.clip.length."""
    name = stem(draft.draws, draft.fields, job_id, draft.switches)
    found = cuts(draft.draws, draft.item_count, draft.fields, draft.inputs, draft.switches)
    return tuple(
        _plan(draft, f"videos/{job_id}/{name}_clip_{at}.mp4", cut.length_ms, at) for at, cut in enumerate(found, 1)
    )


def _plan(draft: Draft, path: str, length_ms: int, number: int) -> Output:
    shape = draft.result.shape if draft.result.shape and draft.result.shape.kind == "video" else Shape("video")
    if shape.format not in (None, "mp4"):
        raise UnfitScenario(f"a clip is an MP4, no {shape.format!r}")
    width_px, height_px = FRAMES_PX.get(str(draft.fields.get("output_format")), UPRIGHT_PX)
    seed = draft.draws.hexadecimal(16, "file", number)
    width_px, height_px = shape.width_px or width_px, shape.height_px or height_px
    length_ms = shape.duration_ms or length_ms
    try:
        roomy = plan_output(
            path,
            "video/mp4",
            width_px,
            height_px,
            seed=seed,
            duration_ms=length_ms,
            frames=shape.frames,
            has_sound=True,
        )
        usual_bytes = max(least_bytes(roomy), min(roomy.size_bytes, length_ms * _BYTES_PER_MS))
        return plan_output(
            path,
            "video/mp4",
            roomy.width_px,
            roomy.height_px,
            seed=seed,
            duration_ms=length_ms,
            frames=roomy.frames,
            size_bytes=shape.size_bytes or usual_bytes,
            has_sound=True,
        )
    except ImpossibleOutput as error:
        raise UnfitScenario(f"the result that the scenario asks for cannot be made: {error}") from error
