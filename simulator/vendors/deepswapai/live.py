"""How a live server does DeepSwapAI's jobs, and how it words what cannot be done: in the words of refusals."""

from collections.abc import Mapping
from typing import Any

from simulator.jobs.files import Input
from simulator.jobs.job import Job
from simulator.jobs.renders import Pairing, Swap
from simulator.jobs.scenario import Failure
from simulator.vendors.deepswapai.errors import (
    FileTooLarge,
    NoFaceDetected,
    ResolutionTooHigh,
    UnsupportedFormat,
    VideoTooLong,
    as_failure,
)
from simulator.vendors.vendor import Live

_SOURCE = 0  # the source image stands first among the inputs


def swap(job: Job) -> tuple[Swap, ...]:
    """Put the one source face onto the target: onto the face that the index names, or onto the most prominent one."""
    index = job.fields.get("face_index")
    return (Swap(1, (Pairing(_SOURCE, target_face=0 if index is None else int(index)),)),)


def swap_each(job: Job) -> tuple[Swap, ...]:
    """Put it onto the most prominent face of every image of a batch; those refused at the submit are left out."""
    refused = {item.index for item in job.plan.items if item.error is not None}
    targets = range(len(job.inputs) - 1)
    return tuple(Swap(1 + at, (Pairing(_SOURCE, target_face=0),), output=at) for at in targets if at not in refused)


def is_no_webm(fields: Mapping[str, Any], inputs: tuple[Input, ...]) -> bool:
    """Return whether the result is to be of a format that is made live."""
    return bool(fields["output_format"] != "webm")


def _failures(target: str) -> dict[str, Failure]:
    return {
        "no_face_in_source": as_failure(NoFaceDetected("source image")),
        "no_face_in_target": as_failure(NoFaceDetected(target)),
        "no_such_face": Failure(f"The {target} has fewer faces", code="face_index_out_of_range"),
        "too_many_faces": Failure(f"There are too many faces in the {target}", code="processing_failed"),
        "unreadable_source": as_failure(UnsupportedFormat("source image")),
        "undecodable": as_failure(UnsupportedFormat(target)),
        "no_video": as_failure(UnsupportedFormat(target)),
        "wrong_codec": as_failure(UnsupportedFormat(target)),
        "too_long": as_failure(VideoTooLong(target)),
        "too_large": as_failure(ResolutionTooHigh(target)),
        "too_many_bytes": as_failure(FileTooLarge(target)),
    }


_OTHERWISE = Failure("Processing failed", code="processing_failed")
IMAGE = Live(swap, _failures("target image"), _OTHERWISE)
VIDEO = Live(swap, _failures("target video"), _OTHERWISE, fits=is_no_webm)
BATCH = Live(swap_each, _failures("target image"), _OTHERWISE)
