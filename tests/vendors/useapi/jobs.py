"""Calls and jobs of useapi as values: what the pipeline and the sandbox would make of a request."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from simulator.contract import Contract
from simulator.jobs.admission import Bindings, admit
from simulator.jobs.chance import Draws
from simulator.jobs.commands import Submit
from simulator.jobs.durations import fixed
from simulator.jobs.errors import Finding
from simulator.jobs.files import Input, plan_output
from simulator.jobs.grid import Grid
from simulator.jobs.job import Event, Job
from simulator.jobs.plan import make_plan
from simulator.jobs.scenario import Branch, Failure, Refresh, Result, Scenario, State, fit
from simulator.jobs.snapshot import Snapshot, look
from simulator.jobs.timeline import unfold
from simulator.vendors.useapi import VENDOR
from simulator.vendors.useapi.verbs import VERBS
from simulator.vendors.vendor import Call, Draft, Operation, Record, RecordStart, Reply

BORN_MS = 1_694_225_089_667  # 2023-09-09T02:04:49.667Z, as in the vendor's sample
TOKEN = "user:12345-aBcDeFgHiJkL"
PROMPT = "me, a mad king with an evil smile, wearing medieval royal blue attire and a crown. --no green --square"
CHANNEL, SERVER = "1114135330115551237", "1114135195004436480"
DISCORD = "ABC" + "m" * 60 + "xyz"

FACE = Input("source_image", "face.jpg", "", "image/jpeg", "image/jpeg", "image", 482_113, 600, 800, 0, 1, 1)
STILL = Input(
    "target_image_gif_or_video", "t.png", "", "image/png", "image/png", "image", 1_628_384, 1024, 1536, 0, 1, 1
)
GIF = Input(
    STILL.field, "blob", "", "application/octet-stream", "image/gif", "animation", 99_000, 320, 200, 2000, 20, 1
)
VIDEO = Input(STILL.field, "tmp1", "", "image/png", "video/mp4", "video", 8_120_455, 1280, 720, 8000, 240, 1)

FIELDS: Mapping[str, Mapping[str, str]] = {
    "headshot": {"prompt": PROMPT},
    "changebg": {"a_background_photo_of": "a beach at sunset", "options": "-x"},
    "picsi": {"options": "-f"},
    "swap": {"saveid_idname": "id", "swapid_idname": "id"},
    "inswapper": {"targetMessageId": "1478708082769920001"},
    "saveid": {"idname": "me"},
    "swapid": {"idname": "me"},
    "setid": {"idname": "me"},
    "delid": {"idname": "me"},
    "listid": {},
    "delall": {},
}
PLAIN = Result()
WITH_IMAGES = ("headshot", "changebg", "picsi", "swap", "inswapper", "swapid")


@cache
def contract() -> Contract:
    """Return the vendor's contract."""
    file = Path(__file__).parents[3] / "openapi/useapi.yaml"
    return Contract("useapi", yaml.load(file.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def operation(id: str) -> Operation:
    return next(operation for operation in VENDOR.operations if operation.id == id)


def call(id: str, body: Any = None, *inputs: Input, **other: Any) -> Call:
    """Return a call as the pipeline would build it; a file part stands in the body as its name."""
    if isinstance(body, dict):
        body = body | {given.field: given.name for given in inputs if not given.url}
    said: dict[str, Any] = {
        "path": {},
        "query": {},
        "headers": {"authorization": f"Bearer {TOKEN}"},
        "body": body,
        "media_type": "multipart/form-data" if body is not None else "",
        "inputs": inputs,
        "account": TOKEN,
        "files_at": lambda path, host: f"http://127.0.0.1:8080/useapi/{host}/{path}",
        "now_ms": BORN_MS,
    }
    return Call(id, contract().checks(id).method, **{**said, **other})


def findings(asked: Call) -> Sequence[Finding]:
    return contract().checks(asked.operation).check_call(asked, has_body=asked.body is not None)


def read(asked: Call) -> Any:
    """Return the command that a call becomes."""
    return operation(asked.operation).read(asked, findings(asked))


def sent(id: str, reply: Reply) -> Reply:
    """Return a reply that the contract of an operation allows."""
    contract().checks(id).check_reply(reply, VENDOR.headers)
    return reply


def states(*said: tuple[str, int | str], error: Failure | None = None) -> tuple[State, ...]:
    """Return a chain of states: each word with its length in ms, ``forever``, or ``end``."""
    found = []
    for position, (word, lasts) in enumerate(said):
        then = () if position + 1 == len(said) else (Branch(said[position + 1][0]),)
        length = fixed(lasts) if isinstance(lasts, int) else None
        found.append(State(word, length, forever=lasts == "forever", then=then, error=error if not then else None))
    return tuple(found)


USUAL = states(("created", 2000), ("started", 10_000), ("progress", 100_000), ("completed", "end"))


def inputs_of(id: str) -> tuple[Input, ...]:
    """Return what a command of this verb uploads."""
    if id == "picsi":
        return FACE, VIDEO
    return tuple(msgspec.structs.replace(STILL, field=name) for name in VERBS[id].files)


def kind_of(id: str, inputs: Sequence[Input]) -> str:
    if id == "picsi":
        return "picsi" if any(given.kind in ("animation", "video") for given in inputs) else "picsi-still"
    return id if id in ("headshot", "changebg") else "picsi-still"


def draft(id: str, inputs: tuple[Input, ...] = (), **other: Any) -> Draft:
    said: dict[str, Any] = {
        "account": TOKEN,
        "draws": Draws("seed", "useapi", id, 1),
        "created_at_ms": BORN_MS,
        "fields": FIELDS[id],
        "inputs": inputs or inputs_of(id),
        "bound": {"channel": CHANNEL, "channel.server": SERVER, "channel.discord": DISCORD, "idname": "me"},
        "result": Result(),
        "item_count": 0,
        "switches": {},
    }
    return Draft(id, **{**said, **other})


def job(
    id: str = "headshot",
    *,
    plays: tuple[State, ...] = USUAL,
    inputs: tuple[Input, ...] = (),
    fields: Mapping[str, str] | None = None,
    events: tuple[Event, ...] = (),
    refresh: Refresh | None = None,
    result: Result = PLAIN,
    left: float = 796,
    **other: Any,
) -> Job:
    """Return a job as the sandbox would draw it up; the eight verbs that are not served yet are made likewise."""
    drawn = draft(id, inputs, fields=FIELDS[id] if fields is None else fields, result=result, **other)
    kind = VENDOR.kind(kind_of(id, drawn.inputs))
    job_id = kind.new_id(drawn)
    if id in ("headshot", "changebg", "picsi"):
        outputs, price = kind.outputs(drawn, job_id), kind.price(drawn, ())
    else:
        path = f"attachments/{CHANNEL}/1478708602444185605/ins_swap.png"
        outputs = (plan_output(path, "image/png", 64, 64, seed="s"),) if id in WITH_IMAGES else ()
        price = 0
    script = fit(Scenario("test", plays, vendor="useapi", result=result), kind.lifecycle)
    grid = None
    if refresh:
        anchor_ms = BORN_MS if refresh.since == "start" else 1_600_000_000_000
        grid = Grid(anchor_ms, refresh.every.low_ms, refresh.every.high_ms, "grid", refresh.covers)
    plan = make_plan(
        script,
        drawn.draws,
        refresh=grid,
        outputs=outputs,
        price=price,
        file_expiry=kind.file_expiry,
        switches=drawn.switches,
    )
    return Job(
        id=job_id,
        vendor="useapi",
        operation=id,
        kind=kind.name,
        account=drawn.account,
        created_at_ms=drawn.created_at_ms,
        plan=plan,
        dice=drawn.draws.prefix,
        fields=drawn.fields,
        inputs=drawn.inputs,
        bound=drawn.bound,
        credits_left=left,
        credits_total=800,
        events=events,
        entries=unfold(plan, drawn.created_at_ms, events),
    )


def shot(made: Job, after_ms: int = 0) -> Snapshot:
    return look(made, BORN_MS + after_ms)


def shown(seen: Snapshot, by: str = "getJob") -> dict[str, Any]:
    """Return the body by which an operation shows a job, once the contract has judged it."""
    reply = sent(by, operation(by).show(seen, call(by)))
    assert isinstance(reply.body, dict)
    return reply.body


class Keeps:
    """An account as admission sees it: records that can pay, unless they are said to be poor or taken."""

    def __init__(
        self, *records: RecordStart, poor: Sequence[str] = (), taken: Mapping[str, Sequence[str]] = {}
    ) -> None:
        self.kept = [Record(said.type, said.id, said.data, 0, 0) for said in records]
        self.poor, self.taken = poor, taken

    def records(self, type: str) -> list[Record]:
        return [record for record in self.kept if record.type == type]

    def available(self, owner: str) -> float:
        return 0 if owner.partition("/")[2] in self.poor else 800

    def opening(self, owner: str, pool: str) -> tuple[bool, int | None]:
        return owner.partition("/")[2] not in self.taken, BORN_MS + 7000

    def holders(self, owner: str, pool: str) -> Sequence[str]:
        return self.taken.get(owner.partition("/")[2], ())

    def newest_job(self, kind: str, stands_for: str | None, where: Mapping[str, Any]) -> str | None:
        return None

    def ratio(self, name: str) -> float:
        return 0.99


def channel(id: str, server: str = SERVER, discord: str = DISCORD) -> RecordStart:
    return RecordStart("channel", id, {"channel": id, "server": server, "discord": discord}, credits=800)


def idname(id: str) -> RecordStart:
    return RecordStart("idname", id, {})


def admitted(command: Submit, keeps: Keeps) -> Bindings:
    return admit(command.needs, keeps)
