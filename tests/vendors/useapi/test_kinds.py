"""Ids, output files, prices and terms of the four kinds of job, and Discord's formats."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.jobs.chance import Draws
from simulator.jobs.errors import UnfitScenario
from simulator.jobs.files import KINDS, Input, Output
from simulator.jobs.scenario import Expiry, Result, Shape
from simulator.jobs.snapshot import gone_at_ms
from simulator.vendors.useapi import VENDOR
from simulator.vendors.useapi.auth import user_number
from simulator.vendors.useapi.discord import digits_of, instant_of, masked, message_time, snowflake, vendor_time
from simulator.vendors.useapi.requests import GIVES_UP_AFTER_MS
from simulator.vendors.useapi.switches import SWITCHES, chosen
from tests.vendors.useapi.jobs import BORN_MS, FACE, GIF, STILL, VIDEO, draft, job, kind_of, shot, shown

fact = pytest.mark.fact
DAY_MS = 86_400_000
instants = st.integers(1_430_000_000_000, 4_000_000_000_000)


def planned(id: str, *inputs: Input, shape: Shape | None = None, **other: Any) -> Output:
    made = draft(id, inputs, result=Result(shape), **other)
    [output] = VENDOR.kind(kind_of(id, made.inputs)).outputs(made, "job")
    return output


def size(output: Output) -> tuple[int, int]:
    return output.width_px, output.height_px


@fact("useapi.picsi.output-kind")
def test_a_result_is_of_its_target_s_kind_and_size() -> None:
    still, gif, video = (planned("picsi", FACE, target) for target in (STILL, GIF, VIDEO))

    assert (still.media_type, size(still)) == ("image/png", (1024, 1536))
    assert (gif.media_type, size(gif), gif.duration_ms, gif.frames) == ("image/gif", (320, 200), 2000, 20)
    assert (video.media_type, size(video), video.duration_ms, video.frames) == ("video/mp4", (1280, 720), 8000, 240)


@fact("useapi.content.headshot")
def test_a_headshot_is_square_and_a_background_keeps_the_picture_s_size() -> None:
    assert size(planned("headshot")) == (768, 768)
    assert size(planned("changebg", msgspec.structs.replace(STILL, field="image"))) == (1024, 1536)


@example("animation", 10, 10, 655_360, 1)
@given(
    st.sampled_from(["unknown", "image", "animation", "video"]),
    st.integers(0, 70_000),
    st.integers(0, 70_000),
    st.integers(0, 10**12),
    st.integers(0, 10**9),
)
@fact("useapi.bot.output-limit", "useapi.attachments.extension", "useapi.attachments.content-type")
def test_whatever_was_sent_the_result_can_be_made(
    kind: str, width: int, height: int, duration: int, frames: int
) -> None:
    target = Input(
        STILL.field, kind=kind, width_px=width, height_px=height, duration_ms=duration, frames=frames, size_bytes=1
    )

    output = planned("picsi", FACE, target)

    assert max(size(output)) <= 2048
    assert KINDS[output.media_type] == {"unknown": "image"}.get(kind, kind)
    assert re.fullmatch(r"attachments/\d+/\d{17,20}/ins_picsi_[0-9a-f]{8}\.(png|gif|mp4)", output.path)


def test_a_scenario_has_its_say_in_the_result() -> None:
    shape = Shape("video", 640, 480, duration_ms=3000, frames=90, size_bytes=500_000)

    output = planned("headshot", shape=shape)

    assert (output.media_type, size(output), output.duration_ms, output.frames) == ("video/mp4", (640, 480), 3000, 90)
    assert output.size_bytes == 500_000
    assert planned("headshot", shape=Shape("image", format="webp")).media_type == "image/webp"
    assert planned("picsi", FACE, VIDEO, shape=Shape("image")).media_type == "image/png"


@pytest.mark.parametrize("shape", [Shape("image", format="bmp"), Shape("image", 8193, 8), Shape("image", size_bytes=1)])
def test_a_result_that_cannot_be_made_is_the_scenario_s_fault(shape: Shape) -> None:
    with pytest.raises(UnfitScenario):
        planned("headshot", shape=shape)


@fact("useapi.credits.headshot-cost", "useapi.credits.other-costs", "useapi.credits.taken-at-submit")
def test_prices_are_held_at_submit() -> None:
    priced = {
        (kind.name, id): kind.price(draft(id), ())
        for kind, id in zip(VENDOR.kinds, ("headshot", "changebg", "picsi", "picsi"), strict=True)
    }

    assert priced == {
        ("headshot", "headshot"): 4,
        ("changebg", "changebg"): 4,
        ("picsi", "picsi"): 1,
        ("picsi-still", "picsi"): 1,
    }
    assert {kind.charges for kind in VENDOR.kinds} == {"submit"}


@fact("useapi.jobs.lifetime", "useapi.jobs.lifetime-edge")
@pytest.mark.parametrize("kind", VENDOR.kinds, ids=lambda kind: kind.name)
def test_a_job_is_kept_up_to_and_including_31_days(kind: Any) -> None:
    assert gone_at_ms(job(), kind.job_expiry) == BORN_MS + 31 * DAY_MS
    assert kind.file_expiry == Expiry(DAY_MS, since="ended")


@fact(
    "useapi.attachments.signed-url",
    "useapi.attachments.expiry-length",
    "useapi.attachments.proxy",
    "useapi.attachments.truth",
    "useapi.attachments.fields",
)
def test_a_link_is_signed_until_the_file_goes() -> None:
    made = job()
    [attachment] = shown(shot(made, 500_000))["attachments"]
    [output] = made.plan.outputs

    query = parse_qs(urlsplit(attachment["url"]).query)
    ex, since = (int(query[name][0], 16) for name in ("ex", "is"))
    gone_ms = gone_at_ms(made, Expiry(DAY_MS, since="ended"))
    assert gone_ms
    assert ex - since == 86_400
    assert 0 <= ex * 1000 - gone_ms < 1000
    assert attachment["url"].replace("/cdn.discordapp.com/", "/media.discordapp.net/") == attachment["proxy_url"]
    assert (attachment["size"], attachment["width"], attachment["height"]) == (output.size_bytes, 768, 768)
    assert (attachment["id"], attachment["filename"]) == tuple(output.path.split("/")[-2:])


def test_the_attachment_s_id_holds_the_time_of_the_result() -> None:
    output = planned("headshot", ended_at_ms=BORN_MS + 112_000)

    assert (int(output.path.split("/")[2]) >> 22) + 1_420_070_400_000 == BORN_MS + 112_000


@given(instants)
@fact(
    "useapi.ids.snowflake",
    "useapi.ids.snowflake-time",
    "useapi.ids.jobid-time",
    "useapi.times.utc",
    "useapi.times.timestamp",
)
def test_every_form_of_an_instant_names_the_same_one(at_ms: int) -> None:
    id = snowflake(at_ms, Draws("seed"), "id")

    assert re.fullmatch(r"\d{17,20}", id)
    assert (int(id) >> 22) + 1_420_070_400_000 == at_ms
    assert instant_of(digits_of(at_ms)) == at_ms
    assert re.sub(r"\D", "", vendor_time(at_ms)) == digits_of(at_ms)
    assert message_time(at_ms) == vendor_time(at_ms)[:-1] + "000+00:00"


@pytest.mark.parametrize(
    "digits", ["", "2023090902044966", "20231309020449667", "abcdefghijklmnopq", "²0230909020449667"]
)
def test_other_digits_name_no_instant(digits: str) -> None:
    assert instant_of(digits) is None


def test_a_snowflake_has_17_digits_even_before_discord() -> None:
    assert re.fullmatch(r"\d{17,20}", snowflake(0, Draws("seed"), "id"))


@fact("useapi.job.masked-token", "useapi.job.masked-short-token")
@pytest.mark.parametrize(("token", "shown"), [("ABCdefxyz", "ABC…secured…xyz"), ("abcdef", "abc…secured…def"), ("abcde", "…secured…"), ("", "…secured…")])  # fmt: skip
def test_a_token_is_masked(token: str, shown: str) -> None:
    assert masked(token) == shown


@fact("useapi.auth.token-shape", "useapi.ids.jobid-owner")
def test_a_token_without_a_number_is_given_one() -> None:
    assert user_number("user:12345-abc") == "12345"
    assert user_number("my-key").isdigit()
    assert user_number("my-key") == user_number("my-key") != user_number("other-key")


@fact("useapi.blocking.duration")
def test_a_blocking_call_waits_longer_than_it_ever_takes() -> None:
    assert GIVES_UP_AFTER_MS > 10_000


def test_switches_are_off_unless_set() -> None:
    assert all(chosen(switch.name, {}) == switch.choices[0] for switch in SWITCHES)
    assert chosen("busy", {"busy": "executing-jobs"}) == "executing-jobs"
