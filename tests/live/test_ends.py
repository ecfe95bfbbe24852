"""What ends a live job otherwise, what it refuses while it runs, and who is told of its end."""

from typing import Any

import pytest

from tests.live.wire import Live

A2E = "/a2e/api/v1/userFaceSwapTask"


def under_way(live: Live, clip: str = "long.mp4") -> str:
    """Submit a task that takes some seconds, and return its id once it is being rendered."""
    said = {"name": "x", "face_url": live.url("hopper.png"), "video_url": live.url(clip)}
    _, job = live.call("POST", f"{A2E}/add", said)
    id = job["data"]["_id"]
    live.until(lambda: (rendering := live.box.job(id).job.rendering) and rendering.total)
    return str(id)


def test_time_cannot_be_moved_while_a_job_is_rendered(live: Live) -> None:
    id = under_way(live)
    refused, problem = live.call("POST", "/_simulator/clock/advance", {"by": "1m"})
    undeleted, said = live.call("DELETE", f"{A2E}/{id}")
    was_busy = live.is_busy
    live.call("POST", "/_simulator/reset")
    moved, _ = live.call("POST", "/_simulator/clock/advance", {"by": "1s"})

    assert refused == 409, problem
    assert id in str(problem)
    assert (undeleted, was_busy, moved) == (400, True, 200), said  # fact a2e.delete.processing


def test_a_reset_ends_everything_and_leaves_nothing(live: Live) -> None:
    id = under_way(live)
    status, _ = live.call("POST", "/_simulator/reset")
    live.until(lambda: not live.is_busy)

    gone, _ = live.call("GET", f"{A2E}/{id}")
    assert (status, gone) == (200, 404)
    live.until(lambda: not live.left_on_disk())


def test_a_cancel_stops_the_render_and_is_what_is_shown(live: Live) -> None:
    files = {
        "source_image": ("a.png", live.data("hopper.png")),
        "target_image_gif_or_video": ("b.mp4", live.data("long.mp4")),
    }
    _, job = live.call("POST", "/useapi/v1/faceswap/picsi", files=files)
    live.until(lambda: live.box.job(job["jobid"]).job.rendering)
    status, said = live.call("GET", f"/useapi/v1/faceswap/jobs/cancel/?jobid={job['jobid']}")
    live.until(lambda: not live.is_busy)

    _, after = live.call("GET", f"/useapi/v1/faceswap/jobs/?jobid={job['jobid']}")
    assert (status, after["status"]) == (200, "cancelled"), said
    live.call("POST", "/_simulator/reset")


@pytest.mark.parametrize(("target", "event"), [("one.mp4", "completed"), ("nobody.mp4", "failed")])
def test_a_webhook_tells_the_end_with_what_was_really_made(live: Live, target: str, event: str) -> None:
    live.told.clear()
    _, job = live.call(
        "POST",
        "/deepswapai/v1/video-swap",
        {
            "source_image": live.url("hopper.png"),
            "target_video": live.url(target),
            "webhook_url": live.url("told"),
        },
    )
    live.until(lambda: live.told)

    [said] = live.told
    assert (said["event"], said["job_id"]) == (f"video_swap.{event}", job["job_id"])
    if event == "completed":
        assert len(live.download(said["output_url"]).frames) == 12
    else:
        assert said["error"] == "No face was found in the target video"


def test_each_vendor_has_words_for_every_reason() -> None:
    from simulator import vendors
    from simulator.media.live.failures import REASONS

    ours = {"out_of_memory", "crashed", "cancelled"}  # told as a failure of which nothing more is said
    faces = {"no_face_in_source", "no_face_in_target", "no_such_face", "too_many_faces", "unreadable_source"}
    for name in vendors.NAMES:
        for kind in vendors.load(name).kinds:
            if kind.live is not None:
                needed = set(REASONS) - ours - (faces if name == "openshorts" else set())
                assert needed <= set(kind.live.failures), (name, kind.name)


CASES: list[tuple[str, str, str]] = [
    ("nobody.png", "one.mp4", "no_face_in_source"),
    ("film.png", "one.mp4", "unreadable_source"),
    ("gone.png", "one.mp4", "unreadable_source"),
    ("hopper.png", "nobody.mp4", "no_face_in_target"),
    ("hopper.png", "gone.mp4", "undecodable"),
    ("hopper.png", "cut.mp4", "undecodable"),
    ("hopper.png", "sound.mp4", "no_video"),
    ("hopper.png", "motion.mp4", "wrong_codec"),
    ("hopper.png", "wide.mp4", "too_large"),
    ("hopper.png", "endless.mp4", "too_long"),
    ("hopper.png", "many.mp4", "too_many_faces"),
]


@pytest.mark.parametrize("vendor", ["deepswapai", "akool", "a2e", "useapi"])
def test_true_failures_are_told_in_each_vendors_words(live: Live, vendor: str) -> None:
    """Each vendor is given the same; ``CASES`` has what comes of it."""
    from simulator import vendors

    cases = [case for case in CASES if vendor != "useapi" or not any("gone" in name for name in case)]
    for case, id in [(case, _submitted(live, vendor, *case[:2])) for case in cases]:
        live.until(lambda id=id: live.box.job(id).is_final)
        shot = live.box.job(id)
        ways = vendors.load(vendor).kind(shot.job.kind).live
        assert ways is not None
        assert shot.job.rendering is not None
        assert shot.failure == ways.failures[case[2]], (case, shot.failure, live.marks()[-3:])
        _, said = live.call("GET", LOOKS[vendor].format(id=id))
        assert ("'faceswap_status': 4" if vendor == "akool" else shot.failure.message) in str(said), (case, said)
    live.call("POST", "/_simulator/reset")
    live.until(lambda: not live.left_on_disk())


LOOKS = {
    "deepswapai": "/deepswapai/v1/status/{id}",
    "akool": "/akool/api/open/v3/faceswap/result/listbyids?_ids={id}",
    "a2e": f"{A2E}/{{id}}",
    "useapi": "/useapi/v1/faceswap/jobs/?jobid={id}",
}


def _submitted(live: Live, vendor: str, source: str, target: str) -> str:
    """Submit a swap and return its id."""
    face, video, said = live.url(source), live.url(target), dict[str, Any]()
    if vendor == "deepswapai":
        _, said = live.call("POST", "/deepswapai/v1/video-swap", {"source_image": face, "target_video": video})
    elif vendor == "akool":
        pair = {"sourceImage": [{"path": face}], "targetImage": [{"path": face}], "modifyVideo": video}
        _, said = live.call("POST", "/akool/api/open/v3/faceswap/highquality/specifyvideo", pair)
    elif vendor == "a2e":
        _, said = live.call("POST", f"{A2E}/add", {"name": "x", "face_url": face, "video_url": video})
    else:
        files = {"source_image": source, "target_image_gif_or_video": target}
        _, said = live.call(
            "POST", "/useapi/v1/faceswap/picsi", files={field: (name, live.data(name)) for field, name in files.items()}
        )
    found = said.get("job_id") or said.get("jobid") or said["data"]["_id"]
    return str(found)
