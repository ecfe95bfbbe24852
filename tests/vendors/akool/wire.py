"""AKOOL as a client meets it: calls over HTTP to a simulator whose clock the test moves."""

import json
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from simulator.assembly import Background
from simulator.sandbox.sandbox import Sandbox
from simulator.vendors.akool import VENDOR

EPOCH = "2026-05-15T00:50:13.962Z"  # the instant of the documented head swap
EPOCH_MS = 1_778_806_213_962
KEY = VENDOR.sample_key
CLIP = "https://example.com/videos/source.mp4?duration=10&width=1916&height=1082&faces=3"
PICTURE, FACE = "https://example.com/picture.jpg", "https://example.com/face.png"
OPTS = "262,175:363,175:313,215:272,279"

ANALYZE, ANALYSIS = "/api/open/v4/headswap/analyze", "/api/open/v4/headswap/analyze/detail"
CREATE, TASK = "/api/open/v4/headswap/task/create", "/api/open/v4/headswap/task/detail"
IMAGE, VIDEO = (f"/api/open/v3/faceswap/highquality/specify{what}" for what in ("image", "video"))
LIST, QUOTA = "/api/open/v3/faceswap/result/listbyids", "/api/open/v3/faceswap/quota/info"
TOKEN = "/api/open/v3/getToken"

BODIES: dict[str, dict[str, Any]] = {
    TOKEN: {"clientId": "SimClientId0123456789ab=", "clientSecret": KEY},
    ANALYZE: {"video_url": CLIP, "type": "head"},
    CREATE: {
        "video_url": CLIP,
        "mappings": [{"obj_id": 0, "img_url": FACE}],
        "model_name": "akool-premium",
        "resolution": "720p",
    },
    IMAGE: {"sourceImage": [{"path": FACE}], "targetImage": [{"path": FACE}], "modifyImage": PICTURE},
    VIDEO: {"sourceImage": [{"path": FACE}], "targetImage": [{"path": FACE}], "modifyVideo": CLIP},
}
KINDS = {"analysis": ANALYZE, "head-swap": CREATE, "face-swap-image": IMAGE, "face-swap-video": VIDEO}
"""Each kind of job and the path that submits it."""


class Answer(NamedTuple):
    """What came back: ``body`` is JSON where it was, bytes otherwise."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> int:
        return int(self.body["code"])

    @property
    def data(self) -> Any:
        assert self.body["code"] == 1000, self.body
        return self.body["data"]


class Client:
    """Calls one simulator; no reply may be one that the contract did not let out."""

    def __init__(self, server: Background) -> None:
        self.simulator, self.base = server.simulator, f"{server.url}/akool"

    @property
    def sandbox(self) -> Sandbox:
        return self.simulator.sandboxes.main

    def fetch(self, method: str, url: str, body: Any = None, **headers: str) -> Answer:
        """Make one call; a body that is no bytes goes as JSON."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body, said = json.dumps(body).encode(), {"Content-Type": "application/json"} | said
        try:
            reply = urlopen(Request(url, body, said, method=method), timeout=30)
        except HTTPError as refusal:
            reply = refusal
        with reply:
            content: Any = reply.read()
            assert "X-Simulator-Error" not in reply.headers, content
            if reply.headers.get("Content-Type") == "application/json" and content:
                content = json.loads(content)
            return Answer(reply.status, dict(reply.headers), content)

    def get(self, path: str, key: str = KEY, **headers: str) -> Answer:
        return self.fetch("GET", self.base + path, None, **({"x_api_key": key} | headers))

    def post(self, path: str, body: Any = None, key: str = KEY, **headers: str) -> Answer:
        said = BODIES[path] if body is None else body
        return self.fetch("POST", self.base + path, said, **({"x_api_key": key} | headers))

    def changed(self, path: str, *without: str, **fields: Any) -> Answer:
        """Post a good body with other fields, or without some."""
        body = {name: said for name, said in BODIES[path].items() if name not in without}
        return self.post(path, {**body, **fields})

    def analyzed(self, url: str = CLIP, **headers: str) -> Any:
        """Analyse a video to its end; return the detail's data."""
        made = self.post(ANALYZE, {"video_url": url, "type": "head"}, **headers).data
        self.sandbox.advance(60_000)
        return self.get(f"{ANALYSIS}?_id={made['_id']}", **headers).data

    def submit(self, kind: str, scenario: str = "", **headers: str) -> Any:
        """Submit a job of a kind that plays a scenario; return the reply's data."""
        if kind == "head-swap":
            self.analyzed()
        playing = {"X_Simulator_Scenario": scenario} if scenario else {}
        return self.post(KINDS[kind], **playing, **headers).data

    def look(self, kind: str, id: str) -> Any:
        """Return what is said of a job now."""
        if kind.startswith("face-swap"):
            [row] = self.get(f"{LIST}?_ids={id}").data["result"]
            return row
        return self.get(f"{ANALYSIS if kind == 'analysis' else TASK}?_id={id}").data

    def status(self, kind: str, id: str) -> Any:
        said = self.look(kind, id)
        return said["faceswap_status" if kind.startswith("face-swap") else "status"]

    def credit(self, key: str = KEY) -> Any:
        return self.get(QUOTA, key).data["credit"]
