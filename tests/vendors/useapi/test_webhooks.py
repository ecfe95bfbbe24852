"""What `replyUrl` is told of a job: the body of every status, its code, where it goes and how often it is tried."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from simulator.jobs.chance import Draws
from simulator.jobs.errors import ContractBroken
from simulator.jobs.job import FORCED, GAVE_UP, LOOKED, Event, Job
from simulator.jobs.plan import at_once
from simulator.jobs.scenario import Branch, Failure, State
from simulator.jobs.snapshot import Snapshot
from simulator.jobs.timeline import unfold
from simulator.vendors.useapi import VENDOR
from simulator.vendors.useapi.verbs import VERBS
from simulator.vendors.vendor import Call, Stamp, Webhook
from tests.vendors.useapi.jobs import (
    BORN_MS,
    FACE,
    FIELDS,
    STILL,
    TOKEN,
    VIDEO,
    contract,
    job,
    operation,
    sent,
    shot,
    shown,
    states,
)

fact = pytest.mark.fact
HOOK, DEFAULT = "https://example.com/hooks/own", "https://example.com/hooks/default"
NO_FACE = Failure("No face", "look again")
ENDS = {"completed", "failed", "moderated", "cancelled"}
SAMPLES = {
    "headshot": job("headshot"),
    "changebg": job("changebg"),
    "picsi": job("picsi", inputs=(FACE, VIDEO)),
    "picsi-still": job("picsi", inputs=(FACE, STILL)),
}
"""A job of each kind."""


def webhook_of(made: Job) -> Webhook:
    webhook = VENDOR.kind(made.kind).webhook
    assert webhook is not None
    return webhook


def checked(body: Any) -> Any:
    """Return a body that the contract allows a webhook to have."""
    contract().webhook("jobEnded").check(body, webhook_of(SAMPLES["headshot"]).seal(b"", {}, Stamp(0, Draws())))
    return body


def told(seen: Snapshot) -> Any:
    """Return what a webhook says of a job, once the contract has judged it."""
    call = Call("jobEnded", "POST", {}, {}, {}, lambda path, host: f"http://127.0.0.1:8080/useapi/{host}/{path}")
    call.account, call.now_ms, call.switches = TOKEN, seen.now_ms, seen.plan.switches
    return checked(webhook_of(seen.job).show(seen, call))


def replied(seen: Snapshot) -> Any:
    """Return the reply to the command of a job."""
    id = seen.job.operation
    reply = operation(id).show(
        seen, Call(id, "POST", {}, {}, {}, lambda path, host: f"http://127.0.0.1:8080/useapi/{host}/{path}")
    )
    return sent(id, reply)  # fmt: skip


def playing(kind: str, *said: tuple[str, int | str], **other: Any) -> Job:
    """Return a job of a kind that goes through these states."""
    return job(SAMPLES[kind].operation, plays=states(*said, error=NO_FACE), inputs=SAMPLES[kind].inputs, **other)


@pytest.mark.parametrize("kind", VENDOR.kinds, ids=lambda kind: kind.name)
@fact("useapi.webhook.blocking")
def test_every_kind_of_job_calls_back_blocking_ones_too(kind: Any) -> None:
    assert set(SAMPLES) == {kind.name for kind in VENDOR.kinds}
    assert kind.webhook.name in contract().webhook_names
    assert kind.webhook.ids_at == ("jobid", "replyRef")


@pytest.mark.parametrize("kind", SAMPLES)
@fact("useapi.webhook.body", "useapi.job.failed-has-error", "useapi.job.results-when-completed")
def test_the_body_is_the_job_itself_in_every_status(kind: str) -> None:
    for word in VENDOR.kind(kind).lifecycle.words():
        made = playing(kind, ("started", 5000), (word, "end")) if word in ENDS else playing(kind, (word, "forever"))
        seen = shot(made, 5000)

        body = told(seen)

        assert body == {**shown(seen), "code": body["code"]}
        assert (body["status"], body["jobid"]) == (word, made.id)
        assert ("attachments" in body) == (word == "completed")
        assert ("error" in body) == (word in ("failed", "moderated"))


@pytest.mark.parametrize("id", VERBS)
@fact("useapi.webhook.body")
def test_the_reference_and_the_verb_stand_at_the_top(id: str) -> None:
    made = job(id, fields={**FIELDS[id], "replyUrl": HOOK, "replyRef": "order-17"})

    body = told(shot(made, 112_000))

    assert (body["verb"], body["replyRef"], body["replyUrl"]) == (VERBS[id].word, "order-17", HOOK)
    assert body["status"] == "completed"


@pytest.mark.parametrize("kind", ["headshot", "changebg", "picsi"])
@pytest.mark.parametrize("word", ["failed", "moderated", "completed", "cancelled"])
@fact("useapi.webhook.code")
def test_a_job_that_ends_after_its_reply_says_200(kind: str, word: str) -> None:
    made = playing(kind, ("started", 5000), (word, "end"))

    assert (replied(shot(made)).status, told(shot(made, 5000))["code"]) == (200, 200)


@pytest.mark.parametrize("kind", ["headshot", "changebg", "picsi"])
@pytest.mark.parametrize("word", ["failed", "moderated"])
@fact("useapi.webhook.code", "useapi.webhook.other-ends")
def test_a_command_that_was_turned_down_at_once_says_422(kind: str, word: str) -> None:
    passes_at_once = State("created", then=(Branch(word),))
    through = job(SAMPLES[kind].operation, plays=(passes_at_once, State(word)), inputs=SAMPLES[kind].inputs)

    for made in (playing(kind, (word, "end")), playing(kind, ("started", 0), (word, "end")), through):
        body = told(shot(made))
        assert (body["code"], body) == (422, replied(shot(made)).body)


@fact("useapi.webhook.code")
def test_a_job_that_a_test_ends_in_the_instant_of_its_submit_was_not_turned_down() -> None:
    plays = (*states(("started", 90_000), ("completed", "end")), State("failed", error=NO_FACE))
    made = job(plays=plays, events=(Event(FORCED, BORN_MS, "failed"),))

    body = told(shot(made))

    assert (body["status"], body["code"]) == ("failed", 200)


@fact("useapi.webhook.code")
def test_a_job_that_looks_bring_to_its_end_in_the_instant_of_its_submit_was_not_turned_down() -> None:
    plays = (State("started", polls=1, then=(Branch("failed"),)), State("failed", error=NO_FACE))
    made = job(plays=plays, events=(Event(LOOKED, BORN_MS), Event(LOOKED, BORN_MS)))

    body = told(shot(made))

    assert (body["status"], body["code"]) == ("failed", 200)


@fact("useapi.webhook.code")
def test_a_webhook_that_overtakes_its_reply_says_what_that_reply_will() -> None:
    made = playing("headshot", ("started", 5000), ("failed", "end"))
    made.plan = at_once(made.plan)
    made.entries = unfold(made.plan, BORN_MS)

    body = told(shot(made))

    assert (body["status"], body["code"]) == ("failed", 200)
    assert replied(Snapshot(made, BORN_MS, 0)).status == 200


@pytest.mark.parametrize(("word", "status"), [("completed", 200), ("failed", 422), ("moderated", 422)])
@fact("useapi.webhook.blocking", "useapi.webhook.code")
def test_a_blocking_command_sends_its_reply_once_more(word: str, status: int) -> None:
    seen = shot(playing("picsi-still", ("started", 5000), (word, "end")), 5000)

    reply = replied(seen)

    assert (reply.status, reply.body["code"]) == (status, status)
    assert told(seen) == reply.body


@fact("useapi.webhook.code", "useapi.errors.no-answer")
def test_a_blocking_command_that_gave_up_says_504() -> None:
    made = playing("picsi-still", ("created", "forever"))
    made.events = (Event(GAVE_UP, BORN_MS + 120_000),)
    made.entries = unfold(made.plan, BORN_MS, made.events)
    seen = shot(made, 120_000)

    assert (told(seen)["code"], told(seen)) == (504, replied(seen).body)


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize(
    ("fields", "details", "url"),
    [
        ({"replyUrl": HOOK}, {"replyUrl": DEFAULT}, HOOK),
        ({}, {"replyUrl": DEFAULT}, DEFAULT),
        ({"replyUrl": HOOK}, {}, HOOK),
        ({}, {"replyUrl": "", "name": "A Tester"}, ""),
        ({}, {}, ""),
    ],
)
@fact("useapi.webhook.target", "useapi.user.unset")
def test_it_goes_to_the_call_s_own_url_or_else_to_the_account_s(
    kind: str, fields: Mapping[str, str], details: Mapping[str, str], url: str
) -> None:
    assert webhook_of(SAMPLES[kind]).url(fields, details) == url


@pytest.mark.parametrize("switches", [{}, {"webhook_progress": "off"}])
@fact("useapi.webhook.when", "useapi.webhook.other-ends", "useapi.webhook.progress")
def test_every_end_is_told_and_nothing_before(switches: Mapping[str, str]) -> None:
    for kind in SAMPLES:
        words = VENDOR.kind(kind).lifecycle.words()
        told = {word for word in words if is_told(kind, word, switches)}

        assert told == ENDS & set(words)


@fact("useapi.webhook.progress")
def test_by_switch_what_comes_before_the_end_is_told_unless_the_reply_waits_for_it() -> None:
    for kind in SAMPLES:
        words = VENDOR.kind(kind).lifecycle.words()
        told = {word for word in words if is_told(kind, word, {"webhook_progress": "on"})}

        assert told == (set(words) if kind != "picsi-still" else ENDS & set(words))


def is_told(kind: str, word: str, switches: Mapping[str, str]) -> bool:
    made = playing(kind, (word, "end" if word in ENDS else "forever"), switches=switches)
    return webhook_of(made).tells(shot(made))


@pytest.mark.parametrize("kind", SAMPLES)
@fact("useapi.webhook.attempts")
def test_it_is_tried_once_and_by_switch_up_to_three_times_more(kind: str) -> None:
    webhook = webhook_of(SAMPLES[kind])

    assert webhook.gaps_ms({}) == ()
    assert [webhook.gaps_ms({"webhook_retries": str(count)}) for count in range(4)] == [
        (),
        (10_000,),
        (10_000, 60_000),
        (10_000, 60_000, 300_000),
    ]
    assert webhook.timeout_ms == 10_000


@pytest.mark.parametrize("kind", SAMPLES)
@fact("useapi.webhook.attempts", "useapi.webhook.body")
def test_it_is_plain_json_that_nobody_signs(kind: str) -> None:
    webhook, body = webhook_of(SAMPLES[kind]), told(shot(SAMPLES[kind], 112_000))
    plain = msgspec.json.encode(body)

    keys = webhook.keys(TOKEN, {"replyUrl": DEFAULT}, {"replyUrl": HOOK})
    sealed = webhook.seal(plain, keys, Stamp(BORN_MS, Draws("x")))
    opened = webhook.open(sealed.body, dict(sealed.headers), keys)

    assert (keys, sealed.body, sealed.headers) == ({}, plain, (("Content-Type", "application/json"),))
    assert (opened.plain, opened.is_signed, opened.problem) == (body, False, "")


@pytest.mark.parametrize(("status", "accepted"), [(200, True), (204, True), (302, False), (404, False), (500, False)])
@fact("useapi.webhook.received")
def test_any_status_of_success_counts_as_received(status: int, accepted: bool) -> None:
    assert all(webhook_of(made).accepts(status) == accepted for made in SAMPLES.values())


@fact("useapi.webhook.body", "useapi.webhook.code", "useapi.job.absent-not-null")
def test_the_contract_lets_no_other_body_pass() -> None:
    good = told(shot(SAMPLES["headshot"], 112_000))
    bad = told(shot(playing("headshot", ("failed", "end"))))

    for wrong in (
        {"response": good},
        {**good, "code": 422},
        {**good, "replyRef": None},
        {**good, "sent": "2023-09-09T02:04:49.667Z"},
        {**bad, "code": 504},
        {**bad, "code": 500},
        {name: said for name, said in bad.items() if name != "error"},
    ):
        with pytest.raises(ContractBroken):
            checked(wrong)
