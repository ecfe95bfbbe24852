"""A project as users have one: its tests run in a process of their own, with warnings as errors."""

from collections.abc import Callable
from importlib.metadata import entry_points

import pytest

CLIENT = '''
import json, urllib.request, urllib.error

SWAP = {"source_image": "https://example.com/face.jpg", "target_video": "https://example.com/clip.mp4"}


def ask(method, url, body=None, key="YOUR_API_KEY"):
    """Return status and JSON; files and pages as bytes."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            status, said = reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            status, said = error.code, error.read()
    return status, json.loads(said) if said[:1] == b"{" else said


def submit(simulator, **more):
    return ask("POST", simulator.deepswapai.url + "/v1/video-swap", {**SWAP, **more})[1]["job_id"]


def look(simulator, job):
    return ask("GET", simulator.deepswapai.url + "/v1/status/" + job)[1]


def finish(simulator, job):
    while (reply := look(simulator, job))["status"] not in ("completed", "failed"):
        pass
    return reply
'''


def is_found_by_itself() -> bool:
    """Return whether the checkout is installed with the plugin's entry point."""
    return any(found.value == "simulator.pytest_plugin" for found in entry_points(group="pytest11"))


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Return what runs the tests of a made-up project, which may import ``client``; it has no plugin but those named."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("CI", "BUILD_NUMBER"):  # under either, pytest repeats each failure whole in its summary
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(client=CLIENT)
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\npythonpath = .\n")

    def run_it(tests: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(test_it=tests)
        names = ("asyncio", "aiohttp", "xdist", "simulator" if is_found_by_itself() else "simulator.pytest_plugin")
        plugins = [f"-p{name}" for name in ("no:cacheprovider", *names)]
        return pytester.runpytest_subprocess(*plugins, "-W", "error", *options, timeout=120)

    return run_it
