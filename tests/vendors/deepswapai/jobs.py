"""Calls and jobs of DeepSwapAI as values: what the pipeline and the sandbox would make of a request."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from simulator.contract import Contract
from simulator.jobs.admission import admit
from simulator.jobs.chance import Draws
from simulator.jobs.commands import LookUp, Submit
from simulator.jobs.durations import Duration, fixed
from simulator.jobs.errors import ApiError, Finding
from simulator.jobs.files import Input, imagine_input
from simulator.jobs.job import Job
from simulator.jobs.plan import Plan, make_plan
from simulator.jobs.scenario import Branch, Failure, Items, Result, Scenario, Shape, State, fit
from simulator.jobs.snapshot import Snapshot, look
from simulator.jobs.timeline import unfold
from simulator.media.probe import probe_base64
from simulator.vendors.deepswapai import VENDOR
from simulator.vendors.vendor import Call, Draft, Operation, Reply

NOON_MS = 1_769_601_600_000  # 2026-01-28T12:00:00Z
FACE, PICTURE, CLIP = "https://example.com/face.jpg", "https://example.com/photo.png", "https://example.com/clip.mp4"
BODIES: Mapping[str, Mapping[str, Any]] = {
    "imageSwap": {"source_image": FACE, "target_image": f"{PICTURE}?width=1600&height=900"},
    "videoSwap": {"source_image": FACE, "target_video": f"{CLIP}?width=1280&height=720&duration=45.2"},
    "batchSwap": {"source_image": FACE, "target_images": [f"{PICTURE}?n={n}" for n in range(50)]},
}
IMAGE, VIDEO, BATCH = BODIES
SUBMITS = {"image": IMAGE, "video": VIDEO, "batch": BATCH}


@cache
def contract() -> Contract:
    """Return the vendor's contract."""
    file = Path(__file__).parents[3] / "openapi/deepswapai.yaml"
    return Contract("deepswapai", yaml.load(file.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def operation(id: str) -> Operation:
    return next(operation for operation in VENDOR.operations if operation.id == id)


def call(id: str, body: Any = None, **other: Any) -> Call:
    """Return a call as the pipeline would build it: inputs imagined from URLs, or read from Base64."""
    found = operation(id)
    inputs = tuple(
        held(text, field, kind)
        for field, kind in found.inputs
        if isinstance(body, dict)
        for text in (body[field] if isinstance(body.get(field), list) else [body.get(field)])
        if isinstance(text, str)
    )
    said: dict[str, Any] = {
        "path": {}, "query": {}, "headers": {}, "body": body, "media_type": "application/json", "inputs": inputs,
        "files_at": lambda path, host: f"https://{host}/{path}", "now_ms": NOON_MS,
    }  # fmt: skip
    return Call(id, found.method, **{**said, **other})


def changed(id: str, **changes: Any) -> dict[str, Any]:
    """Return a good body with other fields; None leaves one out."""
    return {name: value for name, value in {**BODIES[id], **changes}.items() if value is not None}


def held(text: str, field: str, kind: str) -> Input:
    if text.startswith(("http://", "https://")):
        return imagine_input(field, text, kind)
    return probe_base64(text, field=field) or Input(field)


def findings(asked: Call) -> Sequence[Finding]:
    return contract().checks(asked.operation).check_call(asked, has_body=asked.method == "POST")


def read(asked: Call) -> Any:
    """Return the command that a call becomes."""
    return operation(asked.operation).read(asked, findings(asked))


class Rich:
    """An account with a balance and nothing else."""

    def __init__(self, credits: float = 1000) -> None:
        self.credits = credits

    def records(self, type: str) -> Sequence[Any]:
        return ()

    def available(self, owner: str) -> float:
        return self.credits

    def opening(self, owner: str, pool: str) -> tuple[bool, int | None]:
        return True, None

    def newest_job(self, kind: str, stands_for: str | None, where: Mapping[str, Any]) -> str | None:
        return None

    def ratio(self, name: str) -> float:
        return 0.5


def refusal(asked: Call, credits: float = 1000) -> ApiError | None:
    """Return why a submit is refused; None if it is accepted."""
    try:
        admit(read(asked).needs, Rich(credits))
    except ApiError as error:
        return error
    return None


def state(word: str, seconds: float | None = None, then: str = "", **other: Any) -> State:
    lasts = None if seconds is None else fixed(round(seconds * 1000))
    return State(word, lasts, then=(Branch(then),) if then else (), **other)


def scenario(*states: State, **other: Any) -> Scenario:
    return Scenario("test", states, **{"vendor": "deepswapai", **other})


def ends(word: str = "completed", *, queued: float = 2, processing: float = 100, **other: Any) -> Scenario:
    """Return the scenario of a job that waits, works and ends."""
    error = {"error": Failure("Rendering broke off")} if word == "failed" else {}
    states = (state("queued", queued, "processing"), state("processing", processing, word), state(word, **error))
    return scenario(*states, **other)


def batch(*fail: int, seconds: tuple[float, float] = (1, 60), error: str | None = None, **other: Any) -> Scenario:
    """Return the scenario of a batch in which some images fail."""
    lasts = Duration(*(round(second * 1000) for second in seconds))
    items = Items(lasts, fail=fail, error=Failure(error) if error else None)
    states = (state("queued", 2, "processing"), state("processing", None, "completed", items=items))
    return scenario(*states, state("completed"), state("failed"), **other)


def result(**shape: Any) -> Result:
    return Result(Shape(**shape))


def job(
    kind: str,
    played: Scenario,
    *,
    body: Mapping[str, Any] | None = None,
    id: str = "",
    seed: str = "seed",
    switches: Mapping[str, str] | None = None,
) -> Job:
    """Return an accepted job, created at noon."""
    asked = call(SUBMITS[kind], dict(body or BODIES[SUBMITS[kind]]), switches=switches or {})
    command: Submit = read(asked)
    admit(command.needs, Rich())
    found, draws = VENDOR.kind(kind), Draws(seed, "deepswapai", command.operation, 1)
    draft = Draft(
        command.operation, "key", draws, NOON_MS, command.fields, command.inputs, {}, played.result,
        command.item_count, asked.switches,
    )  # fmt: skip
    job_id = id or found.new_id(draft)
    plan = make_plan(
        fit(played, found.lifecycle),
        draws,
        item_count=command.item_count,
        switches=asked.switches,
        file_expiry=found.file_expiry,
    )
    plan = with_outputs(plan, draft, job_id, kind)
    made = Job(
        job_id,
        "deepswapai",
        command.operation,
        kind,
        "key",
        NOON_MS,
        plan,
        draws.prefix,
        command.fields,
        command.inputs,
    )
    made.entries = unfold(plan, NOON_MS)
    return made


def with_outputs(plan: Plan, draft: Draft, job_id: str, kind: str) -> Plan:
    outputs = VENDOR.kind(kind).outputs(draft, job_id)
    paid = (
        tuple(output for output, item in zip(outputs, plan.items, strict=True) if not item.error)
        if plan.items
        else outputs
    )
    return msgspec.structs.replace(plan, outputs=outputs, price=VENDOR.kind(kind).price(draft, paid))


def shot(made: Job, after_s: float) -> Snapshot:
    return look(made, NOON_MS + round(after_s * 1000))


def ended(made: Job) -> Snapshot:
    return look(made, made.entries[-1].at_ms)


def status(made: Job, after_s: float | None = None) -> Any:
    """Return what the status endpoint says, after judging it by the contract."""
    seen = ended(made) if after_s is None else shot(made, after_s)
    return said("getStatus", seen, call("getStatus", path={"job_id": made.id})).body


def submitted(made: Job) -> Reply:
    return said(made.operation, shot(made, 0), call(made.operation))


def said(id: str, outcome: Any, asked: Call) -> Reply:
    """Return a reply, judged by the contract."""
    reply = operation(id).show(outcome, asked)
    contract().checks(id).check_reply(reply)
    return reply


def look_up(job_id: str) -> LookUp:
    command = read(call("getStatus", path={"job_id": job_id}))
    assert isinstance(command, LookUp)
    return command
