"""A job's wishes as orders: its inputs by where they lie, its outputs by what the vendor promised."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from simulator.jobs.files import Output
from simulator.jobs.job import Job
from simulator.jobs.renders import Clips, Media, People, Portrait, Swap, Wish
from simulator.media.live.orders import (
    ClipsOrder,
    Limits,
    Made,
    MadeFile,
    Order,
    Pairing,
    PeopleOrder,
    PortraitOrder,
    SwapOrder,
)

Inputs = Mapping[Media, Path]


def media_of(wish: Wish) -> tuple[Media, ...]:
    """Return the media that a wish is about, each once; the sources of a swap come first."""
    match wish:
        case Swap():
            return tuple(dict.fromkeys((*(pairing.source for pairing in wish.pairings), wish.target)))
        case People():
            return (wish.target,)
        case Portrait():
            return (wish.picture,)
        case Clips():
            return (wish.video,)


def is_source_of(wish: Wish, media: Media) -> bool:
    """Return whether a medium only gives a swap its face."""
    return isinstance(wish, Swap) and media != wish.target


def as_order(job: Job, wish: Wish, inputs: Inputs, into: Path, limits: Limits, *, is_marked: bool = True) -> Order:
    """Return what a worker is asked to do; ``inputs`` are the files that they are about."""
    folder, outputs = str(into), job.plan.outputs
    match wish:
        case Swap():
            pairings = tuple(
                Pairing(str(inputs[one.source]), one.source_face, one.target_face, one.target_points)
                for one in wish.pairings
            )
            kind = "head" if wish.kind == "head" else "face"
            promised = outputs[wish.output].media_type if wish.output < len(outputs) else ""
            return SwapOrder(
                job.id,
                str(inputs[wish.target]),
                pairings,
                folder,
                kind=kind,  # type: ignore[arg-type]
                media_type=promised,
                is_still=wish.is_still,
                keeps_sound=wish.keeps_sound,
                is_marked=is_marked,
                limits=limits,
            )
        case People():
            return PeopleOrder(
                job.id,
                str(inputs[wish.target]),
                folder,
                media_type=_picture_type(outputs, 0) or "image/png",
                takes_pictures=wish.takes_pictures,
                is_marked=is_marked,
                limits=limits,
            )
        case Portrait():
            return PortraitOrder(
                job.id,
                str(inputs[wish.picture]),
                folder,
                kind="background" if wish.kind == "background" else "headshot",
                media_type=_picture_type(outputs, wish.output) or "image/png",
                text=wish.text,
                is_marked=is_marked,
                limits=limits,
            )
        case Clips():
            return ClipsOrder(
                job.id,
                str(inputs[wish.video]),
                folder,
                count=max(len(outputs), 1),
                least_ms=wish.least_ms,
                most_ms=wish.most_ms,
                size_px=(outputs[0].width_px, outputs[0].height_px) if outputs else (1080, 1920),
                stem=_stem(outputs),
                is_marked=is_marked,
                limits=limits,
            )


def output_of(wish: Wish, made: Made) -> int:
    """Return the place among a job's outputs of what was made."""
    return wish.output if isinstance(wish, Swap | Portrait) else made.index


def measured(planned: Output, file: MadeFile) -> Output:
    """Return an output as it has really become."""
    return msgspec.structs.replace(
        planned,
        media_type=file.media_type,
        width_px=file.width_px,
        height_px=file.height_px,
        size_bytes=file.size_bytes,
        duration_ms=max(file.duration_ms, 1) if file.media_type.startswith("video/") else 0,
        frames=file.frames,
        stored=file.path,
    )


def _stem(outputs: tuple[Output, ...]) -> str:
    """Return what clips are called before ``_clip_<number>``, as promised."""
    return PurePosixPath(outputs[0].path).stem.rpartition("_clip_")[0] if outputs else ""


def _picture_type(outputs: tuple[Output, ...], index: int) -> str:
    """Return the type that a picture is promised as; "" where a video is, or nothing."""
    promised = outputs[index].media_type if index < len(outputs) else ""
    return promised if promised.startswith("image/") else ""
