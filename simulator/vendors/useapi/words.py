"""A job in useapi's words, for every call that shows one."""

from collections.abc import Sequence
from typing import Any

from simulator.jobs.job import Job
from simulator.jobs.lifecycle import FAILED, MODERATED
from simulator.jobs.snapshot import Snapshot
from simulator.vendors.useapi.content import content, message
from simulator.vendors.useapi.discord import (
    attachment,
    digits_of,
    embed,
    instant_of,
    masked,
    message_time,
    snowflake,
    vendor_time,
)
from simulator.vendors.useapi.verbs import VERBS, repeated
from simulator.vendors.vendor import Call, Reply

NO_ANSWER = "No answer from InsightFaceSwap"

_NEAR_MS = 1000


def show_submitted(shot: Snapshot, call: Call) -> Reply:
    """Word the reply to a command.

    What the bot turns down is a job too, shown with the HTTP status of a refusal: facts useapi.errors.rejected,
    useapi.errors.no-answer, useapi.status.moderated-at-submit.
    """
    status = submit_status(shot)
    return Reply(job_words(shot, call, status), status)


def submit_status(shot: Snapshot) -> int:
    """Return the HTTP status of a command's reply that shows this job."""
    if shot.gave_up:
        return 504
    return 422 if shot.stands_for in (FAILED, MODERATED) else 200


def show_job(shot: Snapshot, call: Call) -> Reply:
    """Word a job that was looked up; ``code`` is 200 whatever became of it (facts useapi.jobs.get, useapi.job.code)."""
    return Reply(job_words(shot, call, 200))


def show_jobs(outcome: Snapshot | Sequence[Snapshot], call: Call) -> Reply:
    """Word the running jobs, oldest first, or the one that ``jobid`` asks for.

    Facts useapi.list.running, useapi.list.order, useapi.routing.slash.
    """
    if isinstance(outcome, Snapshot):
        return show_job(outcome, call)
    return Reply([shot.job.id for shot in reversed(outcome)])


def show_cancelled(shot: Snapshot, call: Call) -> Reply:
    """Word a cancel, whether it came in time or not (facts useapi.cancel.get, useapi.cancel.finished)."""
    return Reply({"jobid": shot.job.id, "status": shot.wire, "code": 200})


def job_words(shot: Snapshot, call: Call, code: int) -> dict[str, Any]:
    """Word a job, the model's fields in the model's order; what has no value is left out.

    Facts useapi.job.always, useapi.job.absent-not-null, useapi.job.no-parent.
    """
    job = shot.job
    created_at_ms = created_ms(job)
    return {
        "jobid": job.id,
        "verb": VERBS[job.operation].word,
        "status": "failed" if shot.gave_up else shot.wire,
        "created": vendor_time(created_at_ms),
        "updated": vendor_time(max(_updated_ms(shot), created_at_ms)),
        **repeated(VERBS[job.operation], job.fields, job.inputs),
        "discord": masked(job.bound["channel.discord"]),
        "server": job.bound["channel.server"],
        "channel": job.bound["channel"],
        **{name: job.fields[name] for name in ("replyUrl", "replyRef") if name in job.fields},
        **_message(shot, created_at_ms),
        **_results(shot, call),
        **_failure(shot),
        "code": code,
    }


def created_ms(job: Job) -> int:
    """Return ``created``, which is the time in the id (fact useapi.ids.jobid-time).

    On a clock that stands, jobs made one after the other have ids a millisecond apart, since no two may be equal.
    An id that a test gave says nothing about time unless it is near.
    """
    if job.id[4:21] == digits_of(job.created_at_ms):
        return job.created_at_ms
    said_ms = instant_of(job.id[4:21])
    near = said_ms is not None and abs(said_ms - job.created_at_ms) < _NEAR_MS
    return said_ms if near and said_ms is not None else job.created_at_ms


def _updated_ms(shot: Snapshot) -> int:
    """Return when a sweep or a call last changed what is shown (fact useapi.times.updated)."""
    if shot.gave_up:
        return shot.now_ms
    return shot.changed_at_ms if shot.word == "progress" else shot.entry.seen_at_ms


def _message(shot: Snapshot, created_at_ms: int) -> dict[str, str]:
    said = message(shot)
    if said is None:
        return {}
    at_ms = max(said.at_ms, created_at_ms)
    return {
        "messageId": snowflake(at_ms, shot.job.draws, "message", said.name),
        "content": content(shot, created_at_ms),
        "timestamp": message_time(at_ms),
    }


def _results(shot: Snapshot, call: Call) -> dict[str, Any]:
    """Facts useapi.job.results-when-completed, useapi.embeds.only-on-demand."""
    if not (shot.succeeded and shot.outputs):
        return {}
    attachments = [attachment(output, shot, call) for output in shot.outputs]
    if not shot.plan.script.scenario.result.embeds:
        return {"attachments": attachments}
    title = f"Picsi.Ai {VERBS[shot.job.operation].title}"
    return {"attachments": attachments, "embeds": [embed(shown, title) for shown in attachments]}


def _failure(shot: Snapshot) -> dict[str, str]:
    """Facts useapi.job.failed-has-error, useapi.errors.details."""
    if shot.gave_up:
        return {"error": NO_ANSWER}
    failure = shot.failure
    if failure is None:
        return {}
    return {"error": failure.message} | ({"errorDetails": failure.details} if failure.details else {})
