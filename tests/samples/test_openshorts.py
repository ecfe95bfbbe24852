"""The samples and the table of OpenShorts' status page. Source, 2026-08-24: https://mintlify.wiki/mutonby/openshorts/api/status."""

import json
from typing import Any

import pytest

from simulator.assembly import Background
from tests.samples.running import Ended, javascript, main, python, sample, shell, submit
from tests.samples.tables import check_table

JOB_ID = "550e8400-e29b-41d4-a716-446655440000"
HOUR_MS, SWEEP_MS = 3_600_000, 300_000
LOST = [
    f"Job {JOB_ID} queued.",
    "Job started by worker.",
    "Downloading video from YouTube...",
    "Process failed with exit code 1",
    "Execution error: yt-dlp download failed",
]
"""The log beside the page's failed sample."""


def job(server: Background, scenario: str, **fields: Any) -> None:
    """Submit a video that plays a scenario and gets the id of the page's samples."""
    body = {"url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "acknowledged": True, **fields}
    said = submit(
        server, "openshorts", "processVideo", "/api/process", body, scenario, JOB_ID, X_Gemini_Key="YOUR_GEMINI_KEY"
    )
    assert said == {"job_id": JOB_ID, "status": "queued"}


def page(server: Background, name: str) -> str:
    return sample(name, ("http://localhost:8000", f"{server.url}/openshorts"))


def status(server: Background) -> Any:
    """Run the page's curl."""
    return json.loads(shell(server, page(server, "openshorts.sh")))


def python_loop(server: Background) -> Ended:
    return python(server, page(server, "openshorts.py.txt"))


def javascript_loop(server: Background) -> Ended:
    return javascript(server, page(server, "openshorts.mjs"))
