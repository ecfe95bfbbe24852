"""What tests of a live server share: the server, media to give it, and a file server that it fetches them from."""

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from simulator.assembly import Background
from simulator.settings import Settings
from tests.live.wire import Live
from tests.media.live.media import make_sound, make_video
from tests.media.live.scenes import Actor, Rgb, frames_of, photograph, write_png, write_video


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures and clips, good ones and bad ones.

    In what shows two people Hopper is the larger. talk.mp4 lasts 12 seconds, and long.mp4 takes a while to be rendered.
    """
    collins, hopper = photograph("collins"), photograph("hopper")
    folder = tmp_path_factory.mktemp("media")
    write_png(folder / "collins.png", collins[:300:2, 60:360:2])
    write_png(folder / "hopper.png", hopper[20:300:2, 100:400:2])
    write_png(folder / "both.png", np.concatenate([hopper[: len(collins)], collins], 1)[::2, ::2])
    write_png(folder / "nobody.png", np.tile(np.linspace(30, 220, 160).astype(np.uint8)[None, :, None], (120, 1, 3)))
    left, right = Actor(hopper, (0.25, 0.5), (0.3, 0.5)), Actor(collins, (0.75, 0.5), (0.7, 0.5), 0.8)
    one = Actor(collins[::2, ::2], (0.4, 0.5), (0.6, 0.5))
    write_video(folder / "one.mp4", frames_of([one], 240, 180, 12), has_sound=True)
    write_video(folder / "two.mp4", frames_of([left, right], 320, 240, 12))
    write_video(folder / "nobody.mp4", frames_of([], 160, 120, 6))
    write_video(folder / "talk.mp4", [*frames_of([one], 160, 120, 24)] * 2, fps=4, has_sound=True)
    write_video(folder / "long.mp4", [*frames_of([one], 160, 120, 2)] * 200, fps=25)
    _write_bad_ones(folder, collins)
    return folder


def _write_bad_ones(folder: Path, face: Rgb) -> None:
    """Write film.png, which is a video, and what the vendors' failures are about: cut.mp4, many.mp4 and so on."""
    (folder / "film.png").write_bytes((folder / "one.mp4").read_bytes())
    (folder / "cut.mp4").write_bytes((folder / "one.mp4").read_bytes()[:2000])
    make_sound(folder / "sound.mp4")
    make_video(folder / "motion.mp4", codec="mjpeg", pixels="yuvj420p", frames=3)
    make_video(folder / "wide.mp4", size_px=(4096, 3104), frames=1, options={"preset": "ultrafast"})
    make_video(folder / "endless.mp4", frames=2, times=[0, 700_000])
    crowd = [
        Actor(face[:300:2, 60:360:2], ((x + 0.5) / 4, (y + 0.5) / 3), ((x + 0.5) / 4, (y + 0.5) / 3), 1 / 3)
        for x in range(4)
        for y in range(3)
    ]
    [rgb, _] = frames = list(frames_of(crowd, 640, 480, 2))
    write_png(folder / "crowd.png", rgb)
    write_video(folder / "many.mp4", frames)


@pytest.fixture(scope="session")
def live(media: Path) -> Iterator[Live]:
    """A live server with one slot, and a client of it."""
    with pytest.MonkeyPatch.context() as patch:  # tests run beside each other, and threads would only wait
        patch.setenv("OMP_NUM_THREADS", "1")
        yield from _served(media)


def _served(media: Path) -> Iterator[Live]:
    handler = functools.partial(_Quiet, directory=str(media))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as files:
        files.told = []  # type: ignore[attr-defined]
        threading.Thread(target=files.serve_forever, daemon=True).start()
        with Background(Settings(port=0, live=True, device="cpu", seed="live")) as server:
            yield Live(server, media, f"http://127.0.0.1:{files.server_port}", files.told)  # type: ignore[attr-defined]
        files.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and keeps what is posted to it."""

    def do_POST(self) -> None:
        said = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append(json.loads(said))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass
