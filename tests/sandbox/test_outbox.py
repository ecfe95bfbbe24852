"""Webhooks below the wire: which states are told, when, with which body, and everything that goes wrong on purpose."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from simulator.jobs.deliveries import USUAL, Faults, Manner
from simulator.jobs.durations import fixed
from simulator.jobs.errors import Conflict, NotFound, UnfitScenario
from simulator.jobs.scenario import Scenario
from simulator.sandbox.delivery import Attempt, Delivery, Letter
from simulator.sandbox.outbox import OVERTAKEN_AFTER_MS
from simulator.sandbox.sandbox import Sandbox
from simulator.sandbox.webhook_orders import MOST_ORDERS, FaultOrder
from tests.acme import EPOCH_MS, STUCK, call, sandbox, scenario, seal, state

HOOK = {"hook": "http://127.0.0.1:9/hook"}
STEADY = scenario(
    "steady",
    state("new", "2s", "drawing"),
    state("drawing", "3s", "inking"),
    state("inking", "5s", "done"),
    state("done"),
)


def box_with(manner: Manner = USUAL, *more: Scenario, mode: str = "manual") -> Sandbox:
    told = msgspec.structs.replace(STEADY, name="told", webhook=manner)
    return sandbox(mode, told, *more, scenario="told")


def faulty(**faults: Any) -> Sandbox:
    return box_with(Manner(faults=Faults(**faults)))


class Post:
    """Whoever sends: takes what is ready, writes the letters and records the receivers' answers."""

    def __init__(self, box: Sandbox, *answers: int) -> None:
        self.box, self.answers = box, list(answers)
        self.sent: list[tuple[int, Letter]] = []

    def send(self) -> list[Delivery]:
        """Send what can be sent now."""
        outbox = self.box.life.outbox
        with self.box.lock:
            taken = outbox.take()
            for delivery in taken:
                letter = outbox.letter(delivery)
                self.sent.append((delivery.number, letter))
                status = self.answers.pop(0) if self.answers else 200
                error = "" if status else "connection refused"
                attempt = Attempt(letter.at_ms, letter.sent.headers, letter.sent.body, status, error=error)
                outbox.record(delivery, attempt)
        return taken

    def advance(self, by_ms: int) -> None:
        """Move the clock as the dispatcher does."""
        to_ms = self.box.clock.now_ms() + by_ms
        with self.box.walk() as step:
            while not step(to_ms) or self.send():
                self.send()

    @property
    def said(self) -> list[tuple[str, int]]:
        """What arrived: the word, and the instant counted from the epoch."""
        return [(read(letter)["status"], letter.at_ms - EPOCH_MS) for _, letter in self.sent]


def read(letter: Letter) -> Any:
    return msgspec.json.decode(letter.sent.body)


def states(box: Sandbox) -> list[str]:
    return [delivery.state for delivery in box.life.outbox]


def notes(box: Sandbox) -> list[str]:
    return [mark for said in box.journal for mark in said.marks if mark.startswith(("webhook", "broken"))]


@pytest.mark.parametrize("origin", ["http://evil.example", "https://8.8.8.8", "null", "http://[", ""])
def test_a_strangers_page_has_no_webhook_sent(origin: str) -> None:
    box = box_with()

    assert call(box, "plain", body=HOOK, Origin=origin).job.hook is None


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "http://127.0.0.1:5173", "http://192.168.1.7", "http://app.test", "http://web:80"],
)
def test_a_page_of_ones_own_has(origin: str) -> None:
    assert call(box_with(), "plain", body=HOOK, Origin=origin).job.hook is not None


def test_each_state_that_is_told_goes_out_at_the_instant_it_is_shown() -> None:
    box = box_with()
    job = call(box, "plain", body=HOOK).job
    post = Post(box)

    post.advance(60_000)

    assert post.said == [("inking", 5_000), ("done", 10_000)]
    assert read(post.sent[1][1]) == {
        "id": job.id,
        "status": "done",
        "at_ms": EPOCH_MS + 10_000,
        "urls": [f"http://test/out/{job.id}_0.png"],
    }
    assert states(box) == ["delivered", "delivered"]
    assert notes(box) == ["webhook 1, attempt 1: answered 200", "webhook 2, attempt 1: answered 200"]


def test_nobody_is_told_where_no_url_was_given() -> None:
    box = box_with()
    call(box, "plain", body={})
    post = Post(box)

    post.advance(60_000)

    assert post.sent == []


def test_what_a_refresh_shows_late_is_told_late_and_what_it_never_shows_is_not_told() -> None:
    box = box_with()
    job = call(box, "film", body=HOOK).job
    end = job.entries[-1]
    post = Post(box)

    post.advance(120_000)

    assert end.seen_at_ms > end.at_ms
    assert [at_ms for word, at_ms in post.said if word == "done"] == [end.seen_at_ms - EPOCH_MS]
    seen = {entry.seen_at_ms for entry in job.entries}
    assert len(post.said) == len(
        {ms for ms in seen if ms >= next(e.seen_at_ms for e in job.entries if e.word == "inking")}
    )


def test_a_refused_attempt_is_repeated_by_the_vendors_gaps_and_then_given_up() -> None:
    box = box_with()
    call(box, "plain", body=HOOK)
    post = Post(box, 200, 500, 0, 404)

    post.advance(3_600_000)

    assert post.said == [("inking", 5_000), ("done", 10_000), ("done", 15_000), ("done", 45_000)]
    assert states(box) == ["delivered", "given_up"]
    assert [attempt.status for attempt in box.life.outbox.get(2).attempts] == [500, 0, 404]
    assert notes(box)[-3:] == [
        "webhook 2, attempt 1: answered 500",
        "webhook 2, attempt 2: connection refused",
        "webhook 2, attempt 3: answered 404",
    ]


def test_each_attempt_is_stamped_with_its_own_instant() -> None:
    box = box_with()
    call(box, "plain", body=HOOK)
    post = Post(box, 200, 503)

    post.advance(60_000)

    stamps = [dict(letter.sent.headers)["X-Signed-At"] for _, letter in post.sent]
    assert stamps == [str(EPOCH_MS + ms) for ms in (5_000, 10_000, 15_000)]
    assert read(post.sent[1][1]) == read(post.sent[2][1])


def test_an_address_that_is_not_called_is_refused_for_good() -> None:
    box = box_with()
    call(box, "plain", body=HOOK)
    box.advance(5_000)
    outbox = box.life.outbox
    [delivery] = outbox.take()

    outbox.record(delivery, Attempt(EPOCH_MS + 5_000, (), b"", error="refused: not private", is_refused=True))

    assert delivery.state == "refused"
    assert outbox.next_due_ms() is None


def test_a_scenario_may_have_its_own_retries() -> None:
    box = box_with(Manner(retries_ms=(1_000, 1_000, 1_000)))
    call(box, "plain", body=HOOK)
    post = Post(box, 200, 500, 500, 500, 500)

    post.advance(60_000)

    assert [at_ms for word, at_ms in post.said if word == "done"] == [10_000, 11_000, 12_000, 13_000]


def test_webhooks_wait_until_the_reply_to_the_submit_has_been_written() -> None:
    box = box_with()
    outbox = box.life.outbox
    job = call(box, "plain", body=HOOK).job
    release = outbox.withhold(job.id)
    box.advance(60_000)

    assert outbox.take() == []
    release()
    assert [delivery.word for delivery in outbox.take()] == ["inking"]  # and the end waits for the receiver's answer


def test_a_cancel_is_told_and_what_would_have_come_is_not() -> None:
    box = box_with()
    job = call(box, "plain", body=HOOK).job
    post = Post(box)
    post.advance(1_000)

    call(box, "cancel", id=job.id)
    post.advance(60_000)

    assert post.said == [("stopped", 1_000)]


def test_a_job_deleted_before_its_end_tells_nothing_and_after_it_keeps_its_retries() -> None:
    box = box_with()
    gone = call(box, "plain", body=HOOK).job
    call(box, "delete", id=gone.id)
    job = call(box, "plain", body=HOOK).job
    post = Post(box, 200, 500)
    post.advance(10_000)
    call(box, "delete", id=job.id)

    post.advance(60_000)

    assert post.said == [("inking", 5_000), ("done", 10_000), ("done", 15_000)]
    assert {read(letter)["id"] for _, letter in post.sent} == {job.id}


def test_a_blocking_calls_webhooks_follow_its_reply() -> None:
    box = box_with()
    job = call(box, "picture", body=HOOK).job
    post = Post(box)

    post.advance(0)

    assert job.entries[-1].word == "done"
    assert [word for word, _ in post.said] == ["inking", "done"]


def test_the_next_due_instant_counts_retries_and_is_settled_in_order() -> None:
    box = box_with()
    call(box, "plain", body=HOOK)
    post = Post(box, 500)
    post.advance(5_000)

    assert box.counters()["next_due_ms"] == EPOCH_MS + 10_000
    assert box.counters()["deliveries"] == 0

    box.advance(20_000)

    assert box.counters()["deliveries"] == 2
    assert [delivery.word for delivery in box.life.outbox.take()] == ["inking"]


def test_one_more_draw_shifts_no_webhook_and_a_replay_is_equal() -> None:
    def bodies() -> list[bytes]:
        box = faulty(late=fixed(500), wrong_id=True, duplicate=3)
        call(box, "plain", body=HOOK)
        call(box, "batch", body=HOOK)
        post = Post(box)
        post.advance(60_000)
        return [letter.sent.body for _, letter in post.sent]

    assert bodies() == bodies()


# ---- what goes wrong on purpose


def told(box: Sandbox, *answers: int, by_ms: int = 3_600_000) -> Post:
    call(box, "plain", body=HOOK)
    post = Post(box, *answers)
    post.advance(by_ms)
    return post


def test_lost() -> None:
    box = faulty(lost=True, states=("done",))

    assert told(box).said == [("inking", 5_000)]
    assert states(box) == ["delivered", "lost"]
    assert "webhook 2: lost" in notes(box)


def test_late() -> None:
    assert told(faulty(late=fixed(7_000), states=("done",))).said == [("inking", 5_000), ("done", 17_000)]


def test_duplicate() -> None:
    box = faulty(duplicate=3, states=("done",))
    post = told(box)

    assert post.said[1:] == [("done", 10_000)] * 3
    assert len({letter.sent.body for _, letter in post.sent[1:]}) == 1
    assert [delivery.why for delivery in box.life.outbox] == ["entered inking", "entered done", *["duplicate of 2"] * 2]


def test_duplicates_go_one_after_the_other_and_a_burst_all_at_once() -> None:
    for faults, at_once in (({"duplicate": 5}, 1), ({"burst": 5}, 5)):
        box = faulty(states=("done",), **faults)
        call(box, "plain", body=HOOK)
        Post(box).advance(9_000)
        box.advance(1_000)

        assert len(box.life.outbox.take()) == at_once


def test_out_of_order_within_a_job() -> None:
    box = faulty(out_of_order=True, states=("inking",))

    assert told(box).said == [("done", 10_000), ("inking", 10_000)]


def test_out_of_order_swaps_the_two_where_both_are_to_be_out_of_order() -> None:
    assert told(faulty(out_of_order=True)).said == [("done", 10_000), ("inking", 10_000)]


def test_out_of_order_among_jobs_and_in_the_end_without_another() -> None:
    box = faulty(out_of_order=True, states=("done",))
    post = Post(box)
    first = call(box, "plain", body=HOOK).job
    post.advance(7_000)
    second = call(box, "plain", body=HOOK).job
    post.advance(3_600_000)

    ends = [
        (read(letter)["id"], at_ms)
        for (_, letter), (word, at_ms) in zip(post.sent, post.said, strict=True)
        if word == "done"
    ]
    assert ends == [(first.id, 12_000), (second.id, 17_000 + OVERTAKEN_AFTER_MS)]


def test_before_the_reply_to_the_submit() -> None:
    box = faulty(before_reply=True)
    shot = call(box, "plain", body=HOOK)

    assert shot.word == "new"  # as the vendor worded it before the end overtook it
    assert call(box, "getJob", id=shot.job.id).word == "done"
    post = Post(box)
    post.send()
    assert post.said == [("done", 0)]


def test_before_the_reply_they_can_be_taken_although_it_is_withheld() -> None:
    box = faulty(before_reply=True)
    shot = call(box, "plain", body=HOOK)
    box.life.outbox.withhold(shot.job.id)

    assert box.life.outbox.take() == []
    assert [delivery.word for delivery in box.life.outbox.take([shot.job.id])] == ["done"]


def test_a_job_without_an_end_cannot_overtake_its_reply() -> None:
    stuck = msgspec.structs.replace(STUCK, webhook=Manner(faults=Faults(before_reply=True)))

    with pytest.raises(UnfitScenario, match="no known end"):
        call(sandbox("manual", stuck), "plain", body=HOOK, scenario="stuck")


def test_after_a_poll_has_shown_the_end() -> None:
    box = faulty(after_poll=True, states=("done",))
    job = call(box, "plain", body=HOOK).job
    post = Post(box)
    call(box, "getJob", id=job.id)
    post.advance(3_600_000)
    assert post.said == [("inking", 5_000)]

    call(box, "getJob", id=job.id)
    post.send()

    assert post.said[1:] == [("done", 3_600_000)]


def test_stale_timestamp() -> None:
    post = told(faulty(stale_timestamp_ms=600_000, states=("done",)))

    body, headers = read(post.sent[1][1]), dict(post.sent[1][1].sent.headers)
    assert body["at_ms"] == EPOCH_MS + 10_000 - 600_000
    assert headers["X-Signed-At"] == str(EPOCH_MS + 10_000 - 600_000)
    assert headers == dict(seal(post.sent[1][1].sent.body, {"secret": "key-1"}, _Stamp(body["at_ms"])).headers)


class _Stamp:
    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms


def test_wrong_signature() -> None:
    [_, (_, letter)] = told(faulty(wrong_signature=True, states=("done",))).sent

    honest, sent = dict(letter.honest.headers)["X-Signature"], dict(letter.sent.headers)["X-Signature"]
    assert letter.sent.body == letter.honest.body
    assert honest != sent
    assert len(honest) == len(sent)


def test_wrong_id() -> None:
    box = faulty(wrong_id=True, states=("done",))
    [_, (_, letter)] = told(box).sent

    said = read(letter)
    assert said["id"] != letter.plain["id"]
    assert len(said["id"]) == len(letter.plain["id"])
    assert said["urls"] == letter.plain["urls"]
    assert box.life.store.get(said["id"]) is None


def test_another_sandboxes_job() -> None:
    [_, (_, letter)] = told(faulty(other_sandbox=True, states=("done",))).sent

    said = read(letter)
    assert said["id"] != letter.plain["id"]
    assert said["urls"] == [f"http://test/out/{said['id']}_0.png"]


def test_extra_fields() -> None:
    [_, (_, letter)] = told(faulty(extra_fields=True, states=("done",))).sent

    assert read(letter).items() > letter.plain.items()


def test_truncated() -> None:
    [_, (_, letter)] = told(faulty(truncated=True, states=("done",))).sent

    assert letter.honest.body.startswith(letter.sent.body)
    with pytest.raises(msgspec.DecodeError):
        read(letter)


def test_all_faults_combine() -> None:
    box = faulty(
        late=fixed(1_000), duplicate=2, extra_fields=True, wrong_id=True, wrong_signature=True, stale_timestamp_ms=1_000
    )
    post = told(box)

    assert [at_ms for _, at_ms in post.said] == [6_000 - 1_000 + 1_000] * 2 + [11_000] * 2
    assert all("simulated_extra" in read(letter) for _, letter in post.sent)
    assert "webhook 1: late, duplicate, stale_timestamp, wrong_signature, wrong_id, extra_fields" in notes(box)


def test_a_chance_is_drawn_once_for_each_and_by_the_seed() -> None:
    def lost(seed: str) -> list[str]:
        flaky = msgspec.structs.replace(STEADY, name="told", webhook=Manner(faults=Faults(lost=True, chance=0.5)))
        box = sandbox("manual", flaky, scenario="told", seed=seed)
        for _ in range(40):
            call(box, "plain", body=HOOK)
        Post(box).advance(60_000)
        return states(box)

    assert lost("1") == lost("1")
    assert lost("1") != lost("2")
    assert 10 < lost("1").count("lost") < 70


# ---- what a test lays ready, resends and fires


def test_faults_laid_ready_strike_so_many_times_and_only_whom_they_are_for() -> None:
    box = box_with()
    outbox = box.life.outbox
    outbox.orders.add(FaultOrder(Faults(lost=True), vendor="acme", operation="plain", times=2))
    outbox.orders.add(FaultOrder(Faults(lost=True), vendor="other", times=None))

    post = told(box)
    told_again = told(box)

    assert post.said == []
    assert [word for word, _ in told_again.said] == ["inking", "done"]
    assert [(order.vendor, order.times) for order in outbox.orders.kept] == [("other", None)]


def test_faults_laid_ready_go_over_those_of_the_scenario() -> None:
    box = faulty(duplicate=3, states=("done",))
    box.life.outbox.orders.add(FaultOrder(Faults(duplicate=2, wrong_id=True, states=("succeeded",)), times=None))

    post = told(box)

    assert [word for word, _ in post.said] == ["inking", "done", "done"]
    assert read(post.sent[1][1])["id"] != post.sent[1][1].plain["id"]


def test_faults_laid_ready_may_have_a_job_overtake_its_reply() -> None:
    box = box_with()
    box.life.outbox.orders.add(FaultOrder(Faults(before_reply=True)))

    job = call(box, "plain", body=HOOK).job
    other = call(box, "plain", body=HOOK).job

    assert job.entries[-1].at_ms == EPOCH_MS
    assert other.entries[-1].at_ms == EPOCH_MS + 10_000


def test_no_more_than_a_thousand_faults_are_laid_ready() -> None:
    outbox = box_with().life.outbox
    for _ in range(MOST_ORDERS):
        outbox.orders.add(FaultOrder(Faults(lost=True)))

    with pytest.raises(Exception, match="laid ready already"):
        outbox.orders.add(FaultOrder(Faults(lost=True)))


def test_resend_sends_the_same_again_in_one_attempt() -> None:
    box = box_with()
    post = told(box)
    with box.lock:
        box.life.outbox.resend(2, box.clock.now_ms())
    post.answers = [500]
    post.send()

    assert post.sent[2][1].sent.body == post.sent[1][1].sent.body
    assert [(delivery.why, delivery.state) for delivery in box.life.outbox][2:] == [("resend of 2", "given_up")]
    assert box.life.outbox.next_due_ms() is None
    with pytest.raises(NotFound, match="no webhook 7"):
        box.life.outbox.resend(7, 0)


def test_fire_by_hand_tells_any_state_to_any_url() -> None:
    box = box_with()
    shot = call(box, "plain", body={})
    with pytest.raises(Conflict, match="without a URL"):
        box.life.outbox.fire(shot, box.life.kinds["acme/plain"])

    box.life.outbox.fire(shot, box.life.kinds["acme/plain"], "http://127.0.0.1:9/other")
    post = Post(box)
    [delivery] = post.send()

    assert (delivery.url, delivery.why) == ("http://127.0.0.1:9/other", "by hand")
    assert post.said == [("new", 0)]


def test_a_reset_forgets_all_webhooks() -> None:
    box = box_with()
    call(box, "plain", body=HOOK)
    box.advance(60_000)

    box.reset()

    assert states(box) == []
    assert box.counters()["deliveries"] == 0


def test_a_webhook_that_breaks_the_contract_is_not_sent_and_not_repeated() -> None:
    box = box_with()
    call(box, "plain", body=HOOK)
    box.advance(5_000)
    [delivery] = box.life.outbox.take()

    box.life.outbox.spoil(delivery, Conflict("status: 7 is no text"))

    assert delivery.state == "broken"
    assert notes(box) == ["broken: webhook 1 was not sent: status: 7 is no text"]


def test_only_one_walks_at_a_time_and_looks_move_no_clock_meanwhile() -> None:
    box = box_with(mode="skip")
    job = call(box, "plain", body=HOOK).job

    with box.walk() as step:
        assert not step(EPOCH_MS + 60_000)
        for _ in range(3):
            assert call(box, "getJob", id=job.id).word == "inking"
        assert box.clock.now_ms() == EPOCH_MS + 5_000
        with pytest.raises(Conflict, match="being advanced already"), box.walk():
            pass
    assert not box.is_walking


def test_a_clock_that_runs_stands_while_somebody_walks() -> None:
    box = box_with(mode="real")
    call(box, "plain", body=HOOK)

    with box.walk() as step:
        step(EPOCH_MS + 60_000)
        assert {box.clock.now_ms() for _ in range(1000)} == {EPOCH_MS + 5_000}


def test_a_walk_ends_where_the_sandbox_is_reset() -> None:
    box = box_with()
    call(box, "plain", body=HOOK)

    with box.walk() as step:
        box.reset()
        with pytest.raises(Conflict, match="reset"):
            step(EPOCH_MS + 60_000)


def test_news_come_when_something_can_be_sent_or_falls_due_elsewhen() -> None:
    heard: list[Sandbox] = []
    box = box_with()
    box._on_webhooks = heard.append
    news: Callable[[], int] = lambda: len([heard.pop() for _ in range(len(heard))])  # noqa: E731

    call(box, "plain", body={})
    assert news() == 0
    job = call(box, "plain", body=HOOK).job
    assert news() > 0
    call(box, "cancel", id=job.id)
    assert news() > 0
    box.set_clock(speed=2)
    assert news() > 0
