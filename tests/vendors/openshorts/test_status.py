"""The status of a job: the page's samples value for value, clips as they are rendered, and every ending."""

from itertools import pairwise
from typing import Any

import pytest

from tests.vendors.openshorts.client import FORM, ID, VIDEO, Client, form, part

CLIPS = [
    {
        "video_url": f"/videos/{ID}/video_123_clip_1.mp4",
        "title": "Mind-Blowing AI Secret!",
        "video_description_for_tiktok": "This AI trick will change everything! #ai #tech #viral",
        "video_description_for_instagram": "You won't believe what AI can do now 🤯 #ai #tech #reels",
        "video_title_for_youtube_short": "AI Secret That Shocked Everyone",
        "start": 45.2,
        "end": 68.5,
        "virality_score": 87,
    },
    {
        "video_url": f"/videos/{ID}/video_123_clip_2.mp4",
        "title": "This Changes Everything",
        "video_description_for_tiktok": "Wait for the ending 😱 #viral #mindblown",
        "video_description_for_instagram": "The plot twist at the end! 🔥 #viral #trending",
        "video_title_for_youtube_short": "The Ending Will Shock You",
        "start": 120.0,
        "end": 155.3,
        "virality_score": 92,
    },
]
"""Source: https://mintlify.wiki/mutonby/openshorts/api/status, 2026-08-24."""

PHASES = [
    "Downloading video from YouTube...",
    "Transcribing audio with Whisper...",
    "Detecting scenes with PySceneDetect...",
    "Analyzing viral moments with Gemini AI...",
]
STARTED = [f"Job {ID} queued.", "Job started by worker."]


def documented(client: Client, scenario: str) -> None:
    answer = client.process({"url": VIDEO}, X_Simulator_Scenario=scenario, X_Simulator_Job_Id=ID)
    assert answer.body == {"job_id": ID, "status": "queued"}


@pytest.mark.fact(
    "openshorts.status.queued-sample",
    "openshorts.status.processing-sample",
    "openshorts.status.completed-sample",
    "openshorts.status.three-keys",
    "openshorts.status.words",
    "openshorts.status.course",
    "openshorts.status.polling",
    "openshorts.clip.page-fields",
    "openshorts.clip.relative-url",
    "openshorts.clip.file-name",
    "openshorts.cost.page",
    "openshorts.logs.server-lines",
    "openshorts.logs.page-lines",
    "openshorts.end.completed",
    "openshorts.profile.docs",
)
def test_the_documented_job(client: Client) -> None:
    documented(client, "as-documented")

    queued = client.status(ID)
    client.advance(3 + 8 * 0.6)
    processing = client.status(ID)
    client.advance(60)
    completed = client.status(ID)

    assert queued == {"status": "queued", "logs": STARTED[:1], "result": None}
    assert processing == {"status": "processing", "logs": [*STARTED, *PHASES], "result": None}
    assert [*completed] == ["status", "logs", "result"]
    assert completed["status"] == "completed"
    assert completed["logs"] == [
        *STARTED,
        *PHASES,
        "Process finished successfully.",
    ]  # the page has "..." for the phases
    assert completed["result"] == {
        "clips": CLIPS,
        "cost_analysis": {"total_cost": 0.0042, "gemini_api_calls": 3, "whisper_duration_seconds": 180},
    }
    assert [[*clip] for clip in completed["result"]["clips"]] == [[*clip] for clip in CLIPS]
    assert isinstance(completed["result"]["cost_analysis"]["whisper_duration_seconds"], int)


@pytest.mark.fact("openshorts.status.failed-sample", "openshorts.end.exit-code", "openshorts.end.page-both")
def test_the_documented_failure(client: Client) -> None:
    documented(client, "as-documented-failed")
    client.advance(60)

    assert client.status(ID) == {
        "status": "failed",
        "logs": [*STARTED, PHASES[0], "Process failed with exit code 1", "Execution error: yt-dlp download failed"],
        "result": None,
    }


def watched(client: Client, scenario: str, seconds: float = 80, **fields: Any) -> list[tuple[int, Any]]:
    """Play a job and look every 200 ms; return each look that differs from the one before, with its instant."""
    job_id = client.submit(scenario, **fields)
    start_ms = client.sandbox.clock.now_ms()
    looks: list[tuple[int, Any]] = []
    for _ in range(int(seconds * 5)):
        said = client.status(job_id)
        if not looks or said != looks[-1][1]:
            looks.append((client.sandbox.clock.now_ms() - start_ms, said))
        client.advance(0.2)
    return looks


@pytest.mark.fact(
    "openshorts.result.incremental",
    "openshorts.result.first-clip",
    "openshorts.result.order",
    "openshorts.tick.two-seconds",
    "openshorts.tick.what",
    "openshorts.cost.while-processing",
    "openshorts.logs.live",
    "openshorts.logs.append-only",
)
def test_clips_show_on_the_tick_in_the_order_of_their_ranking(client: Client) -> None:
    client.advance(0.7)

    looks = watched(client, "out-of-order")

    results, logs = [], []
    for before, after in pairwise(looks):
        assert after[1]["logs"][: len(before[1]["logs"])] == before[1]["logs"]
        if after[1]["result"] != before[1]["result"]:
            results.append((after[0], [clip["video_url"] for clip in after[1]["result"]["clips"]]))
            assert after[1]["result"]["cost_analysis"]
        elif after[1]["status"] == "processing":
            logs.append(after[0])
    assert looks[0][1]["result"] is None
    assert all(at_ms % 2000 == 0 for at_ms, _ in results)
    assert not all(at_ms % 2000 == 0 for at_ms in logs)
    assert all(urls == sorted(urls) for _, urls in results)
    assert any(later[: len(earlier)] != earlier for (_, earlier), (_, later) in pairwise(results))
    assert looks[-1][1]["status"] == "completed"
    assert len(results[-1][1]) == 6


@pytest.mark.fact("openshorts.tick.two-seconds", "openshorts.queue.workers", "openshorts.queue.fifo")
def test_the_sixth_job_waits_for_a_slot_and_its_rhythm_starts_with_it(client: Client) -> None:
    client.advance(0.7)  # so that the epoch has another rhythm
    first = client.submit("happy")
    submitted_ms = client.sandbox.clock.now_ms()
    client.advance(0.7)
    ids = [client.submit("stuck") for _ in range(4)] + [client.submit("happy") for _ in range(2)]
    assert [client.status(job_id)["status"] for job_id in ids[4:]] == ["queued", "queued"]

    while client.status(first)["status"] == "processing":
        client.advance(0.1)

    assert [client.status(job_id)["status"] for job_id in ids[4:]] == ["processing", "queued"]
    granted_ms = client.sandbox.clock.now_ms()
    assert (granted_ms - submitted_ms) % 2000 == 0
    while client.status(ids[4])["status"] == "processing":
        client.advance(0.1)
    assert (client.sandbox.clock.now_ms() - granted_ms) % 2000 == 0
    assert client.status(ids[5])["status"] == "processing"


@pytest.mark.fact("openshorts.end.exit-code", "openshorts.result.kept", "openshorts.status.end-stays")
def test_a_job_that_fails_keeps_the_clips_it_had(client: Client) -> None:
    client.switch(profile="head")

    looks = watched(client, "failed-midway", 30, target_clips=8, acknowledged=True)

    last = looks[-1][1]
    assert last["status"] == "failed"
    assert 0 < len(last["result"]["clips"]) < 8
    assert last["result"] == looks[-2][1]["result"]
    assert last["logs"][-2:] == ["RuntimeError: ffmpeg was killed", "Process failed with exit code 137"]
    kept = last["result"]["clips"][0]["video_url"]
    assert client.call("HEAD", kept).status == 200
    client.advance(3000)
    assert client.status(client.sandbox.jobs()[0].job.id) == last


@pytest.mark.fact("openshorts.end.exit-code", "openshorts.end.page-both")
@pytest.mark.parametrize(
    ("profile", "ending"),
    [
        ("page", ["Process failed with exit code 137", "Execution error: ffmpeg was killed"]),
        ("docs", ["Process failed with exit code 137", "Execution error: ffmpeg was killed"]),
        ("head", ["RuntimeError: ffmpeg was killed", "Process failed with exit code 137"]),
    ],
)
def test_how_a_bad_end_is_told(client: Client, profile: str, ending: list[str]) -> None:
    client.switch(profile=profile)
    job_id = client.submit("failed-midway", acknowledged=True)
    client.advance(30)

    assert client.status(job_id)["logs"][-2:] == ending


@pytest.mark.parametrize("marked", ["url", "file"])
def test_what_is_sent_may_name_the_scenario(client: Client, marked: str) -> None:
    if marked == "url":
        answer = client.process({"url": "https://example.com/a.mp4?scenario=failed-launch"})
    else:
        answer = client.process(form(part("file", b"film", "failed-launch.mp4")), **FORM)
    client.advance(2)

    assert client.status(answer.body["job_id"])["status"] == "failed"


@pytest.mark.fact("openshorts.end.no-metadata")
def test_no_metadata_is_a_failure_without_clips(client: Client) -> None:
    looks = watched(client, "failed-no-metadata", 20, target_clips=9)

    last = looks[-1][1]
    assert last["status"] == "failed"
    assert last["logs"][-2:] == ["Process finished successfully.", "No metadata file generated."]
    assert all(said["result"] is None for _, said in looks)
    assert not any("Found" in line for line in last["logs"])


@pytest.mark.fact("openshorts.end.launch")
def test_a_worker_that_cannot_be_started(client: Client) -> None:
    job_id = client.submit("failed-launch")
    client.advance(2)

    assert client.status(job_id) == {
        "status": "failed",
        "logs": [
            f"Job {job_id} queued.",
            "Job started by worker.",
            "Execution error: [Errno 12] Cannot allocate memory",
        ],
        "result": None,
    }


@pytest.mark.fact("openshorts.result.all-at-the-end")
def test_a_clip_whose_rendering_failed_is_listed_at_the_end_and_has_no_file(client: Client) -> None:
    looks = watched(client, "partial-batch", 20, target_clips=3)

    urls = [clip["video_url"] for clip in looks[-1][1]["result"]["clips"]]
    assert [client.call("HEAD", url).status for url in urls] == [200, 404, 200]
    for _, said in looks[:-1]:
        assert urls[1] not in [clip["video_url"] for clip in (said["result"] or {"clips": []})["clips"]]
    assert "❌ Clip 2 failed: RuntimeError: No face was found" in looks[-1][1]["logs"]


@pytest.mark.fact("openshorts.status.unknown-job")
@pytest.mark.parametrize("change", [str.upper, lambda job_id: "nope", lambda job_id: job_id + "x"])
def test_any_other_id_is_unknown(client: Client, change: Any) -> None:
    answer = client.call("GET", f"/api/status/{change(client.submit())}")

    assert (answer.status, answer.body) == (404, {"detail": "Job not found"})


@pytest.mark.fact(
    "openshorts.retention.hour",
    "openshorts.retention.head",
    "openshorts.retention.sweep",
    "openshorts.config.retention",
    "openshorts.files.missing",
)
@pytest.mark.parametrize(("profile", "kept_s"), [("page", 3600), ("docs", 3600), ("head", 86_400)])
def test_a_job_is_gone_after_its_term_at_the_next_sweep(client: Client, profile: str, kept_s: int) -> None:
    client.switch(profile=profile)
    job_id = client.submit("stuck", acknowledged=True)
    client.advance(1800)
    client.sandbox.force(job_id, to="completed")
    client.advance(2)
    url = client.status(job_id)["result"]["clips"][0]["video_url"]

    client.advance(kept_s)
    assert client.status(job_id)["status"] == "completed"
    client.advance(300.001)

    gone = client.call("GET", f"/api/status/{job_id}")
    assert (gone.status, gone.detail) == (404, "Job not found")
    assert client.call("GET", url).status == 404
    assert client.call("GET", "/api/config").body["jobRetentionSeconds"] == kept_s


def test_a_failure_that_a_test_forces_takes_no_line_back(client: Client) -> None:
    job_id = client.submit("slow")
    client.advance(200)
    before = client.status(job_id)["logs"]

    client.sandbox.force(job_id, to="failed")

    after = client.status(job_id)
    assert after["status"] == "failed"
    assert after["logs"][: len(before)] == before
