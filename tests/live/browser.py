"""Plays a video in a headless Chromium and returns what the browser says of it."""

import json
import shutil
import subprocess
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 90.0
_PAGE = """<!doctype html><video muted src="VIDEO"></video><script>
const video = document.querySelector('video'), seen = {};
const once = (name) => new Promise((done, failed) => {
  video.addEventListener(name, done, {once: true});
  video.addEventListener('error', () => failed(video.error.message), {once: true});
});
const tell = (said) => fetch('/told', {method: 'POST', body: JSON.stringify(said)});
(async () => {
  await once('loadedmetadata');
  Object.assign(seen, {width: video.videoWidth, height: video.videoHeight, duration: video.duration});
  await video.play();
  while (video.currentTime < 0.6) await once('timeupdate');
  seen.played = video.currentTime;
  video.pause();
  video.currentTime = 0.75 * video.duration;
  await once('seeked');
  seen.sought = video.currentTime;
  video.currentTime = video.duration - 0.5;
  await once('seeked');
  const ended = once('ended');
  await video.play();
  await ended;
  seen.ended = video.ended;
  await tell(seen);
})().catch((error) => tell({...seen, error: String(error)}));
</script>"""


def find_browser() -> str | None:
    """Return a Chromium of this machine, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def played(browser: str, url: str) -> dict[str, Any]:
    """Load, play, seek and play to the end; return what was seen. Raises: AssertionError, where the browser says nothing."""
    told: Queue[dict[str, Any]] = Queue()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = _PAGE.replace("VIDEO", url).encode() if self.path == "/" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *about: Any) -> None:
            """Nobody asks."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server, tempfile.TemporaryDirectory() as profile:
        Thread(target=server.serve_forever, daemon=True).start()
        flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
        flags = (*flags, "--autoplay-policy=no-user-gesture-required", f"--user-data-dir={profile}")
        process = subprocess.Popen(
            [browser, *flags, f"http://127.0.0.1:{server.server_port}/"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return told.get(timeout=_SECONDS)
        except Empty:
            raise AssertionError(f"{browser} said nothing for {_SECONDS:.0f} s") from None
        finally:
            process.terminate()
            process.wait(timeout=10)
            server.shutdown()
