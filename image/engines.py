"""The container engines: which one works here, and how each builds an image, takes one in and says how large it is."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NAMES = ("docker", "podman", "buildah")
_PROBE_SECONDS, _PULL_SECONDS = 60, 300


class NoEngine(Exception):
    """No engine works here; the message says what each one answered."""


@dataclass(frozen=True)
class Engine:
    """One that works. ``words`` begin each of its commands."""

    name: str
    words: tuple[str, ...]

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run one of its commands to its end and return what it printed.

        Raises:
            SystemExit: it failed; what it said stands on standard error.
        """
        command = [*self.words, *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            sys.exit(f"image: {' '.join(command)} ended with status {done.returncode}")
        return done

    def has(self, image: str) -> bool:
        """Return whether an image is there already."""
        return _says_well([*self.words, "inspect", "--type", "image", image])

    def pull(self, image: str) -> str:
        """Fetch an image from its registry; return "" or, where that fails, the last thing that the engine said."""
        try:
            done = subprocess.run(
                [*self.words, "pull", image], capture_output=True, text=True, timeout=_PULL_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return f"no answer for {_PULL_SECONDS} s"
        return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it did not say why"])[-1]

    def take_in(self, archive: Path, image: str) -> None:
        """Make an image of a tar file that holds a root file system."""
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        if self.name != "buildah":
            self.run("import", "--change", f"ENV {path}", str(archive), image)
            return
        container = self.run("from", "scratch").stdout.strip()
        self.run("add", "--quiet", container, str(archive), "/")
        self.run("config", "--env", path, container)
        self.run("commit", "--quiet", "--rm", container, image)

    def build(self, tag: str, arguments: Mapping[str, str], secrets: Mapping[str, Path]) -> None:
        """Build the Dockerfile of this folder; a secret is a file that one step can read and no layer holds."""
        options = [word for name, said in arguments.items() for word in ("--build-arg", f"{name}={said}")]
        options += [word for name, path in secrets.items() for word in ("--secret", f"id={name},src={path}")]
        if self.name != "docker":
            options += ["--format", "docker"]  # the other format has no health check
        if self.name != "docker" and "SOURCE_DATE_EPOCH" in arguments:
            options += ["--timestamp", arguments["SOURCE_DATE_EPOCH"]]
        # Without BuildKit docker knows no secrets; without namespaces buildah works inside containers too.
        environment = {"BUILDAH_ISOLATION": "chroot", **os.environ, "DOCKER_BUILDKIT": "1"}
        command = [*self.words, "build", *options, "--tag", tag, "."]
        if subprocess.run(command, env=environment, check=False).returncode:
            sys.exit(f"image: {' '.join(command)} failed")

    def size_command(self, tag: str) -> list[str]:
        """Return the command that prints the size of an image: in bytes, or in words where the engine knows only those."""
        if self.name == "buildah":
            return [*self.words, "images", "--format", "{{.Size}}", tag]
        return [*self.words, "image", "inspect", "--format", "{{.Size}}", tag]


def find_engine(wanted: str = "") -> Engine:
    """Return the engine of that name, or else the first that works: a client whose engine does not run is none.

    Raises:
        NoEngine: none does.
    """
    said = []
    for name in (wanted,) if wanted else NAMES:
        if not shutil.which(name):
            said.append(f"{name} is not installed")
        elif _says_well([*(engine := _engine(name)).words, "info"]):
            return engine
        else:
            said.append(f"`{name} info` fails")
    raise NoEngine("; ".join(said))


def _engine(name: str) -> Engine:
    if name != "buildah":
        return Engine(name, (name,))
    # Without an overlay: slower, and it works inside containers too.
    return Engine(name, ("buildah", "--storage-driver", os.environ.get("STORAGE_DRIVER", "vfs")))


def _says_well(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=_PROBE_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
