"""``make bench-live``: a face swapped in a clip, beside the same clip decoded and encoded alone, in the same run.

The floor is the codec: both runs read by the same reader and write by the same writer, threads between them. What is told is
how much of the codec's own speed is left once a face is swapped in every frame. Needs the extras live and live-test.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench.live_clips import clip, photograph_file
from bench.rows import Missing, Row, median_row, print_table, ratios
from simulator.renders.manners import threads as threads_of_workers

SIZES = {"512²": (512, 512, 0.60), "720p": (1280, 720, 0.60), "1080p": (1920, 1080, 0.60)}
"""Width, height, and the least share of the codec's speed on two cores."""
FOLDER = Path("build/live")


def measure(
    rounds: int, seconds: int, names: list[str], device: str = "cpu", *, at_least: float | None = None, threads: int = 0
) -> list[Row]:
    """Return a row for each size; rounds are interleaved, so that both of a round saw the same machine.

    Raises:
        Missing: live mode is not installed.
    """
    try:
        import torch

        from simulator.media.live.workshop import Workshop
    except ImportError as error:
        raise Missing("install the extras live and live-test: make live") from error

    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads or threads_of_workers(1))
    workshop, rows = Workshop(device), []
    source = photograph_file("hopper", FOLDER)
    for name in names:
        width, height, wanted = SIZES[name]
        target = clip(FOLDER, "collins", width, height, seconds)
        frames = swapped(target, source, workshop)  # models, code paths and the disk's cache are warm after this
        codec, pipeline = list[Took](), list[Took]()
        for _ in range(rounds):
            codec.append(took(partial(coded, target)))
            pipeline.append(took(partial(swapped, target, source, workshop)))
        print(
            f"  {name:6} {_fps(frames, codec):6.1f} fps decoded and encoded, {_fps(frames, pipeline):6.1f} fps swapped as well;"
            f" of processor time {_cpu_ms(frames, codec):5.1f} and {_cpu_ms(frames, pipeline):5.1f} ms/frame;"
            f" load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        what, aim = f"{name} swapped ÷ decoded and encoded", wanted if at_least is None else at_least
        wall = ratios([one.seconds for one in codec], [one.seconds for one in pipeline])
        rows.append(median_row(what, wall, at_least=aim))
        cpu = ratios([one.cpu_seconds for one in codec], [one.cpu_seconds for one in pipeline])
        rows.append(median_row(f"{what}, by processor time", cpu))
    return rows


class Took(NamedTuple):
    """How long something took, and how much of all processors' time: that hardly feels what else runs."""

    seconds: float
    cpu_seconds: float


def took(work: Callable[[], object]) -> Took:
    """Do something and return how long it took."""
    begun, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - begun, time.process_time() - cpu)


def _fps(frames: int, rounds: list[Took]) -> float:
    return frames / statistics.median(one.seconds for one in rounds)


def _cpu_ms(frames: int, rounds: list[Took]) -> float:
    return 1000 * statistics.median(one.cpu_seconds for one in rounds) / frames


def swapped(target: Path, source: Path, workshop: Any) -> int:
    """Swap a face in a clip as a job does; return the number of frames."""
    from simulator.media.live.orders import Made, Pairing, SwapOrder
    from simulator.media.live.render import render

    order = SwapOrder("job", str(target), (Pairing(str(source)),), str(FOLDER))
    [made] = [news for news in render(order, workshop) if isinstance(news, Made)]
    assert int(str(made.about["swapped"])) >= made.file.frames, (
        f"a face in {made.about['swapped']} of {made.file.frames} frames"
    )
    return made.file.frames


def coded(target: Path) -> int:
    """Decode and encode a clip with the pipeline's own reader, writer and threads, and nothing between them."""
    from simulator.media.live.reading import Reader
    from simulator.media.live.sound import Sound
    from simulator.media.live.stages import overlapped
    from simulator.media.live.writing import Writer

    reader = Reader(str(target))
    with Writer(str(FOLDER / "coded.mp4"), reader.video, {}, Sound(str(target))) as writer:
        for _ in overlapped(reader.chunks(), lambda chunk: chunk, writer.write):
            pass
        return writer.finish().frames


def main() -> int:
    """Return 1 if an aim is missed."""
    parser = argparse.ArgumentParser(prog="make bench-live", description="Measure live mode against the codec alone.")
    parser.add_argument("sizes", nargs="*", metavar="size", help=f"{', '.join(SIZES)}; all if none is named")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (5)")
    parser.add_argument("--seconds", type=int, default=5, help="length of the clip (5)")
    parser.add_argument("--device", default="cpu", help="what renders (cpu)")
    parser.add_argument("--threads", type=int, default=0, help="threads of the swap itself (as a worker has)")
    options = parser.parse_args()
    if unknown := set(options.sizes) - set(SIZES):
        parser.error(f"no such size: {', '.join(sorted(unknown))}")
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f} at the start")
    try:
        rows = measure(
            options.rounds, options.seconds, options.sizes or list(SIZES), options.device, threads=options.threads
        )
    except Missing as missing:
        rows = [Row("live", None, note=str(missing))]
    print()
    print_table(rows)
    return any(row.verdict == "MISSED" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
