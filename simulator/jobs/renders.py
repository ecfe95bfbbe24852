"""Live jobs as values: what is to be rendered (a wish), and how far that is by now (a ``Rendering``).

A live job has no timers. A render that really runs somewhere tells when it has begun, how far it is, what it has made
and how it ended; each of these is an event or a measured number, and the rest of the engine goes on as ever.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from simulator.jobs.files import Output
from simulator.jobs.scenario import Failure

BEGUN = "render-begun"
WORKING = "render-working"
RENDERED = "rendered"
BROKEN = "render-broken"
TOLD_BY_RENDER = frozenset({BEGUN, WORKING, RENDERED, BROKEN})


class Rendering(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far a live render is: ``done`` of ``total`` units (frames, or items), as told last at ``told_ms``.

    ``about`` is what the render says of each output, in the order of the outputs.
    """

    begun_ms: int
    told_ms: int
    done: int = 0
    total: int = 0
    about: tuple[Mapping[str, Any], ...] = ()
    failure: Failure | None = None
    lines: tuple[tuple[int, str], ...] = ()  # of the worker's log, each with its instant

    @property
    def share(self) -> float:
        """The share of the work that is done, below 1: only the end of the job makes it whole."""
        return min(self.done / self.total, 0.999) if self.total > 0 else 0.0

    def left_ms(self, now_ms: int, usual_ms: int) -> int:
        """Return how long the rest takes at the rate so far; ``usual_ms`` where there is no rate yet."""
        if not self.done or self.total <= 0:
            return usual_ms
        rest_ms = (self.told_ms - self.begun_ms) * max(self.total - self.done, 0) // self.done
        return max(rest_ms - max(now_ms - self.told_ms, 0), 0)


class Begun(msgspec.Struct, frozen=True):
    """Told by a render: the work has begun."""


class Worked(msgspec.Struct, frozen=True):
    """Told by a render: so much of it is done."""

    done: int
    total: int


class Said(msgspec.Struct, frozen=True):
    """Told by a render: a line of the worker's log."""

    line: str


class Made(msgspec.Struct, frozen=True):
    """Told by a render: one output is there, measured, or it failed; ``about`` says what else is known of it."""

    index: int
    output: Output | Failure
    about: Mapping[str, Any] = {}


class Ended(msgspec.Struct, frozen=True):
    """Told by a render: all is made."""


class Failed(msgspec.Struct, frozen=True):
    """Told by a render: it cannot be done."""

    failure: Failure


Told = Begun | Worked | Said | Made | Ended | Failed


Media = int | str
"""The place of an input among those of its job, or a URL that is no input of its own."""


class Pairing(msgspec.Struct, frozen=True, gc=False):
    """Whose face goes onto whose. ``source`` is a picture.

    ``source_face`` and ``target_face`` count faces from 0, the most prominent first. A source's None is that one; a target's
    is everybody whom no other pairing names. ``target_points`` find the target's face by where its landmarks are, in pixels
    of the target.
    """

    source: Media
    source_face: int | None = None
    target_face: int | None = None
    target_points: tuple[tuple[float, float], ...] = ()


class Swap(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Put faces, or whole heads, onto a picture or video; ``output`` is the place of the file that it becomes.

    ``is_still``: of a video, only the first frame that shows anybody, as a picture.
    """

    target: Media
    pairings: tuple[Pairing, ...]
    output: int = 0
    kind: str = "face"  # or "head"
    is_still: bool = False
    keeps_sound: bool = True


class People(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Find the distinct people of a picture or video; each output is a crop of one of them."""

    target: Media
    takes_pictures: bool = True


class Portrait(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Set the head of a picture on a made background ("headshot"), or change what is behind it ("background")."""

    picture: Media
    output: int = 0
    kind: str = "headshot"
    text: str = ""  # what is to be seen behind


class Clips(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Cut the best moments from a video, upright, none shorter or longer than this; each output is one of them."""

    video: Media
    least_ms: int = 3_000
    most_ms: int = 60_000


Wish = Swap | People | Portrait | Clips
"""What a live server renders for a job, in terms of its inputs and outputs; a job may have several."""
