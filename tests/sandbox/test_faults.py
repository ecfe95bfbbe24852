"""What is laid ready to go wrong on the wire: which call it strikes, how often, and when it is over."""

from typing import Any

import msgspec
import pytest

from simulator.jobs.chance import Draws
from simulator.jobs.durations import Duration
from simulator.jobs.errors import SimulatorError
from simulator.jobs.faults import DOWNLOADS, POLLS, SUBMITS, TOO_MANY, WireFault
from simulator.jobs.job import Job
from simulator.jobs.plan import make_plan
from simulator.jobs.scenario import fit
from simulator.sandbox.faults import MOST_LAID, LaidFault, LaidFaults, Target
from tests.acme import LIFECYCLE, scenario, state

RESET, LATE = WireFault(reset=True), WireFault(latency=Duration(1000, 9000))


def call(at_ms: int = 0, sort: str = POLLS, operation: str = "getFilm", **more: Any) -> Target:
    return Target("acme", operation, sort, at_ms, **more)


def lay(*laid: LaidFault, seed: str = "7") -> LaidFaults:
    faults = LaidFaults(seed)
    for one in laid:
        faults.lay(one)
    return faults


def met(faults: LaidFaults, *targets: Target) -> list[tuple[str, ...]]:
    """Return the names of the faults that each of some calls meets."""
    return [struck.fault.names() if (struck := faults.strike(target)) else () for target in targets]


def job(*said: WireFault, created_at_ms: int = 0) -> Job:
    """Return a job whose scenario says so."""
    made = fit(scenario("faulty", state("new", "1s", "done"), state("done"), faults=said), LIFECYCLE)
    plan = make_plan(made, Draws("7"))
    return Job("film-1", "acme", "submitFilm", "film", "key-1", created_at_ms, plan, "7", {})


def test_nothing_is_laid_at_first() -> None:
    faults = LaidFaults("7")

    assert not faults.are_laid
    assert faults.strike(call()) is None


def test_it_strikes_the_next_call_only() -> None:
    faults = lay(LaidFault(RESET))

    assert faults.are_laid
    assert met(faults, call(), call()) == [("reset",), ()]
    assert not faults.are_laid
    assert faults.kept(0) == []


def test_it_strikes_as_often_as_it_is_told_and_recovers() -> None:
    faults = lay(LaidFault(RESET, times=2), LaidFault(WireFault(truncated=True), times=1))

    assert met(faults, *[call()] * 4) == [("reset",), ("reset",), ("truncated",), ()]


def test_it_strikes_for_good() -> None:
    faults = lay(LaidFault(RESET, times=None))

    assert met(faults, *[call()] * 50) == [("reset",)] * 50
    assert [(laid.met, laid.struck) for laid in faults.kept(0)] == [(50, 50)]


def test_the_first_calls_may_be_left_alone() -> None:
    faults = lay(LaidFault(WireFault(after=2, reset=True)))

    assert met(faults, *[call()] * 4) == [(), (), ("reset",), ()]


def test_a_window_is_virtual_time() -> None:
    faults = lay(LaidFault(WireFault(from_ms=100, for_ms=50, reset=True), times=None, laid_at_ms=1000))

    instants = (1000, 1099, 1100, 1149, 1150)
    assert met(faults, *map(call, instants)) == [(), (), ("reset",), ("reset",), ()]
    assert faults.kept(1150) == []
    assert not faults.are_laid


def test_what_is_over_is_kept_no_longer_also_without_a_call() -> None:
    faults = lay(LaidFault(WireFault(for_ms=50, reset=True)))

    assert faults.kept(49) != []
    assert faults.kept(50) == []
    assert not faults.are_laid


def test_a_quota_lets_so_many_in_and_says_when_more_may_come() -> None:
    faults = lay(LaidFault(WireFault(quota=2, for_ms=60_000), times=None, laid_at_ms=500))

    struck = [faults.strike(call(600 + at)) for at in range(4)]

    assert struck[:2] == [None, None]
    for one in struck[2:]:
        assert one is not None
        assert (one.fault.error, one.opens_at_ms, one.limit, one.window_ms) == (TOO_MANY, 60_500, 2, 60_000)
    assert faults.strike(call(60_500)) is None


@pytest.mark.parametrize(
    ("scope", "sort", "is_struck"),
    [
        ({"vendor": "acme"}, POLLS, True),
        ({"vendor": "other"}, POLLS, False),
        ({"operation": "getFilm"}, POLLS, True),
        ({"operation": "submitFilm"}, POLLS, False),
        ({"job_id": "film-1"}, POLLS, True),
        ({"job_id": "film-2"}, POLLS, False),
        ({"fault": WireFault(on=(POLLS,), reset=True)}, POLLS, True),
        ({"fault": WireFault(on=(SUBMITS, DOWNLOADS), reset=True)}, POLLS, False),
        ({"fault": WireFault(on=(SUBMITS,), reset=True)}, "", False),
        ({}, "", True),
        ({"fault": WireFault(redirect="once")}, POLLS, False),
        ({"fault": WireFault(redirect="once")}, DOWNLOADS, True),
        ({"fault": WireFault(malformed=True)}, DOWNLOADS, False),
    ],
)
def test_it_is_for_what_it_names(scope: dict[str, Any], sort: str, is_struck: bool) -> None:
    faults = lay(LaidFault(**{"fault": RESET, **scope}))

    struck = faults.strike(call(sort=sort, job_ids=("film-1",)))

    assert bool(struck) is is_struck
    assert bool(faults.kept(0)) is not is_struck


def test_a_call_meets_one_of_each_sort_the_oldest_first() -> None:
    faults = lay(*(LaidFault(one) for one in (LATE, RESET, WireFault(error=503), WireFault(latency=Duration(1, 1)))))

    assert met(faults, call(), call(), call()) == [("latency", "reset"), ("latency", "error"), ()]


def test_what_a_call_asks_for_goes_first_and_uses_nothing_up() -> None:
    faults = lay(LaidFault(RESET))

    struck = faults.strike(call(), WireFault(error=503))

    assert struck
    assert struck.fault.names() == ("error",)
    assert len(faults.kept(0)) == 1


def test_chance_is_drawn_for_each_call_from_the_seed() -> None:
    def struck(seed: str) -> list[bool]:
        faults = lay(LaidFault(WireFault(chance=0.5, reset=True), times=None), seed=seed)
        return [bool(faults.strike(call())) for _ in range(200)]

    assert struck("7") == struck("7")
    assert struck("7") != struck("8")
    assert 70 < sum(struck("7")) < 130


def test_a_call_that_chance_spares_is_not_counted_as_struck() -> None:
    faults = lay(LaidFault(WireFault(chance=0.5, reset=True), times=3))

    assert sum(bool(names) for names in met(faults, *[call()] * 50)) == 3


def test_latency_is_drawn_within_its_range() -> None:
    faults = lay(LaidFault(LATE, times=None))

    drawn = [struck.latency_ms for _ in range(20) if (struck := faults.strike(call()))]

    assert len(set(drawn)) > 10
    assert all(1000 <= ms <= 9000 for ms in drawn)


def test_real_time_has_an_end() -> None:
    faults = lay(LaidFault(WireFault(latency=Duration(0, 0, 500_000, 600_000)), times=None))

    drawn = [struck.latency_ms for _ in range(200) if (struck := faults.strike(call()))]

    assert max(drawn) == 600_000


def test_a_thousand_are_enough() -> None:
    faults = lay(*(LaidFault(RESET) for _ in range(MOST_LAID)))

    with pytest.raises(SimulatorError, match="1000 faults are laid ready already"):
        faults.lay(LaidFault(RESET))


def test_all_are_cleared() -> None:
    faults = lay(LaidFault(RESET))
    faults.lose("out/a.png")

    faults.clear()

    assert (faults.are_laid, faults.kept(0), faults.gone) == (False, [], {})


def test_a_scenario_strikes_the_polls_and_downloads_of_its_job() -> None:
    film, faults = job(WireFault(on=(POLLS, DOWNLOADS), times=2, reset=True)), LaidFaults("7")
    about = {"job_ids": (film.id,), "jobs": (film,)}

    on_submit = faults.strike_submit(film, call(sort=SUBMITS), None)

    assert on_submit is None
    assert faults.are_laid
    assert met(faults, call(), call(**about), call(sort=DOWNLOADS, **about), call(**about)) == [
        (),
        ("reset",),
        ("reset",),
        (),
    ]


def test_a_scenario_strikes_the_reply_to_its_submit_if_it_says_so() -> None:
    film, faults = job(WireFault(on=(SUBMITS,), reset=True)), LaidFaults("7")

    struck = faults.strike_submit(film, call(sort=SUBMITS), None)

    assert struck
    assert struck.fault.names() == ("reset",)


def test_a_scenarios_window_counts_from_its_submit() -> None:
    film = job(WireFault(on=(POLLS,), from_ms=100, for_ms=100, error=503), created_at_ms=1000)
    faults = LaidFaults("7")
    faults.watch(film)
    polls = [call(at_ms, jobs=(film,)) for at_ms in (1099, 1100, 1199, 1200)]

    struck = [faults.strike(poll) for poll in polls]

    assert [one.opens_at_ms if one else None for one in struck] == [None, 1200, 1200, None]


def test_what_is_laid_ready_goes_before_what_a_scenario_says() -> None:
    film = job(WireFault(on=(POLLS,), times=1, error=503))
    faults = lay(LaidFault(RESET), LaidFault(LATE))
    faults.watch(film)

    assert met(faults, *[call(jobs=(film,))] * 3) == [("latency", "reset"), ("error",), ()]


def test_two_jobs_of_one_scenario_are_counted_apart() -> None:
    one = job(WireFault(on=(POLLS,), times=1, reset=True))
    other = msgspec.structs.replace(one, id="film-2")
    faults = LaidFaults("7")
    faults.watch(one)
    faults.watch(other)

    assert met(faults, call(jobs=(one,)), call(jobs=(other,)), call(jobs=(one,))) == [("reset",), ("reset",), ()]
