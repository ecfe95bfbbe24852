"""A job in OpenShorts' words: three keys, whatever its state."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.jobs.plan import Item
from simulator.jobs.snapshot import Snapshot, work_entry
from simulator.vendors.openshorts.cuts import Cut, cuts, source_ms
from simulator.vendors.openshorts.lifecycle import expiry
from simulator.vendors.openshorts.live import cut_of
from simulator.vendors.openshorts.logs import log, planned_failure
from simulator.vendors.openshorts.switches import DOCS, HEAD, chosen, profile
from simulator.vendors.openshorts.texts import SAMPLE_CALLS, SAMPLE_COST
from simulator.vendors.openshorts.worker import BEFORE_CLIPS
from simulator.vendors.vendor import Call, Record, Reply

MODEL = "gemini-2.5-flash"
_DOLLARS_PER_TOKEN = (0.3e-6, 2.5e-6)


def show_submitted(shot: Snapshot, call: Call) -> Reply:
    """Word the acceptance; it says ``queued`` even where a slot is free (fact openshorts.process.reply)."""
    return Reply({"job_id": shot.job.id, "status": "queued"})


def show_status(shot: Snapshot, call: Call) -> Reply:
    """Word a job as it stands (fact openshorts.status.three-keys)."""
    found = cuts_of(shot)
    return Reply({"status": shot.wire, "logs": log(shot, found), "result": _result(shot, found)})


def show_config(account: Record, call: Call) -> Reply:
    """Word what the dashboard asks first (fact openshorts.config.shape)."""
    return Reply(
        {
            "youtubeUrlEnabled": chosen("url_ingest", call.switches) == "enabled",
            "billingEnabled": False,
            "googleAuthEnabled": False,
            "jobRetentionSeconds": expiry(call.switches).after_ms // 1000,
        }
    )


def show_health(account: Record, call: Call) -> Reply:
    """Word that the server is there (fact openshorts.health.shape)."""
    return Reply({"status": "ok"})


def cuts_of(shot: Snapshot) -> tuple[Cut, ...]:
    """Return the clips of a job, those that are not rendered yet too."""
    job = shot.job
    if job.rendering is not None:
        known = [cut_of(about) for about in job.rendering.about[: len(shot.outputs)]]
        return (*known, *(cut_of({}) for _ in range(len(shot.outputs) - len(known))))
    return cuts(job.draws, len(shot.outputs), job.fields, job.inputs, job.plan.switches)


def _result(shot: Snapshot, found: Sequence[Cut]) -> dict[str, Any] | None:
    """Facts openshorts.result.first-clip, openshorts.result.order, openshorts.result.all-at-the-end, openshorts.result.kept."""
    shown = _shown_items(shot)
    if not shown:
        return None
    clips = [clip_words(shot, found[item.index], item.index) for item in shown]
    return {"clips": clips, "cost_analysis": _cost(shot)}


def _shown_items(shot: Snapshot) -> Sequence[Item]:
    """Return the clips that can be seen: rendered ones, and at the good end all of them."""
    items = shot.finished_items()
    if shot.succeeded:
        return items
    failure = planned_failure(shot)
    if failure and (failure.code == "no-metadata" or failure.details in BEFORE_CLIPS):
        return ()
    work, grid = work_entry(shot.job), shot.job.grid
    if shot.is_final and work and grid:  # the look that finds the worker gone does not look for clips any more
        looked_ms = grid.at_or_before(shot.entry.seen_at_ms - 1)
        items = [item for item in items if work.at_ms + item.lasts_ms <= looked_ms]
    return [item for item in items if item.error is None]


def clip_words(shot: Snapshot, cut: Cut, at: int) -> dict[str, Any]:
    """Word one clip (facts openshorts.clip.head-fields, openshorts.clip.page-fields)."""
    output, texts, played = shot.outputs[at], cut.texts, profile(shot.plan.switches)
    words: dict[str, Any] = {"video_url": f"/{output.path}"}
    if played != HEAD:
        words["title"] = texts.title
    words |= {
        "video_description_for_tiktok": texts.tiktok,
        "video_description_for_instagram": texts.instagram,
        "video_title_for_youtube_short": texts.youtube,
        "start": cut.start_ms / 1000,
        "end": (cut.start_ms + output.duration_ms) / 1000,
    }
    if played != HEAD:
        words["virality_score"] = cut.score
    if played != DOCS:
        words |= {
            "viral_hook_text": texts.hook,
            "source_window_id": f"window_{min(1 + cut.start_ms // 60_000, 999):03}",
            "predicted_score": cut.score,
        }
    return words


def _cost(shot: Snapshot) -> dict[str, Any]:
    """Facts openshorts.cost.head, openshorts.cost.page, openshorts.cost.while-processing."""
    job, switches, played = shot.job, shot.plan.switches, profile(shot.plan.switches)
    length_ms = source_ms(job.draws, job.inputs, switches)
    tokens = 2000 + length_ms // 200, 400 * len(shot.outputs)
    cost, calls = round(sum(map(float.__mul__, map(float, tokens), _DOLLARS_PER_TOKEN)), 6), 1 + len(shot.outputs)
    if chosen("clips", switches) == "sample":
        cost, calls = SAMPLE_COST, SAMPLE_CALLS
    promised: Mapping[str, Any] = {"gemini_api_calls": calls, "whisper_duration_seconds": _seconds(length_ms)}
    if played == DOCS:
        return {"total_cost": cost, **promised}
    words = {"input_tokens": tokens[0], "output_tokens": tokens[1], "total_cost": cost, "model": MODEL}
    return words if played == HEAD else {**words, **promised}


def _seconds(length_ms: int) -> int | float:
    return length_ms / 1000 if length_ms % 1000 else length_ms // 1000
