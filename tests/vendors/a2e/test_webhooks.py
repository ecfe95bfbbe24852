"""What A2E sends when a task has ended, and which URLs and tokens it takes for that."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from simulator.jobs.chance import Draws
from simulator.jobs.errors import ContractBroken
from simulator.jobs.scenario import Failure, State
from simulator.jobs.snapshot import Snapshot, look
from simulator.library import Library
from simulator.vendors.a2e import VENDOR
from simulator.vendors.a2e.webhooks import TASK_ENDED
from simulator.vendors.vendor import Call, Opened, Sealed, Stamp
from tests.vendors.a2e.house import PREVIEW, TASK, TASK_AT_MS, TASK_ID, House, contract, scenario, state

fact = pytest.mark.fact
HOOK, PLAIN_HOOK = "https://example.com/hook", "http://localhost:9000/hook"
TOKEN = {"webhook_token": "a shared secret"}
NO_HTTPS = (400, 1001, "webhook_url must be an https URL of at most 2048 characters")
STRICT = Library().script("strict-webhooks", VENDOR, VENDOR.kind("task")).scenario
HEADER = "X-A2e-Webhook-Token"
JSON = ("Content-Type", "application/json")


def seal(plain: Any, keys: Mapping[str, str] = TOKEN, at_ms: int = TASK_AT_MS) -> Sealed:
    return TASK_ENDED.seal(msgspec.json.encode(plain), keys, Stamp(at_ms, Draws(str(at_ms))))


def worded(seen: Snapshot) -> Any:
    """Return what is said of a task, whether the contract allows it or not."""
    found = Call(
        TASK_ENDED.name, "POST", {}, {}, {}, lambda path, host: f"https://{host}/{path}",
        account=seen.job.account, now_ms=seen.now_ms,
    )  # fmt: skip
    return TASK_ENDED.show(seen, found)


def check(plain: Any, keys: Mapping[str, str] = TOKEN) -> None:
    """Hold a webhook against the contract."""
    contract().webhook(TASK_ENDED.name).check(plain, seal(plain, keys))


def at_end(house: House, job_id: str) -> Snapshot:
    """Return a task at the instant at which its end is shown."""
    job = house.job(job_id)
    return look(job, job.entries[-1].seen_at_ms)


@fact("a2e.webhook.when", "a2e.webhook.body", "a2e.task.detail-reply")
@pytest.mark.parametrize(("played", "word"), [("happy", "completed"), ("sent", "completed"), ("fails", "failed")])
def test_an_end_is_told_with_what_a_look_up_tells(played: str, word: str) -> None:
    house = House()
    job_id = house.submit(scenario=played, job_id=TASK_ID)

    said = worded(at_end(house, job_id))

    check(said)
    house.box.advance(60_000)
    assert list(said.items()) == [("event", f"task.{word}"), ("task_id", TASK_ID), ("data", house.task(job_id))]
    assert said["data"]["current_status"] == word


@fact("a2e.webhook.when", "a2e.preview.no-webhook", "a2e.webhook.any-token")
def test_only_ends_of_tasks_are_told_whoever_calls() -> None:
    house = House()
    job = house.job(house.submit(key="a JWT of a user"))

    told = {seen.word: TASK_ENDED.tells(seen) for seen in (look(job, TASK_AT_MS + ms) for ms in (0, 3_000, 6_000))}

    assert told == {"initialized": False, "processing": False, "completed": True}
    assert VENDOR.kind("task").webhook is TASK_ENDED
    assert VENDOR.kind("preview").webhook is None


def test_progress_can_be_worded_by_hand_and_breaks_the_contract() -> None:
    house = House()
    said = worded(look(house.job(house.submit()), TASK_AT_MS))

    assert said["event"] == "task.initialized"
    with pytest.raises(ContractBroken):
        check(said)


def test_an_end_in_disguise_keeps_its_event() -> None:
    disguised = State("completed", shown_as="finished")
    odd = scenario("odd", state("processing", "5s", "completed"), disguised, off_contract="a word of tomorrow")
    house = House(odd)

    said = worded(at_end(house, house.submit(scenario="odd")).in_its_disguise())

    assert (said["event"], said["data"]["current_status"]) == ("task.completed", "finished")


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "task.failed"},
        {"event": "task.processing"},
        {"event": None},
        {"task_id": TASK_ID.upper()},
        {"data": None},
        {"data": {}},
        {"code": 0},
        {"trace_id": "c789342d-a142-42bc-b2d5-e239319c1211"},
    ],
)
def test_the_contract_lets_nothing_out_that_contradicts_itself(changes: dict[str, Any]) -> None:
    house = House()
    said = worded(at_end(house, house.submit()))
    check(said)

    with pytest.raises(ContractBroken):
        check({**said, **changes})


@fact("a2e.webhook.token", "a2e.webhook.no-token")
@pytest.mark.parametrize("given", ["a shared secret", "x" * 256, "", None])
def test_the_token_of_the_task_comes_in_a_header_of_its_own(given: str | None) -> None:
    house = House()
    body = {**TASK, "webhook_url": HOOK} | ({} if given is None else {"webhook_token": given})
    job = house.job(house.submit(body=body))

    keys = TASK_ENDED.keys(job.account, {}, job.fields)
    sealed = seal(worded(look(job, TASK_AT_MS + 6_000)), keys)

    assert sealed.headers == ((JSON, (HEADER, given)) if given else (JSON,))
    check(worded(look(job, TASK_AT_MS + 6_000)), keys)
    assert set(keys) <= set(TASK_ENDED.key_names)
    assert TASK_ENDED.secret_headers == (TASK_ENDED.signature_at,) == (HEADER,)


@fact("a2e.webhook.attempts", "a2e.webhook.accepted")
def test_it_is_tried_once() -> None:
    assert TASK_ENDED.gaps_ms({}) == TASK_ENDED.gaps_ms({"webhook_https": "on"}) == ()
    assert [code for code in (200, 202, 204, 199, 301, 404, 500) if TASK_ENDED.accepts(code)] == [200, 202, 204]
    assert TASK_ENDED.timeout_ms == 10_000
    assert seal({}, at_ms=TASK_AT_MS) == seal({}, at_ms=TASK_AT_MS + 1)


def test_it_goes_to_the_url_of_the_task_and_nowhere_without_one() -> None:
    assert TASK_ENDED.url({"webhook_url": HOOK}, {}) == HOOK
    assert TASK_ENDED.url({}, {"webhook_url": HOOK}) == ""


@fact("a2e.webhook.token", "a2e.webhook.no-token")
@pytest.mark.parametrize(
    ("headers", "keys", "problem"),
    [
        ({HEADER: "a shared secret"}, TOKEN, ""),
        ({"Host": "example.com", HEADER.lower(): "a shared secret"}, TOKEN, ""),
        ({}, {}, ""),
        ({}, {"webhook_token": ""}, ""),
        ({}, TOKEN, f"the header {HEADER} is missing"),
        ({HEADER: "another"}, TOKEN, f"the header {HEADER} is not the webhook_token that was given"),
        ({HEADER: "a shared secret "}, TOKEN, f"the header {HEADER} is not the webhook_token that was given"),
        ({HEADER: "geheim – 😀"}, TOKEN, f"the header {HEADER} is not the webhook_token that was given"),
        ({HEADER: "another"}, {}, f"the header {HEADER} is there, and no webhook_token was given"),
    ],
)
def test_a_receiver_compares_the_token(headers: dict[str, str], keys: dict[str, str], problem: str) -> None:
    read = TASK_ENDED.open(b'{"event":"task.completed"}', headers, keys)

    is_signed = any(name.lower() == HEADER.lower() for name in headers)
    assert read == Opened({"event": "task.completed"}, is_signed, problem)
    assert "shared" not in read.problem
    assert TASK_ENDED.open(b"{", headers, keys).problem == (problem or "the body is no JSON")


@fact("a2e.webhook.token-form", "a2e.task.webhook-limits")
@pytest.mark.parametrize("token", [" x", "x ", "x\r\nHost: example.com", "x\n", "\t", "schlüssel", "\x00", "\x7f"])
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    house = House()

    refused = house.refused("addFaceSwapTask", {**TASK, "webhook_url": HOOK, "webhook_token": token})

    assert refused == (400, 1001, "webhook_token must be a text of at most 256 printable ASCII characters")
    assert house.box.jobs() == []


@fact("a2e.webhook.https", "a2e.task.webhook-limits")
def test_http_is_let_pass_and_noted() -> None:
    house = House()

    job_id = house.submit(body={**TASK, "webhook_url": PLAIN_HOOK})

    assert house.leniencies[0].startswith("let http pass: ")
    assert house.job(job_id).fields["webhook_url"] == PLAIN_HOOK
    house.submit(body={**TASK, "webhook_url": HOOK})
    assert not any("http pass" in said for said in house.leniencies)


@fact("a2e.webhook.https", "a2e.task.webhook-limits")
def test_by_switch_http_is_refused_before_coins_are_looked_at() -> None:
    house = House(webhook_https="on")
    dear = {**TASK, "video_url": f"{TASK['video_url'].partition('?')[0]}?duration=3000", "webhook_url": PLAIN_HOOK}

    assert house.refused("addFaceSwapTask", {**TASK, "webhook_url": PLAIN_HOOK}) == NO_HTTPS
    assert house.refused("addFaceSwapTask", dear) == NO_HTTPS
    assert house.box.jobs() == []
    house.submit(body={**TASK, "webhook_url": HOOK})
    house.submit()


@fact("a2e.webhook.https", "a2e.task.webhook-limits")
@pytest.mark.parametrize("switch", ["off", "on"])
def test_a_scenario_may_ask_for_https_too(switch: str) -> None:
    house = House(STRICT, webhook_https=switch)
    plain, secure = ({**TASK, "webhook_url": url} for url in (PLAIN_HOOK, HOOK))

    assert house.refused("addFaceSwapTask", plain, scenario="strict-webhooks") == NO_HTTPS
    assert (house.box.jobs(), house.coins()) == ([], 1000)
    for body in (secure, TASK):
        job_id = house.submit(body=body, scenario="strict-webhooks")
        house.box.advance(10_000)
        assert house.task(job_id)["current_status"] == "completed"


def test_the_strict_scenario_goes_well_as_happy_does() -> None:
    happy = Library().script("happy", VENDOR, VENDOR.kind("task"))
    strict = Library().script("strict-webhooks", VENDOR, VENDOR.kind("task"))

    assert [(one.word, one.lasts, one.then) for one in strict.states if one.lasts] == [
        (one.word, one.lasts, one.then) for one in happy.states if one.lasts
    ]
    assert strict.scenario.switches == (("a2e.webhook_https", "on"),)


@fact("a2e.preview.no-webhook")
def test_a_preview_takes_no_webhook_not_even_a_bad_one() -> None:
    house = House(webhook_https="on")

    job_id = house.submit("preview", {**PREVIEW, "webhook_url": PLAIN_HOOK, "webhook_token": "\n"})

    assert house.job(job_id).hook is None


@fact("a2e.webhook.body", "a2e.status.failure")
def test_a_failure_says_its_code_and_text() -> None:
    cause = State("failed", error=Failure("No face was found"))
    house = House(scenario("faceless", state("processing", "4s", "failed"), cause))

    said = worded(at_end(house, house.submit(scenario="faceless")))

    check(said, {})
    assert said["data"] | {"error_code": "1001", "faild_message": "No face was found"} == said["data"]
