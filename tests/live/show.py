"""``make live``: live mode as a whole, on small inputs, for eyes as well: before/after sheets, and a video that a browser plays.

A simulator of its own renders all of it by its vendors' calls. What comes out lies in ``build/live/``; what must hold is
asserted. ``make live ARGS="--device cuda"`` renders elsewhere.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import av
import msgspec
import numpy as np
import torch
from PIL import Image, ImageDraw

from bench.live_clips import FACES, clip, photograph, photograph_file
from simulator.assembly.background import Background
from simulator.media.live.faces import Face
from simulator.media.live.orders import Made, Order, Pairing, PortraitOrder, SwapOrder
from simulator.media.live.render import render
from simulator.media.live.workshop import Workshop
from simulator.settings import Settings
from tests.live.browser import find_browser, played
from tests.media.live.media import sound_packets
from tests.media.live.scenes import Rgb, write_png

FOLDER = Path("build/live")
SECONDS = 10
_PATIENCE_SECONDS = 900.0
_SHEET_PX, _TITLE_PX, _A_ROW = 360, 22, 4
Say = Callable[[str], None]


class Client:
    """Calls the vendors as their users do."""

    def __init__(self, simulator: str, files: str) -> None:
        self._simulator, self._files = simulator, files

    def swapped_picture(self, source: str, target: str) -> str:
        """Swap by DeepSwapAI, which answers once it is done; return where the result is."""
        body = {"source_image": f"{self._files}/{source}", "target_image": f"{self._files}/{target}"}
        return str(self._call("/deepswapai/v1/image-swap", body)["output_url"])

    def swapped_video(self, source: str, target: str) -> tuple[str, dict[str, Any]]:
        """Swap by DeepSwapAI; return where the result is, and the last status."""
        body = {"source_image": f"{self._files}/{source}", "target_video": f"{self._files}/{target}"}
        job = self._call("/deepswapai/v1/video-swap", body)["job_id"]
        said = self._until(f"/deepswapai/v1/status/{job}", lambda reply: reply["status"] in ("completed", "failed"))
        assert said["status"] == "completed", said
        return str(said["output_url"]), said

    def _until(self, path: str, is_over: Callable[[Any], bool]) -> Any:
        over = time.monotonic() + _PATIENCE_SECONDS
        while not is_over(said := self._call(path)):
            assert time.monotonic() < over, said
            time.sleep(0.2)
        return said

    def _call(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": "Bearer any-key", "Content-Type": "application/json"}
        with urlopen(Request(self._simulator + path, data, headers), timeout=60) as reply:
            return json.load(reply)


@contextmanager
def files_of(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; yield where."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *about: Any) -> None:
            """Nobody asks."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def sheet(path: Path, pictures: dict[str, Rgb]) -> None:
    """Write pictures side by side, four in a row, each below its title."""
    scale = _SHEET_PX / next(iter(pictures.values())).shape[0]
    shrunk = {
        title: Image.fromarray(rgb).resize((round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)))
        for title, rgb in pictures.items()
    }
    wide, high = max(one.width for one in shrunk.values()), max(one.height for one in shrunk.values()) + _TITLE_PX
    rows = -(-len(shrunk) // _A_ROW)
    whole = Image.new("RGB", (wide * min(len(shrunk), _A_ROW), high * rows), "white")
    for number, (title, picture) in enumerate(shrunk.items()):
        x, y = number % _A_ROW * wide, number // _A_ROW * high
        ImageDraw.Draw(whole).text((x + 6, y + 5), title, fill="black")
        whole.paste(picture, (x, y + _TITLE_PX))
    whole.save(path)


def download(url: str, path: Path) -> Path:
    """Fetch a file as the vendor's client would."""
    with urlopen(url, timeout=60) as reply, path.open("wb") as file:
        shutil.copyfileobj(reply, file)
    return path


def show_pictures(client: Client, workshop: Workshop, say: Say) -> None:
    """Swap each face onto the other photograph; it must be found where the old one was, and the rest be as it was."""
    for source, target in (("hopper", "collins"), ("collins", "hopper")):
        url = client.swapped_picture(f"{source}.png", f"{target}.png")
        before, after = photograph(target), read_png(download(url, FOLDER / f"{source}-on-{target}.png"))
        [old], [new] = faces_in(before, workshop), faces_in(after, workshop)
        apart = float((old.points - new.points).norm(dim=1).mean()) / old.eyes_px
        changed = (before != after).any(2)
        say(
            f"{source} on {target}: found again {apart:.2f} of an eye distance away; {changed.mean():.0%} of pixels changed"
        )
        assert apart < 0.3, apart
        sheet(
            FOLDER / f"sheet-{source}-on-{target}.png",
            {"target": before, "source": photograph(source), "swapped": after},
        )


def show_others(workshop: Workshop, say: Say) -> None:
    """Let the pipeline alone do what the vendors' calls make of it besides: two people, heads, portraits."""
    pictures = {name: str(FOLDER / f"{name}.png") for name in ("collins", "hopper", "both")}
    one_each = (Pairing(pictures["collins"], target_face=0), Pairing(pictures["hopper"], target_face=1))
    orders: dict[str, Order] = {
        "each-her-own": SwapOrder("show", pictures["both"], one_each, ""),
        "head-hopper-on-collins": SwapOrder("show", pictures["collins"], (Pairing(pictures["hopper"]),), "", "head"),
        "head-collins-on-hopper": SwapOrder("show", pictures["hopper"], (Pairing(pictures["collins"]),), "", "head"),
        "headshot": PortraitOrder("show", pictures["collins"], "", "headshot", "a beach at sunset"),
        "background": PortraitOrder("show", pictures["hopper"], "", "background", "a green forest"),
    }
    for name, order in orders.items():
        (FOLDER / name).mkdir(exist_ok=True)
        told = list(render(msgspec.structs.replace(order, into=str(FOLDER / name)), workshop))
        [made] = [news for news in told if isinstance(news, Made)]
        before = order.target if isinstance(order, SwapOrder) else getattr(order, "picture", "")
        both = {"before": read_png(Path(before)), "after": read_png(Path(made.file.path))}
        sheet(FOLDER / f"sheet-{name}.png", both)
        say(f"{name}: {made.about}")


def read_png(path: Path) -> Rgb:
    """Return a picture as RGB."""
    return np.array(Image.open(path).convert("RGB"))


def show_video(client: Client, workshop: Workshop, say: Say) -> None:
    """Swap ten seconds of 720p; every frame must show the new face where the old one was, and the sound be the same."""
    target = clip(FOLDER, "collins", 1280, 720, SECONDS)
    begun = time.monotonic()
    url, said = client.swapped_video("hopper.png", target.name)
    took = time.monotonic() - begun
    result = download(url, FOLDER / "swapped.mp4")
    assert sound_packets(result) == sound_packets(target), "the sound is not the same"
    changes, aparts, kept = [], [], {}
    for number, (before, after) in enumerate(zip(frames_of(target), frames_of(result), strict=True)):
        old, new = most_prominent(before, workshop), most_prominent(after, workshop)
        assert new is not None, f"no face in frame {number}"
        assert old is not None, f"no face in frame {number} of the target"
        aparts.append(float((old.points - new.points).norm(dim=1).mean()) / old.eyes_px)
        changes.append(change_at(old, before, after))
        if number % (SECONDS * 25 // 4) == 12:
            kept[f"{number / 25:.1f} s"], kept[f"{number / 25:.1f} s, swapped"] = before, after
    frames = len(changes)
    sheet(FOLDER / "sheet-video.png", kept)
    say(
        f"{frames} frames of 1280 by 720 in {took:.1f} s, {frames / took:.1f} a second; a face in every one, at most"
        f" {max(aparts):.2f} of an eye distance from the old one; within it {min(changes):.0f} to {max(changes):.0f} levels"
        f" changed; the {len(sound_packets(result))} packets of sound are the same; said: {said.get('processing_time')}"
    )
    assert frames == SECONDS * 25
    assert max(aparts) < 0.35, max(aparts)
    assert min(changes) > 4, f"a frame whose face hardly changed: {min(changes):.1f} levels"
    if (browser := find_browser()) is None:
        say("played in a browser: skipped, for no chromium is on the path")
        return
    seen = played(browser, url)
    say(f"chromium: {seen}")
    assert (seen["width"], seen["height"]) == (1280, 720), seen
    assert abs(seen["duration"] - SECONDS) < 0.1, seen
    assert seen["played"] > 0.5, seen
    assert abs(seen["sought"] - 0.75 * SECONDS) < 0.2, seen
    assert seen["ended"], seen


def frames_of(path: Path) -> Iterator[Rgb]:
    """Yield all frames as RGB, one at a time."""
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def faces_in(rgb: Rgb, workshop: Workshop) -> list[Face]:
    """Return the faces of a picture that lies upright, the largest first."""
    pixels = torch.from_numpy(rgb).permute(2, 0, 1)[None].float().to(workshop.device)
    return workshop.detector.find(pixels, turns=(0,))[0]


def most_prominent(rgb: Rgb, workshop: Workshop) -> Face | None:
    """Return the largest face of a frame, searched at a third of its size."""
    height, width = rgb.shape[0] // 3, rgb.shape[1] // 3
    small = np.array(Image.fromarray(rgb).resize((width, height), Image.Resampling.BOX))
    found = faces_in(small, workshop)
    return Face(found[0].points * 3, found[0].score) if found else None


def change_at(face: Face, before: Rgb, after: Rgb) -> float:
    """Return by how many levels a face's own pixels differ, on average."""
    (x, y), reach = face.middle, round(face.eyes_px * 0.6)
    at = np.s_[max(round(y) - reach, 0) : round(y) + reach, max(round(x) - reach, 0) : round(x) + reach]
    return float(np.abs(before[at].astype(int) - after[at].astype(int)).mean())


def main() -> int:
    """Show all; what does not hold ends it."""
    parser = argparse.ArgumentParser(prog="make live", description="Render with a simulator in live mode, and look.")
    parser.add_argument("--device", default="cpu", help="what renders (cpu)")
    parser.add_argument(
        "parts", nargs="*", choices=["pictures", "video", []], help="pictures, video; both if none is named"
    )
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in FACES:
        photograph_file(name, FOLDER)
    write_png(FOLDER / "both.png", np.concatenate([photograph("hopper")[:512], photograph("collins")], 1))
    torch.set_num_threads(1)  # of this process, which only looks
    workshop, parts = Workshop("cpu"), options.parts or ["pictures", "video"]
    with (
        files_of(FOLDER) as files,
        Background(Settings(port=0, live=True, device=options.device, has_marks=True)) as server,
    ):
        client = Client(server.url, files)
        if "pictures" in parts:
            show_pictures(client, workshop, print)
            show_others(workshop, print)
        if "video" in parts:
            show_video(client, workshop, print)
    print(f"Look at {FOLDER}/sheet-*.png.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
