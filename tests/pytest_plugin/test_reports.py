"""What a test that failed is told, and claims that fail."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from simulator.client.nearest import Described
from simulator.client.report import Known, explained
from simulator.client.results import Call

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


def test_nothing_is_claimed_of_a_body_that_nobody_read(run: Run) -> None:
    result = run("""
        from client import *

        def test_it(simulator):
            url = simulator.deepswapai.url
            ask("POST", url + "/video-swap", SWAP)
            ask("PUT", url + "/v1/video-swap", SWAP)
            ask("POST", url + "/v1/video-swap", SWAP, key="")
            ask("GET", url + "/v1/v1/status/64f1a2b3c4d5e6f70819")
            urllib.request.urlopen(urllib.request.Request(url + "/v1/video-swap", b"{}"))
    """)

    result.stdout.fnmatch_lines(
        [
            "*POST /video-swap → 404*",
            "      nearest: videoSwap, POST /v1/video-swap: '/v1' is missing in front",
            "*PUT /v1/video-swap → 405*",
            "      nearest: videoSwap, POST /v1/video-swap: PUT where it takes POST",
            "*POST /v1/video-swap → 401*",
            "      refused by videoSwap: bad key",
            "      differs from videoSwap, POST /v1/video-swap: no usable key in Authorization",
            "*GET /v1/v1/status/64f1a2b3c4d5e6f70819 → 404*",
            "      nearest: getStatus, GET /v1/status/{job_id}: '/v1' stands there twice",
            "*POST /v1/video-swap → 401*",
            "      refused by videoSwap: no key",
            "      differs from videoSwap, POST /v1/video-swap: no Authorization header",
        ]
    )
    result.stdout.no_fnmatch_line("*no body*")


def test_a_body_that_was_never_sent_is_missed(run: Run) -> None:
    result = run("""
        from client import *

        def test_it(simulator):
            ask("POST", simulator.deepswapai.url + "/v1/video-swap")
            ask("GET", simulator.akool.url + "/api/open/v3/faceswap/result/listbyids?_ids=1", key="")
            headers = {"Content-Type": "application/json"}
            url = simulator.akool.url + "/api/open/v3/faceswap/highquality/specifyvideo"
            urllib.request.urlopen(urllib.request.Request(url, b"{}", headers, method="POST"))
            assert not "good"
    """)

    result.stdout.fnmatch_lines(
        [
            "      differs from videoSwap, POST /v1/video-swap: no body where it takes source_image, target_video",
            "*: no usable key in Authorization",
            "*: no x-api-key or Authorization header",
        ]
    )


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/status/x", "'/v1' is missing in front"),
        ("/v1/status", "'/{job_id}' is missing at the end"),
        ("/v1/status/x/", "'/' is too much at the end"),
        ("/v1/api/status/x", "'/api' is too much after '/v1'"),
        ("/api/v1/status/x", "'/api' is too much in front"),
        ("/v1/x", "'/status' is missing after '/v1'"),
        ("/v1/status/status/x", "'/status' stands there twice"),
        ("/stauts/x", "'stauts' where it has 'status'; '/v1' is missing in front"),
        ("/v1/status/", "nothing where it has '{job_id}'"),
        ("/v2/status/x", "'v2' where it has 'v1'"),
    ],
)
def test_paths_are_compared_part_by_part(path: str, said: str) -> None:
    meant = Described("getStatus", "GET", "/v1/status/{job_id}", {})
    call = Call(1, 0, "acme", "getStatus", None, "GET", path, path, {}, {}, "", 404, "", [], [])

    assert list(explained(call, {"acme": Known([meant])})) == [f"differs from {meant}: {said}"]


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/status/64f1a2b3c4d5e6f70819", "getStatus"),
        ("/api/v1/status/64f1a2b3c4d5e6f70819", "getStatus"),
        ("/v1/tasks/64f1a2b3c4d5e6f70819", "deleteTask"),
        ("/tasks/all", "listTasks"),
        ("/64f1a2b3c4d5e6f70819", ""),
    ],
)
def test_a_long_id_hides_no_operation(path: str, operation: str) -> None:
    known = [
        Described("getStatus", "GET", "/v1/status/{job_id}", {}),
        Described("deleteTask", "DELETE", "/v1/tasks/{id}", {}),
        Described("listTasks", "GET", "/v1/tasks/all", {}),
    ]
    call = Call(1, 0, "acme", None, None, "GET", path, path, {}, {}, "", 404, "", [], [])

    (said,) = explained(call, {"acme": Known(known)})

    assert said.startswith(f"nearest: {operation}, " if operation else "nothing of acme's is like it")


def test_what_a_fault_struck_is_told_as_that(run: Run) -> None:
    result = run("""
        from client import *

        def test_it(simulator):
            url = simulator.deepswapai.url
            simulator.faults.add(vendor="deepswapai", on=["submits"], error=503, times=1)
            ask("POST", url + "/v1/video-swap", SWAP)
            simulator.faults.add(vendor="deepswapai", on=["submits"], refused=True, times=1)
            try:
                ask("POST", url + "/v1/video-swap", SWAP)
            except OSError:
                pass
            job = submit(simulator)
            simulator.faults.add(vendor="deepswapai", on=["downloads"], html_page=200, times=1)
            ask("GET", finish(simulator, job)["output_url"])
            assert not "good"
    """)

    result.stdout.fnmatch_lines(
        [
            "  +*  download  GET /results/* → 200, fault: html_page 200",
            "calls that a fault struck on purpose:",
            "  +0:00:00.000  deepswapai  POST /v1/video-swap → 503  *",
            "      fault: error 503",
            "  +0:00:00.000  deepswapai  POST /v1/video-swap → no answer",
            "      fault: refused",
        ]
    )
    result.stdout.no_fnmatch_line("*calls that were refused*")
    result.stdout.no_fnmatch_line("*the client left*")


@pytest.mark.parametrize("options", [(), ("-n1",)], ids=["alone", "xdist"])
def test_what_ci_reads_holds_the_report(run: Run, pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    result = run(
        """
        import pytest
        from client import *

        def test_assertion(simulator):
            submit(simulator)
            assert not "good"

        def test_line(simulator):
            submit(simulator)
            pytest.fail("not good", pytrace=False)
        """,
        "--junitxml=junit.xml",
        "--tb=short",
        *options,
    )

    result.assert_outcomes(failed=2)
    failures = [failure.text or "" for failure in _junit(pytester.path).iter("failure")]
    assert len(failures) == 2
    for text in failures:
        assert text.count("deepswapai videoSwap vjob_") == 1
        assert text.index("good") < text.index("- simulator -") < text.index("deepswapai videoSwap vjob_")
    assert result.stdout.str().count("deepswapai videoSwap vjob_") == 2


def test_a_runner_that_words_failures_itself_is_given_the_report_too(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        def pytest_collection_modifyitems(items):
            for item in items:
                item.repr_failure = lambda _: "in words of its own"
    """)
    run(
        """
        from client import *

        def test_it(simulator):
            submit(simulator)
            assert not "good"
        """,
        "--junitxml=junit.xml",
    )

    (failure,) = _junit(pytester.path).iter("failure")
    assert (failure.text or "").startswith("in words of its own\n\n")
    assert "deepswapai videoSwap vjob_" in (failure.text or "")


def _junit(folder: Path) -> ElementTree.Element:
    return ElementTree.parse(folder / "junit.xml").getroot()


def test_a_call_for_no_vendor_is_told_with_those_that_there_are(run: Run) -> None:
    result = run("""
        import requests

        def test_a_misspelt_vendor(simulator):
            requests.get(f"{simulator.url}/deepswap/v1/status/vjob_1")
            assert False
    """)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*nobody  GET /deepswap/v1/status/vjob_1 *404*", "*no vendor is there*/deepswapai*"])
