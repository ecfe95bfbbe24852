"""Run while the image is built: what the environment needs by pyproject.toml, and what of it no server needs.

It runs before anything is installed, in the image's own Python: the standard library alone.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

NEEDLESS_FOLDERS = {"tests", "test", "__pycache__"}
NEEDLESS_PATHS = ("torch/include",)
"""Folders that only compilers read."""
NEEDLESS_ENDINGS = {".a", ".c", ".cpp", ".h", ".hpp", ".pxd", ".pxi", ".pyi", ".pyx"}
NEEDLESS_PACKAGES = ("markdown_it_py", "mdurl", "pygments")
"""rich asks for them, to colour code and to show Markdown; `simulator demo` does neither."""


def requirements(extras: str) -> Iterator[str]:
    """Yield what the project requires, with the extras that are named, separated by commas.

    Raises:
        SystemExit: there is no such extra.
    """
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    optional = project["optional-dependencies"]
    yield from project["dependencies"]
    for extra in filter(None, re.split(r"[,\s]+", extras)):
        if extra not in optional:
            sys.exit(f"EXTRAS: there is no extra {extra!r}; there are {', '.join(optional)}")
        yield from optional[extra]


def trim(environment: Path) -> None:
    """Remove from an environment what was only needed to build it, to check types, or to test or debug what is in it."""
    for script in environment.glob("bin/*"):
        if not script.name.startswith("python"):
            script.unlink()
    for record in environment.glob("lib/python*/site-packages/*.dist-info/RECORD"):
        if record.parent.name.lower().startswith(tuple(f"{name}-" for name in NEEDLESS_PACKAGES)):
            _uninstall(record)
        else:
            _strip(record)
    for needless in NEEDLESS_PATHS:
        for path in environment.glob(f"lib/python*/site-packages/{needless}"):
            shutil.rmtree(path)
    for path in sorted(environment.glob("lib/python*/site-packages/**/*"), reverse=True):
        if path.is_dir() and path.name in NEEDLESS_FOLDERS:
            shutil.rmtree(path)
        elif path.suffix in NEEDLESS_ENDINGS and path.is_file():
            path.unlink()


def _files(record: Path) -> list[Path]:
    return [record.parent.parent / line.split(",")[0] for line in record.read_text("utf-8").splitlines()]


def _uninstall(record: Path) -> None:
    for path in _files(record):
        path.unlink(missing_ok=True)
        while path.parent.is_dir() and not any(path.parent.iterdir()):
            path = path.parent
            path.rmdir()


def _strip(record: Path) -> None:
    """Remove what debuggers read from a package's extensions: nine tenths of uvloop's, for one.

    Not where the package brings libraries along: those files were changed after linking, and `strip` may break them.
    """
    libraries = [str(path) for path in _files(record) if path.suffix == ".so" and path.is_file()]
    brings_others = any(path.parent.name.endswith(".libs") for path in _files(record))
    if libraries and not brings_others and (strip := shutil.which("strip")):
        subprocess.run([strip, "--strip-debug", *libraries], check=True)


def main(command: str, said: str) -> None:
    """Print requirements, one a line, or trim a folder."""
    if command == "trim":
        trim(Path(said))
    else:
        print("\n".join(requirements(said)))


if __name__ == "__main__":
    main(*sys.argv[1:])
