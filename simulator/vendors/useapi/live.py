"""How a live server does the bot's work, and how it words what cannot be done.

A headshot is made of a saved face, and no saved face has a picture here: it plays its scenario. What is put behind somebody
by a changebg is a made background, not what the text asks for.
"""

from collections.abc import Mapping
from typing import Any

from simulator.jobs.files import Input
from simulator.jobs.job import Job
from simulator.jobs.renders import Pairing, Portrait, Swap
from simulator.jobs.scenario import Failure
from simulator.vendors.vendor import Live

NO_FACE = Failure("No face detected in the source image.")
FAILURES = {
    "no_face_in_source": NO_FACE,
    "no_face_in_target": Failure("No face detected in the target."),
    "no_such_face": Failure("No face detected in the target."),
    "too_many_faces": Failure("Too many faces in the target."),
    "unreadable_source": Failure("The source image could not be read."),
    "undecodable": Failure("The file could not be read."),
    "no_video": Failure("The file could not be read."),
    "wrong_codec": Failure("The file could not be read."),
    "too_long": Failure("The video is too long."),
    "too_large": Failure("The file is too large."),
    "too_many_bytes": Failure("The file is too large."),
}
_OTHERWISE = Failure("Job failed")


def swap(job: Job) -> tuple[Swap, ...]:
    """Put the source's face onto everybody in the target (fact useapi.picsi.output-kind)."""
    return (Swap(_place(job, "target_image_gif_or_video"), (Pairing(_place(job, "source_image")),)),)


def is_no_gif(fields: Mapping[str, Any], inputs: tuple[Input, ...]) -> bool:
    """Return whether the result need not be a GIF (fact useapi.picsi.output-kind), for none is made live."""
    return all(given.kind != "animation" or given.field == "source_image" for given in inputs)


def change_background(job: Job) -> tuple[Portrait, ...]:
    """Set whoever is in the picture before a made background."""
    text = job.fields.get("a_background_photo_of", "")
    return (Portrait(_place(job, "image"), kind="background", text=str(text)),)


def _place(job: Job, field: str) -> int:
    return next(at for at, given in enumerate(job.inputs) if given.field == field)


PICSI = Live(swap, FAILURES, _OTHERWISE, fits=is_no_gif)
CHANGEBG = Live(change_background, FAILURES, _OTHERWISE)
