"""``unittest`` with a sandbox for each test, and the simulator's report where one fails."""

import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import iscoroutinefunction, unwrap
from typing import Any, ClassVar

from simulator.client.simulator import Simulator
from simulator.testing import add_report, check_unfinished, open_sandbox, see_to_the_end


class SimulatorTestCase(unittest.TestCase):
    """Gives each test a ``simulator``, opened where it is first used, ``setUp`` included, and dropped by a clean-up.

    Tests that await put it first: ``class Test(SimulatorTestCase, IsolatedAsyncioTestCase)``. The class says
    ``simulator_url`` for a server that runs already, ``simulator_scenario`` for what jobs play, and
    ``simulator_unfinished``, ``warn``, ``error`` or ``ignore``, for what follows if a test that passes leaves jobs
    unfinished, or pins and faults unused.
    """

    simulator_url: ClassVar[str] = ""
    simulator_token: ClassVar[str | None] = None
    simulator_scenario: ClassVar[str | None] = None
    simulator_unfinished: ClassVar[str] = "warn"
    _sandbox: Simulator | None = None
    _has_passed = False

    @property
    def simulator(self) -> Simulator:
        """The sandbox of this test."""
        if self._sandbox is None:
            check_unfinished(self.simulator_unfinished)
            self._sandbox = open_sandbox(
                self.id(), url=self.simulator_url, token=self.simulator_token, scenario=self.simulator_scenario
            )
            self.addCleanup(self._close, self._sandbox)
        return self._sandbox

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Run the test; what it raises, or what prepares it, is given the report."""
        explained = {"setUp", "asyncSetUp", self._testMethodName} & set(dir(self))
        before = {name: self.__dict__[name] for name in explained if name in self.__dict__}
        test, self._has_passed = unwrap(getattr(self, self._testMethodName)), True
        code = getattr(test, "__code__", type(self).run.__code__)
        self._place = code.co_filename, code.co_firstlineno
        for name in explained:
            setattr(self, name, self._explained(getattr(self, name)))
        try:
            return super().run(result)
        finally:
            for name in explained:
                delattr(self, name)
            self.__dict__.update(before)

    @contextmanager
    def subTest(self, *args: Any, **params: Any) -> Iterator[None]:  # noqa: N802 - as unittest calls it
        """Run a part of the test; what it raises is given the report."""
        with super().subTest(*args, **params), self._explaining():
            yield

    def _close(self, sandbox: Simulator) -> None:
        self._sandbox = None
        with sandbox:
            if self._has_passed:
                see_to_the_end(sandbox, self.simulator_unfinished, self._place)

    def _explained(self, method: Callable[[], Any]) -> Callable[[], Any]:
        @wraps(method)
        def run() -> Any:
            with self._explaining():
                return method()

        @wraps(method)
        async def run_awaited() -> Any:
            with self._explaining():
                return await method()

        return run_awaited if iscoroutinefunction(method) else run

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            is_failure = isinstance(error, Exception) and not isinstance(error, unittest.SkipTest)
            if is_failure and self._sandbox is not None:
                add_report(error, self._sandbox)
            self._has_passed = False
            raise
