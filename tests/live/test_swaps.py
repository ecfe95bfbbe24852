"""Each vendor's swaps, done for real: its words, numbers that are those of the file, and a file that is what it says."""

import base64
from typing import Any

import numpy as np

from tests.live.wire import Downloaded, Live

MARK = "SIMULATED"


def is_over(said: Any) -> bool:
    return said["status"] in ("completed", "failed")


def test_deepswapai_image(live: Live) -> None:
    said = live.call(
        "POST",
        "/deepswapai/v1/image-swap",
        {
            "source_image": base64.b64encode(live.data("hopper.png")).decode(),
            "target_image": live.url("both.png"),
            "output_format": "jpg",
            "face_index": 1,
        },
    )
    status, image = said
    made = live.download(image["output_url"])

    assert status == 200, said
    assert (image["faces_detected"], image["resolution"]) == (2, "512x256")
    assert (made.media_type, made.picture.format, made.picture.size) == ("image/jpeg", "JPEG", (512, 256))
    assert MARK in made.words
    assert image["job_id"] in made.words
    assert image["processing_time"] > 0


def test_deepswapai_video_counts_frames_that_are_made(live: Live) -> None:
    status, job = live.call(
        "POST",
        "/deepswapai/v1/video-swap",
        {"source_image": live.url("hopper.png"), "target_video": live.url("one.mp4")},
    )
    looks = list(live.looks(f"/deepswapai/v1/status/{job['job_id']}", is_over))
    end = looks[-1]
    made = live.download(end["output_url"])

    assert (status, end["status"]) == (202, "completed")
    counted = [look for look in looks if look.get("total_frames") == 12]
    assert counted, looks
    frames = [look["current_frame"] for look in looks if "current_frame" in look]
    assert frames == sorted(frames)
    assert (len(made.frames), made.frames[0].shape) == (12, (180, 240, 3))
    assert (end["file_size"], end["resolution"], end["duration"]) == (len(made.data), "240x180", 1.0)
    assert (made.media_type, made.has_sound) == ("video/mp4", True)
    assert MARK in made.words
    assert job["job_id"] in made.words
    assert end["expires_at"].endswith("Z")


def test_a_visible_mark_is_in_the_picture_and_the_rest_but_for_the_face_is_as_it_was(live: Live) -> None:
    _, image = live.call(
        "POST",
        "/deepswapai/v1/image-swap",
        {"source_image": live.url("hopper.png"), "target_image": live.url("both.png")},
    )
    made = np.asarray(live.download(image["output_url"]).picture.convert("RGB")).astype(int)
    with Downloaded("image/png", live.data("both.png")).picture as before:
        changed = np.abs(made - np.asarray(before.convert("RGB")).astype(int)).max(2) > 0

    assert changed[-20:, :60].mean() > 0.2  # the word at the lower left
    assert changed[:200, :256].any()  # Hopper, who is the most prominent one
    assert not changed[:200, 256:].any()


def test_deepswapai_batch_shows_partial_results_and_one_image_may_fail(live: Live) -> None:
    _, job = live.call(
        "POST",
        "/deepswapai/v1/batch-swap",
        {
            "source_image": live.url("hopper.png"),
            "target_images": [
                live.url("collins.png"),
                live.url("nobody.png"),
                live.url("gone.png"),
                live.url("both.png"),
            ],
        },
    )
    looks = list(live.looks(f"/deepswapai/v1/status/{job['job_id']}", is_over))
    end = looks[-1]

    assert [look["completed"] + look["failed"] for look in looks if look.get("partial_results")]
    assert (end["status"], end["completed"], end["failed"], end["credits_used"]) == ("completed", 2, 2, 2)
    assert [one.get("error") for one in end["results"]] == [
        None,
        "No face was found in the target image",
        "The target image is neither a URL nor Base64 of a supported format",
        None,
    ]
    made = [live.download(one["output_url"]).picture for one in end["results"] if one["success"]]
    assert [(one.format, one.size) for one in made] == [("PNG", (150, 150)), ("PNG", (512, 256))]


def test_deepswapai_gives_a_mov_where_one_is_asked_for(live: Live) -> None:
    _, job = live.call(
        "POST",
        "/deepswapai/v1/video-swap",
        {"source_image": live.url("hopper.png"), "target_video": live.url("one.mp4"), "output_format": "mov"},
    )
    end = live.end(f"/deepswapai/v1/status/{job['job_id']}", is_over)
    made = live.download(end["output_url"])

    assert (end["status"], end["output_format"], end["file_size"]) == ("completed", "mov", len(made.data))
    assert (made.media_type, made.data[4:12], len(made.frames)) == ("video/quicktime", b"ftypqt  ", 12)
    assert MARK in made.words
    assert made.has_sound


def test_what_is_not_made_live_plays_its_scenario_and_the_journal_says_so(live: Live) -> None:
    before = len(live.marks())
    _, job = live.call(
        "POST",
        "/deepswapai/v1/video-swap",
        {"source_image": live.url("hopper.png"), "target_video": live.url("one.mp4"), "output_format": "webm"},
    )

    assert "live: not rendered, for this request has no live behaviour" in live.marks()[before:]
    assert not live.box.job(job["job_id"]).plan.is_live


def test_a2e_preview_is_a_still_and_its_task_a_video(live: Live) -> None:
    urls = {"face_url": live.url("hopper.png"), "video_url": live.url("one.mp4")}
    _, preview = live.call("POST", "/a2e/api/v1/userFaceSwapPreview/add", urls)
    _, task = live.call("POST", "/a2e/api/v1/userFaceSwapTask/add", {"name": "a try", **urls})

    def ends(said: Any) -> bool:
        return said["data"]["current_status"] in ("completed", "failed")

    still = live.end(f"/a2e/api/v1/userFaceSwapPreview/status?_id={preview['data']['_id']}", ends)["data"]
    end = live.end(f"/a2e/api/v1/userFaceSwapTask/{task['data']['_id']}", ends)["data"]
    picture, video = live.download(still["result_url"]), live.download(end["result_url"])

    assert (picture.media_type, picture.picture.size) == ("image/jpeg", (240, 180))
    assert (len(video.frames), end["duration"], end["error_code"]) == (12, 1, "0")
    assert MARK in picture.words
    assert MARK in video.words


def test_useapi_still_blocks_and_moving_is_followed(live: Live) -> None:
    def files(target: str) -> dict[str, tuple[str, bytes]]:
        named = {"source_image": "hopper.png", "target_image_gif_or_video": target}
        return {field: (name, live.data(name)) for field, name in named.items()}

    status, still = live.call("POST", "/useapi/v1/faceswap/picsi", files=files("collins.png"))
    _, moving = live.call("POST", "/useapi/v1/faceswap/picsi", files=files("one.mp4"))
    end = live.end(f"/useapi/v1/faceswap/jobs/?jobid={moving['jobid']}", is_over)
    picture = live.download(still["attachments"][0]["url"])
    video = live.download(end["attachments"][0]["url"])

    assert (status, still["status"], picture.picture.size) == (200, "completed", (150, 150))
    assert end["status"] == "completed", end
    assert (len(video.frames), end["attachments"][0]["size"]) == (12, len(video.data))


def test_useapi_puts_somebody_before_another_background(live: Live) -> None:
    given = {"image": ("collins.png", live.data("collins.png"))}
    _, job = live.call("POST", "/useapi/v1/faceswap/changebg", {"a_background_photo_of": "a beach"}, files=given)
    end = live.end(f"/useapi/v1/faceswap/jobs/?jobid={job['jobid']}", is_over)
    made = live.download(end["attachments"][0]["url"])

    assert (end["status"], made.picture.format, made.picture.size) == ("completed", "PNG", (150, 150))
    assert MARK in made.words


def test_useapi_headshot_plays_its_scenario_and_the_journal_says_so(live: Live) -> None:
    before = len(live.marks())
    live.call("POST", "/useapi/v1/faceswap/headshot", {"prompt": "me, a king"})

    assert "live: not rendered, for this operation has no live behaviour" in live.marks()[before:]
    live.box.reset()


def test_akool_image_and_video(live: Live) -> None:
    faces = {"sourceImage": [{"path": live.url("hopper.png")}], "targetImage": [{"path": live.url("collins.png")}]}
    path = "/akool/api/open/v3/faceswap/highquality/"
    _, image = live.call("POST", f"{path}specifyimage", {**faces, "modifyImage": live.url("collins.png")})
    _, video = live.call("POST", f"{path}specifyvideo", {**faces, "modifyVideo": live.url("one.mp4")})
    ids = f"{image['data']['_id']},{video['data']['_id']}"

    def ends(said: Any) -> bool:
        return all(row["faceswap_status"] in (3, 4) for row in said["data"]["result"])

    rows = live.end(f"/akool/api/open/v3/faceswap/result/listbyids?_ids={ids}", ends)["data"]["result"]
    made = {row["_id"]: (row["faceswap_status"], row["video_duration"], live.download(row["url"])) for row in rows}

    state, _, picture = made[image["data"]["_id"]]
    assert (state, picture.media_type, picture.picture.size) == (3, "image/png", (150, 150))
    state, seconds, moving = made[video["data"]["_id"]]
    assert (state, seconds, len(moving.frames)) == (3, 1, 12)


def test_akool_swaps_each_of_two_people_by_its_own_pair(live: Live) -> None:
    places = [
        "118,90:138,90:128,102:128,114",
        "358,50:378,50:368,62:368,74",
    ]  # Hopper's face at the left, Collins' at the right
    changes = []
    for names in (("hopper.png", "collins.png"), ("collins.png", "hopper.png")):
        said = {
            "sourceImage": [{"path": live.url(name), "opts": "60,60:90,60:75,75:75,90"} for name in names],
            "targetImage": [{"path": live.url("both.png"), "opts": place} for place in places],
            "modifyImage": live.url("both.png"),
        }
        _, job = live.call("POST", "/akool/api/open/v3/faceswap/highquality/specifyimage", said)
        id = job["data"]["_id"]
        live.until(lambda id=id: live.box.job(id).is_final)  # type: ignore[misc]
        made = np.asarray(live.download(job["data"]["url"]).picture.convert("RGB")).astype(int)
        whole = np.asarray(Downloaded("image/png", live.data("both.png")).picture.convert("RGB")).astype(int)
        change = np.abs(made - whole)[:200]
        changes.append((change[:, :256].sum(), change[:, 256:].sum()))
    themselves, each_other = changes

    assert each_other[0] > 1.5 * themselves[0] > 0  # nobody changes much who becomes who they are
    assert each_other[1] > 1.5 * themselves[1] > 0


def test_akool_analysis_finds_the_people_whom_a_head_swap_then_maps(live: Live) -> None:
    def ends(said: Any) -> bool:
        return said["data"]["status"] in (3, 4)

    base, video = "/akool/api/open/v4/headswap", live.url("two.mp4")
    _, analysis = live.call("POST", f"{base}/analyze", {"video_url": video, "type": "head"})
    found = live.end(f"{base}/analyze/detail?_id={analysis['data']['_id']}", ends)["data"]["analysis_result"]
    crops = [live.download(one["img_url"]).picture.convert("L") for one in found["media"]]
    task = {
        "video_url": video,
        "mappings": [{"obj_id": 1, "img_url": live.url("hopper.png")}],
        "model_name": "akool-premium",
        "resolution": "480p",
    }
    _, swap = live.call("POST", f"{base}/task/create", task)
    end = live.end(f"{base}/task/detail?_id={swap['data']['_id']}", ends)["data"]
    made = live.download(end["video_url"]).frames
    before = Downloaded("video/mp4", live.data("two.mp4")).frames
    changed = np.abs(made[6].astype(int) - before[6].astype(int)).mean(2)

    assert found["detected_objects"] == 2
    assert found["video_info"] == {"width": 320, "height": 240, "fps": 12, "frame_count": 12}
    assert min(crops[0].size) > min(crops[1].size)  # the most prominent person is the first
    assert (end["status"], end["video_duration"], len(made)) == (3, 1, 12)
    shares = [(changed[:200, columns] > 25).mean() for columns in (slice(140), slice(180, None))]
    assert shares[1] > 0.01 > 10 * shares[0]  # Collins at the right was mapped, Hopper not; encoding changes little
