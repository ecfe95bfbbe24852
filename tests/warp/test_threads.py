"""Sleeps and clocks, threads, pools and queues: unmodified clients poll at exactly the instants their sleeps asked for."""

import concurrent.futures
import datetime as dt
import queue
import socket
import threading
import time
from time import monotonic as bare_monotonic
from time import sleep as bare_sleep

import pytest
import requests

from tests.warp.conftest import KEY, World


def test_a_hundred_sleeps_of_thirty_seconds_take_well_under_a_second(world: World) -> None:
    with world.warp(), requests.Session() as http:
        http.headers.update(KEY)
        job = world.submit("3000s")
        begun_s = time.process_time()
        while http.get(world.status_url(job)).json()["status"] != "completed":
            time.sleep(30)
        took_s = time.process_time() - begun_s  # whatever else the machine does

    assert world.polls() == [30 * at for at in range(101)]
    assert took_s < 1


def test_a_loop_with_a_bare_sleep_and_a_deadline(world: World) -> None:
    with world.warp():
        job, deadline = world.submit("95s"), bare_monotonic() + 600
        while not world.is_done(job):
            assert bare_monotonic() < deadline
            bare_sleep(10)

    assert world.polls() == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]


def test_all_clocks_agree(world: World) -> None:
    def read() -> list[float]:
        now = dt.datetime.now(dt.UTC).timestamp()
        ns = (time.time_ns(), time.monotonic_ns(), time.perf_counter_ns())
        return [time.time(), time.monotonic(), time.perf_counter(), now, *(one / 1e9 for one in ns)]

    with world.warp():
        before = read()
        time.sleep(86_400)
        after = read()
        assert dt.datetime.now(dt.UTC).date() == dt.date(2026, 1, 2)
        assert time.strftime("%Y-%m-%d", time.gmtime()) == "2026-01-02"

    assert [round(b - a, 3) for a, b in zip(before, after, strict=True)] == [86_400] * 7


def test_everything_is_put_back(world: World) -> None:
    def held() -> tuple[object, ...]:
        wait, start = threading.Condition.wait, threading.Thread.start
        return time.sleep, time.monotonic, wait, start, bare_sleep, socket.socket.__dict__.get("recv")

    before = held()

    with world.warp():
        assert all(now is not then for now, then in zip(held(), before, strict=True))

    assert held() == before
    assert world.sandbox.clock.mode == "skip"
    assert dt.datetime.now(dt.UTC).year > 2000
    assert abs(time.time() - dt.datetime.now(dt.UTC).timestamp()) < 60


def test_eight_threads_poll_as_often_as_they_asked_and_in_the_same_order_every_time(world: World) -> None:
    def run() -> list[tuple[float, str]]:
        world.sandbox.reset()

        def poll(nap: int) -> None:
            with requests.Session() as http:
                for _ in range(10):
                    http.get(f"{world.url}/status/by{nap}", headers=KEY)
                    time.sleep(nap)

        with world.warp():
            threads = [threading.Thread(target=poll, args=(nap,)) for nap in range(10, 18)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
        return [(at_s, one.target[-2:]) for at_s, one in zip(world.polls(), world.sandbox.journal, strict=True)]

    first = run()

    assert first == sorted(((nap * at, str(nap)) for nap in range(10, 18) for at in range(10)), key=lambda one: one[0])
    assert run() == first


def test_a_pool_with_fewer_workers_than_work(world: World) -> None:
    def poll(number: int) -> float:
        job = world.submit("50s")
        while not world.is_done(job):
            time.sleep(20)
        return world.now_s

    with world.warp(), concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert list(pool.map(poll, range(6))) == [60] * 3 + [120] * 3


def test_a_pool_made_before_and_waited_for_at_its_end(world: World) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        pool.submit(int).result()
        with world.warp():
            for number in range(4):
                pool.submit(time.sleep, 100 + number)
            pool.shutdown()
            assert world.now_s == 204


def test_a_pool_whose_work_is_cancelled(world: World) -> None:
    with world.warp(), concurrent.futures.ThreadPoolExecutor(1) as pool:
        first, second = pool.submit(time.sleep, 50), pool.submit(time.sleep, 1000)
        time.sleep(1)
        pool.shutdown(cancel_futures=True)
        assert (first.done(), second.cancelled(), world.now_s) == (True, True, 50)


def test_time_outs_of_whatever_stands_on_conditions(world: World) -> None:
    with world.warp():
        with pytest.raises(queue.Empty):
            queue.Queue[int]().get(timeout=60)
        assert world.now_s == 60
        assert not threading.Event().wait(60)
        assert world.now_s == 120
        with pytest.raises(TimeoutError):
            concurrent.futures.Future[int]().result(timeout=60)
        assert world.now_s == 180
        assert not threading.Semaphore(0).acquire(timeout=20)
        assert world.now_s == 200
        timer = threading.Timer(30, int)
        timer.start()
        timer.join()
        assert world.now_s == 230


def test_a_join_that_gives_up(world: World) -> None:
    with world.warp():
        thread = threading.Thread(target=time.sleep, args=(100,))
        thread.start()
        thread.join(30)
        assert (thread.is_alive(), world.now_s) == (True, 30)
        thread.join()
        assert (thread.is_alive(), world.now_s) == (False, 100)


def test_a_producer_and_a_consumer(world: World) -> None:
    items: queue.Queue[int] = queue.Queue()

    def produce() -> None:
        for number in range(5):
            time.sleep(60)
            items.put(number)

    with world.warp():
        threading.Thread(target=produce).start()
        seen = [(items.get(timeout=90), world.now_s) for _ in range(5)]

    assert seen == [(number, 60 * (number + 1)) for number in range(5)]


def test_a_consumer_that_looks_every_second(world: World) -> None:
    stop, items = threading.Event(), queue.Queue[int]()

    def consume() -> None:
        while not stop.is_set():
            try:
                items.get(timeout=1)
            except queue.Empty:
                continue

    with world.warp():
        thread = threading.Thread(target=consume)
        thread.start()
        job = world.submit("2000s")
        while not world.is_done(job):
            time.sleep(30)
        stop.set()
        thread.join()
        assert world.now_s == 2010


def test_a_leftover_thread_goes_on_in_real_time(world: World) -> None:
    done = threading.Event()

    def outlast() -> None:
        time.sleep(1000)
        time.sleep(0.02)
        done.set()

    with world.warp():
        thread = threading.Thread(target=outlast)
        thread.start()
        time.sleep(1)

    thread.join(3)
    assert done.is_set()


def test_two_warps_in_two_threads_do_not_meet(world: World) -> None:
    found = {}

    def live(nap: int) -> None:
        mine = World(world.server, "")
        with mine.warp():
            begun = dt.datetime.now(dt.UTC)
            for _ in range(20):
                requests.get(f"{mine.url}/status/none", headers=KEY)
                time.sleep(nap)
            found[nap] = mine.now_s, (dt.datetime.now(dt.UTC) - begun).days

    threads = [threading.Thread(target=live, args=(nap,)) for nap in (30, 86_400)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert found == {30: (600, 0), 86_400: (20 * 86_400, 20)}
