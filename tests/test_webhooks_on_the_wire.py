"""Webhooks of every kind of job through the whole simulator, and every way they go wrong as a receiver meets it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from simulator import vendors
from simulator.assembly import Background
from simulator.client import Message, Receiver
from simulator.jobs.errors import UnfitScenario
from simulator.library import Library
from simulator.settings import Settings
from tests.test_vendors_on_the_wire import BEFORE, EPOCH, STATUS, SUBMITS, fetch, with_key

URL_FIELDS = {"a2e": "webhook_url", "akool": "webhookUrl", "deepswapai": "webhook_url", "openshorts": "webhook_url", "useapi": "replyUrl"}  # fmt: skip
SECRETS = {"a2e": "webhook_token", "openshorts": "webhook_secret"}
CLIENT_ID = "a clientId of my own"
IDS = {"a2e": "data._id", "akool": "data._id", "deepswapai": "job_id", "openshorts": "job_id", "useapi": "jobid"}
FAULTS = ("duplicate", "late", "lost", "out-of-order", "after-poll", "stale", "wrong-signature", "wrong-id", "other-sandbox", "extra-fields", "truncated", "burst")  # fmt: skip


def kinds() -> list[tuple[str, str]]:
    return [(name, kind.name) for name in vendors.NAMES for kind in vendors.load(name).kinds if kind.webhook]


@pytest.fixture(scope="module")
def server() -> Iterator[Background]:
    with Background(Settings(port=0, clock="manual", seed="wire", epoch=EPOCH)) as running:
        yield running


class World:
    """One vendor's kind of job, the simulator on a clock that stands, and a receiver that knows the keys."""

    def __init__(self, server: Background, vendor: str, kind: str) -> None:
        self.url, self.vendor, self.kind = server.url, vendor, kind
        self.sandbox = server.simulator.sandboxes.main
        self.sandbox.reset()
        key = vendors.load(vendor).sample_key
        known = {
            "akool": {"clientId": CLIENT_ID, "clientSecret": key},
            "deepswapai": {"webhook_secret": key},
            "a2e": {"webhook_token": "a token of mine"},
            "openshorts": {"webhook_secret": "a secret of mine"},
        }
        self.receiver = Receiver(vendor, **known.get(vendor, {}))
        if vendor == "akool":
            self.control("PUT", f"accounts/akool/{key}", {"details": {"clientId": CLIENT_ID}})

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/_simulator/{path}", json=body, timeout=60)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def advance(self, by: str, **more: Any) -> Any:
        return self.control("POST", "clock/advance", {"by": by, **more})

    def submit(self, scenario: str = "", *, answers: int = 200) -> str:
        """Submit a job and return its id."""
        if (self.vendor, self.kind) in BEFORE:
            path, fields, _ = SUBMITS[self.vendor, BEFORE[self.vendor, self.kind]]
            fetch("POST", f"{self.url}/{self.vendor}{path}", json.dumps(fields).encode(), Content_Type="application/json", **with_key(self.vendor))  # fmt: skip
            self.advance("60s")
        path, fields, files = SUBMITS[self.vendor, self.kind]
        fields = {**fields, URL_FIELDS[self.vendor]: f"{self.receiver.url}/hook"}
        if own := SECRETS.get(self.vendor):
            fields[own] = {"a2e": "a token of mine", "openshorts": "a secret of mine"}[self.vendor]
        headers = {name.replace("_", "-"): said for name, said in with_key(self.vendor).items()}
        if scenario:
            headers["X-Simulator-Scenario"] = scenario
        about: dict[str, Any] = {"json": fields}
        if files:
            about = {"data": fields, "files": {name: ("blob", content) for name, content in files.items()}}
        reply = requests.post(f"{self.url}/{self.vendor}{path}", headers=headers, timeout=60, **about)
        assert reply.status_code < 300, reply.text
        said: Any = reply.json()
        for part in IDS[self.vendor].split("."):
            said = said[part]
        return str(said)

    def poll(self, job_id: str) -> bytes:
        path = STATUS.get((self.vendor, self.kind)) or STATUS[self.vendor]
        return fetch("GET", f"{self.url}/{self.vendor}{path.format(id=job_id)}", **with_key(self.vendor))[2]

    def outbox(self) -> list[dict[str, Any]]:
        return list(self.control("GET", "webhooks?limit=1000")["webhooks"])


@pytest.fixture
def world(server: Background, vendor: str, kind: str) -> Iterator[World]:
    made = World(server, vendor, kind)
    with made.receiver:
        yield made


def is_genuine(world: World, message: Message) -> bool:
    """Return whether a message is what the vendor sends: signed well, or unsigned where nothing is signed."""
    return message.problem == "" and message.is_genuine is (None if world.vendor == "useapi" else True)


@pytest.mark.parametrize(("vendor", "kind"), kinds())
def test_a_good_end_is_told_genuinely_and_is_what_a_poll_shows(world: World) -> None:
    job_id = world.submit()
    done = world.advance("1h")

    messages = world.receiver.messages
    assert messages
    assert [told["state"] for told in done["webhooks"]] in ([], ["delivered"] * len(messages))
    assert all(is_genuine(world, message) and message.job_id == job_id for message in messages)
    told = {delivery["status"] for delivery in world.outbox()}
    assert "completed" in told
    for word in json.dumps(messages[-1].plain).split('"'):
        if word.startswith(f"{world.url}/") and "/_simulator/" not in word:
            assert word in world.poll(job_id).decode() or requests.head(word, timeout=30).ok


@pytest.mark.parametrize(("vendor", "kind"), kinds())
@pytest.mark.parametrize("ending", ["failed-midway", "failed-early"])
def test_a_bad_end_is_told_genuinely(world: World, ending: str) -> None:
    try:
        job_id = world.submit(ending)
    except AssertionError:  # a blocking call whose reply is the refusal; its webhook comes all the same
        job_id = ""
    world.advance("2h")

    [*_, last] = world.receiver.messages
    assert is_genuine(world, last)
    assert not job_id or last.job_id == job_id
    assert {delivery["state"] for delivery in world.outbox()} == {"delivered"}


@pytest.mark.parametrize(("vendor", "kind"), kinds())
@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_on_purpose_goes_wrong_for_the_receiver(world: World, fault: str) -> None:
    vendor = vendors.load(world.vendor)
    try:
        Library().script(f"webhook-{fault}", vendor, vendor.kind(world.kind))
    except UnfitScenario:
        with pytest.raises(AssertionError, match="unfit_scenario"):
            world.submit(f"webhook-{fault}")
        return

    job_id = world.submit(f"webhook-{fault}")
    world.advance("10m")
    if fault == "after-poll":
        assert world.receiver.messages == []
        world.poll(job_id)
        world.control("POST", "webhooks/wait", {"job_id": job_id})

    messages, outbox = world.receiver.messages, world.outbox()
    told = [delivery for delivery in outbox if delivery["why"].startswith("entered")]
    CHECKS[fault](world, job_id, messages, told)
    assert all(delivery["faults"] for delivery in outbox)
    journal = json.dumps(world.control("GET", "journal?limit=1000"))
    assert fault.replace("-", "_") in journal


def _all_are_genuine(world: World, job_id: str, messages: list[Message], told: list[dict[str, Any]]) -> None:
    assert messages
    assert all(is_genuine(world, message) and message.job_id == job_id for message in messages)


def _duplicate(world: World, job_id: str, messages: list[Message], told: list[dict[str, Any]]) -> None:
    _all_are_genuine(world, job_id, messages, told)
    assert len(messages) == 3 * len(told)


def _late(world: World, job_id: str, messages: list[Message], told: list[dict[str, Any]]) -> None:
    _all_are_genuine(world, job_id, messages, told)
    assert all(delivery["attempts"][0]["at_ms"] > delivery["told_at_ms"] for delivery in told)


def _lost(world: World, job_id: str, messages: list[Message], told: list[dict[str, Any]]) -> None:
    assert messages == []
    assert {delivery["state"] for delivery in told} == {"lost"}


def _out_of_order(world: World, job_id: str, messages: list[Message], told: list[dict[str, Any]]) -> None:
    _all_are_genuine(world, job_id, messages, told)
    if len(told) > 1:
        assert [message.plain["status"] for message in messages] == [3, 2]


def _stale(world: World, job_id: str, messages: list[Message], told: list[dict[str, Any]]) -> None:
    _all_are_genuine(world, job_id, messages, told)
    for message, delivery in zip(messages, told, strict=True):
        stamp = json.loads(message.body)["timestamp"]
        at_ms = delivery["attempts"][0]["at_ms"]
        assert stamp < at_ms - 60_000 if isinstance(stamp, int) else stamp < "2026-01-28T12:00:00Z"


def _wrong_signature(world: World, job_id: str, messages: list[Message], told: list[dict[str, Any]]) -> None:
    assert messages
    assert all(message.is_genuine is False and message.problem for message in messages)


def _wrong_job(world: World, job_id: str, messages: list[Message], told: list[dict[str, Any]]) -> None:
    assert messages
    assert all(is_genuine(world, message) for message in messages)
    [other] = {message.job_id for message in messages}
    assert other
    assert other != job_id
    assert len(str(other)) == len(job_id)


def _extra_fields(world: World, job_id: str, messages: list[Message], told: list[dict[str, Any]]) -> None:
    _all_are_genuine(world, job_id, messages, told)
    assert all("simulated_extra" in message.plain for message in messages)


def _truncated(world: World, job_id: str, messages: list[Message], told: list[dict[str, Any]]) -> None:
    assert messages
    for message in messages:
        with pytest.raises(ValueError, match=r"line|char|Expecting"):
            json.loads(message.body)


def _burst(world: World, job_id: str, messages: list[Message], told: list[dict[str, Any]]) -> None:
    _all_are_genuine(world, job_id, messages, told)
    assert len(messages) >= 10 * len(told)


CHECKS = {
    "duplicate": _duplicate, "late": _late, "lost": _lost, "out-of-order": _out_of_order, "after-poll": _all_are_genuine,
    "stale": _stale, "wrong-signature": _wrong_signature, "wrong-id": _wrong_job, "other-sandbox": _wrong_job,
    "extra-fields": _extra_fields, "truncated": _truncated, "burst": _burst,
}  # fmt: skip


@pytest.mark.parametrize(("vendor", "kind"), kinds())
def test_a_webhook_may_overtake_the_reply_to_the_submit(world: World) -> None:
    job_id = world.submit("webhook-before-reply")  # returns once the reply is there

    messages = world.receiver.messages
    assert messages
    assert all(is_genuine(world, message) and message.job_id == job_id for message in messages)
    entries = world.control("GET", "journal?limit=1000")["entries"]
    kinds = [entry["kind"] for entry in entries if job_id in entry["job_ids"]]
    assert "exchange" in kinds
    assert {delivery["state"] for delivery in world.outbox()} == {"delivered"}


@pytest.mark.parametrize(("vendor", "kind"), [("deepswapai", "video"), ("akool", "face-swap-video")])
def test_a_receiver_in_the_thread_that_advances_costs_a_second_at_most(world: World, server: Background) -> None:
    """Nobody answers while this thread waits for ``advance``, as where the receiver lives in its own loop."""
    world.receiver.hang()
    world.submit("happy")

    done = world.advance("1m")

    attempts = [attempt for told in done["webhooks"] for attempt in told["attempts"]]
    assert {attempt["error"] for attempt in attempts} == {"no answer within 1 s"}
    assert max(attempt["took_ms"] for attempt in attempts) < 3000
