"""``make live-gpu``: live mode on a CUDA GPU: how fast, where the time goes, how near to the device's own speed, and whether the
picture is the same as on the CPU. It was written without one at hand.

Without a GPU it ends with one line and status 1. Needs the extras live and live-test, with a CUDA build of torch.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench import live
from bench.live_clips import clip, photograph_file
from bench.rows import Missing, Row, print_table

FOLDER = Path("build/live")
SIDES_PX, BATCH = (512, 768), 64
_GIGA, _COPIED_BYTES = 1e9, 1 << 30


def device_or_reason() -> tuple[Any, str]:
    """Return a CUDA device, or why there is none."""
    try:
        import torch
    except ImportError:
        return None, "torch is not installed: make live installs it"
    if not torch.cuda.is_available():
        return None, f"torch {torch.__version__} finds no CUDA device here"
    return torch.device("cuda"), ""


def seconds(work: Callable[[], object], device: Any, times: int = 10) -> float:
    """Return how long something takes on a device, the best of several, once it is warm."""
    import torch

    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    took = []
    for _ in range(times + 2):
        wait()
        begun = time.perf_counter()
        work()
        wait()
        took.append(time.perf_counter() - begun)
    return min(took[2:])


def copy_speeds(device: Any) -> dict[str, float]:
    """Return bytes a second, read and written both counted: on the device, and up and down from pinned memory."""
    import torch

    there = torch.empty(_COPIED_BYTES, dtype=torch.uint8, device=device)
    twin = torch.empty_like(there)
    here = torch.empty(_COPIED_BYTES // 4, dtype=torch.uint8, pin_memory=True)
    part = there[: here.numel()]
    return {
        "device": 2 * _COPIED_BYTES / seconds(lambda: twin.copy_(there), device),
        "up": here.numel() / seconds(lambda: part.copy_(here, non_blocking=True), device),
        "down": here.numel() / seconds(lambda: here.copy_(part, non_blocking=True), device),
    }


def squares(side_px: int, count: int, device: Any) -> tuple[Any, Any, Any, Any]:
    """Return a source, and so many squares of that side with a face in each: planes, places, points."""
    import numpy as np
    import torch

    from simulator.media.live.blending import Source
    from simulator.media.live.geometry import MODEL
    from simulator.media.live.planes import Colour, Planes, Squares

    noise = torch.Generator().manual_seed(1)
    eyes_px, colour = side_px / 3.4, Colour("bt709")
    points = MODEL[None] * eyes_px + torch.tensor([side_px / 2, side_px / 2 - 0.6 * eyes_px])
    points = points + torch.randn((count, 5, 2), generator=noise) * eyes_px * 0.01
    luma = torch.rand((count, 1, side_px, side_px), generator=noise) * 219 + 16
    colours = torch.rand((count, 2, side_px // 2, side_px // 2), generator=noise) * 60 + 98
    picture = torch.rand((1, 3, 600, 512), generator=noise) * 255
    source = Source(picture.to(device), MODEL * 110 + torch.tensor([256.0, 240.0]), colour)
    places = Squares(np.zeros((count, 2), np.int64), side_px)
    return source, Planes(luma.to(device), colours.to(device)), places, points.to(device)


def swap_rows(device: Any, speeds: dict[str, float]) -> list[Row]:
    """Return the swap step's rows: its share of the device's speed, and how far CPU and GPU are apart."""
    import torch

    rows = []
    for side in SIDES_PX:
        source, here, places, points = squares(side, BATCH, device)
        with torch.inference_mode():
            took = seconds(partial(_changed, source, here, places, points), device)
        floor = 3 * side * side * BATCH / speeds["device"]
        rows.append(Row(f"swap step, {side}², ms/frame", 1000 * took / BATCH))
        rows.append(
            Row(f"swap step ÷ device copy, {side}²", floor / took, at_least=0.3, note="below it, fuse: one kernel")
        )
        rows.append(Row(f"samples within one level of the CPU's, {side}²", _alike(side, device), at_least=0.999))
    return rows


def _changed(source: Any, here: Any, places: Any, points: Any) -> Any:
    from simulator.media.live.blending import change, face_patch

    return change(here, face_patch(places, points, source), source.level_for(points))


def _alike(side: int, device: Any) -> float:
    import torch

    planes = []
    for where in (torch.device("cpu"), device):
        source, here, places, points = squares(side, 4, where)
        with torch.inference_mode():
            more = _changed(source, here, places, points)
            whole = [(old + new).round().clamp(0, 255).cpu() for old, new in zip(here, more, strict=True)]
        planes.append(torch.cat([plane.flatten() for plane in whole]))
    return float(((planes[0] - planes[1]).abs() <= 1).float().mean())


def detection_row(device: Any) -> Row:
    """Return how far the points of the same face lie apart on CPU and GPU."""
    import torch

    from bench.live_clips import photograph
    from simulator.media.live.workshop import Workshop

    picture = torch.from_numpy(photograph("collins")).permute(2, 0, 1)[None].float()
    found = [Workshop(where).detector.find(picture.to(where))[0][0].points for where in ("cpu", device)]
    apart = float((found[0] - found[1]).norm(dim=1).max())
    return Row("points on CPU and GPU apart, pixels", apart, at_most=0.5)


def share_rows(device: Any, width: int, height: int) -> list[Row]:
    """Return what each stage takes of the time of a frame, each measured alone: they overlap when it counts."""
    import torch

    from simulator.media.live.casting import Cast
    from simulator.media.live.orders import NO_LIMITS_GIVEN, Pairing
    from simulator.media.live.planes import Colour
    from simulator.media.live.reading import Reader
    from simulator.media.live.swap import MANNERS, change_frames
    from simulator.media.live.tracks import Tracker
    from simulator.media.live.workshop import Workshop
    from simulator.media.live.writing import Writer

    target, workshop = clip(FOLDER, "collins", width, height, 5), Workshop(device)
    reader, took = Reader(str(target)), dict[str, float]()
    begun = time.perf_counter()
    chunks = list(reader.chunks())
    took["decode"] = time.perf_counter() - begun
    colour = Colour(reader.video.matrix, reader.video.colours.is_full_range)
    pairing = Pairing(str(photograph_file("hopper", FOLDER)))
    source = Cast((pairing,), NO_LIMITS_GIVEN, workshop, colour).others
    assert source is not None
    for name in ("warm", "detect"):
        tracker, begun = Tracker(workshop.detector, colour, 10), time.perf_counter()
        followed = [(part, tracker.follow(part)) for part in chunks]
        took[name] = time.perf_counter() - begun
    begun = time.perf_counter()
    with torch.inference_mode():
        for part, tracks in followed:
            for track in tracks:
                change_frames(part.frames, track.frames, track.points, source, MANNERS["face"], workshop.device)
    took["swap"] = time.perf_counter() - begun
    begun = time.perf_counter()
    with Writer(str(FOLDER / "shares.mp4"), reader.video, {}) as writer:
        frames = [writer.write(part) for part in chunks][-1]
        writer.finish()
    took["encode"] = time.perf_counter() - begun
    del took["warm"]
    whole = sum(took.values())
    name = f"{width}×{height}"
    return [
        Row(f"{name}: {stage}, share", took[stage] / whole, note=f"{1000 * took[stage] / frames:.2f} ms/frame")
        for stage in ("decode", "detect", "swap", "encode")
    ]


def main() -> int:
    """Return 1 if an aim is missed, or if there is nothing to measure on."""
    parser = argparse.ArgumentParser(prog="make live-gpu", description="Measure live mode on a CUDA GPU.")
    parser.add_argument("--rounds", type=int, default=3, help="how often the whole pipeline is measured (3)")
    options = parser.parse_args()
    device, reason = device_or_reason()
    if device is None:
        print(f"live-gpu: nothing was measured: {reason}", file=sys.stderr)
        return 1
    import torch

    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}, CUDA {torch.version.cuda}")
    try:
        speeds = copy_speeds(device)
        rows = [Row(f"copy: {name}, GB/s", speed / _GIGA) for name, speed in speeds.items()]
        rows += [*swap_rows(device, speeds), detection_row(device)]
        rows += [*share_rows(device, 1280, 720), *share_rows(device, 1920, 1080)]
        rows += live.measure(options.rounds, 5, list(live.SIZES), "cuda", at_least=0.9)
    except Missing as missing:
        rows = [Row("live", None, note=str(missing))]
    print()
    print_table(rows)
    return any(row.verdict == "MISSED" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
