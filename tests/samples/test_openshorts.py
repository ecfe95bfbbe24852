"""The samples and the table of OpenShorts' status page. Source, 2026-08-24: https://mintlify.wiki/mutonby/openshorts/api/status."""

import json
from typing import Any

import pytest

from simulator.assembly import Background
from tests.samples.running import Ended, javascript, look, main, python, sample, shell, submit
from tests.samples.tables import check_table

JOB_ID = "550e8400-e29b-41d4-a716-446655440000"
KEPT_MS = 3_600_000 + 300_000  # an hour and a sweep
FAILED_LOG = [  # beside the page's failed sample
    f"Job {JOB_ID} queued.",
    "Job started by worker.",
    "Downloading video from YouTube...",
    "Process failed with exit code 1",
    "Execution error: yt-dlp download failed",
]


def job(server: Background, scenario: str) -> None:
    """Submit a video that plays a scenario and gets the id of the page's samples."""
    body = {"url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "acknowledged": True}
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


@pytest.mark.fact("openshorts.base.url", "openshorts.status.words", "openshorts.status.course")
def test_the_curl_shows_the_job(server: Background) -> None:
    job(server, "as-documented")

    queued = status(server)
    main(server).advance(60_000)

    assert queued == {"status": "queued", "logs": FAILED_LOG[:1], "result": None}
    assert status(server)["status"] == "completed"


@pytest.mark.fact("openshorts.status.polling", "openshorts.status.completed-sample", "openshorts.clip.page-fields")
def test_the_python_loop_ends_with_the_clips(server: Background) -> None:
    job(server, "as-documented")
    start_ms = main(server).clock.now_ms()

    ended = python_loop(server)

    polls = [line for line in ended.lines if line.startswith("Status: ")]
    assert ended.code == 0, ended.complained
    assert list(dict.fromkeys(polls)) == ["Status: queued", "Status: processing", "Status: completed"]
    assert ended.lines[len(polls) :] == [
        "✅ Generated 2 clips!",
        "  Clip 1: Mind-Blowing AI Secret!",
        "  Clip 2: This Changes Everything",
    ]
    assert main(server).clock.now_ms() - start_ms == 3000 * (len(polls) - 1)


@pytest.mark.fact("openshorts.status.failed-sample", "openshorts.end.page-both")
def test_the_python_loop_ends_with_the_last_lines_of_the_log(server: Background) -> None:
    job(server, "as-documented-failed")

    ended = python_loop(server)

    assert ended.code == 0, ended.complained
    assert ended.lines[-7:] == ["Status: failed", "❌ Processing failed:", *FAILED_LOG]


@pytest.mark.fact("openshorts.status.polling", "openshorts.status.completed-sample")
def test_the_javascript_loop_ends_with_the_clips(server: Background) -> None:
    job(server, "as-documented")
    start_ms = main(server).clock.now_ms()

    ended = javascript_loop(server)

    polls = [line for line in ended.lines if line.startswith("Status: ")]
    assert (ended.code, ended.complained) == (0, "")
    assert ended.lines[:2] == ["Status: queued", FAILED_LOG[0]]
    assert list(dict.fromkeys(polls)) == ["Status: queued", "Status: processing", "Status: completed"]
    assert "✅ Clips ready: [" in ended.lines
    assert ended.printed.partition("Processing complete! {")[2].count("video_url: '/videos/") == 2
    assert main(server).clock.now_ms() - start_ms == 3000 * (len(polls) - 1)


@pytest.mark.fact("openshorts.status.failed-sample")
def test_the_javascript_loop_ends_with_an_error(server: Background) -> None:
    job(server, "as-documented-failed")

    ended = javascript_loop(server)

    assert (ended.code, ended.lines[-1]) == (0, "Status: failed")
    assert ended.complained.startswith("❌ Processing failed: [")
    assert all(repr(line) in ended.complained for line in FAILED_LOG)
    assert "Job failed: Error: Job failed" in ended.complained


@pytest.mark.parametrize(("scenario", "end"), [("happy", "completed"), ("failed-midway", "failed")])
def test_both_loops_see_any_job_through(server: Background, scenario: str, end: str) -> None:
    ends = []
    for loop in (python_loop, javascript_loop):
        main(server).reset()
        job(server, scenario)
        ends.append([line for line in loop(server).lines if line.startswith("Status: ")])

    assert ends[0] == ends[1]
    assert (ends[0][0], ends[0][-1]) == ("Status: processing", f"Status: {end}")


@pytest.mark.fact("openshorts.status.unknown-job", "openshorts.retention.hour", "openshorts.error.detail")
@pytest.mark.parametrize("was_there", [True, False])
def test_neither_loop_is_ready_for_a_job_that_is_gone(server: Background, was_there: bool) -> None:
    if was_there:
        job(server, "happy")
        main(server).advance(60_000 + KEPT_MS)
    start_ms = main(server).clock.now_ms()

    by_python, by_javascript = python_loop(server), javascript_loop(server)

    assert status(server) == {"detail": "Job not found"}
    assert (by_python.code, by_python.printed) == (1, "")
    assert by_python.complained.splitlines()[-1] == "KeyError: 'status'"
    assert (by_javascript.code, by_javascript.printed) == (0, "Status: undefined\n")
    assert by_javascript.complained.startswith("Job failed: TypeError: Cannot read properties of undefined")
    assert main(server).clock.now_ms() == start_ms


@pytest.mark.fact("openshorts.clip.head-fields")
def test_the_python_loop_misses_the_titles_of_the_newest_server(server: Background) -> None:
    main(server).set_switches({"openshorts.profile": "head"})
    job(server, "happy")

    ended = python_loop(server)

    assert ended.lines[-1].startswith("✅ Generated ")
    assert ended.complained.splitlines()[-1] == "KeyError: 'title'"


TABLE = {"status": "string", "logs": "array", "logs[]": "string", "result": "object | null"}
RESULT = {  # the last two are in the page's sample alone
    "clips": "array",
    "clips[].video_url": "string",
    "clips[].title": "string",
    "clips[].video_description_for_tiktok": "string",
    "clips[].video_description_for_instagram": "string",
    "clips[].video_title_for_youtube_short": "string",
    "clips[].start": "number",
    "clips[].end": "number",
    "clips[].virality_score": "number",
    "cost_analysis": "object",
    "cost_analysis.total_cost": "number",
    "cost_analysis.gemini_api_calls": "integer",
    "cost_analysis.whisper_duration_seconds": "number",
}


@pytest.mark.fact("openshorts.status.three-keys", "openshorts.clip.page-fields", "openshorts.cost.page",
                  "openshorts.result.incremental", "openshorts.cost.while-processing")  # fmt: skip
@pytest.mark.parametrize("profile", ["page", "docs"])
@pytest.mark.parametrize(
    ("scenario", "course"),
    [
        ("as-documented", ["queued", "processing", "processing with clips", "completed with clips"]),
        ("happy", ["processing", "processing with clips", "completed with clips"]),
        ("as-documented-failed", ["queued", "processing", "failed"]),
        ("failed-midway", ["processing", "processing with clips", "failed with clips"]),
    ],
)
def test_the_table_holds_in_every_state(server: Background, profile: str, scenario: str, course: list[str]) -> None:
    main(server).set_switches({"openshorts.profile": profile})
    job(server, scenario)

    seen: dict[str, bool] = {}
    for _ in range(30):
        said = look(f"{server.url}/openshorts/api/status/{JOB_ID}")
        check_table(said, TABLE)
        if said["result"] is not None:
            check_table(said["result"], RESULT)
        seen[said["status"] + (" with clips" if said["result"] else "")] = True
        main(server).advance(1000)

    assert list(seen) == course
