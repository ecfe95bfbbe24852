"""A job that no sandbox has, made after one that is there: for webhooks that tell of the wrong job on purpose."""

import msgspec

from simulator.jobs.chance import Draws
from simulator.jobs.deliveries import alike
from simulator.jobs.job import Job
from simulator.jobs.lifecycle import FINAL
from simulator.vendors.vendor import Draft, Kind

_ATTEMPT = 9  # ids that come of the instant, and not of dice, lie further ahead with each attempt


def another(job: Job, kind: Kind, own_words: tuple[str, ...] = ()) -> Job:
    """Return a job for the same request with other dice: another id, other files and texts, the same course.

    ``own_words`` are fields by which a client knows its job again; they say something else, too.
    """
    plan, end = job.plan, job.entries[-1]
    outputs, asked = len(plan.outputs), plan.script.scenario.result
    fields = {name: alike(said, job.draws) if name in own_words else said for name, said in job.fields.items()}
    draft = Draft(
        job.operation,
        job.account,
        Draws(job.dice, "another"),
        job.created_at_ms,
        fields,
        job.inputs,
        job.bound,
        asked,
        len(plan.items) or asked.count or (outputs if outputs > 1 else 0),
        plan.switches,
        end.at_ms if end.stands_for in FINAL else None,
        _ATTEMPT,
    )
    id = kind.new_id(draft)
    id = alike(id, job.draws) if id == job.id else id
    made = msgspec.structs.replace(plan, outputs=kind.outputs(draft, id))
    return msgspec.structs.replace(job, id=id, dice=draft.draws.prefix, fields=fields, plan=made)
