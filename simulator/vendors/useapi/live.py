"""How a live server does the bot's work, and how it words what cannot be done.

A headshot is made of a saved face, and no saved face has a picture here: it plays its scenario. What is put behind somebody
by a changebg is a made background, not what the text asks for.
"""

from simulator.jobs.job import Job
from simulator.jobs.renders import Pairing, Portrait, Swap
from simulator.jobs.scenario import Failure
from simulator.vendors.vendor import Live

NO_FACE = Failure("No face detected in the source image.")
FAILURES = {
    "no_face_in_source": NO_FACE,
    "no_face_in_target": Failure("No face detected in the target."),
    "too_many_faces": Failure("Too many faces in the target."),
    "undecodable": Failure("The file could not be read."),
    "no_video": Failure("The file could not be read."),
    "wrong_codec": Failure("The file could not be read."),
    "too_long": Failure("The video is too long."),
    "too_large": Failure("The file is too large."),
}
_OTHERWISE = Failure("Job failed")


def swap(job: Job) -> tuple[Swap, ...]:
    """Put the source's face onto everybody in the target (fact useapi.picsi.output-kind)."""
    return (Swap(_place(job, "target_image_gif_or_video"), (Pairing(_place(job, "source_image")),)),)


def change_background(job: Job) -> tuple[Portrait, ...]:
    """Set whoever is in the picture before a made background."""
    text = job.fields.get("a_background_photo_of", "")
    return (Portrait(_place(job, "image"), kind="background", text=str(text)),)


def _place(job: Job, field: str) -> int:
    return next(at for at, given in enumerate(job.inputs) if given.field == field)


PICSI = Live(swap, FAILURES, _OTHERWISE)
CHANGEBG = Live(change_background, FAILURES, _OTHERWISE)
