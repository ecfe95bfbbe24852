"""What a render is asked to do, and the news it tells meanwhile: plain data that travels between processes as msgpack.

Paths are text. ``into`` is a folder that exists and that is the job's own; a render writes nowhere else. Faces and people
count from 0, the most prominent first: the largest, in a video by size and time together.
"""

from typing import Final, Literal

import msgspec


class Limits(msgspec.Struct, frozen=True):
    """How large an input may be; beyond it the job fails as ``too_large``, ``too_long`` or ``too_many_faces``."""

    most_px: int = 4096 * 3072  # of one picture or frame: width times height
    most_ms: int = 600_000
    most_frames: int = 36_000
    most_faces: int = 10  # at once in one picture or frame


NO_LIMITS_GIVEN: Final = Limits()


class Pairing(msgspec.Struct, frozen=True):
    """Whose face goes where. Without ``target_face`` and ``target_points`` it goes to everybody whom no other pairing names.

    ``target_points`` are pixels of the target (a video's first frame) that lie on the face that is meant,
    in any order; the face nearest to their middle is taken. ``source_points`` choose among the source's faces alike.
    """

    source: str
    source_face: int | None = None  # None: the most prominent
    target_face: int | None = None
    target_points: tuple[tuple[float, float], ...] = ()
    source_points: tuple[tuple[float, float], ...] = ()


class SwapOrder(msgspec.Struct, frozen=True, tag="swap"):
    """Put faces, or coarsely whole heads, into a picture or a video."""

    job: str
    target: str
    pairings: tuple[Pairing, ...]
    into: str
    kind: Literal["face", "head"] = "face"
    media_type: str = ""  # of what is made, and the target must be of its kind; "": as the target, or PNG
    is_still: bool = False  # of a video only the first frame that shows anybody is made, as a picture
    keeps_sound: bool = True
    is_marked: bool = True  # the visible mark; the metadata is always there
    limits: Limits = NO_LIMITS_GIVEN


class PeopleOrder(msgspec.Struct, frozen=True, tag="people"):
    """Find the different people in a picture or a video and cut each of them out."""

    job: str
    target: str
    into: str
    media_type: str = "image/png"  # of the pictures cut out
    takes_pictures: bool = True
    is_marked: bool = True
    limits: Limits = NO_LIMITS_GIVEN


class PortraitOrder(msgspec.Struct, frozen=True, tag="portrait"):
    """Set the person in a picture before a made background: head and shoulders (``headshot``), or where they are."""

    job: str
    picture: str
    into: str
    kind: Literal["headshot", "background"] = "headshot"
    text: str = ""  # what is to be seen behind; it only chooses the colours
    media_type: str = "image/png"
    is_marked: bool = True
    limits: Limits = NO_LIMITS_GIVEN


class Spoken(msgspec.Struct, frozen=True):
    """A sentence of a transcript that the caller brought, and when it is said."""

    start_ms: int
    end_ms: int
    text: str


class ClipsOrder(msgspec.Struct, frozen=True, tag="clips"):
    """Cut the best moments out of a long video, upright at 9:16."""

    job: str
    video: str
    into: str
    count: int = 3
    least_ms: int = 3_000
    most_ms: int = 60_000  # of one clip
    size_px: tuple[int, int] = (1080, 1920)  # of a clip, width first, both even; what has another shape is cropped
    stem: str = ""  # clips are called <stem>_clip_1.mp4 and on; "": after the video
    titles: tuple[str, ...] = ()  # as far as they go
    transcript: tuple[Spoken, ...] = ()
    is_marked: bool = True
    limits: Limits = NO_LIMITS_GIVEN


Order = SwapOrder | PeopleOrder | PortraitOrder | ClipsOrder


class MadeFile(msgspec.Struct, frozen=True):
    """A finished file, as read back from it."""

    path: str
    media_type: str
    width_px: int
    height_px: int
    size_bytes: int
    duration_ms: int = 0  # 0: a picture
    frames: int = 1


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """``done`` of ``total`` frames are finished; a total of 0 means that the input does not say."""

    done: int
    total: int
    stage: str = ""


class Line(msgspec.Struct, frozen=True, tag="line"):
    """A line of the worker's log."""

    text: str


class Made(msgspec.Struct, frozen=True, tag="made"):
    """One more file is finished. ``about`` holds plain values (text, numbers, lists) beyond what the file says."""

    index: int
    file: MadeFile
    about: dict[str, object] = {}


News = Progress | Line | Made
