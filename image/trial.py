"""``make image-test``: run the image that was built, and hold it to what docs/container.md says of it."""

import argparse
import json
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import trustme

from image.build import TAG
from image.engines import Engine, NoEngine, find_engine
from image.running import Launcher, Running, free_port, launcher
from simulator import vendors
from simulator.cli.demo import _Walk
from simulator.jobs.files import plan_output
from simulator.media.synthetic import make
from simulator.vendors.vendor import Tour

_START_SECONDS, _STOP_SECONDS, _MOST_LOOKS = 30.0, 2.0, 200
_RENDER_SECONDS = 120.0
_SERVICE_LINKS = {
    "SIMULATOR_PORT": "tcp://10.0.0.7:8080",
    "SIMULATOR_PORT_8080_TCP": "tcp://10.0.0.7:8080",
    "SIMULATOR_SERVICE_HOST": "10.0.0.7",
    "SIMULATOR_SERVICE_PORT_HTTP": "8080",
}
_SCENARIO = (
    "scenario: from-the-mount\nsummary: Mine.\nstates:\n  waiting: {for: 1s, then: failed}\n  failed: {error: Mine}\n"
)
_HANDLES_TERMINATION = "import re, sys; caught = re.search('SigCgt:(.*)', open('/proc/1/status').read())[1]; sys.exit(not int(caught, 16) & 1 << 14)"
_WRITES = "for path in / /tmp /opt/simulator /simulator; do touch $path/written 2>/dev/null && echo $path; done; true"


class Trial:
    """All checks of one image; each is a method whose name says what must hold."""

    def __init__(self, image: Launcher) -> None:
        self._image = image

    def serves_all_vendors_as_nobody_and_without_writing(self) -> None:
        with self._serving("serve", "--clock", "skip") as (running, port):
            uid = running.ask("python3", "-c", "import os; print(os.getuid())").stdout.strip()
            assert uid not in ("", "0"), f"the user is {uid!r}"
            written = running.ask("sh", "-c", _WRITES)
            assert (written.returncode, written.stdout) == (0, ""), f"could be written to: {written}"
            for name in vendors.NAMES:
                assert _word_at_the_end(port, name) == _tour_of(name).good_word, name
            status, seconds = running.end()
            assert (status, seconds < _STOP_SECONDS) == (0, True), f"ended with {status} after {seconds:.1f} s"

    def ends_at_once_when_asked_before_it_serves(self) -> None:
        running = self._image.start(port=free_port())
        _until(lambda: running.ask("python3", "-c", _HANDLES_TERMINATION).returncode == 0)
        status, seconds = running.end()
        assert (status, seconds < _STOP_SECONDS) == (0, True), f"ended with {status} after {seconds:.1f} s"

    def is_healthy_where_a_flag_moves_its_port(self) -> None:
        port = free_port()
        with self._serving("serve", "--port", str(port), "--no-control", port=port, variables={"SIMULATOR_PORT": "1"}):
            pass

    def takes_no_service_link_for_a_setting(self) -> None:
        port = free_port()
        with self._serving("serve", "--port", str(port), port=port, variables=_SERVICE_LINKS):
            pass

    def plays_a_mounted_scenario(self) -> None:
        with _folder({"scenarios/from-the-mount.yaml": _SCENARIO}) as folder:
            said = {"SIMULATOR_SCENARIO": "from-the-mount"}
            with self._serving("serve", "--clock", "skip", variables=said, folder=folder) as (_, port):
                word = _word_at_the_end(port, "deepswapai")
        assert word == "failed", f"the job ended as {word}"

    def serves_https_with_a_mounted_certificate(self) -> None:
        authority = trustme.CA()
        made = authority.issue_cert("api.useapi.net")
        cert = b"".join(blob.bytes() for blob in made.cert_chain_pems)
        with (
            _folder({"tls/cert.pem": cert, "tls/key.pem": made.private_key_pem.bytes()}) as folder,
            self._serving("serve", folder=folder) as (_, port),
        ):
            _shake_hands(port + 1, "api.useapi.net", authority.cert_pem.bytes().decode())

    def serves_https_by_a_test_ca_though_nothing_can_be_written(self) -> None:
        with self._serving("serve", "--tls") as (_, port):
            with urlopen(f"http://127.0.0.1:{port}/_simulator/tls/ca.pem", timeout=10) as reply:
                authority = reply.read().decode()
            _shake_hands(port + 1, "api.useapi.net", authority)

    def refuses_what_it_cannot_use_in_plain_words(self) -> None:
        self._refused("a setting that does not exist", "SIMULATOR_CLOK", variables={"SIMULATOR_CLOK": "skip"})
        with _folder({"scenarios/mine.yaml": "scenario: mine\nstates: {flying: {}}\n"}) as folder:
            self._refused("a broken scenario", "mine.yaml", folder=folder)
        with _folder({"tls/cert.pem": "no certificate"}) as folder:
            self._refused("a broken certificate", "cert.pem", folder=folder)
        with _folder({"tls/cert.pem": "not for others"}) as folder:
            (folder / "tls/cert.pem").chmod(0o600)
            self._refused("a certificate that its user may not read", "cert.pem", folder=folder)
        port = free_port()
        self._refused("a port that is given twice", str(port), "serve", "--control-port", str(port), port=port)
        self._refused("an address that is not ours", "192.0.2.1", "serve", "--host", "192.0.2.1")
        if self._image.shares_network:
            with socket.create_server(("0.0.0.0", port)):
                self._refused("a port that is taken", str(port), port=port)

    def cuts_clips_for_real_where_it_can(self) -> None:
        if not self._has_live():
            sys.stdout.write("    skipped: the image was built without EXTRAS=live\n")
            return
        variables = {"SIMULATOR_LIVE": "true"}
        with self._serving("serve", variables=variables, has_room=True) as (running, port):
            clips = _clips_of(port, _a_video())
            assert clips, "no clip"
            for clip in clips:
                assert clip[4:8] == b"ftyp", clip[:12]
                assert b"SIMULATED" in clip, "a clip without its mark"
            sys.stdout.write(f"    {len(clips)} clips of {', '.join(f'{len(clip):,}' for clip in clips)} bytes\n")
            status, seconds = running.end()
            assert (status, seconds < 2 * _STOP_SECONDS) == (0, True), f"ended with {status} after {seconds:.1f} s"
        self._refused("live without room", "/tmp", variables=variables)

    def _has_live(self) -> bool:
        with self._serving("serve") as (running, _):
            return running.ask("python3", "-c", "import torch, av").returncode == 0

    def holds_nothing_of_how_it_was_built(self) -> None:
        with self._serving("serve") as (running, _):
            found = running.ask(
                "sh", "-c", "ls -d /run/secrets /etc/pip.conf /source /requirements.txt /opt/build /own"
            ).stdout
            assert not found, f"still there: {found}"
            assert running.ask("python3", "-m", "pip", "--version").returncode, "the environment has pip"

    @contextmanager
    def _serving(
        self,
        *arguments: str,
        port: int = 0,
        variables: Mapping[str, str] | None = None,
        folder: Path | None = None,
        has_room: bool = False,
    ) -> Iterator[tuple[Running, int]]:
        """Start one and wait until it says that it is healthy; it is ended after."""
        port, began = port or free_port(), time.monotonic()
        running = self._image.start(*arguments, port=port, variables=variables, folder=folder, has_room=has_room)
        try:
            _until(lambda: running.ask("simulator", "health").returncode == 0)
            sys.stdout.write(f"    healthy after {time.monotonic() - began:.1f} s: {' '.join(arguments)}\n")
            yield running, port
        except BaseException:
            running.end()
            sys.stdout.write("".join(f"    | {line}\n" for line in _lines(running)[-20:]))
            raise
        running.end()

    def _refused(
        self,
        what: str,
        names: str,
        *arguments: str,
        port: int = 0,
        variables: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        done = self._image.start(
            *(arguments or ("serve",)), port=port or free_port(), variables=variables, folder=folder
        ).wait()
        assert done.returncode == 2, f"{what}: status {done.returncode}: {done.stderr}"
        assert done.stderr.startswith("simulator: "), f"{what}: {done.stderr}"
        assert "Traceback" not in done.stderr, f"{what}: {done.stderr}"
        assert names in done.stderr, f"{what}: {done.stderr}"
        sys.stdout.write(f"    {what}: {done.stderr.strip()[:150]}\n")


def _lines(running: Running) -> list[str]:
    done = running.wait()
    return [*done.stdout.splitlines(), *done.stderr.splitlines(), f"status {done.returncode}"]


def _until(holds: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < _START_SECONDS, f"not healthy within {_START_SECONDS:.0f} s"
        time.sleep(0.1)


@contextmanager
def _folder(files: Mapping[str, str | bytes]) -> Iterator[Path]:
    """Make a folder to mount, readable by others as a user's own is."""
    with tempfile.TemporaryDirectory(prefix="simulator-mounted-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for path, content in files.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        yield folder


def _tour_of(vendor: str) -> Tour:
    tour = vendors.load(vendor).tour
    assert tour is not None
    return tour


def _word_at_the_end(port: int, vendor: str) -> str | int:
    """Submit a vendor's sample job, poll it to its end, download what it made, and return how the vendor calls that end."""
    walk = _Walk(f"http://127.0.0.1:{port}/{vendor}", vendors.load(vendor), _tour_of(vendor))
    while not walk.is_over and walk.looks < _MOST_LOOKS:
        walk.look()
    with tempfile.TemporaryDirectory() as folder:
        files = walk.download(Path(folder))
        assert walk.word != walk.tour.good_word or files, f"{vendor}: no file"
    return walk.word


def _a_video() -> bytes:
    """Return a video that is made without any codec's library."""
    output = plan_output("talk.mp4", "video/mp4", 640, 360, seed="trial", duration_ms=46_000, fps=5, has_sound=True)
    return make(output).read()


def _clips_of(port: int, video: bytes) -> list[bytes]:
    """Have OpenShorts cut clips out of an uploaded video; return them."""
    fields = {"acknowledged": "true", "target_clips": "2", "clip_min_seconds": "5", "clip_max_seconds": "10"}
    parts = [f'--+\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{said}\r\n' for name, said in fields.items()]
    parts.append(
        '--+\r\nContent-Disposition: form-data; name="file"; filename="talk.mp4"\r\nContent-Type: video/mp4\r\n\r\n'
    )
    body = "".join(parts).encode() + video + b"\r\n--+--\r\n"
    base, headers = f"http://127.0.0.1:{port}/openshorts", {"X-Gemini-Key": "any-key"}
    form = Request(f"{base}/api/process", body, {**headers, "Content-Type": "multipart/form-data; boundary=+"})
    job = json.load(urlopen(form, timeout=60))["job_id"]
    began, said = time.monotonic(), dict[str, Any]()
    while said.get("status") not in ("completed", "failed"):
        assert time.monotonic() - began < _RENDER_SECONDS, said
        time.sleep(0.3)
        said = json.load(urlopen(Request(f"{base}/api/status/{job}", headers=headers), timeout=60))
    assert said["status"] == "completed", said["logs"]
    urls = [str(clip["video_url"]) for clip in said["result"]["clips"]]
    return [urlopen(url if "://" in url else base + url, timeout=60).read() for url in urls]


def _shake_hands(port: int, host: str, authority: str) -> None:
    context = ssl.create_default_context(cadata=authority)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        assert secured.version()


def _tell_sizes(engine: Engine, tag: str) -> None:
    command = engine.size_command(tag)
    size = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    sys.stdout.write(f"size: {size}   ({' '.join(command)})\n")


def main() -> int:
    """Try all; return 1 if something does not hold."""
    parser = argparse.ArgumentParser(prog="make image-test", description="Run the image and hold it to its promises.")
    parser.add_argument("--engine", default="", help="docker, podman or buildah (the first that works)")
    parser.add_argument("--tag", default=TAG, help=f"the image's name ({TAG})")
    parser.add_argument("checks", nargs="*", metavar="CHECK", help="only these")
    said = parser.parse_args()
    try:
        engine = find_engine(said.engine)
    except NoEngine as error:
        sys.exit(f"image: start or install docker, podman or buildah; none works here: {error}")
    if not engine.has(said.tag):
        sys.exit(f"image: {engine.name} has no image {said.tag}; `make image` builds it")
    failed = 0
    with launcher(engine, said.tag) as image:
        trial = Trial(image)
        names = said.checks or [name for name in vars(Trial) if not name.startswith("_")]
        for name in names:
            began = time.monotonic()
            try:
                getattr(trial, name)()
                verdict = "ok"
            except (AssertionError, OSError) as error:
                verdict, failed = f"FAILED: {error}", failed + 1
            sys.stdout.write(f"{name.replace('_', ' ')}: {verdict} ({time.monotonic() - began:.1f} s)\n")
            sys.stdout.flush()
    _tell_sizes(engine, said.tag)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
