"""Acme, an invented vendor for tests of the engine: pictures (blocking), clips (queued), batches and films."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.jobs.commands import Command, Happen, HasCredits, HasRecord, ListJobs, LookUp, Need, Opens, Submit
from simulator.jobs.durations import read_duration
from simulator.jobs.errors import ApiError, Busy, Finding, NoKey, NotEnoughCredits, UnknownRecord, UnknownScenario
from simulator.jobs.files import Output, plan_output
from simulator.jobs.lifecycle import CANCELLED, FAILED, RUNNING, SUCCEEDED, WAITING, Lifecycle, Row
from simulator.jobs.scenario import Branch, Expiry, Failure, Items, Refresh, Scenario, Script, State, fit
from simulator.sandbox.sandbox import Sandbox, SandboxSettings
from simulator.vendors.vendor import (
    AccountStart,
    Call,
    Draft,
    Kind,
    Operation,
    RecordStart,
    Reply,
    Sealed,
    Stamp,
    Vendor,
    Webhook,
)

EPOCH_MS = 1_700_000_000_000
DAY_MS = 86_400_000
ENDS = ("done", "error", "stopped")
LIFECYCLE = Lifecycle(
    Row("new", WAITING, next=("drawing", "inking", *ENDS)),
    Row("drawing", RUNNING, next=("inking", *ENDS), share=3),
    Row("inking", RUNNING, next=ENDS, share=1),
    Row("done", SUCCEEDED),
    Row("error", FAILED),
    Row("stopped", CANCELLED),
)


def new_id(draft: Draft) -> str:
    return f"{draft.operation}-{draft.draws.hexadecimal(8, 'id')}"


def outputs(draft: Draft, job_id: str) -> tuple[Output, ...]:
    return tuple(
        plan_output(f"out/{job_id}_{at}.png", "image/png", 64, 64, seed=f"{job_id}/{at}")
        for at in range(max(draft.item_count, 1))
    )


def seal(plain: bytes, keys: Mapping[str, str], stamp: Stamp) -> Sealed:
    signature = hmac.digest(keys["secret"].encode(), plain + str(stamp.at_ms).encode(), "sha256").hex()
    headers = (("Content-Type", "application/json"), ("X-Signed-At", str(stamp.at_ms)), ("X-Signature", signature))
    return Sealed(plain, headers)


WEBHOOK = Webhook(
    "jobChanged",
    url=lambda fields, details: fields.get("hook", ""),
    tells=lambda shot: shot.is_final or shot.word == "inking",
    show=lambda shot, call: {
        "id": shot.job.id,
        "status": shot.wire,
        "at_ms": call.now_ms,
        "urls": [call.files_at(output.path, "") for output in shot.outputs],
    },
    ids_at=("id",),
    keys=lambda key, details, fields: {"secret": key},
    key_names=("secret",),
    seal=seal,
    gaps_ms=lambda switches: (5_000, 30_000),
    timeout_ms=5_000,
    signature_at="X-Signature",
    has_timestamp=True,
)


def kind(name: str, **other: Any) -> Kind:
    said: dict[str, Any] = {"outputs": outputs, "price": lambda draft, made: 4 * len(made), "new_id": new_id}
    said["webhook"] = WEBHOOK
    return Kind(name, LIFECYCLE, **{**said, **other})


def show(outcome: Any, call: Call) -> Reply:
    if isinstance(outcome, list):
        return Reply({"jobs": [{"id": shot.job.id, "status": shot.wire} for shot in outcome]})
    body = {"id": outcome.job.id, "status": outcome.wire, "progress": int(outcome.progress * 100)}
    if outcome.failure:
        body["error"] = outcome.failure.message
    return Reply(body)


def authenticate(call: Call) -> str:
    key = call.headers.get("Authorization", "")
    if not key.startswith("Bearer "):
        raise NoKey
    return key[7:]


def show_error(error: ApiError, call: Call) -> Reply:
    return Reply({"error": type(error).__name__}, 404 if "Unknown" in type(error).__name__ else 400)


def submit(operation: str, kind: str, **said: Any) -> Any:
    def read(call: Call, findings: Sequence[Finding]) -> Command:
        return Submit(operation, kind, call.body or {}, call.inputs, **said)

    return read


STUDIO: tuple[Need, ...] = (
    HasRecord("studio", UnknownRecord("studio"), owner=True),
    HasCredits(4, NotEnoughCredits),
    Opens("desk", Busy),
)
OPERATIONS = (
    Operation("film", "POST", "/films", submit("film", "film", needs=(HasCredits(4, NotEnoughCredits),)), show),
    Operation("plain", "POST", "/plain", submit("plain", "plain"), show),
    Operation("batch", "POST", "/batches", submit("batch", "batch", item_count=5), show),
    Operation("clip", "POST", "/clips", submit("clip", "clip", takes="workers"), show),
    Operation(
        "picture",
        "POST",
        "/pictures",
        submit("picture", "picture", needs=STUDIO, takes="desk", is_blocking=True, gives_up_after_ms=60_000),
        show,
    ),
    Operation("getJob", "GET", "/jobs/{id}", lambda call, findings: LookUp((call.path["id"],)), show),
    Operation("listJobs", "GET", "/jobs", lambda call, findings: ListJobs(unfinished_only=True), show),
    Operation("cancel", "POST", "/jobs/{id}/cancel", lambda call, findings: Happen(call.path["id"], "cancel"), show),
    Operation("delete", "DELETE", "/jobs/{id}", lambda call, findings: Happen(call.path["id"], "deleted"), show),
)
KINDS = (
    kind("film", charges="submit", refresh=Refresh(read_duration("15s..60s")), job_expiry=Expiry(31 * DAY_MS)),
    kind("plain", price=lambda draft, made: 0),
    kind("batch", takes_items=True, file_expiry=Expiry(DAY_MS, "ended")),
    kind("clip", queues=True, refresh=Refresh(read_duration("2s"), covers="end", since="start")),
    kind("picture", charges="submit"),
)
ACME = Vendor(
    name="acme",
    title="Acme Pictures",
    url="https://api.acme.example",
    media_hosts=("cdn.acme.example",),
    operations=OPERATIONS,
    kinds=KINDS,
    authenticate=authenticate,
    show_error=show_error,
    show_missing_file=lambda error, switches: Reply(None, 404),
    new_account=lambda key, draws, switches: AccountStart(
        credits=800,
        records=(RecordStart("studio", "s1", {"name": "first"}, credits=100, pools={"desk": 1}),),
        pools={"workers": 2},
    ),
    sample_key="key-1",
    first_call="curl {base}/jobs -H 'Authorization: Bearer {key}'",
)


def state(word: str, lasts: str | None = None, then: str | Sequence[tuple[str, float]] = (), **other: Any) -> State:
    """Return a state; ``then`` is a word or pairs of word and weight."""
    branches = (Branch(then),) if isinstance(then, str) else tuple(Branch(to, weight) for to, weight in then)
    return State(word, read_duration(lasts) if lasts else None, then=branches, **other)


def scenario(name: str, *states: State, **other: Any) -> Scenario:
    """Return a scenario in Acme's own words."""
    return Scenario(name, states, vendor="acme", **other)


HAPPY = scenario("happy", state("new", "2s", "drawing"), state("drawing", "6s..20s", "done"), State("done"))
STUCK = scenario("stuck", state("drawing", then="done", forever=True), State("done"))
POLLS = scenario("polls", state("drawing", then="done", polls=3), State("done"))
FAILS = scenario("fails", state("drawing", "10s", "error"), State("error", error=Failure("out of ink", code="ink")))
AT_ONCE = scenario("refused", State("error", error=Failure("no such style")))
BATCH = scenario(
    "some",
    state("new", "2s", "drawing"),
    state("drawing", then="done", items=Items(read_duration("1s..9s"), fail=(1,))),
    State("done"),
)
ALL_FAIL = scenario(
    "none", state("drawing", then="done", items=Items(read_duration("1s..9s"), fail_rate=1.0)), State("done")
)
SHIPPED = {one.name: one for one in (HAPPY, STUCK, POLLS, FAILS, AT_ONCE, BATCH, ALL_FAIL)}


class Shelf:
    """Scenarios from memory, with the library's interface."""

    def __init__(self, *more: Scenario, claimed: str | None = None) -> None:
        self.kept = SHIPPED | {one.name: one for one in more}
        self.claimed = claimed
        self._fitted: dict[tuple[str, str], Script] = {}

    def script(self, name: str, vendor: Vendor, kind: Kind) -> Script:
        if name not in self.kept:
            raise UnknownScenario(name)
        if (name, kind.name) not in self._fitted:
            self._fitted[name, kind.name] = fit(self.kept[name], kind.lifecycle, queues=kind.queues)
        return self._fitted[name, kind.name]

    def knows(self, name: str, vendor: Vendor, kind: Kind) -> bool:
        return name in self.kept

    def claims(
        self, vendor: Vendor, kind: Kind, operation: str, fields: Mapping[str, Any], headers: Mapping[str, str]
    ) -> str | None:
        return self.claimed

    def fork(self) -> "Shelf":
        return self

    def refresh(self) -> list[Any]:
        return []


def sandbox(mode: str = "manual", *more: Scenario, seed: str = "1", **settings: Any) -> Sandbox:
    """Return a sandbox whose clock starts at ``EPOCH_MS``."""
    return Sandbox("main", SandboxSettings(seed, EPOCH_MS, mode, **settings), Shelf(*more))


def call(sandbox: Sandbox, operation: str, key: str = "key-1", body: Any = None, id: str = "", **headers: str) -> Any:
    """Make one call as the pipeline would, below the wire, and say that its reply has been written; return the outcome."""
    from simulator.sandbox.choosing import Choice

    found = next(one for one in ACME.operations if one.id == operation)
    said = Call(
        operation=operation,
        method=found.method,
        path={"id": id},
        query={},
        headers=headers,
        files_at=lambda path, host: f"http://test/{path}",
        body=body,
        account=key,
        switches=sandbox.switches_for(ACME),
    )
    choice = Choice(headers.get("scenario", ""), headers.get("seed", ""), headers.get("job_id", ""))
    outcome = sandbox.handle(ACME, said, found.read(said, ()), choice)
    with sandbox.lock:
        for release in said.withheld:
            release()
    return outcome
