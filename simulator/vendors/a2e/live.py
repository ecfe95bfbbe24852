"""How a live server does A2E's previews and tasks, and how it words what cannot be done."""

from collections.abc import Mapping
from typing import Any

from simulator.jobs.files import Input
from simulator.jobs.job import Job
from simulator.jobs.renders import Pairing, Swap
from simulator.jobs.scenario import Failure
from simulator.vendors.vendor import Live

FAILURES = {
    "no_face_in_source": Failure("No face was detected in the face image"),
    "no_face_in_target": Failure("No face was detected in the target"),
    "no_such_face": Failure("No face was detected in the target"),
    "too_many_faces": Failure("There are too many faces in the target"),
    "unreadable_source": Failure("The face image could not be read"),
    "undecodable": Failure("The file could not be read"),
    "no_video": Failure("The file could not be read"),
    "wrong_codec": Failure("The file could not be read"),
    "too_long": Failure("The video is too long"),
    "too_large": Failure("The file is too large"),
    "too_many_bytes": Failure("The file is too large"),
}
"""Assumed words, as all of this vendor's failures: fact a2e.status.failure."""


def has_both(fields: Mapping[str, Any], inputs: tuple[Input, ...]) -> bool:
    """Return whether there is a face and something to put it on."""
    return {"face_url", "video_url"} <= {given.field for given in inputs}


def can_be_written(fields: Mapping[str, Any], inputs: tuple[Input, ...]) -> bool:
    """Return whether there are both, and the result need not be animated as a GIF is, for none is made live."""
    return has_both(fields, inputs) and all(given.kind != "animation" for given in inputs)


def swap(job: Job) -> tuple[Swap, ...]:
    """Put the one face onto everybody in the target."""
    return (Swap(_place(job, "video_url"), (Pairing(_place(job, "face_url")),)),)


def swap_still(job: Job) -> tuple[Swap, ...]:
    """Do the same with one picture of the target (fact a2e.preview.result)."""
    return (Swap(_place(job, "video_url"), (Pairing(_place(job, "face_url")),), is_still=True),)


def _place(job: Job, field: str) -> int:
    return next(at for at, given in enumerate(job.inputs) if given.field == field)


PREVIEW = Live(swap_still, FAILURES, fits=has_both)
TASK = Live(swap, FAILURES, fits=can_be_written)
