"""What the worker of a job prints, phase by phase, from the download to the last clip."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from simulator.jobs.chance import Draws
from simulator.jobs.files import Output
from simulator.jobs.plan import Item
from simulator.jobs.snapshot import Snapshot
from simulator.vendors.openshorts.cuts import Cut, source_ms
from simulator.vendors.openshorts.switches import DOCS, profile
from simulator.vendors.openshorts.texts import spoken

BEFORE_CLIPS = ("download", "speech", "analysis")
"""The phases of the work before any clip is rendered. A scenario's failure may name, as its ``details``, the one in
which the worker broke off: nothing later is printed then.
"""

RENDERERS = 3  # fact openshorts.logs.parallel
_LONGEST_MS = 60_000  # of all phases before the clips, where nobody knows when the first clip is ready
_SEGMENTS = 4


class Line(NamedTuple):
    """A line and when it is printed, counted from the start of the work."""

    at_ms: int
    phase: str
    text: str


class Work(NamedTuple):
    """All that decides what a worker prints."""

    job_id: str
    dice: str
    played: str
    is_url: bool
    source_ms: int
    items: tuple[Item, ...]
    outputs: tuple[Output, ...]
    cuts: tuple[Cut, ...]


def work_of(shot: Snapshot, cuts: tuple[Cut, ...]) -> Work:
    """Return a job's work."""
    job, switches = shot.job, shot.plan.switches
    length_ms = source_ms(job.draws, job.inputs, switches)
    return Work(
        job.id, job.dice, profile(switches), "url" in job.fields, length_ms, shot.plan.items, shot.outputs, cuts
    )


@lru_cache(512)  # every poll of a job asks for the same
def lines(work: Work) -> tuple[Line, ...]:
    """Return all that the worker will ever print, first things first."""
    analysed_ms = int(0.6 * min([_LONGEST_MS, *(item.lasts_ms for item in work.items)]))
    if work.played == DOCS:
        found = [*_documented(work, analysed_ms)]
    else:
        found = [
            *_download(work, analysed_ms),
            *_speech(work, analysed_ms),
            *_analysis(work, analysed_ms),
            *_render(work, analysed_ms),
        ]
    return tuple(sorted(found, key=lambda line: line.at_ms))


def _documented(work: Work, analysed_ms: int) -> Iterator[Line]:
    """Fact openshorts.logs.page-lines."""
    if work.is_url:
        yield Line(0, "download", "Downloading video from YouTube...")
    yield Line(analysed_ms // 5, "speech", "Transcribing audio with Whisper...")
    yield Line(analysed_ms * 2 // 5, "speech", "Detecting scenes with PySceneDetect...")
    yield Line(analysed_ms * 3 // 5, "analysis", "Analyzing viral moments with Gemini AI...")


def _download(work: Work, analysed_ms: int) -> Iterator[Line]:
    """Fact openshorts.logs.download."""
    if not work.is_url:
        return
    took_ms = analysed_ms // 5
    yield Line(0, "download", "🔍 Debug: yt-dlp version: 2026.08.11")
    yield Line(0, "download", "📥 Downloading video from YouTube...")
    yield Line(0, "download", "📥 Download attempt: default")
    yield Line(took_ms, "download", "✅ Download succeeded (default).")
    yield Line(took_ms, "download", f"✅ Video downloaded in {took_ms / 1000:.2f}s: {_base(work)}.mp4")


def _speech(work: Work, analysed_ms: int) -> Iterator[Line]:
    """Fact openshorts.logs.speech."""
    begun_ms, done_ms, step_ms = analysed_ms // 5, analysed_ms * 3 // 5, work.source_ms // _SEGMENTS
    yield Line(begun_ms, "speech", "🎙️  Transcribing video...")
    for part in (40, 80):
        at_ms = begun_ms + (done_ms - begun_ms) * part // 100
        yield Line(at_ms, "speech", f"🎙️ Transcribing… {part}% ({(at_ms - begun_ms) // 1000}s)")
    yield Line(done_ms, "speech", f"Detected language 'en', {_SEGMENTS} segments")
    for at in range(_SEGMENTS):
        start, end = at * step_ms / 1000, (at * step_ms + min(step_ms, 4200)) / 1000
        yield Line(done_ms, "speech", f"[{start:.2f}s -> {end:.2f}s] {spoken(Draws(work.dice), at)}")


def _analysis(work: Work, analysed_ms: int) -> Iterator[Line]:
    """Fact openshorts.logs.analysis."""
    count, begun_ms = len(work.items), analysed_ms * 3 // 5
    yield Line(begun_ms, "analysis", "🤖  Analyzing with Gemini (2-pass: score → detail)...")
    yield Line(begun_ms, "analysis", f"Built {max(count + 2, work.source_ms // 60_000)} scoring window(s).")
    yield Line(analysed_ms * 4 // 5, "analysis", f"Shortlisted {count} window(s) for detail.")
    yield Line(analysed_ms, "clips", f"🔥 Found {count} clips!")
    yield Line(analysed_ms, "clips", f"Saved metadata to {_base(work)}_metadata.json")


def _render(work: Work, analysed_ms: int) -> Iterator[Line]:
    """Up to three clips at once, so their lines mingle (facts openshorts.logs.parallel, openshorts.logs.clips)."""
    by_end = sorted(work.items, key=lambda item: item.lasts_ms)
    for place, item in enumerate(by_end):
        start_ms = analysed_ms if place < RENDERERS else by_end[place - RENDERERS].lasts_ms
        yield from _render_one(work, item, start_ms)


def _render_one(work: Work, item: Item, start_ms: int) -> Iterator[Line]:
    number, output, cut = item.index + 1, work.outputs[item.index], work.cuts[item.index]
    start, end = cut.start_ms / 1000, (cut.start_ms + output.duration_ms) / 1000
    yield Line(start_ms, "clips", f"🎬 Processing Clip {number}: {start:.1f}s - {end:.1f}s")
    yield Line(start_ms, "clips", f"Title: {cut.texts.youtube}")
    yield Line(start_ms, "clips", "Step 1: Detecting scenes...")
    if item.error:
        yield Line(item.lasts_ms, "clips", f"❌ Clip {number} failed: RuntimeError: {item.error.message}")
        return
    yield Line((start_ms + item.lasts_ms) // 2, "clips", "Step 6: Merging...")
    yield Line(item.lasts_ms, "clips", f"✅ Clip {number} ready: output/{output.path.removeprefix('videos/')}")


def _base(work: Work) -> str:
    """Return the path of the worker's own files, without what ends it."""
    return f"output/{work.outputs[0].path.removeprefix('videos/').rpartition('_clip_')[0]}"
