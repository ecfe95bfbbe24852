"""OpenShorts for real: clips are cut from a video, shown as they are finished, with the worker's own log."""

from typing import Any

from tests.live.wire import Live

WANTED = {"target_clips": 2, "clip_min_seconds": 5, "clip_max_seconds": 10, "acknowledged": True}


def test_clips_come_one_by_one_and_are_what_is_said_of_them(live: Live) -> None:
    status, job = live.call("POST", "/openshorts/api/process", {"url": live.url("talk.mp4"), **WANTED})

    def is_over(said: Any) -> bool:
        return said["status"] in ("completed", "failed")

    looks = list(live.looks(f"/openshorts/api/status/{job['job_id']}", is_over))
    end = looks[-1]
    clips, logs = end["result"]["clips"], end["logs"]

    assert (status, end["status"], len(clips)) == (200, "completed", 2)
    assert [len(look["logs"]) for look in looks] == sorted(len(look["logs"]) for look in looks)
    assert [line for line in logs if line.startswith("🎬 Processing Clip 1")], logs
    assert logs[-1] == "Process finished successfully."
    assert {len(look["result"]["clips"]) for look in looks if look["result"]} <= {1, 2}
    for clip in clips:
        made = live.download(clip["video_url"])
        name = clip["video_url"].rpartition("/")[2]
        seconds = clip["end"] - clip["start"]
        assert (made.media_type, made.frames[0].shape, made.has_sound) == ("video/mp4", (1920, 1080, 3), True)
        assert abs(len(made.frames) / 4 - seconds) < 0.5
        assert 4.5 <= seconds <= 10.5
        assert any(line.endswith(f"output/{name}") for line in logs), (name, logs)
        assert "SIMULATED" in made.words


def test_a_video_that_is_none_fails_with_the_workers_last_words(live: Live) -> None:
    _, job = live.call("POST", "/openshorts/api/process", {"url": live.url("both.png"), **WANTED})
    end = live.end(f"/openshorts/api/status/{job['job_id']}", lambda said: said["status"] in ("completed", "failed"))

    assert (end["status"], end["result"]) == ("failed", None)
    assert "Execution error: Decoder not found" in end["logs"]
    assert "Process failed with exit code 1" in end["logs"]
