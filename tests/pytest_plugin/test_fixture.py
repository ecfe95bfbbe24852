"""The fixture as users meet it."""

from collections.abc import Callable

import pytest

from simulator.client.starting import start

Run = Callable[..., pytest.RunResult]


def test_each_test_has_a_sandbox_of_its_own(run: Run) -> None:
    result = run("""
        from client import *

        def test_one(simulator):
            finish(simulator, submit(simulator))
            assert len(simulator.jobs.all()) == 1
            assert simulator.clock.mode == "skip"

        def test_two(simulator):
            assert simulator.jobs.all() == []
            assert simulator.clock.now.isoformat() == "2026-01-28T12:00:00+00:00"
    """)

    result.assert_outcomes(passed=2)


def test_a_run_is_like_the_one_before(run: Run) -> None:
    tests = """
        from client import *

        def test_one(simulator):
            job = submit(simulator)
            reply = finish(simulator, job)
            print("SAID", job, reply["file_size"], reply["processing_time"])
    """

    said = [
        [line for line in run(tests, "-s").outlines if "SAID" in line],
        [line for line in run(tests, "-s").outlines if "SAID" in line],
    ]

    assert said[0] == said[1]
    assert said[0]


def test_time_is_commanded_and_scenarios_are_pinned(run: Run) -> None:
    result = run("""
        from client import *

        def test_it(simulator):
            simulator.clock.freeze()
            simulator.deepswapai.scenario("failed-midway")
            job = submit(simulator)
            assert look(simulator, job)["status"] == "queued"
            simulator.clock.advance("10m")
            assert look(simulator, job)["status"] == "failed"
    """)

    result.assert_outcomes(passed=1)


def test_markers_choose_scenarios(run: Run) -> None:
    result = run("""
        import pytest
        from client import *

        @pytest.mark.scenario("failed-midway")
        def test_all_jobs(simulator):
            assert finish(simulator, submit(simulator))["status"] == "failed"
            assert finish(simulator, submit(simulator))["status"] == "failed"

        @pytest.mark.scenario("failed-midway", vendor="deepswapai")
        class TestOfOneVendor:
            def test_the_next_job(self, simulator):
                assert finish(simulator, submit(simulator))["status"] == "failed"
                assert finish(simulator, submit(simulator))["status"] == "completed"

            @pytest.mark.scenario("happy", vendor="deepswapai")
            def test_the_nearest_marker_counts(self, simulator):
                assert finish(simulator, submit(simulator))["status"] == "completed"

        @pytest.mark.scenario("failed-midwya")
        def test_misspelt(simulator):
            pass

        @pytest.mark.scenario("happy", vendor="deepswapia")
        def test_misspelt_vendor(simulator):
            pass

        @pytest.mark.scenario()
        def test_nothing(simulator):
            pass
    """)

    result.assert_outcomes(passed=3, errors=3)
    result.stdout.fnmatch_lines(["*did you mean 'failed-midway'*", "*did you mean 'deepswapai'*", "*needs a name*"])


def test_a_session_may_share_one(run: Run) -> None:
    result = run("""
        from client import *

        def test_one(simulator_session):
            finish(simulator_session, submit(simulator_session))

        def test_two(simulator_session, simulator):
            assert len(simulator_session.jobs.all()) == 1
            assert simulator.jobs.all() == []
    """)

    result.assert_outcomes(passed=2)


def test_a_test_that_forgets_its_jobs_is_told_so(run: Run) -> None:
    tests = """
        from client import *

        def test_it(simulator):
            submit(simulator)
            simulator.useapi.scenario("moderated-midway", times=2)
            simulator.webhooks.go_wrong(duplicate=2, vendor="akool")
            simulator.faults.add(vendor="a2e", error=503, times=3)

        def test_done(simulator):
            finish(simulator, submit(simulator))
    """
    told = [
        "*the test has left this behind:*",
        "*the job vjob_* of deepswapai videoSwap is still queued*",
        "*the pin of scenario moderated-midway for useapi was not used 2 times more*",
        "*the fault duplicate 2 for akool did not strike*",
        "*the fault error 503 for a2e did not strike 3 times more*",
    ]

    warned = run(tests, "-W", "default")
    failed = run(tests, "--simulator-unfinished=error")
    ignored = run(tests, "--simulator-unfinished=ignore")

    warned.assert_outcomes(passed=2, warnings=1)
    warned.stdout.fnmatch_lines(told)
    failed.assert_outcomes(passed=2, errors=1)
    failed.stdout.fnmatch_lines(told)
    ignored.assert_outcomes(passed=2)


def test_a_server_that_runs_already_serves_as_well(run: Run) -> None:
    tests = """
        from client import *

        def test_it(simulator):
            assert simulator.url.startswith("URL")
            simulator.deepswapai.scenario("failed-midway")
            assert finish(simulator, submit(simulator))["status"] == "failed"
            simulator.verify.nothing_unexpected()

        async def test_awaited(simulator):
            await simulator.clock.advance("1m")

        def test_sandboxes_are_dropped(simulator):
            assert len(simulator.sandboxes()) == 2
    """
    with start(token="s3cret-t0ken") as server:
        served = run(tests.replace("URL", server.url), "--simulator-url", server.url, "--simulator-token=s3cret-t0ken")
        refused = run(tests.replace("URL", server.url), "--simulator-url", server.url)
        url = server.url

    served.assert_outcomes(passed=3)
    served.stdout.fnmatch_lines([f"simulator: {url}"])
    refused.assert_outcomes(errors=3)
    refused.stdout.fnmatch_lines(["*send the control token*"])
