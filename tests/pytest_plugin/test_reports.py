"""What a test that failed is told, and claims that fail."""

from collections.abc import Callable

import pytest

Run = Callable[..., pytest.RunResult]


def test_a_failure_tells_each_job_s_timeline(run: Run) -> None:
    result = run("""
        from client import *

        def test_it(simulator):
            simulator.clock.freeze()
            simulator.deepswapai.scenario("failed-midway")
            job = submit(simulator, webhook_url="http://127.0.0.1:9/nobody")
            look(simulator, job)
            simulator.clock.advance("2m")
            look(simulator, job)
            assert not job
    """)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- simulator -*",
            "sandbox test_it_*: clock manual, now +0:02:00.000 from 2026-01-28T12:00:00.000Z, seed test_it.py::test_it",
            "deepswapai videoSwap vjob_*: failed (final), scenario failed-midway",
            "  +0:00:00.000  request   POST /v1/video-swap → 202, queued, scenario failed-midway by pin",
            "  +0:00:00.000  state     queued",
            "  +0:00:00.000  look      GET /v1/status/vjob_* → 200, queued",
            "  +0:00:00.000  clock     moved on by 2m",
            "  +0:00:*  state     failed",
            "  +0:00:*  webhook   failed to http://127.0.0.1:9/nobody → connection refused, attempt 1",
            "  +0:02:00.000  look      GET /v1/status/vjob_* → 200, failed",
        ]
    )


def test_a_failure_tells_what_was_for_nothing(run: Run) -> None:
    result = run("""
        from client import *

        def test_it(simulator):
            url = simulator.deepswapai.url
            ask("POST", url + "/v1/video-swap", {"source_imge": "https://example.com/face.jpg", "target_video": 3})
            ask("GET", url + "/v1/stauts/vjob_1")
            ask("PUT", url + "/v1/status/vjob_1")
            ask("GET", simulator.akool.url + "/who/knows/what")
            ask("POST", simulator.akool.url + "/api/open/v3/faceswap/highquality/specifyvideo", {}, "YOUR-AKOOL-API-KEY-1")
            simulator.verify.nothing_unexpected()
    """)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*AssertionError: 5 calls were not expected*",
            "*calls that were refused, or for nothing that there is:",
            "  +0:00:00.000  deepswapai  POST /v1/video-swap → 400  *source_image is required*",
            "*differs from videoSwap*'source_image' is missing (it says 'source_imge')*'target_video' is 3, and no string",
            "  +0:00:00.000  deepswapai  GET /v1/stauts/vjob_1 → 404*",
            "*nearest: getStatus, GET /v1/status/{job_id}: 'stauts' where it has 'status'",
            "  +0:00:00.000  deepswapai  PUT /v1/status/vjob_1 → 405*",
            "*nearest: getStatus, GET /v1/status/{job_id}: PUT where it takes GET",
            "*akool*GET /who/knows/what → 404*",
            "*nothing of akool's is like it",
            "*akool*specifyvideo → 200*Parameter error: sourceImage is required*",
            "*refused by specifyVideo: *",
        ]
    )


def test_a_loop_on_a_frozen_clock_is_given_advice(run: Run) -> None:
    result = run("""
        from client import *

        def test_it(simulator):
            simulator.clock.freeze()
            job = submit(simulator)
            for _ in range(60):
                look(simulator, job)
            assert not job
    """)

    result.stdout.fnmatch_lines(
        [
            "60 looks at vjob_* found the clock at +0:00:00.000, *queued stays queued for ever*simulator.warp()*skip()*",
            "*look      GET /v1/status/vjob_* → 200, queued  (60 of these, all at once)",
        ]
    )


def test_a_sandbox_that_all_share_is_told_of_too(run: Run) -> None:
    result = run("""
        from client import *

        def test_it(simulator_session):
            finish(simulator_session, submit(simulator_session))
            assert not "on purpose"
    """)

    result.stdout.fnmatch_lines(
        ["*- simulator -*", "sandbox session_*", "deepswapai videoSwap vjob_*: completed (final)*"]
    )


def test_nothing_is_told_where_nothing_happened_or_nothing_failed(run: Run) -> None:
    result = run("""
        from client import *

        def test_nothing(simulator):
            assert simulator is None

        def test_good(simulator):
            finish(simulator, submit(simulator))
    """)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.no_fnmatch_line("*- simulator -*")
