"""The pytest plugin: a fixture ``simulator`` that is a sandbox of the test's own, and a report where a test fails.

All else is imported at first use, for this module is in every run of every project that has the simulator installed.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from simulator.pytest_plugin.markers import explain_misuse, read_scenarios

if TYPE_CHECKING:
    from simulator.client.simulator import Simulator

_SANDBOX, _HAS_PASSED = pytest.StashKey["Simulator"](), pytest.StashKey[bool]()
_OF_SESSION = pytest.StashKey["Simulator"]()
_MISUSE, _UNREACHED = pytest.StashKey[str](), pytest.StashKey[str]()
_SHARED_URL = "simulator_url"  # in xdist's workerinput
_FIXTURES = {"simulator", "simulator_session"}
_IN_WARP = "_whole_test_in_warp"
_CHOICES = ("warn", "error", "ignore")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer options, each as a line of the configuration file too."""
    group = parser.getgroup("simulator", "media API simulator")
    for name, metavar, says in (
        ("url", "URL", "use the simulator that runs there, for example in a container, instead of one in this process"),
        ("token", "TOKEN", "the control token of that simulator"),
    ):
        group.addoption(f"--simulator-{name}", metavar=metavar, help=says)
        parser.addini(f"simulator_{name}", says)
    says = (
        "what follows if a test leaves jobs unfinished, or pins and faults unused: warn (the default), error or ignore"
    )
    group.addoption("--simulator-unfinished", choices=_CHOICES, help=says)
    parser.addini("simulator_unfinished", says, default="warn")
    says = "with xdist: one simulator for all workers, instead of one in each"
    group.addoption("--simulator-shared", action="store_true", help=says)
    parser.addini("simulator_shared", says, type="bool", default=False)
    parser.addini("simulator_scenarios", "folders of your own scenarios", type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, and the fixture for asyncio where there is a plugin that can run it.

    Raises:
        pytest.UsageError: a setting cannot be.
    """
    _check_settings(config)
    for says in (
        "scenario(name, vendor=None, operation=None, times=1, job_id=None, seed=None): what jobs of this test play; "
        "with a vendor, it is pinned to its next submits",
        "warp: the whole test runs on the simulator's clock, its sleeps and time-outs too",
    ):
        config.addinivalue_line("markers", says)
    if config.pluginmanager.hasplugin("asyncio"):
        config.pluginmanager.import_plugin("simulator.pytest_plugin.for_asyncio")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say which simulator is used if it is none of our own."""
    url = _url(config)
    return f"simulator: {url}" if url else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist where the one simulator for all is."""
    if said(node.config, "shared") and not said(node.config, "url"):
        from simulator.testing import server

        node.workerinput[_SHARED_URL] = server(_folders(node.config)).url


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Stop our own simulator; whoever used it is done."""
    import sys

    if "simulator.testing" in sys.modules:
        from simulator.testing import stop

        stop()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests that are to run in a warp into one, event loop and all; note where markers are of no use."""
    for item in items:
        if misuse := explain_misuse(item):
            item.stash[_MISUSE] = misuse
        elif item.get_closest_marker("warp") and isinstance(item, pytest.Function):
            item.fixturenames.insert(0, _IN_WARP)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Read what the fixture needs before a test can freeze time, for it keeps real time by what it finds then.

    Raises:
        pytest.UsageError: a simulator elsewhere is to be used, and nobody answers there.
    """
    config = session.config
    wanted = any(not _FIXTURES.isdisjoint(getattr(item, "fixturenames", ())) for item in session.items)
    if not wanted or config.option.collectonly:
        return
    if not _url(config):
        import simulator.testing.local  # noqa: F401
    elif not hasattr(config, "workerinput"):  # to a worker of xdist this would be a crash
        _reach(config)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose markers do nothing as they stand."""
    if misuse := item.stash.get(_MISUSE, ""):
        pytest.fail(f"simulator: {misuse}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report on a test that failed what the simulator knows of it."""
    report = yield
    if call.when == "call":
        item.stash[_HAS_PASSED] = report.passed
    if report.failed:
        sandboxes = [item.stash.get(_SANDBOX, None)]
        if "simulator_session" in getattr(item, "fixturenames", ()):
            sandboxes.append(item.config.stash.get(_OF_SESSION, None))
        for text in [text for one in sandboxes if one is not None and (text := _report(one))]:
            _add_to_failure(report, text)
    return report


def _add_to_failure(report: pytest.TestReport, text: str) -> None:
    """Put it into the failure itself, for JUnit's file holds no other sections unless it is told to."""
    if add := getattr(report.longrepr, "addsection", None):
        add("simulator", text)
    elif isinstance(report.longrepr, str):
        report.longrepr += f"\n\n{' simulator '.center(80, '-')}\n{text}"
    else:
        report.sections.append(("simulator", text))


def _report(sandbox: "Simulator") -> str:
    try:
        return sandbox.report()
    except Exception as error:  # the failure itself matters more than that we cannot explain it
        return f"no report: {type(error).__name__}: {error}"


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Iterator["Simulator"]:
    """A sandbox of the test's own: vendors as attributes, a clock that skips from a fixed instant, dice of its own."""
    defaults, pins = read_scenarios(request.node)
    with _sandbox(request.config, request.node.nodeid, defaults) as sandbox:
        with _told_in_a_line():
            for vendor, name, how in pins:
                sandbox.vendor(vendor).scenario(name, queue=True, **how)
        request.node.stash[_SANDBOX] = sandbox
        yield sandbox
        del request.node.stash[_SANDBOX]
        if request.node.stash.get(_HAS_PASSED, False):
            _see_to_the_end(sandbox, request.config, request.node)


@pytest.fixture(scope="session")
def simulator_session(request: pytest.FixtureRequest) -> Iterator["Simulator"]:
    """A sandbox that all tests of a run share; with xdist, all tests of a worker."""
    with _sandbox(request.config, "session", None) as sandbox:
        request.config.stash[_OF_SESSION] = sandbox
        yield sandbox
        del request.config.stash[_OF_SESSION]
        if not request.session.testsfailed:
            _see_to_the_end(sandbox, request.config, None)


@pytest.fixture(name=_IN_WARP)
def _whole_test_in_warp(simulator: "Simulator") -> Iterator[None]:
    with simulator.warp():
        yield


@contextmanager
def _sandbox(config: pytest.Config, name: str, scenario: str | None) -> Iterator["Simulator"]:
    from simulator.client.errors import Unreachable
    from simulator.testing import open_sandbox

    with _told_in_a_line():
        if unreached := config.stash.get(_UNREACHED, ""):
            raise Unreachable(unreached)
        token = said(config, "token") or None
        try:
            sandbox = open_sandbox(name, url=_url(config), token=token, scenario=scenario, folders=_folders(config))
        except Unreachable as error:
            config.stash[_UNREACHED] = str(error)
            raise
    with sandbox:
        yield sandbox


def _reach(config: pytest.Config) -> None:
    from simulator.client.errors import SimulatorRefused, Unreachable
    from simulator.client.simulator import Simulator

    try:
        with Simulator(_url(config), token=said(config, "token") or None) as main:
            main.state()
    except Unreachable as error:
        raise pytest.UsageError(f"simulator: {error}") from None
    except SimulatorRefused:
        pass  # each test is told why


def _check_settings(config: pytest.Config) -> None:
    if (unfinished := said(config, "unfinished")) not in _CHOICES:
        from simulator.client.errors import nearest

        legal = ", ".join(nearest(unfinished, _CHOICES))
        raise pytest.UsageError(f"simulator_unfinished is {unfinished!r}, and may be: {legal}")
    if url := _url(config):
        from simulator.client.transport import read_url

        try:
            read_url(url)
        except ValueError as error:
            raise pytest.UsageError(f"--simulator-url: {error}") from None


def _see_to_the_end(sandbox: "Simulator", config: pytest.Config, item: pytest.Item | None) -> None:
    """Say what was forgotten, as a warning where the test stands; what a session has forgotten stands nowhere."""
    from simulator.testing import see_to_the_end

    place = (str(config.rootpath), 1) if item is None else (str(item.path), (item.location[1] or 0) + 1)
    forgotten = ""
    try:
        see_to_the_end(sandbox, said(config, "unfinished"), place)
    except AssertionError as error:
        forgotten = str(error)
    if forgotten:
        pytest.fail(f"{forgotten}\n\n{_report(sandbox)}".rstrip(), pytrace=False)


@contextmanager
def _told_in_a_line() -> Iterator[None]:
    """Turn what the simulator refuses into a failure of the test that needs no traceback."""
    from simulator.client.errors import SimulatorRefused

    try:
        yield
    except SimulatorRefused as error:
        raise pytest.fail.Exception(f"simulator: {error}", pytrace=False) from None


def said(config: pytest.Config, name: str) -> Any:
    """Return an option, or else the line of the configuration file."""
    return config.getoption(f"simulator_{name}") or config.getini(f"simulator_{name}")


def _url(config: pytest.Config) -> str:
    handed_over = getattr(config, "workerinput", {}).get(_SHARED_URL, "")
    return str(said(config, "url") or handed_over)


def _folders(config: pytest.Config) -> list[Path]:
    return list(config.getini("simulator_scenarios"))
