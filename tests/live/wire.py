"""A client of a live server: calls, forms, waiting for ends, and what a downloaded file really is."""

import io
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import av
from PIL import Image

from simulator.assembly import Background
from simulator.sandbox.sandbox import Sandbox
from tests.test_vendors_on_the_wire import fetch, with_key

SECONDS = 120  # for any job, however busy the machine is
_PAUSE_SECONDS = 0.02  # between two looks


class Downloaded(NamedTuple):
    """A file as it came over the wire."""

    media_type: str
    data: bytes

    @property
    def picture(self) -> Image.Image:
        """It as a picture."""
        return Image.open(io.BytesIO(self.data))

    @property
    def words(self) -> str:
        """What its metadata say."""
        if self.media_type.startswith("image/"):
            with self.picture as picture:
                return json.dumps({str(name): str(said) for name, said in picture.info.items()})
        with av.open(io.BytesIO(self.data)) as container:
            return json.dumps(container.metadata)

    @property
    def frames(self) -> list[Any]:
        """Its frames, each as ``(height, width, 3)``."""
        with av.open(io.BytesIO(self.data)) as container:
            return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    @property
    def has_sound(self) -> bool:
        """Whether it can be heard."""
        with av.open(io.BytesIO(self.data)) as container:
            return bool(container.streams.audio)


class Live:
    """``files`` is where the media of ``folder`` can be fetched from; ``told`` is what was posted there."""

    def __init__(self, server: Background, folder: Path, files: str, told: list[Any]) -> None:
        self.server, self.folder, self.files, self.told = server, folder, files, told

    @property
    def box(self) -> Sandbox:
        """The sandbox that everything happens in."""
        return self.server.simulator.sandboxes.main

    @property
    def is_busy(self) -> bool:
        """Whether anything is being rendered, or being stopped."""
        runner = self.server.simulator.runner
        assert runner is not None
        return bool(runner._tasks)

    def worker_ids(self) -> set[int]:
        """Return the processes that render, by their numbers; none where the system does not list them."""
        children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
        return {int(id) for listed in children for id in listed.read_text().split() if _renders(id)}

    def url(self, name: str) -> str:
        """Return the URL of one of the files."""
        return f"{self.files}/{name}"

    def data(self, name: str) -> bytes:
        """Return the bytes of one of the files."""
        return (self.folder / name).read_bytes()

    def call(
        self, method: str, path: str, body: Any = None, *, files: Mapping[str, tuple[str, bytes]] | None = None
    ) -> tuple[int, Any]:
        """Call a vendor, the first part of the path, with its sample key; return status and JSON."""
        vendor = path.split("/")[1]
        headers = with_key(vendor) if vendor != "_simulator" else {}
        if files is not None:
            boundary = "part-of-this-form"
            data = _form(boundary, body or {}, files)
            headers["Content_Type"] = f"multipart/form-data; boundary={boundary}"
        else:
            data = None if body is None else json.dumps(body).encode()
            headers["Content_Type"] = "application/json"
        status, said, text = fetch(method, f"{self.server.url}{path}", data, **headers)
        assert "X-Simulator-Error" not in said, text
        return status, json.loads(text) if text else None

    def download(self, url: str) -> Downloaded:
        """Fetch a result; only OpenShorts' URLs are relative."""
        status, headers, data = fetch("GET", url if "://" in url else f"{self.server.url}/openshorts{url}")
        assert status == 200, (url, status, data)
        return Downloaded(headers["Content-Type"], data)

    def looks(self, path: str, is_over: Callable[[Any], bool]) -> Iterator[Any]:
        """Yield what a status says, each change once, until it is over."""
        until, last = time.monotonic() + SECONDS, None
        while time.monotonic() < until:
            status, said = self.call("GET", path)
            assert status == 200, said
            if said != last:
                last = said
                yield said
            if is_over(said):
                return
            time.sleep(_PAUSE_SECONDS)
        raise AssertionError(f"{path} still says {last}")

    def end(self, path: str, is_over: Callable[[Any], bool]) -> Any:
        """Wait for the end, and return what is said then."""
        return list(self.looks(path, is_over))[-1]

    def until(self, holds: Callable[[], Any]) -> None:
        """Wait for something that comes about by itself."""
        until = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < until, "it never came about"
            time.sleep(_PAUSE_SECONDS)

    def marks(self) -> list[str]:
        """Return every remark of the journal."""
        return [mark for said in self.box.journal for mark in said.marks]

    def left_on_disk(self) -> list[str]:
        """Return the files and folders of renders that are still there once everything not needed is swept away."""
        runner = self.server.simulator.runner
        assert runner is not None
        runner.uploads.sweep()
        return sorted(path.name for path in runner.uploads.root.iterdir())


def _renders(id: str) -> bool:
    try:
        return b"simulator.renders.worker" in Path(f"/proc/{id}/cmdline").read_bytes()
    except OSError:
        return False


def _form(boundary: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in fields.items()
    ]
    for name, (called, content) in files.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{called}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()
