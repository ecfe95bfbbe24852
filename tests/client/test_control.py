"""The control API in Python, against a real simulator: every part of the facade does what its words say."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from simulator.assembly import Background
from simulator.client import NotFound, NotInTime, PinnedTwice, Receiver, Simulator, SimulatorRefused
from simulator.settings import Settings
from tests.client.control import EPOCH, EPOCH_MS, look, post, submit

WITHOUT_AIOHTTP = """
import sys
sys.modules["aiohttp"] = None
from simulator.client import Simulator
with Simulator(sys.argv[1]) as simulator:
    print(simulator.clock.mode, simulator.useapi.key != "")
assert not {"asyncio", "yaml", "PIL", "simulator.assembly", "simulator.server"} & set(sys.modules)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Background]:
    with Background(Settings(port=0, clock="manual", seed="7")) as server:
        yield server


@pytest.fixture(scope="module")
def main(server: Background) -> Iterator[Simulator]:
    with Simulator(server.url) as main:
        yield main


@pytest.fixture
def simulator(main: Simulator) -> Iterator[Simulator]:
    with main.new_sandbox(seed="7", clock="manual", epoch=EPOCH) as sandbox:
        yield sandbox


def test_a_pinned_job_goes_as_its_scenario_says(simulator: Simulator) -> None:
    useapi = simulator.useapi
    pin = useapi.scenario("moderated-midway")

    id = submit(useapi)
    simulator.clock.advance("1h")

    job = useapi.jobs.get(id)
    assert pin.scenario == job.scenario == "moderated-midway"
    assert (job.stands_for, job.is_final, job.created_at_ms) == ("moderated", True, EPOCH_MS)
    assert [entry.word for entry in job.entries] == [state.word for state in job.plan.states]
    assert useapi.jobs.latest == job
    assert simulator.scenarios.pins() == []


def test_the_clock_obeys(simulator: Simulator) -> None:
    clock = simulator.clock

    clock.advance("1h30m")
    clock.advance(timedelta(seconds=1))
    clock.advance(500, wait=False)
    assert clock.now_ms == EPOCH_MS + 5_401_500
    clock.advance_to("2026-01-02T00:00:00Z")
    clock.advance_to(datetime(2026, 1, 3, tzinfo=UTC))
    clock.advance_to(clock.now_ms + 1)
    assert clock.now == datetime(2026, 1, 3, 0, 0, 0, 1000, tzinfo=UTC)
    assert (clock.mode, clock.skip().mode, clock.run(speed=60).speed, clock.freeze().mode) == (
        "manual",
        "skip",
        60,
        "manual",
    )
    assert clock.hold().hold


def test_the_next_event_is_where_a_job_changes(simulator: Simulator) -> None:
    id = submit(simulator.useapi)
    simulator.clock.next()

    assert simulator.clock.now_ms == simulator.jobs.get(id).entries[1].seen_at_ms


def test_jobs_are_listed_forced_and_cancelled(simulator: Simulator) -> None:
    first, second = submit(simulator.useapi), submit(simulator.useapi)

    assert [job.id for job in simulator.jobs.all()] == [second, first]
    assert [job.id for job in simulator.useapi.jobs.summaries(limit=1)] == [second]
    assert simulator.akool.jobs.all() == []
    assert simulator.jobs.get(first).force("failed").status == "failed"
    cancelled = simulator.jobs.get(second).cancel()
    assert cancelled.stands_for == "cancelled"
    assert cancelled.events[-1].name == "cancel"
    assert simulator.jobs.all(status="failed")[0].read().is_final


def test_a_job_is_waited_for(simulator: Simulator) -> None:
    simulator.scenarios.default = "slow"
    id = submit(simulator.useapi)

    running = simulator.jobs.wait(id, until="progress")
    done = running.wait()

    assert simulator.scenarios.default == "slow"
    assert (running.status, done.stands_for) == ("progress", "succeeded")
    assert simulator.clock.now_ms == done.entries[-1].seen_at_ms


def test_waiting_for_what_never_comes_says_so(simulator: Simulator) -> None:
    simulator.useapi.scenario("stuck")
    id = submit(simulator.useapi)

    with pytest.raises(NotInTime, match="never will be final"):
        simulator.jobs.wait(id)
    with pytest.raises(NotInTime, match="never will be bogus; what is to come: "):
        simulator.jobs.wait(submit(simulator.useapi), until="bogus")


def test_webhooks_are_waited_for_resent_and_fired(simulator: Simulator) -> None:
    with Receiver("useapi") as receiver:
        id = submit(simulator.useapi, replyUrl=receiver.url)
        [delivery] = simulator.useapi.webhooks.wait(job_id=id)
        again = simulator.webhooks.resend(delivery.number)
        fired = simulator.webhooks.fire(id, status="completed")

        assert [message.job_id for message in receiver.messages] == [id] * 3

    assert delivery.is_delivered
    assert delivery.json == again.json
    assert delivery.headers["Content-Type"] == "application/json"
    assert (fired.status, fired.attempts[0].status) == ("completed", 200)
    assert simulator.webhooks.all(job_id=id) == [delivery, again, fired]
    assert simulator.webhooks.get(2) == again
    assert simulator.akool.webhooks.all() == []


def test_an_advance_returns_what_was_delivered_on_the_way(simulator: Simulator) -> None:
    with Receiver("useapi") as receiver:
        id = submit(simulator.useapi, replyUrl=receiver.url)

        assert [delivery.job_id for delivery in simulator.clock.advance("1h")] == [id]


def test_webhooks_go_wrong_as_told(simulator: Simulator) -> None:
    fault = simulator.useapi.webhooks.go_wrong(duplicate=3, late="2m", times=2)
    assert simulator.webhooks.faults() == [fault]
    assert simulator.akool.webhooks.faults() == []
    with Receiver("useapi") as receiver:
        submit(simulator.useapi, replyUrl=receiver.url)
        simulator.clock.advance("1h")
        assert len(receiver.messages) == 3

    simulator.webhooks.go_wrong(stale_timestamp="10m", times=None)
    simulator.webhooks.clear_faults()
    assert simulator.webhooks.faults() == []


def test_calls_fail_on_the_wire_as_told(simulator: Simulator) -> None:
    simulator.useapi.faults.add(error=503, times=2)
    simulator.faults.add(vendor="akool", latency="2s", lasts="10m", begins="1m", on=["polls"])

    assert [post(simulator.useapi).status_code for _ in range(3)] == [503, 503, 200]
    [left] = simulator.faults.all()
    assert (left.vendor, left.times, left.until_ms) == ("akool", None, EPOCH_MS + 660_000)
    assert simulator.useapi.faults.all() == []
    simulator.faults.clear()
    assert simulator.faults.all() == []


def test_calls_are_found_again(simulator: Simulator) -> None:
    id = submit(simulator.useapi)
    for _ in range(3):
        simulator.clock.advance("30s")
        look(simulator.useapi, id)
    requests.get(f"{simulator.url}/akool/nowhere?a=1&a=2", timeout=30)

    looks = simulator.calls("getJob")
    submitted = simulator.useapi.calls("headshot", status=200)[0]
    astray = simulator.calls(vendor="akool", method="get", path="/nowhere")[-1]
    assert (looks.gaps, looks.count, len(looks)) == ([30_000, 30_000], 3, 3)
    assert [call.json for call in looks[:1]] == [None]
    assert submitted.path == "/v1/faceswap/headshot"
    assert submitted.target == f"/~{simulator.id}/useapi/v1/faceswap/headshot"
    assert submitted.json == {"prompt": "me, a king"}
    assert submitted.reply["jobid"] == id
    assert submitted.job_ids == [id]
    assert (astray.operation, astray.query, astray.status) == (None, {"a": "2"}, 403)
    assert [entry.number for entry in simulator.journal(since=looks[-1].number)] == [astray.number]


def test_accounts_are_read_and_set(simulator: Simulator) -> None:
    account = simulator.useapi.account()
    assert account.key == simulator.useapi.key
    assert account.credits > 0
    assert account.set(credits=7, rate_limit=(2, "1m")).credits == 7
    assert [post(simulator.useapi).status_code for _ in range(3)][-1] == 429
    assert account.lift_rate_limit().rate_limit is None
    assert account.read().ledger[-1].at_ms == EPOCH_MS
    assert [one.vendor for one in simulator.accounts.all()] == ["useapi"]
    assert simulator.accounts.get("akool", "other-key").set(state="blocked").read().state == "blocked"
    assert [record.vendor for record in simulator.accounts.records(vendor="useapi")] != []


def test_switches_are_like_a_dictionary(simulator: Simulator) -> None:
    switches = simulator.switches
    before = switches["deepswapai.expired_file"]

    switches["deepswapai.expired_file"] = "410"
    assert switches.get("deepswapai.expired_file") == "410"
    assert simulator.state().switches == {"deepswapai.expired_file": "410"}
    del switches["deepswapai.expired_file"]
    assert switches["deepswapai.expired_file"] == before
    assert "useapi.webhook_retries" in list(switches)


def test_scenarios_are_added_and_listed(simulator: Simulator) -> None:
    simulator.scenarios.add("scenario: brief\nstates:\n  running: {for: 2s, then: succeeded}\n  succeeded: {}\n")
    simulator.scenarios.add(
        {"scenario": "long", "states": {"running": {"for": "9h", "then": "succeeded"}, "succeeded": {}}}
    )

    assert {"brief", "long", "happy"} <= {about.name for about in simulator.scenarios.all(vendor="useapi")}
    simulator.useapi.scenario("brief")
    id = submit(simulator.useapi)
    assert simulator.jobs.wait(id).scenario == "brief"
    simulator.scenarios.default = None
    assert simulator.scenarios.default is None


def test_a_second_pin_for_the_same_submit_is_an_error_unless_it_queues(simulator: Simulator) -> None:
    simulator.useapi.scenario("slow")
    simulator.useapi.scenario("happy", operation="picsi")

    with pytest.raises(PinnedTwice, match="slow is pinned to the next submit of useapi and has not been used"):
        simulator.useapi.scenario("stuck")
    simulator.useapi.scenario("stuck", queue=True)
    assert [simulator.jobs.get(submit(simulator.useapi)).scenario for _ in range(2)] == ["slow", "stuck"]
    simulator.useapi.scenario("slow", times=2)
    simulator.scenarios.clear_pins()
    assert simulator.scenarios.pins() == []


def test_a_sandbox_is_a_world_of_its_own_and_ends_with_its_block(main: Simulator) -> None:
    with main.new_sandbox("mine", scenario="slow", clock="skip", max_jobs=3) as mine, main.new_sandbox() as other:
        submit(mine.useapi)
        assert mine.url == f"{main.url}/~mine"
        assert (mine.state().scenario, mine.state().jobs, mine.state().max_jobs) == ("slow", 1, 3)
        assert other.jobs.all() == []
        assert main.sandbox("mine").jobs.latest.id == mine.jobs.latest.id
        assert {"main", "mine", other.id} <= {state.id for state in main.sandboxes()}
        assert mine.reset().generation == 2
        assert mine.counters().in_flight == 0
        other.drop()
    with pytest.raises(NotFound, match="there is no sandbox 'mine'"):
        mine.state()


def test_any_thread_may_ask(simulator: Simulator) -> None:
    def ask(_: int) -> str:
        return simulator.clock.read().mode

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(200))) == {"manual"}


def test_without_aiohttp_it_works_all_the_same(server: Background) -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", WITHOUT_AIOHTTP, server.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.stdout, done.stderr) == ("manual True\n", "")


def test_a_token_is_sent() -> None:
    with Background(Settings(port=0, token="secret")) as guarded:
        with Simulator(guarded.url, token="secret") as knows:
            assert knows.clock.mode == "real"
        with Simulator(guarded.url) as stranger, pytest.raises(SimulatorRefused, match="send the control token"):
            stranger.clock.read()


def test_a_forgotten_simulator_leaves_no_warning(server: Background) -> None:
    left = threading.active_count()
    Simulator(server.url).clock.read()

    assert threading.active_count() == left
