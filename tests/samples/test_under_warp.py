"""The loops that the status pages print, run as they stand in this process under a warp: what they wait, the journal shows."""

import io
import runpy
import sys
import time
from contextlib import redirect_stdout
from itertools import pairwise

import pytest

from simulator.assembly import Background
from simulator.sandbox.choosing import Pin
from simulator.vendors.akool import VENDOR as AKOOL
from simulator.warp import warp
from tests.samples import test_akool as akool_page
from tests.samples import test_deepswapai as deepswapai_page
from tests.samples import test_openshorts as openshorts_page
from tests.samples.running import HERE, main, sample

real_s = [time.monotonic]  # in a list, where the warp does not look for it


def gaps_ms(server: Background, operation: str) -> list[int]:
    """Return what lies between the calls of one operation, in virtual time, as the journal has it."""
    instants = [exchange.at_ms for exchange in main(server).journal if exchange.operation == operation]
    return [later - earlier for earlier, later in pairwise(instants)]


def run(text: str) -> list[str]:
    """Run a sample in this process; return the lines it printed."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(text, "sample", "exec"), {"__name__": "__main__"})
    return printed.getvalue().splitlines()


def test_the_loop_of_deepswapai_polls_every_five_seconds(server: Background, monkeypatch: pytest.MonkeyPatch) -> None:
    deepswapai_page.job(server, "slow")
    monkeypatch.setenv("DEEPSWAPAI_BASE_URL", f"{server.url}/deepswapai/v1")
    monkeypatch.syspath_prepend(str(HERE))
    begun_s = real_s[0]()

    with warp(server):
        lines = run(sample("deepswapai.py.txt"))

    took_s = real_s[0]() - begun_s
    gaps = gaps_ms(server, "getStatus")
    assert lines[-1].startswith("Output URL: http")
    assert set(gaps) == {5000}
    assert len(gaps) == len(lines) - 2 > 20
    assert took_s < sum(gaps) / 1000 / 10


def test_the_loop_of_openshorts_polls_every_three_seconds(server: Background) -> None:
    openshorts_page.job(server, "as-documented")

    with warp(server):
        lines = run(openshorts_page.page(server, "openshorts.py.txt"))

    assert "✅ Generated 2 clips!" in lines
    gaps = gaps_ms(server, "getStatus")
    assert set(gaps) == {3000}
    assert len(gaps) == sum(line.startswith("Status: ") for line in lines) - 1 > 3


def test_the_loop_of_akool_polls_both_its_records_every_three_seconds(
    server: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(server).pin(Pin("akool", "createHeadSwapTask", "slow"), AKOOL)
    page = HERE / "pages" / "akool.py"
    monkeypatch.setenv("AKOOL_BASE_URL", f"{server.url}/akool")
    monkeypatch.setenv("AKOOL_API_KEY", AKOOL.sample_key)
    monkeypatch.setattr(sys, "argv", [str(page), akool_page.CLIP, akool_page.FACE])
    printed = io.StringIO()

    with warp(server), redirect_stdout(printed):
        runpy.run_path(str(page), run_name="__main__")

    assert printed.getvalue().splitlines()[-1].startswith("Output URL: http")
    for operation in ("getHeadSwapAnalysis", "getHeadSwapTask"):
        assert set(gaps_ms(server, operation)) == {3000}, operation


def test_a_loop_that_sleeps_thirty_seconds_a_hundred_times_takes_well_under_one(server: Background) -> None:
    deepswapai_page.job(server, "stuck")
    text = f"""
import time, urllib.request
for _ in range(101):
    call = urllib.request.Request("{server.url}/deepswapai/v1/status/vjob_xyz789abc")
    call.add_header("Authorization", "Bearer YOUR_API_KEY")
    with urllib.request.urlopen(call) as reply:
        print(reply.read())
    time.sleep(30)
"""
    begun_s = time.process_time()

    with warp(server):
        lines = run(text)

    took_s = time.process_time() - begun_s  # whatever else the machine does
    assert len(lines) == 101
    assert gaps_ms(server, "getStatus") == [30_000] * 100
    assert took_s < 1


def test_what_a_page_sleeps_is_what_the_sandboxes_clock_moves(server: Background) -> None:
    before_ms = main(server).clock.now_ms()

    with warp(server):
        run("import time\nfor _ in range(7): time.sleep(5)")

    assert main(server).clock.now_ms() - before_ms == 35_000
    assert main(server).clock.mode == "manual"
