"""What must not be warped, what cannot be, and what is said when something is wrong."""

import asyncio
import datetime as dt
import os
import subprocess
import sys
import threading
import time
from itertools import count
from types import ModuleType

import pytest
import requests

from simulator.jobs.errors import Conflict
from simulator.warp import InProcess, Warp, WarpLimit, WarpStalled, warp
from tests.warp.conftest import KEY, World, real_s


def slept_s(sleep: object, seconds: float) -> float:
    begun_s = real_s[0]()
    sleep(seconds)  # type: ignore[operator]
    return real_s[0]() - begun_s


def test_the_main_sandbox_of_a_server_needs_no_more_words(world: World) -> None:
    before_ms = world.server.simulator.sandboxes.main.clock.now_ms()
    with warp(world.server):
        time.sleep(60)
    assert world.server.simulator.sandboxes.main.clock.now_ms() == before_ms + 60_000
    assert world.now_s == 0


def test_waiting_for_a_child_process_is_real(world: World) -> None:
    with world.warp():
        child = subprocess.run([sys.executable, "-c", "import time; time.sleep(.1)"], timeout=30, check=False)
        assert (child.returncode, world.now_s) == (0, 0)


async def test_waiting_for_a_child_process_of_asyncio_is_real(world: World) -> None:
    with world.warp():
        program = "import time; time.sleep(.1); print(1)"
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=subprocess.PIPE)
        out, _ = await asyncio.wait_for(child.communicate(), 30)
        assert (out.strip(), world.now_s) == (b"1", 0)


def test_a_module_that_is_named_real_sleeps_in_reality(world: World) -> None:
    module = ModuleType("mylib.inner")
    exec("import time\ndef nap(seconds): time.sleep(seconds)", module.__dict__)
    with world.warp(real=("mylib",)):
        assert slept_s(module.nap, 0.05) >= 0.05
        assert world.now_s == 0
    with world.warp(real=("my",)):
        module.nap(50)
        assert world.now_s == 50


def test_a_pause_is_real(world: World) -> None:
    with world.warp() as warped:
        with warped.paused():
            assert slept_s(time.sleep, 0.05) >= 0.05
        now_s = world.now_s
        time.sleep(100)
        assert world.now_s == now_s + 100


def test_the_server_keeps_real_time(world: World) -> None:
    async def nap() -> tuple[float, dt.date]:
        begun_s = real_s[0]()
        await asyncio.sleep(0.05)
        return real_s[0]() - begun_s, dt.datetime.now(dt.UTC).date()

    with world.warp():
        time.sleep(3600)
        took_s, today = asyncio.run_coroutine_threadsafe(nap(), world.server.loop).result()

    assert 0.05 <= took_s < 5
    assert today != dt.date(2026, 1, 1)


def test_a_thread_that_was_there_before_stays_real(world: World) -> None:
    took_s: list[float] = []
    go = threading.Event()

    def work() -> None:
        go.wait()
        took_s.append(slept_s(time.sleep, 0.05))

    thread = threading.Thread(target=work)
    thread.start()
    with world.warp():
        go.set()
        thread.join()

    assert took_s[0] >= 0.05


def holds_the_real_one(seconds: float, sleep: object = time.sleep) -> None:
    sleep(seconds)  # type: ignore[operator]


def test_a_default_argument_keeps_the_real_sleep(world: World) -> None:
    with world.warp():
        assert slept_s(holds_the_real_one, 0.05) >= 0.05
        assert world.now_s == 0


def test_a_forked_child_sleeps_in_reality(world: World) -> None:
    with world.warp():
        child = os.fork()
        if child == 0:
            begun_s = time.clock_gettime(time.CLOCK_MONOTONIC)
            time.sleep(0.05)
            os._exit(0 if time.clock_gettime(time.CLOCK_MONOTONIC) - begun_s >= 0.05 else 4)
        assert os.waitpid(child, 0)[1] == 0
        assert world.now_s == 0


def test_waiting_for_nothing_is_told(world: World) -> None:
    with pytest.raises(WarpStalled, match="MainThread: waits in a Condition"), world.hasty(stall_s=0.2):
        threading.Event().wait()


def test_waiting_for_nothing_is_told_in_a_loop(world: World) -> None:
    with pytest.raises(WarpStalled, match="MainThread: waits in its event loop"), world.hasty(stall_s=0.2):
        asyncio.run(asyncio.Event().wait())


def poll_for_ever() -> None:
    while True:
        time.sleep(3600)


def test_polling_for_ever_is_told(world: World) -> None:
    with pytest.raises(WarpLimit, match=r"more than 1 virtual days.*\n.*time\.sleep"), world.warp(limit="1d"):
        poll_for_ever()
    assert world.now_s == 86_400


def test_polling_for_ever_is_told_in_a_loop(world: World) -> None:
    async def main() -> None:
        for _ in count():
            await asyncio.sleep(3600)

    with pytest.raises(WarpLimit, match="its event loop"), world.warp(limit="1d"):
        asyncio.run(main())
    assert world.now_s == 86_400


def test_a_limit_that_is_no_length_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="no length of time"):
        world.warp(limit="soon")


def test_a_loop_that_only_looks_at_the_clock_ends(world: World) -> None:
    with world.hasty(slack_s=0.1):
        deadline_s = time.monotonic() + 0.2
        while time.monotonic() < deadline_s:
            pass


def test_a_raw_lock_is_not_seen_but_costs_no_more_than_real_time(world: World) -> None:
    lock = threading.Lock()
    lock.acquire()

    def later() -> None:
        time.sleep(0.3)
        lock.release()

    with world.hasty(slack_s=0.1):
        threading.Thread(target=later).start()
        assert lock.acquire(timeout=5)


def test_a_warp_in_a_warp_is_refused(world: World) -> None:
    with world.warp():
        with pytest.raises(RuntimeError, match="one warp at a time"), world.warp():
            pass
        time.sleep(60)
        assert world.now_s == 60


def test_a_loop_of_another_kind_is_refused(world: World) -> None:
    uvloop = pytest.importorskip("uvloop")
    warped = world.warp()

    async def main() -> None:
        with pytest.raises(RuntimeError, match="cannot be warped"), warped:
            pass

    uvloop.run(main())
    assert world.sandbox.clock.mode == "skip"
    with world.warp():
        time.sleep(60)


def test_an_error_inside_puts_everything_back(world: World) -> None:
    sleep = time.sleep
    with pytest.raises(ZeroDivisionError), world.warp():
        _ = 1 / 0
    assert time.sleep is sleep
    assert world.sandbox.clock.mode == "skip"


def test_nobody_else_may_choose_how_the_clock_runs(world: World) -> None:
    with world.warp():
        with pytest.raises(Conflict, match="a warp has the clock"):
            world.sandbox.set_clock(mode="real")
        with pytest.raises(Conflict, match="a warp has the clock"):
            world.sandbox.reset()
        clock = f"{world.server.url}/_simulator/sandboxes/{world.sandbox.id}/clock"
        assert requests.get(clock, timeout=5).json()["mode"] == "warp"
        assert requests.put(clock, json={"mode": "real"}, timeout=5).status_code in (405, 409)


def test_a_command_may_move_the_clock(world: World) -> None:
    with world.warp():
        sleeper = threading.Thread(target=time.sleep, args=(100,))
        sleeper.start()
        time.sleep(1)
        clock = f"{world.server.url}/_simulator/sandboxes/{world.sandbox.id}/clock"
        assert requests.post(f"{clock}/advance", json={"by": "60s"}, timeout=5).ok
        assert world.now_s == 61
        sleeper.join()
        assert world.now_s == 100


def test_polls_do_not_skip_while_a_warp_is_on(world: World) -> None:
    with world.warp():
        job = world.submit("45s")
        for _ in range(5):
            assert not world.is_done(job)
        assert world.now_s == 0


def test_a_warp_can_be_entered_again(world: World) -> None:
    warped = Warp(InProcess(world.server, world.sandbox))
    for _ in range(2):
        with warped:
            time.sleep(60)
    assert world.now_s == 120


def test_time_machine_inside(world: World) -> None:
    import time_machine

    with world.warp(), time_machine.travel("2030-01-01T00:00:00+00:00", tick=False):
        time.sleep(60)
        assert (dt.datetime.now(dt.UTC).year, world.now_s) == (2030, 60)


def test_freezegun_inside_and_around(world: World) -> None:
    freezegun = pytest.importorskip("freezegun")

    with world.warp(), freezegun.freeze_time("2030-01-01"):
        requests.get(f"{world.url}/status/none", headers=KEY, timeout=5)
        time.sleep(60)
        assert (world.now_s, time.strftime("%Y")) == (60, "2030")
    with freezegun.freeze_time("2030-01-01"), pytest.raises(RuntimeError, match="freezegun"), world.warp():
        pass
    assert world.sandbox.clock.mode == "skip"
    with world.warp():
        time.sleep(5)
