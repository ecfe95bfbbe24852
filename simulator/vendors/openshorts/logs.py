"""A job's log, line by line: what the server appends, and what its worker prints meanwhile.

The log is live: unlike result and end it does not wait for the tick (fact openshorts.logs.live).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from simulator.jobs.job import Entry
from simulator.jobs.lifecycle import FINAL, SUCCEEDED, WAITING
from simulator.jobs.plan import Item
from simulator.jobs.scenario import Failure
from simulator.jobs.snapshot import Snapshot, work_entry
from simulator.vendors.openshorts.cuts import Cut, source_ms
from simulator.vendors.openshorts.switches import DOCS, HEAD, profile
from simulator.vendors.openshorts.texts import spoken

BEFORE_CLIPS = ("download", "speech", "analysis")
"""The phases of the work before any clip is rendered. A scenario's failure may name, as its ``details``, the one in
which the worker broke off: nothing later is printed then.
"""

RENDERERS = 3  # fact openshorts.logs.parallel
_LONGEST_MS = 60_000  # of all phases before the clips, where nobody knows when the first clip is ready


class _Line(NamedTuple):
    at_ms: int  # counted from the start of the work
    phase: str
    text: str


def log(shot: Snapshot, cuts: Sequence[Cut]) -> list[str]:
    """Return every line so far; lines are only ever appended (facts openshorts.logs.append-only, openshorts.logs.server-lines)."""
    job = shot.job
    lines = [f"Job {job.id} queued."]
    begun = next((entry for entry in job.entries if entry.stands_for != WAITING), None)
    if begun is None or begun.at_ms > shot.now_ms or (begun.stands_for in FINAL and begun.seen_at_ms > shot.now_ms):
        return lines
    lines.append("Job started by worker.")
    lines += _printed(shot, cuts)
    if shot.is_final:
        lines += _ending(shot)
    return lines


def _ending(shot: Snapshot) -> list[str]:
    """Facts openshorts.end.completed, openshorts.end.exit-code, openshorts.end.no-metadata, openshorts.end.launch."""
    failure = shot.failure
    if failure is None:
        return ["Process finished successfully."]
    if failure.code == "no-metadata":
        return ["Process finished successfully.", "No metadata file generated."]
    told = f"Execution error: {failure.message}"
    if failure.code == "launch":
        return [told]
    exited = f"Process failed with exit code {_exit_code(failure)}"
    return [exited] if profile(shot.plan.switches) == HEAD else [exited, told]  # fact openshorts.end.page-both


def _exit_code(failure: Failure) -> int:
    return failure.code if isinstance(failure.code, int) and failure.code else 1


def _printed(shot: Snapshot, cuts: Sequence[Cut]) -> Iterator[str]:
    """Yield what the worker has printed by now; it prints nothing after its end, which the server may notice later."""
    work, end = work_entry(shot.job), shot.job.entries[-1]
    if work is None:
        return
    has_end = end.stands_for in FINAL and end is not work
    by_ms = min(shot.now_ms, end.at_ms) if has_end else shot.now_ms
    silent = _silent_phases(planned_failure(shot))
    for line in sorted(_lines(shot, cuts), key=lambda line: line.at_ms):
        if work.at_ms + line.at_ms <= by_ms and line.phase not in silent:
            yield line.text
    if has_end and shot.now_ms >= end.at_ms:
        yield from _last_words(shot, work, end)


def planned_failure(shot: Snapshot) -> Failure | None:
    """Return why the work will have failed, where its scenario has it fail; not what a test forces on it."""
    work, end = work_entry(shot.job), shot.job.entries[-1]
    if work is None or end.stands_for == SUCCEEDED or shot.plan.then(work.word) != end.word:
        return None
    return shot.plan.state(end.word).error


def _silent_phases(failure: Failure | None) -> tuple[str, ...]:
    if failure is None or failure.details not in BEFORE_CLIPS:
        return ()
    return (*BEFORE_CLIPS[BEFORE_CLIPS.index(failure.details) + 1 :], "clips")


def _last_words(shot: Snapshot, work: Entry, end: Entry) -> Iterator[str]:
    """Yield what the worker prints last; the documented one has no words for it."""
    played, failure = profile(shot.plan.switches), shot.plan.state(end.word).error
    if played == DOCS:
        return
    if end.stands_for == SUCCEEDED:
        yield f"⏱️  Total execution time: {(end.at_ms - work.at_ms) / 1000:.2f}s"
    elif played == HEAD and not (failure and failure.code in ("no-metadata", "launch")):
        yield "Traceback (most recent call last):"
        yield f"RuntimeError: {failure.message if failure else 'Processing failed'}"


def _lines(shot: Snapshot, cuts: Sequence[Cut]) -> Iterator[_Line]:
    """Yield all that the worker will ever print, phase by phase."""
    items = shot.plan.items
    analysed_ms = int(0.6 * min([_LONGEST_MS, *(item.lasts_ms for item in items)]))
    if profile(shot.plan.switches) == DOCS:
        yield from _documented(shot, analysed_ms)
        return
    yield from _download(shot, analysed_ms)
    yield from _speech(shot, analysed_ms)
    yield from _analysis(shot, analysed_ms)
    folder, _, name = shot.outputs[0].path.removeprefix("videos/").partition("/")
    yield _Line(analysed_ms, "clips", f"🔥 Found {len(items)} clips!")
    metadata = f"output/{folder}/{name.rpartition('_clip_')[0]}_metadata.json"
    yield _Line(analysed_ms, "clips", f"Saved metadata to {metadata}")
    yield from _render(shot, cuts, analysed_ms)


def _documented(shot: Snapshot, analysed_ms: int) -> Iterator[_Line]:
    """Fact openshorts.logs.page-lines."""
    if "url" in shot.job.fields:
        yield _Line(0, "download", "Downloading video from YouTube...")
    yield _Line(analysed_ms // 5, "speech", "Transcribing audio with Whisper...")
    yield _Line(analysed_ms * 2 // 5, "speech", "Detecting scenes with PySceneDetect...")
    yield _Line(analysed_ms * 3 // 5, "analysis", "Analyzing viral moments with Gemini AI...")


def _download(shot: Snapshot, analysed_ms: int) -> Iterator[_Line]:
    """Fact openshorts.logs.download."""
    if "url" not in shot.job.fields:
        return
    took_ms = analysed_ms // 5
    name = shot.outputs[0].path.rpartition("/")[2].rpartition("_clip_")[0]
    yield _Line(0, "download", "🔍 Debug: yt-dlp version: 2026.08.11")
    yield _Line(0, "download", "📥 Downloading video from YouTube...")
    yield _Line(0, "download", "📥 Download attempt: default")
    yield _Line(took_ms, "download", "✅ Download succeeded (default).")
    path = f"output/{shot.job.id}/{name}.mp4"
    yield _Line(took_ms, "download", f"✅ Video downloaded in {took_ms / 1000:.2f}s: {path}")


def _speech(shot: Snapshot, analysed_ms: int) -> Iterator[_Line]:
    """Fact openshorts.logs.speech."""
    draws, count = shot.job.draws, 4
    step_ms = source_ms(draws, shot.job.inputs, shot.plan.switches) // count
    yield _Line(analysed_ms // 5, "speech", "🎙️  Transcribing video...")
    for part in (40, 80):
        at_ms = analysed_ms // 5 + analysed_ms * 2 * part // 500
        yield _Line(at_ms, "speech", f"🎙️ Transcribing… {part}% ({at_ms // 1000}s)")
    at_ms = analysed_ms * 3 // 5
    yield _Line(at_ms, "speech", f"Detected language 'en', {count} segments")
    for at in range(count):
        start, end = at * step_ms / 1000, (at * step_ms + min(step_ms, 4200)) / 1000
        yield _Line(at_ms, "speech", f"[{start:.2f}s -> {end:.2f}s] {spoken(draws, at)}")


def _analysis(shot: Snapshot, analysed_ms: int) -> Iterator[_Line]:
    """Fact openshorts.logs.analysis."""
    windows = max(len(shot.plan.items) + 2, source_ms(shot.job.draws, shot.job.inputs, shot.plan.switches) // 60_000)
    at_ms = analysed_ms * 3 // 5
    yield _Line(at_ms, "analysis", "🤖  Analyzing with Gemini (2-pass: score → detail)...")
    yield _Line(at_ms, "analysis", f"Built {windows} scoring window(s).")
    at_ms = analysed_ms * 4 // 5
    yield _Line(at_ms, "analysis", f"Shortlisted {len(shot.plan.items)} window(s) for detail.")


def _render(shot: Snapshot, cuts: Sequence[Cut], analysed_ms: int) -> Iterator[_Line]:
    """Up to three clips at once, so their lines mingle (facts openshorts.logs.parallel, openshorts.logs.clips)."""
    by_end = sorted(shot.plan.items, key=lambda item: item.lasts_ms)
    for place, item in enumerate(by_end):
        start_ms = analysed_ms if place < RENDERERS else by_end[place - RENDERERS].lasts_ms
        yield from _render_one(shot, item, cuts[item.index], start_ms)


def _render_one(shot: Snapshot, item: Item, cut: Cut, start_ms: int) -> Iterator[_Line]:
    number, output = item.index + 1, shot.outputs[item.index]
    start, end = cut.start_ms / 1000, (cut.start_ms + output.duration_ms) / 1000
    yield _Line(start_ms, "clips", f"🎬 Processing Clip {number}: {start:.1f}s - {end:.1f}s")
    yield _Line(start_ms, "clips", f"Title: {cut.texts.youtube}")
    yield _Line(start_ms, "clips", "Step 1: Detecting scenes...")
    if item.error:
        yield _Line(item.lasts_ms, "clips", f"❌ Clip {number} failed: RuntimeError: {item.error.message}")
        return
    yield _Line((start_ms + item.lasts_ms) // 2, "clips", "Step 6: Merging...")
    yield _Line(item.lasts_ms, "clips", f"✅ Clip {number} ready: output/{output.path.removeprefix('videos/')}")
