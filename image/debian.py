"""A base image where no registry can be reached: Debian with Python, made by debootstrap from a Debian mirror."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from image.engines import Engine

SUITE = "trixie"
"""The Debian whose Python is the one that the Dockerfile names."""
BASE, BUILD_BASE = "media-api-simulator-debian", "media-api-simulator-debian-build"
_ONLY_TO_BUILD = ("python3-venv", "binutils")
_NEEDLESS = (
    "usr/share/doc",
    "usr/share/locale",
    "usr/share/man",
    "var/cache/apt",
    "var/cache/debconf",
    "var/lib/apt/lists",
)


def make_base(engine: Engine, mirror: str = "", suite: str = SUITE) -> tuple[str, str]:
    """Return the images to run in and to build in, made now unless they are there; each suite has its own Python.

    Raises:
        SystemExit: debootstrap is missing, may not do it, or failed.
    """
    base, build_base = (name if suite == SUITE else f"{name}-{suite}" for name in (BASE, BUILD_BASE))
    if engine.has(base) and engine.has(build_base):
        return base, build_base
    if not shutil.which("debootstrap"):
        sys.exit("image: debootstrap is not installed (Debian, Ubuntu: apt install debootstrap)")
    if os.geteuid() != 0:
        sys.exit("image: debootstrap makes a root file system only for root")
    print(f"image: making Debian {suite} with debootstrap, once; a minute or two …", flush=True)
    with tempfile.TemporaryDirectory(prefix="simulator-debian-") as folder:
        root, archive = Path(folder, "root"), Path(folder, "root.tar")
        _do("debootstrap", "--variant=minbase", "--include=python3", suite, str(root), *([mirror] if mirror else []))
        inside = ("chroot", str(root), "apt-get", "--quiet", "--yes")
        _do(*inside, "install", "--no-install-recommends", *_ONLY_TO_BUILD)
        _take_in(engine, root, archive, build_base)
        _do(*inside, "purge", "--autoremove", *_ONLY_TO_BUILD)
        _keep_the_licences(root)
        _take_in(engine, root, archive, base)
    return base, build_base


def _keep_the_licences(root: Path) -> None:
    """Remove what only a person at a terminal reads, except for who owns what is in there."""
    licences = {path: path.read_bytes() for path in root.glob("usr/share/doc/*/copyright") if path.is_file()}
    for name in _NEEDLESS:
        shutil.rmtree(root / name, ignore_errors=True)
    for path, text in licences.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def _take_in(engine: Engine, root: Path, archive: Path, image: str) -> None:
    left_out = [f"--exclude=./{name}/*" for name in ("dev", "proc", "sys", "tmp", "var/cache/apt/archives", "var/log")]
    _do("tar", "-C", str(root), *left_out, "--numeric-owner", "--sort=name", "-cf", str(archive), ".")
    engine.take_in(archive, image)


def _do(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        sys.exit("\n".join([*done.stdout.splitlines()[-10:], f"image: {' '.join(command)} failed"]))
