"""A job's log, line by line: what the server appends, and what its worker has printed by now.

The log is live: unlike result and end it does not wait for the tick (fact openshorts.logs.live).
"""

from collections.abc import Iterator

from simulator.jobs.job import Entry
from simulator.jobs.lifecycle import FINAL, SUCCEEDED, WAITING
from simulator.jobs.scenario import Failure
from simulator.jobs.snapshot import Snapshot, work_entry
from simulator.vendors.openshorts.cuts import Cut
from simulator.vendors.openshorts.switches import DOCS, HEAD, profile
from simulator.vendors.openshorts.worker import BEFORE_CLIPS, lines, work_of


def log(shot: Snapshot, cuts: tuple[Cut, ...]) -> list[str]:
    """Return every line so far; lines are only ever appended (facts openshorts.logs.append-only, openshorts.logs.server-lines)."""
    job = shot.job
    said = [f"Job {job.id} queued."]
    begun = next((entry for entry in job.entries if entry.stands_for != WAITING), None)
    if begun is None or begun.at_ms > shot.now_ms or (begun.stands_for in FINAL and begun.seen_at_ms > shot.now_ms):
        return said
    said.append("Job started by worker.")
    said += _printed(shot, cuts)
    if shot.is_final:
        said += _ending(shot)
    return said


def planned_failure(shot: Snapshot) -> Failure | None:
    """Return why the work will have failed, where its scenario has it fail; not what a test forces on it."""
    work, end = work_entry(shot.job), shot.job.entries[-1]
    if work is None or end.stands_for == SUCCEEDED or shot.plan.then(work.word) != end.word:
        return None
    return shot.plan.state(end.word).error


def _printed(shot: Snapshot, cuts: tuple[Cut, ...]) -> Iterator[str]:
    """Yield what the worker has printed by now; it prints nothing after its end, which the server may notice later."""
    work, end = work_entry(shot.job), shot.job.entries[-1]
    if work is None or shot.job.fields.get("url", "") is None:  # no worker starts: fact openshorts.process.url-no-text
        return
    has_end = end.stands_for in FINAL and end is not work
    by_ms = min(shot.now_ms, end.at_ms) if has_end else shot.now_ms
    if (rendering := shot.job.rendering) is not None:
        yield from (text for at_ms, text in rendering.lines if at_ms <= by_ms)
    silent = _silent_phases(planned_failure(shot))
    for line in () if rendering is not None else lines(work_of(shot, cuts)):
        if work.at_ms + line.at_ms > by_ms:
            break
        if line.phase not in silent:
            yield line.text
    if has_end and shot.now_ms >= end.at_ms:
        yield from _last_words(shot, work, end)


def _silent_phases(failure: Failure | None) -> tuple[str, ...]:
    if failure is None or failure.details not in BEFORE_CLIPS:
        return ()
    return (*BEFORE_CLIPS[BEFORE_CLIPS.index(failure.details) + 1 :], "clips")


def _last_words(shot: Snapshot, work: Entry, end: Entry) -> Iterator[str]:
    """Yield what the worker prints last; the documented one has no words for it."""
    played, failure = profile(shot.plan.switches), shot.plan.state(end.word).error
    failure = shot.job.rendering.failure if shot.job.rendering else failure
    if played == DOCS:
        return
    if end.stands_for == SUCCEEDED:
        yield f"⏱️  Total execution time: {(end.at_ms - work.at_ms) / 1000:.2f}s"
    elif played == HEAD and not (failure and failure.code in ("no-metadata", "launch")):
        yield "Traceback (most recent call last):"
        yield f"RuntimeError: {failure.message if failure else 'Processing failed'}"


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
