"""How worker processes behave: they give way, leave Ctrl-C to the server, and are gone once nobody needs them."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.media.live.failures import RenderFailure
from simulator.renders import manners
from simulator.renders.slots import Patience
from tests.renders.test_pool import FAKE, all_news, order, pool, worker_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of these")

BEHAVING = """
import json, os, resource, threading
from simulator.renders import manners

first = threading.Event()
said = {}
usual = os.getpriority(os.PRIO_PROCESS, 0)

def before():
    first.wait()
    said["earlier thread"] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) - usual

def after():
    said["later thread"] = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) - usual

threads = [threading.Thread(target=before), threading.Thread(target=after)]
threads[0].start()
manners.give_way()
manners.bound_memory(64, DEVICE)
first.set()
threads[1].start()
for thread in threads:
    thread.join()
part = manners.memory_bytes() // 64
said["is bounded"] = resource.getrlimit(resource.RLIMIT_DATA)[0] == part
try:
    said["got"] = len(bytearray(part + (1 << 20)))
except MemoryError:
    said["got"] = 0
print(json.dumps(said))
"""


@linux
def test_a_worker_gives_way_with_all_its_threads_and_may_not_fill_the_memory() -> None:
    said = json.loads(subprocess.check_output([sys.executable, "-c", BEHAVING.replace("DEVICE", "'cpu'")]))

    assert said == {
        "earlier thread": manners.NICE,
        "later thread": manners.NICE,
        "is bounded": True,
        "got": 0,
    }


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manners, "cores", lambda: 16)

    assert [manners.threads(slots) for slots in (2, 4, 64)] == sorted(
        (manners.threads(slots) for slots in (2, 4, 64)), reverse=True
    )
    assert manners.threads(64) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl-C otherwise")
async def test_ctrl_c_is_left_to_the_server() -> None:
    async with pool() as engine:
        worker = worker_of(await all_news(engine.render(order("good"))))
        os.kill(worker, signal.SIGINT)

        assert worker_of(await all_news(engine.render(order("good")))) == worker


async def test_what_libraries_print_is_logged_line_by_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "simulator")

    async with pool() as engine:
        worker = worker_of(await all_news(engine.render(order("prints"))))
        async with asyncio.timeout(20):
            while len(caplog.messages) < 3:
                await asyncio.sleep(0)

    lines = ("a library prints prints", "x" * 500, "end")  # what is longer than a pipe takes is left out
    assert caplog.messages == [f"render worker {worker}: {said}" for said in lines]


async def test_an_order_that_takes_too_long_is_stopped_and_fails(tmp_path: Path) -> None:
    async with pool(patience=Patience(job=0.2)) as engine:
        before = worker_of(await all_news(engine.render(order("good"))))
        with pytest.raises(RenderFailure) as failure:
            await all_news(engine.render(order("endless", tmp_path)))
        after = worker_of(await all_news(engine.render(order("good"))))

    assert (failure.value.reason, failure.value.detail) == ("crashed", "it was not done within 0.2 s")
    assert (tmp_path / "closed").exists()
    assert before == after


@linux
async def test_workers_do_not_outlive_a_server_that_is_killed(tmp_path: Path) -> None:
    script = Path(__file__).with_name("short_lived.py")
    command = [sys.executable, str(script), *FAKE, str(tmp_path)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(30):
        workers = json.loads(await process.stdout.readline())
        process.kill()
        await process.wait()
        while any(is_running(worker) for worker in workers):
            await asyncio.sleep(0.01)

    assert len(workers) == 2


def is_running(worker: int) -> bool:
    try:
        return Path(f"/proc/{worker}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False
