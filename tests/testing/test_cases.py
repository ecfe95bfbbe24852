"""``unittest`` as users run it: in a process of its own, without pytest."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

HEAD = """
import json, sys, unittest, urllib.request
from simulator.testing import SimulatorTestCase, simulator_for_test

def submit(simulator):
    body = {"source_image": "https://example.com/face.jpg", "target_video": "https://example.com/clip.mp4"}
    headers = {"Authorization": "Bearer " + simulator.deepswapai.key, "Content-Type": "application/json"}
    url = simulator.deepswapai.url + "/v1/video-swap"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=10) as reply:
        return json.load(reply)["job_id"]

"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return what runs a file of tests with unittest, with options of Python."""

    def run_it(tests: str, *options: str) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "test_alone.py").write_text(HEAD + dedent(tests))
        command = [sys.executable, *options, "-m", "unittest", "-v", "test_alone"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    return run_it


def test_every_test_has_a_sandbox_of_its_own(run: Run) -> None:
    said = run(
        """
        class Test(SimulatorTestCase):
            simulator_scenario = "failed-midway"

            def setUp(self):
                self.first = self.simulator

            def test_one(self):
                submit(self.simulator)
                self.assertIs(self.simulator, self.first)
                self.simulator.clock.advance("1h")
                self.assertEqual(self.simulator.jobs.all()[0].status, "failed")
                self.assertNotIn("pytest", sys.modules)

            def test_two(self):
                self.assertEqual(self.simulator.jobs.all(), [])
                self.assertEqual(len(self.simulator.sandboxes()), 2)

        class TestAwaiting(SimulatorTestCase, unittest.IsolatedAsyncioTestCase):
            async def asyncSetUp(self):
                submit(self.simulator)

            async def test_it(self):
                await self.simulator.clock.advance("1h")
        """,
        *("-X", "dev", "-W", "error"),
    )

    assert "Ran 3 tests" in said.stderr
    assert said.returncode == 0, said.stderr


def test_a_failure_wherever_it_happens_carries_the_report_once(run: Run) -> None:
    said = run("""
        class Test(SimulatorTestCase):
            def test_itself(self):
                submit(self.simulator)
                self.fail("on purpose")

            def test_part(self):
                submit(self.simulator)
                with self.subTest(part=1):
                    self.fail("on purpose")

        class TestPrepared(SimulatorTestCase):
            def setUp(self):
                submit(self.simulator)
                self.fail("on purpose")

            def test_it(self):
                pass

        class TestAwaiting(SimulatorTestCase, unittest.IsolatedAsyncioTestCase):
            async def test_it(self):
                submit(self.simulator)
                self.fail("on purpose")
    """)

    assert "FAILED (failures=4)" in said.stderr
    assert said.stderr.count("AssertionError: on purpose\n\nsimulator\nsandbox test_alone_") == 4
    assert said.stderr.count("deepswapai videoSwap vjob_") == 4
    assert "LeftUnfinished" not in said.stderr


def test_what_is_left_unfinished_is_said_where_the_test_stands(run: Run) -> None:
    tests = """
        class Test(SimulatorTestCase):
            simulator_unfinished = "warn"
            def test_it(self):
                submit(self.simulator)
            def test_skipped(self):
                submit(self.simulator)
                self.skipTest("not today")
    """
    line = (HEAD + dedent(tests)).splitlines().index("    def test_it(self):") + 1

    warned, failed = run(tests), run(tests.replace('"warn"', '"error"'))
    misspelt = run(tests.replace('"warn"', '"eror"'))

    assert warned.returncode == 0
    assert f"test_alone.py:{line}: LeftUnfinished: the test has left this behind" in warned.stderr
    assert warned.stderr.count("LeftUnfinished") == 1
    assert "FAILED (failures=1, skipped=1)" in failed.stderr
    assert "ValueError: unfinished is 'eror', and may be: error, warn, ignore" in misspelt.stderr


def test_a_block_says_where_it_stands_and_may_have_a_name_twice(run: Run) -> None:
    tests = """
        class Test(unittest.TestCase):
            def test_it(self):
                with simulator_for_test("same") as one, simulator_for_test("same") as two:
                    self.assertEqual(two.id, one.id + "_2")
                    self.assertEqual(one.state().seed, two.state().seed)
                    submit(two)
                with simulator_for_test("same") as later:
                    self.assertEqual(later.id, one.id)
                with self.assertRaisesRegex(ValueError, "'eror', and may be: error, warn, ignore"):
                    simulator_for_test("same", unfinished="eror")
    """
    line = next(at for at, text in enumerate((HEAD + dedent(tests)).splitlines(), 1) if "as two" in text)

    said = run(tests)

    assert said.returncode == 0, said.stderr
    assert f"test_alone.py:{line}: LeftUnfinished: the test has left this behind" in said.stderr
