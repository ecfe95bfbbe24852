"""Jobs whose true timing is known, as runs and as the control API shows them."""

from collections.abc import Sequence
from typing import Any

from simulator.jobs.chance import Draws
from simulator.jobs.plan import make_plan
from simulator.jobs.scenario import Script
from simulator.jobs.timeline import unfold
from simulator.twin.runs import Run, Stay

BEGAN_MS = 1_000_000


def film(frames: int, queued_ms: int, processing_ms: int) -> Run:
    stays = (Stay("queued", "waiting", queued_ms), Stay("processing", "running", processing_ms))
    return Run("deepswapai", "video", frames, stays, "completed")


def played(script: Script, frames: Sequence[int]) -> list[Run]:
    """Return runs of a video kind as a scenario with two states plays them."""
    runs = []
    for at, count in enumerate(frames):
        instants = [entry.at_ms for entry in unfold(make_plan(script, Draws("truth", at), frames=count), 0)]
        runs.append(film(count, instants[1], instants[2] - instants[1]))
    return runs


def jobs_of(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return runs as live jobs that the control API shows, with much of it left out."""
    return [_job(run) for run in runs]


def _job(run: Run) -> dict[str, Any]:
    entries, at_ms = [], BEGAN_MS
    for stay in run.stays:
        entries.append({"word": stay.word, "stands_for": stay.stands_for, "at_ms": at_ms, "progress": 0.0})
        at_ms += stay.lasted_ms
    entries.append({"word": run.end, "stands_for": "succeeded", "at_ms": at_ms, "progress": 1.0})
    return {
        "id": "vid_1",
        "vendor": run.vendor,
        "kind": run.kind,
        "created_at_ms": BEGAN_MS,
        "plan": {"outputs": [{"path": "x.mp4", "frames": run.frames}], "price": 3},
        "events": [
            {"name": "render-begun", "at_ms": BEGAN_MS + run.stays[0].lasted_ms},
            {"name": "rendered", "at_ms": at_ms},
        ],
        "entries": entries,
    }
