"""The samples of DeepSwapAI's status page. Source, 2026-08-01: https://deepswapai.com/developer-docs/endpoints/status."""

import json
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from simulator.assembly import Background
from tests.samples.running import DAY_MS, main, python, sample, shell, submit

JOB_ID = "vjob_xyz789abc"


def job(server: Background, scenario: str) -> None:
    """Submit a video swap that plays a scenario and gets the id of the page's sample."""
    body = {"source_image": "https://example.com/a.jpg", "target_video": "https://example.com/b.mp4"}
    said = submit(
        server, "deepswapai", "videoSwap", "/v1/video-swap", body, scenario, JOB_ID, Authorization="Bearer YOUR_API_KEY"
    )
    assert said["job_id"] == JOB_ID


def loop(server: Background) -> list[str]:
    """Run the page's loop to its end and return the lines it printed."""
    ended = python(server, sample("deepswapai.py.txt"), DEEPSWAPAI_BASE_URL=f"{server.url}/deepswapai/v1")
    assert ended.code == 0, ended.complained
    return ended.lines


def test_the_curl_shows_the_job(server: Background) -> None:
    job(server, "happy")
    text = sample("deepswapai.sh", ("https://api.deepswapai.com", f"{server.url}/deepswapai"))

    first = json.loads(shell(server, text))
    main(server).advance(60_000)
    last = json.loads(shell(server, text))

    assert (first["status"], last["status"]) == ("queued", "completed")


@pytest.mark.parametrize(("scenario", "last_line"), [("slow", "Output URL: http"), ("failed-midway", "Error: ")])
def test_the_loop_ends_as_written(server: Background, scenario: str, last_line: str) -> None:
    job(server, scenario)

    lines = loop(server)

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
def test_a_day_after_the_loop_the_file_is_refused(server: Background) -> None:
    job(server, "happy")
    lines = loop(server)
    url = lines[-1].removeprefix("Output URL: ")
    with urlopen(url) as reply:
        assert reply.headers["Content-Type"] == "video/mp4"

    main(server).advance(DAY_MS)
    after = loop(server)

    assert after[-1] == lines[-1]
    with pytest.raises(HTTPError) as refusal:
        urlopen(url)
    assert refusal.value.code == 403
    refusal.value.close()
