"""What a job looks like in each profile: its clips, its costs and its log."""

import json
import re
from typing import Any

import pytest

from simulator.assembly import Background
from simulator.jobs.chance import Draws
from simulator.jobs.files import Input
from simulator.vendors.openshorts import VENDOR
from simulator.vendors.openshorts.cuts import cuts
from simulator.vendors.openshorts.texts import TOPICS, drawn_texts
from tests.vendors.openshorts.client import FORM, Client, form, part

COMMON = {
    "video_url", "start", "end", "video_description_for_tiktok", "video_description_for_instagram",
    "video_title_for_youtube_short",
}  # fmt: skip
PROMISED = {"title", "virality_score"}
NEW = {"viral_hook_text", "source_window_id", "predicted_score"}
TOKENS = {"input_tokens", "output_tokens", "total_cost", "model"}
PAGE_COST = {"total_cost", "gemini_api_calls", "whisper_duration_seconds"}


def completed(client: Client, **fields: Any) -> Any:
    job_id = client.submit(acknowledged=True, **fields)
    client.advance(10)
    said = client.status(job_id)
    assert said["status"] == "completed"
    return said


@pytest.mark.fact(
    "openshorts.profile.page",
    "openshorts.profile.head",
    "openshorts.profile.docs",
    "openshorts.clip.page-fields",
    "openshorts.clip.head-fields",
    "openshorts.cost.page",
    "openshorts.cost.head",
)
@pytest.mark.parametrize(
    ("profile", "clip_keys", "cost_keys"),
    [
        ("page", COMMON | PROMISED | NEW, TOKENS | PAGE_COST),
        ("head", COMMON | NEW, TOKENS),
        ("docs", COMMON | PROMISED, PAGE_COST),
    ],
)
def test_the_keys_of_each_profile(client: Client, profile: str, clip_keys: set[str], cost_keys: set[str]) -> None:
    client.switch(profile=profile)

    result = completed(client)["result"]

    assert all(set(clip) == clip_keys for clip in result["clips"])
    assert set(result["cost_analysis"]) == cost_keys


@pytest.mark.fact(
    "openshorts.clip.captions",
    "openshorts.clip.youtube-title",
    "openshorts.clip.stretch",
    "openshorts.clip.virality",
    "openshorts.clip.virality-whole",
    "openshorts.clip.length",
    "openshorts.clip.count",
)
def test_a_clip_tells_its_stretch_its_score_and_its_texts(client: Client) -> None:
    said = completed(client)
    [shot] = client.sandbox.jobs()
    clips = said["result"]["clips"]

    assert 3 <= len(clips) <= 5
    for clip, output in zip(clips, shot.outputs, strict=True):
        assert 0 <= clip["start"] < clip["end"]
        assert output.duration_ms == round(1000 * (clip["end"] - clip["start"]))
        assert 15_000 <= output.duration_ms <= 60_000
        assert output.has_sound
        assert "#" in clip["video_description_for_tiktok"].split()[-1]
        assert "#" in clip["video_description_for_instagram"].split()[-1]
        assert 0 < len(clip["video_title_for_youtube_short"]) <= 100
        assert clip["virality_score"] == clip["predicted_score"]
        assert 0 <= clip["virality_score"] <= 100
    scores = [clip["predicted_score"] for clip in clips]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.fact("openshorts.clip.head-fields")
@pytest.mark.parametrize("length_s", [45, 600, 36_000])
def test_a_window_has_three_digits_and_the_first_is_001(client: Client, length_s: int) -> None:
    clips = completed(client, url=f"https://example.com/a.mp4?duration={length_s}", target_clips=15)["result"]["clips"]

    for clip in clips:
        assert re.fullmatch(r"window_\d{3}", clip["source_window_id"])
        assert int(clip["source_window_id"][-3:]) == min(1 + int(clip["start"] // 60), 999)


def test_a_clip_speaks_of_one_topic() -> None:
    for seed in map(str, range(50)):
        texts = drawn_texts(Draws(seed), 0)
        topics = [topic for topic, _ in TOPICS if topic.title() in texts.title]

        assert len(topics) == 1
        assert topics[0].title() in texts.youtube
        assert f"#{dict(TOPICS)[topics[0]]} " in texts.tiktok


@pytest.mark.fact(
    "openshorts.clip.stretch", "openshorts.clip.virality", "openshorts.clip.virality-whole", "openshorts.clip.captions"
)
@pytest.mark.parametrize("profile", ["page", "head", "docs"])
def test_what_a_clip_says_agrees_with_itself_in_every_scenario(
    server: Background, client: Client, profile: str
) -> None:
    """What no schema can say: one field against another."""
    shown: set[str] = set()
    for name in server.simulator.library.names(VENDOR, VENDOR.kind("clips")):
        if name.startswith("fault-"):
            continue  # whose answers cannot be read on purpose
        client.sandbox.reset()
        client.switch(profile=profile)
        job_id = client.submit(name, acknowledged=True, target_clips=8)
        for seconds in (2, 4, 4, 4, 6, 20, 200, 1000):
            client.advance(seconds)
            said = client.call("GET", f"/api/status/{job_id}").body  # a job of some scenarios expires soon
            for clip in (said.get("result") or {"clips": []})["clips"]:
                shown.add(name)
                assert 0 <= clip["start"] < clip["end"]
                assert len({clip[score] for score in ("virality_score", "predicted_score") if score in clip}) == 1
                for caption in ("video_description_for_tiktok", "video_description_for_instagram"):
                    assert re.search(r"#[^\s#]+$", clip[caption])
    assert {"happy", "out-of-order", "partial-batch", "as-documented"} <= shown


@pytest.mark.fact("openshorts.clip.size", "openshorts.process.output-format")
@pytest.mark.parametrize(
    ("form_of_output", "size_px"),
    [("vertical", (1080, 1920)), ("horizontal", (1920, 1080)), ("square", (1080, 1080)), ("round", (1080, 1920))],
)
def test_the_shape_that_was_asked_for(client: Client, form_of_output: str, size_px: tuple[int, int]) -> None:
    client.submit(output_format=form_of_output)

    [shot] = client.sandbox.jobs()

    assert {(output.width_px, output.height_px) for output in shot.outputs} == {size_px}


@pytest.mark.fact(
    "openshorts.logs.download",
    "openshorts.logs.speech",
    "openshorts.logs.analysis",
    "openshorts.logs.clips",
    "openshorts.logs.server-lines",
)
def test_what_the_newest_worker_prints(client: Client) -> None:
    logs = completed(client, target_clips=2)["logs"]

    starts = [
        "Job ", "Job started by worker.", "🔍 Debug: yt-dlp version: ", "📥 Downloading video from YouTube...",
        "📥 Download attempt: ", "✅ Download succeeded (", "✅ Video downloaded in ", "🎙️  Transcribing video...",
        "🎙️ Transcribing… 40% (", "🎙️ Transcribing… 80% (", "Detected language 'en', 4 segments", "[0.00s -> 4.20s] ",
    ]  # fmt: skip
    assert [line[: len(start)] for line, start in zip(logs, starts, strict=False)] == starts
    for line in (
        "🤖  Analyzing with Gemini (2-pass: score → detail)...",
        "🔥 Found 2 clips!",
        "Step 1: Detecting scenes...",
    ):
        assert line in logs
    assert sum(line.startswith("✅ Clip ") for line in logs) == 2
    assert logs[-2].startswith("⏱️  Total execution time: ")
    assert logs[-1] == "Process finished successfully."
    assert all(line == line.strip() and line for line in logs)


@pytest.mark.fact("openshorts.logs.download")
@pytest.mark.parametrize("profile", ["page", "docs"])
def test_an_upload_is_not_downloaded(client: Client, profile: str) -> None:
    client.switch(profile=profile)

    job_id = client.process(form(part("file", b"film", "talk.mp4"), part("acknowledged", "1")), **FORM).body["job_id"]
    client.advance(10)

    assert not any("ownload" in line for line in client.status(job_id)["logs"])


@pytest.mark.fact("openshorts.logs.parallel")
def test_no_more_than_three_clips_are_rendered_at_once(client: Client) -> None:
    logs = completed(client, target_clips=9)["logs"]

    at_once = most = 0
    for line in logs:
        at_once += line.startswith("🎬 Processing Clip ")
        at_once -= line.startswith("✅ Clip ")
        most = max(most, at_once)
    assert (most, at_once) == (3, 0)


@pytest.mark.fact("openshorts.json.utf8")
def test_json_is_utf8_and_not_escaped(client: Client) -> None:
    job_id = client.submit()
    client.advance(10)

    content = client.call("GET", f"/api/status/{job_id}").content

    assert "🔥 Found".encode() in content
    assert json.loads(content)["status"] == "completed"


@pytest.mark.parametrize("length_s", [0.1, 3, 45, 60, 600, 36_000])
@pytest.mark.parametrize("count", [1, 5, 15])
def test_clips_lie_within_the_source(length_s: float, count: int) -> None:
    source = Input("file", "a.mp4", duration_ms=round(length_s * 1000))
    for seed in map(str, range(20)):
        found = cuts(Draws(seed), count, {}, (source,), {})

        assert len(found) == count
        assert all(cut.length_ms > 0 for cut in found)
        assert all(0 <= cut.start_ms <= cut.start_ms + cut.length_ms <= length_s * 1000 for cut in found)


def test_a_short_longest_clip_asks_for_shorter_ones() -> None:
    found = cuts(Draws("seed"), 5, {"clip_max_seconds": 12}, (), {})

    assert all(7000 <= cut.length_ms <= 12_000 for cut in found)
