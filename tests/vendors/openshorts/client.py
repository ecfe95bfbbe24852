"""A client of OpenShorts that says no more than it has to, and moves the clock."""

import json
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from simulator.assembly import Background

EPOCH = "2026-01-28T12:00:00Z"
ID = "550e8400-e29b-41d4-a716-446655440000"
VIDEO = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
KEY = {"X-Gemini-Key": "key"}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=part"}


class Answer(NamedTuple):
    status: int
    headers: Any
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def detail(self) -> Any:
        return self.body["detail"]


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *about: Any) -> None:
        return None


_OPENER = build_opener(_Stay)


class Client:
    def __init__(self, server: Background) -> None:
        self.base = f"{server.url}/openshorts"
        self.sandbox = server.simulator.sandboxes.main

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        said = {name.replace("_", "-"): text for name, text in headers.items()}
        try:
            reply = _OPENER.open(Request(f"{self.base}{path}", body, said, method=method), timeout=30)
        except HTTPError as refusal:
            reply = refusal
        with reply:
            answer = Answer(reply.status, reply.headers, reply.read())
        assert "X-Simulator-Error" not in answer.headers, answer.content
        return answer

    def process(self, body: Any = None, **headers: str) -> Answer:
        """Submit; a body that is no bytes is JSON, a header of None is left out."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {**KEY, **JSON, **{name.replace("_", "-"): text for name, text in headers.items()}}
        return self.call(
            "POST", "/api/process", content, **{name: text for name, text in said.items() if text is not None}
        )

    def submit(self, scenario: str = "", **fields: Any) -> str:
        """Submit a video by URL and return the job's id."""
        headers = {"X-Simulator-Scenario": scenario} if scenario else {}
        answer = self.process({"url": VIDEO, **fields}, **headers)
        assert answer.status == 200, answer.content
        return str(answer.body["job_id"])

    def status(self, job_id: str) -> Any:
        answer = self.call("GET", f"/api/status/{job_id}")
        assert answer.status == 200, answer.content
        return answer.body

    def advance(self, seconds: float) -> None:
        self.sandbox.advance(round(seconds * 1000))

    def switch(self, **choices: str) -> None:
        self.sandbox.set_switches({f"openshorts.{name}": choice for name, choice in choices.items()})

    def leniencies(self) -> str:
        return " | ".join(mark for exchange in self.sandbox.journal for mark in exchange.marks)


def part(name: str, text: str | bytes, file: str = "") -> bytes:
    """Return one part of a form; with ``file`` it is one."""
    name_of_file = f'; filename="{file}"\r\nContent-Type: video/mp4' if file else ""
    content = text if isinstance(text, bytes) else text.encode()
    return f'--part\r\nContent-Disposition: form-data; name="{name}"{name_of_file}\r\n\r\n'.encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    """Return a multipart body."""
    return b"".join(parts) + b"--part--\r\n"
