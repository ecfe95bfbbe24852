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


def test_what_markers_cannot_do_is_said_in_a_line(run: Run) -> None:
    result = run("""
        import pytest

        pytestmark = pytest.mark.scenario("happy", vendor="akool")  # of a module: tests without the fixture may be in it

        def test_all_is_well(): pass

        @pytest.mark.scenario("modrated")
        def test_no_fixture(): pass

        @pytest.mark.scenario("slow")
        def test_of_session(simulator_session): pass

        @pytest.mark.warp(5)
        def test_warp(simulator): pass

        @pytest.mark.scenario("slow", vendr="akool")
        def test_vendr(simulator): pass

        @pytest.mark.scenario("slow", vendor="akool", tmies=2)
        def test_tmies(simulator): pass

        @pytest.mark.scenario("slow", times=2)
        def test_times(simulator): pass

        @pytest.mark.scenario("slow", "happy")
        def test_two(simulator): pass
    """)

    result.assert_outcomes(passed=1, errors=7)
    result.stdout.fnmatch_lines(
        [
            "simulator: the test is marked with a scenario and does not use the fixture simulator",
            "simulator: @pytest.mark.scenario is for the fixture simulator; many tests share simulator_session",
            "simulator: @pytest.mark.warp(5) takes nothing: *",
            "simulator: @pytest.mark.scenario() takes no 'vendr'; did you mean 'vendor'?*",
            "simulator: @pytest.mark.scenario() takes no 'tmies'; did you mean 'times'?*",
            "simulator: @pytest.mark.scenario('slow', times=2) needs a vendor",
            "simulator: @pytest.mark.scenario('slow', 'happy') takes one name; *",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_what_cannot_be_set_up_is_said_once(run: Run) -> None:
    result = run("""
        import pytest

        @pytest.mark.scenario("failed-midwya")
        def test_all_jobs(simulator): pass

        @pytest.mark.scenario("failed-midwya", vendor="akool")
        def test_pinned(simulator): pass
    """)

    result.assert_outcomes(errors=2)
    said = [line for line in result.outlines if "no scenario 'failed-midwya'" in line]
    assert [line.partition("'failed-midwya'; ")[2][:30] for line in said] == ["did you mean 'failed-midway'? "] * 2
    result.stdout.no_fnmatch_line("*During handling of*")
    result.stdout.no_fnmatch_line("*no report:*")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["-o", "simulator_unfinished=eror"], "ERROR: simulator_unfinished is 'eror', and may be: error, warn, ignore"),
        (["--simulator-url", "127.0.0.1:8080"], "ERROR: --simulator-url: '127.0.0.1:8080' is no URL of a simulator; *"),
        (["--simulator-url", "http://127.0.0.1:9"], "ERROR: simulator: no simulator answers at http://127.0.0.1:9: *"),
    ],
)
def test_settings_that_cannot_be_stop_the_run_in_a_line(run: Run, options: list[str], says: str) -> None:
    result = run("def test_it(simulator): pass\ndef test_too(simulator): pass\n", *options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert len([line for line in [*result.outlines, *result.errlines] if line.startswith("ERROR")]) == 1
    result.stderr.fnmatch_lines([says])


def test_who_needs_no_simulator_need_not_reach_one(run: Run) -> None:
    run("def test_it(): pass\n", "--simulator-url", "http://127.0.0.1:9").assert_outcomes(passed=1)


def test_what_was_left_is_said_where_the_test_stands(run: Run) -> None:
    result = run(
        """
        from client import *

        def test_it(simulator):
            submit(simulator)
    """,
        "-W",
        "default",
    )

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*test_it.py:3: LeftUnfinished: the test has left this behind:*"])
