"""The vendor as a whole: routes, keys, ids, files and prices."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.jobs.chance import Draws
from simulator.jobs.errors import BadKey, NoKey
from simulator.jobs.files import Input, Output
from simulator.jobs.scenario import Result, Shape
from simulator.vendors.deepswapai import VENDOR
from simulator.vendors.deepswapai.lifecycle import LIFECYCLE, size_px, stem
from simulator.vendors.deepswapai.switches import SWITCHES
from simulator.vendors.vendor import Draft
from tests.vendors.deepswapai.jobs import NOON_MS, batch, call, contract, ends, job, result


def planned(target: Input, **said: Any) -> Output:
    """Return the output planned for one input and the fields and shape given."""
    kind = "video" if target.field == "target_video" else "image"
    fields = {"quality": "high", "output_format": "mp4" if kind == "video" else "png", **said}
    outcome = Result(fields.pop("shape", None))
    draft = Draft("", "key", Draws("seed"), NOON_MS, fields, (target,), {}, outcome, 0, {})
    [output] = VENDOR.kind(kind).outputs(draft, "vjob_xyz789abc")
    return output


@pytest.mark.fact(
    "deepswapai.base.url",
    "deepswapai.endpoint.image-swap",
    "deepswapai.endpoint.video-swap",
    "deepswapai.endpoint.batch-swap",
    "deepswapai.endpoint.batch-swap-route",
    "deepswapai.endpoint.status",
    "deepswapai.endpoint.nothing-else",
    "deepswapai.credits.endpoint",
)
def test_these_routes_and_no_others() -> None:
    assert VENDOR.url == "https://api.deepswapai.com"
    assert [(found.method, found.path, found.switch is None) for found in VENDOR.operations] == [
        ("POST", "/v1/image-swap", True),
        ("POST", "/v1/video-swap", True),
        ("POST", "/v1/batch-swap", True),
        ("GET", "/v1/status/{job_id}", True),
        ("GET", "/v1/credits", False),
    ]


@pytest.mark.parametrize("operation", VENDOR.operations, ids=lambda operation: operation.id)
def test_every_route_stands_in_the_contract(operation: Any) -> None:
    checks = contract().checks(operation.id)

    assert (checks.method, checks.path) == (operation.method, operation.path)


def test_every_operation_of_the_contract_is_served() -> None:
    served = {operation.id for operation in VENDOR.operations}
    files = {checks.operation_id for checks in contract().media_operations()}

    assert set(contract().operation_ids) == served | files


@pytest.mark.fact("deepswapai.auth.bearer", "deepswapai.auth.key-form")
@pytest.mark.parametrize("header", ["Bearer YOUR_API_KEY", "bearer YOUR_API_KEY", "Bearer   YOUR_API_KEY "])
def test_a_bearer_token_is_the_key(header: str) -> None:
    assert VENDOR.authenticate(call("getStatus", headers={"authorization": header})) == "YOUR_API_KEY"


@pytest.mark.fact("deepswapai.auth.bearer", "deepswapai.error.invalid-api-key")
@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, NoKey),
        ({"authorization": ""}, NoKey),
        ({"x-api-key": "key"}, NoKey),
        ({"authorization": "Bearer"}, BadKey),
        ({"authorization": "Bearer "}, BadKey),
        ({"authorization": "Basic a2V5"}, BadKey),
        ({"authorization": "YOUR_API_KEY"}, BadKey),
    ],
)
def test_anything_else_is_no_key(headers: dict[str, str], refused: type[Exception]) -> None:
    with pytest.raises(refused):
        VENDOR.authenticate(call("getStatus", headers=headers))


@pytest.mark.fact("deepswapai.status.words", "deepswapai.status.course", "deepswapai.status.queued-may-fail")
def test_the_course_of_a_job() -> None:
    assert {row.word: row.next for row in LIFECYCLE} == {
        "queued": ("processing", "failed"),
        "processing": ("completed", "failed"),
        "completed": (),
        "failed": (),
    }


@pytest.mark.fact("deepswapai.id.image", "deepswapai.id.video", "deepswapai.id.batch", "deepswapai.id.shape")
@pytest.mark.parametrize(("kind", "prefix"), [("image", "job"), ("video", "vjob"), ("batch", "batch")])
def test_an_id_says_its_kind(kind: str, prefix: str) -> None:
    ids = {job(kind, ends(), seed=str(seed)).id for seed in range(50)}

    assert len(ids) == 50
    assert all(re.fullmatch(f"{prefix}_[a-z0-9]{{9}}", id) for id in ids)


@pytest.mark.fact("deepswapai.file.stem")
@pytest.mark.parametrize(
    ("id", "expected"), [("vjob_xyz789abc", "xyz789"), ("job_abc123xyz", "abc123"), ("batch_abc123", "abc")]
)
def test_the_stem_of_a_file(id: str, expected: str) -> None:
    assert stem(id) == expected


@pytest.mark.fact(
    "deepswapai.credits.when", "deepswapai.file.24-hours", "deepswapai.file.batch-expiry", "deepswapai.polling.later"
)
def test_every_kind_is_paid_at_its_end_and_keeps_files_for_a_day_and_jobs_for_ever() -> None:
    for kind in VENDOR.kinds:
        assert kind.charges == "end"
        assert kind.file_expiry is not None
        assert (kind.file_expiry.after_ms, kind.file_expiry.since) == (86_400_000, "ended")
        assert kind.job_expiry is None


@pytest.mark.fact(
    "deepswapai.credits.image", "deepswapai.credits.video", "deepswapai.credits.batch", "deepswapai.credits.failed"
)
def test_the_price_follows_what_comes_out() -> None:
    assert job("image", ends()).plan.price == 1
    assert job("video", ends(result=result(kind="video", duration_ms=45_200))).plan.price == 48
    assert job("video", ends(result=result(kind="video", duration_ms=48_100, frames=10))).plan.price == 52
    assert job("batch", batch(3, 4, 5)).plan.price == 47


@pytest.mark.fact("deepswapai.file.media-type", "deepswapai.output.format", "deepswapai.output.format-asked")
@pytest.mark.parametrize(
    ("field", "form", "media_type"),
    [
        ("target_image", "png", "image/png"),
        ("target_image", "jpg", "image/jpeg"),
        ("target_image", "webp", "image/webp"),
        ("target_video", "mp4", "video/mp4"),
        ("target_video", "webm", "video/webm"),
        ("target_video", "mov", "video/quicktime"),
    ],
)
def test_the_format_asked_for_is_the_files(field: str, form: str, media_type: str) -> None:
    output = planned(Input(field, duration_ms=5000), output_format=form)

    assert (output.path, output.media_type) == (f"results/xyz789.{form}", media_type)


@pytest.mark.fact("deepswapai.output.quality-size")
@pytest.mark.parametrize(
    ("quality", "given_px", "expected_px"),
    [
        ("standard", (1920, 1080), (1280, 720)),
        ("standard", (720, 1280), (720, 1280)),
        ("high", (640, 360), (1920, 1080)),
        ("4k", (1600, 900), (3840, 2160)),
        ("4k", (900, 1600), (2160, 3840)),
        ("high", (1000, 1000), (1080, 1080)),
        ("high", (4000, 1), (1920, 1)),
        ("4k", (0, 0), (3840, 2160)),
    ],
)
def test_the_output_has_the_targets_aspect_in_the_size_of_the_quality(
    quality: str, given_px: tuple[int, int], expected_px: tuple[int, int]
) -> None:
    assert size_px(quality, *given_px) == expected_px


@pytest.mark.fact("deepswapai.status.samples-disagree", "deepswapai.status.duration")
def test_a_scenario_says_what_a_file_is_like() -> None:
    shape = Shape("video", 640, 480, None, 45_240, 600, 28_456_789)

    output = planned(Input("target_video", duration_ms=9000), shape=shape)

    assert (output.width_px, output.height_px, output.frames, output.size_bytes) == (640, 480, 600, 28_456_789)
    assert output.duration_ms == 45_200


def test_a_shape_of_the_other_kind_says_nothing() -> None:
    output = planned(Input("target_video", duration_ms=9000), shape=Shape("image", 64, 64))

    assert (output.width_px, output.height_px) == (1920, 1080)


@given(
    st.builds(
        Input,
        field=st.sampled_from(["target_image", "target_video"]),
        width_px=st.integers(0, 4096),
        height_px=st.integers(0, 4096),
        duration_ms=st.integers(0, 600_000),
        frames=st.integers(0, 2_000_000),
    ),
    st.sampled_from(["standard", "high", "4k"]),
    st.integers(0, 2),
)
def test_whatever_is_accepted_has_an_output_that_can_be_made(target: Input, quality: str, form: int) -> None:
    forms = ("mp4", "webm", "mov") if target.field == "target_video" else ("png", "jpg", "webp")

    output = planned(target, quality=quality, output_format=forms[form])

    assert output.size_bytes > 0
    assert output.duration_ms % 100 == 0


@pytest.mark.fact("deepswapai.output.quality-size")
@pytest.mark.parametrize(
    ("quality", "expected_px"), [("standard", (1280, 720)), ("high", (1920, 1080)), ("4k", (3840, 2160))]
)
@pytest.mark.parametrize("field", ["target_image", "target_video"])
def test_the_file_has_the_size_of_the_quality_asked_for(field: str, quality: str, expected_px: tuple[int, int]) -> None:
    output = planned(Input(field, width_px=640, height_px=360, duration_ms=1000), quality=quality)

    assert (output.width_px, output.height_px) == expected_px


def test_a_new_account_can_begin_at_once() -> None:
    start = VENDOR.new_account("key", Draws("seed"), {})

    assert start.credits >= 100
    assert not start.pools


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
def test_every_switch_has_its_fact_and_a_default_among_its_choices(switch: Any, checkout: Any) -> None:
    facts = (checkout / "openapi/deepswapai.facts.yaml").read_text()

    assert switch.default in switch.choices
    assert f"- id: {switch.fact}\n" in facts
    assert f"switch: {switch.name}\n" in facts


def test_the_first_call_is_a_good_one() -> None:
    assert "{base}" in VENDOR.first_call
    assert "{key}" in VENDOR.first_call
    assert VENDOR.media_hosts == ("cdn.deepswapai.com",)
