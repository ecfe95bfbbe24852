"""Many tests at once: workers that share nothing, and workers that share a server."""

from collections.abc import Callable

import pytest

Run = Callable[..., pytest.RunResult]

SHUFFLED = """
import hashlib

def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: hashlib.sha256(item.nodeid.encode()).digest())
"""
TESTS = """
import pytest
from client import *

@pytest.mark.parametrize("number", range(COUNT))
def test_it(simulator, number):
    mine = [submit(simulator, prompt=f"of {number}") for _ in range(1 + number % 3)]
    for job in mine:
        finish(simulator, job)
    assert {job.id for job in simulator.jobs.all()} == set(mine)
    assert simulator.calls("videoSwap").count == len(mine)
    simulator.verify.every_job_seen_to_its_end()
"""


@pytest.mark.parametrize(("options", "count"), [((), 500), (("--simulator-shared",), 100)], ids=["own", "shared"])
def test_tests_in_two_workers_do_not_disturb_each_other(
    run: Run, pytester: pytest.Pytester, options: tuple[str, ...], count: int
) -> None:
    pytester.makeconftest(SHUFFLED)

    result = run(TESTS.replace("COUNT", str(count)), "-n2", "-q", *options)

    result.assert_outcomes(passed=count)


def test_workers_share_a_server_only_if_they_are_told_to(run: Run, pytester: pytest.Pytester) -> None:
    tests = """
        def test_it(simulator, worker_id, pytestconfig):
            (pytestconfig.rootpath / f"{worker_id}.port").write_text(simulator.url.partition("/~")[0])
    """

    def ports(*options: str) -> int:
        run(tests, "-n2", "--dist=each", *options).assert_outcomes(passed=2)
        return len({file.read_text() for file in pytester.path.glob("gw*.port")})

    assert ports() == 2
    assert ports("--simulator-shared") == 1
