"""How a ``replyUrl`` is called back: with the job itself, at its end (facts useapi.webhook.…)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from simulator.jobs.durations import fixed
from simulator.jobs.lifecycle import FAILED, MODERATED
from simulator.jobs.plan import Plan
from simulator.jobs.snapshot import Snapshot
from simulator.vendors.useapi.switches import chosen
from simulator.vendors.useapi.words import job_words, submit_status
from simulator.vendors.vendor import Call, Webhook

GAPS_MS = (10_000, 60_000, 300_000)
"""Before each further attempt, as many as the switch asks for (fact useapi.webhook.attempts)."""


def reply_url(fields: Mapping[str, Any], details: Mapping[str, str]) -> str:
    """Return the call's own URL, or the account's default: facts useapi.webhook.target, useapi.user.unset."""
    return fields.get("replyUrl") or details.get("replyUrl", "")


def tells(shot: Snapshot) -> bool:
    """Tell every end, and by switch what comes before it.

    Facts useapi.webhook.when, useapi.webhook.other-ends, useapi.webhook.progress.
    """
    return shot.is_final or chosen("webhook_progress", shot.plan.switches) == "on"


def show(shot: Snapshot, call: Call) -> dict[str, Any]:
    """Word a job whose command was answered at once (facts useapi.webhook.body, useapi.webhook.code)."""
    was_turned_down = _stood_for_at_submit(shot.plan) in (FAILED, MODERATED)
    return job_words(shot, call, submit_status(shot) if was_turned_down else 200)


def show_answer(shot: Snapshot, call: Call) -> dict[str, Any]:
    """Word a job whose command was answered at its end (facts useapi.webhook.blocking, useapi.webhook.code)."""
    return job_words(shot, call, submit_status(shot))


def _stood_for_at_submit(plan: Plan) -> str:
    """Return the state in which a job was shown first: the first one that the scenario does not pass through at once.

    Its plan does not tell, since a webhook that overtakes the reply hurries a job to its end and the reply stays behind.
    """
    state = plan.state(plan.first)
    while state.lasts in (None, fixed(0)) and plan.span_ms(state.word) == 0 and (then := plan.then(state.word)):
        state = plan.state(then)
    return plan.stands_for(state.word)


JOB_ENDED = Webhook(
    name="jobEnded",
    url=reply_url,
    tells=tells,
    show=show,
    ids_at=("jobid", "replyRef"),
    gaps_ms=lambda switches: GAPS_MS[: int(chosen("webhook_retries", switches))],
    timeout_ms=10_000,
)
JOB_ANSWERED = msgspec.structs.replace(JOB_ENDED, tells=lambda shot: shot.is_final, show=show_answer)
"""Of a blocking command, which has nothing to tell before its reply (fact useapi.webhook.progress)."""
