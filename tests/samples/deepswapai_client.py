"""A client as the vendor's pages show it, so that their Python samples run as printed.

Only what the pages call is here. ``DEEPSWAPAI_BASE_URL`` names the server, ``/v1`` included.
"""

import json
import os
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

BASE_URL = "https://api.deepswapai.com/v1"
MEDIA = ("source_image", "target_image", "target_video")


class Refused(Exception):
    """The server said no."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


class Said:
    """A reply, or what came of a job; a field that is not on the wire is None."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields

    def __getattr__(self, name: str) -> Any:
        return self.fields.get(name)

    def download(self, path: str | Path) -> Path:
        """Save the output; files are fetched without a key."""
        with urlopen(self.output_url) as reply:
            Path(path).write_bytes(reply.read())
        return Path(path)


class Submitted(Said):
    """A video job that has been accepted."""

    def __init__(self, fields: dict[str, Any], client: "Client") -> None:
        super().__init__(fields)
        self.id, self.client = fields["job_id"], client

    def wait_for_completion(self, on_progress: Callable[[int], object] | None = None, pause_s: float = 5) -> Said:
        """Poll until the end; raises ``Refused`` where the job failed."""
        while True:
            status = self.client.get_status(self.id)
            if on_progress:
                on_progress(status.progress)
            if status.status == "completed":
                return status
            if status.status == "failed":
                raise Refused(200, status.fields)
            time.sleep(pause_s)


class Client:
    """Calls the API with a key."""

    def __init__(self, api_key: str, base_url: str = "") -> None:
        self.api_key = api_key
        self.base_url = (base_url or os.environ.get("DEEPSWAPAI_BASE_URL", BASE_URL)).rstrip("/")

    def image_swap(self, **fields: Any) -> Said:
        """Swap a face in an image and wait for it."""
        return Said(self._call("POST", "/image-swap", fields))

    def video_swap(self, **fields: Any) -> Submitted:
        """Start to swap a face in a video."""
        return Submitted(self._call("POST", "/video-swap", fields), self)

    def get_status(self, job_id: str) -> Said:
        """Tell how a job stands."""
        return Said(self._call("GET", f"/status/{job_id}"))

    def _call(self, method: str, path: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.api_key}", "Content-Type": "application/json"}
        body = None
        if fields is not None:
            body = json.dumps(
                {name: _sent(value) if name in MEDIA else value for name, value in fields.items()}
            ).encode()
        try:
            with urlopen(Request(self.base_url + path, body, headers, method=method)) as reply:
                said: dict[str, Any] = json.load(reply)
                return said
        except HTTPError as error:
            with error:
                raise Refused(error.code, json.load(error)) from error


def _sent(media: str) -> str:
    """Return a URL as it is and a local file as Base64, as the pages say of the vendor's own client."""
    if media.startswith(("http://", "https://")):
        return media
    return b64encode(Path(media).read_bytes()).decode()
