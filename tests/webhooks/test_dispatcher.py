"""The dispatcher with real receivers: in order, at the instant, in time, by itself, and whatever a receiver does."""

import asyncio
import time
from collections import Counter
from typing import Any

import msgspec
import pytest
from aiohttp import web

from simulator.jobs.deliveries import Faults, Manner
from simulator.jobs.errors import Conflict
from simulator.webhooks import dispatcher as dispatching
from simulator.webhooks.dispatcher import NotInTime
from tests.acme import EPOCH_MS, WEBHOOK, call
from tests.webhooks.conftest import Receiver, World, submit


def states(box: Any) -> list[str]:
    return [delivery.state for delivery in box.life.outbox]


async def test_advance_delivers_what_comes_due_in_order_and_says_what(world: World) -> None:
    box, receiver = world.box(), await world.receiver()
    first = submit(box, receiver)
    box.advance(1_000)
    second = submit(box, receiver)

    sent = await world.dispatcher.advance(box, EPOCH_MS + 60_000)

    told = [(first, "inking"), (second, "inking"), (first, "done"), (second, "done")]
    assert [(body["id"], body["status"]) for body in receiver.got] == told
    assert [(delivery.job.id, delivery.word) for delivery in sent] == told
    assert {delivery.state for delivery in sent} == {"delivered"}
    assert box.clock.now_ms() == EPOCH_MS + 60_000
    assert await world.dispatcher.advance(box, EPOCH_MS + 90_000) == []


async def test_the_receiver_may_look_and_sees_the_instant_without_moving_the_clock(world: World) -> None:
    seen: list[tuple[str, int]] = []

    async def look(receiver: Receiver, request: web.BaseRequest, body: Any) -> int:
        for _ in range(3):
            seen.append((call(box, "getJob", id=body["id"]).word, box.clock.now_ms() - EPOCH_MS))
        return 200

    for mode in ("manual", "skip", "real"):
        seen.clear()
        box, receiver = world.box(mode=mode), await world.receiver(look)
        submit(box, receiver)

        await world.dispatcher.advance(box, EPOCH_MS + 60_000)

        assert [word for word, _ in seen] == ["inking"] * 3 + ["done"] * 3
        assert len({at_ms for _, at_ms in seen}) == 2
        assert not box.is_walking


async def test_the_lock_is_free_while_a_receiver_thinks(world: World) -> None:
    async def think(receiver: Receiver, request: web.BaseRequest, body: Any) -> int:
        await asyncio.to_thread(lambda: call(box, "getJob", id=body["id"]))  # another thread would wait for the lock
        return 200

    box, receiver = world.box(), await world.receiver(think)
    submit(box, receiver)

    sent = await world.dispatcher.advance(box, EPOCH_MS + 60_000)

    assert [delivery.state for delivery in sent] == ["delivered"] * 2


async def test_a_job_that_a_receiver_submits_is_part_of_the_same_advance(world: World) -> None:
    async def chain(receiver: Receiver, request: web.BaseRequest, body: Any) -> int:
        if body["status"] == "done" and len(receiver.got) < 6:
            submit(box, receiver)
        return 200

    box, receiver = world.box(), await world.receiver(chain)
    submit(box, receiver)

    await world.dispatcher.advance(box, EPOCH_MS + 60_000)

    assert [body["at_ms"] - EPOCH_MS for body in receiver.got] == [5_000, 10_000, 15_000, 20_000, 25_000, 30_000]


async def test_a_receiver_that_advances_the_clock_itself_is_told_why_it_cannot(world: World) -> None:
    heard: list[str] = []

    async def advance(receiver: Receiver, request: web.BaseRequest, body: Any) -> int:
        try:
            await world.dispatcher.advance(box, EPOCH_MS + 90_000)
        except Conflict as error:
            heard.append(error.message)
        return 200

    box, receiver = world.box(), await world.receiver(advance)
    submit(box, receiver)

    await world.dispatcher.advance(box, EPOCH_MS + 60_000)

    assert len(heard) == 2
    assert "wait: false" in heard[0]


async def test_a_virtual_hour_of_retries_takes_no_time(world: World) -> None:
    async def refuse(receiver: Receiver, request: web.BaseRequest, body: Any) -> int:
        return 503

    box, receiver = world.box(Manner(retries_ms=(60_000,) * 60)), await world.receiver(refuse)
    submit(box, receiver)
    begun = time.perf_counter()

    await world.dispatcher.advance(box, EPOCH_MS + 3_700_000)

    assert time.perf_counter() - begun < 1
    assert [body["status"] for body in receiver.got].count("done") == 61
    assert states(box) == ["given_up", "given_up"]
    at_ms = [attempt.at_ms - EPOCH_MS for attempt in box.life.outbox.get(2).attempts]
    assert at_ms == [10_000 + 60_000 * nth for nth in range(61)]


async def test_a_receiver_that_hangs_costs_its_time_out_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatching, "LONGEST_STANDING_S", 0.05)

    async def hang(receiver: Receiver, request: web.BaseRequest, body: Any) -> int:
        await asyncio.Event().wait()
        return 200

    box, receiver = world.box(Manner(retries_ms=(1_000,))), await world.receiver(hang)
    submit(box, receiver)

    sent = await world.dispatcher.advance(box, EPOCH_MS + 60_000)

    assert [delivery.state for delivery in sent] == ["given_up"] * 2
    assert {attempt.error for delivery in sent for attempt in delivery.attempts} == {"no answer within 0.05 s"}
    assert [len(delivery.attempts) for delivery in sent] == [2, 2]


async def test_one_slow_receiver_delays_no_other(world: World) -> None:
    may_answer = asyncio.Event()

    async def slow(receiver: Receiver, request: web.BaseRequest, body: Any) -> int:
        await may_answer.wait()
        return 200

    box = world.box(mode="real", speed=1000)
    slow_one, quick_one = await world.receiver(slow), await world.receiver()
    for _ in range(200):
        submit(box, slow_one)
    submit(box, quick_one)

    await quick_one.until(2)
    assert [body["status"] for body in quick_one.got] == ["inking", "done"]
    assert 0 < len(slow_one.got) <= 64
    may_answer.set()
    await world.quiet(box)
    assert Counter(body["status"] for body in slow_one.got) == {"inking": 200, "done": 200}


async def test_on_a_running_clock_they_go_out_by_themselves(world: World) -> None:
    box, receiver = world.box(mode="real", speed=1000), await world.receiver()
    submit(box, receiver)

    await receiver.until(2)

    assert [body["status"] for body in receiver.got] == ["inking", "done"]


async def test_a_clock_that_is_set_running_sends_what_falls_due(world: World) -> None:
    box, receiver = world.box(), await world.receiver()
    submit(box, receiver)
    await asyncio.sleep(0)

    box.set_clock(mode="real", speed=1000)

    await receiver.until(2)


async def test_whoever_moves_the_clock_without_waiting_has_them_started(world: World) -> None:
    box, receiver = world.box(), await world.receiver()
    submit(box, receiver)

    await asyncio.to_thread(box.advance, 60_000)
    assert box.clock.now_ms() == EPOCH_MS + 60_000
    await world.quiet(box)

    assert [body["at_ms"] - EPOCH_MS for body in receiver.got] == [5_000, 10_000]


async def test_in_skip_a_look_moves_the_clock_and_has_them_started(world: World) -> None:
    box, receiver = world.box(mode="skip"), await world.receiver()
    job_id = submit(box, receiver)

    while not call(box, "getJob", id=job_id).is_final:
        pass
    await world.quiet(box)

    assert [body["status"] for body in receiver.got] == ["inking", "done"]


async def test_wait_moves_the_clock_to_the_webhook_and_no_further(world: World) -> None:
    box, receiver = world.box(), await world.receiver()
    submit(box, receiver)

    [delivery] = await world.dispatcher.wait(box, lambda delivery: delivery.state == "delivered")
    assert (delivery.word, box.clock.now_ms()) == ("inking", EPOCH_MS + 5_000)

    found = await world.dispatcher.wait(box, lambda delivery: delivery.state == "delivered", count=2)
    assert ([one.word for one in found], box.clock.now_ms()) == (["inking", "done"], EPOCH_MS + 10_000)


async def test_wait_says_what_there_is_where_nothing_comes(world: World) -> None:
    box, receiver = world.box(Manner(faults=Faults(lost=True))), await world.receiver()
    submit(box, receiver)

    with pytest.raises(
        NotInTime,
        match=r"0 of 1 webhooks .* within 0.05 s, and nothing is due. .*; webhook 2 \(done\) was lost on purpose",
    ):
        await world.dispatcher.wait(box, lambda delivery: delivery.state == "delivered", timeout_s=0.05)


async def test_wait_hears_of_a_job_that_is_submitted_meanwhile(world: World) -> None:
    box, receiver = world.box(), await world.receiver()
    waiting = asyncio.create_task(world.dispatcher.wait(box, lambda delivery: delivery.state == "delivered"))
    await asyncio.sleep(0)

    submit(box, receiver)

    [delivery] = await waiting
    assert delivery.word == "inking"


async def test_a_reset_voids_what_is_under_way(world: World) -> None:
    came, may_answer = asyncio.Event(), asyncio.Event()

    async def hold(receiver: Receiver, request: web.BaseRequest, body: Any) -> int:
        came.set()
        await may_answer.wait()
        return 200

    box, receiver = world.box(), await world.receiver(hold)
    submit(box, receiver)
    advancing = asyncio.create_task(world.dispatcher.advance(box, EPOCH_MS + 60_000))
    await came.wait()

    box.reset()
    may_answer.set()

    with pytest.raises(Conflict, match="reset"):
        await advancing
    assert states(box) == []
    assert box.counters()["deliveries"] == 0
    assert not box.is_walking


async def test_what_the_vendor_could_not_have_sent_is_not_sent(world: World) -> None:
    box, receiver = world.box(), await world.receiver()
    submit(box, receiver)
    kind = box.life.kinds["acme/plain"]
    wrong = msgspec.structs.replace(WEBHOOK, show=lambda shot, call: {"id": shot.job.id, "status": "odd"})
    box.life.kinds["acme/plain"] = msgspec.structs.replace(kind, webhook=wrong)

    sent = await world.dispatcher.advance(box, EPOCH_MS + 60_000)

    assert receiver.got == []
    assert [delivery.state for delivery in sent] == ["broken", "broken"]
    assert "jobChanged" in sent[0].attempts[0].error
    assert world.broken == 2


async def test_overtaking_webhooks_are_answered_before_send_first_returns(world: World) -> None:
    box, receiver = world.box(Manner(faults=Faults(before_reply=True))), await world.receiver()
    with box.lock:
        job_id = submit(box, receiver)
        box.life.outbox.withhold(job_id)

    await world.dispatcher.send_first(box, [job_id])

    assert [body["status"] for body in receiver.got] == ["done"]


async def test_a_receiver_that_is_gone_and_comes_back_gets_every_end(world: World) -> None:
    box, receiver = world.box(), await world.receiver()
    ids = [submit(box, receiver) for _ in range(20)]
    await world.dispatcher.advance(box, EPOCH_MS + 5_000)
    await receiver.close()
    await world.dispatcher.advance(box, EPOCH_MS + 12_000)
    assert Counter(states(box)) == {"delivered": 20, "waiting": 20}

    await receiver.open()
    await world.dispatcher.advance(box, EPOCH_MS + 60_000)

    assert sorted(body["id"] for body in receiver.got if body["status"] == "done") == sorted(ids)
    assert set(states(box)) == {"delivered"}
    assert {body["at_ms"] for body in receiver.got if body["status"] == "done"} == {EPOCH_MS + 10_000}


async def test_a_receiver_that_stays_away_is_given_up_and_that_is_on_record(world: World) -> None:
    box, receiver = world.box(), await world.receiver()
    submit(box, receiver)
    await receiver.close()

    await world.dispatcher.advance(box, EPOCH_MS + 600_000)

    assert states(box) == ["given_up", "given_up"]
    assert [attempt.error for attempt in box.life.outbox.get(2).attempts] == ["connection refused"] * 3
    assert "webhook 2, attempt 3: connection refused" in [mark for said in box.journal for mark in said.marks]


async def test_ten_thousand_webhooks_are_neither_lost_nor_doubled_and_keep_their_order(world: World) -> None:
    box, receiver = world.box(journal_bytes=1 << 20), await world.receiver()
    ids = [submit(box, receiver) for _ in range(5_000)]

    box.advance(60_000)
    await world.quiet(box)

    told: dict[str, list[str]] = {}
    for body in receiver.got:
        told.setdefault(body["id"], []).append(body["status"])
    assert set(told) == set(ids)
    assert {tuple(words) for words in told.values()} == {("inking", "done")}


async def test_advance_lists_every_copy_it_sends(world: World) -> None:
    box, receiver = world.box(Manner(faults=Faults(duplicate=3))), await world.receiver()
    submit(box, receiver)

    sent = await world.dispatcher.advance(box, EPOCH_MS + 60_000)

    assert [delivery.word for delivery in sent] == ["inking"] * 3 + ["done"] * 3
    assert len(receiver.got) == 6


async def test_a_slow_receiver_delays_no_other_path_and_no_other_sandbox(world: World) -> None:
    may_answer = asyncio.Event()

    async def slow(receiver: Receiver, request: web.BaseRequest, body: Any) -> int:
        if request.path == "/slow":
            await may_answer.wait()
        return 200

    one, other, receiver = world.box(mode="real", speed=1000), world.box(), await world.receiver(slow)
    slow_url = receiver.url.replace("/hook", "/slow")
    for _ in range(100):
        call(one, "plain", body={"hook": slow_url})
    await receiver.until(2)
    submit(one, receiver)
    submit(other, receiver)

    async with asyncio.timeout(20):
        sent = await world.dispatcher.advance(other, EPOCH_MS + 60_000)

    assert [delivery.state for delivery in sent] == ["delivered"] * 2
    may_answer.set()
    await world.quiet(one)


@pytest.mark.parametrize("path", ["/_simulator/reset", "/%5fsimulator/clock/advance", "/~t1/_simulator/reset"])
async def test_no_webhook_commands_a_simulator(world: World, path: str) -> None:
    box, receiver = world.box(), await world.receiver()
    call(box, "plain", body={"hook": receiver.url.replace("/hook", path)})

    sent = await world.dispatcher.advance(box, EPOCH_MS + 60_000)

    assert [delivery.state for delivery in sent] == ["refused"] * 2
    assert "no webhook commands a simulator" in sent[0].attempts[0].error
    assert receiver.got == []


async def test_wait_ends_in_time_although_receivers_hang(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatching, "LONGEST_STANDING_S", 30)

    async def hang(receiver: Receiver, request: web.BaseRequest, body: Any) -> int:
        await asyncio.Event().wait()
        return 200

    box, receiver = world.box(), await world.receiver(hang)
    submit(box, receiver)

    async with asyncio.timeout(10):
        with pytest.raises(NotInTime, match=r"webhook 1 \(inking\) is under way"):
            await world.dispatcher.wait(box, lambda delivery: delivery.state == "delivered", timeout_s=0.05)


async def test_what_is_sent_by_hand_does_not_wait_for_the_reply_to_the_submit(world: World) -> None:
    box, receiver = world.box(), await world.receiver()
    job_id = submit(box, receiver)
    with box.lock:
        box.life.outbox.withhold(job_id)
        delivery = box.life.outbox.fire(box.job(job_id), box.life.kinds["acme/plain"])

    async with asyncio.timeout(10):
        await world.dispatcher.finish(box, delivery)

    assert delivery.state == "delivered"


async def test_an_advance_waits_a_moment_for_another_one(world: World) -> None:
    box, receiver = world.box(), await world.receiver()
    submit(box, receiver)

    one, other = await asyncio.gather(
        world.dispatcher.advance(box, EPOCH_MS + 30_000), world.dispatcher.advance(box, EPOCH_MS + 60_000)
    )

    assert len(one) + len(other) == 2
    assert box.clock.now_ms() == EPOCH_MS + 60_000


async def test_an_error_that_nobody_foresaw_ends_no_lane(world: World, caplog: pytest.LogCaptureFixture) -> None:
    box, receiver = world.box(), await world.receiver()
    box.on_less_to_do.append(lambda: 1 / 0)  # a mistake of whoever listens
    for _ in range(3):
        submit(box, receiver)

    sent = await world.dispatcher.advance(box, EPOCH_MS + 60_000)

    assert [delivery.state for delivery in sent] == ["delivered"] * 6
    assert "nobody foresaw" in caplog.text


async def test_a_reset_meanwhile_is_told_although_the_instant_is_reached(world: World) -> None:
    came, may_answer = asyncio.Event(), asyncio.Event()

    async def hold(receiver: Receiver, request: web.BaseRequest, body: Any) -> int:
        came.set()
        await may_answer.wait()
        return 200

    box, receiver = world.box(), await world.receiver(hold)
    submit(box, receiver)
    box.advance(60_000)
    await came.wait()
    advancing = asyncio.create_task(world.dispatcher.advance(box, EPOCH_MS + 60_000))
    await asyncio.sleep(0)

    box.reset()

    with pytest.raises(Conflict, match="reset"):
        await advancing
    may_answer.set()
