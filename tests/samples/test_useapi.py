"""The samples of useapi.net's status page. Source, 2026-08-01: https://useapi.net/docs/api-faceswap-v1/get-faceswap-jobid."""

import json

import pytest

from simulator.assembly import Background
from tests.samples.running import DAY_MS, javascript, main, python, sample, shell, submit

KEY = "user:12345-abc"
URL = "https://api.useapi.net"
PLACEHOLDER = "jobid returned by faceswap/changebg, faceswap/headshot or faceswap/picsi"


def job(server: Background, scenario: str, later_ms: int) -> str:
    """Submit a headshot that plays a scenario, let time pass and return its id."""
    body = {"prompt": "me, a mad king"}
    said = submit(server, "useapi", "headshot", "/v1/faceswap/headshot", body, scenario, Authorization=f"Bearer {KEY}")
    main(server).advance(later_ms)
    return str(said["jobid"])


ENDS = [
    ("happy", 60_000, '"status":"completed"'),
    ("failed-midway", 10 * 60_000, '"status":"failed"'),
    ("happy", 32 * DAY_MS, '{"error":"Job has expired","code":410}'),
]


@pytest.mark.fact("useapi.jobs.get", "useapi.auth.bearer", "useapi.base.url")
@pytest.mark.parametrize(("scenario", "later_ms", "expected"), ENDS)
def test_the_curl_shows_each_end(server: Background, scenario: str, later_ms: int, expected: str) -> None:
    jobid = job(server, scenario, later_ms)
    text = sample(
        "useapi.sh",
        (URL, f"{server.url}/useapi"),
        ("jobid=\\", f"jobid={jobid} \\"),
        ("Bearer …", f"Bearer {KEY}"),
    )

    assert expected in shell(server, text)


@pytest.mark.fact("useapi.jobs.jobid-missing", "useapi.jobs.jobid-empty")
def test_the_curl_as_printed_names_no_job(server: Background) -> None:
    text = sample("useapi.sh", (URL, f"{server.url}/useapi"), ("Bearer …", f"Bearer {KEY}"))

    assert json.loads(shell(server, text)) == {"error": "Query param jobid not provided", "code": 400}


@pytest.mark.parametrize(
    ("scenario", "later_ms", "status", "word"),
    [
        ("happy", 60_000, "status: 200", "status: 'completed'"),
        ("failed-midway", 10 * 60_000, "status: 200", "status: 'failed'"),
        ("happy", 32 * DAY_MS, "status: 410", "error: 'Job has expired'"),
    ],
)
def test_the_javascript_shows_each_end(
    server: Background, scenario: str, later_ms: int, status: str, word: str
) -> None:
    jobid = job(server, scenario, later_ms)
    text = sample("useapi.mjs", (URL, f"{server.url}/useapi"), ("API token", KEY), (PLACEHOLDER, jobid))

    ended = javascript(server, text)

    assert ended.code == 0, ended.complained
    assert status in ended.printed
    assert word in ended.printed


@pytest.mark.fact("useapi.routing.get-with-content-type")
@pytest.mark.parametrize(
    ("scenario", "later_ms", "expected"),
    [
        ("happy", 60_000, "'status': 'completed'"),
        ("failed-midway", 10 * 60_000, "'status': 'failed'"),
        ("happy", 32 * DAY_MS, "<Response [410]> {'error': 'Job has expired', 'code': 410}"),
    ],
)
def test_the_python_shows_each_end(server: Background, scenario: str, later_ms: int, expected: str) -> None:
    jobid = job(server, scenario, later_ms)
    text = sample("useapi.py.txt", (URL, f"{server.url}/useapi"), ("API token", KEY), (PLACEHOLDER, jobid))

    ended = python(server, text)

    assert ended.code == 0, ended.complained
    assert expected in ended.printed
