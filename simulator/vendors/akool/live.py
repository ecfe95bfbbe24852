"""How a live server does AKOOL's jobs, and how it words what cannot be done."""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from simulator.jobs.files import Input
from simulator.jobs.job import Job
from simulator.jobs.renders import Pairing, People, Swap
from simulator.jobs.scenario import Failure
from simulator.vendors.vendor import Live

NO_FACE = Failure("No face was detected", code=1015)
UNREADABLE = Failure("The input could not be parsed", code=1208)
FAILURES = {
    "no_face_in_source": NO_FACE,
    "no_face_in_target": NO_FACE,
    "no_such_face": Failure("The face to be replaced was not detected", code=1015),
    "too_many_faces": Failure("Too many faces were detected", code=1015),
    "unreadable_source": UNREADABLE,
    "undecodable": UNREADABLE,
    "no_video": UNREADABLE,
    "wrong_codec": UNREADABLE,
    "too_long": Failure("The video is too long", code=1015),
    "too_large": Failure("The input is too large", code=1015),
    "too_many_bytes": Failure("The input is too large", code=1015),
}

NOT_WRITTEN = "video/webm"
"""Results are like their targets (fact akool.swap.result-type), and this is not made live."""

MOST_POINTS = 100
_POINT = re.compile(r"(?<![0-9.])(-?[0-9]{1,9}(?:\.[0-9]{1,9})?),(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)(?![0-9.])")
"""Bounded, so that a text of nothing but digits is read in no time."""


def analyze(job: Job) -> tuple[People, ...]:
    """Find the people of the video; their order is their ``obj_id`` (fact akool.analysis.objects)."""
    return (People(0, takes_pictures=False),)


def swap_heads(job: Job) -> tuple[Swap, ...]:
    """Put each mapped head onto the person whom the analysis of the same video has given its ``obj_id``."""
    pairings = tuple(Pairing(one["img_url"], target_face=int(one["obj_id"])) for one in job.fields["mappings"])
    return (Swap(0, pairings, kind="head", keeps_sound=job.fields.get("keep_original_sound", True)),)


def swap_faces(job: Job) -> tuple[Swap, ...]:
    """Put each source onto the target in the same place of the other list; a single one onto everybody.

    Where a target says where its landmarks are, the face that lies there is meant (fact akool.swap.opts).
    """
    sources, targets = job.fields["sourceImage"], job.fields["targetImage"]
    return (
        Swap(
            0,
            tuple(
                Pairing(source["path"], target_points=points(target.get("opts")) if len(targets) > 1 else ())
                for source, target in zip(sources, targets, strict=True)
            ),
        ),
    )


def has_urls(fields: Mapping[str, Any], inputs: tuple[Input, ...]) -> bool:
    """Return whether every face can be fetched (one that came as text was not kept), and the result can be written."""
    [given] = inputs
    return all(face["path"] for face in fields["sourceImage"]) and given.media_type != NOT_WRITTEN


def points(opts: Any) -> tuple[tuple[float, float], ...]:
    """Return the points of an ``opts``, as far as they can be read."""
    if not isinstance(opts, str):
        return ()
    return tuple((float(found[1]), float(found[2])) for found in islice(_POINT.finditer(opts), MOST_POINTS))


ANALYSIS = Live(analyze, FAILURES)
HEAD_SWAP = Live(swap_heads, FAILURES)
FACE_SWAP = Live(swap_faces, FAILURES, fits=has_urls)
