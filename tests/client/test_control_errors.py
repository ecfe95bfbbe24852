"""What is misspelt or cannot be is refused in plain words, with the nearest right name."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.assembly import Background
from simulator.client import (
    BadInstant,
    BadLength,
    BadScenario,
    Conflict,
    NotFound,
    NotInTime,
    Simulator,
    SimulatorRefused,
    UnfitScenario,
    UnknownName,
    UnknownOperation,
    UnknownScenario,
    UnknownVendor,
)
from simulator.settings import Settings
from tests.client.control import EPOCH, submit


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with (
        Background(Settings(port=0, clock="manual", seed="7", epoch=EPOCH)) as server,
        Simulator(server.url) as simulator,
    ):
        yield simulator


@pytest.mark.parametrize(
    ("mistake", "kind", "words"),
    [
        (lambda one: one.usaepi, UnknownVendor, "no vendor or part 'usaepi'; did you mean 'useapi'?"),
        (
            lambda one: one.vendor("akol"),
            UnknownVendor,
            "no vendor 'akol'; did you mean 'akool'? There are: akool, a2e",
        ),
        (lambda one: one.jobs.all(vendor="akol"), UnknownVendor, "did you mean 'akool'?"),
        (lambda one: one.calls(vendor="akol"), UnknownVendor, "did you mean 'akool'?"),
        (lambda one: one.useapi.scenario("moderatd"), UnknownScenario, "did you mean 'moderated'?"),
        (lambda one: one.scenarios.set_default("slw"), UnknownScenario, "did you mean 'slow'?"),
        (lambda one: one.deepswapai.scenario("cancelled"), SimulatorRefused, "cancelled"),
        (lambda one: one.useapi.scenario("slow", operation="headshots"), UnknownOperation, "did you mean 'headshot'?"),
        (lambda one: one.useapi.calls("getjob"), UnknownOperation, "useapi's 'getjob'; did you mean 'getJob'?"),
        (lambda one: one.journal(operation="getJobb"), UnknownOperation, "did you mean 'getJob'?"),
        (lambda one: one.faults.add(operation="picsy", reset=True), UnknownOperation, "did you mean 'picsi'?"),
        (lambda one: one.switches["useapi.webhook_retry"], UnknownName, "did you mean 'useapi.webhook_retries'?"),
        (lambda one: one.switches.set({"useapi.webhook_retrie": "x"}), UnknownName, "webhook_retries"),
        (lambda one: one.clock.advance("2 mins"), BadLength, "did you mean '2m'?"),
        (lambda one: one.clock.advance("90 Seconds"), BadLength, "did you mean '90s'?"),
        (lambda one: one.clock.advance("soon"), BadLength, "'soon' is no length of time; write for example 500ms, 30s"),
        (lambda one: one.clock.advance(""), BadLength, "'' is no length of time"),
        (lambda one: one.clock.advance(-1), BadLength, "out of range"),
        (lambda one: one.clock.advance(True), BadLength, "True is no length of time"),
        (lambda one: one.clock.advance(1.5), BadLength, "1.5 is no length of time"),
        (lambda one: one.clock.advance(timedelta(days=-1)), BadLength, "out of range"),
        (lambda one: one.faults.add(reset=True, lasts="2 hours"), BadLength, "did you mean '2h'?"),
        (lambda one: one.clock.advance_to("2020-01-01T00:00:00Z"), BadInstant, "the clock cannot go back"),
        (lambda one: one.clock.advance_to(datetime(2027, 1, 1)), BadInstant, "has no zone"),
        (lambda one: one.clock.advance_to(-5), BadInstant, "-5 is no instant"),
        (lambda one: one.scenarios.add("scenario: x\nstates: {runing: {}}"), BadScenario, "did you mean 'running'?"),
        (lambda one: one.jobs.get("nobody"), NotFound, "no job 'nobody'"),
        (lambda one: one.jobs.latest, NotFound, "there is no job yet"),
        (lambda one: one.useapi.jobs.latest, NotFound, "there is no job yet of useapi"),
        (lambda one: one.sandbox("elsewhere").counters(), NotFound, "no sandbox 'elsewhere'; there are: main"),
        (lambda one: one.drop(), Conflict, "the sandbox 'main' cannot be dropped"),
        (lambda one: one.new_sandbox("main"), Conflict, "there is a sandbox 'main' already"),
        (lambda one: one.new_sandbox("A-b"), SimulatorRefused, "id"),
        (lambda one: one.webhooks.wait(timeout=0.05), NotInTime, "0 of 1 webhooks that fit came within 0.05 s"),
        (lambda one: one.webhooks.get(7), NotFound, "7"),
        (lambda one: one.useapi.webhooks.go_wrong(duplicate=2, burst=2), SimulatorRefused, "keep one"),
    ],
)
def test_a_mistake_is_told(
    mistake: Callable[[Any], object], kind: type[Exception], words: str, simulator: Simulator
) -> None:
    with pytest.raises(kind) as told:
        mistake(simulator)

    assert words in str(told.value)
    assert isinstance(told.value, SimulatorRefused)


def test_the_nearest_name_comes_first_of_what_is_legal(simulator: Simulator) -> None:
    with pytest.raises(UnknownScenario) as told:
        simulator.useapi.scenario("moderatd")

    assert told.value.legal[0] == "moderated"
    assert {"happy", "stuck"} <= set(told.value.legal)
    assert (told.value.status, told.value.code) == (422, "unknown_scenario")


def test_findings_say_where_a_scenario_is_wrong(simulator: Simulator) -> None:
    with pytest.raises(BadScenario) as told:
        simulator.scenarios.add("scenario: x\nstates: {runing: {}}")

    assert told.value.findings[0]["line"] == 2


def test_a_state_that_a_job_does_not_know_is_told(simulator: Simulator) -> None:
    with simulator.new_sandbox(clock="manual") as sandbox:
        job = sandbox.jobs.get(submit(sandbox.useapi))

        with pytest.raises(UnknownName, match="did you mean 'failed'"):
            job.force("faild")
        with pytest.raises(UnknownName, match="knows no event 'explode'"):
            job.happen("explode")


def test_a_part_that_is_not_there_is_an_attribute_error(simulator: Simulator) -> None:
    assert not hasattr(simulator, "klock")
    assert not hasattr(simulator, "_anything")
    assert hasattr(simulator, "clock")


def test_a_scenario_that_a_vendor_cannot_play_is_unfit(simulator: Simulator) -> None:
    simulator.scenarios.add(
        {"scenario": "called-off", "states": {"running": {"for": "2s", "then": "cancelled"}, "cancelled": {}}}
    )

    with pytest.raises(UnfitScenario):
        simulator.deepswapai.scenario("called-off")
