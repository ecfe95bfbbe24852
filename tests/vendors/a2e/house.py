"""A2E on a real sandbox, without the network: each call is checked, read, done, worded, and its reply judged."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from simulator.contract import Contract
from simulator.jobs.durations import read_duration
from simulator.jobs.errors import ApiError
from simulator.jobs.files import imagine_input
from simulator.jobs.job import Job
from simulator.jobs.scenario import Branch, Failure, Refresh, Result, Scenario, Shape, State
from simulator.sandbox.choosing import Choice
from simulator.sandbox.sandbox import Sandbox, SandboxSettings
from simulator.vendors.a2e import VENDOR
from simulator.vendors.a2e.errors import show_error
from simulator.vendors.a2e.ids import SAMPLE_KEY
from simulator.vendors.vendor import Call, Operation, Reply
from tests.acme import Shelf

PREVIEW_AT_MS = 1_718_939_704_000  # 2024-06-21T03:15:04.000Z, the second in the sample's _id
TASK_AT_MS = 1_718_940_022_436  # 2024-06-21T03:20:22.436Z
PREVIEW_ID, TASK_ID, NOBODY = "6674f0380f25167e88672b7c", "6674f1765699df7e9d25311a", "a" * 24
CDN = "https://dh24as48lv9ce.cloudfront.net"
FACE = f"{CDN}/adam2eve/beta/face_swap/ab2fca41-90e5-41a6-aa66-08a960b035e4.jpg"
PICTURE = f"{CDN}/marvel/test_case/FS/b197b5a6-2ceb-46ff-b42f-d60e85ce1fea.jpeg"
CLIP = f"{CDN}/pbs_lite/stable/customer/645888fc89897e30c57e31f0/clipVideo/665d718eb8f6a5ee678aa392/1717400057881.mp4"
PREVIEW = {"face_url": FACE, "video_url": PICTURE}
TASK = {"name": "xxxx", "face_url": FACE, "video_url": f"{CLIP}?duration=6"}


def state(word: str, lasts: str = "", then: str = "", **other: Any) -> State:
    return State(word, read_duration(lasts) if lasts else None, then=(Branch(then),) if then else (), **other)


def scenario(name: str, *states: State, **other: Any) -> Scenario:
    return Scenario(name, states, vendor="a2e", **other)


HAPPY = scenario(
    "happy", state("initialized", "2s", "processing"), state("processing", "4s", "completed"), State("completed")
)
FAILS = scenario(
    "fails",
    state("initialized", "2s", "processing"),
    state("processing", "4s", "failed"),
    State("failed", error=Failure("No face was found", code=30001)),
)
SENT = scenario(
    "sent",
    state("sent", "504ms", "initialized"),
    state("initialized", "418ms", "processing"),
    state("processing", "35267ms", "completed"),
    State("completed"),
    result=Result(Shape("video", duration_ms=6000)),
    refresh=Refresh(read_duration("38359ms"), covers="end", since="start"),
)


@cache
def contract() -> Contract:
    """Return the vendor's contract."""
    file = Path(__file__).parents[3] / "openapi/a2e.yaml"
    return Contract("a2e", yaml.load(file.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def operation(id: str) -> Operation:
    return next(operation for operation in VENDOR.operations if operation.id == id)


class House:
    """One sandbox whose clock stands."""

    def __init__(self, *more: Scenario, at_ms: int = TASK_AT_MS, seed: str = "1", **switches: str) -> None:
        settings = SandboxSettings(
            seed, at_ms, "manual", switches={f"a2e.{name}": said for name, said in switches.items()}
        )
        self.box = Sandbox("main", settings, Shelf(HAPPY, FAILS, SENT, *more))
        self.leniencies: list[str] = []

    def call(self, id: str, body: Any = None, *, key: str = SAMPLE_KEY, now_ms: int | None = None, **said: Any) -> Call:
        found, text = operation(id), body if isinstance(body, dict) else {}
        inputs = tuple(
            imagine_input(field, text[field], kind)
            for field, kind in found.inputs
            if str(text.get(field, "")).startswith("http")
        )
        given: dict[str, Any] = {
            "path": {}, "query": {}, "headers": {}, "body": body, "media_type": "application/json", "inputs": inputs,
            "files_at": lambda path, host: f"https://{host}/{path}", "account": key, "marks": [],
            "switches": self.box.switches_for(VENDOR), "now_ms": now_ms or self.box.clock.now_ms(),
        }  # fmt: skip
        return Call(id, found.method, **{**given, **said})

    def reply(self, id: str, body: Any = None, *, scenario: str = "happy", job_id: str = "", **said: Any) -> Reply:
        """Make a call and return the reply that the contract let out."""
        call, checks = self.call(id, body, **said), contract().checks(id)
        try:
            command = operation(id).read(call, checks.check_call(call, has_body=body is not None))
            reply = operation(id).show(self.box.handle(VENDOR, call, command, Choice(scenario, "", job_id)), call)
        except ApiError as error:
            reply = show_error(error, call)
        checks.check_reply(reply)
        self.leniencies = call.marks
        return reply

    def data(self, id: str, body: Any = None, **said: Any) -> Any:
        """Make a call that goes well and return its data."""
        reply = self.reply(id, body, **said)
        assert (reply.status, reply.body["code"]) == (200, 0), reply.body
        return reply.body["data"]

    def refused(self, id: str, body: Any = None, **said: Any) -> tuple[int, int, str]:
        """Make a call that is refused; return HTTP status, code and text."""
        reply = self.reply(id, body, **said)
        assert reply.body["code"] != 0, reply.body
        return reply.status, reply.body["code"], reply.body["msg"]

    def submit(self, kind: str = "task", body: Mapping[str, Any] | None = None, **said: Any) -> str:
        """Start a task or a preview and return its id."""
        id, usual = ("addFaceSwapTask", TASK) if kind == "task" else ("addFaceSwapPreview", PREVIEW)
        return str(self.data(id, dict(body or usual), **said)["_id"])

    def task(self, job_id: str, **said: Any) -> Any:
        return self.data("getFaceSwapTask", path={"_id": job_id}, **said)

    def preview(self, job_id: str, **said: Any) -> Any:
        return self.data("getFaceSwapPreviewStatus", query={"_id": job_id}, **said)

    def delete(self, job_id: str) -> Reply:
        return self.reply("deleteFaceSwapTask", path={"_id": job_id})

    def coins(self, **said: Any) -> int:
        return int(self.data("getRemainingCoins", **said)["coins"])

    def job(self, job_id: str) -> Job:
        return self.box.job(job_id).job
