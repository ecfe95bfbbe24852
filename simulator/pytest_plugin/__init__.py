"""The pytest plugin: a fixture ``simulator`` that is a sandbox of the test's own, and a report where a test fails.

All else is imported at first use, for this module is in every run of every project that has the simulator installed.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulator.client.simulator import Simulator

_SANDBOX, _HAS_PASSED = pytest.StashKey["Simulator"](), pytest.StashKey[bool]()
_OF_SESSION = pytest.StashKey["Simulator"]()
_SHARED_URL = "simulator_url"  # in xdist's workerinput
_FIXTURES = {"simulator", "simulator_session"}
_IN_WARP = "_whole_test_in_warp"


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
    group.addoption("--simulator-unfinished", choices=("warn", "error", "ignore"), help=says)
    parser.addini("simulator_unfinished", says, default="warn")
    says = "with xdist: one simulator for all workers, instead of one in each"
    group.addoption("--simulator-shared", action="store_true", help=says)
    parser.addini("simulator_shared", says, type="bool", default=False)
    parser.addini("simulator_scenarios", "folders of your own scenarios", type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, and the fixture for asyncio where there is a plugin that can run it."""
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
    """Put tests that are to run in a warp into one, event loop and all."""
    for item in items:
        if item.get_closest_marker("warp") and isinstance(item, pytest.Function):
            item.fixturenames.insert(0, _IN_WARP)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Read what the fixture needs before a test can freeze time, for it keeps real time by what it finds then."""
    wanted = any(not _FIXTURES.isdisjoint(getattr(item, "fixturenames", ())) for item in session.items)
    if wanted and not session.config.option.collectonly and not _url(session.config):
        import simulator.testing.local  # noqa: F401


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
        report.sections += [("simulator", text) for one in sandboxes if one is not None and (text := _report(one))]
    return report


def _report(sandbox: "Simulator") -> str:
    try:
        return sandbox.report()
    except Exception as error:  # the failure itself matters more than that we cannot explain it
        return f"no report: {type(error).__name__}: {error}"


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Iterator["Simulator"]:
    """A sandbox of the test's own: vendors as attributes, a clock that skips from a fixed instant, dice of its own."""
    defaults, pins = _scenarios(request.node)
    with _sandbox(request.config, request.node.nodeid, defaults) as sandbox:
        request.node.stash[_SANDBOX] = sandbox
        for vendor, name, how in pins:
            with _told_in_a_line():
                sandbox.vendor(vendor).scenario(name, queue=True, **how)
        yield sandbox
        del request.node.stash[_SANDBOX]
        if request.node.stash.get(_HAS_PASSED, False):
            _see_to_the_end(sandbox, request.config)


@pytest.fixture(scope="session")
def simulator_session(request: pytest.FixtureRequest) -> Iterator["Simulator"]:
    """A sandbox that all tests of a run share; with xdist, all tests of a worker."""
    with _sandbox(request.config, "session", None) as sandbox:
        request.config.stash[_OF_SESSION] = sandbox
        yield sandbox
        del request.config.stash[_OF_SESSION]
        if not request.session.testsfailed:
            _see_to_the_end(sandbox, request.config)


@pytest.fixture(name=_IN_WARP)
def _whole_test_in_warp(simulator: "Simulator") -> Iterator[None]:
    with simulator.warp():
        yield


@contextmanager
def _sandbox(config: pytest.Config, name: str, scenario: str | None) -> Iterator["Simulator"]:
    from simulator.testing import open_sandbox

    with _told_in_a_line():
        token = said(config, "token") or None
        sandbox = open_sandbox(name, url=_url(config), token=token, scenario=scenario, folders=_folders(config))
    with sandbox:
        yield sandbox


def _see_to_the_end(sandbox: "Simulator", config: pytest.Config) -> None:
    from simulator.testing import see_to_the_end

    forgotten = ""
    try:
        see_to_the_end(sandbox, said(config, "unfinished"))
    except AssertionError as error:
        forgotten = str(error)
    if forgotten:
        pytest.fail(f"{forgotten}\n\n{_report(sandbox)}".rstrip(), pytrace=False)


@contextmanager
def _told_in_a_line() -> Iterator[None]:
    """Turn what the simulator refuses into a failure of the test that needs no traceback."""
    from simulator.client.errors import SimulatorRefused

    refused = ""
    try:
        yield
    except SimulatorRefused as error:
        refused = str(error)
    if refused:
        pytest.fail(f"simulator: {refused}", pytrace=False)


def _scenarios(node: pytest.Item) -> tuple[str | None, list[tuple[str, str | None, dict[str, Any]]]]:
    """Return the scenario that all jobs of a test play, and what is to be pinned; the nearest marker counts."""
    default: str | None = None
    nearest: dict[tuple[str, str | None], Any] = {}
    pins = []
    for place, mark in node.iter_markers_with_node("scenario"):
        name, how = _read_marker(*mark.args, **mark.kwargs)
        vendor = how.pop("vendor", None)
        if vendor is None:
            if how or name is None:
                pytest.fail(f"@pytest.mark.scenario({mark.args} {mark.kwargs}) needs a name or a vendor", pytrace=False)
            default = default or name
        elif nearest.setdefault((vendor, how.get("operation")), place) is place:
            pins.append((vendor, name, how))
    return default, pins


def _read_marker(name: str | None = None, **how: Any) -> tuple[str | None, dict[str, Any]]:
    return name, how


def said(config: pytest.Config, name: str) -> Any:
    """Return an option, or else the line of the configuration file."""
    return config.getoption(f"simulator_{name}") or config.getini(f"simulator_{name}")


def _url(config: pytest.Config) -> str:
    handed_over = getattr(config, "workerinput", {}).get(_SHARED_URL, "")
    return str(said(config, "url") or handed_over)


def _folders(config: pytest.Config) -> list[Path]:
    return list(config.getini("simulator_scenarios"))
