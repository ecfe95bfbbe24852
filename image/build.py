"""``make image``: build the image with the engine that works here, on a base that can be had here."""

import argparse
import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from image.debian import SUITE, make_base
from image.engines import Engine, NoEngine, find_engine

TAG = "media-api-simulator"
WHEELS = Path("image/wheels")
_REACHING = ("index-url", "extra-index-url", "trusted-host", "proxy")
"""What pip may be told about how packages are reached; of addresses only those that are not of this disk count."""


def main() -> int:
    """Build; return the exit status."""
    parser = argparse.ArgumentParser(prog="make image", description="Build the image.")
    say = parser.add_argument
    say("--base", default="", help="the base image; debootstrap makes one from a Debian mirror")
    say("--engine", default="", help="docker, podman or buildah (the first that works)")
    say("--extras", default="", help="extras of pyproject.toml to install too, such as otel")
    say("--tag", default=TAG, help=f"its name ({TAG})")
    say("--mirror", default="", help="a Debian mirror for debootstrap")
    say("--suite", default=SUITE, help=f"the Debian that debootstrap makes ({SUITE}); bookworm has Python 3.11")
    say(
        "--wheel",
        default=[],
        action="append",
        type=Path,
        help="a file to install instead of the index's; again for more",
    )
    said = parser.parse_args()
    try:
        engine = find_engine(said.engine)
    except NoEngine as error:
        print(f"image: start or install docker, podman or buildah; none works here: {error}", file=sys.stderr)
        return 2
    arguments = {**_bases(engine, said.base, said.mirror, said.suite), "EXTRAS": said.extras, **_about_the_checkout()}
    with _secrets() as secrets, _wheels(said.wheel):
        engine.build(said.tag, arguments, secrets)
    [size] = engine.run(*engine.size_command(said.tag)[len(engine.words) :]).stdout.split("\n")[:1]
    print(f"{said.tag} is built by {engine.name}; its size: {size}   ({' '.join(engine.size_command(said.tag))})")
    return 0


def _bases(engine: Engine, wanted: str, mirror: str, suite: str) -> dict[str, str]:
    """Return the build arguments that name the base: one from a registry, or one made here where there is none."""
    image = wanted or _default_base()
    if wanted != "debootstrap":
        if engine.has(image) or not (problem := engine.pull(_full_name(image))):
            return {"PYTHON_IMAGE": image if engine.name == "docker" else _full_name(image)}
        if wanted:
            sys.exit(f"image: {image} cannot be had: {problem}")
        print(f"image: {image} cannot be had ({problem}); a Debian made by debootstrap takes its place")
    base, build_base = make_base(engine, mirror, suite)
    local = "" if engine.name == "docker" else "localhost/"
    return {"PYTHON_IMAGE": f"{local}{base}", "BUILD_IMAGE": f"{local}{build_base}"}


def _default_base() -> str:
    [name] = re.findall(r"^ARG PYTHON_IMAGE=(.*)$", Path("Dockerfile").read_text("utf-8"), re.MULTILINE)
    return str(name)


def _full_name(image: str) -> str:
    """Return the name by which engines that know no default registry find an image too."""
    return image if "/" in image else f"docker.io/library/{image}"


def _about_the_checkout() -> dict[str, str]:
    """Return version, revision and the time of the last commit, which stands for the time of the build."""
    [version] = re.findall(r'^__version__ = "(.*)"$', Path("simulator/__init__.py").read_text("utf-8"), re.MULTILINE)
    said = {"VERSION": str(version)}
    git = ("git", "log", "-1", "--format=%H %ct")
    with suppress(OSError, subprocess.CalledProcessError, ValueError):  # no checkout, such as an unpacked sdist
        said["REVISION"], said["SOURCE_DATE_EPOCH"] = subprocess.run(
            git, capture_output=True, text=True, check=True
        ).stdout.split()
    if wished := os.environ.get("SOURCE_DATE_EPOCH"):
        said["SOURCE_DATE_EPOCH"] = wished
    return said


@contextmanager
def _secrets() -> Iterator[dict[str, Path]]:
    """Give the build what pip is told here about how packages are reached, without leaving any of it in the image."""
    settings, authorities = _pip_settings(), _authorities()
    with tempfile.TemporaryDirectory(prefix="simulator-image-") as folder:
        secrets = {}
        if authorities:
            secrets["ca.pem"] = authorities
            settings["cert"] = "/run/secrets/ca.pem"
        if settings:
            config = configparser.RawConfigParser()
            config["global"] = settings
            secrets["pip.conf"] = Path(folder, "pip.conf")
            with secrets["pip.conf"].open("w") as file:
                config.write(file)
        yield secrets


@contextmanager
def _wheels(files: Sequence[Path]) -> Iterator[None]:
    """Let files lie where the build looks for wheels first."""
    laid = []
    try:
        for file in files:
            laid.append(WHEELS / file.name)
            shutil.copyfile(file, laid[-1])
        yield
    except OSError as error:
        sys.exit(f"image: {error}")
    finally:
        for copy in laid:
            copy.unlink(missing_ok=True)


def _pip_settings() -> dict[str, str]:
    command = (sys.executable, "-m", "pip", "config", "list")
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.findall(r"^(?:global|:env:)\.([a-z-]+)='(.*)'$", listed, re.MULTILINE)
    return {name: said for name, said in found if name in _REACHING and "file:" not in said}


def _authorities(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the file of certificate authorities that is set on purpose here, such as a company's own."""
    for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        if (path := Path(environment.get(name, ""))).is_file():
            return path.resolve()
    return None


if __name__ == "__main__":
    sys.exit(main())
