"""The built image as it runs, with a root that nobody can write to: by its engine, or in a chroot where that is buildah.

buildah builds and does not serve. Its image is mounted then, and a server is started in it as a container's first process
would be: in namespaces of its own for mounts and processes, by the image's own user, variables and command. It shares the
network of this machine, so that every port that the image would keep to itself has to be a free one here.
"""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

from image.engines import Engine

_SECONDS = 60.0
_ENTER = """
root=$1; shift
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
[ -z "$1" ] || mount --bind "$1" "$root/simulator"
[ -z "$1" ] || mount -o remount,bind,ro "$root/simulator"
[ -z "$2" ] || mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
shift 2
exec chroot "$@"
"""
Done = subprocess.CompletedProcess[str]


class Running(Protocol):
    """A container that was started."""

    def ask(self, *command: str) -> Done:
        """Run a command in it, as its own user."""

    def end(self) -> tuple[int, float]:
        """Ask its first process to end; return the status, and the real seconds that it took."""

    def wait(self) -> Done:
        """Return its status and all that it said once it ends by itself."""


class Launcher(Protocol):
    """What starts containers of one image; some share the network of this machine."""

    shares_network: bool

    def start(
        self,
        *arguments: str,
        port: int,
        variables: Mapping[str, str] | None = None,
        folder: Path | None = None,
        has_room: bool = False,
    ) -> Running:
        """Start one that serves on a port of this machine; the folder is mounted where the image wants it, and room in ``/tmp``."""


def free_port() -> int:
    """Return a port of this machine that nothing listens on now, and on the one after it neither."""
    while True:
        with socket.socket() as first, socket.socket() as second, suppress(OSError, OverflowError):
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            second.bind(("127.0.0.1", port + 1))
            return port


def _ports(port: int) -> dict[str, str]:
    return {"SIMULATOR_PORT": str(port), "SIMULATOR_TLS_PORT": str(port + 1)}


@contextmanager
def launcher(engine: Engine, image: str) -> Iterator[Launcher]:
    """Make an image ready to be started, and clear away after."""
    if engine.name != "buildah":
        started: list[str] = []
        try:
            yield _ByEngine(engine, image, started)
        finally:
            if started:
                engine.run("rm", "--force", *started)
        return
    container = engine.run("from", image).stdout.strip()
    try:
        root = engine.run("mount", container).stdout.strip()
        yield _ByChroot(Path(root), json.loads(engine.run("inspect", container).stdout)["Docker"]["config"])
    finally:
        engine.run("umount", container)
        engine.run("rm", container)


class _ByEngine:
    shares_network = False

    def __init__(self, engine: Engine, image: str, started: list[str]) -> None:
        self._engine, self._image, self._started = engine, image, started

    def start(
        self,
        *arguments: str,
        port: int,
        variables: Mapping[str, str] | None = None,
        folder: Path | None = None,
        has_room: bool = False,
    ) -> Running:
        options = ["--detach", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        env = _ports(port) | dict(variables or {})
        options += [word for name, said in env.items() for word in ("--env", f"{name}={said}")]
        options += ["--volume", f"{folder}:/simulator:ro"] if folder else []
        options += ["--tmpfs", "/tmp"] if has_room else []
        for inside in (port, port + 1):
            options += ["--publish", f"127.0.0.1:{inside}:{inside}"]
        container = self._engine.run("run", *options, self._image, *arguments).stdout.strip()
        self._started.append(container)
        return _EngineContainer(self._engine, container)


class _EngineContainer:
    def __init__(self, engine: Engine, container: str) -> None:
        self._engine, self._container = engine, container

    def ask(self, *command: str) -> Done:
        return _run([*self._engine.words, "exec", self._container, *command])

    def end(self) -> tuple[int, float]:
        began = time.monotonic()
        _run([*self._engine.words, "kill", "--signal", "TERM", self._container])  # it may have ended by itself
        return self.wait().returncode, time.monotonic() - began

    def wait(self) -> Done:
        waited = _run([*self._engine.words, "wait", self._container])
        said = _run([*self._engine.words, "logs", self._container])
        return Done(waited.args, int(waited.stdout), said.stdout, said.stderr)


class _ByChroot:
    shares_network = True

    def __init__(self, root: Path, config: Mapping[str, Any]) -> None:
        self._root, self._config = root, config

    def start(
        self,
        *arguments: str,
        port: int,
        variables: Mapping[str, str] | None = None,
        folder: Path | None = None,
        has_room: bool = False,
    ) -> Running:
        config = self._config
        env = _ports(port) | dict(variables or {})
        environment = ["env", "-i", "-C", config["WorkingDir"] or "/", *config["Env"]]
        environment += [f"{name}={said}" for name, said in env.items()]
        user = [f"--userspec={config['User']}", "--groups=", str(self._root)]
        command = [*user, *environment, *config["Entrypoint"], *(arguments or config["Cmd"])]
        mounted = [str(self._root), str(folder or ""), "yes" if has_room else ""]
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", _ENTER, "sh"]
        said, told = TemporaryFile("w+"), TemporaryFile("w+")  # noqa: SIM115  they live as long as the container
        process = subprocess.Popen([*unshare, *mounted, *command], stdout=said, stderr=told, text=True)
        return _ChrootContainer(process, (said, told), config["User"], environment)


class _ChrootContainer:
    def __init__(
        self, process: "subprocess.Popen[str]", output: Sequence[IO[str]], user: str, environment: Sequence[str]
    ) -> None:
        self._process, self._output, self._environment = process, output, environment
        self._uid, _, self._gid = user.partition(":")

    def ask(self, *command: str) -> Done:
        first = self._first_process()
        if first is None:
            return Done(command, 1, "", "it has ended")
        enter = ["nsenter", "--target", str(first), "--mount", "--pid", "--root", "--wd"]
        return _run([*enter, "--setuid", self._uid, "--setgid", self._gid, *self._environment, *command])

    def end(self) -> tuple[int, float]:
        began, first = time.monotonic(), self._first_process()
        if first is not None:
            os.kill(first, signal.SIGTERM)
        return self.wait().returncode, time.monotonic() - began

    def wait(self) -> Done:
        try:
            self._process.wait(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        status = self._process.wait()
        for file in self._output:
            file.seek(0)
        said, told = (file.read() for file in self._output)
        return Done(self._process.args, status, said, told)

    def _first_process(self) -> int | None:
        """Return the number that this machine knows the container's first process by."""
        pid = self._process.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            return None
        return int(children[0]) if children else None


def _run(command: Sequence[str]) -> Done:
    return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
