"""How a live server cuts clips, what is known of them then, and how it words what cannot be done."""

from collections.abc import Mapping
from typing import Any

from simulator.jobs.job import Job
from simulator.jobs.renders import Clips
from simulator.jobs.scenario import Failure
from simulator.vendors.openshorts.cuts import Cut, limits_seconds
from simulator.vendors.openshorts.texts import Texts
from simulator.vendors.vendor import Live

FAILURES = {
    "undecodable": Failure("Invalid data found when processing input", code=1),
    "no_video": Failure("The file has no video stream", code=1),
    "wrong_codec": Failure("Decoder not found", code=1),
    "too_long": Failure("The video is too long", code=1),
    "too_large": Failure("The video is too large", code=1),
    "too_many_bytes": Failure("The video is too large", code=1),
    "out_of_memory": Failure("Cannot allocate memory", code=137),
    "crashed": Failure("The worker was killed", code=137),
}
"""The worker's last words and its exit code, as they may be: fact openshorts.end.exit-code."""


HASHTAG = "#simulated"
"""What captions end with, as they all do: fact openshorts.clip.captions."""

MOST_LETTERS = 100  # fact openshorts.clip.youtube-title


def clips(job: Job) -> tuple[Clips, ...]:
    """Cut as many clips as were asked for, each within the lengths that were asked for."""
    low, high = limits_seconds(job.fields)
    return (Clips(0, 1000 * low, 1000 * high),)


def cut_of(about: Mapping[str, Any]) -> Cut:
    """Return what a render says of a clip; its title stands where a model's texts would."""
    title = str(about.get("title", ""))
    caption = f"{about.get('said') or title} {HASHTAG}"
    start_ms = int(about.get("start_ms", 0))
    return Cut(
        start_ms,
        int(about.get("end_ms", start_ms)) - start_ms,
        int(about.get("score", 0)),
        Texts(title, caption, caption, title[:MOST_LETTERS], title),
    )


CLIPS = Live(clips, FAILURES, Failure("Processing failed", code=1))
