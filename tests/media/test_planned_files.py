"""Outputs are planned as their formats allow; inputs given as URLs are imagined, never fetched."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.jobs.files import (
    KINDS,
    MOST_BYTES,
    MOST_FRAMES,
    MOST_MS,
    MOST_PX,
    WEBM_SIZES_PX,
    ImpossibleOutput,
    Input,
    Output,
    check_planned,
    imagine_input,
    least_bytes,
    media_type_of,
    plan_output,
    typical_bytes,
)
from tests.media.outputs import example, outputs


def _plan(media_type: str, width_px: int = 640, height_px: int = 360, **changes: Any) -> Output:
    return plan_output("results/plan", media_type, width_px, height_px, **({"seed": "seed"} | changes))


@given(outputs())
def test_planning_a_plan_again_changes_nothing(output: Output) -> None:
    check_planned(output)


@given(outputs())
def test_a_size_not_asked_for_is_possible_and_typical(output: Output) -> None:
    assert least_bytes(output) <= output.size_bytes <= MOST_BYTES
    assert output.size_bytes == max(typical_bytes(output), least_bytes(output)) or output.media_type == "image/webp"


@pytest.mark.parametrize(
    ("media_type", "least", "most"),
    [("image/png", 2e6, 5e6), ("image/jpeg", 3e5, 8e5), ("video/mp4", 8e6, 16e6), ("video/webm", 5e6, 12e6)],
)
def test_full_hd_has_the_size_one_expects(media_type: str, least: float, most: float) -> None:
    length = {} if media_type.startswith("image") else {"duration_ms": 10_000}

    assert least < _plan(media_type, 1920, 1080, **length).size_bytes < most


def test_sizes_vary_with_the_seed() -> None:
    assert len({_plan("image/png", seed=f"{number}").size_bytes for number in range(20)}) > 15


@pytest.mark.parametrize("media_type", ["video/mp4", "video/quicktime"])
def test_odd_sides_of_a_video_are_rounded_up(media_type: str) -> None:
    output = _plan(media_type, 853, 479, duration_ms=1000)

    assert (output.width_px, output.height_px) == (854, 480)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ((1920, 1080), (1920, 1080)),
        ((1900, 1000), (1920, 1080)),
        ((8000, 4000), (3840, 2160)),
        ((270, 480), (360, 640)),
    ],
)
def test_a_webm_takes_the_nearest_size(asked: tuple[int, int], given: tuple[int, int]) -> None:
    output = _plan("video/webm", *asked, duration_ms=1000)

    assert (output.width_px, output.height_px) == given
    assert given in WEBM_SIZES_PX


def test_an_animation_lasts_whole_hundredths_at_least_two_a_frame() -> None:
    assert _plan("image/gif", duration_ms=1234, frames=10).duration_ms == 1230
    assert _plan("image/gif", duration_ms=100, frames=10).duration_ms == 200
    assert _plan("image/gif").duration_ms == 0


def test_frames_follow_from_the_rate() -> None:
    assert _plan("video/mp4", duration_ms=45_000).frames == 1350
    assert _plan("video/mp4", duration_ms=45_000, fps=25).frames == 1125
    assert _plan("image/gif", duration_ms=3000).frames == 30
    assert _plan("image/png").frames == 1


@pytest.mark.parametrize("media_type", list(KINDS))
def test_too_small_a_size_is_refused_with_the_least(media_type: str) -> None:
    least = least_bytes(example(media_type))

    with pytest.raises(ImpossibleOutput, match=rf"{least - 1} bytes asked, but it takes {least} to"):
        example(media_type, size_bytes=least - 1)


@pytest.mark.parametrize(
    ("media_type", "changes", "message"),
    [
        ("video/x-flv", {}, "no file of type 'video/x-flv' can be made, only image/png"),
        ("image/png", {"width_px": 0}, "0x360 asked, but each side takes 1 to 8192 pixels"),
        ("image/png", {"height_px": 8193}, "640x8193 asked"),
        ("image/png", {"duration_ms": 1000}, "is a single picture"),
        ("image/jpeg", {"frames": 2}, "is a single picture"),
        ("image/png", {"has_sound": True}, "only MP4 and MOV files have sound"),
        ("image/png", {"size_bytes": MOST_BYTES + 1}, "bytes asked, but it takes"),
        ("image/gif", {"frames": 1, "duration_ms": 700_000}, "a frame of a GIF lasts at most"),
        ("video/mp4", {}, "1 frames in 0 ms asked"),
        ("video/mp4", {"frames": 11, "duration_ms": 10}, "11 frames in 10 ms asked"),
        ("video/mp4", {"frames": 0, "duration_ms": 10}, "at least one frame"),
        ("video/mp4", {"frames": MOST_FRAMES + 1, "duration_ms": MOST_MS}, "at most 2000000 frames"),
        ("video/mp4", {"frames": 1, "duration_ms": MOST_MS + 1}, "at most 2000000 frames and 43200000 ms"),
    ],
)
def test_what_a_format_cannot_do_is_refused(media_type: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ImpossibleOutput, match=message):
        _plan(media_type, **changes)


@given(outputs())
def test_an_output_survives_json(output: Output) -> None:
    assert msgspec.json.decode(msgspec.json.encode(output), type=Output) == output


def test_a_file_name_tells_its_type() -> None:
    assert media_type_of("Clip.MP4") == "video/mp4"
    assert media_type_of("no-suffix") == media_type_of("notes.txt") == ""


def test_a_url_tells_what_is_behind_it() -> None:
    url = "https://files.test/in/clip%201.mp4?width=1280&height=720&duration=12.5&frames=300&faces=2&bytes=99"

    assert imagine_input("video_url", url, "video") == Input(
        field="video_url",
        name="clip 1.mp4",
        url=url,
        media_type="video/mp4",
        kind="video",
        size_bytes=99,
        width_px=1280,
        height_px=720,
        duration_ms=12_500,
        frames=300,
        faces=2,
    )


def test_a_url_always_means_the_same_and_another_url_something_else() -> None:
    imagined = [imagine_input("image", f"https://files.test/{number}.jpg", "image") for number in range(30)]

    assert imagined[7] == imagine_input("image", "https://files.test/7.jpg", "image")
    assert len({(one.width_px, one.height_px) for one in imagined}) > 1
    assert {one.faces for one in imagined} == {1}


@pytest.mark.parametrize(
    ("url", "kind", "expected"),
    [
        ("https://files.test/a.gif", "", ("animation", "image/gif")),
        ("https://files.test/a.mov", "", ("video", "video/quicktime")),
        ("https://files.test/a", "", ("image", "image/jpeg")),
        ("https://files.test/a.webp", "image", ("image", "image/webp")),
        ("https://files.test/a.png", "video", ("video", "video/mp4")),
    ],
)
def test_the_kind_asked_for_counts_more_than_the_name(url: str, kind: str, expected: tuple[str, str]) -> None:
    imagined = imagine_input("media", url, kind)

    assert (imagined.kind, imagined.media_type) == expected


@pytest.mark.parametrize("faces", [0, 3])
def test_faces_can_be_told_to_be_none(faces: int) -> None:
    assert imagine_input("image", f"https://files.test/a.png?faces={faces}").faces == faces


rubbish = st.sampled_from(["-1", "0", "1e9", "NaN", "inf", "9" * 50, "١٢", "", "12px", "0x10", " 7", "1_000", "3.5.7"])


@given(rubbish, rubbish, rubbish, rubbish)
def test_rubbish_in_a_url_is_ignored(width: str, duration: str, frames: str, size: str) -> None:
    url = f"https://files.test/a.mp4?width={width}&height={width}&duration={duration}&frames={frames}&bytes={size}"

    imagined = imagine_input("video", url, "video")

    assert imagined.width_px in (1280, 1920, 1080)
    assert 4000 <= imagined.duration_ms <= 30_000
    assert imagined.frames == imagined.duration_ms * 30 // 1000
    assert imagined.size_bytes > 10_000


@given(st.one_of(st.text(), st.text().map("https://[::1/?width=".__add__), st.just("http://a.test/?" + "a=1&" * 2000)))
def test_any_text_passes_for_a_url(url: str) -> None:
    imagined = imagine_input("field", url, "image")

    assert 1 <= imagined.width_px <= MOST_PX
    assert imagined.frames == 1
    assert msgspec.json.decode(msgspec.json.encode(imagined), type=Input) == imagined
